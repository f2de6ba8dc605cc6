"""What to say of a symbol that a rulebook does not know.

A name that is nearly one the venue has is a slip, and the right one helps; a coin the rulebook
lacks is no slip, and another coin's name would mislead. So a name is offered only of the same
coin, and otherwise what to do about it is said. Nothing is decided here: the symbol is refused
either way.
"""

import re
from difflib import get_close_matches

from crossmargin.rulebooks.options import impossible_day
from crossmargin.rulebooks.schema import Rulebook

_COIN = re.compile(r"(?:[PF][FI]_)?([A-Z0-9]+?)(?=[-_/:]|FDUSD|USD|UST|PERP|$)")
"""The coin a symbol begins with, however venues write what follows."""

_NAME = re.compile(r"[\w-]*[A-Za-z][\w-]*")
"""What may be a contract somewhere; other words are not worth advice."""


def unknown_symbol(symbol: str, rulebook: Rulebook) -> str:
    """Return the sentence that refuses `symbol`, with what was meant or what to do."""
    day = impossible_day(symbol, rulebook)
    if day is not None:
        return f"{symbol} expires on {day}, and there is no such day"
    said = (
        f"{symbol} is not a symbol of {rulebook.venue} {rulebook.edition}, nor under [instruments]"
    )
    same_coin = _of_the_same_coin(symbol, rulebook)
    if same_coin is not None:
        return f"{said}; did you mean {same_coin}?"
    if not _NAME.fullmatch(symbol):
        return said
    # Only here: every account is read by importers of this, and few name a symbol nobody knows.
    from crossmargin.live.tables import VENUES

    fetched = f", or run crossmargin rulebooks update {rulebook.venue}"
    return (
        f"{said}; add [instruments.{symbol}] and [[tiers.{symbol}]]"
        f"{fetched if rulebook.venue in VENUES else ''}"
    )


def _of_the_same_coin(symbol: str, rulebook: Rulebook) -> str | None:
    match = _COIN.match(symbol.upper())
    coin = match[1] if match else ""
    near = [
        name
        for name, contract in rulebook.contracts.items()
        if contract.instrument.base.upper() == coin
    ]
    return next(iter(get_close_matches(symbol.upper(), near, n=1, cutoff=0)), None)
