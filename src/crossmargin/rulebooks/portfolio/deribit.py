"""The numbers of Deribit's portfolio margin; the formulas are in `margin.scenarios.deribit`.

The venue keeps them in two tables, by *currency pair* (BTC against USD) and by *currency* (BTC).
Both follow what moves, not what profit is paid in: linear ether contracts have ether's. So here
they are one record an underlying; what the venue keeps for USD as a currency has no use here.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.portfolio.volatility import TermShift
from crossmargin.rulebooks.ranges import AMOUNT, FRACTION, SHARE, STEP, Range
from crossmargin.rulebooks.sourced import Sourced

UNIT_INTERVAL = Range(Decimal(0), Decimal(1))


class CountedGains(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a gain in a scenario counts.

    Attributes
    ----------
    fraction : of the gain (pnl_offset).
    most_usd : and no more than that (max_offsetable_pnl).
    """

    fraction: Decimal
    most_usd: Decimal


class DeribitUnderlying(Sourced, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is supposed of an underlying, and what is charged beside.

    Attributes
    ----------
    base : the underlying's asset.
    price_range : the largest move of the risk matrix, either way.
    volatility : its largest shifts, and the floor of one shifted up.
    extended_factor : what of the extended table's outcomes counts, on top of their distance.
    extended_dampener_usd : for each range that an extended move goes beyond the first.
    roll_rate_min : of an expiry's delta (min_annualised_move).
    roll_rate_annual : the same for each year to its expiry (annualised_move_risk).
    delta_free_usd : the delta that is not charged (delta_total_liq_shock_threshold).
    delta_rate_step : what each coin of delta above that adds to the rate (m_inc).
    delta_rate_max : where the rate ends (max_delta_shock).
    cross_gains : in cross portfolio margin; None where it was not read, then none counts.
    """

    base: str
    price_range: Decimal
    volatility: TermShift
    extended_factor: Decimal
    extended_dampener_usd: Decimal
    roll_rate_min: Decimal
    roll_rate_annual: Decimal
    delta_free_usd: Decimal
    delta_rate_step: Decimal
    delta_rate_max: Decimal
    cross_gains: CountedGains | None = None


class DeribitPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="deribit"):
    """`[portfolio]` with `method = "deribit"`.

    Attributes
    ----------
    buckets : steps of the risk matrix from no move to the largest, either way.
    extended_moves : of the extended table, in the venue's order.
    segregated_gains : what counts in segregated portfolio margin.
    maintenance_fraction : of the risk matrix margin (mm_factor).
    money_step : what worst case and initial margin are rounded to.
    """

    buckets: int
    extended_moves: tuple[Decimal, ...]
    segregated_gains: CountedGains
    maintenance_fraction: Decimal
    money_step: Decimal
    underlyings: tuple[DeribitUnderlying, ...]

    is_equity_margined: ClassVar[bool] = True

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "buckets": Range(Decimal(1), Decimal(50)),
        "extended_moves": Range(Decimal(-1), Decimal(10), "()"),
        "fraction": UNIT_INTERVAL,
        "most_usd": AMOUNT,
        "maintenance_fraction": SHARE,
        "money_step": SHARE,
        "price_range": Range(Decimal(0), Decimal(1), "()"),
        "range_up": Range(Decimal(0), Decimal(5)),
        "range_down": UNIT_INTERVAL,
        "short_power": UNIT_INTERVAL,
        "long_power": UNIT_INTERVAL,
        "days_floor": Range(Decimal(0), Decimal(30)),
        "up_floor": Range(Decimal(0), Decimal(5)),
        "extended_factor": Range(Decimal(0), Decimal(5)),
        "extended_dampener_usd": AMOUNT,
        "roll_rate_min": FRACTION,
        "roll_rate_annual": FRACTION,
        "delta_free_usd": STEP,
        "delta_rate_step": FRACTION,
        "delta_rate_max": FRACTION,
    }

    def underlying(self, base: str) -> DeribitUnderlying:
        """Return the numbers of an underlying.

        Raises
        ------
        UnknownError
            If they were not read.
        """
        for one in self.underlyings:
            if one.base == base:
                return one
        raise UnknownError(f"Deribit's portfolio margin parameters of {base} are not known")
