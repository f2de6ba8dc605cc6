"""What ccxt returns: its own words for every venue, and under `info` what the venue said.

ccxt's numbers have been through binary floats and its symbols are its own, so only `info` is
read. The unified fields beside it repeat it and are left alone.

Shapes: `fetch_positions`, `fetch_balance`, `fetch_open_orders`, `fetch_tickers` and their kin of
ccxt 4 (the manual's structures); each record holds `info`.
"""

from typing import Any

# One of these stands beside `info` in each structure of ccxt's manual: positions, balances,
# orders and tickers, funding rates, leverages.
_MARKERS = (
    *("contracts", "free", "total", "datetime", "timestamp", "symbol", "markPrice"),
    *("longLeverage", "marginMode", "hedged"),
)


def info_of(node: dict[str, Any]) -> dict[str, Any] | list[Any] | None:
    """Return the venue's own words in the ccxt record `node`; None if it is no such record."""
    info = node.get("info")
    if isinstance(info, dict | list) and (len(node) == 1 or any(key in node for key in _MARKERS)):
        return info
    return None
