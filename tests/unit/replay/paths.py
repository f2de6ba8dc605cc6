"""Paths of a few points, a minute apart, and the setup of a replay through them."""

import numpy as np
from msgspec.structs import replace

from crossmargin.feeds.funding import FundingRates, Origin
from crossmargin.feeds.path import PricePath
from crossmargin.model.liquidity import Liquidity
from crossmargin.replay.engine import Setup
from crossmargin.rulebooks.schema import Fees, Rulebook
from tests.toys import D, book, linear, marginal, one_tier

MINUTE = 60_000
GAP = float("nan")
FLAT = Liquidity(D(0), D(0), D(0))
"""Market orders fill at the mark."""

LADDER = marginal(("0", "0.01"), ("1000", "0.1"))
"""Of 20 units at 90, 1,800, it asks 90; up to 1,000 it asks 1 %."""

RULES = book(
    (linear("AUSDT"), one_tier("0.1")),
    (linear("BUSDT"), one_tier("0.1")),
    (linear("LUSDT"), LADDER),
)


def path(**marks: list[float]) -> PricePath:
    """Return a path of these marks by symbol, a point a minute from the epoch on."""
    rows = np.column_stack([np.array(prices, dtype=np.float64) for prices in marks.values()])
    count = len(rows)
    return PricePath(
        tuple(marks), np.arange(count, dtype=np.int64) * MINUTE, rows, 0, count * MINUTE
    )


def setup(prices: PricePath, rules: Rulebook = RULES, **more) -> Setup:
    """Return a setup in which market orders fill at the mark."""
    return Setup(prices, rules, **{"liquidity": FLAT, **more})


def rates(symbol: str, times_and_rates: dict[int, str]) -> FundingRates:
    """Return funding rates at milliseconds from the epoch on."""
    times = np.array([*times_and_rates], dtype=np.int64)
    fractions = tuple(D(rate) for rate in times_and_rates.values())
    return FundingRates(symbol, times, fractions, Origin.HISTORY, ())


def with_fees(maker: str, taker: str, rules: Rulebook = RULES) -> Rulebook:
    """Return `rules` with trading fees, and none for liquidations."""
    return replace(rules, fees=Fees(D(maker), D(taker), D(0)))


def told(result):
    """Return what happened, as (minute, kind)."""
    return [(event.at_ms // MINUTE, event.kind) for event in result.events]
