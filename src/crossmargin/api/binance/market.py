"""What everybody may ask of a market: its book, trades, candles, prices and funding.

Lists are given for all listed symbols where no symbol is named, as Binance has it. Volumes are
those of the venue's own book, where nobody but its makers and its accounts trade.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from crossmargin.api.binance import market_shapes as shapes
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.exchange_info import assets, exchange_info
from crossmargin.api.binance.params import Params, required
from crossmargin.api.binance.rate_limits import rate_limits
from crossmargin.api.binance.symbols import contract_named, listed
from crossmargin.api.binance.times import part
from crossmargin.history.candles import INTERVALS
from crossmargin.history.market import PriceSource
from crossmargin.margin.collateral import rates
from crossmargin.money import ZERO, plain

DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)
DEPTH_DEFAULT = 500
KLINES_MAX = 1500


async def ping(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/ping`."""
    return {}


async def server_time(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/time`: the machine's, which signatures are judged by."""
    return {"serverTime": desk.service.wall_ms()}


async def info(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/exchangeInfo`."""
    limits = rate_limits(desk.context.gate.rates)
    return exchange_info(desk.state, desk.service.wall_ms(), limits)


async def depth(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/depth`; `lastUpdateId` lines up with the stream of changes."""
    symbol = _symbol(desk, request.params)
    limit = request.params.integer("limit") or DEPTH_DEFAULT
    if limit not in DEPTH_LIMITS:
        raise DialectError(-4021, str(limit))
    bids, asks = desk.state.symbols[symbol].book.depth(limit)
    now_ms = desk.service.now_ms()
    return {
        "lastUpdateId": desk.books.snapshot_id(symbol),
        "E": now_ms,
        "T": now_ms,
        "bids": shapes.levels(bids),
        "asks": shapes.levels(asks),
    }


async def trades(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/trades` and `GET /fapi/v1/historicalTrades`."""
    records = desk.history.market_trades(_symbol(desk, request.params))
    found = part(request.params, records, lambda one: one.at_ms, lambda one: one.id)
    return [shapes.market_trade(one) for one in found]


async def aggregate_trades(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/aggTrades`."""
    records = desk.history.aggregate_trades(_symbol(desk, request.params))
    found = part(request.params, records, lambda one: one.at_ms, lambda one: one.id)
    return [shapes.aggregate_trade(one) for one in found]


async def klines(desk: Desk, request: Request) -> list[list[Any]]:
    """Answer `GET /fapi/v1/klines`."""
    return _klines(desk, request.params, "symbol", PriceSource.LAST)


async def mark_klines(desk: Desk, request: Request) -> list[list[Any]]:
    """Answer `GET /fapi/v1/markPriceKlines`."""
    return _klines(desk, request.params, "symbol", PriceSource.MARK)


async def index_klines(desk: Desk, request: Request) -> list[list[Any]]:
    """Answer `GET /fapi/v1/indexPriceKlines`."""
    return _klines(desk, request.params, "pair", PriceSource.INDEX)


async def ticker(desk: Desk, request: Request) -> object:
    """Answer `GET /fapi/v1/ticker/24hr`."""
    return _one_or_all(desk, request.params, lambda symbol: shapes.day(desk.history.ticker(symbol)))


async def prices(desk: Desk, request: Request) -> object:
    """Answer `GET /fapi/v1/ticker/price` and `GET /fapi/v2/ticker/price`."""
    now_ms = desk.service.now_ms()

    def price(symbol: str) -> dict[str, Any] | None:
        last = desk.state.symbols[symbol].last
        return None if last is None else {"symbol": symbol, "price": plain(last), "time": now_ms}

    return _one_or_all(desk, request.params, price)


async def book_ticker(desk: Desk, request: Request) -> object:
    """Answer `GET /fapi/v1/ticker/bookTicker`."""
    now_ms = desk.service.now_ms()

    def best(symbol: str) -> dict[str, Any]:
        (bid, bid_size), (ask, ask_size) = shapes.best(desk.state.symbols[symbol].book)
        return {
            "symbol": symbol,
            "bidPrice": plain(bid),
            "bidQty": plain(bid_size),
            "askPrice": plain(ask),
            "askQty": plain(ask_size),
            "time": now_ms,
            "lastUpdateId": desk.books.snapshot_id(symbol),
        }

    return _one_or_all(desk, request.params, best)


async def premium_index(desk: Desk, request: Request) -> object:
    """Answer `GET /fapi/v1/premiumIndex`."""
    return _one_or_all(desk, request.params, lambda symbol: premium_of(desk, symbol))


def premium_of(desk: Desk, symbol: str) -> dict[str, Any]:
    """Return a market's mark and index, and what it last paid."""
    market, funding = desk.state.symbols[symbol], desk.state.rulebook.funding
    now_ms = desk.service.now_ms()
    mark, index = market.mark or ZERO, market.index or ZERO
    return {
        "symbol": symbol,
        "markPrice": plain(mark),
        "indexPrice": plain(index),
        "estimatedSettlePrice": plain(index),
        "lastFundingRate": plain(last_funding_rate(desk, symbol)),
        "interestRate": plain(funding.interest_rate),
        "nextFundingTime": next_funding_ms(desk),
        "time": now_ms,
    }


def last_funding_rate(desk: Desk, symbol: str) -> Decimal:
    """Return the rate that was last paid in a market; zero where there was none yet."""
    paid = (one.rate for one in reversed(desk.history.funding(symbol)) if one.rate is not None)
    return next(paid, ZERO)


def next_funding_ms(desk: Desk) -> int:
    """Return when funding is due next, in the venue's time."""
    interval_ms = desk.state.rulebook.funding.interval_ms
    return (desk.service.now_ms() // interval_ms + 1) * interval_ms


async def funding_rate(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/fundingRate`."""
    wanted = request.params.optional("symbol")
    symbols = listed(desk.state) if wanted is None else [_symbol(desk, request.params)]
    records = [
        one for symbol in symbols for one in desk.history.funding(symbol) if one.rate is not None
    ]
    records.sort(key=lambda one: one.at_ms)
    return [
        {
            "symbol": one.symbol,
            "fundingRate": plain(one.rate or ZERO),
            "fundingTime": one.at_ms,
            "markPrice": plain(one.mark or ZERO),
        }
        for one in part(request.params, records, lambda one: one.at_ms, default=100)
    ]


async def funding_info(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/fundingInfo`."""
    return [shapes.funding_info(desk.state.rulebook, symbol) for symbol in listed(desk.state)]


async def open_interest(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /fapi/v1/openInterest`."""
    symbol = _symbol(desk, request.params)
    size = desk.state.symbols[symbol].open_interest
    return {"symbol": symbol, "openInterest": plain(size), "time": desk.service.now_ms()}


async def open_interest_history(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /futures/data/openInterestHist` with what is open now: no past is kept."""
    symbol = _symbol(desk, request.params)
    market = desk.state.symbols[symbol]
    return [
        {
            "symbol": symbol,
            "sumOpenInterest": plain(market.open_interest),
            "sumOpenInterestValue": plain(market.open_interest * (market.mark or ZERO)),
            "timestamp": desk.service.now_ms(),
        }
    ]


async def asset_index(desk: Desk, request: Request) -> object:
    """Answer `GET /fapi/v1/assetIndex`: what collateral counts for in multi-assets mode."""
    found, wanted = asset_rows(desk), request.params.optional("symbol")
    if wanted is None:
        return list(found.values())
    if wanted not in found:
        raise DialectError(-1121)
    return found[wanted]


def asset_rows(desk: Desk) -> dict[str, dict[str, Any]]:
    """Return what each collateral asset counts for, by the name of its index."""
    rulebook, found = desk.state.rulebook, {}
    for asset in assets(desk.state):
        collateral, price = rulebook.collateral.get(asset), desk.state.asset_prices.get(asset)
        if collateral is not None and price is not None:
            converted = rates(price, collateral)
            row = shapes.asset_index(asset, price, collateral, converted, desk.service.now_ms())
            found[row["symbol"]] = row
    return found


async def rate_limit(desk: Desk, request: Request) -> list[dict[str, Any]]:
    """Answer `GET /fapi/v1/rateLimit/order`."""
    return [one for one in rate_limits(desk.context.gate.rates) if one["rateLimitType"] == "ORDERS"]


def _symbol(desk: Desk, params: Params, name: str = "symbol") -> str:
    return contract_named(desk.state, params.text(name)).instrument.symbol


def _klines(desk: Desk, params: Params, name: str, source: PriceSource) -> list[list[Any]]:
    symbol = _symbol(desk, params, name)
    names = {one: one for one in INTERVALS}
    interval = required(params.choice("interval", names, -1120), "interval")
    found = desk.history.candles(symbol, interval, source)
    return [
        shapes.kline(one) for one in part(params, found, lambda one: one.open_ms, most=KLINES_MAX)
    ]


def _one_or_all(
    desk: Desk, params: Params, row: Callable[[str], dict[str, Any] | None]
) -> dict[str, Any] | list[dict[str, Any]]:
    if params.optional("symbol") is not None:
        found = row(_symbol(desk, params))
        if found is None:
            raise DialectError(-1121)
        return found
    rows = (row(symbol) for symbol in listed(desk.state))
    return [one for one in rows if one is not None]
