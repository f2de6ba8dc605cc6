"""Ann and what she may ask of the venue: scenes for the tests of account commands."""

from decimal import Decimal

import pytest

from crossmargin.model.account import AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue import account_mode, accounts, command, conversion, event
from crossmargin.venue.refusal import Refusal
from tests.toys import book, inverse, linear, one_tier
from tests.unit.venue.stage import Stage

D = Decimal
# 1 % and 20× up to 100 000, 2 % and 10× above: deduction 100 000 × 1 %.
LADDER = Tiers.of(
    (
        Tier(D(0), D("0.01"), D(0), D(20)),
        Tier(D(100_000), D("0.02"), D(1000), D(10)),
    )
)
RULES = book(
    (linear("BTCUSDT"), LADDER),
    (linear("ETHUSDT"), one_tier("0.02")),
    (linear("XRPUSDT"), None),
    (inverse("BTCUSD_PERP"), one_tier("0.01")),
    collateral={
        "USDT": Collateral(D(0), D(0), is_stable=True),
        "BTC": Collateral(D("0.05"), D("0.05")),
    },
)
HANDLERS = {
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
}


def snapshot(state):
    """Return all of a state that account commands could change, to compare."""
    return repr(
        (
            {
                name: [getattr(one, slot) for slot in one.__slots__ if slot != "_view"]
                for name, one in state.accounts.items()
            },
            state.purses,
            state.orders,
            state.next_order_id,
            state.next_trade_id,
        )
    )


def ask(kind, account="ann", **fields):
    """Return a command of ann's."""
    return kind(at_ms=1, account=account, **fields)


def do(stage, asked):
    """Decide one command."""
    return stage.do(HANDLERS[type(asked)], asked)


def refused(stage, asked):
    """Return the refusal of a command, having seen that nothing has changed."""
    before = snapshot(stage.state)
    with pytest.raises(Refusal) as caught:
        do(stage, asked)
    assert snapshot(stage.state) == before
    return caught.value


def hold(stage, name, symbol, size, price="50000", margin=None, side=None):
    """Let an account hold a position."""
    mode = MarginMode.CROSS if margin is None else MarginMode.ISOLATED
    position = Position(symbol, D(size), D(price), mode, D(margin or 0))
    stage.emit(
        event.PositionChanged(
            account=name, position=position, side=side or position.side, why="test"
        )
    )


def rest(stage, symbol, size, price, order_id=1, side=None):
    """Let an order of ann's rest."""
    order = command.PlaceOrder(
        at_ms=0, account="ann", symbol=symbol, size=D(size), price=D(price), side=side
    )
    stage.emit(event.OrderAccepted(order_id=order_id, order=order))


def scene(*, rules=RULES, settings=None, size="1", margin=None, mark="50000", orders=()):
    """Return ann with 10 000 USDT and a position in BTCUSDT opened at 50 000, at `mark`."""
    stage = Stage(rules, settings)
    stage.funded("ann")
    if margin is not None:
        stage.emit(event.MarginModeSet(account="ann", symbol="BTCUSDT", mode=MarginMode.ISOLATED))
    if D(size):
        hold(stage, "ann", "BTCUSDT", size, margin=margin)
    if mark:
        stage.priced("BTCUSDT", mark)
    for number, order in enumerate(orders, 1):
        rest(stage, *order, order_id=number)
    return stage


def family():
    """Return ann with two sub-accounts, and bob, who is a stranger."""
    stage = Stage(RULES)
    stage.funded("ann")
    stage.funded("bob")
    stage.emit(
        event.AccountOpened(account="sub", parent="ann"),
        event.AccountOpened(account="other", parent="ann"),
        event.AccountOpened(account="fund", is_maker=True),
    )
    return stage


def multi(size="0", **more):
    """Return ann in multi-assets mode with 10 000 USDT and 1 BTC, BTC at 20 000."""
    stage = scene(size=size, **more)
    posting = event.Posting("outside", "account/ann", "BTC", D(1))
    stage.emit(
        event.MoneyMoved(why="deposit", postings=(posting,)),
        event.AssetPriceSet(asset="USDT", price=D(1)),
        event.AssetPriceSet(asset="BTC", price=D(20_000)),
        event.AssetsModeSet(account="ann", mode=AssetsMode.MULTI),
    )
    return stage


ISOLATE = ask(command.SetMarginMode, symbol="BTCUSDT", mode=MarginMode.ISOLATED)
HEDGE = ask(command.SetPositionMode, mode=PositionMode.HEDGE)
MULTI = ask(command.SetAssetsMode, mode=AssetsMode.MULTI)
SINGLE = ask(command.SetAssetsMode, mode=AssetsMode.SINGLE)
ORDER = [("BTCUSDT", "1", "40000")]
