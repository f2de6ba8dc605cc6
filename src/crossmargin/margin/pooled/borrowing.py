"""Borrowing against collateral, where a venue does it by itself.

On Hyperliquid a portfolio margin account that loses cash borrows it automatically against its
tokens, up to a part of their value (LTV, loan to value). Here are the published sums: how much can
be borrowed, how much has been, from which price on it is too much; and the account's ratio, what
is required ÷ what a liquidation would find.

What was borrowed stands in the requirement, so a balance is counted without it, from zero. The
page writes the liquidation value with one token as both debt and collateral; that all other
tokens back a debt, together up to its cap, is how we read it.

Amounts in the settle asset (USDC). Rounded never in the account's favour.

Source: Hyperliquid, "Portfolio margin".
"""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO, exact, quotient_down, quotient_up
from crossmargin.rulebooks.portfolio.pooled import LendingPortfolio


@exact
def borrowable(token_amount: Decimal, oracle_price: Decimal, ltv_fraction: Decimal) -> Decimal:
    """Return amount × oracle price × LTV, zero for a debt; exact."""
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
    as the loss, or the perpetual is not short. Source: the page's carry example.

    Parameters
    ----------
    spot_size, perpetual_size : signed, in the base asset.
    """
    if perpetual_size >= 0:
        return None
    short = -perpetual_size
    outgrown = short - ltv_fraction * max(ZERO, spot_size)
    return quotient_down(short * entry_price, outgrown) if outgrown > 0 else None


class Backing(Struct, frozen=True):
    """A token that backs a debt.

    Attributes
    ----------
    amount : held, in the token; below zero it backs nothing.
    supply_cap : how much of it counts, in the token.
    price : the borrow oracle's, in the settle asset.
    fraction : what of its worth counts.
    """

    amount: Decimal
    supply_cap: Decimal
    price: Decimal
    fraction: Decimal

    @property
    @exact
    def worth(self) -> Decimal:
        """Return min(amount, supply cap) × price × fraction, zero for a debt."""
        return borrowable(min(self.amount, self.supply_cap), self.price, self.fraction)


@exact
def liquidation_threshold(loan_to_value: Decimal, rule: LendingPortfolio) -> Decimal:
    """Return what of a token's worth counts at a liquidation: 0.5 + 0.5 × LTV; exact."""
    return rule.threshold_base + rule.threshold_slope * loan_to_value


@exact
def maintenance_requirement(
    maintenance_margin: Decimal, borrowed_value: Decimal, rule: LendingPortfolio
) -> Decimal:
    """Return offset + maintenance margin + what is borrowed; exact.

    The offset is asked only where something is borrowed: accounts without a debt were seen to
    report maintenance margin ÷ balance exactly.

    Parameters
    ----------
    maintenance_margin : of all cross positions.
    borrowed_value : borrowed size × borrow oracle price, not negative.
    """
    offset = rule.borrow_offset if borrowed_value else ZERO
    return offset + maintenance_margin + borrowed_value


@exact
def liquidation_value(
    balance_value: Decimal, borrow_cap_value: Decimal, backing: Iterable[Backing]
) -> Decimal:
    """Return balance + min(borrow cap, what backs the debt); exact.

    Parameters
    ----------
    balance_value : of the token that is or may be borrowed, without what was borrowed.
    borrow_cap_value : the user's cap of that token, at its price.
    """
    return balance_value + min(borrow_cap_value, sum((one.worth for one in backing), ZERO))


@exact
def portfolio_ratio(requirement: Decimal, value: Decimal) -> Decimal | None:
    """Return requirement ÷ liquidation value, rounded up; None where there is no value."""
    return quotient_up(requirement, value) if value > 0 else None


@exact
def unborrowed_ratio(equity: Decimal, available_after_maintenance: Decimal) -> Decimal | None:
    """Return the ratio of an account that has not borrowed; rounded up.

    Maintenance ÷ equity, with maintenance = equity − what is available after it. None where there
    is no equity.
    """
    return portfolio_ratio(equity - available_after_maintenance, equity)
