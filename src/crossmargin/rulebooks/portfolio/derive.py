"""The numbers of Derive's portfolio margin; the formulas are in `margin.scenarios`.

Each market has a portfolio manager of its own, a contract with parameters of its own; markets
whose managers have the same ones share a record here.

Source: derivexyz/v2-core, `src/interfaces/IPMRMLib_2.sol`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.model.scenario import Scenario
from crossmargin.money import ZERO
from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.portfolio.volatility import TermShift
from crossmargin.rulebooks.ranges import AMOUNT, Range

TEN = Decimal(10)
UP_TO_TEN = Range(ZERO, TEN)
UP_TO_ONE = Range(ZERO, Decimal(1))
ANY_MOVE = Range(Decimal(-1), TEN, "(]")


class Skew(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the smile tilts in the two skew scenarios.

    The greatest shift is cap + slope × √years, of the linear and the absolute tilt; it is reached
    at the moneyness max(width_floor, √years × width_scale × (volatility + √years × its slope)).
    """

    linear_cap: Decimal
    linear_slope: Decimal
    absolute_cap: Decimal
    absolute_slope: Decimal
    width_floor: Decimal
    width_scale: Decimal
    width_volatility: Decimal
    width_volatility_slope: Decimal


class Basis(Struct, frozen=True, forbid_unknown_fields=True):
    """What forwards of several expiries may lose against each other.

    The worse of two relative moves, `up` and `down`, times add + multiple × years.
    """

    up: Decimal
    down: Decimal
    add: Decimal
    multiple: Decimal


class StaticDiscount(Struct, frozen=True, forbid_unknown_fields=True):
    """What a shocked expiry's worth is multiplied by: base × exp(∓years × (rate × multiple + add)).

    Minus of what is owned, plus of what is owed.
    """

    base: Decimal
    rate_multiple: Decimal
    rate_add: Decimal


class Contingency(Struct, frozen=True, forbid_unknown_fields=True):
    """Fractions of spot notional: for maintenance margin, and what initial margin adds to it."""

    maintenance: Decimal
    initial_on_top: Decimal


class CollateralTerms(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an asset's worth is held back.

    Attributes
    ----------
    maintenance_haircut, initial_on_top : the second is added to the first for initial margin.
    is_risk_cancelling : whether it moves with the underlying in scenarios, and so hedges.
    bases : underlyings in whose accounts it counts so, separated by white space; all if empty.
    """

    asset: str
    maintenance_haircut: Decimal
    initial_on_top: Decimal
    is_risk_cancelling: bool = False
    bases: str = ""


class DeriveManager(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the portfolio managers of some markets.

    Attributes
    ----------
    bases : the underlyings, separated by white space.
    option : of the spot notional of options sold and not paired at their strike.
    perpetual : of the perpetual's spot notional.
    initial_loss_factor, maintenance_loss_factor : times the worst outcome.
    peg_threshold : the stable coin's price in USD below which `peg_factor` times what it lacks
        joins the initial loss factor.
    confidence_threshold : a confidence below it costs `confidence_factor` × what it lacks of 1.
    settlement_seconds : so long before its expiry an option's settlement price begins to be
        averaged, so that less and less of its forward can move.
    """

    bases: str
    scenarios: tuple[Scenario, ...]
    volatility: TermShift
    skew: Skew
    basis: Basis
    long_discount: StaticDiscount
    short_discount: StaticDiscount
    perpetual: Contingency
    option: Contingency
    initial_loss_factor: Decimal
    maintenance_loss_factor: Decimal
    peg_threshold: Decimal
    peg_factor: Decimal
    confidence_threshold: Decimal
    confidence_factor: Decimal
    settlement_seconds: Decimal
    collateral: tuple[CollateralTerms, ...] = ()

    def terms_of(self, asset: str, base: str) -> CollateralTerms:
        """Return how an asset counts in accounts of an underlying: the first terms that hold.

        Raises
        ------
        UnknownError
            If it was not read.
        """
        for terms in self.collateral:
            if terms.asset == asset and base in (terms.bases or base).split():
                return terms
        raise UnknownError(f"how {asset} counts as collateral in the portfolio margin of {base}")


class DerivePortfolio(PortfolioTable, frozen=True, kw_only=True, tag="derive"):
    """`[portfolio]` with `method = "derive"`; ranges are those the contracts keep, if any.

    Attributes
    ----------
    cash : the stable coin that positions settle in and that may be owed.
    expiries_max : the most expiries that the options of an account may have.
    """

    managers: tuple[DeriveManager, ...]
    cash: str
    expiries_max: int

    is_collateral_margined: ClassVar[bool] = True

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "expiries_max": Range(Decimal(1), Decimal(30)),
        "move": ANY_MOVE,
        "damping": UP_TO_TEN,
        "range_up": UP_TO_TEN,
        "range_down": UP_TO_TEN,
        "short_power": UP_TO_TEN,
        "long_power": UP_TO_TEN,
        "days_floor": Range(ZERO, Decimal(400)),
        "up_floor": Range(ZERO, Decimal(20)),
        "linear_cap": UP_TO_TEN,
        "linear_slope": Range(-TEN, TEN),
        "absolute_cap": UP_TO_TEN,
        "absolute_slope": Range(-TEN, TEN),
        "width_floor": Range(ZERO, TEN, "(]"),
        "width_scale": UP_TO_TEN,
        "width_volatility": UP_TO_TEN,
        "width_volatility_slope": Range(Decimal(-20), Decimal(20)),
        "up": Range(ZERO, Decimal(2), "()"),
        "down": Range(Decimal(-1), ZERO, "()"),
        "add": Range(ZERO, Decimal(20)),
        "multiple": Range(ZERO, Decimal(20)),
        "base": Range(ZERO, Decimal(4)),
        "rate_multiple": UP_TO_TEN,
        "rate_add": UP_TO_TEN,
        "maintenance": Range(ZERO, Decimal(3)),
        "initial_on_top": Range(ZERO, Decimal(3)),
        "initial_loss_factor": Range(Decimal("0.5"), TEN),
        "maintenance_loss_factor": Range(Decimal("0.5"), TEN),
        "peg_threshold": Range(ZERO, Decimal(100)),
        "peg_factor": UP_TO_TEN,
        "confidence_threshold": UP_TO_ONE,
        "confidence_factor": Range(ZERO, Decimal(20)),
        "settlement_seconds": Range(Decimal(1), Decimal(86_400)),
        "maintenance_haircut": UP_TO_ONE,
    }

    def manager_of(self, base: str) -> DeriveManager:
        """Return the parameters of an underlying's manager.

        Raises
        ------
        UnknownError
            If they were not read.
        """
        for manager in self.managers:
            if base in manager.bases.split():
                return manager
        raise UnknownError(f"portfolio margin parameters of {base}")
