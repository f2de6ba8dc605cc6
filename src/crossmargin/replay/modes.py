"""The same account in the other margin mode, so that both can live through one path.

Cross to isolated: every position gets a bucket with notional at entry ÷ leverage, what the venue
would have moved there when it was opened; a bucket it has already stays as it is. Isolated to
cross: the buckets are emptied into the pool. Balances do not change: they are the whole wallet
either way.
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account, AssetsMode, MarginMode
from crossmargin.money import EIGHT_PLACES, ZERO, exact, plain, quotient_up, up_to
from crossmargin.rulebooks.schema import Rulebook


def as_cross(account: Account) -> Account:
    """Return the account with all its positions in the shared pool."""
    positions = tuple(
        replace(position, mode=MarginMode.CROSS, margin=ZERO) for position in account.positions
    )
    return replace(account, positions=positions, margin_mode={})


@exact
def as_isolated(account: Account, rulebook: Rulebook) -> Account:
    """Return the account with every position in a bucket of its own, margins rounded up.

    Raises
    ------
    UsageError
        In multi-assets mode, which has no buckets, or if the wallet cannot fill them.
    """
    if account.assets_mode is AssetsMode.MULTI:
        raise UsageError("multi-assets mode has no isolated positions to compare with")
    positions = []
    left: dict[str, Decimal] = dict(account.balances)
    for position in account.positions:
        instrument = contract_of(position.symbol, rulebook).instrument
        leverage = leverage_of(position.symbol, account, rulebook)
        value = notional(position.size, position.entry_price, instrument)
        margin = up_to(EIGHT_PLACES, quotient_up(value, leverage))
        if position.mode is MarginMode.ISOLATED:
            margin = position.margin
        left[instrument.settle] = left.get(instrument.settle, ZERO) - margin
        positions.append(replace(position, mode=MarginMode.ISOLATED, margin=margin))
    for asset, amount in left.items():
        if amount < 0:
            raise UsageError(f"isolated buckets need {plain(-amount)} {asset} more than there is")
    symbols = {order.symbol: MarginMode.ISOLATED for order in account.orders}
    return replace(account, positions=tuple(positions), margin_mode=symbols)


def both_modes(account: Account, rulebook: Rulebook) -> dict[str, Account]:
    """Return the account as it is (if mixed), all cross, and all isolated, by name.

    The isolated one is left out where there cannot be one: in multi-assets mode, or if the
    wallet cannot fill the buckets.
    """
    modes = {position.mode for position in account.positions}
    found = {"mixed": account} if len(modes) > 1 else {}
    found["cross"] = as_cross(account)
    if modes == {MarginMode.ISOLATED}:
        return {"isolated": account, **found}
    if why_not_isolated(account, rulebook) is None:
        found["isolated"] = as_isolated(account, rulebook)
    return found


def why_not_isolated(account: Account, rulebook: Rulebook) -> str | None:
    """Return why there is no isolated version of the account; None if there is one."""
    try:
        as_isolated(account, rulebook)
    except UsageError as error:
        return str(error)
    return None
