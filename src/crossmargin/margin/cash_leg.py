"""A position as a signed size and a signed amount of cash, the way Hyperliquid keeps it.

Buying moves cash out and coins in, selling the other way round. What a position or an account is
worth is then cash + size × price, without an entry price: profit and entry price are for display.
So are the figures here; `assess` and its boundaries, which know ladders, orders and other
positions, decide. The two forms agree: cash leg = margin − size × price, at whatever price the
margin was measured.

Linear contracts only, money in the quote asset. Amounts are exact; rates are rounded up and prices
towards the mark, at 50 digits, never in the account's favour.

Sources: Hyperliquid, "Liquidations" and "Margin tiers"; recorded replies of its accounts.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.errors import UnitError
from crossmargin.money import ONE, ZERO, exact, quotient_down, quotient_up

MAINTENANCE_SHARE = Decimal(2)
"""Initial margin at a tier's largest leverage is so many times its maintenance margin."""


@exact
def maintenance_rate(leverage_max: Decimal) -> Decimal:
    """Return 1 ÷ (2 × largest leverage): the maintenance margin's fraction of notional; rounded up.

    Source: Hyperliquid, "Margin tiers".

    Raises
    ------
    UnitError
        If the leverage is below one.
    """
    if not leverage_max >= ONE:
        raise UnitError(f"the largest leverage is {leverage_max}, must be at least 1")
    return quotient_up(ONE, MAINTENANCE_SHARE * leverage_max)


@exact
def signed_value(position_value: Decimal, size: Decimal) -> Decimal:
    """Return the value of a position with the sign of its size, zero without one; exact.

    `position_value` is the absolute notional that venues print, in the quote asset.
    """
    return abs(position_value).copy_sign(size) if size else ZERO


@exact
def cash_leg(margin_value: Decimal, position_value_signed: Decimal) -> Decimal:
    """Return the cash of a position worth `margin_value`: margin − size × price; exact.

    Parameters
    ----------
    margin_value : what the position's pot is worth, open profit included, in the quote asset.
    position_value_signed : size × price, long positive, at the price of that moment.
    """
    return margin_value - position_value_signed


@exact
def account_value(cash: Decimal, position_values_signed: Iterable[Decimal]) -> Decimal:
    """Return cash + Σ size × mark, in the quote asset; exact.

    Of one isolated position it is the worth of its pot, of a cross account its equity.

    Parameters
    ----------
    cash : the signed cash leg or, of an account, the sum of them and of what was deposited.
    position_values_signed : size × mark of each position, long positive.
    """
    return cash + sum(position_values_signed, ZERO)


@exact
def liquidation_price(cash: Decimal, size: Decimal, rate: Decimal) -> Decimal | None:
    """Return the price at which a position is worth exactly its maintenance margin.

    cash + size × P = |size| × P × rate, so P = −cash ÷ (size − |size| × rate). The same as price −
    side × (margin − maintenance) ÷ |size| ÷ (1 − rate × side), from any price. A long's is rounded
    up, a short's down, at 50 digits. Source: Hyperliquid, "Liquidations".

    Parameters
    ----------
    cash : the signed cash leg, in the quote asset; negative of a long that owes.
    size : signed, in coins.
    rate : the maintenance rate of the tier that holds at the price returned.

    Returns
    -------
    Decimal or None
        None where no price above zero liquidates: no position, a long without debt, a short
        without cash (which is past every price).

    Raises
    ------
    UnitError
        If the rate is not in [0, 1).
    """
    if not ZERO <= rate < ONE:
        raise UnitError(f"the maintenance rate is {rate}, must be in [0, 1)")
    if not size or cash * size >= 0:
        return None
    quotient = quotient_up if size > 0 else quotient_down
    return quotient(-cash, size - abs(size) * rate)
