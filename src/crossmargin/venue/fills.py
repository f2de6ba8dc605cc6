"""One side of a trade: what a fill makes of an account, and which money moves with it.

The arithmetic is `posting`'s. It is done on an account of nothing but the one position, so that a
fill costs the same whatever else is held or open. Nothing is emitted or changed.

What a trade takes from the pool of an isolated position is no more than the pool has.

Invariant: money only moves between the account and `clearing/SYMBOL` (realised profit, of an option
its premium, rounded down at 8 places) and between the account and the fees' purse (rounded up).
"""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.lookup import contract_of, leverage_of
from crossmargin.model.account import AssetsMode, MarginMode, Position
from crossmargin.model.order import Side
from crossmargin.money import ONE, ZERO
from crossmargin.venue.decision import moved
from crossmargin.venue.event import Filled
from crossmargin.venue.judging import judged_as, own_wallet, wallet_and_profit
from crossmargin.venue.posting import Posted, post_fill
from crossmargin.venue.state import AccountState, State, TrustedAccount


def fill(
    state: State,
    name: str,
    symbol: str,
    size: Decimal,
    price: Decimal,
    side: Side | None,
    *,
    why: str,
    trade_id: int,
    order_id: int | None = None,
    fee_fraction: Decimal = ZERO,
    fee_to: str = "fees",
    is_maker: bool = False,
    is_liquidation: bool = False,
) -> Filled:
    """Return the event of an account's buying (size above zero) or selling at `price`.

    Parameters
    ----------
    side : in hedge mode, the position it belongs to.
    fee_fraction : of notional; below zero a rebate, which `fee_to` pays.
    is_liquidation : whether an isolated bucket bears loss and fee itself.

    Raises
    ------
    UsageError
        If there is no such symbol.
    """
    account = state.accounts[name]
    alone = _alone(account, symbol, side)
    instrument = contract_of(symbol, state.rulebook).instrument
    posted = post_fill(
        alone,
        instrument,
        size,
        price,
        fee_fraction=fee_fraction,
        leverage=leverage_of(symbol, alone, state.rulebook),
        side=side,
        is_liquidation=is_liquidation,
    )
    before, left = alone.positions, posted.account.positions
    position = left[0] if left else Position(symbol, ZERO, price, alone.mode_of(symbol))
    if position.margin and not is_liquidation:
        position = _as_far_as_paid(state, account, before, position, posted)
        left = (position,)
    if side is None:
        side = (left or before or (position,))[0].side
    wallet = f"account/{name}"
    return Filled(
        trade_id=trade_id,
        account=name,
        symbol=symbol,
        size=size,
        price=price,
        position=position,
        side=side,
        realised_pnl=posted.realised_pnl,
        fee=posted.fee,
        why=why,
        is_maker=is_maker,
        order_id=order_id,
        postings=(
            *moved(f"clearing/{symbol}", wallet, instrument.settle, posted.paid),
            *moved(wallet, fee_to, instrument.settle, posted.fee),
        ),
    )


def _as_far_as_paid(
    state: State,
    account: AccountState,
    before: tuple[Position, ...],
    position: Position,
    posted: Posted,
) -> Position:
    # A bucket, and the fee of its trades, is paid for by the pool. What that does not have (the
    # fee was not margined, the price was a worse one) the bucket does without: a debt of the
    # pool's would be for the insurance fund to pay. In multi-assets mode it is a loan.
    if account.assets_mode is AssetsMode.MULTI:
        return position
    view, settle = account.bare(), contract_of(position.symbol, state.rulebook).instrument.settle
    change = posted.paid - posted.fee
    after = replace(
        view,
        balances=view.balances | {settle: view.balances.get(settle, ZERO) + change},
        positions=(*(one for one in view.positions if one not in before), position),
    )
    if own_wallet(after, settle, state.rulebook) >= 0:
        return position
    lacking = -wallet_and_profit(judged_as(state, after), settle, ONE)
    taken = position.margin - sum((one.margin for one in before), ZERO) - change
    kept = position.margin - max(ZERO, min(lacking, taken, position.margin))
    return replace(position, margin=kept)


def _alone(account: AccountState, symbol: str, side: Side | None) -> TrustedAccount:
    held = account.position(symbol, side)
    mode = account.margin_mode.get(symbol, MarginMode.CROSS)
    return TrustedAccount(
        {},
        (held,) if held else (),
        (),
        account.leverage,
        {symbol: mode},
        account.assets_mode,
        account.position_mode,
    )
