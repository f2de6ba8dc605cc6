"""Which request is answered by whom, and what it takes to ask: the dialect's whole REST surface.

The table is what docs/reference/binance-dialect.md prints; a test compares the two.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from crossmargin.api.binance import (
    account,
    adl_rank,
    algo,
    batches,
    countdown_cancel,
    market,
    orders,
    positions,
    records,
    settings,
    startup,
    user_data,
)
from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.keys import Scope

Handler: TypeAlias = Callable[[Desk, Request], Awaitable[object]]


class Security(StrEnum):
    """What a request has to bring."""

    NONE = "none"
    KEY = "api-key"
    SIGNED = "signed"


class Route(Struct, frozen=True):
    """How a request is answered.

    Attributes
    ----------
    scope : what the key must be for, where there must be one.
    weight : how many tokens it takes.
    is_cancel : whether they are taken from the bucket of cancels.
    """

    handler: Handler
    security: Security = Security.NONE
    scope: Scope = Scope.READ
    weight: int = 1
    is_cancel: bool = False


def _public(handler: Handler, weight: int = 1) -> Route:
    return Route(handler, weight=weight)


def _read(handler: Handler, weight: int = 5) -> Route:
    return Route(handler, Security.SIGNED, weight=weight)


def _trade(handler: Handler, weight: int = 1) -> Route:
    return Route(handler, Security.SIGNED, Scope.TRADE, weight)


def _cancel(handler: Handler, weight: int = 1) -> Route:
    return Route(handler, Security.SIGNED, Scope.TRADE, weight, is_cancel=True)


def _listen(handler: Handler) -> Route:
    return Route(handler, Security.KEY)


ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/fapi/v1/ping"): _public(market.ping),
    ("GET", "/fapi/v1/time"): _public(market.server_time),
    ("GET", "/fapi/v1/exchangeInfo"): _public(market.info),
    ("GET", "/fapi/v1/depth"): _public(market.depth, 5),
    ("GET", "/fapi/v1/trades"): _public(market.trades, 5),
    ("GET", "/fapi/v1/historicalTrades"): Route(market.trades, Security.KEY, weight=20),
    ("GET", "/fapi/v1/aggTrades"): _public(market.aggregate_trades, 20),
    ("GET", "/fapi/v1/klines"): _public(market.klines, 5),
    ("GET", "/fapi/v1/markPriceKlines"): _public(market.mark_klines, 5),
    ("GET", "/fapi/v1/indexPriceKlines"): _public(market.index_klines, 5),
    ("GET", "/fapi/v1/ticker/24hr"): _public(market.ticker),
    ("GET", "/fapi/v1/ticker/price"): _public(market.prices),
    ("GET", "/fapi/v2/ticker/price"): _public(market.prices),
    ("GET", "/fapi/v1/ticker/bookTicker"): _public(market.book_ticker, 2),
    ("GET", "/fapi/v1/premiumIndex"): _public(market.premium_index),
    ("GET", "/fapi/v1/fundingRate"): _public(market.funding_rate),
    ("GET", "/fapi/v1/fundingInfo"): _public(market.funding_info),
    ("GET", "/fapi/v1/openInterest"): _public(market.open_interest),
    ("GET", "/futures/data/openInterestHist"): _public(market.open_interest_history),
    ("GET", "/fapi/v1/assetIndex"): _public(market.asset_index),
    ("GET", "/fapi/v1/rateLimit/order"): _read(market.rate_limit, 1),
    ("GET", "/fapi/v1/leverageBracket"): _read(settings.leverage_bracket, 1),
    ("GET", "/fapi/v2/account"): _read(account.account_v2),
    ("GET", "/fapi/v3/account"): _read(account.account_v3),
    ("GET", "/fapi/v2/balance"): _read(account.balance),
    ("GET", "/fapi/v3/balance"): _read(account.balance),
    ("GET", "/fapi/v1/accountConfig"): _read(account.account_config),
    ("GET", "/fapi/v1/symbolConfig"): _read(settings.symbol_config),
    ("GET", "/fapi/v1/commissionRate"): _read(settings.commission_rate),
    ("GET", "/fapi/v2/positionRisk"): _read(positions.position_risk_v2),
    ("GET", "/fapi/v3/positionRisk"): _read(positions.position_risk_v3),
    ("GET", "/fapi/v1/adlQuantile"): _read(adl_rank.adl_quantile),
    ("GET", "/fapi/v1/positionSide/dual"): _read(settings.position_mode),
    ("POST", "/fapi/v1/positionSide/dual"): _trade(settings.set_position_mode),
    ("GET", "/fapi/v1/multiAssetsMargin"): _read(settings.assets_mode),
    ("POST", "/fapi/v1/multiAssetsMargin"): _trade(settings.set_assets_mode),
    ("POST", "/fapi/v1/marginType"): _trade(settings.set_margin_type),
    ("POST", "/fapi/v1/leverage"): _trade(settings.set_leverage),
    ("POST", "/fapi/v1/positionMargin"): _trade(settings.move_margin),
    ("GET", "/fapi/v1/positionMargin/history"): _read(settings.margin_history, 1),
    ("POST", "/fapi/v1/order"): _trade(orders.place),
    ("POST", "/fapi/v1/order/test"): _trade(orders.place_test),
    ("PUT", "/fapi/v1/order"): _trade(orders.amend),
    ("GET", "/fapi/v1/order"): _read(orders.get, 1),
    ("DELETE", "/fapi/v1/order"): _cancel(orders.cancel),
    ("GET", "/fapi/v1/openOrder"): _read(orders.get_open, 1),
    ("GET", "/fapi/v1/openOrders"): _read(orders.open_orders, 1),
    ("GET", "/fapi/v1/allOrders"): _read(orders.all_orders),
    ("DELETE", "/fapi/v1/allOpenOrders"): _cancel(orders.cancel_all),
    ("POST", "/fapi/v1/batchOrders"): _trade(batches.place, 5),
    ("PUT", "/fapi/v1/batchOrders"): _trade(batches.amend, 5),
    ("DELETE", "/fapi/v1/batchOrders"): _cancel(batches.cancel),
    ("POST", "/fapi/v1/countdownCancelAll"): _cancel(countdown_cancel.countdown),
    ("POST", "/fapi/v1/algoOrder"): _trade(algo.place),
    ("GET", "/fapi/v1/algoOrder"): _read(algo.get, 1),
    ("DELETE", "/fapi/v1/algoOrder"): _cancel(algo.cancel),
    ("GET", "/fapi/v1/openAlgoOrders"): _read(algo.open_orders, 1),
    ("GET", "/fapi/v1/allAlgoOrders"): _read(algo.all_orders),
    ("DELETE", "/fapi/v1/algoOpenOrders"): _cancel(algo.cancel_all),
    ("GET", "/fapi/v1/userTrades"): _read(records.user_trades),
    ("GET", "/fapi/v1/income"): _read(records.income),
    ("GET", "/fapi/v1/forceOrders"): _read(records.force_orders),
    ("POST", "/fapi/v1/listenKey"): _listen(user_data.start),
    ("PUT", "/fapi/v1/listenKey"): _listen(user_data.extend),
    ("DELETE", "/fapi/v1/listenKey"): _listen(user_data.close),
    ("GET", "/sapi/v1/capital/config/getall"): _read(startup.nothing, 1),
    ("GET", "/sapi/v1/margin/allPairs"): _read(startup.nothing, 1),
    ("GET", "/sapi/v1/system/status"): _public(startup.status),
}
