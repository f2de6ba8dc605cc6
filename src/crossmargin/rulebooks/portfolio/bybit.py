"""The numbers of Bybit's portfolio margin; the formulas are in `margin.scenarios.bybit`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from crossmargin.errors import UnknownError
from crossmargin.rulebooks.portfolio.bases import OfBases, row_of
from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.portfolio.volatility import TermShift
from crossmargin.rulebooks.ranges import AMOUNT, FRACTION, Range


class BybitAsset(OfBases, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is supposed and charged of underlyings.

    Attributes
    ----------
    price_range : the largest move of the stress test, either way.
    volatility : its largest shifts.
    short_option_rate : of the underlying's worth of options sold and not bought back.
    vega_rate_daily : of the underlying's worth of options of one expiry that those of another
        offset, for each day between them.
    peg_rate : of what contracts of one settlement coin offset in those of another.
    basis_annual : of the delta that lies beyond a year.
    future_rate : of the worth of perpetuals and futures, longs and shorts alike.
    initial_factor : initial margin in multiples of maintenance margin.
    """

    price_range: Decimal
    volatility: TermShift
    short_option_rate: Decimal
    vega_rate_daily: Decimal
    peg_rate: Decimal
    basis_annual: Decimal
    future_rate: Decimal
    initial_factor: Decimal


class BybitPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="bybit"):
    """`[portfolio]` with `method = "bybit"`.

    Attributes
    ----------
    steps : moves of the stress test from none to the largest, either way.
    money_step : what the profit of a scenario is rounded down to.
    """

    assets_modes: ClassVar[tuple[str, ...]] = ("multi",)
    steps: int
    money_step: Decimal
    assets: tuple[BybitAsset, ...]

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "steps": Range(Decimal(1), Decimal(50)),
        "money_step": Range(Decimal(0), Decimal(1), "(]"),
        "price_range": Range(Decimal(0), Decimal(1), "()"),
        "range_up": Range(Decimal(0), Decimal(5)),
        "range_down": Range(Decimal(0), Decimal(1)),
        "short_power": Range(Decimal(0), Decimal(1)),
        "long_power": Range(Decimal(0), Decimal(1)),
        "days_floor": Range(Decimal(0), Decimal(30)),
        "up_floor": Range(Decimal(0), Decimal(5)),
        "short_option_rate": FRACTION,
        "vega_rate_daily": FRACTION,
        "peg_rate": FRACTION,
        "basis_annual": FRACTION,
        "future_rate": FRACTION,
        "initial_factor": Range(Decimal(1), Decimal(10)),
    }

    def asset(self, base: str) -> BybitAsset:
        """Return the numbers of an underlying.

        Raises
        ------
        UnknownError
            If they were not read.
        """
        row = row_of(base, self.assets)
        if row is None:
            raise UnknownError(f"Bybit's portfolio margin parameters of {base} are not known")
        return row
