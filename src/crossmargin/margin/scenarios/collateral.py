"""Collateral that a venue margins together with the positions it may hedge.

Equity then counts it in full, and what of it is held back is part of what its unit is asked. At
Derive that is all that is held. At Deribit, where all collateral is one pool, it is each coin's
equity, which moves with the coin whether or not there are positions on it. Elsewhere collateral
counts after its haircut, whatever the positions, and is in no unit.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import Account, AssetsMode
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.schema import Collateral, Rulebook


def counted_in_full(account: Account, rulebook: Rulebook) -> Rulebook:
    """Return the rulebook that the equity of a portfolio margin account follows.

    Without positions there is no unit to hold anything back, so that collateral counts as it does
    in standard mode.
    """
    has_units = any(position.size for position in account.positions)
    if not (has_units and _is_margined(rulebook)) and not is_equity_margined(account, rulebook):
        return rulebook
    return rulebook.with_collateral(
        {asset: _in_full(entry) for asset, entry in rulebook.collateral.items()}
    )


def margined_with(account: Account, rulebook: Rulebook) -> dict[str, Decimal]:
    """Return the amounts that units margin besides their legs; none at most venues."""
    if not _is_margined(rulebook):
        return {}
    return {asset: amount for asset, amount in account.balances.items() if amount}


def is_equity_margined(account: Account, rulebook: Rulebook) -> bool:
    """Return whether the equity that is in coins moves with the units of its underlyings."""
    rule = rulebook.portfolio
    is_pool = account.assets_mode is AssetsMode.MULTI
    return rule is not None and rule.is_equity_margined and is_pool


def spot_in_use(account: Account, base: str, rulebook: Rulebook) -> Decimal:
    """Return the coins held that may hedge positions on them; how far they do is the method's."""
    rule = rulebook.portfolio
    is_pool = account.assets_mode is AssetsMode.MULTI
    if rule is None or not (rule.is_spot_in_use and is_pool):
        return ZERO
    return max(account.balances.get(base, ZERO), ZERO)


def _is_margined(rulebook: Rulebook) -> bool:
    return rulebook.portfolio is not None and rulebook.portfolio.is_collateral_margined


def _in_full(entry: Collateral) -> Collateral:
    # What is assumed of a haircut plays no part then.
    return replace(
        entry,
        bid_buffer=ZERO,
        ask_buffer=ZERO,
        slices=(),
        known_to=None,
        initial_scale=ONE,
        assumption=None,
    )
