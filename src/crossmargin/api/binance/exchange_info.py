"""What is traded here, and by which steps: `exchangeInfo`, from the contracts and the filters.

What the venue has no rule for is said so widely that nothing runs into it (the largest price and
size), because clients read the field whether there is a rule or not.
"""

from typing import Any

from crossmargin.api.binance.symbols import is_trading, listed, places, steps_of
from crossmargin.model.instrument import Kind
from crossmargin.money import ONE, ZERO, plain
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.state import State

LARGEST = "1000000000"
"""Stands for a largest price or size where there is none."""
PERPETUAL_ENDS_MS = 4_133_404_800_000
"""The delivery date Binance gives its perpetuals: the year 2100."""
OPEN_ORDERS_MAX = 200
"""Orders an account may have open in a symbol."""
ALGO_ORDERS_MAX = 100
"""Orders of them that may wait for a trigger."""
ORDER_TYPES = (
    *("LIMIT", "MARKET", "STOP", "STOP_MARKET"),
    *("TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"),
)
TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX")


def exchange_info(
    state: State, now_ms: int, rate_limits: list[dict[str, int | str]]
) -> dict[str, Any]:
    """Return the answer to `GET /fapi/v1/exchangeInfo`."""
    contracts = [state.rulebook.contracts[symbol] for symbol in listed(state)]
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": rate_limits,
        "exchangeFilters": [],
        "assets": [
            {
                "asset": asset,
                "marginAvailable": asset in state.rulebook.collateral,
                "autoAssetExchange": "0",
            }
            for asset in assets(state)
        ],
        "symbols": [_symbol(state, one) for one in contracts],
    }


def assets(state: State) -> list[str]:
    """Return what is money here: settle assets of listed symbols, then other collateral."""
    settles = [state.rulebook.contracts[symbol].instrument.settle for symbol in listed(state)]
    return list(dict.fromkeys((*settles, *state.rulebook.collateral)))


def _symbol(state: State, contract: Contract) -> dict[str, Any]:
    instrument = contract.instrument
    symbol = instrument.symbol
    steps = steps_of(state, contract)
    tick, lot = steps.tick or ONE, steps.lot or ONE
    band = steps.band_fraction
    sizes = {"minQty": plain(lot), "maxQty": LARGEST, "stepSize": plain(lot)}
    is_perpetual = instrument.kind is Kind.LINEAR_PERPETUAL
    market = state.symbols[symbol]
    return {
        "symbol": symbol,
        "pair": symbol.partition("_")[0],
        "contractType": "PERPETUAL" if is_perpetual else "CURRENT_QUARTER",
        "deliveryDate": PERPETUAL_ENDS_MS,
        "onboardDate": 0,
        "status": "TRADING" if is_trading(market) else "PENDING_TRADING",
        "baseAsset": instrument.base,
        "quoteAsset": instrument.settle,
        "marginAsset": instrument.settle,
        "pricePrecision": places(tick),
        "quantityPrecision": places(lot),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": plain(state.rulebook.fees.liquidation),
        "marketTakeBound": plain(band) if band is not None else "1",
        "maxMoveOrderLimit": 10000,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(tick),
                "maxPrice": LARGEST,
                "tickSize": plain(tick),
            },
            {"filterType": "LOT_SIZE", **sizes},
            {"filterType": "MARKET_LOT_SIZE", **sizes},
            {"filterType": "MAX_NUM_ORDERS", "limit": OPEN_ORDERS_MAX},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": ALGO_ORDERS_MAX},
            {"filterType": "MIN_NOTIONAL", "notional": plain(steps.notional_min or ZERO)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": plain(ONE + band) if band is not None else "1000",
                "multiplierDown": plain(max(ZERO, ONE - band)) if band is not None else "0",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": list(ORDER_TYPES),
        "timeInForce": list(TIMES_IN_FORCE),
    }
