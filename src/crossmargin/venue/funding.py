"""What a perpetual's funding rate is, and what an account receives of it.

A perpetual has no expiry to pull it to the index, so holders pay each other: at every funding
time the side whose perpetual is dear pays the other a fraction of its notional. Two formulas, one
for the fraction and one for the payment; the numbers in them are the rulebook's.

This does not gather the premium (`feeds` or the venue's own prices do), does not say when funding
happens, and does not post anything. Positive rates: longs pay shorts. Nothing is rounded.
"""

from decimal import Decimal

from crossmargin.money import exact, quotient_up
from crossmargin.rulebooks.schema import Funding


@exact
def funding_rate(premium: Decimal, rules: Funding, first_tier_rate: Decimal | None) -> Decimal:
    """Return the funding rate paid at one funding time, a fraction of notional.

    Parameters
    ----------
    premium : average of (perpetual − index) ÷ index over the interval, a fraction.
    rules : interest rate and damper of the formula, and what caps its rate.
    first_tier_rate : maintenance rate of the symbol's first tier; None where it is not known,
        which leaves the rate without the cap that is a multiple of it.

    Returns
    -------
    Decimal
        premium + clamp(interest − premium, ±damper), within the caps; of that the interval's part
        of the formula's period, rounded up at 50 digits where it does not end.
    """
    pull = _clamped(rules.interest_rate - premium, rules.damper)
    rate = premium + pull
    if first_tier_rate is not None and rules.cap_multiple is not None:
        rate = _clamped(rate, rules.cap_multiple * first_tier_rate)
    if rules.cap_rate is not None:
        rate = _clamped(rate, rules.cap_rate)
    if rules.period_ms is None:
        return rate
    return quotient_up(rate * rules.interval_ms, Decimal(rules.period_ms))


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
