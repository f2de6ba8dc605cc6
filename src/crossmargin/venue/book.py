"""The order book of one symbol: price, then time.

The book knows ids, prices and sizes, nothing of accounts or margin. It says whom an incoming
order would meet, in order; somebody else decides what comes of it. Bids have sizes above zero,
asks below. Looking at the best price is O(1), adding and removing O(log n) in the price levels.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from sortedcontainers import SortedDict

from crossmargin.errors import InvariantBroken
from crossmargin.money import ZERO

Resting: TypeAlias = tuple[int, Decimal, Decimal]
"""An order's id, its price and what is left of it, signed."""
Level: TypeAlias = tuple[Decimal, Decimal]
"""A price and the absolute size of all orders at it."""


class Book:
    """Resting orders of one symbol."""

    __slots__ = ("_asks", "_bids", "_places")

    def __init__(self) -> None:
        """Start empty."""
        # Bids are kept by minus their price, so that the best is the first on both sides.
        self._bids: SortedDict[Decimal, dict[int, Decimal]] = SortedDict()
        self._asks: SortedDict[Decimal, dict[int, Decimal]] = SortedDict()
        self._places: dict[int, tuple[bool, Decimal]] = {}

    def __contains__(self, order_id: int) -> bool:
        """Return whether an order rests here."""
        return order_id in self._places

    def __len__(self) -> int:
        """Return how many orders rest here."""
        return len(self._places)

    def add(self, order_id: int, price: Decimal, size: Decimal) -> None:
        """Put an order last at its price; `size` is signed.

        Raises
        ------
        InvariantBroken
            If it rests already, or has no size.
        """
        if order_id in self._places or not size:
            raise InvariantBroken(f"order {order_id} cannot rest with size {size}")
        is_bid = size > 0
        side, key = (self._bids, -price) if is_bid else (self._asks, price)
        side.setdefault(key, {})[order_id] = size
        self._places[order_id] = (is_bid, key)

    def remove(self, order_id: int) -> None:
        """Take an order out, if it rests here."""
        place = self._places.pop(order_id, None)
        if place is None:
            return
        is_bid, key = place
        side = self._bids if is_bid else self._asks
        level = side[key]
        del level[order_id]
        if not level:
            del side[key]

    def resize(self, order_id: int, size: Decimal) -> None:
        """Set what is left of an order; it keeps its place in time."""
        place = self._places.get(order_id)
        if place is not None:
            is_bid, key = place
            (self._bids if is_bid else self._asks)[key][order_id] = size

    @property
    def best_bid(self) -> Decimal | None:
        """Return the highest bid; None where there is none."""
        return -self._bids.keys()[0] if self._bids else None

    @property
    def best_ask(self) -> Decimal | None:
        """Return the lowest ask; None where there is none."""
        return self._asks.keys()[0] if self._asks else None

    def opposite(
        self, size: Decimal, limit: Decimal | None
    ) -> Iterator[tuple[int, Decimal, Decimal]]:
        """Yield (order, price, size) that an order of `size` would meet, best first.

        `limit` is the worst price it would take; None takes any. The book must not be changed
        while this is being read.
        """
        side, sign = (self._asks, 1) if size > 0 else (self._bids, -1)
        for key, level in side.items():
            if limit is not None and key > limit * sign:
                return
            for order_id, resting in level.items():
                yield order_id, key * sign, resting

    def depth(self, levels: int | None = None) -> tuple[list[Level], list[Level]]:
        """Return bids and asks as (price, absolute size) by level, best first."""
        bids = [(-key, sum(level.values(), ZERO)) for key, level in self._bids.items()[:levels]]
        asks = [(key, -sum(level.values(), ZERO)) for key, level in self._asks.items()[:levels]]
        return bids, asks
