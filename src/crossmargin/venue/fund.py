"""The insurance fund: what it has, what it can bear, what it can pay.

Its money is the purse `fund`; what it took over is held by the account of that name, which has
no money of its own between steps. So its health is that of the account with the purse in it. A
fund without an account takes nothing over.

This decides nothing (`waterfall` does). The purse never falls below zero.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.health import Health
from crossmargin.margin.lookup import leverage_of
from crossmargin.margin.takeover import Takeover
from crossmargin.model.account import Account
from crossmargin.money import EIGHT_PLACES, ZERO, down_to
from crossmargin.venue.backstop import has_own_capital, is_carried, money_behind
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.deleveraging import instrument_of, mark_of
from crossmargin.venue.event import MoneyMoved
from crossmargin.venue.judging import judged_as, pool_of
from crossmargin.venue.ledger import FUND
from crossmargin.venue.posting import post_fill
from crossmargin.venue.state import State


def health_of_fund(state: State, asset: str) -> Health | None:
    """Return the fund's health in an asset, its purse included; None where it is unknown."""
    if FUND not in state.accounts:
        return None
    pool = pool_of(judged_as(state, with_purse(state)), asset)
    return pool.health if pool else Health()


def with_purse(state: State) -> Account:
    """Return the fund's account as if its purse were in it: what its health rests on."""
    view = state.accounts[FUND].view()
    balances = dict(view.balances)
    # Sorted: in which order purses were first used is not kept, and pools fail in this one.
    for (purse, asset), amount in sorted(state.purses.items()):
        if purse == FUND:
            balances[asset] = balances.get(asset, ZERO) + amount
    return replace(view, balances=balances)


def is_borne(state: State, takeover: Takeover) -> bool:
    """Return whether the fund could take a position: with money left, and without failing.

    Where the market has a capital of its own, that must carry the position alone, too.
    """
    if FUND not in state.accounts:
        return False
    instrument = instrument_of(state, takeover.symbol)
    before = with_purse(state)
    after = post_fill(
        before,
        instrument,
        takeover.size,
        takeover.price or mark_of(state, takeover.symbol),
        fee_fraction=ZERO,
        leverage=leverage_of(takeover.symbol, before, state.rulebook),
    ).account
    balances = dict(after.balances)
    if takeover.price is None:
        # Taken at the mark; the share moves as money.
        balances[instrument.settle] = balances.get(instrument.settle, ZERO) + takeover.share
    if balances.get(instrument.settle, ZERO) < 0:
        return False
    after = replace(after, balances=balances)
    pool = pool_of(judged_as(state, after), instrument.settle)
    if pool is None or pool.health is None or pool.is_liquidatable:
        return False
    if not has_own_capital(state, takeover.symbol):
        return True
    settle = instrument.settle
    change = balances.get(settle, ZERO) - before.balances.get(settle, ZERO)
    alone = replace(
        after,
        balances={settle: money_behind(state, takeover.symbol) + change},
        positions=tuple(one for one in after.positions if one.symbol == takeover.symbol),
    )
    return is_carried(state, takeover.symbol, judged_as(state, alone))


def means_of_fund(state: State, asset: str) -> Decimal:
    """Return what the fund can pay: of its purse, what its inventory has not lost already.

    Rounded down at 8 places; zero where its health is not known.
    """
    health = health_of_fund(state, asset)
    money = state.purse(FUND, asset)
    if FUND in state.accounts:
        money = min(money, health.equity) if health else ZERO
    return max(ZERO, down_to(EIGHT_PLACES, money))


def square_fund(decision: Decision) -> None:
    """Move the fund account's money to the purse, or pay from it what the account lacks."""
    state = decision.state
    fund = state.accounts.get(FUND)
    if fund is None:
        return
    for asset, amount in tuple(fund.balances.items()):
        change = max(amount, -state.purse(FUND, asset))
        postings = moved(f"account/{FUND}", FUND, asset, change)
        if postings:
            decision.emit(MoneyMoved(why="fund", postings=postings))
