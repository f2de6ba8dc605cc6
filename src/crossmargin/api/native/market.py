"""Markets: what is traded, at what prices, and what was; open to everybody."""

from typing import Any

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from crossmargin.api.context import Context
from crossmargin.api.native.answers import BookView, PricesView, SymbolView, TimeView
from crossmargin.api.native.asking import instrument_of
from crossmargin.api.native.parameters import IntervalQuery, LevelsQuery, LimitQuery, SymbolPath
from crossmargin.api.native.route import reads
from crossmargin.api.problem import Problem
from crossmargin.history.market import PriceSource
from crossmargin.history.records import (
    CandleRecord,
    FundingRecord,
    MarketTradeRecord,
    TickerRecord,
)
from crossmargin.venue.filters import filters_of
from crossmargin.venue.state import State

Asking = Request[Any, Any, Any]


def now(context: Context) -> list[HTTPRouteHandler]:
    """Return what is true now."""
    service = context.service

    @reads("/time", None)
    async def read_time() -> TimeView:
        """Return the venue's time and the machine's."""
        return TimeView(
            service.now_ms(), service.wall_ms(), context.history.sequence, service.halted
        )

    @reads("/symbols", None)
    async def list_symbols() -> list[SymbolView]:
        """Return what is traded: all symbols that have had a price."""
        state = service.state
        return [symbol_view(state, name) for name in state.symbols if is_traded(state, name)]

    @reads("/symbols/{symbol:str}", None)
    async def read_symbol(symbol: SymbolPath) -> SymbolView:
        """Return one symbol."""
        instrument_of(context, symbol)
        return symbol_view(service.state, symbol)

    @reads("/prices", None)
    async def list_prices() -> list[PricesView]:
        """Return the prices of all symbols."""
        state = service.state
        return [prices_view(state, name) for name in state.symbols if is_traded(state, name)]

    @reads("/symbols/{symbol:str}/prices", None)
    async def read_prices(symbol: SymbolPath) -> PricesView:
        """Return index, mark and last price, and whether they may be acted upon."""
        instrument_of(context, symbol)
        return prices_view(service.state, symbol)

    @reads("/symbols/{symbol:str}/book", None, "levels")
    async def read_book(
        symbol: SymbolPath,
        levels: LevelsQuery = 20,
    ) -> BookView:
        """Return the order book by level, best first."""
        instrument_of(context, symbol)
        return book_view(context, symbol, levels)

    return [read_time, list_symbols, read_symbol, list_prices, read_prices, read_book]


def past(context: Context) -> list[HTTPRouteHandler]:
    """Return what was, oldest first."""
    history = context.history

    @reads("/symbols/{symbol:str}/trades", None, "limit")
    async def list_market_trades(
        symbol: SymbolPath, limit: LimitQuery = 100
    ) -> list[MarketTradeRecord]:
        """Return the trades in the book."""
        instrument_of(context, symbol)
        return [*history.market_trades(symbol)[-limit:]]

    @reads("/symbols/{symbol:str}/candles", None, "interval", "source", "limit", weight=2)
    async def list_candles(
        symbol: SymbolPath,
        interval: IntervalQuery = "1m",
        source: FromQuery[PriceSource] = PriceSource.LAST,
        limit: LimitQuery = 100,
    ) -> list[CandleRecord]:
        """Return candles, the last one still open."""
        instrument_of(context, symbol)
        return [*history.candles(symbol, interval, source)[-limit:]]

    @reads("/symbols/{symbol:str}/ticker", None)
    async def read_ticker(symbol: SymbolPath) -> TickerRecord:
        """Return the last 24 hours."""
        instrument_of(context, symbol)
        found = history.ticker(symbol)
        if found is None:
            raise Problem(404, "no-prices", f"{symbol} has had no last price", where="path")
        return found

    @reads("/symbols/{symbol:str}/funding", None, "limit")
    async def list_funding(symbol: SymbolPath, limit: LimitQuery = 100) -> list[FundingRecord]:
        """Return funding times."""
        instrument_of(context, symbol)
        return [*history.funding(symbol)[-limit:]]

    return [list_market_trades, list_candles, read_ticker, list_funding]


def is_traded(state: State, name: str) -> bool:
    """Return whether a symbol is the rulebook's."""
    return name in state.rulebook.contracts


def symbol_view(state: State, name: str) -> SymbolView:
    """Return what is traded under a symbol."""
    contract = state.rulebook.contracts[name]
    instrument = contract.instrument
    filters = filters_of(state, instrument)
    return SymbolView(
        symbol=name,
        kind=instrument.kind,
        settle=instrument.settle,
        base=instrument.base,
        multiplier=instrument.multiplier,
        tick=filters.tick,
        lot=filters.lot,
        notional_min=filters.notional_min,
        band_fraction=filters.band_fraction,
        leverage_max=contract.tiers.pieces[0].leverage_max if contract.tiers else None,
    )


def prices_view(state: State, name: str) -> PricesView:
    """Return a symbol's prices."""
    one = state.symbol(name)
    return PricesView(
        name, one.index, one.mark, one.last, one.breaker, one.open_interest, one.funding_at_ms
    )


def book_view(context: Context, name: str, levels: int) -> BookView:
    """Return a symbol's book."""
    bids, asks = context.service.state.symbol(name).book.depth(levels)
    return BookView(name, context.history.sequence, [*map(list, bids)], [*map(list, asks)])
