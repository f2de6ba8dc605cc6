"""A unit of legs as Derive's portfolio manager (`portfolio_manager`) margins it.

The manager says what is left of an account's worth; a requirement is what it takes off. Equity
counts collateral in full at Derive: haircuts are part of the requirement, the larger of initial
margin. Oracles are taken to be sure of their prices, because no account file says how sure they
are.

The manager counts in its stable coin. Where the unit is counted in USD, all it asks is converted
at the coin's price, so that nothing but the contingency below the peg depends on it.
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.scenarios.expiry_grid import Expiry
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.portfolio_manager import (
    Collateral,
    Portfolio,
    PortfolioMargin,
    collateral_value,
    portfolio_margin,
)
from crossmargin.margin.scenarios.requirement import Cell, Charge, UnitRequirement, worst_of
from crossmargin.margin.standard_manager import OptionLeg, Perpetual
from crossmargin.money import ONE, ZERO, exact, plain, up_to
from crossmargin.rulebooks.portfolio.derive import DeriveManager, DerivePortfolio

USD = "USD"
BASIS = "basis contingency"
PLACES = Decimal("1e-18")
"""What the contract counts in."""


@exact
def requirement(unit: PortfolioUnit, rule: DerivePortfolio) -> UnitRequirement:
    """Return what the portfolio manager of the unit's underlying asks for.

    Margins and charges are rounded up at `PLACES`; what scenarios make is not rounded.

    Raises
    ------
    UnknownError
        If the underlying's parameters, or how an asset counts as collateral, were not read, or an
        asset has no price.
    UsageError
        If another asset than cash is owed, which the manager does not lend.
    """
    manager = rule.manager_of(unit.name)
    portfolio = portfolio_of(unit, rule, manager)
    margin = portfolio_margin(portfolio, manager)
    coin = portfolio.stable_price_usd if unit.asset == USD else ONE
    is_basis = margin.worst < min(margin.outcomes)
    shares = _shares(unit, portfolio, margin, manager)
    cells = tuple(
        Cell(scenario, outcome * coin, tuple(share * coin for share in mine))
        for scenario, outcome, mine in zip(manager.scenarios, margin.outcomes, shares, strict=True)
    )
    return UnitRequirement(
        unit.name,
        unit.asset,
        tuple(leg.symbol for leg in unit.legs),
        cells,
        worst_of(cells),
        tuple(
            replace(charge, amount=up_to(PLACES, charge.amount * coin))
            for charge in _charges(margin, manager, is_basis=is_basis)
            if charge.amount
        ),
        up_to(PLACES, (margin.mark_to_market - margin.initial_margin_balance) * coin),
        up_to(PLACES, (margin.mark_to_market - margin.maintenance_margin_balance) * coin),
        BASIS if is_basis else "scenario",
    )


def check_units(units: Iterable[PortfolioUnit], rule: DerivePortfolio) -> None:
    """Refuse what no account may hold with a portfolio manager.

    Raises
    ------
    UsageError
        If there are several underlyings, or more expiries than the manager takes.
    """
    held = tuple(units)
    names = dict.fromkeys(unit.name for unit in held)
    if len(names) > 1:
        raise UsageError(
            f"the account has positions on {' and '.join(names)}; a portfolio margin account of "
            "Derive's has one underlying"
        )
    for unit in held:
        expiries = {leg.seconds for leg in unit.legs if leg.option is not None}
        if len(expiries) > rule.expiries_max:
            raise UsageError(
                f"the account has options of {len(expiries)} expiries; a portfolio margin account "
                f"of Derive's has at most {rule.expiries_max}"
            )


def portfolio_of(unit: PortfolioUnit, rule: DerivePortfolio, manager: DeriveManager) -> Portfolio:
    """Return the unit as its manager sees it, without cash: that asks for nothing.

    Raises
    ------
    UnknownError, UsageError
        As `requirement` does.
    """
    return Portfolio(
        spot_price=unit.index,
        stable_price_usd=unit.rates.get(rule.cash, ONE),
        perpetual=_perpetual(unit),
        expiries=tuple(_expiry(legs) for legs in _by_expiry(unit).values()),
        collateral=tuple(
            _collateral(asset, amount, unit, manager)
            for asset, amount in _amounts(unit).items()
            if amount and asset != rule.cash
        ),
    )


def _by_expiry(unit: PortfolioUnit) -> dict[Decimal, list[Leg]]:
    found: dict[Decimal, list[Leg]] = {}
    for leg in unit.legs:
        if leg.option is not None:
            found.setdefault(leg.seconds or ZERO, []).append(leg)
    return found


def _expiry(legs: list[Leg]) -> Expiry:
    parts = [(leg, leg.option) for leg in legs if leg.option is not None]
    first, option = parts[0]
    return Expiry(
        first.seconds or ZERO,
        first.price,
        tuple(
            OptionLeg(option.right, option.strike, leg.size, option.volatility)
            for leg, option in parts
        ),
        option.rate,
    )


def _is_perpetual(leg: Leg) -> bool:
    return leg.option is None and not leg.is_spot


def _perpetual(unit: PortfolioUnit) -> Perpetual:
    legs = [leg for leg in unit.legs if _is_perpetual(leg)]
    if not legs:
        return Perpetual()
    if len(legs) > 1:
        symbols = ", ".join(leg.symbol for leg in legs)
        raise UsageError(f"{symbols}: Derive has one perpetual on an underlying and no futures")
    # Profit is in equity already, and what is asked does not depend on it.
    return Perpetual(legs[0].size, legs[0].price)


def _amounts(unit: PortfolioUnit) -> dict[str, Decimal]:
    amounts = dict(unit.collateral)
    for leg in unit.legs:
        if leg.is_spot:
            amounts[leg.symbol] = amounts.get(leg.symbol, ZERO) + leg.size
    return amounts


def _collateral(
    asset: str, amount: Decimal, unit: PortfolioUnit, manager: DeriveManager
) -> Collateral:
    if amount < 0:
        raise UsageError(f"{asset} of {plain(amount)} is owed; Derive's managers lend cash alone")
    terms = manager.terms_of(asset, unit.name)
    price = unit.index if asset == unit.name else unit.rates.get(asset)
    if price is None:
        raise UnknownError(f"index price of {asset}")
    return Collateral(terms, amount, price)


def _shares(
    unit: PortfolioUnit, portfolio: Portfolio, margin: PortfolioMargin, manager: DeriveManager
) -> list[tuple[Decimal, ...]]:
    # What each leg makes in each scenario, in the unit's order; the manager has options by expiry.
    ordered = [leg.symbol for legs in _by_expiry(unit).values() for leg in legs]
    moving = {leg.symbol: leg.size * leg.price for leg in unit.legs if _is_perpetual(leg)}
    values = {
        one.terms.asset: collateral_value(one, portfolio.stable_price_usd)
        for one in portfolio.collateral
        if one.terms.is_risk_cancelling
    }
    moving |= {leg.symbol: values.get(leg.symbol, ZERO) for leg in unit.legs if leg.is_spot}
    found = []
    for scenario, profits in zip(manager.scenarios, margin.leg_profits, strict=True):
        makes = dict(zip(ordered, profits, strict=True))
        makes |= {symbol: worth * scenario.move for symbol, worth in moving.items()}
        found.append(tuple(makes[leg.symbol] for leg in unit.legs))
    return found


def _charges(
    margin: PortfolioMargin, manager: DeriveManager, *, is_basis: bool
) -> tuple[Charge, ...]:
    peg = margin.initial_loss_factor - manager.initial_loss_factor
    kept, added = margin.maintenance, margin.initial_on_top
    return (
        Charge(BASIS, -margin.basis_contingency if is_basis else ZERO),
        Charge("perpetual contingency", kept.perpetual),
        Charge("option contingency", kept.option),
        Charge("collateral haircut", kept.collateral),
        Charge("perpetual contingency on top", added.perpetual, is_initial_only=True),
        Charge("option contingency on top", added.option, is_initial_only=True),
        Charge("collateral haircut on top", added.collateral, is_initial_only=True),
        Charge("oracle contingency", added.confidence, is_initial_only=True),
        Charge("peg loss", -margin.worst * peg, is_initial_only=True),
    )
