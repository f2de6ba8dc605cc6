"""Derive v2's portfolio manager (PMRM v2): one underlying's perpetual, options and collateral.

The manager answers with balances, not requirements, as the standard one does: what is left after
the requirement, so zero or more passes.

    balance = mark-to-market + worst × loss factor − contingencies

The worst is the lowest of all scenarios and of the basis contingency, never above zero. In a
scenario the perpetual, risk-cancelling collateral and the options (`expiry_grid`) move together.
The basis contingency is what each expiry would lose for itself, which nothing nets.

Collateral in stable coins is rounded down at 50 digits; but for that and what options have, all is
exact. The contract truncates at each step, so its answers differ in the last digits.

This does not know accounts, orders or prices' sources: `margin.scenarios.derive` does.

Sources: derivexyz/v2-core, `src/risk-managers/PMRM_2.sol` and `PMRMLib_2.sol`.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.margin.scenarios.expiry_grid import (
    TODAY,
    Expiry,
    basis_contingency,
    expiry_grid,
    naked_shorts,
)
from crossmargin.margin.standard_manager import Perpetual
from crossmargin.money import ONE, ZERO, exact, quotient_down
from crossmargin.rulebooks.portfolio.derive import CollateralTerms, DeriveManager


class Collateral(Struct, frozen=True):
    """An amount of an asset other than cash, its price in USD."""

    terms: CollateralTerms
    amount: Decimal
    price_usd: Decimal
    confidence: Decimal = ONE


class Portfolio(Struct, frozen=True):
    """What an account has with one underlying's manager; `cash` in stable coins."""

    spot_price: Decimal
    stable_price_usd: Decimal = ONE
    spot_confidence: Decimal = ONE
    cash: Decimal = ZERO
    perpetual: Perpetual = Perpetual()
    expiries: tuple[Expiry, ...] = ()
    collateral: tuple[Collateral, ...] = ()


Held = list[tuple[Collateral, Decimal]]
"""Collateral, and what it is worth as `collateral_value` says."""


class Contingencies(Struct, frozen=True):
    """What is asked for beside the worst outcome, in stable coins."""

    perpetual: Decimal = ZERO
    option: Decimal = ZERO
    collateral: Decimal = ZERO
    confidence: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Return their sum; under the caller's decimal context."""
        return self.perpetual + self.option + self.collateral + self.confidence


class PortfolioMargin(Struct, frozen=True):
    """What the manager says of a portfolio, in stable coins; losses are negative.

    Attributes
    ----------
    mark_to_market : worth at marks, cash included.
    outcomes : what each scenario makes, in the manager's order.
    leg_profits : in each scenario, what the options make as they are, without static discount and
        damping; in the order of expiries and of their legs.
    basis_contingency : zero, or what expiries may lose against each other.
    worst : the lowest outcome or the basis contingency.
    maintenance, initial_on_top : contingencies of maintenance margin, and what initial margin adds.
    initial_loss_factor : with what a stable coin below its peg adds.
    initial_margin_balance, maintenance_margin_balance : what is left after the requirement.
    """

    mark_to_market: Decimal
    outcomes: tuple[Decimal, ...]
    leg_profits: tuple[tuple[Decimal, ...], ...]
    basis_contingency: Decimal
    worst: Decimal
    maintenance: Contingencies
    initial_on_top: Contingencies
    initial_loss_factor: Decimal
    initial_margin_balance: Decimal
    maintenance_margin_balance: Decimal


@exact
def portfolio_margin(portfolio: Portfolio, manager: DeriveManager) -> PortfolioMargin:
    """Return the margin of a portfolio.

    Raises
    ------
    UnitError
        If the stable price is not above zero, or an option's price, volatility or time is out of
        its range.
    """
    if portfolio.stable_price_usd <= 0:
        raise UnitError(f"the stable price is {portfolio.stable_price_usd}, must be above zero")
    grids = [expiry_grid(expiry, manager) for expiry in portfolio.expiries]
    held = [
        (one, collateral_value(one, portfolio.stable_price_usd)) for one in portfolio.collateral
    ]
    perpetual = portfolio.perpetual
    mark_to_market = portfolio.cash + perpetual.unrealised_pnl
    mark_to_market += sum((value for _, value in held), ZERO)
    mark_to_market += sum((grid.worths[TODAY] for grid in grids), ZERO)
    moving = perpetual.size * perpetual.mark_price
    moving += sum((value for one, value in held if one.terms.is_risk_cancelling), ZERO)
    outcomes, leg_profits = [], []
    for scenario in manager.scenarios:
        key = scenario.move, scenario.direction
        profit = moving * scenario.move + sum((grid.profit(key) for grid in grids), ZERO)
        outcomes.append(profit * scenario.damping)
        leg_profits.append(tuple(one for grid in grids for one in grid.leg_profits(key)))
    basis = sum((basis_contingency(grid, manager) for grid in grids), ZERO)
    worst = min(basis, *outcomes)
    maintenance = maintenance_contingencies(portfolio, held, manager)
    on_top = initial_contingencies(portfolio, held, manager)
    loss_factor = initial_loss_factor(portfolio.stable_price_usd, manager)
    left = mark_to_market - maintenance.total
    return PortfolioMargin(
        mark_to_market,
        tuple(outcomes),
        tuple(leg_profits),
        basis,
        worst,
        maintenance,
        on_top,
        loss_factor,
        left - on_top.total + worst * loss_factor,
        left + worst * manager.maintenance_loss_factor,
    )


@exact
def collateral_value(collateral: Collateral, stable_price_usd: Decimal) -> Decimal:
    """Return what collateral is worth in stable coins; rounded down at 50 digits."""
    return quotient_down(collateral.amount * collateral.price_usd, stable_price_usd)


@exact
def maintenance_contingencies(
    portfolio: Portfolio, held: Held, manager: DeriveManager
) -> Contingencies:
    """Return what both margins ask for beside the worst."""
    perpetual, naked = _notionals(portfolio)
    return Contingencies(
        perpetual * manager.perpetual.maintenance,
        naked * manager.option.maintenance,
        sum((value * one.terms.maintenance_haircut for one, value in held), ZERO),
    )


@exact
def initial_contingencies(
    portfolio: Portfolio, held: Held, manager: DeriveManager
) -> Contingencies:
    """Return what initial margin asks for on top."""
    perpetual, naked = _notionals(portfolio)
    return Contingencies(
        perpetual * manager.perpetual.initial_on_top,
        naked * manager.option.initial_on_top,
        sum((value * one.terms.initial_on_top for one, value in held), ZERO),
        confidence_contingency(portfolio, held, manager),
    )


def _notionals(portfolio: Portfolio) -> tuple[Decimal, Decimal]:
    # At the spot price, the perpetual's too.
    naked = sum((naked_shorts(expiry) for expiry in portfolio.expiries), ZERO)
    return abs(portfolio.perpetual.size) * portfolio.spot_price, naked * portfolio.spot_price


@exact
def confidence_contingency(portfolio: Portfolio, held: Held, manager: DeriveManager) -> Decimal:
    """Return what unsure oracles cost: of the perpetual, of each expiry, of each collateral.

    An expiry's notional counts options bought and sold alike. Collateral does not hang on the
    perpetual's oracle.
    """
    spot, perpetual = portfolio.spot_confidence, portfolio.perpetual
    first = min(spot, perpetual.confidence) if perpetual.size else spot
    judged = [(first, abs(perpetual.size) * portfolio.spot_price)]
    for expiry in portfolio.expiries:
        lowest = min(
            first,
            expiry.forward_confidence,
            expiry.rate_confidence,
            expiry.volatility_confidence,
        )
        size = sum((abs(leg.size) for leg in expiry.legs), ZERO)
        judged.append((lowest, size * portfolio.spot_price))
    judged += [(min(spot, one.confidence), value) for one, value in held]
    missing = (
        (ONE - confidence) * notional
        for confidence, notional in judged
        if confidence < manager.confidence_threshold
    )
    return sum(missing, ZERO) * manager.confidence_factor


@exact
def initial_loss_factor(stable_price_usd: Decimal, manager: DeriveManager) -> Decimal:
    """Return what the worst outcome is multiplied by for initial margin; more below the peg."""
    missing = max(ZERO, manager.peg_threshold - stable_price_usd)
    return manager.initial_loss_factor + missing * manager.peg_factor
