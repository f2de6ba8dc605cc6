"""What OKX asks for beside the worst scenario: MR3 vega, MR4 basis, MR5 interest, MR7 exit.

The names are OKX's. It publishes MR4's annual rates and what a lone perpetual is charged, and
MR7's multipliers; the forms of MR3 and MR5 were not read. What is used for those counts no offset
that the grid of MR1 gives away: see each function.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.maturities import YEAR, leg_delta, roll_shock
from crossmargin.margin.scenarios.okx_legs import cash_delta, scenario_profit, usd_rate
from crossmargin.margin.scenarios.requirement import worst_case
from crossmargin.margin.scenarios.revalue import value_now
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ZERO, exact, quotient_up
from crossmargin.rulebooks.portfolio.okx import MoveRisk, OkxPortfolio, OptionExit


@exact
def vega_charge(unit: PortfolioUnit, rule: OkxPortfolio) -> Decimal:
    """Return MR3, in USD: what expiries offset in each other when all volatilities shift at once.

    MR1 shifts volatilities of all expiries together. Here each expiry has its own worse direction:
    the sum of their losses, less the loss of all together; `vega_offset` of that. Assumed: OKX's
    form was not read.
    """
    expiries: dict[Decimal | None, tuple[Decimal, Decimal]] = {}
    for leg in unit.legs:
        if leg.option is not None:
            before = expiries.get(leg.seconds, (ZERO, ZERO))
            down, up = (
                scenario_profit(leg, unit, Scenario(ZERO, direction), rule.volatility)
                for direction in (Direction.DOWN, Direction.UP)
            )
            expiries[leg.seconds] = before[0] + down, before[1] + up
    apart = sum((worst_case(both) for both in expiries.values()), ZERO)
    together = worst_case(
        sum((both[place] for both in expiries.values()), ZERO) for place in (0, 1)
    )
    return rule.vega_offset * (apart - together)


@exact
def basis_charge(unit: PortfolioUnit, risk: MoveRisk) -> Decimal:
    """Return MR4, in USD: each maturity's basis to the index moves against it.

    |cash delta| of perpetuals, of every expiry and of spot in use, each times its rate: maturities
    do not offset, so neither a calendar nor spot against a perpetual is free.
    """
    spot = sum((cash_delta(leg, unit) for leg in unit.legs if leg.is_spot), ZERO)
    deltas: dict[Decimal, Decimal] = {}
    for leg in unit.legs:
        if not leg.is_spot:
            seconds = leg.seconds or ZERO
            deltas[seconds] = deltas.get(seconds, ZERO) + cash_delta(leg, unit)
    return maturity_charge(spot, deltas, risk)


@exact
def maturity_charge(spot: Decimal, deltas: Mapping[Decimal, Decimal], risk: MoveRisk) -> Decimal:
    """Return MR4 of cash deltas in USD: of spot in use, and by seconds to expiry (perpetuals 0).

    |delta| × max(basis_perpetual, basis_annual × years); years rounded up at 50 digits. The rate of
    a lone perpetual is implied by OKX's sample; that spot has it too, by an example of its help
    page: there 10 bitcoin against as many contracts cost twice what either side is charged.
    """
    return abs(spot) * risk.basis_perpetual + roll_shock(
        deltas, risk.basis_perpetual, risk.basis_annual
    )


@exact
def interest_charge(unit: PortfolioUnit, annual: Decimal) -> Decimal:
    """Return MR5, in USD: |worth| of each expiry's options × rate × years to it, rounded up.

    What is paid at expiry is worth less when interest rises, so a box is not free. Assumed: OKX's
    form was not read.
    """
    worths: dict[Decimal, Decimal] = {}
    for leg in unit.legs:
        if leg.option is not None:
            seconds = leg.seconds or ZERO
            value = value_now(leg) * usd_rate(leg, unit)
            worths[seconds] = worths.get(seconds, ZERO) + leg.size * value
    return sum(
        (quotient_up(abs(worth) * annual * seconds, YEAR) for seconds, worth in worths.items()),
        ZERO,
    )


@exact
def minimum_charge(unit: PortfolioUnit, rule: OkxPortfolio) -> Decimal:
    """Return MR7, in USD: what leaving all derivatives costs, more where they are large."""
    cost = rule.exit(unit.name)
    raw = sum(
        (
            exit_cost(cash_delta(leg, unit), cost.rate)
            if leg.option is None
            else option_exit_cost(leg, unit, rule.option_exit)
            for leg in unit.legs
            if not leg.is_spot
        ),
        ZERO,
    )
    return multiplied(raw, cost.bounds, cost.multipliers)


@exact
def exit_cost(cash: Decimal, rate: Decimal) -> Decimal:
    """Return the raw charge of a future or perpetual: |cash delta| × rate; exact."""
    return abs(cash) * rate


@exact
def option_exit_cost(leg: Leg, unit: PortfolioUnit, terms: OptionExit) -> Decimal:
    """Return the raw charge of options, in USD: slippage and fee; zero of anything else."""
    if leg.option is None:
        return ZERO
    value = value_now(leg) * usd_rate(leg, unit)
    held = abs(leg.size)
    slippage = unit.index * max(
        terms.slippage_floor * held, terms.slippage_per_delta * abs(leg_delta(leg))
    )
    if leg.size > 0:
        slippage = min(slippage, held * value)
    return slippage + held * min(terms.fee * unit.index, terms.fee_cap * value)


@exact
def multiplied(raw: Decimal, bounds: Sequence[Decimal], multipliers: Sequence[Decimal]) -> Decimal:
    """Return all of a raw charge × its row's multiplier; a bound belongs to the row below it."""
    return raw * multipliers[sum(raw > bound for bound in bounds)]
