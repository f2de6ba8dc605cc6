"""A ticket as a person reads it: before and after, then what is risked for what."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rich.console import Console
from rich.text import Text

from crossmargin.cli.console import show_sentence, show_table
from crossmargin.cli.fitting import Column, table_of
from crossmargin.cli.numbers import NONE, UNKNOWN, asked, held, percent
from crossmargin.cli.numbers import price as price_text
from crossmargin.cli.tables import liquidation_text
from crossmargin.margin.assessment import Assessment
from crossmargin.money import ONE, plain
from crossmargin.risk.plan.intent import Filled
from crossmargin.risk.plan.standing import Standing
from crossmargin.risk.plan.ticket import Exits, Ticket

CENT = Decimal("0.01")
LATE = " THE STOP COMES TOO LATE "


def show_ticket(out: Console, ticket: Ticket) -> None:
    """Print the account before and after, and what each trade's exits come to."""
    rows = list(_rows(ticket))
    columns = [
        Column("", tuple(name for name, _, _ in rows), is_words=True),
        Column("Before", tuple(before for _, before, _ in rows)),
        Column("After", tuple(after for _, _, after in rows)),
    ]
    show_table(out, table_of(columns))
    for fill, exits in zip(ticket.fills, ticket.exits, strict=True):
        out.print()
        show_sentence(out, _filled(fill, ticket), indent=0)
        _show_exits(out, fill, exits, ticket)


def leverage_text(leverage: Decimal | None) -> str:
    """Return effective leverage with two places, rounded up; "–" where there is no equity."""
    if leverage is None:
        return NONE
    return f"{plain(leverage.quantize(CENT, ROUND_CEILING))}x"


def _rows(ticket: Ticket) -> Iterator[tuple[str, str, str]]:
    for before, after in ticket.money:
        asset = before.asset
        for name, shown in (
            (f"Equity, {asset}", lambda one: held(one.equity, one.asset)),
            (f"Buffer, {asset}", lambda one: held(one.buffer, one.asset)),
            ("Health", _health),
            (f"Free margin, {asset}", lambda one: held(one.free_margin, one.asset)),
            ("Margin use", lambda one: percent(one.margin_use, up=True)),
        ):
            yield name, shown(before), shown(after)
    before_leverage, after_leverage = map(leverage_text, ticket.leverage)
    yield "Effective leverage", before_leverage, after_leverage
    judged = ticket.before, ticket.after
    for name, direction in (("All prices may fall", "down"), ("All prices may rise", "up")):
        yield name, _joint(judged[0], direction), _joint(judged[1], direction)
    for symbol in dict.fromkeys(fill.intent.symbol for fill in ticket.fills):
        ends = [_liquidation(symbol, one) for one in judged]
        yield f"Liquidation of {symbol}", ends[0], ends[1]


def _health(one: Standing) -> str:
    return percent(one.health, up=True) if one.weakest.health else UNKNOWN


def _joint(found: Assessment, direction: str) -> str:
    joint = found.boundaries.joint
    if joint is None or not getattr(joint, f"is_{direction}_known"):
        return UNKNOWN
    end = getattr(joint, direction)
    return "without end" if end is None else percent(end, up=False)


def _liquidation(symbol: str, found: Assessment) -> str:
    pairs = zip(found.positions, found.boundaries.positions, strict=True)
    own = [liquidation_text(boundary) for position, boundary in pairs if position.symbol == symbol]
    return "\n".join(own) if own else "not held"


def _filled(fill: Filled, ticket: Ticket) -> str:
    intent = fill.intent
    instrument = ticket.after.rulebook.contracts[intent.symbol].instrument
    verb = "Bought" if intent.size > 0 else "Sold"
    mark = ticket.before.market.marks.get(intent.symbol)
    where = "the mark, " if intent.entry is None else ""
    away = ""
    if intent.entry is not None and mark is not None and mark != fill.price:
        side = "above" if fill.price > mark else "below"
        move = percent(abs(fill.price - mark) / mark, up=False)
        away = f", {move} {side} the mark; after it all on {instrument.base} is judged there"
    return (
        f"{verb} {plain(abs(intent.size))} {intent.symbol} at {where}{price_text(fill.price)}"
        f"{away}. Fee {asked(fill.fee, instrument.settle)} {instrument.settle}."
    )


def _show_exits(out: Console, fill: Filled, exits: Exits, ticket: Ticket) -> None:
    intent = fill.intent
    asset = ticket.after.rulebook.contracts[intent.symbol].instrument.settle
    if intent.stop is not None:
        part = exits.risk_fraction
        share = f", {percent(part, up=True)} of equity" if part else ""
        risk = f"{asked(exits.risk, asset)} {asset}{share}"
        stop = price_text(intent.stop)
        show_sentence(out, f"To the stop at {stop} it loses {risk}, both fees included.", indent=0)
    if intent.take is not None:
        ratio = exits.reward_to_risk
        times = f", {plain(ratio.quantize(CENT, ROUND_FLOOR))} times the risk" if ratio else ""
        reward = f"{held(exits.reward, asset)} {asset}{times}"
        take = price_text(intent.take)
        show_sentence(out, f"To the target at {take} it makes {reward}.", indent=0)
    if intent.stop is None:
        return
    if exits.is_stop_beyond is None:
        missing = f": {exits.unknown}" if exits.unknown else ""
        unknown = f"Whether the stop comes before liquidation is unknown{missing}."
        show_sentence(out, unknown, "yellow", indent=0)
    elif exits.is_stop_beyond:
        text = Text(LATE, style="reverse bold red")
        text.append(f" {_late(intent.stop, exits)}", style="bold red")
        out.print(text)


def _late(stop: Decimal, exits: Exits) -> str:
    if exits.liquidation_price is not None:
        return f"liquidation at {price_text(exits.liquidation_price)}, stop at {price_text(stop)}"
    if exits.multiple is not None and exits.multiple <= ONE:
        part = percent(exits.multiple, up=False)
        return f"the account ends after {part} of the way to {price_text(stop)}"
    return "the account is liquidatable already"
