"""What everybody is told of markets, in Binance's words; times are the venue's."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from crossmargin.api.binance import market_shapes
from crossmargin.api.binance.book_changes import Change
from crossmargin.api.binance.shapes import average, side_of
from crossmargin.history.records import CandleRecord, TickerRecord
from crossmargin.money import ZERO, plain
from crossmargin.venue.book import Level
from crossmargin.venue.event import AnyEvent, Filled


def book_trades(events: Sequence[AnyEvent]) -> list[Filled]:
    """Return the trades in a record, each as its taker saw it; those off the book are none."""
    found: list[Filled] = []
    taker: Filled | None = None
    for one in events:
        if not isinstance(one, Filled):
            continue
        if not one.is_maker:
            taker = one
        elif taker is not None and taker.trade_id == one.trade_id:
            found.append(taker)
    return found


def trade(taker: Filled, at_ms: int) -> dict[str, Any]:
    """Return one trade."""
    return {
        "e": "trade",
        "E": at_ms,
        "T": at_ms,
        "s": taker.symbol,
        "t": taker.trade_id,
        "p": plain(taker.price),
        "q": plain(abs(taker.size)),
        "X": "MARKET",
        "m": taker.size < 0,
    }


def aggregates(takers: Sequence[Filled], at_ms: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield symbols, each with what one incoming order traded at one price."""
    groups: list[list[Filled]] = []
    for one in takers:
        last = groups[-1][-1] if groups else None
        if last is not None and _key(last) == _key(one):
            groups[-1].append(one)
        else:
            groups.append([one])
    for group in groups:
        first, last = group[0], group[-1]
        size = sum((one.size for one in group), ZERO)
        body = {
            "e": "aggTrade",
            "E": at_ms,
            "s": first.symbol,
            "a": first.trade_id,
            "p": plain(first.price),
            "q": plain(abs(size)),
            "f": first.trade_id,
            "l": last.trade_id,
            "T": at_ms,
            "m": size < 0,
        }
        yield first.symbol, body


def forced(events: Sequence[AnyEvent], at_ms: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield symbols, each with what a liquidation bought or sold in a record."""
    sums: dict[tuple[str, str, bool], tuple[Decimal, Decimal]] = {}
    for one in events:
        if isinstance(one, Filled) and one.order_id is None and one.why == "liquidation":
            key = one.account, one.symbol, one.size > 0
            size, cost = sums.get(key, (ZERO, ZERO))
            sums[key] = size + one.size, cost + abs(one.size) * one.price
    for (_, symbol, _), (size, cost) in sums.items():
        amount = plain(abs(size))
        price = plain(average(cost, size))
        order = {
            "s": symbol,
            "S": side_of(size).name,
            "o": "LIMIT",
            "f": "IOC",
            "q": amount,
            "p": price,
            "ap": price,
            "X": "FILLED",
            "l": amount,
            "z": amount,
            "T": at_ms,
        }
        yield symbol, {"e": "forceOrder", "E": at_ms, "o": order}


def depth(
    symbol: str,
    numbers: tuple[int, int, int],
    sides: tuple[Sequence[Level], Sequence[Level]],
    at_ms: int,
) -> dict[str, Any]:
    """Return what is different in a book, or its top; `numbers` are U, u and pu."""
    first, last, previous = numbers
    return {
        "e": "depthUpdate",
        "E": at_ms,
        "T": at_ms,
        "s": symbol,
        "U": first,
        "u": last,
        "pu": previous,
        "b": market_shapes.levels(sides[0]),
        "a": market_shapes.levels(sides[1]),
    }


def change(symbol: str, one: Change, at_ms: int) -> dict[str, Any]:
    """Return what is different in a book."""
    return depth(symbol, (one.first, one.last, one.previous), (one.bids, one.asks), at_ms)


def best(symbol: str, bid: Level, ask: Level, number: int, at_ms: int) -> dict[str, Any]:
    """Return the best bid and ask."""
    return {
        "e": "bookTicker",
        "u": number,
        "E": at_ms,
        "T": at_ms,
        "s": symbol,
        "b": plain(bid[0]),
        "B": plain(bid[1]),
        "a": plain(ask[0]),
        "A": plain(ask[1]),
    }


def kline(
    symbol: str, interval: str, one: CandleRecord, at_ms: int, *, is_over: bool
) -> dict[str, Any]:
    """Return a candle."""
    return {
        "e": "kline",
        "E": at_ms,
        "s": symbol,
        "k": {
            "t": one.open_ms,
            "T": one.close_ms,
            "s": symbol,
            "i": interval,
            "f": -1,
            "L": -1,
            "o": plain(one.open),
            "c": plain(one.close),
            "h": plain(one.high),
            "l": plain(one.low),
            "v": plain(one.volume),
            "n": one.trades,
            "x": is_over,
            "q": plain(one.quote_volume),
            "V": plain(one.taker_buy_volume),
            "Q": plain(one.taker_buy_quote),
            "B": "0",
        },
    }


def mini_ticker(one: TickerRecord, at_ms: int) -> dict[str, Any]:
    """Return a market's last 24 hours, in short."""
    return {
        "e": "24hrMiniTicker",
        "E": at_ms,
        "s": one.symbol,
        "c": plain(one.last),
        "o": plain(one.open),
        "h": plain(one.high),
        "l": plain(one.low),
        "v": plain(one.volume),
        "q": plain(one.quote_volume),
    }


def ticker(one: TickerRecord, at_ms: int) -> dict[str, Any]:
    """Return a market's last 24 hours."""
    changed, percent, paid = market_shapes.changes(one)
    return {
        **mini_ticker(one, at_ms),
        "e": "24hrTicker",
        "p": plain(changed),
        "P": plain(percent),
        "w": plain(paid),
        "Q": plain(one.last_size or ZERO),
        "O": one.open_ms,
        "C": one.close_ms,
        "F": market_shapes.first_id(one),
        "L": market_shapes.last_id(one),
        "n": one.trades,
    }


def mark_price(premium: dict[str, Any], at_ms: int) -> dict[str, Any]:
    """Return a market's mark and index, made of the answer to `premiumIndex`."""
    return {
        "e": "markPriceUpdate",
        "E": at_ms,
        "s": premium["symbol"],
        "p": premium["markPrice"],
        "ap": premium["markPrice"],
        "i": premium["indexPrice"],
        "P": premium["estimatedSettlePrice"],
        "r": premium["lastFundingRate"],
        "T": premium["nextFundingTime"],
    }


def asset_index(row: dict[str, Any]) -> dict[str, Any]:
    """Return what collateral counts for, made of a row of the answer to `assetIndex`."""
    return {
        "e": "assetIndexUpdate",
        "E": row["time"],
        "s": row["symbol"],
        "i": row["index"],
        "b": row["bidBuffer"],
        "a": row["askBuffer"],
        "B": row["bidRate"],
        "A": row["askRate"],
        "q": row["autoExchangeBidBuffer"],
        "g": row["autoExchangeAskBuffer"],
        "Q": row["autoExchangeBidRate"],
        "G": row["autoExchangeAskRate"],
    }


def _key(one: Filled) -> tuple[str, str, int | None, Decimal, bool]:
    return one.symbol, one.account, one.order_id, one.price, one.size > 0
