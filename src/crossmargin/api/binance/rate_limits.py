"""How often, in Binance's words: what the gate's buckets come to in a minute.

A bucket that is full lets its burst through at once and goes on at its rate, so a minute may have
both; what is said is the lower of what may be relied on.
"""

from crossmargin.api.gate import Rates

MINUTE_S = 60


def rate_limits(rates: Rates) -> list[dict[str, int | str]]:
    """Return the limits that `exchangeInfo` and `rateLimit/order` say."""
    return [
        _limit("REQUEST_WEIGHT", rates.address.per_second * MINUTE_S),
        _limit("ORDERS", rates.key.per_second * MINUTE_S),
    ]


def _limit(kind: str, limit: int) -> dict[str, int | str]:
    return {"rateLimitType": kind, "interval": "MINUTE", "intervalNum": 1, "limit": limit}
