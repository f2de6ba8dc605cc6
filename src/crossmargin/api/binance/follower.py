"""What happens to one account, told in order, while somebody listens.

A follower begins with the account as it is and takes every record in from then on. It keeps the
account's open orders and money as they were after each event, because messages about a record that
filled an order three times say three things.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crossmargin.api.binance import shapes, user_events
from crossmargin.api.binance.forced import as_order
from crossmargin.api.binance.mirror import Mirror
from crossmargin.history.history import History, trade_record
from crossmargin.history.horizon import Horizon
from crossmargin.history.liquidations import deleveraged
from crossmargin.history.orders import OrderHistory
from crossmargin.history.records import OrderRecord
from crossmargin.margin.lookup import contract_of
from crossmargin.model.account import AssetsMode
from crossmargin.money import ZERO
from crossmargin.venue.event import (
    AnyEvent,
    AssetsModeSet,
    Filled,
    LeverageSet,
    OrderAccepted,
    OrderAmended,
    OrderGone,
    OrderResized,
    OrderStatus,
    OrderTriggered,
    Warned,
)
from crossmargin.venue.judging import judged
from crossmargin.venue.state import State

ABOUT_ORDERS = (OrderAccepted, OrderTriggered, OrderResized, OrderAmended, OrderGone)
FINISHED_KEPT = 10
"""Finished orders are told of once and need not be remembered."""


class Follower:
    """One account, and what is said of it."""

    def __init__(self, name: str, history: History, look: Callable[[], State]) -> None:
        """Begin with the account as it is; `look` gives the venue as it is at any time."""
        self.name, self._look = name, look
        account = look().accounts[name]
        self._mirror = Mirror(account, look().rulebook)
        self._orders = OrderHistory(Horizon(FINISHED_KEPT, FINISHED_KEPT))
        for order_id in account.orders:
            record = history.order(name, order_id)
            if record is not None:
                self._orders.admit(record)

    def told(self, events: Sequence[AnyEvent], at_ms: int) -> Iterator[dict[str, Any]]:
        """Yield what a record's events mean to the owner."""
        made_to_close = deleveraged(events)
        for event in events:
            order = self._order_of(event, at_ms)
            effect = self._mirror.apply(event)
            if effect is not None:
                why = user_events.reason(event)
                yield user_events.account_update(self._look(), self._mirror, effect, why, at_ms)
            if isinstance(event, ABOUT_ORDERS):
                if order is not None:
                    yield from self._order_told(order, event, at_ms)
            elif isinstance(event, Filled) and event.account == self.name:
                is_deleveraging = (event.trade_id, self.name) in made_to_close
                yield from self._fill_told(order, event, at_ms, is_deleveraging=is_deleveraging)
            elif isinstance(event, LeverageSet) and event.account == self.name:
                setting = {"s": event.symbol, "l": int(event.leverage)}
                yield user_events.config_update(at_ms, {"ac": setting})
            elif isinstance(event, AssetsModeSet) and event.account == self.name:
                is_multi = event.mode is AssetsMode.MULTI
                yield user_events.config_update(at_ms, {"ai": {"j": is_multi}})
            elif isinstance(event, Warned) and event.account == self.name:
                yield self._called(at_ms)

    def _called(self, at_ms: int) -> dict[str, Any]:
        assessment = judged(self._look(), self.name)
        wallet = assessment.pools[0].wallet_balance or ZERO
        return user_events.margin_call(assessment, wallet, at_ms)

    def _order_of(self, event: AnyEvent, at_ms: int) -> OrderRecord | None:
        # Take note of what an event does to an order; None where it is not the account's.
        if isinstance(event, OrderAccepted):
            if event.order.account != self.name:
                return None
            held = self._mirror.held(event.order.symbol, event.order.side)
            self._orders.accepted(at_ms, event, held)
        elif isinstance(event, Filled):
            if event.account == self.name:
                self._orders.filled(at_ms, event)
        elif isinstance(event, OrderTriggered):
            self._orders.triggered(at_ms, event)
        elif isinstance(event, OrderResized):
            self._orders.resized(at_ms, event)
        elif isinstance(event, OrderAmended):
            self._orders.amended(at_ms, event)
        elif isinstance(event, OrderGone):
            self._orders.gone(at_ms, event)
        else:
            return None
        return self._orders.find(self.name, event.order_id)

    def _order_told(
        self, order: OrderRecord, event: AnyEvent, at_ms: int
    ) -> Iterator[dict[str, Any]]:
        if isinstance(event, OrderAccepted) and event.is_waiting:
            yield user_events.algo_update(order, at_ms)
        elif isinstance(event, OrderAccepted):
            yield user_events.order_update(order, "NEW", at_ms)
        elif isinstance(event, OrderTriggered):
            yield user_events.algo_update(order, at_ms)
            yield user_events.order_update(order, "NEW", at_ms)
        elif isinstance(event, OrderAmended):
            yield user_events.order_update(order, "AMENDMENT", at_ms)
        elif isinstance(event, OrderGone):
            is_over = event.status is OrderStatus.EXPIRED
            if shapes.is_order(order):
                yield user_events.order_update(order, "EXPIRED" if is_over else "CANCELED", at_ms)
            if order.type.is_conditional:
                yield user_events.algo_update(order, at_ms)
            if order.triggered_ms is not None and shapes.is_rejected(order):
                yield user_events.trigger_rejected(order, at_ms)
        elif order.type.is_conditional and not shapes.is_order(order):
            yield user_events.algo_update(order, at_ms)

    def _fill_told(
        self, order: OrderRecord | None, fill: Filled, at_ms: int, *, is_deleveraging: bool
    ) -> Iterator[dict[str, Any]]:
        instrument = contract_of(fill.symbol, self._look().rulebook).instrument
        asset = instrument.settle
        if order is None:
            forced = as_order(
                trade_record(fill, instrument, at_ms),
                is_hedge=self._mirror.is_hedge,
                is_deleveraging=is_deleveraging,
            )
            yield user_events.order_update(forced, "CALCULATED", at_ms, fill, asset)
            return
        yield user_events.order_update(order, "TRADE", at_ms, fill, asset)
        if order.type.is_conditional and order.status is OrderStatus.FILLED:
            yield user_events.algo_update(order, at_ms)
