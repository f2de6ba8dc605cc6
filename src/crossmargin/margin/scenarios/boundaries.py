"""Liquidation and bankruptcy prices, and the joint liquidation point, in portfolio mode.

The same record as `margin.boundary` gives, found another way (`crossings`): one symbol cannot move
while its underlying stands still, or a hedge would look like a bet, so all that is quoted on an
underlying moves with it (`path`). A position's prices are its own mark at the crossing, an option's
those of its forward. Rounded to the tick inside the safe interval.
"""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from crossmargin.margin.black import SECONDS_PER_YEAR
from crossmargin.margin.boundary import (
    Boundaries,
    JointBoundary,
    PositionBoundary,
    first_to_break,
)
from crossmargin.margin.health import Health
from crossmargin.margin.scenarios.crossings import HIGHEST, LOWEST, Crossings, crossings
from crossmargin.margin.scenarios.grouping import NEAREST, USD, leg_of
from crossmargin.margin.scenarios.path import Anchored, anchored, moved
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, up_to
from crossmargin.rulebooks.schema import Rulebook

SHARP = Decimal("0.03")
"""Below this deviation (volatility × √years) an option bends between two samples of a path."""

Judge = Callable[[Market], Mapping[str, Health | None]]
"""The health of every pool, by name, at another market."""


class _Path:
    """Health along one path, each multiple of the price judged once."""

    def __init__(self, judge: Judge, start: Anchored, assets: frozenset[str]) -> None:
        self.judge, self.start, self.assets = judge, start, assets
        self.known: dict[Decimal, Mapping[str, Health | None]] = {}

    def health(self, pool: str, at: Decimal) -> Health:
        """Return the pool's health at a multiple; what is known at the start is known there."""
        if at not in self.known:
            self.known[at] = self.judge(moved(self.start, dict.fromkeys(self.assets, at)))
        return self.known[at][pool] or Health()

    def crossings(self, pool: str, bends: list[Decimal], *, has_maintenance: bool) -> Crossings:
        """Return where the pool is above its requirement, or above zero."""

        def surplus(at: Decimal) -> Decimal:
            health = self.health(pool, at)
            return health.buffer if has_maintenance else health.equity

        return crossings(surplus, bends)


@exact
def portfolio_boundaries(
    account: Account,
    market: Market,
    rulebook: Rulebook,
    judge: Judge,
    asked: tuple[UnitRequirement, ...] = (),
) -> Boundaries:
    """Return every position's boundary and the joint liquidation points.

    `asked` is what is asked of the account's units now; their scenarios say where to look closely.
    """
    now = judge(market)
    start = anchored(account, market, rulebook)
    held = [position for position in account.positions if position.size]
    bases = {one.symbol: rulebook.contracts[one.symbol].instrument.base for one in held}
    found: dict[tuple[str, Side], PositionBoundary | None] = {}
    for base in dict.fromkeys(bases.values()):
        path = _Path(judge, start, frozenset({base}))
        members = [one for one in held if bases[one.symbol] == base]
        for pool in dict.fromkeys(_pool(one, account, rulebook) for one in members):
            if now.get(pool) is None:
                continue
            bends = bends_of(account, start, {base}, asked)
            safe = path.crossings(pool, bends, has_maintenance=True)
            solvent = path.crossings(pool, bends, has_maintenance=False)
            for one in members:
                if _pool(one, account, rulebook) == pool:
                    found[one.symbol, one.side] = _boundary(one, safe, solvent, start)
    stable = {asset for asset, one in rulebook.collateral.items() if one.is_stable}
    moving = frozenset({*bases.values(), *account.balances, *market.index} - stable)
    together = _Path(judge, start, moving)
    bends = bends_of(account, start, moving, asked)
    units = {
        pool: None if health is None else _joint(pool, together, bends, has_stake=bool(held))
        for pool, health in now.items()
    }
    return Boundaries(
        tuple(found.get((one.symbol, one.side)) for one in account.positions),
        units,
        first_to_break(units),
    )


def _pool(position: Position, account: Account, rulebook: Rulebook) -> str:
    if account.assets_mode is AssetsMode.MULTI:
        return USD
    return rulebook.contracts[position.symbol].instrument.settle


def bends_of(
    account: Account,
    start: Anchored,
    assets: Collection[str],
    units: tuple[UnitRequirement, ...],
) -> list[Decimal]:
    """Return the multiples of the price at which an option on `assets` is at its strike.

    One near its expiry bends the surplus so sharply, where a scenario of `units` takes it to its
    strike too, that these multiples are sampled as well.
    """
    moves = {cell.scenario.move for unit in units for cell in unit.cells}
    found: dict[Decimal, None] = {}
    for position in account.positions:
        one = start.instruments[position.symbol]
        leg = leg_of(one, ONE, ONE, start.market, {}) if one.base in assets else ""
        if isinstance(leg, str) or leg.option is None:
            continue
        at_strike = NEAREST.divide(leg.option.strike, leg.price)
        found[at_strike] = None
        years = NEAREST.divide(leg.seconds or ZERO, Decimal(SECONDS_PER_YEAR))
        if leg.option.volatility**2 * years < SHARP**2:
            found |= dict.fromkeys(NEAREST.divide(at_strike, ONE + move) for move in moves)
    return list(found)


def _boundary(
    position: Position, safe: Crossings, solvent: Crossings, start: Anchored
) -> PositionBoundary | None:
    instrument = start.instruments[position.symbol]
    leg = leg_of(instrument, ONE, ONE, start.market, {})
    if isinstance(leg, str):
        return None
    price = leg.price
    tick = EIGHT_PLACES if leg.option is not None else instrument.tick or EIGHT_PLACES

    def at(multiple: Decimal | None, *, is_low: bool) -> Decimal | None:
        if multiple is None:
            return None
        return (up_to if is_low else down_to)(tick, multiple * price)

    low, high = safe.nearest()
    ends = [
        at(end, is_low=is_low)
        for span in safe.safe
        for end, is_low in ((span[0], True), (span[1], False))
        if LOWEST < end < HIGHEST
    ]
    roots = tuple(end for end in ends if end is not None)
    zero_low, zero_high = solvent.nearest()
    return PositionBoundary(
        at(low, is_low=True),
        at(high, is_low=False),
        roots if len(roots) > 2 else (),
        _closest(at(zero_low, is_low=True), at(zero_high, is_low=False), price),
        reference=None if leg.option is None else price,
    )


def _closest(low: Decimal | None, high: Decimal | None, price: Decimal) -> Decimal | None:
    if low is None or high is None:
        return high if low is None else low
    return low if price - low <= high - price else high


def _joint(pool: str, path: _Path, bends: list[Decimal], *, has_stake: bool) -> JointBoundary:
    now = path.health(pool, ONE)
    if has_stake and now.buffer <= 0:
        return JointBoundary(ZERO, ZERO, pool)
    low, high = path.crossings(pool, bends, has_maintenance=True).nearest()
    return JointBoundary(
        None if low is None else down_to(EIGHT_PLACES, ONE - low),
        None if high is None else down_to(EIGHT_PLACES, high - ONE),
        pool,
    )
