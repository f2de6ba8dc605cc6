"""An owner's exchange of one asset of the wallet for another, at the index and for a fee.

The venue's conversion desk, the purse `exchange`, is the other side and keeps the fee. What is sold
must be there and free, both prices fresh, and afterwards margin enough, or no less than before: a
conversion that helps an account in trouble is not refused.

No book is traded in and no price moved; venues that convert quote a price of their own, which is
not published, so the fee is an assumption of the operator's.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import AssetsMode
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down
from crossmargin.venue import command as asked
from crossmargin.venue.asset_prices import usable_index
from crossmargin.venue.checks import (
    check_leaving,
    check_money,
    owned,
    require_collateral,
    require_enough,
    require_prices,
)
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import MoneyMoved
from crossmargin.venue.judging import judged_as, margin_left, own_wallet
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState


@exact
def convert(decision: Decision, command: asked.Convert) -> None:
    """Exchange an amount of one asset for another; what is received is rounded down at 8 places.

    Raises
    ------
    Refusal
        UNKNOWN_ACCOUNT, UNKNOWN_SYMBOL (no asset of the venue), BAD_NUMBER, NOTHING_TO_CONVERT,
        PRICES_UNUSABLE, BALANCE_INSUFFICIENT, MARGIN_INSUFFICIENT, HEALTH_UNKNOWN.
    """
    account = owned(decision, command.account)
    for asset in (command.asset, command.to):
        check_money(decision, asset, command.amount)
    received = _received(decision, command)
    if account.assets_mode is AssetsMode.SINGLE:
        # Each asset is a pool of its own, and what is sold leaves it.
        check_leaving(decision, account, command.asset, command.amount)
    else:
        _check_pool(decision, account, command, received)
    wallet = f"account/{account.name}"
    postings = (
        *moved(wallet, "exchange", command.asset, command.amount),
        *moved("exchange", wallet, command.to, received),
    )
    decision.emit(MoneyMoved(why="convert", postings=postings))


def _received(decision: Decision, command: asked.Convert) -> Decimal:
    state, fee = decision.state, decision.state.settings.conversion_fee_fraction
    if command.asset == command.to:
        raise decision.refuse(
            Code.NOTHING_TO_CONVERT, f"{command.asset} would be exchanged for itself"
        )
    prices = []
    for asset in (command.asset, command.to):
        price = usable_index(state, asset)
        if price is None:
            raise decision.refuse(
                Code.PRICES_UNUSABLE, f"the index of {asset} cannot be acted upon now"
            )
        prices.append(price)
    received = quotient_down(command.amount * prices[0] * (ONE - fee), prices[1])
    received = down_to(EIGHT_PLACES, received)
    if not received:
        raise decision.refuse(
            Code.NOTHING_TO_CONVERT, f"that much {command.asset} is worth no {command.to}"
        )
    return received


def _check_pool(
    decision: Decision, account: AccountState, command: asked.Convert, received: Decimal
) -> None:
    # In multi-assets mode nothing leaves the pool, but haircuts and the fee may cost margin.
    state, view = decision.state, account.view()
    balances = dict(view.balances)
    balances[command.asset] = balances.get(command.asset, ZERO) - command.amount
    balances[command.to] = balances.get(command.to, ZERO) + received
    after = replace(view, balances=balances)
    if own_wallet(after, command.asset, state.rulebook) < 0:
        raise decision.refuse(
            Code.BALANCE_INSUFFICIENT, f"{account.name} does not have that much {command.asset}"
        )
    left = margin_left(judged_as(state, after).pools[0])
    before = margin_left(judged_as(state, view).pools[0])
    is_enough = None if left is None else left >= 0 or (before is not None and left >= before)
    if is_enough:
        for position in account.positions.values():
            require_prices(decision, position.symbol)
        require_collateral(decision, account)
    require_enough(decision, is_enough, f"{command.to} instead of that much {command.asset}")
