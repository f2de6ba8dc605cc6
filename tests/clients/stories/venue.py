"""What a story knows of the venue it runs against: where it is, and somebody who moves its prices.

A story is a script in its client's own environment, where nothing of this project is. It asks for
prices on its standard output and hears on its standard input that they are there.
"""

import sys
import time
from decimal import Decimal

BASE_URL, WS_URL, API_KEY, API_SECRET = sys.argv[1:5]
HOST = BASE_URL.removeprefix("http://")
SYMBOL = "BTCUSDT"


def to_the_edge(distance):
    """Let prices go until the account is `distance` from its liquidation."""
    sys.stdout.write(f"edge {distance}\n")
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
