"""An assessment as a person reads it: the headline, the pools and buckets, the positions."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from msgspec.structs import replace
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.cli.console import show_list, show_sentence
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import NONE, UNKNOWN, asked, held, percent, price
from crossmargin.cli.pool_sums import sentences
from crossmargin.cli.portfolio_tables import show_portfolio
from crossmargin.files.answer import distance, venue_ratio
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    Status,
    UnitAssessment,
)
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import POOL_USD, leverage_setting
from crossmargin.model.account import AccountMode, AssetsMode
from crossmargin.money import plain
from crossmargin.rulebooks.schema import RatioConvention, Rulebook

STYLES = {Status.OK: "bold green", Status.LIQUIDATABLE: "bold red", Status.UNKNOWN: "bold yellow"}

DIGITS, PLACES_MIN = 7, 2
"""Digits of a price that are plenty to read, and places it has at least; --json has it exactly."""
UNIT_HEADINGS = (
    *("Wallet", "Equity", "Initial", "Orders", "Maintenance", "Buffer", "Free", "Health"),
    "Venue ratio",
)
POSITION_HEADINGS = (
    *("Position", "", "", "Size", "Entry", "Mark", "Profit", "Maint.", "Liquidation"),
    *("Bankrupt", "Away"),
)


def show_assessment(out: Console, assessment: Assessment) -> None:
    """Print everything there is to see about an account."""
    account, rulebook = assessment.account, assessment.rulebook
    mode = f"{account.mode} mode, " if account.mode is AccountMode.PORTFOLIO else ""
    assets = "multi-assets" if account.assets_mode is AssetsMode.MULTI else "single-asset"
    out.print(
        f"{rulebook.venue}, rules of {rulebook.edition}, {mode}{account.position_mode}, {assets}",
        style="dim",
    )
    out.print(_headline(assessment))
    out.print()
    show_fitting(out, _units(assessment))
    if assessment.positions:
        out.print()
        show_fitting(out, _positions(assessment))
        for sentence in _notes(assessment):
            show_sentence(out, sentence, "dim", indent=0)
    if assessment.judge is not None:
        show_portfolio(out, assessment)
    show_list(out, "Missing", (*assessment.missing, *assessment.boundaries.missing), "yellow")
    show_list(out, "Warnings", assessment.warnings, "yellow")
    show_list(out, "Assumed", assessment.assumptions, "dim")


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


def _units(assessment: Assessment) -> Iterator[Table]:
    names = tuple(
        Text(f"{unit.name} {unit.kind}", style=STYLES[unit.status]) for unit in assessment.units
    )
    cells = [_unit_cells(unit, assessment.rulebook) for unit in assessment.units]
    name = Column("", names, is_words=True)
    wallet, equity, initial, orders, maintenance, buffer, free, health, ratio = (
        Column(heading, column)
        for heading, column in zip(UNIT_HEADINGS, zip(*cells, strict=True), strict=True)
    )
    asked_for = [initial, orders] if assessment.account.orders else [initial]
    room = [buffer, free, health]
    yield table_of([name, wallet, equity, *asked_for, maintenance, *room, ratio])
    maintenance = replace(maintenance, heading="Maint.")
    ratio = replace(ratio, heading="Venue’s")
    yield table_of([name, wallet, equity, *asked_for, maintenance, *room, ratio], gap=1)
    folded = [wallet.over(equity), initial.over(maintenance), *asked_for[1:]]
    yield table_of([name, *folded, buffer.over(free), health.over(ratio)])


def _unit_cells(unit: UnitAssessment, rulebook: Rulebook) -> tuple[str, ...]:
    health = unit.health
    return (
        held(unit.wallet_balance, unit.asset),
        held(health.equity if health else None, unit.asset),
        asked(unit.initial_margin, unit.asset),
        asked(unit.order_initial_margin, unit.asset),
        asked(health.maintenance_margin if health else None, unit.asset),
        held(health.buffer if health else None, unit.asset),
        held(unit.free_margin, unit.asset),
        percent(health.fraction(), up=True) if health else UNKNOWN,
        ratio_text(health, rulebook),
    )


def ratio_text(health: Health | None, rulebook: Rulebook) -> str:
    """Return the venue's own margin ratio, against the account; a large one is a good one."""
    if health is None:
        return UNKNOWN
    ratio = venue_ratio(health, rulebook)
    is_over_equity = rulebook.ratio_convention is RatioConvention.MAINTENANCE_OVER_EQUITY
    return percent(ratio, up=is_over_equity, is_capped=is_over_equity)


def _positions(assessment: Assessment) -> Iterator[Table]:
    pairs = zip(assessment.positions, assessment.boundaries.positions, strict=True)
    cells = [_position_cells(assessment, position, boundary) for position, boundary in pairs]
    name, setting, tier, size, entry, mark, profit, maintenance, level, bankrupt, away = (
        Column(heading, column)
        for heading, column in zip(POSITION_HEADINGS, zip(*cells, strict=True), strict=True)
    )
    words = Column("Position", _lines(name, setting), is_words=True)
    asked_for = Column("Maint.", _lines(maintenance, tier))
    columns = [words, size, entry, mark, profit, asked_for, level, bankrupt, away]
    yield table_of(columns)
    yield table_of(columns, gap=1)
    words = Column("Position", _lines(name, setting, tier), is_words=True)
    folded = [entry.over(mark), profit.over(maintenance), level, bankrupt.over(away)]
    yield table_of([words, size, *folded])


def _lines(first: Column, *more: Column) -> tuple[str | Text, ...]:
    # Under each first cell a line of the others.
    below = (
        " ".join(filter(None, map(str, row))) for row in zip(*(c.cells for c in more), strict=True)
    )
    return tuple(f"{top}\n{line}" for top, line in zip(first.cells, below, strict=True))


def _position_cells(
    assessment: Assessment, position: PositionAssessment, boundary: PositionBoundary | None
) -> tuple[str, ...]:
    contract = assessment.rulebook.contracts[position.symbol]
    asset = contract.instrument.settle
    leverage = leverage_setting(position.symbol, assessment.account, assessment.rulebook)
    is_set = not (contract.option or assessment.has_scenarios)
    setting = f" {plain(leverage)}x" if is_set and leverage is not None else ""
    far = distance(position, boundary)
    return (
        f"{position.symbol} {position.side}",
        f"{position.mode}{setting}",
        "" if position.tier is None else f"tier {position.tier}",
        plain(position.size),
        price(position.entry_price),
        UNKNOWN if position.mark_price is None else price(position.mark_price),
        held(position.unrealised_pnl, asset),
        asked(position.maintenance_margin, _asked_in(assessment, asset)),
        liquidation_text(boundary),
        _bankruptcy(position, boundary),
        UNKNOWN if boundary is None else percent(far, up=False),
    )


def _asked_in(assessment: Assessment, settle: str) -> str:
    # Where scenarios are played requirements are the pool's, whatever a position settles in.
    is_pool = assessment.has_scenarios and assessment.account.assets_mode is AssetsMode.MULTI
    return POOL_USD if is_pool else settle


def _notes(assessment: Assessment) -> Iterator[str]:
    yield from sentences(assessment)
    ends = [
        (position.symbol, sign)
        for position, boundary in zip(
            assessment.positions, assessment.boundaries.positions, strict=True
        )
        if boundary is not None
        for sign, is_known in (("↓", boundary.is_lower_known), ("↑", boundary.is_upper_known))
        if not is_known
    ]
    if ends:
        signs = " and ".join(f"{sign} {UNKNOWN}" for sign in dict.fromkeys(s for _, s in ends))
        names = ", ".join(dict.fromkeys(name for name, _ in ends))
        yield (
            f"{signs}: that liquidation price of {names} would be beyond what is known of the "
            "margin tiers; what is missing is below"
        )


def liquidation_text(
    boundary: PositionBoundary | None, digits: int = DIGITS, *, places_min: int = PLACES_MIN
) -> str:
    """Return the ends of a position, a line each; "?" is unknown, "–" is none."""
    if boundary is None:
        return UNKNOWN
    ends = []
    for sign, end, is_known, rounding in (
        ("↓", boundary.lower, boundary.is_lower_known, ROUND_CEILING),
        ("↑", boundary.upper, boundary.is_upper_known, ROUND_FLOOR),
    ):
        if not is_known:
            ends.append(f"{sign} {UNKNOWN}")
        elif end is not None:
            ends.append(f"{sign} {price(_short(end, rounding, digits, places_min))}")
    return "\n".join(ends) or NONE


def _bankruptcy(position: PositionAssessment, boundary: PositionBoundary | None) -> str:
    if boundary is None:
        return UNKNOWN
    found, mark = boundary.bankruptcy_price, position.mark_price
    is_below = found is not None and mark is not None and found < mark
    rounding = ROUND_CEILING if is_below else ROUND_FLOOR
    return price(found and _short(found, rounding, DIGITS, PLACES_MIN))


def _short(value: Decimal, rounding: str, digits: int, places_min: int) -> Decimal:
    places = max(places_min, digits - 1 - value.adjusted())
    return value.quantize(Decimal(1).scaleb(-places), rounding)
