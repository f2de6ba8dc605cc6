"""A comparison as a person reads it: a line for each venue, then prices, then what was assumed."""

from decimal import ROUND_FLOOR, Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.cli.console import show_list, show_table
from crossmargin.cli.fitting import show_fitting
from crossmargin.cli.numbers import UNKNOWN, asked, full, held, percent
from crossmargin.cli.tables import STYLES, liquidation_text, ratio_text
from crossmargin.margin.assessment import Status, UnitAssessment, UnitKind
from crossmargin.money import plain
from crossmargin.risk.venues.capacity import Capacity, Limit
from crossmargin.risk.venues.comparison import (
    Answer,
    Comparison,
    Total,
    assumed,
    left_out,
    missing,
    warnings,
)
from crossmargin.risk.venues.underlying import DOLLARS, asset_name

DIGITS = 6
"""Digits of a liquidation price, or all before the point, that tell venues apart."""
POSITIONS_ABREAST = 4
"""Positions in one table of liquidation prices; the others follow in the next."""


def show_comparison(out: Console, comparison: Comparison) -> None:
    """Print everything there is to compare."""
    home = comparison.home
    out.print(
        f"{home.venue}, rules of {home.rulebook.edition}, and the same portfolio elsewhere, the "
        "most room first",
        style="dim",
    )
    out.print()
    show_fitting(out, (_margins(comparison, gap) for gap in (2, 1)))
    positions = home.assessment.positions
    for start in range(0, len(positions), POSITIONS_ABREAST):
        out.print()
        show_table(out, _prices(comparison, start))
    show_list(out, "Held as", _holdings(comparison), "dim")
    show_list(out, "Unknown", missing(comparison), "yellow")
    show_list(out, "Warnings", warnings(comparison), "yellow")
    show_list(out, "Left out", left_out(comparison), "yellow")
    for title, sentences in assumed(comparison):
        show_list(out, title, sentences, "dim")


def _margins(comparison: Comparison, gap: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    totals = [total for one in comparison.answers for total in one.totals]
    has_coins = any(asset_name(total.asset) not in DOLLARS for total in totals)
    has_buckets = any(total.units > 1 for total in totals)
    table.add_column("")
    if has_coins:
        table.add_column("")
    for heading in ("Equity", "Initial", "Maint.", "Buffer", "Health", "Venue’s", "Fall", "Rise"):
        table.add_column(heading, justify="right")
    table.add_column("Carries", justify="right")
    if has_buckets:
        table.add_column("Weakest")
    for one in comparison.answers:
        for place, total in enumerate(one.totals):
            name = Text(one.venue, STYLES[one.assessment.status]) if not place else Text()
            cells: list[Text | str] = [name]
            cells += [total.asset] if has_coins else []
            cells += _money(total, one)
            cells += _room(one) if not place else ["", "", ""]
            cells += [_name(total.weakest, one)] if has_buckets else []
            table.add_row(*cells)
    return table


def _money(total: Total, one: Answer) -> list[str]:
    asset, health, weakest = total.asset, total.health, total.weakest.health
    return [
        held(health.equity if health else None, asset),
        asked(total.initial_margin, asset),
        asked(health.maintenance_margin if health else None, asset),
        held(weakest.buffer if weakest else None, asset),
        percent(weakest.fraction(), up=True) if weakest else UNKNOWN,
        ratio_text(weakest, one.rulebook),
    ]


def _room(one: Answer) -> list[str]:
    joint = one.assessment.boundaries.joint
    if one.assessment.status is Status.LIQUIDATABLE:
        ends = ["now", "now"]
    elif joint is None:
        ends = [UNKNOWN, UNKNOWN]
    else:
        sides = ((joint.down, joint.is_down_known), (joint.up, joint.is_up_known))
        ends = [percent(end, up=False) if is_known else UNKNOWN for end, is_known in sides]
    return [*ends, carried(one.capacity)]


def carried(found: Capacity | None) -> str:
    """Return how many times the positions could be held, to two places, rounded down."""
    if found is None:
        return UNKNOWN
    if found.limit is Limit.NONE:
        return f"over {plain(found.multiple)}x"
    shown = f"{found.multiple.quantize(Decimal('0.01'), ROUND_FLOOR)}x"
    return f"≥ {shown}" if found.limit is Limit.UNKNOWN_LADDER else shown


def _name(unit: UnitAssessment, one: Answer) -> str:
    # A bucket by the account's own symbol, so that the same one reads the same at every venue.
    if unit.health is None:
        return UNKNOWN
    return "pool" if unit.kind is UnitKind.POOL else one.own_name(unit.name, unit.symbol)


def _prices(comparison: Comparison, start: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Liquidation price")
    stop = start + POSITIONS_ABREAST
    for position in comparison.home.assessment.positions[start:stop]:
        heading = f"{position.symbol} {position.side}\n{position.mode} {plain(position.size)}"
        table.add_column(heading, justify="right")
    for one in comparison.answers:
        boundaries = one.assessment.boundaries.positions[start:stop]
        name = Text(one.venue, STYLES[one.assessment.status])
        ends = (liquidation_text(found, DIGITS, places_min=0) for found in boundaries)
        table.add_row(name, *ends)
    return table


def _holdings(comparison: Comparison) -> list[str]:
    lines = []
    for one in comparison.answers[1:]:
        parts = [f"{p.symbol} {full(p.size)}" for p in one.assessment.positions]
        account = one.assessment.account
        parts += [f"order of {order.symbol} {full(order.size)}" for order in account.orders]
        if parts:
            lines.append(f"{one.venue}, rules of {one.rulebook.edition}: {', '.join(parts)}")
    return lines
