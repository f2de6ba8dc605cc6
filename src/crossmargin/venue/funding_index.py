"""Funding by an index: what one unit of the base asset has paid since the market began.

A venue that settles lazily keeps one growing number a market; what a position pays is its size
times the growth since it was last looked at. Everything is whole numbers in the venue's smallest
units (dYdX v4, x/perpetuals/funding/funding.go and x/subaccounts/lib/updates.go): the index counts
millionths of the smallest quote unit per smallest base unit.

This does not make the rate: `margin.fractions.funding_rate_cap` bounds it. Positive rates: longs
pay shorts. Invariant: the index is truncated towards zero, the account's payment floored once.
"""

from collections.abc import Iterable

from crossmargin.errors import UnitError

SECONDS_PER_RATE = 8 * 60 * 60
QUOTE_EXPONENT = -6
"""The smallest unit of USDC is 10 to this power."""
MILLION = 1_000_000


def funding_index_increment(
    rate_8h_ppm: int,
    elapsed_seconds: int,
    price_mantissa: int,
    price_exponent: int,
    base_exponent: int,
) -> int:
    """Return by how much the index grows, in millionths of a quote unit per base unit.

    Parameters
    ----------
    rate_8h_ppm : funding rate of eight hours, parts per million of notional.
    elapsed_seconds : since the index last grew.
    price_mantissa, price_exponent : oracle price of one base asset, mantissa × 10^exponent USD.
    base_exponent : the smallest unit of the base asset is 10 to this power.

    Raises
    ------
    UnitError
        If the time or the price is negative.
    """
    if elapsed_seconds < 0 or price_mantissa < 0:
        raise UnitError(f"{elapsed_seconds} s at {price_mantissa}: neither may be negative")
    # Multiplied out first; truncated once at the price's exponent and once at the period.
    grown = abs(rate_8h_ppm) * elapsed_seconds * price_mantissa
    exponent = price_exponent + base_exponent - QUOTE_EXPONENT
    power: int = 10 ** abs(exponent)
    grown = (grown * power if exponent >= 0 else grown // power) // SECONDS_PER_RATE
    return -grown if rate_8h_ppm < 0 else grown


def funding_settlement(changes: Iterable[tuple[int, int]]) -> int:
    """Return what an account RECEIVES, in smallest quote units; negative: it pays.

    Parameters
    ----------
    changes : a position's growth of the index since it was last settled, and its signed size in
        smallest base units.

    Returns
    -------
    int
        −Σ growth × size ÷ 1,000,000, floored once for the account: against it.
    """
    return -sum(growth * size for growth, size in changes) // MILLION
