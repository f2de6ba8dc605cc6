"""What a command comes to: the venue's one entrance.

`decide` is deterministic: the same state and command give the same events, which have been folded
into the state by the time they are returned. A refusal is an event, and the only one. After every
command that may have moved money or prices, waiting orders and failed accounts are looked at.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from crossmargin.errors import InvariantBroken
from crossmargin.money import exact
from crossmargin.venue import (
    account_mode,
    accounts,
    amending,
    asset_prices,
    auto_exchange,
    clock,
    command,
    conversion,
    distress,
    event,
    moments,
    orders,
    prices,
    surfaces,
    triggers,
)
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.ledger import FUND, audit
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.state import State

Decide: TypeAlias = Callable[[State, AnyCommand], tuple[AnyEvent, ...]]
"""The venue's entrance: what a command comes to; the state has changed accordingly."""


@exact
def decide(state: State, asked: AnyCommand) -> tuple[AnyEvent, ...]:
    """Return what comes of a command; the state has changed accordingly.

    Raises
    ------
    InvariantBroken
        If the venue contradicts itself; nothing may go on then.
    """
    decision = Decision(state, asked.at_ms)
    is_late = asked.at_ms < state.at_ms
    # Time passes with a command that is refused, too, as it will when its entry is read again.
    state.advance(asked.at_ms)
    try:
        _check(decision, asked, is_late=is_late)
        HANDLERS[type(asked)](decision, asked)
    except Refusal as refusal:
        if decision.events:
            raise InvariantBroken(f"refused after something had happened: {refusal}") from None
        refused = event.Refused(code=refusal.code, reason=refusal.reason)
        decision.emit(refused)
        return tuple(decision.events)
    if FUND not in state.accounts:
        decision.emit(event.AccountOpened(account=FUND, is_maker=True))
    if state.halted is None:
        _look_around(decision)
    return tuple(decision.events)


def _look_around(decision: Decision) -> None:
    # What a stop trades may make an account fail; what a liquidation trades may reach a stop, and
    # takes the positions of exits away. Ends: each round fires orders or closes positions.
    _fire(decision)
    auto_exchange.repay_debts(decision)
    distress.look_after(decision)
    while decision.moved:
        _fire(decision)
        distress.attend(decision)


def _fire(decision: Decision) -> None:
    moved = tuple(decision.moved)
    for symbol in moved:
        triggers.look_at(decision, symbol)
    decision.moved = {}  # Their own trades triggers have looked at already.


@exact
def would_refuse(state: State, asked: command.PlaceOrder) -> event.Refused | None:
    """Return what an order would be refused for if it came now; None where it would come in.

    Nothing is changed, and time does not pass.
    """
    decision = Decision(state, state.at_ms)
    try:
        _check(decision, asked, is_late=False)
        orders.checked(decision, asked)
    except Refusal as refusal:
        return event.Refused(code=refusal.code, reason=refusal.reason)
    return None


def _check(decision: Decision, asked: AnyCommand, *, is_late: bool) -> None:
    state = decision.state
    if is_late:
        raise decision.refuse(
            Code.TIME_GOES_BACK, f"the command is of {asked.at_ms}, the venue is at {state.at_ms}"
        )
    is_there = not asked.account or asked.account in state.accounts
    if not is_there and not isinstance(asked, command.OpenAccount):
        raise decision.refuse(Code.UNKNOWN_ACCOUNT, f"there is no account {asked.account}")
    if state.halted is None or isinstance(asked, ALWAYS):
        return
    if state.is_cancel_only and isinstance(asked, command.CancelOrder | command.CancelAll):
        return
    code = Code.CANCEL_ONLY if state.is_cancel_only else Code.HALTED
    raise decision.refuse(code, f"the venue is halted: {state.halted}")


def _halt(decision: Decision, asked: command.Halt) -> None:
    decision.emit(event.Halted(reason=asked.reason, is_cancel_only=asked.is_cancel_only))


def _resume(decision: Decision, asked: command.Resume) -> None:
    state = decision.state
    if state.halted is None:
        raise decision.refuse(Code.NOT_HALTED, "the venue is not halted")
    broken = audit(state)
    if broken:
        raise decision.refuse(Code.BOOKS_DO_NOT_BALANCE, broken[0])
    # Sorted: which market was asked for first is no part of what has happened.
    held = sorted(name for name, one in state.symbols.items() if one.holders)
    stale = [name for name in held if not prices.is_usable(state, name)]
    if stale:
        raise decision.refuse(Code.PRICES_UNUSABLE, f"no fresh price of {', '.join(stale)}")
    decision.emit(event.Resumed())
    # Prices went on while nobody was looked after.
    decision.moved.update(dict.fromkeys(sorted(state.symbols)))
    decision.touched.update(dict.fromkeys(state.accounts))


HANDLERS: dict[type, Callable[[Decision, Any], None]] = {
    command.OpenAccount: accounts.open_account,
    command.Deposit: accounts.deposit,
    command.Withdraw: accounts.withdraw,
    command.Transfer: accounts.transfer,
    command.Convert: conversion.convert,
    command.SetLeverage: accounts.set_leverage,
    command.SetMarginMode: accounts.set_margin_mode,
    command.SetPositionMode: accounts.set_position_mode,
    command.SetAssetsMode: accounts.set_assets_mode,
    command.SetAccountMode: account_mode.set_account_mode,
    command.MoveMargin: accounts.move_margin,
    command.FeedFund: accounts.feed_fund,
    command.PlaceOrder: orders.place_order,
    command.AmendOrder: amending.amend_order,
    command.CancelOrder: orders.cancel_order,
    command.CancelAll: orders.cancel_all,
    command.Quote: orders.quote,
    command.Observe: prices.observe,
    command.ObserveAsset: asset_prices.observe_asset,
    command.ObserveSurface: surfaces.observe_surface,
    command.ObserveTogether: moments.observe_together,
    command.Tick: clock.tick,
    command.SettleFunding: clock.settle_funding,
    command.Halt: _halt,
    command.Resume: _resume,
}
ALWAYS = (
    command.Observe,
    command.ObserveAsset,
    command.ObserveSurface,
    command.ObserveTogether,
    command.Tick,
    command.Resume,
    command.Halt,
)
"""What a halted venue still does: it goes on seeing prices and time, and can be resumed."""
