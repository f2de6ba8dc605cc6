"""What a venue's replies say about margin, before anything is made of it.

One shape for all venues: each reader (`okx`, `bybit`, …) turns its venue's replies into these
records and nothing more; `draft` makes an edition of them. Amounts are decimals read from the
venue's own digits, rates are fractions, floors are in the unit the venue states. What a reply
does not say is None, never a guess.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

Reply = Any
"""JSON as the venue sent it; fractions are texts with the venue's own digits."""

Ask = Callable[[str, Mapping[str, object]], Reply]
"""Ask a ccxt method by name, such as `publicGetPublicPositionTiers`, with its parameters."""


class Rung(Struct, frozen=True):
    """One tier. `leverage` or `initial_rate` is given; `deduction` where the venue prints it."""

    floor: Decimal
    rate: Decimal
    leverage: Decimal | None = None
    initial_rate: Decimal | None = None
    deduction: Decimal | None = None


class Ladder(Struct, frozen=True):
    """The tiers of one symbol and what else its contract says.

    Attributes
    ----------
    symbol : the venue's own id.
    settle : None where every contract of the venue settles in the same asset and replies do not
        name it.
    cap : the largest notional (size, where `unit` says so); None where none is stated.
    unit : what floors and cap count: notional in the settle asset, or size as the venue counts it.
    multiplier : what one unit of size stands for; None where it is the venue's usual one.
    open_interest_caps : lower and upper, in open notional.
    """

    symbol: str
    settle: str | None
    rungs: tuple[Rung, ...]
    cap: Decimal | None = None
    unit: Literal["notional", "size"] = "notional"
    multiplier: Decimal | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None
    open_interest_caps: tuple[Decimal, Decimal] | None = None


class FeeRates(Struct, frozen=True):
    """Fractions of notional; None is not said. `note` is what else should be known of them."""

    maker: Decimal | None = None
    taker: Decimal | None = None
    liquidation: Decimal | None = None
    note: str | None = None


class Haircut(Struct, frozen=True):
    """How an asset counts as collateral.

    Attributes
    ----------
    slices : from which amount of the asset on which fraction counts, first from zero.
    ask_buffer, exchange_bid_buffer, exchange_ask_buffer : as in a rulebook's `[collateral]`.
    """

    asset: str
    slices: tuple[tuple[Decimal, Decimal], ...]
    ask_buffer: Decimal | None = None
    exchange_bid_buffer: Decimal | None = None
    exchange_ask_buffer: Decimal | None = None


class Fetched(Struct, frozen=True):
    """Everything that one run fetched from a venue.

    Attributes
    ----------
    address : where from, and `program`: through what, with its version.
    is_official : whether it was the venue's own address.
    ladders, fees, haircuts : None where they were not fetched; `missing` says why, a sentence
        each.
    """

    venue: str
    address: str
    program: str
    ladders: tuple[Ladder, ...] | None
    fees: FeeRates | None
    haircuts: tuple[Haircut, ...] | None
    missing: tuple[str, ...]
    is_official: bool = True


def decimal(value: object) -> Decimal:
    """Return the number a reply holds; raises ArithmeticError or ValueError if it is none."""
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError(f"{value!r} is not a number")
    return found


def optional(value: object) -> Decimal | None:
    """Return the number a reply holds; None where it is missing, empty or zero."""
    return (decimal(value) or None) if value not in (None, "") else None


def from_caps(caps: list[Decimal]) -> tuple[list[Decimal], Decimal]:
    """Return the floors and the last cap of tiers that state how far each goes."""
    return [Decimal(0), *caps[:-1]], caps[-1]


def most_common(rates: list[FeeRates]) -> FeeRates | None:
    """Return the fees that most contracts have, with a note where others have other ones."""
    counts: dict[FeeRates, int] = {}
    for one in rates:
        counts[one] = counts.get(one, 0) + 1
    if not counts:
        return None
    best = max(counts, key=counts.__getitem__)
    others = len(rates) - counts[best]
    note = f"{others} of {len(rates)} contracts have other fees than these." if others else None
    return FeeRates(best.maker, best.taker, best.liquidation, note)
