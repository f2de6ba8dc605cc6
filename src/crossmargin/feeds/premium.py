"""Funding rates estimated from candles, where the venue's history is missing.

The venue averages the premium of its perpetual over its index through the interval before a
funding time and puts it through the funding formula. It samples impact prices every few seconds
and weighs later samples more. Candles have neither impact prices nor the index; they have the
mark and a spot price at each close. The average is taken the same way over these few samples.

What this does not do: guess at a missing candle. A funding time whose interval lacks one has no
rate, and is returned as unknown.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from crossmargin import money
from crossmargin.feeds.series import Prices, Series, Times, exact
from crossmargin.rulebooks.schema import Funding
from crossmargin.venue.funding import funding_rate


def estimated_rates(
    mark: Series,
    spot: Series,
    from_ms: int,
    to_ms: int,
    rules: Funding,
    first_tier_rate: Decimal | None,
) -> tuple[Times, tuple[Decimal, ...], tuple[int, ...]]:
    """Return funding times in [from_ms, to_ms), their estimated rates, and the unknown times.

    Parameters
    ----------
    mark, spot : series of one symbol; they are compared where candles of both end.
    rules : formula and interval; funding times are its multiples since midnight UTC.
    first_tier_rate : caps the rates; None leaves them uncapped.

    Returns
    -------
    at_ms : int64 of shape (n,), the times whose interval has every candle.
    rates : n fractions of notional; premiums are rounded to 8 places, half to even, as the venue
        publishes rates.
    unknown : the funding times whose interval lacks a candle.
    """
    times, rates, unknown = [], [], []
    ends, here, there = np.intersect1d(
        mark.ts_ms + mark.interval_ms,
        spot.ts_ms + spot.interval_ms,
        assume_unique=True,
        return_indices=True,
    )
    marks, spots = mark.close[here], spot.close[there]
    samples, rest = divmod(rules.interval_ms, max(mark.interval_ms, spot.interval_ms))
    first = -(-from_ms // rules.interval_ms) * rules.interval_ms
    for at_ms in range(first, to_ms, rules.interval_ms):
        low, high = np.searchsorted(ends, [at_ms - rules.interval_ms, at_ms], side="right")
        if rest or high - low != samples:
            unknown.append(at_ms)
            continue
        premium = average_premium(marks[low:high], spots[low:high])
        times.append(at_ms)
        rates.append(funding_rate(premium, rules, first_tier_rate))
    return np.array(times, dtype=np.int64), tuple(rates), tuple(unknown)


@money.exact
def average_premium(marks: Prices, spots: Prices) -> Decimal:
    """Return Σ i·Pᵢ ÷ Σ i with Pᵢ = (mark − spot) ÷ spot, i = 1 … n, to 8 places, half to even.

    `marks` and `spots` are finite, above zero and of shape (n,), oldest first, n at least 1.
    """
    premiums: Sequence[Decimal] = [
        (exact(mark) - exact(spot)) / exact(spot) for mark, spot in zip(marks, spots, strict=True)
    ]
    weighted = sum((i * premium for i, premium in enumerate(premiums, start=1)), money.ZERO)
    average = weighted / (len(premiums) * (len(premiums) + 1) // 2)
    return average.quantize(money.EIGHT_PLACES, rounding=ROUND_HALF_EVEN)
