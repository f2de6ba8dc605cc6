"""What the operator of the paper venue chooses; the venue's rules are the rulebook's.

Settings are part of what makes a venue deterministic: they are written into its store and printed.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.money import ONE, ZERO


class Filters(Struct, frozen=True):
    """What orders in a symbol must keep to; None where there is no such rule.

    `band_fraction`: how far a limit price may be from the mark, against the taker's interest;
    market makers are not held to it.
    """

    tick: Decimal | None = None
    lot: Decimal | None = None
    notional_min: Decimal | None = None
    band_fraction: Decimal | None = None


class Limits(Struct, frozen=True):
    """What the venue risks in one market; None where there is no such rule.

    Attributes
    ----------
    open_interest_max : the notional at mark up to which orders may open more, in the quote asset.
    fund_capital : what of the insurance fund stands behind this market on one day (UTC), in the
        settle asset. The fund takes over what that could carry alone, and loses no more in it.
    fund_adl_fraction : the part of `fund_capital` which, once lost, makes the fund give its
        position up to winners.
    """

    open_interest_max: Decimal | None = None
    fund_capital: Decimal | None = None
    fund_adl_fraction: Decimal = ONE


class AssetRules(Struct, frozen=True):
    """How the index of one collateral asset is found, beyond the rules of all indices.

    Attributes
    ----------
    sources : those that count; all, where none is named.
    sources_min, stale_ms : instead of the venue's.
    floor_fraction : the index is at least this part of the redemption value, while one is fresh.
    move_max_fraction : how far the index may go from where it was, within `move_ms`.
    """

    sources: tuple[str, ...] = ()
    sources_min: int | None = None
    stale_ms: int | None = None
    floor_fraction: Decimal | None = None
    move_max_fraction: Decimal | None = None
    move_ms: int = 60_000


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
    warn_fraction : the part of equity that maintenance margin has come to when its owner is
        warned. Binance sends margin calls and does not say when; 0.8 is an assumption.
    adl_policy : a key of `adl.POLICIES`.
    filters : by symbol; `filters_default` for the others.
    limits : by symbol; `limits_default` for the others.
    assets : rules for the index of collateral assets, by asset.
    conversion_fee_fraction : what converting one asset into another costs, of what it brings. An
        assumption: venues quote a price of their own.
    interest_hourly : what a loan costs an hour, a fraction, by asset; none where none is given.
    profit_leaves_fraction : the part of unrealised profit that may leave as money, which makes a
        wallet owe it. No venue whose rules are packaged lets any.
    """

    sources_min: int = 1
    outlier_fraction: Decimal = Decimal("0.05")
    jump_fraction: Decimal | None = None
    stale_ms: int = 60_000
    degraded_ms: int = 300_000
    premium_sample_ms: int = 60_000
    warn_fraction: Decimal = Decimal("0.8")
    adl_policy: str = "profit-times-leverage"
    filters: dict[str, Filters] = {}
    filters_default: Filters = Filters()
    limits: dict[str, Limits] = {}
    limits_default: Limits = Limits()
    assets: dict[str, AssetRules] = {}
    conversion_fee_fraction: Decimal = Decimal("0.001")
    interest_hourly: dict[str, Decimal] = {}
    profit_leaves_fraction: Decimal = ZERO

    def filters_of(self, symbol: str) -> Filters:
        """Return the filters of a symbol."""
        return self.filters.get(symbol, self.filters_default)

    def limits_of(self, symbol: str) -> Limits:
        """Return the limits of a symbol."""
        return self.limits.get(symbol, self.limits_default)

    def for_asset(self, asset: str) -> "VenueSettings":
        """Return the settings with what an asset has of its own in their place."""
        rules = self.assets.get(asset)
        if rules is None:
            return self
        sources_min, stale_ms = rules.sources_min, rules.stale_ms
        return replace(
            self,
            sources_min=self.sources_min if sources_min is None else sources_min,
            stale_ms=self.stale_ms if stale_ms is None else stale_ms,
        )

    def asset_rules_of(self, asset: str) -> AssetRules:
        """Return the rules for the index of a collateral asset."""
        return self.assets.get(asset, AssetRules())
