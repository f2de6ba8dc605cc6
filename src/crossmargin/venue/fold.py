"""What an event makes of the state.

`fold` is the only thing that changes a state, and it decides nothing: whatever an event says is
so. Recovery is folding the journal's events, so this must go on understanding every event that
was ever written.

What an event changes is noted in `state.unhashed` where somebody hashes the state: accounts,
orders, prices and purses are each looked up in one place here, and that place takes the note.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.model.account import AccountMode, AssetsMode, Position
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO, exact
from crossmargin.venue import event as happened
from crossmargin.venue.event import AnyEvent, OrderStatus, Posting
from crossmargin.venue.ledger import FUND
from crossmargin.venue.state import AccountState, OpenOrder, State, SymbolState


@exact
def fold(state: State, event: AnyEvent) -> None:
    """Change `state` by one event.

    Raises
    ------
    InvariantBroken
        If the event speaks of something that is not there.
    """
    for posting in event.postings:
        _post(state, posting)
    change = CHANGES.get(type(event))
    if change is not None:
        change(state, event)


def _post(state: State, posting: Posting) -> None:
    _add(state, posting.source, posting.asset, -posting.amount)
    _add(state, posting.target, posting.asset, posting.amount)


def _add(state: State, purse: str, asset: str, amount: Decimal) -> None:
    if purse.startswith("account/"):
        account = _account(state, purse.removeprefix("account/"))
        left = account.balances[asset] = account.balances.get(asset, ZERO) + amount
        if left < 0:
            state.debtors.add(account.name)
        elif account.name in state.debtors and not account.is_debtor:
            state.debtors.remove(account.name)
        account.changed()
        return
    key = (purse, asset)
    if state.unhashed is not None:
        state.unhashed.purses.add(key)
    state.purses[key] = state.purses.get(key, ZERO) + amount


def _account(state: State, name: str) -> AccountState:
    found = state.accounts.get(name)
    if found is None:
        raise InvariantBroken(f"an event is about the account {name}, which is not there")
    if state.unhashed is not None:
        state.unhashed.accounts.add(name)
    return found


def _order(state: State, order_id: int) -> OpenOrder:
    found = state.orders.get(order_id)
    if found is None:
        raise InvariantBroken(f"an event is about the order {order_id}, which is not there")
    if state.unhashed is not None:
        state.unhashed.orders.add(order_id)
    return found


def _market(state: State, name: str) -> SymbolState:
    if state.unhashed is not None:
        state.unhashed.symbols.add(name)
    return state.symbol(name)


def _account_opened(state: State, event: happened.AccountOpened) -> None:
    rulebook = state.rulebook
    state.accounts[event.account] = AccountState(
        event.account,
        event.parent,
        is_maker=event.is_maker,
        assets_mode=AssetsMode(rulebook.assets_modes[0]),
        mode=AccountMode(rulebook.modes[0]),
    )
    _account(state, event.account)


def _leverage_set(state: State, event: happened.LeverageSet) -> None:
    account = _account(state, event.account)
    account.leverage[event.symbol] = event.leverage
    account.changed()


def _margin_mode_set(state: State, event: happened.MarginModeSet) -> None:
    account = _account(state, event.account)
    account.margin_mode[event.symbol] = event.mode
    account.changed()


def _position_mode_set(state: State, event: happened.PositionModeSet) -> None:
    account = _account(state, event.account)
    account.position_mode = event.mode
    account.changed()


def _assets_mode_set(state: State, event: happened.AssetsModeSet) -> None:
    account = _account(state, event.account)
    account.assets_mode = event.mode
    account.changed()


def _account_mode_set(state: State, event: happened.AccountModeSet) -> None:
    account = _account(state, event.account)
    account.mode = event.mode
    account.changed()


def _hold(state: State, name: str, position: Position, side: Side) -> None:
    account = _account(state, name)
    key = account.key(position.symbol, side)
    market, held = _market(state, position.symbol), account.positions.get(key)
    was_long = max(ZERO, held.size) if held else ZERO
    if position.size > 0 or was_long:
        state.opened(position.symbol, max(ZERO, position.size) - was_long)
    if position.size:
        account.positions[key] = position
        market.holders[name] = None
    else:
        account.positions.pop(key, None)
        if not any(symbol == position.symbol for symbol, _ in account.positions):
            market.holders.pop(name, None)
    market.triggers.position_changed(name, account.held)
    account.changed()


def _position_changed(state: State, event: happened.PositionChanged) -> None:
    _hold(state, event.account, event.position, event.side)


def _order_accepted(state: State, event: happened.OrderAccepted) -> None:
    placed = event.order
    status = OrderStatus.WAITING if event.is_waiting else OrderStatus.OPEN
    order = OpenOrder(
        event.order_id,
        placed.account,
        placed,
        placed.size,
        status,
        placed.type,
        placed.price,
        event.parent_id,
    )
    state.next_order_id = max(state.next_order_id, order.id + 1)
    if not order.is_waiting and order.price is not None:
        _rest(state, order, order.price)
    admit(state, order)


def admit(state: State, order: OpenOrder) -> None:
    """Let an order be among those of its account and market; the book is apart."""
    account = _account(state, order.account)
    state.orders[order.id] = account.orders[order.id] = order
    if order.placed.client_id:
        account.client_orders[order.placed.client_id] = order.id
    if order.is_waiting:
        symbol = state.symbol(order.symbol)
        symbol.waiting[order.id] = None
        symbol.triggers.add(order.id, order.placed, order.parent_id, account.held(order.placed))
    _order(state, order.id)
    account.order_changed(order)


def _rest(state: State, order: OpenOrder, price: Decimal) -> None:
    state.rested += 1
    order.rank = state.rested
    state.symbol(order.symbol).book.add(order.id, price, order.size)


def _order_triggered(state: State, event: happened.OrderTriggered) -> None:
    order = _order(state, event.order_id)
    symbol = state.symbol(order.symbol)
    symbol.waiting.pop(order.id, None)
    symbol.triggers.remove(order.id, order.placed, order.parent_id)
    order.status = OrderStatus.OPEN
    order.size = event.size
    if order.price is None:
        order.type = OrderType.MARKET
    else:
        order.type = OrderType.LIMIT
        _rest(state, order, order.price)
    _account(state, order.account).order_changed(order)


def _order_trailed(state: State, event: happened.OrderTrailed) -> None:
    _order(state, event.order_id).best_price = event.best_price


def _order_resized(state: State, event: happened.OrderResized) -> None:
    order = _order(state, event.order_id)
    order.size = event.size
    if not order.is_waiting and order.price is not None:
        state.symbol(order.symbol).book.resize(order.id, order.size)
    _account(state, order.account).order_changed(order)


def _order_amended(state: State, event: happened.OrderAmended) -> None:
    order = _order(state, event.order_id)
    state.symbol(order.symbol).book.remove(order.id)
    order.size, order.price = event.size, event.price
    # What it was asked to be at first is in the journal; from here on this is what was asked.
    order.placed = replace(order.placed, size=order.filled + event.size, price=event.price)
    _rest(state, order, event.price)
    _account(state, order.account).order_changed(order)


def _order_gone(state: State, event: happened.OrderGone) -> None:
    order = _order(state, event.order_id)
    order.status = event.status
    _forget(state, order)


def _forget(state: State, order: OpenOrder) -> None:
    symbol = state.symbol(order.symbol)
    symbol.waiting.pop(order.id, None)
    symbol.triggers.remove(order.id, order.placed, order.parent_id)
    symbol.triggers.parent_gone(order.id)
    symbol.book.remove(order.id)
    account = _account(state, order.account)
    del state.orders[order.id], account.orders[order.id]
    if order.placed.client_id:
        account.client_orders.pop(order.placed.client_id, None)
    account.order_changed(order)


def _filled(state: State, event: happened.Filled) -> None:
    state.next_trade_id = max(state.next_trade_id, event.trade_id + 1)
    _hold(state, event.account, event.position, event.side)
    if event.account == FUND:
        _fund_realised(state, event.symbol, event.realised_pnl - event.fee)
    if event.order_id is None:
        return
    order = _order(state, event.order_id)
    order.size -= event.size
    order.filled += event.size
    order.status = OrderStatus.PARTLY_FILLED if order.size else OrderStatus.FILLED
    if not order.size:
        _forget(state, order)
        return
    if order.price is not None and not order.is_waiting:
        state.symbol(order.symbol).book.resize(order.id, order.size)
    _account(state, order.account).order_changed(order)


def _money_moved(state: State, event: happened.MoneyMoved) -> None:
    if event.symbol:
        paid = sum((one.amount for one in event.postings if one.source == FUND), ZERO)
        _fund_realised(state, event.symbol, -paid)


def _fund_realised(state: State, symbol: str, amount: Decimal) -> None:
    # What markets cost the insurance fund is counted by the day.
    market = _market(state, symbol)
    market.fund_result = market.fund_result_on(state.day) + amount
    market.fund_day = state.day


def _price_set(state: State, event: happened.PriceSet) -> None:
    symbol = _market(state, event.symbol)
    # A mark that is equal and has other digits shows in events, as it will once read again.
    if symbol.mark is not event.mark:
        state.prices_changed()
    symbol.index, symbol.mark, symbol.last = event.index, event.mark, event.last


def _source_seen(state: State, event: happened.SourceSeen) -> None:
    seen = _market(state, event.name).seen if event.is_symbol else state.asset_seen_of(event.name)
    if event.price is None:
        seen.pop(event.source, None)
    else:
        seen[event.source] = (event.price, event.at_ms)


def _asset_price_set(state: State, event: happened.AssetPriceSet) -> None:
    if event.price is None:
        state.asset_prices.pop(event.asset, None)
    else:
        state.asset_prices[event.asset] = event.price
    state.prices_changed()


def _surface_set(state: State, event: happened.SurfaceSet) -> None:
    expiries = state.surfaces.setdefault(event.asset, {})
    expiries[event.smile.expires_ms] = (event.smile, event.at_ms)
    state.prices_changed()


def _breaker_set(state: State, event: happened.BreakerSet) -> None:
    _market(state, event.symbol).breaker = event.state


def _premium_sampled(state: State, event: happened.PremiumSampled) -> None:
    _market(state, event.symbol).premiums.append(event.premium)


def _funding_settled(state: State, event: happened.FundingSettled) -> None:
    symbol = _market(state, event.symbol)
    symbol.premiums.clear()
    symbol.funding_at_ms = event.at_ms


def _warned(state: State, event: happened.Warned) -> None:
    _account(state, event.account).warned[event.unit] = None


def _warning_over(state: State, event: happened.WarningOver) -> None:
    _account(state, event.account).warned.pop(event.unit, None)


def _clock_set(state: State, event: happened.ClockSet) -> None:
    state.at_ms = event.at_ms


def _halted(state: State, event: happened.Halted) -> None:
    state.halted, state.is_cancel_only = event.reason, event.is_cancel_only


def _resumed(state: State, event: happened.Resumed) -> None:
    state.halted, state.is_cancel_only = None, False


CHANGES: dict[type, Callable[[State, Any], None]] = {
    happened.AccountOpened: _account_opened,
    happened.LeverageSet: _leverage_set,
    happened.MarginModeSet: _margin_mode_set,
    happened.PositionModeSet: _position_mode_set,
    happened.AssetsModeSet: _assets_mode_set,
    happened.AccountModeSet: _account_mode_set,
    happened.PositionChanged: _position_changed,
    happened.OrderAccepted: _order_accepted,
    happened.OrderTriggered: _order_triggered,
    happened.OrderTrailed: _order_trailed,
    happened.OrderResized: _order_resized,
    happened.OrderAmended: _order_amended,
    happened.OrderGone: _order_gone,
    happened.Filled: _filled,
    happened.MoneyMoved: _money_moved,
    happened.PriceSet: _price_set,
    happened.SourceSeen: _source_seen,
    happened.AssetPriceSet: _asset_price_set,
    happened.SurfaceSet: _surface_set,
    happened.BreakerSet: _breaker_set,
    happened.PremiumSampled: _premium_sampled,
    happened.FundingSettled: _funding_settled,
    happened.Warned: _warned,
    happened.WarningOver: _warning_over,
    happened.ClockSet: _clock_set,
    happened.Halted: _halted,
    happened.Resumed: _resumed,
}
"""What changes besides money; events that are not here only report."""
