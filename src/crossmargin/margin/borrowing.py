"""Borrowing against collateral, where a venue does it by itself.

On Hyperliquid a portfolio margin account that loses cash borrows it automatically against its
spot tokens, up to a part of their value (LTV, loan to value). These are the published sums:
how much can be borrowed, how much has been, from which price on it is too much, and what the
account's ratio and free amount are. The full requirement of such an account, caps and
thresholds included, is not here.

Amounts in USDC. Rounded never in the account's favour.
"""

from decimal import Decimal

from crossmargin.money import ZERO, exact, quotient_down, quotient_up


@exact
def borrowable(token_amount: Decimal, oracle_price: Decimal, ltv_fraction: Decimal) -> Decimal:
    """Return amount × oracle price × LTV, zero for a debt; exact.

    Source: Hyperliquid, "Portfolio margin".
    """
    return max(ZERO, token_amount) * oracle_price * ltv_fraction


@exact
def automatic_borrow(cash: Decimal, unrealised_pnl: Decimal) -> Decimal:
    """Return what is borrowed for a loss that the cash does not cover: −(cash + profit), or 0."""
    return max(ZERO, -(cash + unrealised_pnl))


@exact
def borrow_limit_price(
    spot_size: Decimal, perpetual_size: Decimal, entry_price: Decimal, ltv_fraction: Decimal
) -> Decimal | None:
    """Return the price at which a short's borrowed loss reaches the LTV of the spot held.

    Of |short| × (P − entry) = LTV × spot × P, so P = |short| × entry ÷ (|short| − LTV × spot),
    without cash; rounded down. None where it never does: the collateral grows at least as fast
    as the loss, or the perpetual is not short. Source: Hyperliquid, "Portfolio margin", the
    carry example.

    Parameters
    ----------
    spot_size, perpetual_size : signed, in the base asset.
    """
    if perpetual_size >= 0:
        return None
    short = -perpetual_size
    outgrown = short - ltv_fraction * max(ZERO, spot_size)
    return quotient_down(short * entry_price, outgrown) if outgrown > 0 else None


@exact
def unborrowed_ratio(equity: Decimal, available_after_maintenance: Decimal) -> Decimal | None:
    """Return the portfolio margin ratio of an account that has not borrowed; rounded up.

    Maintenance ÷ equity, with maintenance = equity − what is available after it; rises to 0.95
    at liquidation. None where there is no equity. Observed: the documented offset of 20 USDC is
    not in it.
    """
    if equity <= 0:
        return None
    return quotient_up(equity - available_after_maintenance, equity)


@exact
def unheld(total: Decimal, hold: Decimal) -> Decimal:
    """Return what open orders leave free of a spot amount: total − hold; exact."""
    return total - hold
