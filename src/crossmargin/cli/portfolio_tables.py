"""Portfolio mode as a person reads it: the worst scenario, who loses in it, what hedges what."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from crossmargin.cli.console import show_sentence
from crossmargin.cli.fitting import Column, show_fitting, table_of
from crossmargin.cli.numbers import NONE, asked, held, percent
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.scenarios.explain import UnitExplanation, explained
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ZERO, quotient_down

PAIRS_MAX = 5
"""How many pairs are shown; --json has them all."""

VOLATILITY = {
    Direction.DOWN: ", volatility down",
    Direction.NONE: "",
    Direction.UP: ", volatility up",
    Direction.LINEAR: ", smile tilted",
    Direction.ABSOLUTE: ", smile steeper",
}


def show_portfolio(out: Console, assessment: Assessment) -> None:
    """Print each unit: what decides its requirement, its legs, its charges and its hedges."""
    for unit in explained(assessment):
        out.print()
        for sentence in _head(unit):
            show_sentence(out, sentence, "bold", indent=0)
        if unit.shares:
            show_fitting(out, _legs(unit))
        for sentence in _hedges(unit):
            show_sentence(out, sentence, "dim", indent=0)


def scenario_text(scenario: Scenario) -> str:
    """Return a scenario in words, such as "price −16 %, volatility up"."""
    move = percent(scenario.move, up=False)
    sign = "+" if scenario.move > 0 else ""
    return f"price {sign}{move}{VOLATILITY[scenario.direction]}"


def _head(unit: UnitExplanation) -> Iterator[str]:
    found, asset = unit.requirement, unit.requirement.asset
    asks = f"{found.name}: maintenance {asked(found.maintenance_margin, asset)} {asset}"
    if not found.cells:
        yield asks
    elif found.binding != "scenario":
        yield f"{asks}, which the {found.binding} decides"
    elif found.worst is None:
        yield f"{asks}; it loses in no scenario"
    else:
        worst, loss = scenario_text(found.worst.scenario), asked(-found.worst.outcome, asset)
        yield f"{asks}; the worst scenario is {worst}: a loss of {loss}"
    charges = ", ".join(
        f"{one.name} {asked(one.amount, asset)}{' (initial only)' if one.is_initial_only else ''}"
        for one in found.charges
        if one.amount
    )
    if charges:
        yield f"{'charges' if found.cells else 'made of'}: {charges}"


def _legs(unit: UnitExplanation) -> Iterator[Table]:
    found, asset = unit.requirement, unit.requirement.asset
    columns = [
        Column("In the worst scenario", found.symbols, is_words=True),
        Column(
            "Makes",
            tuple(
                NONE if share.outcome is None else held(share.outcome, asset)
                for share in unit.shares
            ),
        ),
        Column("Alone asks", tuple(asked(share.alone, asset) for share in unit.shares)),
    ]
    yield table_of(columns)
    yield table_of(columns, gap=1)


def _hedges(unit: UnitExplanation) -> Iterator[str]:
    asset = unit.requirement.asset
    coins = unit.alone - sum((share.alone for share in unit.shares), ZERO)
    if len(unit.shares) + bool(coins) < 2:
        return
    alone = asked(unit.alone, asset)
    who = "positions and coins held" if coins else "positions"
    if unit.saving <= 0:
        more = asked(-unit.saving, asset)
        yield f"nothing offsets: alone the {who} ask {alone}, together {more} more"
        return
    part = percent(quotient_down(unit.saving, unit.alone), up=False) if unit.alone else NONE
    yield f"alone the {who} ask {alone}; offsetting saves {held(unit.saving, asset)} ({part})"
    pairs = [pair for pair in unit.pairs if pair.saving > ZERO][:PAIRS_MAX]
    if pairs:
        told = "; ".join(
            f"{pair.first} with {pair.second} {held(pair.saving, asset)}" for pair in pairs
        )
        yield f"pairs that save most: {told}"
