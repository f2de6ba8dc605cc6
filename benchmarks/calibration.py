"""Were the probabilities of liquidation right? `make calibrate` asks the past.

Standard accounts are held for a day, again and again from 2020 to 2026, each time as if it were
then: paths are drawn from the 90 days of hours before, the probability is worked out, and the marks
of the next 24 hours say what happened. Predictions are gathered in bins; of each, the mean
prediction stands beside the share that was liquidated.

What happened is seen at the hours' closes, and at the extreme of each hour against each position.
The truth lies between: closes miss what happens inside an hour, and the extremes of several symbols
need not have come at one moment. Of one position the extremes are the truth.

An account is the same at every start: its notional, as a multiple of its equity, is what counts,
and tiers go by notional. So it is laid out once, at prices of its own, and moved by the market's.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.errors import FeedError
from crossmargin.feeds.candles import read_series
from crossmargin.feeds.series import PriceKind, Series
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.risk.chance.bootstrap import bootstrap
from crossmargin.risk.chance.copula import t_copula
from crossmargin.risk.chance.paths import Chance, Draws, Sampler, rescaled
from crossmargin.risk.chance.probability import Question, fates
from crossmargin.risk.estimates.intervals import wilson
from crossmargin.risk.situation import Situation, situation
from crossmargin.rulebooks.loader import load_rulebook

Floats = NDArray[np.float64]

SYMBOLS = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
ASSETS = ("BTC", "ETH", "XRP")
EQUITY, MARK = Decimal(10_000), Decimal(100)
SHAPES = {
    "a long": (1, 0, 0),
    "a short": (-1, 0, 0),
    "three longs": (1, 1, 1),
    "a long and a short": (1, -1, 0),
}
"""Signs of the positions; their notionals are alike."""
LEVERAGES = (5, 8, 13, 20, 35)
HISTORY, STEPS = 90 * 24, 24
EVERY_DAYS, PATHS, SEED = 6, 1_000, 7
HALF_LIFE = 72.0
EDGES = (0.0, 0.002, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0)
METHODS: dict[str, Callable[[Floats], Sampler]] = {
    "bootstrap": lambda rows: bootstrap(rows, ASSETS),
    "bootstrap, at the volatility of then": lambda rows: bootstrap(
        rescaled(rows, HALF_LIFE), ASSETS
    ),
    "t-copula, at the volatility of then": lambda rows: t_copula(
        rescaled(rows, HALF_LIFE), ASSETS, marginals="t", degrees=4.0
    ),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """Hours that all symbols have, in a row: log closes, and extremes against the close before.

    Attributes
    ----------
    returns, lows, highs : shape (n_hours, n_symbols), logs relative to the previous close.
    """

    at_ms: NDArray[np.int64]
    returns: Floats
    lows: Floats
    highs: Floats


@dataclass(frozen=True, eq=False)
class Record:
    """Predictions and what came, all of shape (n,)."""

    predicted: Floats
    by_closes: NDArray[np.bool_]
    by_extremes: NDArray[np.bool_]


def panel(folder: Path) -> Panel:
    """Return the hourly marks of `SYMBOLS` in a folder of candles."""
    series = [_marks(folder, symbol) for symbol in SYMBOLS]
    shared = series[0].ts_ms
    for one in series[1:]:
        shared = np.intersect1d(shared, one.ts_ms)
    rows = [np.searchsorted(one.ts_ms, shared) for one in series]

    def logs(name: str) -> Floats:
        found = [np.log(getattr(one, name)[row]) for one, row in zip(series, rows, strict=True)]
        return np.column_stack(found)

    before = logs("close")[:-1]
    return Panel(
        shared[1:], logs("close")[1:] - before, logs("low")[1:] - before, logs("high")[1:] - before
    )


def records(
    hours: Panel, *, every_days: int = EVERY_DAYS, history: int = HISTORY
) -> dict[str, Record]:
    """Return what each method predicted of all accounts at all starts, and what came.

    `history` is how many hours before each start paths are drawn from.
    """
    accounts = [_account(signs, leverage) for signs in SHAPES.values() for leverage in LEVERAGES]
    found: dict[str, list[tuple[float, bool, bool]]] = {name: [] for name in METHODS}
    for start in range(history, len(hours.at_ms) - STEPS, every_days * 24):
        past, coming = slice(start - history, start), slice(start, start + STEPS)
        span = hours.at_ms[start + STEPS - 1] - hours.at_ms[start - history]
        if span != (history + STEPS - 1) * HOUR_MS:
            continue  # An hour is missing.
        came = [_came(one, signs, hours, coming) for one, signs in accounts]
        for name, method in METHODS.items():
            sampler, chance = method(hours.returns[past]), np.random.default_rng((SEED, start))
            draws = sampler.draw(chance, PATHS, STEPS)
            shares = [_predicted(one, draws, sampler.covariance, chance) for one, _ in accounts]
            found[name] += [(share, *ends) for share, ends in zip(shares, came, strict=True)]
    return {name: _record(rows) for name, rows in found.items()}


def brier(predicted: Floats, came: NDArray[np.bool_]) -> float:
    """Return the mean squared error of probabilities (Brier, Monthly Weather Review 78, 1950)."""
    return float(((predicted - came) ** 2).mean())


def table(record: Record) -> Iterator[str]:
    """Yield the lines of a Markdown table of bins, then the scores."""
    yield "| predicted | cases | mean prediction | by closes | by extremes | of which 95 % |"
    yield "|---|---:|---:|---:|---:|---:|"
    place = np.clip(np.searchsorted(EDGES, record.predicted, side="right") - 1, 0, len(EDGES) - 2)
    for number, (low, high) in enumerate(pairwise(EDGES)):
        own = place == number
        if not own.any():
            continue
        count, share = int(own.sum()), float(record.by_extremes[own].mean())
        ends = wilson(share, count, 0.95)
        yield (
            f"| {100 * low:g} to {100 * high:g} % | {count:,} "
            f"| {_percent(float(record.predicted[own].mean()))} "
            f"| {_percent(float(record.by_closes[own].mean()))} | {_percent(share)} "
            f"| {_percent(ends[0])} to {_percent(ends[1])} |"
        )
    came = record.by_extremes
    always = np.full(len(came), came.mean())
    scores = brier(record.predicted, came), brier(always, came)
    yield ""
    yield (
        f"Brier score {scores[0]:.4f}; always saying {_percent(float(came.mean()))} scores "
        f"{scores[1]:.4f}, so {100 * (1 - scores[0] / scores[1]):.0f} % of that error is gone."
    )


def main(arguments: Sequence[str]) -> None:
    """Print a table for each method: of a folder of candles, and of so many days of history."""
    try:
        hours = panel(Path(arguments[0]))
    except FeedError as error:
        sys.exit(f"calibration: {error}")
    days = (int(hours.at_ms[-1]) - int(hours.at_ms[0])) // DAY_MS
    history = int(arguments[1]) * 24 if len(arguments) > 1 else HISTORY
    print(f"{days:,} days of hourly marks of {', '.join(SYMBOLS)}; every {EVERY_DAYS} days")
    for name, record in records(hours, history=history).items():
        print(f"\n{name}\n")
        for text in table(record):
            print(text, flush=True)


def _marks(folder: Path, symbol: str) -> Series:
    path = folder / f"binance_um_mark_{symbol}_1h.parquet"
    return read_series(path, symbol, PriceKind.MARK, HOUR_MS)


def _account(signs: Sequence[int], leverage: int) -> tuple[Situation, tuple[int, ...]]:
    count = sum(abs(sign) for sign in signs)
    positions = tuple(
        Position(symbol, sign * leverage * EQUITY / count / MARK, MARK)
        for symbol, sign in zip(SYMBOLS, signs, strict=True)
        if sign
    )
    account = Account(balances={"USDT": EQUITY}, positions=positions)
    market = Market({one.symbol: MARK for one in positions})
    held = tuple(sign for sign in signs if sign)
    return situation(account, market, load_rulebook("binance-usdm")), held


def _predicted(one: Situation, draws: Draws, covariance: Floats, chance: Chance) -> float:
    # All accounts share the paths; each looks at those of its own assets.
    places = [ASSETS.index(asset) for asset in one.assets]
    own = Draws(draws.returns[:, :, places], draws.turbulence, draws.weights)
    asked = Question(STEPS, HOUR_MS)
    fate = fates(one, own, covariance[np.ix_(places, places)], asked, chance)
    return float((fate.step >= 0).mean())


def _came(one: Situation, signs: Sequence[int], hours: Panel, coming: slice) -> tuple[bool, bool]:
    places = [ASSETS.index(asset) for asset in one.assets]
    closes = np.cumsum(hours.returns[coming][:, places], axis=0)
    before = closes - hours.returns[coming][:, places]
    against = np.where(
        np.array(signs) > 0, hours.lows[coming][:, places], hours.highs[coming][:, places]
    )
    by_closes = (one.surplus(np.expm1(closes)) <= 0).any()
    return bool(by_closes), bool(by_closes or (one.surplus(np.expm1(before + against)) <= 0).any())


def _record(rows: Sequence[tuple[float, bool, bool]]) -> Record:
    predicted, closes, extremes = zip(*rows, strict=True)
    return Record(np.array(predicted), np.array(closes), np.array(extremes))


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %" if share < 0.1 else f"{100 * share:.1f} %"


if __name__ == "__main__":
    main(sys.argv[1:])
