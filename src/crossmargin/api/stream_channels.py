"""What is streamed: a snapshot of a market or an account, then what has changed since, numbered.

Changes are gathered while records are published and told once a batch, as things are after it, so
nothing is told that was not so and nothing is skipped. The number of a channel's messages grows by
one; whoever misses one has missed something. A number is only ever of one server's life.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sized
from decimal import Decimal
from typing import Protocol

from crossmargin.api.context import Context
from crossmargin.api.native.accounts import account_view, settings_view
from crossmargin.api.native.answers import PositionView, SettingsView
from crossmargin.api.native.market import prices_view
from crossmargin.api.native.plain import encoded
from crossmargin.history.history import trade_record
from crossmargin.history.income import WALLET
from crossmargin.margin.lookup import contract_of
from crossmargin.model.account import MarginMode, Position
from crossmargin.money import ZERO
from crossmargin.store.entry import Entry
from crossmargin.venue import event as happened
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.state import AccountState, PositionKey

MARKET, ACCOUNT = "market", "account"
"""Kinds of channels; their names go on with a point and a symbol or an account."""
BOOK_LEVELS = 100
"""How many levels of each side of a book are streamed: the best."""


class Reader(Protocol):
    """Who is told."""

    def tell(self, message: bytes) -> None:
        """Take a message, without waiting."""


class Channel(ABC):
    """One market or account, and who reads it.

    Attributes
    ----------
    number : of the last message.
    """

    def __init__(self, context: Context, name: str) -> None:
        """Start without readers; what is told is told from now on."""
        self.context, self.name, self.number = context, name, 0
        self.readers: dict[Reader, None] = {}

    @abstractmethod
    def snapshot(self) -> dict[str, object]:
        """Return all of it as it is now."""

    @abstractmethod
    def changes(self) -> dict[str, object]:
        """Return what has changed since this was last asked; empty where nothing has."""

    def message(self, kind: str, content: dict[str, object]) -> bytes:
        """Return a message."""
        return encoded(
            {
                "channel": self.name,
                "number": self.number,
                "sequence": self.context.history.sequence,
                kind: content,
            }
        )


class MarketChannel(Channel):
    """Prices, book and trades of one symbol."""

    def __init__(self, context: Context, name: str, symbol: str) -> None:
        """Start from how things are."""
        super().__init__(context, name)
        self.symbol = symbol
        self._prices: object = None
        self._sides: dict[str, dict[Decimal, Decimal]] = {}
        self._last_trade_id = 0
        self.changes()

    def snapshot(self) -> dict[str, object]:
        """Return prices and book."""
        state = self.context.service.state
        bids, asks = state.symbol(self.symbol).book.depth(BOOK_LEVELS)
        return {"prices": prices_view(state, self.symbol), "bids": bids, "asks": asks}

    def changes(self) -> dict[str, object]:
        """Return new prices, levels that changed (zero: gone) and trades."""
        found: dict[str, object] = {}
        state = self.context.service.state
        prices = prices_view(state, self.symbol)
        if prices != self._prices:
            self._prices = found["prices"] = prices
        bids, asks = state.symbol(self.symbol).book.depth(BOOK_LEVELS)
        for side, levels in (("bids", bids), ("asks", asks)):
            before, now = self._sides.get(side, {}), dict(levels)
            moved = [level for level in levels if before.get(level[0]) != level[1]]
            moved += [(price, ZERO) for price in before if price not in now]
            self._sides[side] = now
            if moved:
                found[side] = moved
        trades = self.context.history.market_trades(self.symbol)
        if trades and trades[-1].id > self._last_trade_id:
            found["trades"] = [one for one in trades if one.id > self._last_trade_id]
            self._last_trade_id = trades[-1].id
        return found


class AccountChannel(Channel):
    """Money, positions, orders and settings of one account."""

    def __init__(self, context: Context, name: str, account: str) -> None:
        """Start from how things are."""
        super().__init__(context, name)
        self.account = account
        self._balances: dict[str, Decimal] = {}
        self._positions: dict[PositionKey, Position] = {}
        self._settings: SettingsView | None = None
        self._orders: dict[int, None] = {}
        self._trades: list[object] = []
        self._steps = 0
        self.changes()

    def take(self, at_ms: int, one: AnyEvent) -> None:
        """Note a trade or a receipt."""
        if isinstance(one, happened.Filled):
            instrument = contract_of(one.symbol, self.context.service.state.rulebook).instrument
            self._trades.append(trade_record(one, instrument, at_ms))
        elif isinstance(one, happened.LiquidationStep):
            self._steps += 1

    def take_order(self, order_id: int) -> None:
        """Note that something has happened to an order."""
        self._orders[order_id] = None

    def snapshot(self) -> dict[str, object]:
        """Return the account and its open orders."""
        account, history = self._account(), self.context.history
        view = account_view(account, self.context.service.state)
        found = (history.order(self.account, order_id) for order_id in account.orders)
        return {"account": view, "orders": [one for one in found if one is not None]}

    def changes(self) -> dict[str, object]:
        """Return new balances, settings, positions (size zero: gone), orders and trades."""
        account, history = self._account(), self.context.history
        found: dict[str, object] = {}
        balances = dict(account.balances)
        moved = {
            asset: balances.get(asset, ZERO)
            for asset in {**self._balances, **balances}
            if self._balances.get(asset) != balances.get(asset)
        }
        settings = settings_view(account)
        if settings != self._settings:
            self._settings = found["settings"] = settings
        positions = [*self._changed_positions(account)]
        orders = [history.order(self.account, order_id) for order_id in self._orders]
        liquidations = history.liquidations(self.account)[-self._steps :] if self._steps else ()
        rows: dict[str, Sized] = {
            "balances": moved,
            "positions": positions,
            "orders": [one for one in orders if one is not None],
            "trades": self._trades,
            "liquidations": liquidations,
        }
        found |= {name: some for name, some in rows.items() if some}
        self._balances, self._positions = balances, dict(account.positions)
        self._orders, self._trades, self._steps = {}, [], 0
        return found

    def _account(self) -> AccountState:
        return self.context.service.state.accounts[self.account]

    def _changed_positions(self, account: AccountState) -> Iterator[PositionView]:
        for key in {**self._positions, **account.positions}:
            before, now = self._positions.get(key), account.positions.get(key)
            known = now or before
            if before == now or known is None:
                continue
            is_isolated = known.mode is MarginMode.ISOLATED
            yield PositionView(
                symbol=known.symbol,
                side=known.side,
                size=ZERO if now is None else now.size,
                entry_price=known.entry_price,
                mark_price=self.context.service.state.symbol(known.symbol).mark,
                mode=known.mode,
                margin=known.margin if is_isolated and now is not None else None,
            )


class Hub:
    """All channels that somebody reads."""

    def __init__(self, context: Context) -> None:
        """Start without any, and be told what is recorded."""
        self._context = context
        self._markets: dict[str, MarketChannel] = {}
        self._accounts: dict[str, AccountChannel] = {}
        self._touched: dict[Channel, None] = {}
        self._is_due = False
        # Whose an order is, because an event of its end does not say.
        self._orders = {
            one.id: (one.account, one.symbol) for one in context.service.state.orders.values()
        }
        context.service.subscribe(self.take)

    def join(self, name: str, reader: Reader) -> Channel:
        """Tell a reader all of a channel that there is, and from then on what changes."""
        self._flush()
        kind, _, what = name.partition(".")
        if kind == MARKET and what not in self._markets:
            self._markets[what] = MarketChannel(self._context, name, what)
        elif kind == ACCOUNT and what not in self._accounts:
            self._accounts[what] = AccountChannel(self._context, name, what)
        channel: Channel = self._markets[what] if kind == MARKET else self._accounts[what]
        channel.readers[reader] = None
        reader.tell(channel.message("snapshot", channel.snapshot()))
        return channel

    def leave(self, channel: Channel, reader: Reader) -> None:
        """Tell a reader no more; a channel without readers is forgotten."""
        channel.readers.pop(reader, None)
        if not channel.readers:
            self._touched.pop(channel, None)
            if isinstance(channel, MarketChannel):
                self._markets.pop(channel.symbol, None)
            elif isinstance(channel, AccountChannel):
                self._accounts.pop(channel.account, None)

    def take(self, entry: Entry, events: tuple[AnyEvent, ...]) -> None:
        """Note what one record of the journal touches; it is told after the batch."""
        for one in events:
            order_id, owner, symbol = self._order_of(one)
            if self._markets or self._accounts:
                self._note(entry.at_ms, one, order_id, owner, symbol)
        if self._touched and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _order_of(self, one: AnyEvent) -> tuple[int | None, str, str]:
        # The order an event is about, whose it is and in which market.
        if isinstance(one, happened.OrderAccepted):
            self._orders[one.order_id] = (one.order.account, one.order.symbol)
        order_id: int | None = getattr(one, "order_id", None)
        if order_id is None:
            return None, "", ""
        owner, symbol = self._orders.get(order_id, ("", ""))
        # The state is after the batch: what is not in it is over.
        if order_id not in self._context.service.state.orders:
            self._orders.pop(order_id, None)
        return order_id, owner, symbol

    def _note(
        self, at_ms: int, one: AnyEvent, order_id: int | None, owner: str, symbol: str
    ) -> None:
        market = self._markets.get(symbol or _symbol_of(one))
        if market is not None:
            self._touched[market] = None
        for name in {owner, *_accounts_of(one)}:
            channel = self._accounts.get(name)
            if channel is None:
                continue
            self._touched[channel] = None
            if getattr(one, "account", "") == name:
                channel.take(at_ms, one)
            if order_id is not None and owner == name:
                channel.take_order(order_id)

    def _flush(self) -> None:
        self._is_due = False
        touched, self._touched = self._touched, {}
        for channel in touched:
            found = channel.changes()
            if not found:
                continue
            channel.number += 1
            message = channel.message("delta", found)
            for reader in tuple(channel.readers):
                reader.tell(message)


def _symbol_of(one: AnyEvent) -> str:
    if isinstance(one, happened.PositionChanged):
        return one.position.symbol
    symbol: str = getattr(one, "symbol", "")
    return symbol


def _accounts_of(one: AnyEvent) -> Iterator[str]:
    yield getattr(one, "account", "")
    for posting in one.postings:
        for purse in (posting.source, posting.target):
            if purse.startswith(WALLET):
                yield purse.removeprefix(WALLET)
