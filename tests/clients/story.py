"""What every client's story needs of the venue: prices of its own, and somebody who moves them."""

import itertools
import time
from datetime import UTC, datetime, timedelta

START = datetime(2025, 10, 10, 20, tzinfo=UTC)
"""Four hours before funding, which is half of what it takes for there to be a rate."""
MINUTES = 3 * 24 * 60
SPEED = "2400"
"""Forty minutes of the venue's a second: funding comes after six seconds."""
_ids = itertools.count()


def candles(folder, start=START, speed=SPEED, swing=0):
    """Write candles of a market that goes nowhere, and return the options that serve them.

    With a `swing` it goes up by as much and back every minute: where no price changes, there is no
    candle.
    """
    folder = folder / "candles"
    folder.mkdir()
    first_ms = int(start.timestamp()) * 1000
    for symbol, price in (("BTCUSDT", 100_000), ("ETHUSDT", 4_000)):
        times = range(first_ms, first_ms + MINUTES * 60_000, 60_000)
        minute = f"{price},{price + swing},{price},{price}"
        lines = ["ts,open,high,low,close", *(f"{at_ms},{minute}" for at_ms in times)]
        (folder / f"{symbol}_1m.csv").write_text("\n".join(lines) + "\n")
    feed = f"candles:{folder}@{start:%Y-%m-%dT%H:%M}"
    return ("--feed", feed, "--speed", speed, "--symbols", "BTCUSDT,ETHUSDT")


def before_funding(now):
    """Return the first time from `now` on that is as far before funding as START is."""
    hours = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return hours + timedelta(hours=(START.hour - hours.hour - 1) % 8 + 1)


def to_the_edge(server, account, distance):
    """Let prices go until an account is `distance` from its liquidation; below zero is beyond."""
    body = {"client_id": f"edge-{next(_ids)}", "account": account, "distance": distance}
    answer = server.ask("admin", "POST", "/edge", body)
    assert 200 == answer.status_code, answer.text


def offer(server, account, size, price):
    """Let an account buy (size above zero) or sell, at a price or better."""
    wanted = {"symbol": "BTCUSDT", "size": size, "price": price}
    body = {"client_id": f"offer-{next(_ids)}", **wanted}
    answer = server.ask(account, "POST", f"/accounts/{account}/orders", body)
    assert answer.is_success, answer.text


def deposit(server, account, asset, amount):
    """Bring money in."""
    body = {"client_id": f"money-{next(_ids)}", "asset": asset, "amount": amount}
    answer = server.ask("admin", "POST", f"/accounts/{account}/deposits", body)
    assert 200 == answer.status_code, answer.text


def eventually(ask, seconds=60):
    """Return what `ask` returns once it is something."""
    end_s = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end_s, "it does not come"
        time.sleep(0.2)
    return found
