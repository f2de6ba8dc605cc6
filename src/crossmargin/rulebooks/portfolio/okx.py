"""The numbers of OKX's portfolio margin; the formulas are in `margin.scenarios.okx`.

OKX names its risks MR1 to MR9. It groups underlyings otherwise for the spot shock than for the
rest, and so do the rows here.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar, TypeVar

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.rulebooks.portfolio.bases import OfBases, row_of
from crossmargin.rulebooks.portfolio.table import PortfolioTable
from crossmargin.rulebooks.ranges import AMOUNT, FEE, FRACTION, STEP, Range

UNIT_INTERVAL = Range(Decimal(0), Decimal(1))


class SpotShock(OfBases, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MR1: `steps` are the moves of the grid up and down, beside none at all."""

    steps: tuple[Decimal, ...]


class MoveRisk(OfBases, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MR4 to MR6.

    Attributes
    ----------
    extreme_move : of MR6, up and down.
    basis_perpetual : of the cash delta of perpetuals, and of spot against derivatives.
    basis_annual : of the cash delta of an expiry, for each year to it; at least the former.
    interest_annual : of the value of an expiry's options, for each year to it.
    """

    extreme_move: Decimal
    basis_perpetual: Decimal
    basis_annual: Decimal
    interest_annual: Decimal


class ExitCost(OfBases, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """MR7 of futures and perpetuals, and how much more of all positions when they are large.

    Attributes
    ----------
    rate : of the absolute cash delta.
    bounds : the raw charges in USD that each multiplier but the last holds up to, ascending.
    multipliers : of the whole raw charge.
    """

    rate: Decimal
    bounds: tuple[Decimal, ...]
    multipliers: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        """Refuse rows that do not fit each other; the loader says which file it was."""
        if len(self.multipliers) != len(self.bounds) + 1:
            raise ValueError("there must be one more of multipliers than of bounds")
        _check_ascending("bounds", self.bounds)


class OptionExit(Struct, frozen=True, forbid_unknown_fields=True):
    """MR7 of options; fractions of the underlying's worth, `fee_cap` of the option's.

    Attributes
    ----------
    slippage_floor, slippage_per_delta : the larger of the one and the other × |delta|; of options
        held no more than they are worth.
    fee, fee_cap : the smaller of the two.
    """

    slippage_floor: Decimal
    slippage_per_delta: Decimal
    fee: Decimal
    fee_cap: Decimal


class VolatilityShift(Struct, frozen=True, forbid_unknown_fields=True):
    """How far volatility shifts `days` before expiry: by a fraction of it, or by points if more.

    Between two rows on the straight line, beyond the last as it has it.
    """

    days: Decimal
    fraction: Decimal
    points: Decimal


class DepegColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """MR9: the rates of a hedge's slices while the stable coin is at `index_min` USD or above."""

    index_min: Decimal
    rates: tuple[Decimal, ...]


class OkxPortfolio(PortfolioTable, frozen=True, kw_only=True, tag="okx"):
    """`[portfolio]` with `method = "okx"`.

    Attributes
    ----------
    extreme_fraction : of the extreme move's loss that MR6 is.
    vega_offset : of what volatilities of different expiries offset in each other: MR3.
    depeg_pairs : what a hedge is sought between, in the order of the search: "USDT USD".
    depeg_bounds : where the slices of a hedge end, in USD; beyond the last the last rate holds.
    depeg : columns, the highest index first; below the last one its rates hold.
    initial_to_maintenance : initial margin in multiples of maintenance margin.
    """

    assets_modes: ClassVar[tuple[str, ...]] = ("multi",)
    is_spot_in_use: ClassVar[bool] = True
    spot_shocks: tuple[SpotShock, ...]
    moves: tuple[MoveRisk, ...]
    exits: tuple[ExitCost, ...]
    option_exit: OptionExit
    volatility: tuple[VolatilityShift, ...]
    vega_offset: Decimal
    extreme_fraction: Decimal
    depeg_pairs: tuple[str, ...]
    depeg_bounds: tuple[Decimal, ...]
    depeg: tuple[DepegColumn, ...]
    initial_to_maintenance: Decimal

    def __post_init__(self) -> None:
        """Refuse rows that do not fit each other; the loader says which file it was."""
        if not self.volatility or not self.depeg:
            raise ValueError("volatility and depeg must have a row at least")
        _check_ascending("days of volatility", [row.days for row in self.volatility])
        _check_ascending("depeg_bounds", self.depeg_bounds)
        _check_ascending("index_min of depeg", [-row.index_min for row in self.depeg], "fall")
        if any(len(row.rates) != len(self.depeg_bounds) + 1 for row in self.depeg):
            raise ValueError("every row of depeg must have one more rate than depeg_bounds")
        if any(len(pair.split()) != 2 for pair in self.depeg_pairs):
            raise ValueError("each of depeg_pairs must be two currencies, such as 'USDT USD'")

    ranges: ClassVar[Mapping[str, Range]] = {
        "entry_equity_usd": AMOUNT,
        "steps": Range(Decimal(0), Decimal(1), "()"),
        "extreme_move": Range(Decimal(0), Decimal(1), "()"),
        "basis_perpetual": FRACTION,
        "basis_annual": FRACTION,
        "interest_annual": FRACTION,
        "rate": FEE,
        "bounds": STEP,
        "multipliers": Range(Decimal(1), Decimal(100)),
        "slippage_floor": FRACTION,
        "slippage_per_delta": FRACTION,
        "fee": FEE,
        "fee_cap": UNIT_INTERVAL,
        "days": Range(Decimal(0), Decimal(3650)),
        "fraction": UNIT_INTERVAL,
        "points": Range(Decimal(0), Decimal(5)),
        "vega_offset": UNIT_INTERVAL,
        "extreme_fraction": UNIT_INTERVAL,
        "depeg_bounds": STEP,
        "index_min": Range(Decimal(0), Decimal(2)),
        "rates": UNIT_INTERVAL,
        "initial_to_maintenance": Range(Decimal(1), Decimal(10)),
    }

    def spot_shock(self, base: str) -> SpotShock:
        """Return the numbers of MR1; UnknownError if they were not read."""
        return _known(row_of(base, self.spot_shocks), base)

    def move(self, base: str) -> MoveRisk:
        """Return the numbers of MR4 to MR6; UnknownError if they were not read."""
        return _known(row_of(base, self.moves), base)

    def exit(self, base: str) -> ExitCost:
        """Return the numbers of MR7; UnknownError if they were not read."""
        return _known(row_of(base, self.exits), base)


R = TypeVar("R", bound=OfBases)


def _check_ascending(name: str, values: Sequence[Decimal], way: str = "rise") -> None:
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"{name} must {way}")


def _known(row: R | None, base: str) -> R:
    if row is None:
        raise UnknownError(f"OKX's portfolio margin parameters of {base} are not known")
    return row
