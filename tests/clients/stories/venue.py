"""What a story knows of the venue it runs against: where it is, and somebody who moves its prices.

A story is a script in its client's own environment, where nothing of this project is. It asks for
prices, and for orders of somebody else, on its standard output and hears on its standard input that
they are there.
"""

import sys
import time
from decimal import Decimal

BASE_URL, WS_URL, API_KEY, API_SECRET = sys.argv[1:5]
HOST = BASE_URL.removeprefix("http://")
SYMBOL = "BTCUSDT"
FIRST_TIERS = [(0, "0.004"), (300_000, "0.005")]
"""Floor and maintenance margin rate of BTCUSDT's first two, of the edition of 2025-09-29."""
TAKER_FEE = Decimal("0.0005")
POOLED = Decimal(99_990)
"""What 100,000 USDT are worth in multi-assets mode: tethers count for 99.99 %."""
CHANGES, BETWEEN_S = 6, 0.3
"""How often a book is changed, and how far apart: streams of books beat ten times a second."""
LIFE = ["NEW", "PARTIALLY_FILLED", "FILLED"]
"""Of a market order that takes one level of a book and a little of the next."""


def to_the_edge(distance):
    """Let prices go until the account is `distance` from its liquidation."""
    _asked(f"edge {distance}")


def offered(size, price):
    """Let somebody else buy (size above zero) or sell, at a price or better."""
    _asked(f"offer {size} {price}")


def _asked(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()
    assert sys.stdin.readline() == "done\n"


def eventually(ask, seconds=60):
    """Return what `ask` returns once it is something."""
    end_s = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end_s, "it does not come"
        time.sleep(0.2)
    return found


def same(expected, found):
    """Say what is wrong where two things differ."""
    assert expected == found, f"{expected!r} is not {found!r}"


def near(expected, found, within):
    """Say what is wrong where two numbers are further apart than `within`."""
    assert abs(decimal(found) - expected) <= within, f"{found} is not {expected}"


def charged(costs, fees):
    """Check that a taker paid five hundredths of a per cent of what was traded."""
    same(sum(map(decimal, costs)) * TAKER_FEE, sum(map(decimal, fees)))


def owed(size, price, rate, income):
    """Check a payment of funding: a long pays size × mark price × rate."""
    assert decimal(rate) > 0
    near(-size * decimal(price) * decimal(rate), income, Decimal("0.00000001"))


def goes_on(numbers):
    """Check that changes of a book (first, last, the one before) leave none out and go forward."""
    assert len(numbers) > 2
    assert all(first <= last for first, last, _ in numbers)
    same([last for _, last, _ in numbers[:-1]], [before for *_, before in numbers[1:]])


def refused(what, kind, call, **params):
    """Call what must be refused with an error of `kind` that names `what`."""
    try:
        call(**params)
    except kind as error:
        said = str(error)
    else:
        said = "nothing"
    assert what in said, f"{what} does not come, but {said}"


def decimal(text):
    return Decimal(str(text))
