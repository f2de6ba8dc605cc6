"""Numbers as people read them: grouped and rounded.

Money and fractions are never rounded in the account's favour, prices and sizes to the nearest. A
number that is not zero never prints as zero: it gets as many places as it takes.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from crossmargin.money import exact
from crossmargin.report.words import PLACES_OF_DOLLARS, places

MANY = Decimal(10)

UNKNOWN = "?"
NONE = "–"


def held(amount: Decimal | None, asset: str) -> str:
    """Return money that is the account's, rounded down; "?" if unknown."""
    return UNKNOWN if amount is None else _money(amount, asset, ROUND_FLOOR)


def asked(amount: Decimal | None, asset: str) -> str:
    """Return money that is asked of the account, rounded up; "?" if unknown."""
    return UNKNOWN if amount is None else _money(amount, asset, ROUND_CEILING)


@exact
def percent(fraction: Decimal | None, *, up: bool, is_capped: bool = True) -> str:
    """Return a fraction as a percentage with two places, "–" for None.

    Beyond `MANY`, where digits say nothing more, it is "over 1,000 %" if `is_capped`.
    """
    if fraction is None:
        return NONE
    if is_capped and fraction > MANY:
        return f"over {MANY * 100:,f} %"
    return f"{_grouped(fraction * 100, 2, ROUND_CEILING if up else ROUND_FLOOR)} %"


def price(value: Decimal | None) -> str:
    """Return a price with all its digits, up to 8 places; "–" for None."""
    if value is None:
        return NONE
    return _trimmed(_grouped(value, 8, ROUND_HALF_EVEN))


def full(value: Decimal) -> str:
    """Return a number with all its digits, up to 12 places, grouped."""
    return _trimmed(_grouped(value, 12, ROUND_HALF_EVEN))


def _money(amount: Decimal, asset: str, rounding: str) -> str:
    # Dollars with cents; coins with the places they need.
    shown = places(asset)
    text = _grouped(amount, shown, rounding)
    return text if shown == PLACES_OF_DOLLARS else _trimmed(text)


@exact
def _grouped(value: Decimal, places: int, rounding: str) -> str:
    if not value:
        return f"{Decimal(0):.{places}f}"
    shown = value.quantize(Decimal(1).scaleb(-places), rounding)
    if not shown:
        # The first digit that is not zero decides how many places there are.
        shown = value.quantize(Decimal(1).scaleb(value.adjusted()), rounding)
    return f"{shown:,f}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
