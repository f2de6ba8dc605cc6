"""Cases of Deribit's portfolio margin as it is.

One adapter answers for all of the present model: from the positions of a case and the numbers it
gives, whatever of vectors, tables, shocks and margins they suffice for.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.scenarios import deribit
from crossmargin.margin.scenarios.deribit_shocks import delta_at_risk, delta_shock
from crossmargin.margin.scenarios.leg import PortfolioUnit
from crossmargin.margin.scenarios.maturities import expiry_deltas, roll_shock
from crossmargin.margin.scenarios.requirement import worst_case
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.portfolio.deribit import (
    CountedGains,
    DeribitUnderlying,
)
from crossmargin.rulebooks.portfolio.volatility import TermShift
from tests.cases import deribit_former
from tests.cases.deribit_given import Given
from tests.cases.deribit_legs import unit_in
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, canonical

PACKAGED = load_rulebook("deribit").portfolio
NO_CAP = Decimal("1e15")
WORDS = {
    "down": Direction.DOWN,
    "same": Direction.NONE,
    "none": Direction.NONE,
    "unchanged": Direction.NONE,
    "up": Direction.UP,
}
"""What columns of the risk matrix are called."""

COLUMN = re.compile(rf"(?P<name>.+?)_(?:vol_|volatility_)?(?P<column>{'|'.join(WORDS)})(?:_vol)?")
EXTENDED = ("extended", "extended_pnl", "aggregated_extended", "pre_aggregated")
Vector = Callable[[Direction], list[Decimal]]


@exact
def portfolio(case: Case, inputs: Inputs) -> Answer:
    """Return the vectors, tables, shocks and margins of a portfolio."""
    for name in ("vol_scenarios", "vol_scenarios_count"):
        inputs.value(name, None)
    unit, given = unit_in(case, inputs), Given(inputs)
    model = _Model(case, unit, given)
    found: dict[str, Callable[[], object]] = {
        "worst_case": model.worst,
        "roll_shock": model.roll_shock,
        "delta_shock": model.delta_shock,
        "risk_matrix_margin": model.matrix_margin,
        "initial_margin": model.initial,
        "maintenance_margin": model.maintenance,
        "price_moves": model.moves,
    }
    said = inputs.word("vol_scenario") or inputs.word("volatility_scenario")

    def answer(key: str) -> object:
        if key in found:
            return found[key]()
        match = COLUMN.fullmatch(key)
        name, column = (match["name"], match["column"]) if match else (key, said or "same")
        name = canonical(name, inputs.units)
        vector = model.vector(name)
        printed = next(
            (value for word, value in case.expect.items() if canonical(word, inputs.units) == key),
            None,
        )
        if isinstance(printed, dict):
            return {leg.symbol: model.leg_vector(place) for place, leg in enumerate(unit.legs)}
        if name in EXTENDED or model.is_extended:
            return vector(Direction.UP)
        return _shaped(vector, printed, WORDS[column])

    return answer


def _shaped(vector: Vector, printed: object, column: Direction) -> object:
    # One value a move, three in a row, or a row of three: as the case prints them.
    values = vector(column)
    if not isinstance(printed, list):
        return values[0] if len(values) == 1 else values
    rows = [list(row) for row in zip(*map(vector, deribit.DIRECTIONS), strict=True)]
    if printed and isinstance(printed[0], list):
        return rows
    return [one for row in rows for one in row] if len(printed) == 3 * len(values) else values


class _Model:
    """The published steps, put together for what a case gives."""

    def __init__(self, case: Case, unit: PortfolioUnit, given: Given) -> None:
        self.whole, self.given = unit, given
        self.is_extended = "extended" in case.topic and not given.moves
        self.is_coin = unit.asset == unit.name

    @property
    def unit(self) -> PortfolioUnit:
        """The positions; a case without them gives what they come to."""
        if not self.whole.legs:
            raise UnknownShape(f"no position among {', '.join(sorted(self.given.inputs.values))}")
        return self.whole

    def moves(self) -> list[Decimal]:
        given = self.given
        if given.moves:
            return given.moves
        buckets = given.get("buckets_each_side", Decimal(PACKAGED.buckets))
        return list(deribit.price_moves(given["price_range"], int(buckets)))

    def extended_moves(self) -> list[Decimal]:
        return self.given.extended_moves or list(PACKAGED.extended_moves)

    def numbers(self) -> DeribitUnderlying:
        given = self.given
        return DeribitUnderlying(
            base=self.unit.name,
            price_range=given.get("price_range", ZERO),
            volatility=self.shift(),
            extended_factor=given.get("extended_table_factor", ZERO),
            extended_dampener_usd=given.get("extended_dampener", ZERO),
            roll_rate_min=given.get("min_annualised_move", ZERO),
            roll_rate_annual=given.get("annualised_move_risk", ZERO),
            delta_free_usd=given.get("delta_total_liq_shock_threshold", ZERO),
            delta_rate_step=given.get("m_inc", ZERO),
            delta_rate_max=given.get("max_delta_shock", ZERO),
            source="case",
        )

    def shift(self) -> TermShift:
        given = self.given
        if all(leg.option is None for leg in self.unit.legs):
            return TermShift(ZERO, ZERO, ZERO, ZERO)
        return TermShift(
            given["volatility_range_up"],
            given["volatility_range_down"],
            given["short_term_vega_power"],
            given["long_term_vega_power"],
            up_floor=given.get("min_volatility_for_shock_up", ZERO),
        )

    def gains(self) -> CountedGains:
        given = self.given
        # USD without an index cannot be told in coins; such a case's cap does not bind.
        has_index = given.has("index") or not self.is_coin
        most = given.get("max_offsetable_pnl", NO_CAP) if has_index else NO_CAP
        return CountedGains(given["pnl_offset"], most)

    def vector(self, name: str) -> Vector:
        """Return what `name` is called for, by the direction of volatility."""
        if name in ("aggregated_extended", "aggregated_extended_pnl"):
            return lambda _: self.extended()
        if name in ("aggregated", "aggregated_pnl"):
            return lambda to: self.extended() if self.is_extended else self.standard(to)
        if name in ("pre_aggregated", "pre_aggregated_pnl", "net", "net_pnl", "unrealised_pnl"):
            return lambda to: self.scaled() if self.is_extended else self.raw(to)
        if name in ("extended", "extended_pnl"):
            return lambda _: self.scaled()
        raise Unanswered(name)

    def raw(self, direction: Direction) -> list[Decimal]:
        return [self.netted(Scenario(move, direction)) for move in self.moves()]

    def leg_vector(self, place: int) -> list[Decimal]:
        leg, shift = self.unit.legs[place], self.shift()
        return [deribit.leg_outcome(leg, Scenario(move), shift) for move in self.moves()]

    def scaled(self) -> list[Decimal]:
        given = self.given
        return [
            deribit.scaled(
                self.netted(Scenario(move, Direction.UP)),
                move,
                given["price_range"],
                given["extended_table_factor"],
                is_coin=self.is_coin,
            )
            for move in self.extended_moves()
        ]

    def netted(self, scenario: Scenario) -> Decimal:
        shift = self.shift()
        return sum((deribit.leg_outcome(leg, scenario, shift) for leg in self.unit.legs), ZERO)

    def standard(self, direction: Direction) -> list[Decimal]:
        numbers, gains = self.numbers(), self.gains()
        return [
            deribit.standard_cell(self.unit, numbers, gains, Scenario(move, direction)).outcome
            for move in self.moves()
        ]

    def extended(self) -> list[Decimal]:
        for needed in ("price_range", "extended_table_factor", "extended_dampener"):
            self.given[needed]
        if self.is_coin:
            self.given["index"]
        numbers, gains, moves = self.numbers(), self.gains(), self.extended_moves()
        return [deribit.extended_cell(self.unit, numbers, gains, move).outcome for move in moves]

    def worst(self) -> Decimal:
        if self.given.has("worst_case"):
            return self.given["worst_case"]
        cells = [cell for direction in deribit.DIRECTIONS for cell in self.standard(direction)]
        return worst_case(cells + self.extended())

    def roll_shock(self) -> Decimal:
        given = self.given
        if given.has("roll_shock"):
            return given["roll_shock"]
        rates = given["min_annualised_move"], given["annualised_move_risk"]
        return roll_shock(expiry_deltas(self.unit.legs), *rates)

    def delta_shock(self) -> Decimal:
        given = self.given
        if not given.has("delta_shock") and given.has("m_inc"):
            free = deribit.usd_in_asset(given["delta_total_liq_shock_threshold"], self.unit)
            return delta_shock(delta_at_risk(self.unit.legs), free, self.numbers())
        return given.get("delta_shock", ZERO)

    def matrix_margin(self) -> Decimal:
        if self.given.has("risk_matrix_margin"):
            return self.given["risk_matrix_margin"]
        charges = (
            self.delta_shock(),
            self.roll_shock(),
            self.given.get("correlation_contingency", ZERO),
        )
        return deribit.risk_matrix_margin(self.worst(), charges, PACKAGED.money_step)

    def initial(self) -> Decimal:
        names = ("spot_margin", "mmp_margin", "open_orders_margin")
        others = [self.given.get(name, ZERO) for name in names]
        return deribit.initial_margin(self.matrix_margin(), others, PACKAGED.money_step)

    def maintenance(self) -> Decimal:
        return deribit.maintenance_margin(self.matrix_margin(), self.given["mm_factor"])


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    **deribit_former.TOPICS,
    "risk-matrix P&L of an inverse perpetual": portfolio,
    "initial and maintenance margin": portfolio,
}
STEMS: Mapping[str, str] = (
    dict(deribit_former.STEMS)
    | {
        rf"{about}\b.*": "risk-matrix P&L of an inverse perpetual"
        for about in (
            *("risk[- ]matrix", "extended[- ]table", "extended risk", "aggregation", "aggregated"),
            *("gains recognised", "roll shock", "delta shock", "worst[- ]case"),
        )
    }
    | {
        r"(?:initial and maintenance|maintenance and initial|risk matrix) margin.*": (
            "initial and maintenance margin"
        ),
    }
)
