"""The leverage an account may have, where sizes or rules are not those it was set for.

A setting outlives a position's growth, but not a tier's limit: a venue that is asked to open the
larger position refuses the leverage of the smaller one. So whoever asks what could be opened uses
the setting, or what the tier allows, if that is less.
"""

from collections.abc import Iterable
from decimal import Decimal

from crossmargin.margin.lookup import leverage_of, leverage_setting
from crossmargin.margin.requirement import Exposure, tier_number
from crossmargin.model.account import Account
from crossmargin.model.market import Market
from crossmargin.rulebooks.margin_rule import InitialMargin
from crossmargin.rulebooks.schema import Contract, Rulebook


def leverage_allowed(
    sizes: Iterable[Decimal], contract: Contract, mark_price: Decimal | None
) -> Decimal | None:
    """Return the largest leverage at which the venue allows positions of all `sizes`.

    That of the first tier where there is no size or no mark price; None where the ladder is not
    known. Above the end of a ladder known in part it is that of its last tier.
    """
    tiers = contract.tiers
    if tiers is None:
        return None
    allowed = tiers.pieces[0].leverage_max
    if mark_price is None:
        return allowed
    for size in sizes:
        exposure = Exposure.of_size(size, mark_price, contract.instrument)
        number = tier_number(exposure, tiers)
        tier = tiers.pieces[-1 if number is None else number]
        allowed = min(allowed, tier.leverage_max)
    return allowed


def fitting_leverage(account: Account, market: Market, rulebook: Rulebook) -> dict[str, Decimal]:
    """Return the leverage of each symbol that is set or held: the setting within what tiers allow.

    Where none is set it is the venue's default, and where there is none either, what the first tier
    allows; a symbol is left out where the ladder's own initial rates say what is asked.
    """
    sizes: dict[str, list[Decimal]] = {symbol: [] for symbol in account.leverage}
    for position in account.positions:
        sizes.setdefault(position.symbol, []).append(position.size)
    found: dict[str, Decimal] = {}
    for symbol, held in sizes.items():
        setting = leverage_setting(symbol, account, rulebook)
        if setting is None:
            if rulebook.margin.initial is not InitialMargin.LEVERAGE:
                continue
            setting = leverage_of(symbol, account, rulebook)
        contract = rulebook.contracts[symbol]
        allowed = leverage_allowed(held, contract, market.marks.get(symbol))
        found[symbol] = setting if allowed is None else min(setting, allowed)
    return found
