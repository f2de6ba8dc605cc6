"""Collateral that a venue margins together with the positions it may hedge (Derive).

Equity then counts it in full, and what of it is held back is part of what its unit is asked.
Elsewhere collateral counts after its haircut, whatever the positions, and is in no unit.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import Account
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.schema import Collateral, Rulebook


def counted_in_full(account: Account, rulebook: Rulebook) -> Rulebook:
    """Return the rulebook that the equity of a portfolio margin account follows.

    Without positions there is no unit to hold anything back, so that collateral counts as it does
    in standard mode.
    """
    has_units = any(position.size for position in account.positions)
    if not _is_margined(rulebook) or not has_units:
        return rulebook
    return rulebook.with_collateral(
        {asset: _in_full(entry) for asset, entry in rulebook.collateral.items()}
    )


def margined_with(account: Account, rulebook: Rulebook) -> dict[str, Decimal]:
    """Return the amounts that units margin besides their legs; none at most venues."""
    if not _is_margined(rulebook):
        return {}
    return {asset: amount for asset, amount in account.balances.items() if amount}


def _is_margined(rulebook: Rulebook) -> bool:
    return rulebook.portfolio is not None and rulebook.portfolio.is_collateral_margined


def _in_full(entry: Collateral) -> Collateral:
    return replace(
        entry, bid_buffer=ZERO, ask_buffer=ZERO, slices=(), known_to=None, initial_scale=ONE
    )
