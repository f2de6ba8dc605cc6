"""Books, trades, candles and tickers in Binance's words; decimals are strings."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from crossmargin.durations import HOUR_MS
from crossmargin.history.records import (
    AggregateTradeRecord,
    CandleRecord,
    MarketTradeRecord,
    TickerRecord,
)
from crossmargin.margin.collateral import Rates
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain, quotient_down
from crossmargin.rulebooks.schema import Collateral, Rulebook
from crossmargin.venue.book import Book, Level


def levels(side: Iterable[Level]) -> list[list[str]]:
    """Return one side of a book."""
    return [[plain(price), plain(size)] for price, size in side]


def best(book: Book) -> tuple[Level, Level]:
    """Return the best bid and ask; zeros where there is none."""
    bids, asks = book.depth(1)
    nothing = (ZERO, ZERO)
    return (bids[0] if bids else nothing), (asks[0] if asks else nothing)


def market_trade(one: MarketTradeRecord) -> dict[str, Any]:
    """Return a trade."""
    return {
        "id": one.id,
        "price": plain(one.price),
        "qty": plain(abs(one.size)),
        "quoteQty": plain(one.quote),
        "time": one.at_ms,
        "isBuyerMaker": one.is_buyer_maker,
    }


def aggregate_trade(one: AggregateTradeRecord) -> dict[str, Any]:
    """Return what one incoming order traded at one price."""
    return {
        "a": one.id,
        "p": plain(one.price),
        "q": plain(abs(one.size)),
        "f": one.first_id,
        "l": one.last_id,
        "T": one.at_ms,
        "m": one.is_buyer_maker,
    }


def kline(one: CandleRecord) -> list[Any]:
    """Return a candle."""
    return [
        one.open_ms,
        plain(one.open),
        plain(one.high),
        plain(one.low),
        plain(one.close),
        plain(one.volume),
        one.close_ms,
        plain(one.quote_volume),
        one.trades,
        plain(one.taker_buy_volume),
        plain(one.taker_buy_quote),
        "0",
    ]


def day(one: TickerRecord | None) -> dict[str, Any] | None:
    """Return a market's last 24 hours; None where it has had no price."""
    if one is None:
        return None
    change, percent, average = changes(one)
    return {
        "symbol": one.symbol,
        "priceChange": plain(change),
        "priceChangePercent": plain(percent),
        "weightedAvgPrice": plain(average),
        "lastPrice": plain(one.last),
        "lastQty": plain(one.last_size or ZERO),
        "openPrice": plain(one.open),
        "highPrice": plain(one.high),
        "lowPrice": plain(one.low),
        "volume": plain(one.volume),
        "quoteVolume": plain(one.quote_volume),
        "openTime": one.open_ms,
        "closeTime": one.close_ms,
        "firstId": first_id(one),
        "lastId": last_id(one),
        "count": one.trades,
    }


def first_id(one: TickerRecord) -> int:
    """Return the first trade's id, -1 where there was none, as Binance says it."""
    return -1 if one.first_id is None else one.first_id


def last_id(one: TickerRecord) -> int:
    """Return the last trade's id, -1 where there was none."""
    return -1 if one.last_id is None else one.last_id


def changes(one: TickerRecord) -> tuple[Decimal, Decimal, Decimal]:
    """Return by how much the price has changed, by how many per cent, and the average paid.

    The last is the last price where nothing was traded; quotients are cut at 8 places.
    """
    change = one.last - one.open
    percent = down_to(EIGHT_PLACES, quotient_down(change * 100, one.open))
    average = one.last
    if one.volume:
        average = down_to(EIGHT_PLACES, quotient_down(one.quote_volume, one.volume))
    return change, percent, average


def funding_info(rulebook: Rulebook, symbol: str) -> dict[str, Any]:
    """Return a symbol's funding interval, and how high its rate may be."""
    rules, tiers = rulebook.funding, rulebook.contracts[symbol].tiers
    caps = [] if rules.cap_rate is None else [rules.cap_rate]
    if rules.cap_multiple is not None and tiers is not None:
        caps.append(rules.cap_multiple * tiers.pieces[0].rate)
    cap = min(caps, default=Decimal(1))
    return {
        "symbol": symbol,
        "adjustedFundingRateCap": plain(cap),
        "adjustedFundingRateFloor": plain(-cap),
        "fundingIntervalHours": rules.interval_ms // HOUR_MS,
        "disclaimer": False,
    }


def asset_index(
    asset: str, price: Decimal, collateral: Collateral, converted: Rates, now_ms: int
) -> dict[str, Any]:
    """Return what a collateral asset counts for."""
    exchange_bid = _known(collateral.exchange_bid_buffer, collateral.bid_buffer)
    exchange_ask = _known(collateral.exchange_ask_buffer, collateral.ask_buffer)
    return {
        "symbol": f"{asset}USD",
        "time": now_ms,
        "index": plain(price),
        "bidBuffer": plain(collateral.bid_buffer),
        "askBuffer": plain(collateral.ask_buffer),
        "bidRate": plain(converted.bid),
        "askRate": plain(converted.ask),
        "autoExchangeBidBuffer": plain(exchange_bid),
        "autoExchangeAskBuffer": plain(exchange_ask),
        "autoExchangeBidRate": plain(price * (1 - exchange_bid)),
        "autoExchangeAskRate": plain(price * (1 + exchange_ask)),
    }


def _known(buffer: Decimal | None, otherwise: Decimal) -> Decimal:
    # Where no buffer of its own is published, what is exchanged counts as what is held.
    return otherwise if buffer is None else buffer
