"""What the operator of the paper venue chooses; the venue's rules are the rulebook's.

Settings are part of what makes a venue deterministic: they are written into its store and printed.
"""

from decimal import Decimal

from msgspec import Struct


class Filters(Struct, frozen=True):
    """What orders in a symbol must keep to; None where there is no such rule.

    `band_fraction`: how far a limit price may be from the mark, against the taker's interest.
    """

    tick: Decimal | None = None
    lot: Decimal | None = None
    notional_min: Decimal | None = None
    band_fraction: Decimal | None = None


class VenueSettings(Struct, frozen=True):
    """Settings of one paper venue.

    Attributes
    ----------
    sources_min : how many fresh sources an index takes; fewer degrade the symbol.
    outlier_fraction : a source further than this from the median is left out of the index.
    jump_fraction : an index that moves further than this at once degrades the symbol until it is
        seen again; None has no such rule (a replay).
    stale_ms : how old an observation may be.
    degraded_ms : how long a symbol may be degraded before trading in it halts.
    premium_sample_ms : how often the premium is sampled for funding.
    adl_policy : a key of `adl.POLICIES`.
    filters : by symbol; `filters_default` for the others.
    """

    sources_min: int = 1
    outlier_fraction: Decimal = Decimal("0.05")
    jump_fraction: Decimal | None = None
    stale_ms: int = 60_000
    degraded_ms: int = 300_000
    premium_sample_ms: int = 60_000
    adl_policy: str = "profit-times-leverage"
    filters: dict[str, Filters] = {}
    filters_default: Filters = Filters()

    def filters_of(self, symbol: str) -> Filters:
        """Return the filters of a symbol."""
        return self.filters.get(symbol, self.filters_default)
