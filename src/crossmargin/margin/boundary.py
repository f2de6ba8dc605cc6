"""How far prices can move before a pool or bucket is liquidated.

Three questions, one method: draw the surplus along a path (`margin.curve`) and read off where it
stops being positive.

- One symbol's price moves, everything else is held: its liquidation prices. In a cross pool the
  long and the short of a hedged symbol move together and share them.
- The same with the requirement left out: the bankruptcy price.
- All marks move by multiples of a vector: the joint liquidation point.

Orders, leverage and ladders are held. In multi-assets mode the index of a collateral asset is
held while one symbol moves, and moves with the marks when all do, unless the asset is stable.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from msgspec import Struct

from crossmargin.errors import UnknownError
from crossmargin.margin.curve import Curve, Span
from crossmargin.margin.expression import Line
from crossmargin.margin.paths import curve
from crossmargin.margin.units import Unit, held_assets, missing_of, units_of
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ONE, exact, plain
from crossmargin.rulebooks.schema import Rulebook

ZERO = Fraction(0)


class PositionBoundary(Struct, frozen=True):
    """Where one symbol's price ends a position's pool or bucket, all else held.

    Attributes
    ----------
    lower, upper : ends of the safe interval around the mark (the nearest one, if the mark is not
        in any); None where there is no such end above zero. Lower is rounded up and upper down,
        to the tick, or to 8 places where the tick is not known.
    roots : all crossings, where there are more than two; rounded towards safety.
    bankruptcy_price : the nearest price at which equity is zero; None if there is none.
    is_lower_known, is_upper_known : whether None there means that there is none; where a ladder is
        known only in part, an end beyond it is not known.
    reference : the price now of what these are prices of, where that is not the position's own
        mark: an option's are prices of its forward.
    """

    lower: Decimal | None
    upper: Decimal | None
    roots: tuple[Decimal, ...] = ()
    bankruptcy_price: Decimal | None = None
    is_lower_known: bool = True
    is_upper_known: bool = True
    reference: Decimal | None = None


class JointBoundary(Struct, frozen=True):
    """How far all marks can move by the same percentage; magnitudes, rounded towards zero.

    `down` in [0, 1], `up` from 0; None means never on that side, unless it `is_…_known` not.
    `first` names the pool or bucket that breaks at the smaller of the two.
    """

    down: Decimal | None
    up: Decimal | None
    first: str | None = None
    is_down_known: bool = True
    is_up_known: bool = True

    @property
    def is_known(self) -> bool:
        """Return whether both sides are."""
        return self.is_down_known and self.is_up_known


class Boundaries(Struct, frozen=True):
    """The boundaries of an account; None wherever something needed is missing.

    `positions` is in the order of the account's, `units` by name of pool or bucket. `missing`
    names ladders that are known at the mark but not as far as a boundary lies.
    """

    positions: tuple[PositionBoundary | None, ...]
    units: dict[str, JointBoundary | None]
    joint: JointBoundary | None
    missing: tuple[str, ...] = ()


@exact
def boundaries(account: Account, market: Market, rulebook: Rulebook) -> Boundaries:
    """Return every position's boundary and the joint liquidation points."""
    by_position: dict[tuple[str, Side], PositionBoundary | None] = {}
    by_unit: dict[str, JointBoundary | None] = {}
    missing: dict[str, None] = {}
    for unit in units_of(account, rulebook):
        lacking = unpriced(unit, rulebook)
        if lacking or missing_of(unit, market, rulebook):
            missing |= dict.fromkeys(lacking)
            by_unit[unit.name] = None
            continue
        symbols = dict.fromkeys(p.symbol for p in unit.positions if p.symbol in market.marks)
        found = {symbol: _position_boundary(unit, symbol, market, rulebook) for symbol in symbols}
        for position in unit.positions:
            by_position[position.symbol, position.side] = found.get(position.symbol)
        by_unit[unit.name] = _joint(unit, market, rulebook)
        joint = by_unit[unit.name]
        if not (joint and joint.is_known) or any(not _is_known(one) for one in found.values()):
            missing |= dict.fromkeys(_ladder_ends(unit, rulebook))
    return Boundaries(
        tuple(by_position.get((position.symbol, position.side)) for position in account.positions),
        by_unit,
        first_to_break(by_unit),
        tuple(missing),
    )


class Moves(Struct, frozen=True):
    """The relative move of each symbol's mark and each non-stable asset's index."""

    of_symbol: Callable[[str], Decimal]
    of_asset: Callable[[str], Decimal]


def _all_by(move: Decimal) -> Moves:
    return Moves(lambda _: move, lambda _: move)


def _safe_prices(
    unit: Unit,
    symbol: str,
    market: Market,
    rulebook: Rulebook,
    *,
    has_maintenance: bool = True,
    is_worst: bool = False,
) -> list[Span]:
    def mark_line(name: str) -> Line:
        return Line(ZERO, Fraction(1)) if name == symbol else Line(Fraction(market.marks[name]))

    def index_line(asset: str) -> Line:
        return Line(Fraction(market.index[asset]))

    path = curve(
        unit,
        market,
        rulebook,
        mark_line,
        index_line,
        (ZERO, None),
        has_maintenance=has_maintenance,
        is_worst=is_worst,
    )
    return path.safe_intervals()


def _position_boundary(
    unit: Unit, symbol: str, market: Market, rulebook: Rulebook
) -> PositionBoundary | None:
    mark = Fraction(market.marks[symbol])
    tick = rulebook.contracts[symbol].instrument.tick or EIGHT_PLACES
    safe = _safe_prices(unit, symbol, market, rulebook)
    low, high = _nearest(safe, mark)
    is_low_known = is_high_known = True
    if _ladder_ends(unit, rulebook):
        # Known only if it is the same however the ladders go on where they are not known.
        worst = _safe_prices(unit, symbol, market, rulebook, is_worst=True)
        if bool(safe) != bool(worst):
            return None
        worst_low, worst_high = _nearest(worst, mark)
        is_low_known, is_high_known = low == worst_low, high == worst_high
        if not (is_low_known or is_high_known):
            return None
        safe = [span for span in safe if span in worst]
    crossings = [
        price
        for span in safe
        for price in (_up(span[0], tick), _down(span[1], tick))
        if price is not None
    ]
    solvent = _safe_prices(unit, symbol, market, rulebook, has_maintenance=False)
    zero_low, zero_high = _nearest(solvent, mark)
    return PositionBoundary(
        _up(low, tick) if is_low_known else None,
        _down(high, tick) if is_high_known else None,
        tuple(crossings) if len(crossings) > 2 else (),
        _closest(_up(zero_low, tick), _down(zero_high, tick), mark),
        is_low_known,
        is_high_known,
    )


def _is_known(boundary: PositionBoundary | None) -> bool:
    return boundary is not None and boundary.is_lower_known and boundary.is_upper_known


def _joint(unit: Unit, market: Market, rulebook: Rulebook) -> JointBoundary | None:
    sides: list[tuple[Decimal | None, bool]] = []
    for move in (-ONE, ONE):
        try:
            sides.append((multiple_of(unit, _all_by(move), market, rulebook), True))
        except UnknownError:
            sides.append((None, False))
    (down, is_down_known), (up, is_up_known) = sides
    if not (is_down_known or is_up_known):
        return None
    return JointBoundary(down, up, unit.name, is_down_known, is_up_known)


def _nearest(spans: list[Span], mark: Fraction) -> Span:
    def distance(span: Span) -> Fraction:
        low, high = span
        if mark < low:
            return low - mark
        return mark - high if high is not None and mark > high else ZERO

    return min(spans, key=distance) if spans else (ZERO, None)


def _closest(low: Decimal | None, high: Decimal | None, mark: Fraction) -> Decimal | None:
    if low is None or high is None:
        return high if low is None else low
    return low if abs(mark - Fraction(low)) <= abs(Fraction(high) - mark) else high


def multiple_of(unit: Unit, moves: Moves, market: Market, rulebook: Rulebook) -> Decimal | None:
    """Return the smallest k ≥ 0 at which moving prices by k × `moves` liquidates the unit.

    Rounded towards zero at 8 places; None if never while all prices stay above zero.

    Raises
    ------
    UnknownError
        If the move leads to where a ladder is not known.
    """
    symbols = {position.symbol for position in unit.positions if position.size}
    if not symbols and not unit.is_multi:
        return None

    def mark_line(symbol: str) -> Line:
        mark = Fraction(market.marks[symbol])
        return Line(mark, mark * Fraction(moves.of_symbol(symbol)))

    def index_line(asset: str) -> Line:
        price = Fraction(market.index[asset])
        is_held = rulebook.collateral[asset].is_stable
        return Line(price, ZERO if is_held else price * Fraction(moves.of_asset(asset)))

    lines = [mark_line(symbol) for symbol in symbols]
    if unit.is_multi:
        lines += [index_line(asset) for asset in held_assets(unit, rulebook)]
    # A price that falls reaches zero where start + slope × k does: the path ends there.
    ends = [-line.start / line.slope for line in lines if line.slope < 0]
    end = min(ends) if ends else None
    path = curve(unit, market, rulebook, mark_line, index_line, (ZERO, end))
    reached = _reached(path, has_stake=bool(symbols))
    if _ladder_ends(unit, rulebook):
        worst = curve(unit, market, rulebook, mark_line, index_line, (ZERO, end), is_worst=True)
        if _reached(worst, has_stake=bool(symbols)) != reached:
            raise UnknownError(f"the {unit.name} ladders are not known as far as the move leads")
    return None if reached is None else _down(reached, EIGHT_PLACES)


def _reached(path: Curve, *, has_stake: bool) -> Fraction | None:
    # The first y from the start at which the surplus is gone; None if it never is.
    safe = path.safe_intervals()
    at_start = path.surplus_at_start()
    if at_start < 0 or (has_stake and (not at_start or not safe or safe[0][0] > path.low)):
        return ZERO
    if not safe:
        return None
    reached = safe[0][1]
    if reached is None:
        return None
    if reached == path.high:
        # With something at stake nothing left is the end; without, only debt would be.
        left = path.surplus_at_end()
        return None if left > 0 or (not left and not has_stake) else reached
    return reached


def unpriced(unit: Unit, rulebook: Rulebook) -> list[str]:
    """Return what keeps the unit from being judged at other prices than these."""
    # What a short option is worth elsewhere than at its given mark takes a volatility, not given
    # here. A long one asks for nothing and is no collateral, whatever it is worth.
    return [
        f"how the mark of {position.symbol} moves with its underlying"
        for position in unit.positions
        if position.size < 0 and rulebook.contracts[position.symbol].option is not None
    ]


def _ladder_ends(unit: Unit, rulebook: Rulebook) -> list[str]:
    # The names of the ladders that were published only in part, and how far.
    names = []
    if unit.is_multi:
        for asset in held_assets(unit, rulebook):
            known_to = rulebook.collateral[asset].known_to
            if known_to is not None:
                names.append(f"collateral slices of {asset} above {plain(known_to)}")
    for position in unit.positions:
        tiers = rulebook.contracts[position.symbol].tiers
        if tiers is not None and tiers.known_to is not None and not tiers.is_by_size:
            names.append(f"margin tiers of {position.symbol} above {plain(tiers.known_to)}")
    return names


def first_to_break(by_unit: dict[str, JointBoundary | None]) -> JointBoundary | None:
    """Return the smaller of all units' joint moves, side by side; None where neither is known."""
    known = [joint for joint in by_unit.values() if joint is not None]
    is_down_known = all(joint.is_down_known for joint in known)
    is_up_known = all(joint.is_up_known for joint in known)
    if len(known) < len(by_unit) or not (is_down_known or is_up_known):
        return None
    down = min((joint.down for joint in known if joint.down is not None), default=None)
    up = min((joint.up for joint in known if joint.up is not None), default=None)
    down, up = down if is_down_known else None, up if is_up_known else None
    nearest = min((move for move in (down, up) if move is not None), default=None)
    first = next(
        (
            joint.first
            for joint in known
            if nearest is not None and nearest in (joint.down, joint.up)
        ),
        None,
    )
    return JointBoundary(down, up, first, is_down_known, is_up_known)


def _up(price: Fraction, tick: Decimal) -> Decimal | None:
    # The start of the path is not a crossing.
    return ceil(price / Fraction(tick)) * tick if price else None


def _down(price: Fraction | None, tick: Decimal) -> Decimal | None:
    return None if price is None else floor(price / Fraction(tick)) * tick
