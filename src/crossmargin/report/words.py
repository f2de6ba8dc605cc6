"""Numbers and moments as people read them.

Everything a report says in words goes through here, so that amounts read alike everywhere:
thousands separated, two places for dollars and eight for coins (fewer or more where a headline is
rough), a true minus, moments in UTC. Rounding is for reading only: half to even unless a caller
names a direction, and less than half of the eighth place reads zero. Whoever wants every digit
reads summary.json or the Parquet tables.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from crossmargin.money import exact

MINUS = "−"
PLACES_OF_DOLLARS, PLACES_OF_COINS = 2, 8
_DOLLARS = frozenset({"BUSD", "FDUSD", "TUSD", "DAI", "U"})
"""Dollars whose name does not begin with USD."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SMALLEST = Decimal("0.000000005")  # less than half of the last digit that wallets have
_COUNTS = [
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
]


def places(asset: str) -> int:
    """Return how many decimal places amounts of `asset` are read with."""
    is_dollar = asset.startswith("USD") or asset in _DOLLARS
    return PLACES_OF_DOLLARS if is_dollar else PLACES_OF_COINS


def money(
    amount: Decimal | None,
    asset: str,
    *,
    is_signed: bool = False,
    rounding: str = ROUND_HALF_EVEN,
) -> str:
    """Return an amount without its asset; small ones get up to eight places, unknown is a dash."""
    if amount is None:
        return "–"
    shown = places(asset)
    if abs(amount) < _SMALLEST:
        return "0" if shown > PLACES_OF_DOLLARS else "0.00"
    if abs(amount) < Decimal(1).scaleb(-shown):
        shown = min(PLACES_OF_COINS, 1 - amount.adjusted())
    return _number(_cut(amount, shown, rounding), shown, is_signed=is_signed)


def rough(amount: Decimal, asset: str) -> str:
    """Return an amount with its asset as a headline says it: "4,009 USDT", "0.4213 BTC"."""
    if not amount:
        return f"0 {asset}"
    if abs(amount) >= 100:
        shown = 0
    elif places(asset) == PLACES_OF_DOLLARS:
        shown = 2 if abs(amount) >= Decimal("0.01") else min(18, -amount.adjusted())
    else:
        shown = min(18, max(4, 3 - amount.adjusted()))
    text = _number(amount, shown)
    if shown > 2:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {asset}"


def price(amount: Decimal | float | None, *, rounding: str = ROUND_HALF_EVEN) -> str:
    """Return a price to about seven digits."""
    if amount is None:
        return "–"
    if isinstance(amount, Decimal):
        value = amount
    else:
        # Only replays have floats; a comparison starts without the library that brings them.
        from crossmargin.feeds.series import exact as exact_price

        value = exact_price(amount)
    shown = min(12, max(2, 6 - value.adjusted())) if value else 0
    text = _number(_cut(value, shown, rounding), shown)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(
    fraction: Decimal | float,
    *,
    is_signed: bool = False,
    rounding: str = ROUND_HALF_EVEN,
    shown: int = 1,
) -> str:
    """Return a fraction as a percentage with `shown` places."""
    amount = _cut(Decimal(str(fraction)) * 100, shown, rounding)
    return f"{_number(amount, shown, is_signed=is_signed)} %"


def size(amount: Decimal) -> str:
    """Return a quantity with all its digits, thousands separated."""
    return _number(amount, max(0, -int(amount.normalize().as_tuple().exponent)))


def moment(at_ms: int) -> str:
    """Return a moment such as "10 Oct 2025 21:20 UTC"; seconds only where there are some."""
    return f"{day(at_ms)} {clock(at_ms)} UTC"


def day(at_ms: int) -> str:
    """Return the UTC date of a moment such as "10 Oct 2025"."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def clock(at_ms: int) -> str:
    """Return the UTC time of day of a moment; seconds only where there are some."""
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def duration(span_ms: int) -> str:
    """Return a length of time in its two largest units: "2 h 5 min"."""
    seconds = span_ms // 1000
    parts: list[str] = []
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count and len(parts) < 2:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "a moment"


def counted(number: int) -> str:
    """Return a number in words up to twelve, else in digits."""
    return _COUNTS[number] if number < len(_COUNTS) else f"{number:,}"


def count_of(number: int, thing: str) -> str:
    """Return a number of things: "three buckets"."""
    return f"{counted(number)} {thing}{'' if number == 1 else 's'}"


def listed(words: list[str]) -> str:
    """Return words as a list in a sentence: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


@exact
def _cut(amount: Decimal, shown: int, rounding: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-shown), rounding)


def _number(amount: Decimal, shown: int, *, is_signed: bool = False) -> str:
    text = f"{abs(amount):,.{shown}f}"
    if not any(digit in text for digit in "123456789"):
        return text
    sign = MINUS if amount < 0 else "+" if is_signed else ""
    return sign + text
