"""Measuring two things side by side on a noisy machine.

Rounds of both alternate, so that a slow moment hits both, and the best round of each counts: it
is the one least disturbed.
"""

import json
from collections.abc import Callable
from time import perf_counter
from typing import Literal

ROUNDS = 15
SECONDS_PER_ROUND = 0.1


def rates(*functions: Callable[[], object]) -> list[float]:
    """Return calls a second of each function, best of several alternating rounds."""
    counts = [_calibrated(function) for function in functions]
    best = [0.0] * len(functions)
    for _ in range(ROUNDS):
        for place, (function, count) in enumerate(zip(functions, counts, strict=True)):
            start = perf_counter()
            for _ in range(count):
                function()
            best[place] = max(best[place], count / (perf_counter() - start))
    return best


def _calibrated(function: Callable[[], object]) -> int:
    start = perf_counter()
    count = 0
    while perf_counter() - start < SECONDS_PER_ROUND:
        function()
        count += 1
    return max(count, 1)


def line(
    name: str,
    value: float,
    unit: str,
    against: str | None,
    ratio: float | None,
    note: str,
    *,
    better: Literal["higher", "lower"] = "higher",
) -> str:
    """Return one bench line."""
    return json.dumps(
        {
            "name": name,
            "value": round(value, 1),
            "unit": unit,
            "against": against,
            "ratio": None if ratio is None else round(ratio, 3),
            "better": better,
            "note": note,
        },
        ensure_ascii=False,
    )
