"""The options of one expiry in every scenario, as Derive's portfolio manager values them.

An option is worth its mark by Black-76 times exp(−rate × years), a rate below zero counting as
none. In a scenario its forward moves and its volatility shifts; two scenarios tilt the smile
instead. The expiry is one number: what its legs are worth shocked, discounted as a whole, less
what they are worth now, so that a leg's part depends on the others.

Black-76 is in float64 (`margin.black`). Powers are rounded to the nearest at 34 digits, other
roots, logarithms, exponentials and quotients at 20, finer than the contract's 18 decimals; all
else is exact.

Source: derivexyz/v2-core, `src/risk-managers/PMRMLib_2.sol`.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Context, Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.margin.black import SECONDS_PER_YEAR, mark
from crossmargin.margin.scenarios.volatility import factor, term
from crossmargin.margin.standard_manager import OptionLeg
from crossmargin.model.scenario import Direction
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.portfolio.derive import DeriveManager, Skew, StaticDiscount

Key = tuple[Decimal, Direction]
"""A scenario but for its damping: relative move and direction of volatility."""

TODAY: Key = (ZERO, Direction.NONE)
TILTS = (Direction.LINEAR, Direction.ABSOLUTE)

YEAR = Decimal(SECONDS_PER_YEAR)
_NEAREST = Context(prec=20, rounding=ROUND_HALF_EVEN)


class Expiry(Struct, frozen=True):
    """The options that expire together, at most one leg for each strike and right.

    Attributes
    ----------
    seconds : to expiry.
    forward_price : for that expiry, in USD.
    rate : of interest a year, continuously, as a fraction.
    forward_confidence, rate_confidence, volatility_confidence : of the oracles, 0 to 1; the last
        the lowest over the expiry's strikes.
    """

    seconds: Decimal
    forward_price: Decimal
    legs: tuple[OptionLeg, ...]
    rate: Decimal = ZERO
    forward_confidence: Decimal = ONE
    rate_confidence: Decimal = ONE
    volatility_confidence: Decimal = ONE

    @property
    def years(self) -> Decimal:
        """Return the time to expiry in years of 365 days."""
        return _NEAREST.divide(self.seconds, YEAR)


class ExpiryGrid(Struct, frozen=True):
    """What an expiry is worth in every scenario; its methods run under the caller's context.

    Attributes
    ----------
    years : to expiry.
    leg_worths, worths : of each leg and of all together, without static discount.
    long_discount, short_discount : what `worths` are multiplied by, by their sign.
    """

    years: Decimal
    leg_worths: dict[Key, tuple[Decimal, ...]]
    worths: dict[Key, Decimal]
    long_discount: Decimal
    short_discount: Decimal

    def profit(self, key: Key) -> Decimal:
        """Return what the expiry makes, undamped; never a gain where the smile tilts."""
        worth = self.worths[key]
        discount = self.long_discount if worth >= 0 else self.short_discount
        profit = worth * discount - self.worths[TODAY]
        # The smile may tilt either way: a gain stands for what the opposite tilt would lose.
        return -abs(profit) if key[1] in TILTS else profit

    def leg_profits(self, key: Key) -> Iterator[Decimal]:
        """Yield what each leg makes as it is, without static discount and damping."""
        pairs = zip(self.leg_worths[key], self.leg_worths[TODAY], strict=True)
        return (shocked - now for shocked, now in pairs)


@exact
def expiry_grid(expiry: Expiry, manager: DeriveManager) -> ExpiryGrid:
    """Return an expiry now, in every scenario of the manager's, and after its basis moves.

    Every price once: what the basis contingency needs is mostly a scenario too.

    Raises
    ------
    UnitError
        If a price, volatility or time is out of its range.
    """
    played = ((scenario.move, scenario.direction) for scenario in manager.scenarios)
    basis = ((move, Direction.NONE) for move in (manager.basis.up, manager.basis.down))
    keys = dict.fromkeys((TODAY, *basis, *played))
    directions = dict.fromkeys(direction for _, direction in keys)
    volatilities = smiles(expiry, directions, manager)
    discount = discount_factor(expiry)
    sizes = tuple(leg.size * discount for leg in expiry.legs)
    leg_worths = {}
    for move, direction in keys:
        forward = shocked_forward(expiry, move, direction, manager)
        leg_worths[move, direction] = tuple(
            size * mark(leg.right, forward, leg.strike, volatility, expiry.seconds)
            for size, leg, volatility in zip(
                sizes, expiry.legs, volatilities[direction], strict=True
            )
        )
    return ExpiryGrid(
        expiry.years,
        leg_worths,
        {key: sum(worths, ZERO) for key, worths in leg_worths.items()},
        long_discount(expiry, manager.long_discount),
        short_discount(expiry, manager.short_discount),
    )


@exact
def discount_factor(expiry: Expiry) -> Decimal:
    """Return what one coin paid at expiry is worth now; a rate below zero counts as none."""
    return _NEAREST.exp(-max(expiry.rate, ZERO) * expiry.years)


@exact
def shocked_forward(
    expiry: Expiry, move: Decimal, direction: Direction, manager: DeriveManager
) -> Decimal:
    """Return the forward price after a move; where the smile tilts, it stays.

    Once the settlement price is being averaged, only the seconds left of the average move.
    """
    if direction in TILTS:
        return expiry.forward_price
    variable = expiry.forward_price
    if expiry.seconds < manager.settlement_seconds:
        variable = _NEAREST.divide(variable * expiry.seconds, manager.settlement_seconds)
    return expiry.forward_price + variable * move


@exact
def smiles(
    expiry: Expiry, directions: Iterable[Direction], manager: DeriveManager
) -> dict[Direction, tuple[Decimal, ...]]:
    """Return the legs' volatilities after each shift or tilt, a year's as fractions.

    At its expiry an option has no time value: its volatility is then left as it is.

    Raises
    ------
    UnitError
        If a strike or the forward is not above zero.
    """
    held = tuple(leg.volatility for leg in expiry.legs)
    if not expiry.seconds:
        return dict.fromkeys(directions, held)
    reach = term(expiry.seconds, manager.volatility)
    distances = tuple(moneyness(leg.strike, expiry.forward_price) for leg in expiry.legs)
    found = {}
    for direction in directions:
        if direction in TILTS:
            cap, width = tilt(expiry.years, direction, manager.skew)
            ways = distances if direction is Direction.LINEAR else map(abs, distances)
            pairs = zip(held, ways, strict=True)
            found[direction] = tuple(
                tilted(volatility, way, cap, width) for volatility, way in pairs
            )
        else:
            times = factor(reach, direction, manager.volatility)
            floor = manager.volatility.up_floor if direction is Direction.UP else ZERO
            found[direction] = tuple(max(floor, volatility * times) for volatility in held)
    return found


def moneyness(strike: Decimal, forward_price: Decimal) -> Decimal:
    """Return the logarithm of strike ÷ forward.

    Raises
    ------
    UnitError
        If either is not above zero.
    """
    for name, given in (("strike", strike), ("forward", forward_price)):
        if given <= 0:
            raise UnitError(f"the option's {name} is {given}, must be above zero")
    return _NEAREST.ln(_NEAREST.divide(strike, forward_price))


@exact
def tilt(years: Decimal, direction: Direction, skew: Skew) -> tuple[Decimal, Decimal]:
    """Return the greatest shift of a tilt and the moneyness at which it is reached."""
    root = _NEAREST.sqrt(years)
    if direction is Direction.LINEAR:
        cap = skew.linear_cap + skew.linear_slope * root
    else:
        cap = skew.absolute_cap + skew.absolute_slope * root
    volatility = skew.width_volatility + root * skew.width_volatility_slope
    return cap, max(skew.width_floor, root * skew.width_scale * volatility)


@exact
def tilted(volatility: Decimal, distance: Decimal, cap: Decimal, width: Decimal) -> Decimal:
    """Return a volatility shifted in proportion to its distance from the money, at most by `cap`.

    Where the cap is below zero, the limits are as the contract has them and bind at once.
    """
    shift = _NEAREST.divide(distance * cap, width)
    shift = min(shift, cap) if distance >= 0 else max(shift, -cap)
    return volatility * max(ZERO, ONE + shift)


@exact
def long_discount(expiry: Expiry, discount: StaticDiscount) -> Decimal:
    """Return what the worth of an expiry is multiplied by where it is zero or more."""
    return discount.base * _NEAREST.exp(-_growth(expiry, discount))


@exact
def short_discount(expiry: Expiry, discount: StaticDiscount) -> Decimal:
    """Return what the worth of an expiry is multiplied by where it is below zero.

    At most what undoes the discount to the day of expiry.
    """
    undone = _NEAREST.exp(max(expiry.rate, ZERO) * expiry.years)
    return min(undone, discount.base * _NEAREST.exp(_growth(expiry, discount)))


def _growth(expiry: Expiry, discount: StaticDiscount) -> Decimal:
    rate = max(expiry.rate, ZERO) * discount.rate_multiple + discount.rate_add
    return expiry.years * rate


@exact
def basis_contingency(grid: ExpiryGrid, manager: DeriveManager) -> Decimal:
    """Return what the expiry's forward may lose against others, zero or negative.

    Of the shocked worth without static discount; expiries are not netted, so that a calendar
    spread is not free.
    """
    basis, now = manager.basis, grid.worths[TODAY]
    lost = min(grid.worths[move, Direction.NONE] - now for move in (basis.up, basis.down))
    return min(ZERO, lost) * (basis.add + basis.multiple * grid.years)


@exact
def naked_shorts(expiry: Expiry) -> Decimal:
    """Return the options sold that nothing of the same strike offsets, calls and puts alike."""
    strikes: dict[Decimal, Decimal] = {}
    for leg in expiry.legs:
        strikes[leg.strike] = strikes.get(leg.strike, ZERO) + leg.size
    return sum((-size for size in strikes.values() if size < 0), ZERO)
