"""Which modes a venue has, and refusing an account in another."""

from crossmargin.errors import UsageError
from crossmargin.model.account import Account, AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.rulebooks.portfolio.pooled import PooledPortfolio
from crossmargin.rulebooks.schema import Rulebook


def check_modes(account: Account, rulebook: Rulebook) -> None:
    """Refuse an account in a mode the venue does not have.

    Raises
    ------
    UsageError
        One sentence that names the mode.
    """
    if account.assets_mode not in rulebook.assets_modes:
        raise UsageError(f"{rulebook.venue} has no {account.assets_mode}-assets mode")
    if account.position_mode not in rulebook.position_modes:
        raise UsageError(f"{rulebook.venue} has no {account.position_mode} position mode")
    if account.mode not in rulebook.modes:
        raise UsageError(f"{rulebook.venue} has no {account.mode} mode")
    if account.mode is AccountMode.PORTFOLIO:
        _check_portfolio(account, rulebook)
        return
    is_single = account.assets_mode is AssetsMode.SINGLE
    if rulebook.has_isolated and (is_single or rulebook.has_isolated_in_multi):
        return
    where = " in multi-assets mode" if rulebook.has_isolated else ""
    for symbol in _isolated(account):
        raise UsageError(f"{symbol}: {rulebook.venue} has nothing isolated{where}")


def can_borrow(account: Account, rulebook: Rulebook) -> bool:
    """Return whether a wallet of the account may be below zero: all its assets are one pool."""
    if account.assets_mode is AssetsMode.MULTI:
        return True
    is_portfolio = account.mode is AccountMode.PORTFOLIO
    return is_portfolio and isinstance(rulebook.portfolio, PooledPortfolio)


def default_assets_mode(rulebook: Rulebook, mode: AccountMode) -> AssetsMode:
    """Return the first assets mode that the venue has in a mode of accounts."""
    found = rulebook.assets_modes
    if mode is AccountMode.PORTFOLIO and rulebook.portfolio is not None:
        found = tuple(one for one in found if one in rulebook.portfolio.assets_modes)
    return AssetsMode(found[0])


def _check_portfolio(account: Account, rulebook: Rulebook) -> None:
    rule = rulebook.portfolio
    if rule is not None and account.assets_mode not in rule.assets_modes:
        raise UsageError(
            f"{rulebook.venue} has no {account.assets_mode}-assets mode in portfolio mode"
        )
    if account.position_mode is PositionMode.HEDGE:
        raise UsageError(f"{rulebook.venue} has no hedge position mode in portfolio mode")
    for symbol in _isolated(account):
        raise UsageError(f"{symbol}: {rulebook.venue} has nothing isolated in portfolio mode")


def _isolated(account: Account) -> list[str]:
    modes = {position.symbol: position.mode for position in account.positions}
    settings = account.margin_mode | modes
    return [symbol for symbol, mode in settings.items() if mode is MarginMode.ISOLATED]
