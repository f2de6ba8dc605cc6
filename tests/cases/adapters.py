"""Which adapter answers which topic of which venue.

By the topic's very words, else by a pattern of topics that differ in nothing but a number or a
side: the inputs say those again, and they decide.
"""

import re
from collections.abc import Callable, Mapping

from tests.cases import (
    bitget,
    bitmex,
    bybit,
    bybit_portfolio,
    collateral,
    deribit,
    deribit_portfolio,
    derive,
    derive_portfolio,
    dydx,
    gate,
    hyperliquid,
    kraken,
    ladders,
    okx,
    okx_portfolio,
    options,
    orders,
    phemex,
    pooled,
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
    "auto-exchange": collateral.auto_exchange,
}

# Both run Binance's engine: their formulas are Binance's, unchanged.
ADAPTERS: Mapping[str, Mapping[str, Adapter]] = {
    "binance-usdm": BINANCE | rules.BINANCE_TOPICS,
    "binance-coinm": BINANCE,
    "binance-portfolio-margin": pooled.UNIFIED_TOPICS,
    "binance-cross-margin-pro": pooled.CROSS_MARGIN_TOPICS,
    "asterdex": BINANCE,
    "apollox": BINANCE,
    "bybit": options.BYBIT_TOPICS | rules.BYBIT_TOPICS | bybit.TOPICS | bybit_portfolio.TOPICS,
    "moonxbt (copy of the Bybit classic method)": bybit.MOONXBT_TOPICS,
    "deribit": options.DERIBIT_TOPICS
    | rules.DERIBIT_TOPICS
    | deribit.TOPICS
    | deribit_portfolio.TOPICS,
    "derive-v2": derive.TOPICS | derive_portfolio.TOPICS,
    "okx": options.OKX_TOPICS | rules.OKX_TOPICS | okx.TOPICS | okx_portfolio.TOPICS,
    "hyperliquid": rules.HYPERLIQUID_TOPICS | hyperliquid.TOPICS | pooled.LENDING_TOPICS,
    "deribit-style (MCDEX copy)": rules.DERIBIT_STYLE_TOPICS,
    "kraken": rules.KRAKEN_TOPICS | kraken.TOPICS,
    "bitmex": rules.BITMEX_TOPICS | bitmex.TOPICS,
    "dydx-v4": dydx.TOPICS,
    "bitget": venues.TOPICS | bitget.TOPICS,
    "gate": venues.TOPICS | gate.TOPICS,
    "phemex": phemex.TOPICS,
    "coinex": venues.TOPICS,
}

SHAPE = r"(?:isolated|cross|linear|inverse|long|short|position|(?:coin|USD[TC]?)-margined)"
LIQUIDATION = {
    rf"(?:(?:isolated|cross) )?liquidation price(?:(?:,| of an?) {SHAPE}(?:,? {SHAPE})*"
    rf"| \({SHAPE}\))?": "liquidation price"
}
NUMBER = r"[\d.,]+"
STEPS = rf"(?:\w+|{NUMBER}) steps?"
STEMS: Mapping[str, Mapping[str, str]] = {
    "binance-portfolio-margin": {
        r"uniMMR (?:building blocks|of an? )\b.*": "uniMMR building blocks",
        r"uniMMR\b.*": "uniMMR",
    },
    "binance-cross-margin-pro": {
        r"loan (?:IM/MM|IM|MM|(?:initial|maintenance) margin)\b.*": "loan IM/MM by tiers",
    },
    "bybit": {
        r"option short (?:call|put )?margin": "option short margin",
        r"funding interest component": "funding interest component",
        **bybit_portfolio.STEMS,
    },
    "deribit": {
        rf"option fee cap {NUMBER} ?% of premium": "option fee cap 12.5 % of premium",
        r"short (?:call|put) (?:expires|is exercised).*": "short put expires worthless",
        r"inverse (?:call|put) payoff.*": "inverse put payoff",
        r"(?:P&L|profit) of a linear (?:future|perpetual)": "P&L of a linear future",
        **deribit_portfolio.STEMS,
    },
    "okx": {
        rf"averaging window of the premium index, {NUMBER} ?h cycle": (
            "averaging window of the premium index, 8 h cycle"
        ),
        r"collateral discount tiers\b.*": "collateral discount tiers are marginal",
        r"asset with .* discount rate\b.*": "asset with 0 % discount rate gives no collateral",
        r"short (?:call|put) position margin(?: \((?:initial|maintenance)\))?": (
            "short put position margin (initial)"
        ),
        r"initial margin, US[DT][TC]?-margined": "initial margin, USDT-margined",
        r"maintenance margin, (?:coin|USDT|USDC)-margined": "maintenance margin",
        **LIQUIDATION,
        **okx_portfolio.STEMS,
    },
    "hyperliquid": {
        r"portfolio margin ratio,? (?:no|without) borrow\w*": (
            "portfolio margin ratio, no borrowing"
        ),
        r"(?:portfolio (?:margin|maintenance|liquidation)|liquidation threshold)\b.*": (
            "portfolio margin ratio"
        ),
        r"borrow(?:ing|able) power\b.*": "borrowing power from collateral",
        r"cash-and-carry\b.*": "cash-and-carry: automatic borrow after a rise",
        **LIQUIDATION,
        r"liquidation price of (?:one|an?) (?:isolated|cross) (?:position|long|short)": (
            "liquidation price"
        ),
    },
    "derive-v2": derive_portfolio.STEMS,
    "deribit-style (MCDEX copy)": {
        rf"continuous funding(?: with damper)?, (?:full )?{NUMBER} ?(?:minute|hour)s?": (
            "continuous funding, full 8 hours"
        ),
    },
    "kraken": {
        rf"margin level of a (?:long|short)(?: at {NUMBER}x)?": "margin level of a short",
    },
    "bitmex": {
        rf"(?:rates )?{STEPS} (?:above|below)\b.*": "rates one step above the base limit",
        r"(?:initial|maintenance) margin (?:above|below) base risk limit\b.*": (
            "maintenance margin below base risk limit"
        ),
        rf"ranking, quintiles and fill of a {NUMBER}-lot bankrupt (?:long|short)": (
            "ranking, quintiles and fill of a 20-lot bankrupt short"
        ),
    },
    "gate": {
        **LIQUIDATION,
        r"maintenance margin, fixed tier vs gradient\b.*": (
            "maintenance margin, fixed tier vs gradient (July 2025 change)"
        ),
    },
}
"""By venue, patterns of whole topics and the topic of `ADAPTERS` that answers them."""


def adapter_of(venue: str, topic: str) -> Adapter | None:
    """Return what answers a topic of a venue; None where nothing does."""
    known = ADAPTERS.get(venue, {})
    if topic in known:
        return known[topic]
    for pattern, stem in STEMS.get(venue, {}).items():
        if re.fullmatch(pattern, topic):
            return known[stem]
    return None
