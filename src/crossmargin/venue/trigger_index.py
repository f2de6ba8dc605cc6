"""Where a symbol's waiting orders fire, kept by price.

Every trade and every price asks which stops are reached. Looking at all of them would make each
trade cost more with every stop that any account has resting, so they are sorted by the price they
wait for, and a look costs what it finds. Trailing stops move with each price and are looked at one
by one; so many they are, so much they cost.

This is memory, not state: it follows from the orders that wait and the positions they close, and a
venue that is read back from its journal makes it anew.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from sortedcontainers import SortedList

from crossmargin.model.order import OrderType
from crossmargin.venue.command import PlaceOrder, Trigger

STOPS = (OrderType.STOP, OrderType.STOP_MARKET)
AFTER_ALL = 2**63
"""An order id beyond all; they count from 1."""
Place: TypeAlias = tuple[Trigger, bool]
"""The price that is looked at, and whether the order fires as that rises."""


def rises(placed: PlaceOrder, held: Decimal) -> bool | None:
    """Return whether a stop or take-profit fires at its price and above, not at it and below.

    Stops that buy and take-profits that sell wait for a rise. None where it waits for nothing: it
    has no trigger price, or closes a position that is not there.

    Parameters
    ----------
    held : signed size of the position, which says which way an order without size would trade.
    """
    size = placed.size or -held
    if placed.trigger_price is None or not size:
        return None
    return (size > 0) is (placed.type in STOPS)


class TriggerIndex:
    """The waiting orders of one symbol.

    Attributes
    ----------
    stale : attached exits whose position or parent may have changed since somebody looked.
    """

    __slots__ = ("_by_account", "_by_parent", "_places", "_sorted", "_trailing", "stale")

    def __init__(self) -> None:
        """Start without orders."""
        self._sorted: dict[Place, SortedList[tuple[Decimal, int]]] = {}
        self._places: dict[int, tuple[Place, Decimal]] = {}
        self._trailing: dict[int, None] = {}
        # Those whose size or direction follows a position: exits, and orders that close it.
        self._by_account: dict[str, dict[int, PlaceOrder]] = {}
        self._by_parent: dict[int, dict[int, None]] = {}
        self.stale: set[int] = set()

    def add(self, order_id: int, placed: PlaceOrder, parent_id: int | None, held: Decimal) -> None:
        """Let an order wait, while the position it belongs to is `held`."""
        if placed.type is OrderType.TRAILING_STOP_MARKET:
            self._trailing[order_id] = None
        if parent_id is not None:
            self._by_parent.setdefault(parent_id, {})[order_id] = None
            self.stale.add(order_id)
        if parent_id is not None or placed.is_close_position:
            self._by_account.setdefault(placed.account, {})[order_id] = placed
        self._place(order_id, placed, held)

    def remove(self, order_id: int, placed: PlaceOrder, parent_id: int | None) -> None:
        """Let an order wait no more, if it does."""
        self._trailing.pop(order_id, None)
        self.stale.discard(order_id)
        _leave(self._by_account, placed.account, order_id)
        _leave(self._by_parent, parent_id, order_id)
        self._take_out(order_id)

    def position_changed(self, account: str, held: Callable[[PlaceOrder], Decimal]) -> None:
        """Take note that an account holds something else now; `held` says what an order closes."""
        for order_id, placed in self._by_account.get(account, {}).items():
            self.stale.add(order_id)
            if not placed.size:
                self._take_out(order_id)
                self._place(order_id, placed, held(placed))

    def parent_gone(self, order_id: int) -> None:
        """Take note that an order is over: what was attached to it may have nothing to wait for."""
        self.stale.update(self._by_parent.get(order_id, ()))

    def has_exits(self, order_id: int) -> bool:
        """Return whether exits are attached to an order."""
        return order_id in self._by_parent

    def reached(self, prices: dict[Trigger, Decimal | None]) -> list[int]:
        """Return the orders that fire at these prices, and all trailing ones, by arrival."""
        found = set(self._trailing)
        for (trigger, is_rising), waiting in self._sorted.items():
            price = prices[trigger]
            if price is None:
                continue
            if is_rising:
                keys = waiting.irange(maximum=(price, AFTER_ALL))
            else:
                keys = waiting.irange(minimum=(price, 0))
            found.update(order_id for _, order_id in keys)
        return sorted(found)

    def _place(self, order_id: int, placed: PlaceOrder, held: Decimal) -> None:
        is_rising = rises(placed, held)
        if order_id in self._trailing or is_rising is None or placed.trigger_price is None:
            return
        place = placed.trigger, is_rising
        self._sorted.setdefault(place, SortedList()).add((placed.trigger_price, order_id))
        self._places[order_id] = place, placed.trigger_price

    def _take_out(self, order_id: int) -> None:
        found = self._places.pop(order_id, None)
        if found is not None:
            place, price = found
            self._sorted[place].remove((price, order_id))


def _leave(groups: dict[Any, dict[int, Any]], key: object, order_id: int) -> None:
    members = groups.get(key)
    if members is not None:
        members.pop(order_id, None)
        if not members:
            del groups[key]
