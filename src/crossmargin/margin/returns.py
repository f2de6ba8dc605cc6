"""What a position has earned, as venues show it.

For display and bookkeeping only: no requirement and no liquidation depends on these.
"""

from decimal import Decimal

from crossmargin.money import exact, quotient_down


@exact
def return_on_equity(
    unrealised_pnl: Decimal, position_value_signed: Decimal, leverage: Decimal
) -> Decimal:
    """Return profit ÷ (entry notional ÷ leverage), a fraction, rounded down at 50 digits.

    Entry notional is what the position would be worth without its profit, |signed value −
    profit|; the margin posted meanwhile does not count. Source: Hyperliquid's recorded replies.

    Parameters
    ----------
    unrealised_pnl : signed, in the settle asset.
    position_value_signed : size × mark, long positive; linear contracts.
    leverage : as set, above zero.
    """
    entry_notional = abs(position_value_signed - unrealised_pnl)
    return quotient_down(unrealised_pnl * leverage, entry_notional)


@exact
def profit_with_funding(pnl: Decimal, funding_received: Decimal) -> Decimal:
    """Return profit + funding received (negative where it was paid), fees apart; exact."""
    return pnl + funding_received
