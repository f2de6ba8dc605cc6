"""Requirements from an initial fraction and a maintenance share, in whole steps of money.

Some venues have no ladder of position sizes. A market has one initial fraction, which grows with
the open interest of the whole market, and the maintenance margin is a share of the unscaled
initial margin; every amount is a whole number of the smallest unit of money. The formulas and
roundings are those of dYdX v4 (x/perpetuals/lib/lib.go and types/liquidity_tier.go).

This does not add positions up and knows no account. Invariant: a requirement is never rounded in
the account's favour once its fraction is fixed, and maintenance never depends on open interest:
a crowded market stops new risk and liquidates nobody.
"""

from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.money import ONE, ZERO, down_to, exact, quotient_down, up_to

PART_PER_MILLION = Decimal("0.000001")
"""The unit in which fractions are kept."""


@exact
def scaled_initial_fraction(
    base: Decimal,
    open_notional: Decimal,
    lower_cap: Decimal | None,
    upper_cap: Decimal | None,
) -> Decimal:
    """Return the initial fraction of a market with this much open notional.

    At or below the lower cap the base, at or above the upper cap 1, and on the straight line in
    between, truncated to whole parts per million: the one rounding that favours the account, and
    the venue's own.

    Parameters
    ----------
    base : initial fraction of notional, 0 to 1, in whole parts per million.
    open_notional : open interest × oracle price of the whole market, in the quote asset.
    lower_cap, upper_cap : in the quote asset; either None, or an upper cap of 0, is no scaling.

    Raises
    ------
    UsageError
        If the lower cap is above the upper cap.
    """
    if lower_cap is None or not upper_cap:
        return base
    if lower_cap > upper_cap:
        raise UsageError(
            f"the open interest's lower cap {lower_cap} is above its upper cap {upper_cap}"
        )
    if open_notional <= lower_cap:
        return base
    if open_notional >= upper_cap:
        return ONE
    span = upper_cap - lower_cap
    scaled = quotient_down(base * span + (ONE - base) * (open_notional - lower_cap), span)
    return max(base, down_to(PART_PER_MILLION, scaled))


@exact
def stepped_notional(size: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """Return size × price, signed like the size, truncated towards zero to whole `step`s.

    A long loses the part of a step that is cut off, a short gains it.
    """
    magnitude = down_to(step, abs(size) * price)
    return -magnitude if size < 0 else magnitude


@exact
def initial_margin(notional: Decimal, fraction: Decimal, step: Decimal) -> Decimal:
    """Return |notional| × fraction, rounded up to whole `step`s of the quote asset."""
    return up_to(step, abs(notional) * fraction)


@exact
def maintenance_margin(
    notional: Decimal, base_fraction: Decimal, share: Decimal, step: Decimal
) -> Decimal:
    """Return the share of the base initial margin, each rounded up to whole `step`s.

    Parameters
    ----------
    notional : in the quote asset; its sign does not matter.
    base_fraction : the market's initial fraction before any scaling by open interest.
    share : of the initial margin that must be maintained, 0 to 1; not a fraction of notional.
    step : smallest amount of the quote asset.
    """
    return up_to(step, initial_margin(notional, base_fraction, step) * share)


@exact
def funding_rate_cap(clamp_factor: Decimal, initial_fraction: Decimal, share: Decimal) -> Decimal:
    """Return the largest magnitude of the funding rate, a fraction of notional.

    clamp_factor × (initial fraction − maintenance fraction), where the maintenance fraction,
    initial fraction × share, and the product are truncated to whole parts per million
    (GetMaintenanceMarginPpm, GetMaxAbsFundingClampPpm).

    Raises
    ------
    UsageError
        If the share is below 0 or above 1.
    """
    if not ZERO <= share <= ONE:
        raise UsageError(f"the maintenance share {share} is not between 0 and 1")
    maintenance_fraction = down_to(PART_PER_MILLION, initial_fraction * share)
    return down_to(PART_PER_MILLION, clamp_factor * (initial_fraction - maintenance_fraction))
