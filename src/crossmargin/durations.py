"""Lengths of time in milliseconds, the unit of every time in the project."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WEEK_MS = 7 * DAY_MS

UNIT_MS = {"s": 1_000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": WEEK_MS}
"""What a length such as "5m" is counted in, the shortest first."""


def interval_text(interval_ms: int) -> str:
    """Return a length in its largest whole unit: 300000 as "5m"."""
    for unit, length in reversed(UNIT_MS.items()):
        if interval_ms % length == 0:
            return f"{interval_ms // length}{unit}"
    return f"{interval_ms}ms"
