"""What is told by the beat: books, candles, tickers and marks as they are now, if they are new."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from crossmargin.api.binance import market, market_events
from crossmargin.api.binance.desk import Desk
from crossmargin.api.binance.stream_names import Kind, Stream
from crossmargin.api.binance.symbols import listed
from crossmargin.history.records import CandleRecord, TickerRecord

BEATS_OF_KLINES = 3
BEATS_OF_SECOND = 10
BEATS_OF_MARKS = 30
"""How many beats apart candles, tickers and fast marks, and slow marks are told: Binance's 250
milliseconds, second and three seconds, in tenths of a second."""
Told: TypeAlias = tuple[list[Stream], object]


class Beat:
    """What was told last, so that it is not told again."""

    def __init__(self, desk: Desk) -> None:
        """Tell of `desk`'s venue."""
        self._desk = desk
        self._count = 0
        self._last: dict[Stream, dict[str, object]] = {}
        self._candle: dict[Stream, CandleRecord] = {}

    def forget(self, stream: Stream) -> None:
        """Forget what was told of a stream that nobody listens to any more."""
        self._last.pop(stream, None)
        self._candle.pop(stream, None)

    def told(self, streams: Sequence[Stream]) -> Iterator[Told]:
        """Yield what this beat tells, with the streams it is for."""
        self._count += 1
        there = [one for one in streams if not one.symbol or one.symbol in self._desk.state.symbols]
        yield from self._books(there)
        if self._count % BEATS_OF_KLINES == 0:
            for stream in there:
                if stream.kind is Kind.KLINE:
                    yield from self._candles(stream)
        if self._count % BEATS_OF_SECOND == 0:
            yield from self._tickers(there)
            yield from self._asset_index(there)
        for stream in there:
            if stream.kind is Kind.MARK_PRICE:
                yield from self._marks(stream)

    def _books(self, streams: Sequence[Stream]) -> Iterator[Told]:
        state, now_ms = self._desk.state, self._desk.service.now_ms()
        by_symbol: dict[str, list[Stream]] = {}
        for stream in streams:
            if stream.kind is Kind.DEPTH:
                by_symbol.setdefault(stream.symbol, []).append(stream)
            elif stream.kind is Kind.TOP:
                yield from self._top(stream)
        for symbol, heard in by_symbol.items():
            # From here on, where it had no price yet when somebody subscribed.
            self._desk.books.watch(symbol, state)
            found = self._desk.books.change(symbol, state)
            if found is not None:
                yield heard, market_events.change(symbol, found, now_ms)

    def _top(self, stream: Stream) -> Iterator[Told]:
        sides = self._desk.state.symbol(stream.symbol).book.depth(int(stream.detail))
        if self._is_new(stream, "", sides):
            number = self._desk.books.last_id(stream.symbol)
            numbers = number, number, number
            now_ms = self._desk.service.now_ms()
            yield [stream], market_events.depth(stream.symbol, numbers, sides, now_ms)

    def _candles(self, stream: Stream) -> Iterator[Told]:
        before = self._candle.get(stream)
        from_ms = 0 if before is None else before.open_ms
        found = self._desk.history.candles(stream.symbol, stream.detail, from_ms=from_ms)
        if not found or found[-1] == before:
            return
        now_ms, last = self._desk.service.now_ms(), found[-1]
        self._candle[stream] = last
        is_over = () if before is None else found[:-1]
        for one in (*is_over, last):
            yield (
                [stream],
                market_events.kline(
                    stream.symbol, stream.detail, one, now_ms, is_over=one is not last
                ),
            )

    def _tickers(self, streams: Sequence[Stream]) -> Iterator[Told]:
        now_ms = self._desk.service.now_ms()
        shapes = {Kind.MINI_TICKER: market_events.mini_ticker, Kind.TICKER: market_events.ticker}
        for stream in streams:
            shape = shapes.get(stream.kind)
            if shape is None:
                continue
            symbols = [stream.symbol] if stream.symbol else listed(self._desk.state)
            found = [self._ticker(stream, symbol) for symbol in symbols]
            bodies = [shape(one, now_ms) for one in found if one is not None]
            if bodies:
                yield [stream], bodies[0] if stream.symbol else bodies

    def _ticker(self, stream: Stream, symbol: str) -> TickerRecord | None:
        found = self._desk.history.ticker(symbol)
        if found is None:
            return None
        is_new = self._is_new(stream, symbol, (found.last, found.open, found.volume, found.trades))
        return found if is_new else None

    def _is_new(self, stream: Stream, symbol: str, value: object) -> bool:
        # Whether something is other than when it was last told; it is remembered.
        last = self._last.setdefault(stream, {})
        if last.get(symbol) == value:
            return False
        last[symbol] = value
        return True

    def _marks(self, stream: Stream) -> Iterator[Told]:
        pace = BEATS_OF_SECOND if stream.detail else BEATS_OF_MARKS
        if self._count % pace:
            return
        now_ms = self._desk.service.now_ms()
        symbols = [stream.symbol] if stream.symbol else listed(self._desk.state)
        bodies = [
            market_events.mark_price(market.premium_of(self._desk, symbol), now_ms)
            for symbol in symbols
        ]
        yield [stream], bodies[0] if stream.symbol else bodies

    def _asset_index(self, streams: Sequence[Stream]) -> Iterator[Told]:
        heard = [one for one in streams if one.kind is Kind.ASSET_INDEX]
        if heard:
            rows = market.asset_rows(self._desk)
            yield heard, [market_events.asset_index(row) for row in rows.values()]
