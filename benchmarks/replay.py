"""How fast one account runs through prices, against the exact core stepping bar by bar.

Thirty days of one-minute points for five symbols, made from a seed; funding three times a day.
The account is sized to live, so that every point is screened. Stepping asks the exact core at
every point (a part of the path is stepped and the rate taken from it: it is slow).
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from time import perf_counter

import numpy as np

from benchmarks.assess import HELD
from benchmarks.timing import ROUNDS, line
from crossmargin.feeds.funding import FundingRates, Origin
from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import exact
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.replay.engine import Setup, replay
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Rulebook

MINUTES = 30 * 24 * 60
STEPPED = 2_000
EIGHT_HOURS_MS = 8 * 3_600_000


def bench() -> Iterator[str]:
    """Yield the lines."""
    rulebook = load_rulebook("binance-usdm")
    account = Account(
        {"USDT": Decimal(10_000_000)},
        tuple(Position(s, Decimal(q), Decimal(e)) for s, (q, e, _, _) in HELD.items()),
        leverage={symbol: Decimal(leverage) for symbol, (*_, leverage) in HELD.items()},
    )
    path = _path()
    funding = tuple(_funding(symbol, path) for symbol in path.symbols)
    setup = Setup(path, rulebook, funding)
    screened = max(_runs_per_second(lambda: replay(account, setup)) for _ in range(ROUNDS))
    stepped = max(
        _runs_per_second(lambda: _step(account, path, rulebook)) for _ in range(ROUNDS // 2)
    )
    symbols = len(path.symbols)
    ours = screened * MINUTES * symbols
    theirs = stepped * STEPPED * symbols
    yield line(
        "replay",
        ours,
        "symbol-marks/s",
        "the exact core stepping bar by bar",
        ours / theirs,
        f"one account, five positions, {MINUTES} points, funding every 8 h, report off",
    )


def _path() -> PricePath:
    random = np.random.default_rng(20251010)
    start = np.array([float(mark) for _, _, mark, _ in HELD.values()])
    steps = random.normal(0, 0.0005, (MINUTES, len(HELD)))
    marks = np.round(start * np.exp(np.cumsum(steps, axis=0)), 6)
    at_ms = 1_760_054_400_000 + 60_000 * np.arange(MINUTES, dtype=np.int64)
    return PricePath(tuple(HELD), at_ms, marks, int(at_ms[0]), int(at_ms[-1]) + 1)


def _funding(symbol: str, path: PricePath) -> FundingRates:
    at_ms = np.arange(path.from_ms, path.to_ms, EIGHT_HOURS_MS, dtype=np.int64)
    rates = (Decimal("0.0001"),) * len(at_ms)
    return FundingRates(symbol, at_ms, rates, Origin.HISTORY, ())


def _step(account: Account, path: PricePath, rulebook: Rulebook) -> None:
    for row in path.marks[:STEPPED].tolist():
        market = Market(dict(zip(path.symbols, map(exact, row), strict=True)))
        assess(account, market, rulebook)


def _runs_per_second(run: Callable[[], object]) -> float:
    start = perf_counter()
    run()
    return 1 / (perf_counter() - start)
