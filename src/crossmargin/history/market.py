"""What has happened in one market, as everybody sees it: prices, trades, funding."""

from collections import deque
from decimal import Decimal
from enum import StrEnum

from msgspec.structs import replace

from crossmargin.durations import DAY_MS
from crossmargin.history.candles import CandleSeries
from crossmargin.history.horizon import Horizon
from crossmargin.history.records import (
    AggregateTradeRecord,
    CandleRecord,
    FundingRecord,
    MarketTradeRecord,
    TickerRecord,
)
from crossmargin.margin.pnl import notional
from crossmargin.model.instrument import Instrument
from crossmargin.venue.event import Filled, FundingSettled, PriceSet


class PriceSource(StrEnum):
    """Which price of a market candles are made of."""

    LAST = "last"
    MARK = "mark"
    INDEX = "index"


class MarketHistory:
    """One market.

    Attributes
    ----------
    trades, aggregates, funding : oldest first.
    """

    def __init__(self, instrument: Instrument, horizon: Horizon) -> None:
        """Start with nothing."""
        self.instrument = instrument
        self._series = {source: CandleSeries(horizon.candles_max) for source in PriceSource}
        self.trades: deque[MarketTradeRecord] = deque(maxlen=horizon.market_max)
        self.aggregates: deque[AggregateTradeRecord] = deque(maxlen=horizon.market_max)
        self.funding: deque[FundingRecord] = deque(maxlen=horizon.market_max)
        self._taker: tuple[int, str, int | None, Decimal] | None = None

    def price(self, at_ms: int, seen: PriceSet) -> None:
        """Take prices in."""
        for source, price in (
            (PriceSource.LAST, seen.last),
            (PriceSource.MARK, seen.mark),
            (PriceSource.INDEX, seen.index),
        ):
            if price is not None:
                self._series[source].see(at_ms, price)

    def trade(self, at_ms: int, sequence: int, taker: Filled) -> None:
        """Take a trade in the book in, as its taker saw it."""
        size, price = taker.size, taker.price
        quote = notional(size, price, self.instrument)
        self._series[PriceSource.LAST].trade(at_ms, price, size, quote, taker.trade_id)
        self.trades.append(
            MarketTradeRecord(taker.trade_id, taker.symbol, price, size, quote, at_ms)
        )
        # One order comes in in one record, and has one size of each sign.
        key = (sequence, taker.account, taker.order_id, price)
        last = self.aggregates[-1] if self.aggregates else None
        if last is not None and key == self._taker and last.size * size > 0:
            self.aggregates[-1] = replace(last, size=last.size + size, last_id=taker.trade_id)
            return
        self._taker = key
        self.aggregates.append(
            AggregateTradeRecord(
                taker.trade_id, taker.symbol, price, size, taker.trade_id, taker.trade_id, at_ms
            )
        )

    def settle(self, settled: FundingSettled) -> None:
        """Take a funding time in."""
        self.funding.append(
            FundingRecord(settled.symbol, settled.rate, settled.mark, settled.at_ms)
        )

    def candles(
        self, interval: str, source: PriceSource, from_ms: int = 0
    ) -> tuple[CandleRecord, ...]:
        """Return candles that opened at `from_ms` or later, oldest first, the last still open.

        Raises
        ------
        KeyError
            If there is no such interval.
        """
        return self._series[source].records(interval, from_ms)

    def ticker(self, now_ms: int) -> TickerRecord | None:
        """Return the last 24 hours; None where there was no last price in them."""
        found = self._series[PriceSource.LAST].since(now_ms - DAY_MS)
        if found is None:
            return None
        return TickerRecord(
            symbol=self.instrument.symbol,
            open_ms=found.open_ms,
            close_ms=now_ms,
            open=found.open,
            high=found.high,
            low=found.low,
            last=found.close,
            last_size=abs(self.trades[-1].size) if self.trades else None,
            volume=found.volume,
            quote_volume=found.quote_volume,
            trades=found.trades,
            first_id=found.first_id,
            last_id=found.last_id,
        )
