"""What a perpetual's funding rate is, and what an account receives of it.

A perpetual has no expiry to pull it to the index, so holders pay each other: at every funding
time the side whose perpetual is dear pays the other a fraction of its notional. Two formulas, one
for the fraction and one for the payment; the numbers in them are the rulebook's.

This does not gather the premium (`feeds` or the venue's own prices do), does not say when funding
happens, and does not post anything. Positive rates: longs pay shorts. Nothing is rounded.
"""

from decimal import Decimal

from crossmargin.money import exact
from crossmargin.rulebooks.schema import Funding


@exact
def funding_rate(premium: Decimal, rules: Funding, first_tier_rate: Decimal | None) -> Decimal:
    """Return the funding rate of one interval, a fraction of notional.

    Parameters
    ----------
    premium : average of (perpetual − index) ÷ index over the interval, a fraction.
    rules : interest rate per interval, damper, and the multiple that caps the rate.
    first_tier_rate : maintenance rate of the symbol's first tier; None leaves the rate uncapped.

    Returns
    -------
    Decimal
        premium + clamp(interest − premium, ±damper), within ± multiple × first-tier rate; exact.
    """
    pull = _clamped(rules.interest_rate - premium, rules.damper)
    rate = premium + pull
    if first_tier_rate is None:
        return rate
    return _clamped(rate, rules.cap_multiple * first_tier_rate)


@exact
def funding_payment(notional_signed: Decimal, rate: Decimal) -> Decimal:
    """Return what the account RECEIVES at a funding time, in the settle asset; negative: it pays.

    Parameters
    ----------
    notional_signed : signed size × mark price (× multiplier), long positive, in the settle asset.
    rate : fraction of notional; positive: longs pay shorts.

    Returns
    -------
    Decimal
        −notional × rate, exact.
    """
    return -(notional_signed * rate)


def _clamped(value: Decimal, bound: Decimal) -> Decimal:
    return max(-bound, min(bound, value))
