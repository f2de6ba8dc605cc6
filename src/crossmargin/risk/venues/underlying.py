"""What a contract is on, whatever a venue calls it.

Every venue has its own names: XBT is BTC, USDt is USDT, kPEPE and 1000PEPE are a thousand PEPE. Two
contracts are alike when they follow the same coin, pay the same way, and end on the same day or
never. Here names become that likeness; nothing is converted (`risk.venues.translation` does).

A delivery day is read from the symbol, as the rulebooks' patterns write it (251226, 26DEC25). A
future whose symbol tells no day is like no other.
"""

import re
from datetime import date
from decimal import Decimal

from msgspec import Struct

from crossmargin.model.instrument import Instrument, Kind
from crossmargin.money import ONE

DOLLARS = frozenset({"USD", "USDT", "USDC", "USDE", "BUSD", "FDUSD"})
"""Assets that are taken for one another at par."""

ALIASES = {"XBT": "BTC", "XDG": "DOGE"}

_BUNDLE = re.compile(r"(?P<count>1000000|10000|1000|1M|k)(?P<coin>[A-Z][A-Za-z0-9]*)")
_COUNTS = {"1M": Decimal(1_000_000), "k": Decimal(1000)}
_DIGITS = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})$")
_WORDS = re.compile(r"(?<!\d)(\d{1,2})([A-Z]{3})(\d{2})$")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Underlying(Struct, frozen=True):
    """What makes contracts of two venues alike.

    Attributes
    ----------
    coin : the usual name of the base asset, one of it.
    quote : the usual name of what the price is counted in; "USD" for every dollar.
    is_inverse : whether it pays in the coin.
    delivery : the day a future ends; None for perpetuals.
    """

    coin: str
    quote: str
    is_inverse: bool
    delivery: date | None

    @property
    def name(self) -> str:
        """Return it in words, such as "linear perpetual of BTC"."""
        payoff = "inverse" if self.is_inverse else "linear"
        term = "perpetual" if self.delivery is None else f"future of {self.delivery}"
        pair = self.coin if self.quote == "USD" else f"{self.coin} in {self.quote}"
        return f"{payoff} {term} of {pair}"


def asset_name(name: str) -> str:
    """Return the usual name of an asset: XBt is BTC, USDt is USDT."""
    upper = name.upper()
    return ALIASES.get(upper, upper)


def bundle(base: str) -> tuple[str, Decimal]:
    """Return the coin that `base` counts, and how many of it: 1000PEPE is 1,000 of PEPE."""
    match = _BUNDLE.fullmatch(base)
    if match is None:
        return asset_name(base), ONE
    count = match["count"]
    return asset_name(match["coin"]), _COUNTS.get(count) or Decimal(count)


def underlying_of(instrument: Instrument) -> Underlying | None:
    """Return what `instrument` is on; None for options and futures of an unknown day."""
    if instrument.kind.is_option:
        return None
    delivery = None
    if instrument.kind in (Kind.LINEAR_FUTURE, Kind.INVERSE_FUTURE):
        delivery = delivery_of(instrument.symbol)
        if delivery is None:
            return None
    settle = asset_name(instrument.settle)
    # The price of an inverse contract is in dollars, whatever it settles in.
    is_dollar = instrument.kind.is_inverse or settle in DOLLARS
    coin, _ = bundle(instrument.base)
    quote = "USD" if is_dollar else settle
    return Underlying(coin, quote, instrument.kind.is_inverse, delivery)


def delivery_of(symbol: str) -> date | None:
    """Return the day that `symbol` ends with; None if it does not end with one."""
    day: tuple[int, int, int] | None = None
    if match := _DIGITS.search(symbol):
        day = 2000 + int(match[1]), int(match[2]), int(match[3])
    elif (match := _WORDS.search(symbol)) and match[2] in _MONTHS:
        day = 2000 + int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1])
    try:
        return None if day is None else date(*day)
    except ValueError:
        return None
