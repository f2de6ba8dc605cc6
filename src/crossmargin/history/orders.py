"""The lives of orders: those that are open, and the newest of those that are over."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.history.horizon import Horizon
from crossmargin.history.records import OrderRecord, OrderSide
from crossmargin.history.shelf import Shelf
from crossmargin.model.order import Side
from crossmargin.money import ZERO
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import (
    AnyEvent,
    Filled,
    OrderAccepted,
    OrderAmended,
    OrderGone,
    OrderResized,
    OrderStatus,
    OrderTriggered,
)
from crossmargin.venue.state import OpenOrder

MAKERS_WHY = "replaced"
"""Why a maker's quote is gone that was never met; there are too many to remember."""


class OrderHistory:
    """Orders by account, id and client's id.

    What happens to an order that is not known (it came in beyond the horizon) is not remembered.
    """

    def __init__(self, horizon: Horizon) -> None:
        """Start with nothing."""
        self._open: dict[int, OrderRecord] = {}
        self._open_of: dict[str, dict[int, None]] = {}
        self._over: Shelf[OrderRecord] = Shelf(horizon.account_max, horizon.all_max)
        self._by_id: dict[int, OrderRecord] = {}
        self._by_client: dict[tuple[str, str], int] = {}

    def accepted(self, at_ms: int, event: OrderAccepted, held: Decimal) -> None:
        """Take an order in; `held` is the account's position in the symbol, signed."""
        placed = event.order
        status = OrderStatus.WAITING if event.is_waiting else OrderStatus.OPEN
        record = _record(event.order_id, placed, status, event.parent_id, held, at_ms)
        self.admit(record)

    def admit(self, record: OrderRecord) -> None:
        """Take an open order in as it is."""
        self._open[record.id] = record
        self._open_of.setdefault(record.account, {})[record.id] = None
        if record.client_id:
            self._by_client[record.account, record.client_id] = record.id

    def adopt(self, order: OpenOrder, held: Decimal) -> None:
        """Take in an open order that came in beyond the horizon.

        What was filled of it counts at its limit price, which it got at least.
        """
        if order.id in self._open:
            return
        placed = order.placed
        record = _record(order.id, placed, order.status, order.parent_id, held, placed.at_ms)
        price = placed.price or ZERO
        self.admit(
            replace(
                record,
                size=order.size + order.filled,
                filled=order.filled,
                cost=abs(order.filled) * price,
            )
        )

    def filled(self, at_ms: int, event: Filled) -> None:
        """Note a fill of an order."""
        order = self._open.get(event.order_id) if event.order_id is not None else None
        if order is None:
            return
        filled = order.filled + event.size
        is_whole = filled == order.size
        changed = replace(
            order,
            filled=filled,
            cost=order.cost + abs(event.size) * event.price,
            status=OrderStatus.FILLED if is_whole else OrderStatus.PARTLY_FILLED,
            updated_ms=at_ms,
        )
        if is_whole:
            self._end(changed)
        else:
            self._open[order.id] = changed

    def triggered(self, at_ms: int, event: OrderTriggered) -> None:
        """Note that a waiting order's price was reached."""
        order = self._open.get(event.order_id)
        if order is not None:
            self._open[order.id] = replace(
                order,
                size=event.size,
                status=OrderStatus.OPEN,
                triggered_ms=at_ms,
                updated_ms=at_ms,
            )

    def resized(self, at_ms: int, event: OrderResized) -> None:
        """Note what is left of an order now."""
        order = self._open.get(event.order_id)
        if order is not None:
            self._open[order.id] = replace(order, size=order.filled + event.size, updated_ms=at_ms)

    def amended(self, at_ms: int, event: OrderAmended) -> None:
        """Note that an order is of another size and price now."""
        order = self._open.get(event.order_id)
        if order is not None:
            size = order.filled + event.size
            self._open[order.id] = replace(order, size=size, price=event.price, updated_ms=at_ms)

    def gone(self, at_ms: int, event: OrderGone) -> None:
        """Note that an order is over without all of its fill."""
        order = self._open.get(event.order_id)
        if order is None:
            return
        if event.why == MAKERS_WHY and not order.filled:
            self._close(order)
            return
        self._end(replace(order, status=event.status, why=event.why, updated_ms=at_ms))

    def find(
        self, account: str, order_id: int | None = None, client_id: str | None = None
    ) -> OrderRecord | None:
        """Return an account's order by its id, else the newest with the client's id."""
        if order_id is None and client_id:
            order_id = self._by_client.get((account, client_id))
        if order_id is None:
            return None
        found = self._open.get(order_id) or self._by_id.get(order_id)
        return found if found is not None and found.account == account else None

    def of(self, account: str) -> Iterator[OrderRecord]:
        """Yield an account's orders, the first placed first."""
        found = [*self._over.of(account)]
        found += [self._open[order_id] for order_id in self._open_of.get(account, ())]
        found.sort(key=lambda one: one.id)
        return iter(found)

    def _close(self, order: OrderRecord) -> None:
        del self._open[order.id]
        mine = self._open_of[order.account]
        del mine[order.id]
        if not mine:
            del self._open_of[order.account]

    def _end(self, order: OrderRecord) -> None:
        self._close(order)
        self._by_id[order.id] = order
        for gone in self._over.add(order.account, order):
            del self._by_id[gone.id]
            key = (gone.account, gone.client_id)
            if self._by_client.get(key) == gone.id:
                del self._by_client[key]


def as_answered(events: Sequence[AnyEvent], held: Decimal) -> OrderRecord | None:
    """Return the order that a command has placed as it was when that was done; None without one.

    Parameters
    ----------
    events : the command's, as they were answered.
    held : the account's position in the symbol before it, signed.
    """
    lives, placed = OrderHistory(Horizon()), None
    for one in events:
        if isinstance(one, OrderAccepted) and placed is None:
            placed = one
            lives.accepted(one.order.at_ms, one, held)
        elif placed is not None and isinstance(one, Filled):
            lives.filled(placed.order.at_ms, one)
        elif placed is not None and isinstance(one, OrderGone):
            lives.gone(placed.order.at_ms, one)
    return None if placed is None else lives.find(placed.order.account, placed.order_id)


def _record(
    order_id: int,
    placed: PlaceOrder,
    status: OrderStatus,
    parent_id: int | None,
    held: Decimal,
    at_ms: int,
) -> OrderRecord:
    return OrderRecord(
        id=order_id,
        client_id=placed.client_id,
        account=placed.account,
        symbol=placed.symbol,
        side=_side(placed, held),
        size=placed.size,
        filled=ZERO,
        cost=ZERO,
        type=placed.type,
        price=placed.price,
        trigger_price=placed.trigger_price,
        trigger=placed.trigger,
        callback_fraction=placed.callback_fraction,
        time_in_force=placed.time_in_force,
        reduce_only=placed.reduce_only,
        is_close_position=placed.is_close_position,
        position_side=placed.side,
        status=status,
        parent_id=parent_id,
        triggered_ms=None,
        created_ms=at_ms,
        updated_ms=at_ms,
        why="",
        self_trade=placed.self_trade,
        stop_loss_price=placed.stop_loss_price,
        take_profit_price=placed.take_profit_price,
    )


def _side(placed: PlaceOrder, held: Decimal) -> OrderSide:
    # An order that closes without a size goes against the position it belongs to.
    size = placed.size
    if not size:
        size = -held
        if placed.side is not None:
            return OrderSide.SELL if placed.side is Side.LONG else OrderSide.BUY
    return OrderSide.BUY if size > 0 else OrderSide.SELL
