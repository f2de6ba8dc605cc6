"""What ate a buffer, and what positions contribute, as a person reads it."""

from decimal import Decimal

from rich.console import Console

from crossmargin.cli.console import show_sentence
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import NONE, asked, held, percent
from crossmargin.money import ZERO, plain
from crossmargin.risk.causes.attribution import Attribution, Cause, Line
from crossmargin.risk.causes.contribution import Contribution


def show_attribution(out: Console, found: Attribution) -> None:
    """Print the change of a buffer: what ate it first, cross terms last, then the sums."""
    asset = found.asset
    before, after = held(found.before.buffer, asset), held(found.after.buffer, asset)
    verb = "grew" if found.change > 0 else "shrank" if found.change < 0 else "stayed"
    by = "" if not found.change else f" by {_signed(abs(found.change), asset)}"
    show_sentence(
        out,
        f"The buffer of the {found.unit} {verb}{by}: from {before} to {after} {asset}.",
        indent=0,
    )
    if not found.lines:
        return
    out.print()
    total = Line(
        Cause.OTHER,
        "",
        sum((one.equity for one in found.lines), ZERO),
        sum((one.maintenance for one in found.lines), ZERO),
        sum((one.initial for one in found.lines), ZERO),
    )
    rows = [*((f"{one.cause} {one.name}".strip(), one) for one in found.lines), ("all", total)]
    columns = [
        Column("What", tuple(name for name, _ in rows), is_words=True),
        Column("Buffer", tuple(_signed(one.buffer, asset) for _, one in rows)),
        Column("Equity", tuple(_signed(one.equity, asset) for _, one in rows)),
        Column("Maintenance", tuple(_signed(one.maintenance, asset) for _, one in rows)),
        Column("of it tiers", tuple(_signed(one.tier, asset) for _, one in rows)),
    ]
    has_tiers = any(one.tier for one in found.lines)
    show_fitting(out, (table_of(columns if has_tiers else columns[:-1], gap=gap) for gap in (2, 1)))


def show_contributions(out: Console, found: tuple[Contribution, ...]) -> None:
    """Print what each position adds, and which closing frees most margin for its fee."""
    if not found:
        show_sentence(out, "There is no position to explain.", indent=0)
        return
    columns = [
        Column("Without", tuple(f"{one.symbol} {one.side}" for one in found), is_words=True),
        Column("Maint. less", tuple(asked(one.maintenance, one.asset) for one in found)),
        Column("Initial less", tuple(asked(one.initial, one.asset) for one in found)),
        Column("Distance", tuple(_distance(one) for one in found)),
        Column("Fee", tuple(asked(one.fee, one.asset) for one in found)),
        Column("Freed per fee", tuple(_freed(one) for one in found)),
    ]
    show_fitting(out, (table_of(columns, gap=gap) for gap in (2, 1)))
    best = found[0]
    if best.freed_per_fee is not None and best.freed_per_fee > 0:
        fee, freed = asked(best.fee, best.asset), held(best.initial - best.fee, best.asset)
        out.print()
        show_sentence(
            out,
            f"Cheapest to free margin: close {best.symbol}, which sets free {freed} {best.asset} "
            f"for a fee of {fee}.",
            indent=0,
        )


def _signed(amount: Decimal, asset: str) -> str:
    return held(amount, asset) if amount else NONE


def _distance(one: Contribution) -> str:
    if one.is_unbounded:
        return "never"
    if one.distance is None:
        return NONE
    sign = "+" if one.distance > 0 else ""
    return f"{sign}{percent(one.distance, up=False)}"


def _freed(one: Contribution) -> str:
    return NONE if one.freed_per_fee is None else plain(one.freed_per_fee.quantize(Decimal(1)))
