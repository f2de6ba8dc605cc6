"""The symbols of Binance's liquidation price formula, spelled out.

WB, TMM (TMM1), UPNL (UPNL1): wallet, and the sums over all other contracts. B, L, S: the size of
the one-way, long and short position, each with its cum, EP and MMR; `s`, `side` or `Side1BOTH` is
the direction of B. The FAQ writes Position1BOTH, EP1LONG and so on for the same.
"""

import re
from typing import Any

SUMS = {
    "wb": "wallet_balance",
    "tmm": "tmm_other",
    "tmm1": "tmm_other",
    "upnl": "upnl_other",
    "upnl1": "upnl_other",
}
NAMES = {"cum": "maintenance_amount", "ep": "entry_price", "mmr": "mmr", "position": "quantity"}
LEGS = {"b": "", "both": "", "l": "long_", "long": "long_", "s": "short_", "short": "short_"}
OF_LEG = re.compile(r"(?i)(cum|ep|mmr)_?1?_?(both|long|short|[bls])|(position)1(both|long|short)")
TOPICS = ("liquidation price", "bankruptcy price")


def spelled_out(given: dict[str, Any], topic: str, units: frozenset[str]) -> dict[str, Any]:
    """Return what a case gives with the formula's symbols, if it is about that, as words."""
    if not topic.startswith(TOPICS):
        return given
    return {spelled(key, units): value for key, value in given.items()}


def spelled(key: str, units: frozenset[str]) -> str:
    """Return the words for the symbol that `key` is, a unit after it kept; else `key` itself."""
    stem, _, unit = (
        key.rpartition("_") if key.lower().rpartition("_")[2] in units else (key, "", "")
    )
    return f"{_spelled(stem)}_{unit}" if unit else _spelled(stem)


def _spelled(stem: str) -> str:
    # S is a size, s the direction; everything else reads the same in small letters.
    if stem == "s" or re.fullmatch(r"(?i)side_?1_?both", stem):
        return "side"
    if stem in ("B", "L", "S"):
        return f"{LEGS[stem.lower()]}quantity"
    match = OF_LEG.fullmatch(stem)
    if match is None:
        return SUMS.get(stem.lower(), stem)
    return LEGS[(match[2] or match[4]).lower()] + NAMES[(match[1] or match[3]).lower()]
