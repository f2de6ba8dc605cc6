"""Which adapter answers which topic of which venue."""

from collections.abc import Callable, Mapping

from tests.cases import (
    bitget,
    bitmex,
    bybit,
    collateral,
    deribit,
    derive,
    dydx,
    gate,
    hyperliquid,
    kraken,
    ladders,
    okx,
    options,
    orders,
    phemex,
    positions,
    rules,
    venues,
)
from tests.cases.reader import Answer, Case, Inputs

Adapter = Callable[[Case, Inputs], Answer]

BINANCE: Mapping[str, Adapter] = {
    "liquidation price": positions.account,
    "liquidation price (inverse)": positions.account,
    "bankruptcy price": positions.account,
    "bankruptcy price (inverse)": positions.account,
    "maintenance margin": positions.account,
    "maintenance margin (inverse)": positions.account,
    "initial margin": positions.account,
    "initial margin (inverse)": positions.account,
    "initial margin with open orders": positions.account,
    "initial margin with open orders (inverse)": positions.account,
    "position fields": positions.account,
    "position fields (inverse)": positions.account,
    "unrealized pnl": positions.account,
    "unrealized pnl (inverse)": positions.account,
    "funding fee": positions.funding,
    "funding fee (inverse)": positions.funding,
    "maintenance amount": ladders.levels,
    "maintenance amount table": ladders.ladder,
    "maintenance amount table (inverse)": ladders.ladder,
    "tier lookup": ladders.ladder,
    "tier lookup (two notionals)": ladders.ladder,
    "tier lookup (inverse)": ladders.ladder,
    "order cost / open loss": orders.cost(orders.OLDER),
    "order cost / assumed price": orders.cost(orders.LATER),
    "market order assumed price": orders.cost(orders.OLDER),
    "order classification": orders.classification,
    "account equity": collateral.account,
    "account margin ratio": collateral.account,
    "asset index buffers": collateral.buffers,
    "collateral haircut": collateral.haircut,
}

# Both run Binance's engine: their formulas are Binance's, unchanged.
ADAPTERS: Mapping[str, Mapping[str, Adapter]] = {
    "binance-usdm": BINANCE | rules.BINANCE_TOPICS,
    "binance-coinm": BINANCE,
    "asterdex": BINANCE,
    "apollox": BINANCE,
    "bybit": options.BYBIT_TOPICS | rules.BYBIT_TOPICS | bybit.TOPICS,
    "moonxbt (copy of the Bybit classic method)": bybit.MOONXBT_TOPICS,
    "deribit": options.DERIBIT_TOPICS | rules.DERIBIT_TOPICS | deribit.TOPICS,
    "derive-v2": derive.TOPICS,
    "okx": options.OKX_TOPICS | rules.OKX_TOPICS | okx.TOPICS,
    "hyperliquid": rules.HYPERLIQUID_TOPICS | hyperliquid.TOPICS,
    "deribit-style (MCDEX copy)": rules.DERIBIT_STYLE_TOPICS,
    "kraken": rules.KRAKEN_TOPICS | kraken.TOPICS,
    "bitmex": rules.BITMEX_TOPICS | bitmex.TOPICS,
    "dydx-v4": dydx.TOPICS,
    "bitget": venues.TOPICS | bitget.TOPICS,
    "gate": venues.TOPICS | gate.TOPICS,
    "phemex": phemex.TOPICS,
    "coinex": venues.TOPICS,
}
