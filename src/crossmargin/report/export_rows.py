"""What a journal's entries say, as rows of tables.

Every table is told from the events alone: nothing is decided and no margin is worked out here
(equity is, in `export_equity`). Numbers that are money, prices, sizes or rates are text, exact and
without exponent; times are milliseconds UTC. `sequence` is the entry a row comes from.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.money import ZERO, plain
from crossmargin.store.entry import Entry
from crossmargin.venue import event as happened
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import AnyEvent, OrderStatus
from crossmargin.venue.ledger import FUND

Row: TypeAlias = tuple[object, ...]

WHOLE = ("sequence", "at_ms", "trade_id", "order_id", "parent_id", "accepted_ms", "ended_ms")
"""Columns that hold whole numbers."""
FLAGS = ("is_maker", "reduce_only")
AMOUNTS = (
    *("size", "price", "realised_pnl", "fee", "position_size", "entry_price", "rate", "mark"),
    *("amount", "balance", "trigger_price", "filled", "left", "closed", "shortfall", "haircut"),
    *("overshoot", "total", "equity_before", "maintenance_margin_before", "equity_after"),
    *("maintenance_margin_after", "wallet_balance", "equity", "initial_margin"),
    *("maintenance_margin", "health"),
)
"""Columns that hold numbers with digits after the point; all others hold text."""

TABLES = {
    "fills": (
        *("sequence", "at_ms", "trade_id", "account", "symbol", "order_id", "side", "size"),
        *("price", "is_maker", "realised_pnl", "fee", "position_size", "entry_price", "why"),
    ),
    "orders": (
        *("order_id", "account", "client_id", "symbol", "side", "type", "time_in_force", "size"),
        *("price", "trigger_price", "reduce_only", "parent_id", "sequence", "accepted_ms"),
        *("ended_ms", "status", "filled", "left", "why"),
    ),
    "funding": ("sequence", "at_ms", "symbol", "account", "rate", "mark", "asset", "amount"),
    "liquidations": (
        *("sequence", "at_ms", "account", "unit", "step", "rule", "action", "equity_before"),
        *("maintenance_margin_before", "equity_after", "maintenance_margin_after"),
    ),
    "deleveraging": (
        *("sequence", "at_ms", "symbol", "size", "price", "account", "closed", "shortfall"),
        *("haircut", "overshoot", "policy"),
    ),
    "shared_losses": ("sequence", "at_ms", "asset", "account", "amount", "total"),
    "fund": ("sequence", "at_ms", "event", "why", "purse", "asset", "amount", "balance"),
    "postings": ("sequence", "at_ms", "event", "why", "source", "target", "asset", "amount"),
}
"""Names of the tables that are made of events, and of their columns."""


class _Order(Struct):
    """An order as it is so far."""

    placed: PlaceOrder
    parent_id: int | None
    sequence: int
    accepted_ms: int
    left: Decimal
    status: OrderStatus
    filled: Decimal = ZERO
    ended_ms: int | None = None
    why: str = ""


class Rows:
    """Turns entries into rows, in order; remembers open orders and what is in the fund."""

    def __init__(self) -> None:
        """Start before the first entry."""
        self._orders: dict[int, _Order] = {}
        self._fund: dict[str, Decimal] = {}
        self._at = (0, 0)

    def of(self, one: Entry, events: tuple[AnyEvent, ...]) -> Iterator[tuple[str, Row]]:
        """Yield the rows of an entry, each with its table's name."""
        self._at = one.sequence, one.at_ms
        for event in events:
            tag, why = str(type(event).__struct_config__.tag), getattr(event, "why", "")
            for posting in event.postings:
                yield from self._posting(posting, tag, why)
            told = _TOLD.get(type(event))
            if told is not None:
                yield from told(self, event)

    def open_orders(self) -> Iterator[tuple[str, Row]]:
        """Yield the rows of those that are not over at the end."""
        for order_id in tuple(self._orders):
            yield self._ended(order_id)

    def _posting(self, one: happened.Posting, tag: str, why: str) -> Iterator[tuple[str, Row]]:
        row = (*self._at, tag, why, one.source, one.target, one.asset, plain(one.amount))
        yield "postings", row
        if FUND in (one.source, one.target):
            is_in = one.target == FUND
            amount = one.amount if is_in else -one.amount
            balance = self._fund[one.asset] = self._fund.get(one.asset, ZERO) + amount
            purse = one.source if is_in else one.target
            yield "fund", (*self._at, tag, why, purse, one.asset, plain(amount), plain(balance))

    def _filled(self, event: happened.Filled) -> Iterator[tuple[str, Row]]:
        yield (
            "fills",
            (
                *(*self._at, event.trade_id, event.account, event.symbol, event.order_id),
                *(event.side.value, plain(event.size), plain(event.price), event.is_maker),
                *(plain(event.realised_pnl), plain(event.fee), plain(event.position.size)),
                *(plain(event.position.entry_price) if event.position.size else None, event.why),
            ),
        )
        order = self._orders.get(event.order_id or 0)
        if order is not None and event.order_id is not None:
            order.left -= event.size
            order.filled += event.size
            order.status = OrderStatus.PARTLY_FILLED if order.left else OrderStatus.FILLED
            if not order.left:
                order.ended_ms = self._at[1]
                yield self._ended(event.order_id)

    def _order_accepted(self, event: happened.OrderAccepted) -> Iterator[tuple[str, Row]]:
        status = OrderStatus.WAITING if event.is_waiting else OrderStatus.OPEN
        self._orders[event.order_id] = _Order(
            event.order, event.parent_id, *self._at, event.order.size, status
        )
        yield from ()

    def _order_triggered(self, event: happened.OrderTriggered) -> Iterator[tuple[str, Row]]:
        order = self._orders[event.order_id]
        order.left, order.status = event.size, OrderStatus.OPEN
        yield from ()

    def _order_resized(self, event: happened.OrderResized) -> Iterator[tuple[str, Row]]:
        self._orders[event.order_id].left = event.size
        yield from ()

    def _order_amended(self, event: happened.OrderAmended) -> Iterator[tuple[str, Row]]:
        order = self._orders[event.order_id]
        order.left = event.size
        order.placed = replace(order.placed, size=order.filled + event.size, price=event.price)
        yield from ()

    def _order_gone(self, event: happened.OrderGone) -> Iterator[tuple[str, Row]]:
        order = self._orders[event.order_id]
        order.status, order.why, order.ended_ms = event.status, event.why, self._at[1]
        yield self._ended(event.order_id)

    def _ended(self, order_id: int) -> tuple[str, Row]:
        order = self._orders.pop(order_id)
        placed = order.placed
        return (
            "orders",
            (
                *(order_id, placed.account, placed.client_id, placed.symbol),
                *(placed.side.value if placed.side else "", placed.type.value),
                *(placed.time_in_force.value, plain(placed.size), text_of(placed.price)),
                *(text_of(placed.trigger_price), placed.reduce_only, order.parent_id),
                *(order.sequence, order.accepted_ms, order.ended_ms, order.status.value),
                *(plain(order.filled), plain(order.left), order.why),
            ),
        )

    def _funding_settled(self, event: happened.FundingSettled) -> Iterator[tuple[str, Row]]:
        for one in event.postings:
            for purse, amount in ((one.source, -one.amount), (one.target, one.amount)):
                if purse.startswith("account/"):
                    name = purse.removeprefix("account/")
                    yield (
                        "funding",
                        (
                            *(self._at[0], event.at_ms, event.symbol, name, text_of(event.rate)),
                            *(text_of(event.mark), one.asset, plain(amount)),
                        ),
                    )

    def _liquidation_step(self, event: happened.LiquidationStep) -> Iterator[tuple[str, Row]]:
        before, after = event.before, event.after
        yield (
            "liquidations",
            (
                *(*self._at, event.account, event.unit, event.step, event.rule, event.action),
                *(plain(before.equity), plain(before.maintenance_margin)),
                text_of(after.equity if after else None),
                text_of(after.maintenance_margin if after else None),
            ),
        )

    def _deleveraged(self, event: happened.Deleveraged) -> Iterator[tuple[str, Row]]:
        whole = (plain(event.shortfall), plain(event.haircut), plain(event.overshoot))
        for name, closed in event.by_account.items():
            yield (
                "deleveraging",
                (
                    *(*self._at, event.symbol, plain(event.size), plain(event.price)),
                    *(name, plain(closed), *whole, event.policy),
                ),
            )

    def _loss_shared(self, event: happened.LossShared) -> Iterator[tuple[str, Row]]:
        for name, amount in event.by_account.items():
            row = (*self._at, event.asset, name, plain(amount), plain(event.amount))
            yield "shared_losses", row


_TOLD: Mapping[type, Callable[[Rows, Any], Iterator[tuple[str, Row]]]] = {
    happened.Filled: Rows._filled,
    happened.OrderAccepted: Rows._order_accepted,
    happened.OrderTriggered: Rows._order_triggered,
    happened.OrderResized: Rows._order_resized,
    happened.OrderAmended: Rows._order_amended,
    happened.OrderGone: Rows._order_gone,
    happened.FundingSettled: Rows._funding_settled,
    happened.LiquidationStep: Rows._liquidation_step,
    happened.Deleveraged: Rows._deleveraged,
    happened.LossShared: Rows._loss_shared,
}


def text_of(value: Decimal | None) -> str | None:
    """Return a number as a table has it; None of what is not there or not known."""
    return None if value is None else plain(value)
