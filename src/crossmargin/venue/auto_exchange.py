"""Debts that have grown too large are paid by selling collateral, whatever their owner wants.

In multi-assets mode a wallet of one asset may be below zero while others carry it. Where the
rulebook says so, a debt worth more than `exchange_above` is brought to zero: all other assets are
sold, in proportion to what they are worth, at the rates of the venue's own exchange (else at those
collateral counts for). The venue's conversion desk, the purse `exchange`, stands between.

Looked at are accounts that a command has touched. Assets whose price is not known are neither
sold nor paid for. What collateral cannot pay stays owed; that an account without positions fails
by its debt is the liquidation ladder's business, and so is what is exchanged in a liquidation.

Source: Binance, trading rules of multi-assets mode, and FAQ f80415bea8124f6494566f23c0bf9c38.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.collateral import Rates, exchange_rates, rates
from crossmargin.margin.lookup import cross_wallets
from crossmargin.model.account import AssetsMode
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, exact, quotient_down, quotient_up, up_to
from crossmargin.venue.asset_prices import usable_index
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import MoneyMoved, Posting
from crossmargin.venue.ledger import FUND
from crossmargin.venue.state import AccountState, State


class Holding(Struct, frozen=True):
    """Collateral that may be sold: how much, what a unit is worth, and what selling it brings."""

    amount: Decimal
    index_price: Decimal
    rate: Decimal


@exact
def collateral_sold(debt_usd: Decimal, holdings: Mapping[str, Holding]) -> dict[str, Decimal]:
    """Return how much of each asset is sold to pay a debt: in proportion to worth, at its rate.

    Debt x worth ÷ all worth ÷ rate, rounded up at 8 places; at most all there is. Assets that
    nothing is sold of are left out.

    Parameters
    ----------
    debt_usd : what has to be paid, in USD.
    """
    total = sum((one.amount * one.index_price for one in holdings.values()), ZERO)
    sold = {}
    for asset, one in holdings.items():
        if one.amount <= 0 or one.rate <= 0:
            continue
        share = quotient_up(debt_usd * one.amount * one.index_price, total)
        sold[asset] = min(one.amount, up_to(EIGHT_PLACES, quotient_up(share, one.rate)))
    return sold


def repay_debts(decision: Decision) -> None:
    """Exchange the debts of all touched accounts that are above the venue's threshold."""
    debts = decision.state.rulebook.debts
    if debts is None:
        return
    for name in sorted(decision.touched):
        account = decision.state.accounts.get(name)
        if account is None or name == FUND or account.assets_mode is not AssetsMode.MULTI:
            continue
        for asset, amount in tuple(account.balances.items()):
            price = usable_index(decision.state, asset) if amount < 0 else None
            if price is not None and -amount * price > debts.exchange_above:
                _repay(decision, account, asset)


def _repay(decision: Decision, account: AccountState, owed: str) -> None:
    state = decision.state
    wallets = cross_wallets(account.bare(), state.rulebook)
    owed_rates = exchanged_at(state, owed)
    if owed_rates is None or wallets[owed] >= 0:
        return
    holdings = {}
    for asset, amount in wallets.items():
        price, asset_rates = usable_index(state, asset), exchanged_at(state, asset)
        if amount > 0 and price is not None and asset_rates is not None:
            holdings[asset] = Holding(amount, price, asset_rates.bid)
    debt_usd = -wallets[owed] * owed_rates.ask
    sold = collateral_sold(debt_usd, holdings)
    brings = sum((amount * holdings[asset].rate for asset, amount in sold.items()), ZERO)
    paid = min(-wallets[owed], down_to(EIGHT_PLACES, quotient_down(brings, owed_rates.ask)))
    if not paid:
        return
    wallet = f"account/{account.name}"
    postings: list[Posting] = []
    for asset, amount in sold.items():
        postings += moved(wallet, "exchange", asset, amount)
    postings += moved("exchange", wallet, owed, paid)
    decision.emit(MoneyMoved(why="auto-exchange", postings=tuple(postings)))


def exchanged_at(state: State, asset: str) -> Rates | None:
    """Return the rates at which the venue exchanges an asset by itself; None if unknown.

    Where the rulebook has no buffers of the exchange's own, those that collateral counts for.
    """
    collateral, price = state.rulebook.collateral.get(asset), usable_index(state, asset)
    if collateral is None or price is None:
        return None
    return exchange_rates(price, collateral) or rates(price, collateral)
