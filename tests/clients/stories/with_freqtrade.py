"""freqtrade, live: it opens a position, puts its stop on the exchange, and sees it taken.

It wants candles of now, so this one runs against synthetic prices at the machine's own pace, and
waits for the first minute to be over.
"""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import ccxt
from venue import API_KEY, API_SECRET, BASE_URL, HOST, eventually, same, to_the_edge

sys.path.append(str(Path(__file__).parents[1]))
from ccxt_client import connect

PAIR = "BTC/USDT:USDT"
ENTRY_S, EXIT_S = 180, 90
STRATEGY = '''
from freqtrade.strategy import IStrategy


class Buys(IStrategy):
    """Buys whenever it may, five times what it stakes, with a stop two per cent below."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.10
    startup_candle_count = 0
    order_types = {
        "entry": "limit", "exit": "limit", "stoploss": "market", "stoploss_on_exchange": True,
        "stoploss_on_exchange_interval": 5, "stoploss_price_type": "mark",
    }

    def leverage(self, *args, **more):
        return 5.0

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
'''


def config():
    """Return the configuration that docs/reference/binance-dialect.md shows, and what it needs."""
    versions = {"": 1, "V2": 2, "V3": 3}
    addresses = {
        f"{access}{name}": f"{BASE_URL}/fapi/v{number}"
        for access in ("fapiPublic", "fapiPrivate")
        for name, number in versions.items()
    }
    pricing = {"price_side": "other", "use_order_book": True, "order_book_top": 1}
    return {
        "dry_run": False,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "stake_currency": "USDT",
        "stake_amount": 1000,
        "max_open_trades": 1,
        "entry_pricing": pricing,
        "exit_pricing": pricing,
        "exchange": {
            "name": "binance",
            "key": API_KEY,
            "secret": API_SECRET,
            "pair_whitelist": [PAIR],
            "ccxt_config": {
                "options": {"fetchCurrencies": False, "fetchMarkets": {"types": ["linear"]}},
                "urls": {"api": {**addresses, "ws": {"linear": f"ws://{HOST}/ws"}}},
            },
        },
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 2},
        "bot_name": "story",
        "initial_state": "running",
    }


def trades():
    """Return what freqtrade knows of its trades: whether they are open, and why they ended."""
    with sqlite3.connect("file:trades.sqlite?mode=ro", uri=True) as known:
        return known.execute("select is_open, exit_reason from trades order by id").fetchall()


Path("strategies").mkdir()
Path("strategies/buys.py").write_text(STRATEGY)
Path("config.json").write_text(json.dumps(config()))
command = (
    *(sys.executable, "-m", "freqtrade", "trade", "--config", "config.json"),
    *("--strategy", "Buys", "--strategy-path", "strategies", "--userdir", "."),
    *("--db-url", "sqlite:///trades.sqlite", "--no-color"),
)
exchange = connect(BASE_URL, API_KEY, API_SECRET, ccxt.binanceusdm)
exchange.load_markets()
with subprocess.Popen(command, stdout=sys.stderr) as bot:
    try:
        stops = eventually(
            lambda: exchange.fetch_open_orders(PAIR, params={"trigger": True}), ENTRY_S
        )
        same(("sell", True), (stops[0]["side"], stops[0]["reduceOnly"]))
        (position,) = exchange.fetch_positions([PAIR])
        same(("long", "isolated"), (position["side"], position["marginMode"]))
        same(5, exchange.fetch_leverage(PAIR)["longLeverage"])
        # Its end is about a fifth below: this is three per cent down.
        to_the_edge("0.17")
        ended = eventually(lambda: [one for one in trades() if not one[0]], EXIT_S)
        same("stoploss_on_exchange", ended[0][1])
        assert bot.poll() is None, "freqtrade has given up"
    finally:
        bot.terminate()
