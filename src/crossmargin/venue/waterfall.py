"""Who bears what a failed pool or bucket cannot: its owner, the fund, winners, in that order.

One order, whatever happens: the unit's own money; the insurance fund, which takes positions over
while its purse and its own health bear them, or pays all that is missing and lets them close at
the mark; winners, who close at the takeover price (ADL); last, what is still missing is paid from
the fund and then shared by winners in proportion to profit. Sharing comes last even where a venue
rules it out, because none says who pays instead.

The fund's money is the purse `fund`; the account of that name holds what it took over and is
squared with the purse after every step. A fund that fails itself gives its positions up the same
way, at the mark while it has something left.

When anything of this happens is decided elsewhere (`distress`, `liquidation`). Kept here: the fund
never falls below zero, nobody is deleveraged past flat or below zero, and no loss stays with its
owner while the fund or somebody with a profit has the means.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assessment import Assessment, UnitAssessment
from crossmargin.margin.collateral import amount_of, worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import collateral_rates
from crossmargin.margin.takeover import Takeover
from crossmargin.margin.units import units_of
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, plain, posted_text, quotient_down
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.venue import adl
from crossmargin.venue.actions import TakeOver, positions_of
from crossmargin.venue.backstop import has_own_capital, is_carried, market_alone, money_behind
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.deleveraging import (
    Winner,
    close_at_mark,
    deleverage,
    hand_over,
    instrument_of,
    mark_of,
    winners,
)
from crossmargin.venue.event import (
    AnyEvent,
    Deleveraged,
    Filled,
    LiquidationStep,
    LossShared,
    MoneyMoved,
    PositionChanged,
    Posting,
)
from crossmargin.venue.execution import DEBT_RULE, TAKEOVER_RULE
from crossmargin.venue.fund import is_borne, means_of_fund, square_fund, with_purse
from crossmargin.venue.judging import judged_as, judged_with_orders
from crossmargin.venue.ledger import FUND
from crossmargin.venue.liquidation import next_action
from crossmargin.venue.prices import is_usable
from crossmargin.venue.state import State

FUND_RULE = (
    "the insurance fund cannot carry its positions any longer and gives them up to winners, at "
    "the mark or where its own money is used up"
)
MARKET_RULE = (
    "the insurance fund has lost as much as it may in this market and gives its position up to "
    "winners, at the mark or where the capital of the market is used up"
)
"""Why the fund's own positions are closed, in words."""


class Close(Struct, frozen=True):
    """A member of a pool who closes everything: money put in, and what closing brings (signed)."""

    account: str
    collateral: Decimal
    realised_pnl: Decimal


class Settlement(Struct, frozen=True):
    """How a pool was emptied, in the order it happened.

    Attributes
    ----------
    fund_paid, shared : what the fund puts in first, and what winners (by account) leave in.
    pool : what was in it then; all of it leaves.
    paid_out : what each member leaves with.
    """

    fund_paid: Decimal
    shared: dict[str, Decimal]
    pool: Decimal
    paid_out: dict[str, Decimal]


@exact
def settlement(pool: Decimal, closes: Sequence[Close], fund: Decimal) -> Settlement:
    """Return how members close against each other and leave: missing money comes in first.

    A member's loss beyond his collateral is paid into the pool by the fund, then by winners in
    proportion to profit (at 8 places), and only then does anything leave; in any other order the
    pool is overdrawn by what is missing. The golden case is dYdX's: 49 + 100 in the pool, both
    close a contract at 100, the fund pays 51, then 200 leaves.

    Raises
    ------
    UsageError
        If the pool is not the members' collateral, what they realise does not sum to zero,
        somebody is there twice, or money is below zero.
    """
    if len({one.account for one in closes}) != len(closes):
        raise UsageError("a member of the pool is there twice")
    if fund < 0 or any(one.collateral < 0 for one in closes):
        raise UsageError("neither the fund nor collateral can be below zero")
    if sum((one.collateral for one in closes), ZERO) != pool:
        raise UsageError(f"the pool of {plain(pool)} is not its members' collateral")
    if sum((one.realised_pnl for one in closes), ZERO):
        raise UsageError("what the members realise against each other does not sum to zero")
    ends = {one.account: one.collateral + one.realised_pnl for one in closes}
    missing = sum((-end for end in ends.values() if end < 0), ZERO)
    paid = min(missing, fund)
    profits = [max(ZERO, one.realised_pnl) for one in closes]
    parts = adl.shares(missing - paid, profits, profits, EIGHT_PLACES)
    shared = {one.account: part for one, part in zip(closes, parts, strict=True) if part}
    out = {name: max(ZERO, end) - shared.get(name, ZERO) for name, end in ends.items()}
    # Profits sum to losses, so the winners' always cover what the fund has not paid; a share is
    # not paid in, it stays in the pool.
    return Settlement(paid, shared, pool + paid, out)


def take_over(
    decision: Decision, name: str, unit: UnitAssessment, takeovers: Sequence[Takeover]
) -> None:
    """Carry a takeover out, down the waterfall, and leave its receipt.

    Position by position: to the fund if it bears it, else to winners unless the fund can pay all
    that is missing, else at the mark; then what
    is left of the unit's money goes to the fund, or what is missing is paid. A receipt whose
    `after` is None says that nothing of the unit is left. A loss that nobody has the means for
    stays its owner's debt, and is looked at again when he is touched; where nothing can be done
    about it then either, nothing happens.
    """
    state = decision.state
    start = len(decision.events)
    view = decision.account(name).view()
    own = next(one for one in units_of(view, state.rulebook) if one.name == unit.name)
    kept = {asset: amount - own.wallets.get(asset, ZERO) for asset, amount in view.balances.items()}
    for takeover in takeovers:
        side = Side.LONG if takeover.size > 0 else Side.SHORT
        if is_borne(state, takeover):
            price = takeover.price or mark_of(state, takeover.symbol)
            hand_over(decision, name, takeover.symbol, takeover.size, FUND, price, "takeover")
            square_fund(decision)
            continue
        means = means_of_fund(state, instrument_of(state, takeover.symbol).settle)
        means = min(means, money_behind(state, takeover.symbol))
        if not ZERO < -takeover.share <= means:
            deleverage(decision, name, takeover, means)
        close_at_mark(decision, name, takeover.symbol, side)
        square_fund(decision)
    if own.is_multi:
        _convert(decision, name, kept)
    _square_owner(decision, name, kept, start)
    rule = TAKEOVER_RULE if takeovers else DEBT_RULE
    _receive(decision, name, unit, rule, start)


def rescue(decision: Decision) -> None:
    """Let the fund give up what it cannot carry: first market by market, then its failed pools.

    At the mark while there is money behind it; where there is not, at the prices that use it up.
    Left alone while the prices of any of them are not usable.
    """
    state = decision.state
    fund = state.accounts.get(FUND)
    if fund is None or not fund.positions:
        return
    for symbol in dict.fromkeys(symbol for symbol, _ in fund.positions):
        if has_own_capital(state, symbol):
            alone = market_alone(state, symbol)
            if not is_carried(state, symbol, alone):
                _give_up(decision, alone, alone.pools[0], MARKET_RULE)
    assessment = judged_as(state, with_purse(state))
    for unit in assessment.units:
        if unit.is_liquidatable:
            _give_up(decision, assessment, unit, FUND_RULE)


def _give_up(decision: Decision, assessment: Assessment, unit: UnitAssessment, rule: str) -> None:
    # The fund's positions in `unit` go to winners; what that costs beyond its money they share.
    state = decision.state
    fund, positions = state.accounts[FUND], positions_of(assessment, unit)
    if unit.health is None or not positions:
        return
    if not all(is_usable(state, position.symbol) for position in positions):
        return
    start = len(decision.events)
    given = [Takeover(p.symbol, p.size, p.mark_price, ZERO) for p in positions]
    if unit.health.equity < 0:
        action = next_action(assessment, unit, lambda _size, mark, _instrument: mark)
        given = list(action.takeovers) if isinstance(action, TakeOver) else given
    for takeover in given:
        money = money_behind(state, takeover.symbol)
        deleverage(decision, FUND, takeover, ZERO)
        side = Side.LONG if takeover.size > 0 else Side.SHORT
        close_at_mark(decision, FUND, takeover.symbol, side)
        asset = instrument_of(state, takeover.symbol).settle
        missing = -money - fund.balances.get(asset, ZERO)
        if missing > 0:
            _cover(decision, FUND, asset, missing, start)
        square_fund(decision)
    _receive(decision, FUND, unit, rule, start)


def _convert(decision: Decision, name: str, kept: Mapping[str, Decimal]) -> None:
    # In multi-assets mode what is left of one asset pays what is missing of another, at the
    # rates collateral counts for; the venue's conversion desk stands between.
    state = decision.state
    account = decision.account(name)

    def left(asset: str) -> Decimal:
        return account.balances.get(asset, ZERO) - kept.get(asset, ZERO)

    assets = tuple(account.balances)
    for owed in assets:
        for held in assets:
            if left(owed) >= 0 or left(held) <= 0:
                continue
            owed_rates = collateral_rates(owed, state.market(), state.rulebook)
            held_rates = collateral_rates(held, state.market(), state.rulebook)
            if isinstance(owed_rates, str) or isinstance(held_rates, str):
                continue
            has, needs = worth(left(held), held_rates), -worth(left(owed), owed_rates)
            given, paid = left(held), -left(owed)
            if has >= needs:
                kept_held = max(ZERO, amount_of(has - needs, held_rates))
                given -= down_to(EIGHT_PLACES, kept_held)
            else:
                paid = down_to(EIGHT_PLACES, quotient_down(has, owed_rates.ask))
            wallet = f"account/{name}"
            postings = (
                *moved(wallet, "exchange", held, given),
                *moved("exchange", wallet, owed, paid),
            )
            decision.emit(MoneyMoved(why="exchange", postings=postings))


def _square_owner(decision: Decision, name: str, kept: Mapping[str, Decimal], start: int) -> None:
    # The unit's wallets end at zero: what is left goes to the fund, what is missing is paid.
    account = decision.account(name)
    for asset, amount in tuple(account.balances.items()):
        left = amount - kept.get(asset, ZERO)
        if left > 0:
            postings = moved(f"account/{name}", FUND, asset, left)
            decision.emit(MoneyMoved(why="takeover", postings=postings))
    for asset, amount in tuple(account.balances.items()):
        left = amount - kept.get(asset, ZERO)
        if left < 0:
            _cover(decision, name, asset, -left, start)


def _cover(decision: Decision, name: str, asset: str, loss: Decimal, start: int) -> None:
    # First the fund, then winners; what rounding alone has left nobody is asked for.
    state = decision.state
    wallet = f"account/{name}"
    if name != FUND:
        loss -= _insure(decision, name, asset, loss)
    if not loss:
        return
    events = [one for one in decision.events[start:] if isinstance(one, Filled)]
    fills = sum(one.account == name for one in events)
    if loss <= EIGHT_PLACES * (1 + fills):
        decision.emit(MoneyMoved(why="rounding", postings=moved("rounding", wallet, asset, loss)))
        return
    realised: dict[str, Decimal] = {}
    for one in events:
        if instrument_of(state, one.symbol).settle == asset:
            realised[one.account] = realised.get(one.account, ZERO) + one.realised_pnl
    sharing = winners(state, asset, name, realised)
    parts = adl.shares(
        loss, [one.room for one in sharing], [one.profit for one in sharing], EIGHT_PLACES
    )
    _share(decision, name, asset, [row for row in zip(sharing, parts, strict=True) if row[1]])


def _insure(decision: Decision, name: str, asset: str, loss: Decimal) -> Decimal:
    # What the fund pays: of the markets in which the account has just been closed, in that order,
    # no more than what is behind each. A debt that no market has left is the whole fund's.
    state, wallet, paid = decision.state, f"account/{name}", ZERO
    symbols = dict.fromkeys(
        one.symbol
        for one in decision.events
        if isinstance(one, Filled)
        and one.account == name
        and instrument_of(state, one.symbol).settle == asset
    )
    for symbol in symbols or ("",):
        part = min(loss - paid, means_of_fund(state, asset))
        if symbol:
            part = min(part, down_to(EIGHT_PLACES, money_behind(state, symbol)))
        if part:
            postings = moved(FUND, wallet, asset, part)
            decision.emit(MoneyMoved(why="insurance", symbol=symbol, postings=postings))
            paid += part
    return paid


def _share(
    decision: Decision, name: str, asset: str, parts: Sequence[tuple[Winner, Decimal]]
) -> None:
    # Take the parts from the winners; a bucket's margin with its money.
    if not parts:
        return
    by_account: dict[str, Decimal] = {}
    postings: list[Posting] = []
    for one, part in parts:
        by_account[one.account] = by_account.get(one.account, ZERO) + part
        postings += moved(f"account/{one.account}", f"account/{name}", asset, part)
    amount = sum(by_account.values(), ZERO)
    decision.emit(
        LossShared(asset=asset, amount=amount, by_account=by_account, postings=tuple(postings))
    )
    for one, part in parts:
        held = decision.account(one.account).position(*one.bucket) if one.bucket else None
        if held is not None:
            decision.emit(
                PositionChanged(
                    account=one.account,
                    position=replace(held, margin=held.margin - part),
                    side=held.side,
                    why="loss-shared",
                )
            )


def _receive(decision: Decision, name: str, unit: UnitAssessment, rule: str, start: int) -> None:
    if unit.health is None or len(decision.events) == start:
        return
    action = "; ".join(_told(decision.events[start:], name)) or "nothing could be done"
    after = _left_of(decision.state, name, unit)
    decision.emit(
        LiquidationStep(
            account=name,
            unit=unit.name,
            step=str(LadderStep.TAKE_OVER),
            rule=rule,
            action=action,
            before=unit.health,
            after=after,
        )
    )


def _left_of(state: State, name: str, unit: UnitAssessment) -> Health | None:
    assessment = judged_with_orders(state, name)
    for one in assessment.units:
        if one.name == unit.name and (positions_of(assessment, one) or one.wallet_balance):
            return one.health
    return None


def _told(events: Sequence[AnyEvent], name: str) -> list[str]:
    # What was done, in a person's words, from what has happened.
    words = {
        "takeover": "the insurance fund took over",
        "adl": "winners were made to close",
        "close-out": "closed at the mark",
    }
    sizes: dict[tuple[str, str, Decimal], Decimal] = {}
    money: list[str] = []
    for one in events:
        if isinstance(one, Filled) and one.account == name and one.why in words:
            key = (one.why, one.symbol, one.price)
            sizes[key] = sizes.get(key, ZERO) + abs(one.size)
        elif isinstance(one, MoneyMoved) and one.why in ("takeover", "insurance", "exchange"):
            verb = {"takeover": "gains", "insurance": "pays"}.get(one.why)
            money += [
                f"the insurance fund {verb} {plain(p.amount)} {p.asset}"
                if verb
                else f"{plain(p.amount)} {p.asset} exchanged"
                for p in one.postings
            ]
        elif isinstance(one, Deleveraged):
            money.append(f"their haircut against the mark is {posted_text(one.haircut)}")
        elif isinstance(one, LossShared):
            money.append(f"winners share a loss of {plain(one.amount)} {one.asset}")
    traded = [
        f"{words[why]} {plain(size)} {symbol} at {posted_text(price)}"
        for (why, symbol, price), size in sizes.items()
    ]
    return traded + money
