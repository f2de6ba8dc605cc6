"""The two rates a unified account is judged by, as its venue prints them.

`health` compares exactly and never divides; these are the printed figures, cut to four places,
which flatters the account: they are for reading, nothing is decided by them.

Source: Bybit, "Trading terms and formulas in unified trading account"; API documentation, wallet
balance and portfolio margin.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.money import ZERO, down_to, exact, quotient_down

STEP = Decimal("0.0001")
"""What rates are cut to."""


class AccountRates(Struct, frozen=True):
    """Initial and maintenance margin ÷ collateral, and what is available; in USD.

    The rates are None where there is no collateral.
    """

    initial_rate: Decimal | None
    maintenance_rate: Decimal | None
    available: Decimal


@exact
def account_rates(
    collateral: Decimal,
    initial_margin: Decimal,
    maintenance_margin: Decimal,
    *,
    haircut_loss: Decimal = ZERO,
    order_loss: Decimal = ZERO,
) -> AccountRates:
    """Return requirement ÷ (collateral − haircut loss + order loss), cut to four places.

    Parameters
    ----------
    collateral : margin balance in cross margin, equity in portfolio margin; after haircuts.
    haircut_loss : collateral value that filled spot orders would cost, not negative.
    order_loss : what open orders away from the mark would start with, not positive.
    """
    base = collateral - haircut_loss + order_loss
    return AccountRates(
        _rate(initial_margin, base),
        _rate(maintenance_margin, base),
        collateral - haircut_loss - initial_margin,
    )


def _rate(requirement: Decimal, base: Decimal) -> Decimal | None:
    return down_to(STEP, quotient_down(requirement, base)) if base > 0 else None
