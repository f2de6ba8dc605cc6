"""The totals of an OKX account in portfolio margin, as its API prints them.

A currency whose equity is below zero is a debt of as much, which carries margin of its own (MR8)
and the fee of paying it back; derivatives carry no fee, MR7 stands in for it. An account is judged
by `margin.health`, which compares and never divides: the ratio here is for reading.

Source: OKX API documentation, position builder, the response example; the rates are what its
figures imply.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ONE, ZERO, exact, quotient_down


class DebtRates(Struct, frozen=True):
    """What is asked for a debt, as fractions of it: to open, to keep, and as fee on paying it."""

    initial: Decimal
    maintenance: Decimal
    fee: Decimal


class AccountTotals(Struct, frozen=True):
    """An account, in USD.

    Attributes
    ----------
    margin_ratio : equity ÷ (maintenance margin + fees); falls to 1 at liquidation. None where
        nothing is asked for.
    leverage : notional ÷ equity, with the sign of equity. None without equity.
    """

    equity: Decimal
    unit_maintenance: Decimal
    debt_initial: Decimal
    debt_maintenance: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    margin_ratio: Decimal | None
    leverage: Decimal | None


@exact
def account_totals(
    equities: Sequence[Decimal],
    unit_initials: Sequence[Decimal],
    unit_maintenances: Sequence[Decimal],
    notionals: Sequence[Decimal],
    debt_rates: DebtRates,
) -> AccountTotals:
    """Return the totals of an account; quotients rounded down.

    Parameters
    ----------
    equities : of every currency, in USD, after its discount; what is below zero is owed.
    unit_initials, unit_maintenances, notionals : of every unit, in USD.
    """
    equity = sum(equities, ZERO)
    debt = sum((max(ZERO, -one) for one in equities), ZERO)
    debt_initial, debt_maintenance = debt * debt_rates.initial, debt * debt_rates.maintenance
    unit_maintenance = sum(unit_maintenances, ZERO)
    maintenance = unit_maintenance + debt_maintenance
    asked = maintenance + debt * (ONE + debt_rates.maintenance) * debt_rates.fee
    return AccountTotals(
        equity=equity,
        unit_maintenance=unit_maintenance,
        debt_initial=debt_initial,
        debt_maintenance=debt_maintenance,
        initial_margin=sum(unit_initials, ZERO) + debt_initial,
        maintenance_margin=maintenance,
        margin_ratio=quotient_down(equity, asked) if asked else None,
        leverage=quotient_down(sum(notionals, ZERO), equity) if equity else None,
    )
