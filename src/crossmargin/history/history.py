"""The venue's memory of what has happened: a subscriber that keeps records, and answers.

It is told every record of the journal with its events, in order, and keeps no more than its horizon
says; each event costs the same however much is kept. Being made of published records alone, it is
made again at start from the journal's end (`read_back`); what lies further back is not known, but
for open orders, which the state still has.

Quotes that a market maker replaced before anybody met them are not remembered.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from crossmargin.history.horizon import Horizon
from crossmargin.history.income import moves, symbol_of
from crossmargin.history.liquidations import deleveraged, deleveraging, is_forced, receipt
from crossmargin.history.market import MarketHistory, PriceSource
from crossmargin.history.orders import OrderHistory
from crossmargin.history.records import (
    AggregateTradeRecord,
    CandleRecord,
    DeleveragingRecord,
    ForcedRecord,
    FundingRecord,
    IncomeKind,
    IncomeRecord,
    LiquidationRecord,
    MarginChangeRecord,
    MarketTradeRecord,
    OrderRecord,
    TickerRecord,
    TradeRecord,
)
from crossmargin.history.shelf import Shelf
from crossmargin.margin.lookup import contract_of
from crossmargin.margin.pnl import notional
from crossmargin.model.instrument import Instrument
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.store.entry import Entry
from crossmargin.store.journal import Journal
from crossmargin.venue import event as happened
from crossmargin.venue.command import MoveMargin
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.state import State

IDS_PER_ENTRY = 1 << 20
"""An id is the number of the journal's record times this, and a count within the record."""


class History:
    """What has happened, within the horizon.

    Attributes
    ----------
    at_ms : the time of the last record.
    sequence : its number; zero before there was any.
    """

    def __init__(self, rulebook: Rulebook, horizon: Horizon | None = None) -> None:
        """Start with nothing."""
        self._rulebook = rulebook
        self._horizon = horizon or Horizon()
        each, together = self._horizon.account_max, self._horizon.all_max
        self._orders = OrderHistory(self._horizon)
        self._trades: Shelf[TradeRecord] = Shelf(each, together)
        self._forced: Shelf[ForcedRecord] = Shelf(each, together)
        self._income: Shelf[IncomeRecord] = Shelf(each, together)
        self._margin_changes: Shelf[MarginChangeRecord] = Shelf(each, together)
        self._liquidations: Shelf[LiquidationRecord] = Shelf(each, together)
        self._deleveragings: Shelf[DeleveragingRecord] = Shelf(each, together)
        self._markets: dict[str, MarketHistory] = {}
        self._held: dict[tuple[str, str], Decimal] = {}
        self.at_ms = 0
        self.sequence = 0

    def read_back(self, journal: Journal, limit: int, state: State) -> None:
        """Take in the last `limit` records of a journal, and the open orders from before them.

        Parameters
        ----------
        state : the venue after the journal's last record.

        Raises
        ------
        StoreError
            If the journal cannot be read.
        """
        for entry in journal.read(max(1, journal.sequence - limit + 1)):
            self.take(entry, entry.decoded_events())
        for account in state.accounts.values():
            for position in account.positions.values():
                self._held[account.name, position.symbol] = position.size
        for order in state.orders.values():
            self._orders.adopt(order, self._held_of(order.account, order.symbol))

    @exact
    def take(self, entry: Entry, events: Sequence[AnyEvent]) -> None:
        """Take in one record of the journal and its events; records come in order, once each."""
        page = _Page(entry, deleveraged(events))
        self.at_ms, self.sequence = max(self.at_ms, entry.at_ms), entry.sequence
        for one in events:
            if one.postings:
                self._money(page, one)
            note = NOTES.get(type(one))
            if note is not None:
                note(self, page, one)
            if not isinstance(one, happened.LiquidationStep):
                page.before.append(one)

    def order(
        self, account: str, order_id: int | None = None, client_id: str | None = None
    ) -> OrderRecord | None:
        """Return an account's order by its id, else the newest with the client's id."""
        return self._orders.find(account, order_id, client_id)

    def orders(self, account: str, symbol: str | None = None) -> tuple[OrderRecord, ...]:
        """Return an account's orders, open ones included, the first placed first."""
        return tuple(
            one for one in self._orders.of(account) if symbol is None or one.symbol == symbol
        )

    def trades(self, account: str, symbol: str | None = None) -> tuple[TradeRecord, ...]:
        """Return an account's trades, oldest first."""
        return tuple(
            one for one in self._trades.of(account) if symbol is None or one.symbol == symbol
        )

    def forced(self, account: str, symbol: str | None = None) -> tuple[ForcedRecord, ...]:
        """Return the trades that closed an account's positions by force, oldest first."""
        return tuple(
            one for one in self._forced.of(account) if symbol is None or one.trade.symbol == symbol
        )

    def income(
        self, account: str, symbol: str | None = None, kind: IncomeKind | None = None
    ) -> tuple[IncomeRecord, ...]:
        """Return what moved an account's money, oldest first."""
        return tuple(
            one
            for one in self._income.of(account)
            if (symbol is None or one.symbol == symbol) and (kind is None or one.kind is kind)
        )

    def liquidations(self, account: str | None = None) -> tuple[LiquidationRecord, ...]:
        """Return receipts of liquidations, of one account or of all, oldest first."""
        shelf = self._liquidations
        return tuple(shelf) if account is None else shelf.of(account)

    def deleveragings(self, account: str | None = None) -> tuple[DeleveragingRecord, ...]:
        """Return who was closed against whom, for one bankrupt account or all, oldest first."""
        shelf = self._deleveragings
        return tuple(shelf) if account is None else shelf.of(account)

    def margin_changes(
        self, account: str, symbol: str | None = None
    ) -> tuple[MarginChangeRecord, ...]:
        """Return what the owner moved to and from isolated positions, oldest first."""
        return tuple(
            one
            for one in self._margin_changes.of(account)
            if symbol is None or one.symbol == symbol
        )

    def market_trades(self, symbol: str) -> tuple[MarketTradeRecord, ...]:
        """Return the trades in a market's book, oldest first."""
        found = self._markets.get(symbol)
        return tuple(found.trades) if found else ()

    def aggregate_trades(self, symbol: str) -> tuple[AggregateTradeRecord, ...]:
        """Return what incoming orders traded at each price, oldest first."""
        found = self._markets.get(symbol)
        return tuple(found.aggregates) if found else ()

    def candles(
        self,
        symbol: str,
        interval: str,
        source: PriceSource = PriceSource.LAST,
        from_ms: int = 0,
    ) -> tuple[CandleRecord, ...]:
        """Return candles that opened at `from_ms` or later, oldest first, the last still open.

        Raises
        ------
        KeyError
            If there is no such interval (`candles.INTERVALS`).
        """
        found = self._markets.get(symbol)
        return found.candles(interval, source, from_ms) if found else ()

    def ticker(self, symbol: str) -> TickerRecord | None:
        """Return a market's last 24 hours; None where it had no price yet."""
        found = self._markets.get(symbol)
        return found.ticker(self.at_ms) if found else None

    def funding(self, symbol: str) -> tuple[FundingRecord, ...]:
        """Return a market's funding times, oldest first."""
        found = self._markets.get(symbol)
        return tuple(found.funding) if found else ()

    def _held_of(self, account: str, symbol: str) -> Decimal:
        return self._held.get((account, symbol), ZERO)

    def _market(self, symbol: str) -> MarketHistory:
        found = self._markets.get(symbol)
        if found is None:
            instrument = contract_of(symbol, self._rulebook).instrument
            found = self._markets[symbol] = MarketHistory(instrument, self._horizon)
        return found

    def _hold(self, account: str, symbol: str, size: Decimal) -> None:
        if size:
            self._held[account, symbol] = size
        else:
            self._held.pop((account, symbol), None)

    def _money(self, page: "_Page", one: AnyEvent) -> None:
        symbol = symbol_of(one)
        trade_id = one.trade_id if isinstance(one, happened.Filled) else None
        for account, kind, asset, amount, info in moves(one):
            self._income.add(
                account,
                IncomeRecord(
                    page.next_id(), account, symbol, kind, asset, amount, page.at_ms, info, trade_id
                ),
            )

    def _accepted(self, page: "_Page", one: happened.OrderAccepted) -> None:
        held = self._held_of(one.order.account, one.order.symbol)
        self._orders.accepted(page.at_ms, one, held)

    def _triggered(self, page: "_Page", one: happened.OrderTriggered) -> None:
        self._orders.triggered(page.at_ms, one)

    def _resized(self, page: "_Page", one: happened.OrderResized) -> None:
        self._orders.resized(page.at_ms, one)

    def _amended(self, page: "_Page", one: happened.OrderAmended) -> None:
        self._orders.amended(page.at_ms, one)

    def _gone(self, page: "_Page", one: happened.OrderGone) -> None:
        self._orders.gone(page.at_ms, one)

    def _filled(self, page: "_Page", one: happened.Filled) -> None:
        self._hold(one.account, one.symbol, one.position.size)
        self._orders.filled(page.at_ms, one)
        market = self._market(one.symbol)
        trade = trade_record(one, market.instrument, page.at_ms)
        self._trades.add(one.account, trade)
        if is_forced(one):
            is_deleveraging = (one.trade_id, one.account) in page.deleveraged_in
            self._forced.add(one.account, ForcedRecord(trade, is_deleveraging))
        if one.why == "adl":
            self._deleveraged_by(page, one)
        if not one.is_maker:
            page.taker = one
        elif page.taker is not None and page.taker.trade_id == one.trade_id:
            # Both sides of a trade in the book; what is handed over off it has no maker.
            market.trade(page.at_ms, page.entry.sequence, page.taker)

    def _position_changed(self, page: "_Page", one: happened.PositionChanged) -> None:
        position = one.position
        self._hold(one.account, position.symbol, position.size)
        asked = page.entry.decoded_command() if one.why == "margin" else None
        if isinstance(asked, MoveMargin):
            settle = self._market(position.symbol).instrument.settle
            self._margin_changes.add(
                one.account,
                MarginChangeRecord(
                    id=page.next_id(),
                    account=one.account,
                    symbol=position.symbol,
                    position_side=one.side,
                    amount=asked.amount,
                    asset=settle,
                    at_ms=page.at_ms,
                ),
            )

    def _price_set(self, page: "_Page", one: happened.PriceSet) -> None:
        self._market(one.symbol).price(page.at_ms, one)

    def _funding_settled(self, page: "_Page", one: happened.FundingSettled) -> None:
        self._market(one.symbol).settle(one)

    def _liquidation(self, page: "_Page", one: happened.LiquidationStep) -> None:
        found = receipt(
            page.next_id(),
            page.entry.sequence,
            page.at_ms,
            one,
            page.before,
            self._rulebook.contracts,
        )
        self._liquidations.add(one.account, found)
        page.before = []

    def _deleveraged(self, page: "_Page", one: happened.Deleveraged) -> None:
        page.deleveraged = one

    def _deleveraged_by(self, page: "_Page", fill: happened.Filled) -> None:
        # What is said of winners names all of them, and the fills after it the bankrupt.
        said = page.deleveraged
        if said is None or fill.account in said.by_account:
            return
        found = deleveraging(page.next_id(), page.entry.sequence, page.at_ms, said, fill.account)
        self._deleveragings.add(found.account, found)
        page.deleveraged = None


def trade_record(fill: happened.Filled, instrument: Instrument, at_ms: int) -> TradeRecord:
    """Return an account's side of a trade."""
    return TradeRecord(
        id=fill.trade_id,
        order_id=fill.order_id,
        account=fill.account,
        symbol=fill.symbol,
        size=fill.size,
        price=fill.price,
        quote=notional(fill.size, fill.price, instrument),
        fee=fill.fee,
        fee_asset=instrument.settle,
        realised_pnl=fill.realised_pnl,
        is_maker=fill.is_maker,
        position_side=fill.side,
        at_ms=at_ms,
        why=fill.why,
    )


class _Page:
    """The record of the journal that is being taken in.

    Attributes
    ----------
    before : its events so far, since the last receipt.
    taker : the last fill that was nobody's resting order.
    deleveraged : what was said of winners whose fills come now.
    deleveraged_in : who was made to close, by trade and account.
    """

    def __init__(self, entry: Entry, deleveraged_in: frozenset[tuple[int, str]]) -> None:
        self.entry, self.at_ms = entry, entry.at_ms
        self.deleveraged_in = deleveraged_in
        self.before: list[AnyEvent] = []
        self.taker: happened.Filled | None = None
        self.deleveraged: happened.Deleveraged | None = None
        self._count = 0

    def next_id(self) -> int:
        self._count += 1
        return self.entry.sequence * IDS_PER_ENTRY + self._count


NOTES: dict[type, Callable[[History, _Page, Any], None]] = {
    happened.OrderAccepted: History._accepted,
    happened.OrderTriggered: History._triggered,
    happened.OrderResized: History._resized,
    happened.OrderAmended: History._amended,
    happened.OrderGone: History._gone,
    happened.Filled: History._filled,
    happened.PositionChanged: History._position_changed,
    happened.PriceSet: History._price_set,
    happened.FundingSettled: History._funding_settled,
    happened.LiquidationStep: History._liquidation,
    happened.Deleveraged: History._deleveraged,
}
"""What is remembered of an event besides its money."""
