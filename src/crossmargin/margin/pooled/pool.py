"""What both ways of pooling come to: sums, what they are made of, and the venue's own ratio."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from crossmargin.margin.scenarios.requirement import Charge
from crossmargin.margin.tally import Tally
from crossmargin.money import down_to, plain

POSITIONS = "maintenance margin of positions"
TO_THE_LINE = "to the line of liquidation"
"""Names of what is asked beside loans."""

PERCENT_PLACES = Decimal("0.01")


class Pool(NamedTuple):
    """An account's money and requirements in one asset.

    Attributes
    ----------
    name : the asset, or USD.
    charges : what maintenance margin is the sum of.
    said : the venue's own ratio, in a sentence; None where nothing is asked.
    """

    name: str
    tally: Tally
    charges: tuple[Charge, ...]
    said: str | None


def percent(fraction: Decimal, rounded: Callable[[Decimal, Decimal], Decimal] = down_to) -> str:
    """Return a ratio for people, to two places; cut unless `rounded` is another way."""
    return f"{plain(rounded(PERCENT_PLACES, fraction * 100))} %"
