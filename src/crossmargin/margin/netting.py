"""Requirements that opposite positions do not add up to.

Some venues charge only one side of what offsets: of the contracts of one underlying, or of the
two sides of one hedged symbol, the longs or the shorts, whichever come to more. Positions keep the
requirement they would have alone; the pool is charged less than their sum. Isolated positions
never net. Source: Kraken Futures, "Multi-collateral margin"; Gate, "Risk limit" of July 2025.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.lookup import offset_group
from crossmargin.margin.tally import Tally
from crossmargin.money import ZERO
from crossmargin.rulebooks.schema import Rulebook


def net_requirements(
    tallies: dict[str, Tally], positions: Iterable[PositionAssessment], rulebook: Rulebook
) -> None:
    """Take the smaller side's requirements of every group out of its pool's tally."""
    groups: dict[tuple[str, str], list[PositionAssessment]] = {}
    for assessed in positions:
        group = offset_group(assessed.position, rulebook)
        if group is not None:
            groups.setdefault(group, []).append(assessed)
    for (settle, _), members in groups.items():
        longs = [one for one in members if one.size > 0]
        shorts = [one for one in members if one.size < 0]
        tally = tallies[settle]
        tally.initial -= min(_sum_initial(longs), _sum_initial(shorts))
        tally.maintenance -= min(_sum_maintenance(longs), _sum_maintenance(shorts))


def _sum_initial(positions: list[PositionAssessment]) -> Decimal:
    return sum((one.initial_margin or ZERO for one in positions), ZERO)


def _sum_maintenance(positions: list[PositionAssessment]) -> Decimal:
    return sum((one.maintenance_margin or ZERO for one in positions), ZERO)
