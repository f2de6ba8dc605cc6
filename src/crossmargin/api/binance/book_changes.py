"""Books as a snapshot and what changes after it, numbered so that a client can put them together.

Every record that may have changed a book has a number. A change goes from the first number `U` it
holds to the last, `u`, and `pu` is the `u` of the change before it. A snapshot holds all up to its
`lastUpdateId`, and the change that is next for it has U ≤ lastUpdateId ≤ u: where nothing has
changed since the last change was sent, the snapshot takes the next number for itself.

Sizes are absolute, so a change that a snapshot has in part already does no harm. What has changed
is found by comparing the whole book with what was sent, at most ten times a second.

Source: Binance, "How to manage a local order book correctly".
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO
from crossmargin.venue.event import (
    AnyEvent,
    Filled,
    OrderAccepted,
    OrderAmended,
    OrderGone,
    OrderResized,
    OrderTriggered,
)
from crossmargin.venue.state import State

Side = dict[Decimal, Decimal]


class Change(Struct, frozen=True):
    """What is different in a book: sizes by price, zero where there is none any more."""

    first: int
    last: int
    previous: int
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]


class _Open(Struct):
    """An open order's symbol, and what is left of it, signed."""

    symbol: str
    left: Decimal


class _Numbers:
    """The numbers of one book, and what of it was sent."""

    __slots__ = ("last", "sent", "sides")

    def __init__(self) -> None:
        self.last = self.sent = 1
        self.sides: tuple[Side, Side] | None = None


class BookChanges:
    """The numbers of all books."""

    def __init__(self, state: State) -> None:
        """Start where the venue is."""
        self._numbers: dict[str, _Numbers] = {}
        # Events say an order's symbol when it comes in, and its id alone from then on.
        self._open = {one.id: _Open(one.symbol, one.size) for one in state.orders.values()}

    def take(self, events: Sequence[AnyEvent]) -> set[str]:
        """Take in the events of a record; return the symbols whose books it may have changed."""
        changed = {symbol for one in events if (symbol := self._changed_by(one))}
        for symbol in changed:
            self._of(symbol).last += 1
        return changed

    def snapshot_id(self, symbol: str) -> int:
        """Return the number of the last change that the book as it is now holds."""
        numbers = self._of(symbol)
        numbers.last = max(numbers.last, numbers.sent + 1)
        return numbers.last

    def last_id(self, symbol: str) -> int:
        """Return the number of the last record that may have changed a book."""
        return self._of(symbol).last

    def watch(self, symbol: str, state: State) -> None:
        """Count changes from the book as it is now, unless they are counted already."""
        numbers = self._of(symbol)
        if numbers.sides is None:
            numbers.sides = _sides(state, symbol)
            numbers.sent = numbers.last

    def unwatch(self, symbol: str) -> None:
        """Count no more: nobody listens."""
        self._of(symbol).sides = None

    def change(self, symbol: str, state: State) -> Change | None:
        """Return what has changed since the last change; None where nothing has."""
        numbers = self._of(symbol)
        if numbers.sides is None or numbers.last == numbers.sent:
            return None
        before, now = numbers.sides, _sides(state, symbol)
        bids, asks = (_difference(*pair) for pair in zip(before, now, strict=True))
        if not bids and not asks:
            return None  # Its numbers are those of the next one.
        found = Change(numbers.sent + 1, numbers.last, numbers.sent, bids, asks)
        numbers.sides, numbers.sent = now, numbers.last
        return found

    def _changed_by(self, event: AnyEvent) -> str | None:
        if isinstance(event, OrderAccepted):
            self._open[event.order_id] = _Open(event.order.symbol, event.order.size)
            return event.order.symbol
        if isinstance(event, OrderGone):
            gone = self._open.pop(event.order_id, None)
            return gone.symbol if gone is not None else None
        if isinstance(event, OrderTriggered | OrderResized | OrderAmended):
            order = self._open.get(event.order_id)
            if order is None:
                return None
            order.left = event.size
            return order.symbol
        if isinstance(event, Filled):
            order = self._open.get(event.order_id or 0)
            if order is not None:
                order.left -= event.size
                if not order.left:
                    del self._open[event.order_id or 0]
            return event.symbol
        return None

    def _of(self, symbol: str) -> _Numbers:
        return self._numbers.setdefault(symbol, _Numbers())


def _sides(state: State, symbol: str) -> tuple[Side, Side]:
    bids, asks = state.symbol(symbol).book.depth()
    return dict(bids), dict(asks)


def _difference(before: Side, now: Side) -> list[tuple[Decimal, Decimal]]:
    gone = [(price, ZERO) for price in before if price not in now]
    return gone + [(price, size) for price, size in now.items() if before.get(price) != size]
