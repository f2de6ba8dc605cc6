"""An account: balances, positions, orders and the settings that margin depends on.

Invariants, kept by `Account` itself: at most one position per symbol (per symbol and side in
hedge mode), one margin mode per symbol, and bucket margins only on isolated positions. Several
lots of one contract are merged before (`merged`). Which modes a venue has is its rulebook's
business (`margin.methods.check_modes`).
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.errors import UnitError, UsageError
from crossmargin.model.order import Order, Side
from crossmargin.money import ZERO, exact, quotient_down, quotient_up


class MarginMode(StrEnum):
    """Whether a position draws on the shared pool or on a bucket of its own."""

    CROSS = "cross"
    ISOLATED = "isolated"


class PositionMode(StrEnum):
    """Whether a symbol holds one net position, or a long and a short beside each other."""

    ONE_WAY = "one-way"
    HEDGE = "hedge"


class AssetsMode(StrEnum):
    """Whether each settle asset is a pool of its own, or all collateral is one pool in USD."""

    SINGLE = "single"
    MULTI = "multi"


class AccountMode(StrEnum):
    """Whether requirements add up by position, or follow from scenarios for the portfolio."""

    STANDARD = "standard"
    PORTFOLIO = "portfolio"


class Position(Struct, frozen=True):
    """One open position.

    Attributes
    ----------
    size : signed, long positive, in the instrument's unit.
    entry_price : average price paid, in the quote asset.
    margin : an isolated bucket's wallet in the settle asset, without unrealised profit;
        zero for cross positions.
    """

    symbol: str
    size: Decimal
    entry_price: Decimal
    mode: MarginMode = MarginMode.CROSS
    margin: Decimal = ZERO

    @property
    def side(self) -> Side:
        """Return the side the size's sign says."""
        size = self.size
        return Side.SHORT if size.is_signed() and size else Side.LONG


class Account(Struct, frozen=True):
    """One account at one moment.

    Attributes
    ----------
    balances : whole wallet per asset, money in isolated buckets included.
    leverage : the setting per symbol; a missing one means the venue's default.
    margin_mode : per symbol, for symbols that have orders but no position.

    Raises
    ------
    UnitError
        If a number is not finite, or a price or leverage not above zero.
    UsageError
        If the parts contradict each other.
    """

    balances: dict[str, Decimal] = {}
    positions: tuple[Position, ...] = ()
    orders: tuple[Order, ...] = ()
    leverage: dict[str, Decimal] = {}
    margin_mode: dict[str, MarginMode] = {}
    assets_mode: AssetsMode = AssetsMode.SINGLE
    position_mode: PositionMode = PositionMode.ONE_WAY
    mode: AccountMode = AccountMode.STANDARD

    def __post_init__(self) -> None:
        """Refuse what is no number, and parts that contradict each other."""
        self._check_numbers()
        is_hedge = self.position_mode is PositionMode.HEDGE
        modes: dict[str, MarginMode] = {}
        seen: set[tuple[str, Side | None]] = set()
        for position in self.positions:
            symbol = position.symbol
            key = (symbol, position.side if is_hedge else None)
            if key in seen:
                raise UsageError(f"{symbol}: two positions where there can be one; merge the lots")
            seen.add(key)
            if modes.setdefault(symbol, position.mode) is not position.mode:
                raise UsageError(f"{symbol}: cannot be cross and isolated at once")
            if position.mode is MarginMode.CROSS and position.margin:
                raise UsageError(f"{symbol}: a cross position has no margin of its own")
        for order in self.orders:
            if is_hedge and order.side is None:
                raise UsageError(f"{order.symbol}: an order in hedge mode needs a side")

    def _check_numbers(self) -> None:
        for asset, amount in self.balances.items():
            _require(amount.is_finite(), f"the balance of {asset}", amount)
        for position in self.positions:
            symbol, entry = position.symbol, position.entry_price
            _require(position.size.is_finite(), f"the size of {symbol}", position.size)
            _require(position.margin.is_finite(), f"the margin of {symbol}", position.margin)
            _require(entry.is_finite() and entry > 0, f"the entry price of {symbol}", entry)
        for order in self.orders:
            _require(order.size.is_finite(), f"the order size of {order.symbol}", order.size)
            for price in (order.price, order.trigger_price):
                is_price = price is None or (price.is_finite() and price > 0)
                _require(is_price, f"the order price of {order.symbol}", price)
        for symbol, leverage in self.leverage.items():
            # Without limit it asks for no initial margin, which is sound; NaN is not.
            is_leverage = not leverage.is_nan() and leverage > 0
            _require(is_leverage, f"the leverage of {symbol}", leverage)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols of positions, then those of orders alone, each once."""
        named = [position.symbol for position in self.positions]
        named += [order.symbol for order in self.orders]
        return tuple(dict.fromkeys(named))

    def mode_of(self, symbol: str) -> MarginMode:
        """Return the margin mode of `symbol`: its position's, else its setting, else cross."""
        for position in self.positions:
            if position.symbol == symbol:
                return position.mode
        return self.margin_mode.get(symbol, MarginMode.CROSS)


def _require(is_sound: bool, what: str, value: Decimal | None) -> None:
    if not is_sound:
        raise UnitError(f"{what} cannot be {value}")


@exact
def merged(
    lots: tuple[Position, ...], *, is_hedge: bool, inverse: Collection[str] = ()
) -> tuple[Position, ...]:
    """Return `lots` with those of one contract merged into one position, in order of arrival.

    The merged entry price keeps the sum of the lots' profits: the size-weighted average, for
    symbols in `inverse` the harmonic one, rounded at 50 digits against the account. Bucket
    margins add up.

    Raises
    ------
    UsageError
        If a long and a short lot of one symbol meet in one-way mode: which profit netting them
        has realised is for the venue to say.
    """
    found: dict[tuple[str, Side | None], Position] = {}
    for lot in lots:
        key = (lot.symbol, lot.side if is_hedge else None)
        first = found.get(key)
        if first is None:
            found[key] = lot
            continue
        if first.mode is not lot.mode:
            raise UsageError(f"{lot.symbol}: cannot be cross and isolated at once")
        if first.size * lot.size < 0:
            raise UsageError(f"{lot.symbol}: long and short lots in one-way mode; give the net one")
        size = first.size + lot.size
        entry = _average_entry(first, lot, is_inverse=lot.symbol in inverse) if size else ZERO
        found[key] = Position(
            lot.symbol, size, entry or lot.entry_price, lot.mode, first.margin + lot.margin
        )
    return tuple(found.values())


def _average_entry(first: Position, second: Position, *, is_inverse: bool) -> Decimal:
    if first.entry_price == second.entry_price or not second.size:
        return first.entry_price
    size = first.size + second.size
    against = quotient_up if size > 0 else quotient_down
    if not is_inverse:
        return against(first.size * first.entry_price + second.size * second.entry_price, size)
    # (q1 + q2) / (q1/e1 + q2/e2), cleared of the inner divisions.
    cost = first.size * second.entry_price + second.size * first.entry_price
    return against(size * first.entry_price * second.entry_price, cost)
