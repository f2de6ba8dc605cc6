"""What happened at the venue, one sentence an event, for logs that people read.

Sentences are for people and may change; programs read events. What nobody asked about (makers'
quotes, prices that only repeat what was commanded) has no sentence.
"""

from decimal import Decimal

from crossmargin.margin.health import Health
from crossmargin.money import exact, plain, posted_text
from crossmargin.venue import event
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.state import State

REPLACED = "replaced"
"""Why a quote is gone that makers have put another in the place of."""


@exact
def sentence(happened: AnyEvent, state: State) -> str | None:
    """Return `happened` in words, amounts to 8 places rounded down; None where it is no news.

    `state` is the venue after it, which knows whose an order is.
    """
    match happened:
        case event.Refused(code=code, reason=reason):
            return f"refused ({code}): {reason}"
        case event.Filled():
            return None if _is_maker(happened.account, state) else _filled(happened)
        case event.Warned(account=account, unit=unit, health=health):
            return f"{account} ({unit}) is near its liquidation: {_health(health)}"
        case event.WarningOver(account=account, unit=unit):
            return f"the warning of {account} ({unit}) is over"
        case event.LiquidationStep():
            return _liquidation(happened)
        case event.Deleveraged():
            return _deleveraged(happened)
        case event.LossShared(asset=asset, amount=amount, by_account=parts):
            return f"{posted_text(amount)} {asset} of loss shared: {_parts(parts)}"
        case event.FundingSettled(symbol=symbol, rate=None):
            return f"no funding of {symbol}: premium or price was missing"
        case event.FundingSettled(symbol=symbol, rate=Decimal() as rate):
            return f"funding of {symbol} settled at {plain(rate * 100)} %"
        case event.AssetPriceSet(asset=asset, price=None):
            return f"{asset} has no index that can be trusted"
        case event.AssetPriceSet(asset=asset, price=Decimal() as price):
            return f"the index of {asset} is {posted_text(price)}"
        case event.BreakerSet(symbol=symbol, state=breaker, why=why):
            return f"prices of {symbol} are {breaker.value}: {why}"
        case event.Halted(reason=reason):
            return f"the venue is halted: {reason}"
        case event.Resumed():
            return "the venue goes on"
        case event.MoneyMoved(why="fund"):
            return None  # The fund's own account is squared with its purse.
        case event.MoneyMoved(why=why):
            return f"{why}: {', '.join(_move(posting) for posting in happened.postings)}"
    return _of_order(happened, state)


def _of_order(happened: AnyEvent, state: State) -> str | None:
    match happened:
        case event.OrderAccepted(order_id=order_id, order=placed):
            if _is_maker(placed.account, state):
                return None
            at = "" if placed.price is None else f" at {plain(placed.price)}"
            waits = ""
            if placed.trigger_price is not None:
                waits = f", waits for {placed.trigger.value} {plain(placed.trigger_price)}"
            what = f"{_signed(placed.size)} {placed.symbol}{at} ({placed.type.value})"
            return f"order {order_id} of {placed.account}: {what}{waits}"
        case event.OrderTriggered(order_id=order_id, price=price):
            return f"order {order_id} triggered at {plain(price)}"
        case event.OrderResized(order_id=order_id, size=size):
            return f"order {order_id} resized: {_signed(size)}"
        case event.OrderAmended(order_id=order_id, size=size, price=price):
            return f"order {order_id} amended: {_signed(size)} at {plain(price)}"
        case event.OrderGone(why=why) if why == REPLACED:
            return None
        case event.OrderGone(order_id=order_id, status=status, why=why):
            return f"order {order_id} {status.value}: {why}"
    return None


def _is_maker(name: str, state: State) -> bool:
    account = state.accounts.get(name)
    return account is not None and account.is_maker


def _filled(filled: event.Filled) -> str:
    text = (
        f"{filled.account}: {_signed(filled.size)} {filled.symbol} at {posted_text(filled.price)}"
        f" ({filled.why})"
    )
    if filled.realised_pnl:
        text += f", realised {posted_text(filled.realised_pnl)}"
    if filled.fee:
        text += f", fee {posted_text(filled.fee)}"
    return text


def _liquidation(step: event.LiquidationStep) -> str:
    after = "nothing left" if step.after is None else _health(step.after)
    return (
        f"liquidation of {step.account} ({step.unit}), {step.step}: {step.rule}; {step.action}; "
        f"{_health(step.before)} → {after}"
    )


def _health(health: Health) -> str:
    equity, asked = posted_text(health.equity), posted_text(health.maintenance_margin)
    return f"equity {equity}, maintenance {asked}"


def _deleveraged(happened: event.Deleveraged) -> str:
    return (
        f"deleveraged: {_signed(happened.size)} {happened.symbol} closed at "
        f"{posted_text(happened.price)} against {_parts(happened.by_account)} "
        f"({happened.policy}; missing {posted_text(happened.shortfall)}, "
        f"winners gave up {posted_text(happened.haircut)})"
    )


def _move(posting: event.Posting) -> str:
    source, target = (name.removeprefix("account/") for name in (posting.source, posting.target))
    return f"{posted_text(posting.amount)} {posting.asset} from {source} to {target}"


def _parts(parts: dict[str, Decimal]) -> str:
    return ", ".join(f"{name} {posted_text(amount)}" for name, amount in parts.items())


def _signed(size: Decimal) -> str:
    return f"+{plain(size)}" if size > 0 else plain(size)
