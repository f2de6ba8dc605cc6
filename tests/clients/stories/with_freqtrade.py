"""freqtrade, live: three trades of its own, each with another end, and its books of them.

It wants no candles older than now, so prices start in the hours to come, and time passes quickly.
What it does is told by files: `enter` lets it, `leave` makes it.
"""

import contextlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import ccxt
from venue import (
    API_KEY,
    API_SECRET,
    BASE_URL,
    HOST,
    SYMBOL,
    decimal,
    eventually,
    near,
    offered,
    same,
    to_the_edge,
)

sys.path.append(str(Path(__file__).parents[1]))
from ccxt_client import connect

PAIR = "BTC/USDT:USDT"
START_S, LOOP_S = 180, 90
"""How long it may take to begin, and to do what it does every two seconds."""
STRATEGY = '''
from pathlib import Path

from freqtrade.strategy import IStrategy


class Told(IStrategy):
    """Bids a little more than others for five times what it stakes, and sells when it is told."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.10
    startup_candle_count = 0

    def leverage(self, *args, **more):
        return 5.0

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_entry_price(self, *args, proposed_rate, **more):
        return proposed_rate + 3

    def confirm_trade_entry(self, *args, **more):
        return Path("enter").exists()

    def custom_exit(self, *args, **more):
        return "told" if Path("leave").exists() else None
'''


def config(is_stop_resting):
    """Return the configuration that docs/reference/binance-dialect.md shows, and what it needs."""
    versions = {"": 1, "V2": 2, "V3": 3}
    addresses = {
        f"{access}{name}": f"{BASE_URL}/fapi/v{number}"
        for access in ("fapiPublic", "fapiPrivate")
        for name, number in versions.items()
    }
    best = {"use_order_book": True, "order_book_top": 1}
    return {
        "dry_run": False,
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "stake_currency": "USDT",
        "stake_amount": 1000,
        "max_open_trades": 1,
        "entry_pricing": {"price_side": "same", **best},
        "exit_pricing": {"price_side": "other", **best},
        "order_types": {
            "entry": "limit",
            "exit": "limit",
            "stoploss": "market",
            "stoploss_on_exchange": is_stop_resting,
            "stoploss_on_exchange_interval": 5,
            "stoploss_price_type": "mark",
        },
        "unfilledtimeout": {"entry": 600, "exit": 600},
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


@contextlib.contextmanager
def trading(*, is_stop_resting):
    """Let freqtrade trade; with the same books each time."""
    Path("config.json").write_text(json.dumps(config(is_stop_resting)))
    command = (
        *(sys.executable, "-m", "freqtrade", "trade", "--config", "config.json"),
        *("--strategy", "Told", "--strategy-path", "strategies", "--userdir", "."),
        *("--db-url", "sqlite:///trades.sqlite", "--no-color"),
    )
    with subprocess.Popen(command, stdout=sys.stderr) as bot:
        try:
            yield
            assert bot.poll() is None, "freqtrade has given up"
        finally:
            bot.terminate()


def books(query, *named):
    """Return what freqtrade knows; nothing while it has no books yet."""
    try:
        with contextlib.closing(sqlite3.connect("file:trades.sqlite?mode=ro", uri=True)) as known:
            return known.execute(query, named).fetchall()
    except sqlite3.OperationalError:
        return []


def entry(number):
    """Return the order that its trade of that number began with: status, size, price, filled."""
    query = (
        "select status, amount, price, filled from orders where side = 'buy' and ft_trade_id = ?"
    )
    return next(iter(books(query, number)), None)


def ended(number):
    """Return why its trade of that number has ended, its size, price and funding; None before."""
    query = (
        "select exit_reason, amount, close_rate, funding_fees from trades "
        "where not is_open and id = ?"
    )
    return next(iter(books(query, number)), None)


def said(name, *, is_so):
    """Let freqtrade do something, or not any more."""
    if is_so:
        Path(name).touch()
    else:
        Path(name).unlink()


def buys(exchange, number, part="0"):
    """Let it begin the trade of that number, and somebody sell to it: first a part, then the rest.

    It bids less than the price, so that nobody but who is told to sells to it; return the size.
    """
    said("enter", is_so=True)
    status, size, price, filled = eventually(lambda: entry(number), START_S)
    said("enter", is_so=False)
    same(("open", 0), (status, filled))
    part = decimal(part)
    if part:
        offered(-part, price)
        eventually(lambda: entry(number)[-1], LOOP_S)
        same(("open", size, price, float(part)), entry(number))
    offered(part - decimal(size), price)
    eventually(lambda: entry(number)[0] == "closed", LOOP_S)
    same(size, entry(number)[-1])
    (position,) = exchange.fetch_positions([PAIR])
    same(("long", "isolated"), (position["side"], position["marginMode"]))
    same(5, exchange.fetch_leverage(PAIR)["longLeverage"])
    same((size, price), (position["contracts"], position["entryPrice"]))
    return size


def is_filled_in_part(exchange):
    """Of what it bids for it gets a part, and knows it; then the rest."""
    buys(exchange, 1, part="0.02")


def is_paid_funding(exchange):
    """It holds over a settlement, leaves, and its books have what it paid."""
    first = eventually(lambda: exchange.fetch_funding_history(PAIR), START_S)[0]
    said("leave", is_so=True)
    reason, size, _, paid = eventually(lambda: ended(1), LOOP_S)
    said("leave", is_so=False)
    same("told", reason)
    # It may have been slow enough to hold over the next one too.
    history = exchange.fetch_funding_history(PAIR)
    rates = {one["timestamp"]: one["info"] for one in exchange.fetch_funding_rate_history(PAIR)}
    assert first["timestamp"] in rates
    by_hand = sum(
        decimal(size) * decimal(rates[at]["markPrice"]) * decimal(rates[at]["fundingRate"])
        for at in (one["timestamp"] for one in history)
    )
    assert by_hand > 0
    near(-by_hand, paid, decimal("0.0000001"))


def is_stopped(exchange):
    """Its stop rests at the exchange, and is taken there."""
    buys(exchange, 2)
    stops = eventually(lambda: exchange.fetch_open_orders(PAIR, params={"trigger": True}), LOOP_S)
    same(("sell", True), (stops[0]["side"], stops[0]["reduceOnly"]))
    # Its end is about a fifth below: this is three per cent down.
    to_the_edge("0.17")
    same("stoploss_on_exchange", eventually(lambda: ended(2), LOOP_S)[0])


def is_liquidated(exchange):
    """What it holds is taken from it, and it finds out how among the exchange's orders."""
    held = buys(exchange, 3)
    to_the_edge("-0.001")
    reason, size, price, _ = eventually(lambda: ended(3), LOOP_S)
    same(("sold_on_exchange", held), (reason, size))
    forced = exchange.fapiPrivateGetForceOrders({"symbol": SYMBOL, "autoCloseType": "LIQUIDATION"})
    same({"autoclose-"}, {one["clientOrderId"][:10] for one in forced})
    known = {row[0] for row in books("select order_id from orders where side = 'sell'")}
    assert {str(one["orderId"]) for one in forced} <= known, known
    near(decimal(forced[-1]["avgPrice"]), price, decimal("0.1"))


Path("strategies").mkdir()
Path("strategies/told.py").write_text(STRATEGY)
market = connect(BASE_URL, API_KEY, API_SECRET, ccxt.binanceusdm)
market.load_markets()
with trading(is_stop_resting=True):
    is_filled_in_part(market)
    is_paid_funding(market)
    is_stopped(market)
# With its stop at the exchange it is out before it can be liquidated.
with trading(is_stop_resting=False):
    is_liquidated(market)
