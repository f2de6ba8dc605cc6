"""An assessment as a person reads it: the headline, the pools and buckets, the positions."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.cli.console import show_sentence, show_table
from crossmargin.cli.numbers import NONE, UNKNOWN, asked, held, percent, price
from crossmargin.files.answer import distance
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    Status,
    UnitAssessment,
)
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.lookup import leverage_setting
from crossmargin.model.account import AssetsMode
from crossmargin.money import plain
from crossmargin.rulebooks.schema import RatioConvention, Rulebook

STYLES = {Status.OK: "bold green", Status.LIQUIDATABLE: "bold red", Status.UNKNOWN: "bold yellow"}


def show_assessment(out: Console, assessment: Assessment) -> None:
    """Print everything there is to see about an account."""
    account, rulebook = assessment.account, assessment.rulebook
    assets = "multi-assets" if account.assets_mode is AssetsMode.MULTI else "single-asset"
    out.print(
        f"{rulebook.venue}, rules of {rulebook.edition}, {account.position_mode}, {assets}",
        style="dim",
    )
    out.print(_headline(assessment))
    out.print()
    show_table(out, _units(assessment))
    if assessment.positions:
        out.print()
        show_table(out, _positions(assessment))
    _show_list(out, "Missing", (*assessment.missing, *assessment.boundaries.missing), "yellow")
    _show_list(out, "Warnings", assessment.warnings, "yellow")
    _show_list(out, "Assumed", assessment.assumptions, "dim")


def joint_sentence(assessment: Assessment) -> str:
    """Return how far all prices may move together, in words."""
    joint = assessment.boundaries.joint
    if joint is None:
        return "how far all prices may move together is unknown"
    ways = []
    if joint.down is not None:
        ways.append(f"fall {percent(joint.down, up=False)}")
    if joint.up is not None:
        ways.append(f"rise {percent(joint.up, up=False)}")
    unknown = "fall" if not joint.is_down_known else "rise" if not joint.is_up_known else ""
    if not ways:
        end = f"; how far they may {unknown} is unknown" if unknown else ""
        return f"no common move of all prices liquidates{end}"
    unit = next((u for u in assessment.units if u.name == joint.first), None)
    first = f"; the {joint.first} {unit.kind} breaks first" if unit else ""
    if unknown:
        first = f"; how far they may {unknown} is unknown"
    return f"all prices together may {' or '.join(ways)}{first}"


def _headline(assessment: Assessment) -> Text:
    status = assessment.status
    text = Text(f" {status.upper()} ", style=f"reverse {STYLES[status]}")
    pool = assessment.pool
    if status is Status.UNKNOWN:
        text.append("  health is unknown, see what is missing below", style="bold")
        return text
    if status is Status.LIQUIDATABLE:
        failed = [unit.name for unit in assessment.units if unit.is_liquidatable]
        text.append(f"  {', '.join(failed)}: equity does not cover maintenance", style="bold")
        return text
    text.append(f"  buffer {_buffer(pool)}", style="bold")
    text.append(f"\n {joint_sentence(assessment)}")
    worst = assessment.worst
    if worst.name != pool.name:
        text.append(f"\n the {worst.name} {worst.kind} is the least healthy: {_buffer(worst)} left")
    return text


def _buffer(unit: UnitAssessment) -> str:
    return f"{held(unit.health.buffer if unit.health else None, unit.asset)} {unit.asset}"


def _units(assessment: Assessment) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("")
    has_orders = bool(assessment.account.orders)
    headings = ["Wallet", "Equity", "Initial", "Maintenance", "Buffer", "Free", "Health"]
    if has_orders:
        headings.insert(3, "Orders")
    for heading in headings:
        table.add_column(heading, justify="right")
    table.add_column("Venue ratio", justify="right")
    for unit in assessment.units:
        health = unit.health
        table.add_row(
            Text(f"{unit.name} {unit.kind}", style=STYLES[unit.status]),
            held(unit.wallet_balance, unit.asset),
            held(health.equity if health else None, unit.asset),
            asked(health.initial_margin if health else None, unit.asset),
            *([asked(unit.order_initial_margin, unit.asset)] if has_orders else []),
            asked(health.maintenance_margin if health else None, unit.asset),
            held(health.buffer if health else None, unit.asset),
            held(unit.free_margin, unit.asset),
            percent(health.fraction(), up=True) if health else UNKNOWN,
            _venue_ratio(unit, assessment.rulebook),
        )
    return table


def _venue_ratio(unit: UnitAssessment, rulebook: Rulebook) -> str:
    health = unit.health
    if health is None:
        return UNKNOWN
    if rulebook.ratio_convention is RatioConvention.MAINTENANCE_OVER_EQUITY:
        return percent(health.fraction(), up=True)
    if not health.maintenance_margin:
        return NONE
    return percent(health.equity / health.maintenance_margin, up=False)


def _positions(assessment: Assessment) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Position")
    table.add_column("Size", justify="right")
    for heading in ("Entry", "Mark", "Profit", "Maint.", "Liquidation", "Bankrupt", "Away"):
        table.add_column(heading, justify="right")
    for position, boundary in zip(
        assessment.positions, assessment.boundaries.positions, strict=True
    ):
        asset = assessment.rulebook.contracts[position.symbol].instrument.settle
        leverage = leverage_setting(position.symbol, assessment.account, assessment.rulebook)
        setting = (
            ""
            if leverage is None or assessment.rulebook.contracts[position.symbol].option
            else f" {plain(leverage)}x"
        )
        far = distance(position, boundary)
        table.add_row(
            f"{position.symbol} {position.side}\n{position.mode}{setting}",
            plain(position.size),
            price(position.entry_price),
            UNKNOWN if position.mark_price is None else price(position.mark_price),
            held(position.unrealised_pnl, asset),
            f"{asked(position.maintenance_margin, asset)}\n{_tier(position)}",
            _liquidation(boundary),
            _bankruptcy(position, boundary),
            UNKNOWN if boundary is None else percent(far, up=False),
        )
    return table


def _tier(position: PositionAssessment) -> str:
    return "" if position.tier is None else f"tier {position.tier}"


def _liquidation(boundary: PositionBoundary | None) -> str:
    if boundary is None:
        return UNKNOWN
    ends = []
    if boundary.lower is not None:
        ends.append(f"↓ {price(_short(boundary.lower, ROUND_CEILING))}")
    if boundary.upper is not None:
        ends.append(f"↑ {price(_short(boundary.upper, ROUND_FLOOR))}")
    if not boundary.is_lower_known:
        ends.append(f"↓ {UNKNOWN}")
    if not boundary.is_upper_known:
        ends.append(f"↑ {UNKNOWN}")
    return "\n".join(ends) or NONE


def _bankruptcy(position: PositionAssessment, boundary: PositionBoundary | None) -> str:
    if boundary is None:
        return UNKNOWN
    found, mark = boundary.bankruptcy_price, position.mark_price
    is_below = found is not None and mark is not None and found < mark
    return price(found and _short(found, ROUND_CEILING if is_below else ROUND_FLOOR))


def _short(value: Decimal, rounding: str) -> Decimal:
    # Seven significant digits are plenty to read; the exact price is in --json.
    places = max(2, 6 - value.adjusted())
    return value.quantize(Decimal(1).scaleb(-places), rounding)


def _show_list(out: Console, title: str, sentences: tuple[str, ...], style: str) -> None:
    if not sentences:
        return
    out.print()
    out.print(f"{title}:", style=style)
    for sentence in sentences:
        show_sentence(out, sentence, style)
