"""How far implied volatility shifts in a scenario, as data."""

from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO


class TermShift(Struct, frozen=True, forbid_unknown_fields=True):
    """A relative shift that is largest for near expiries (Deribit, Derive).

    Up: × (1 + range_up × (30 ÷ days)^power); down: × (1 − range_down × (30 ÷ days)^power).

    Attributes
    ----------
    short_power, long_power : up to 30 days, and beyond.
    days_floor : nearer expiries are shifted as if they were so far.
    up_floor : shifted up, volatility is at least this.
    """

    range_up: Decimal
    range_down: Decimal
    short_power: Decimal
    long_power: Decimal
    days_floor: Decimal = ZERO
    up_floor: Decimal = ZERO
