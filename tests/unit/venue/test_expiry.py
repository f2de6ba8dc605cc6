"""Dated contracts end at their moment: orders gone, positions paid out at the index."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.model.account import MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.option import Right
from crossmargin.venue import event
from crossmargin.venue.clock import tick
from crossmargin.venue.command import PlaceOrder, Tick
from crossmargin.venue.expiry import settlement_price
from crossmargin.venue.orders import place_order
from crossmargin.venue.refusal import Code, Refusal
from tests.toys import book, marginal
from tests.unit.venue.stage import Stage

D = Decimal
TIERS = marginal(("0", "0.01"))
MOMENT = 1_766_736_000_000
"""26 December 2025, 08:00 UTC."""
FUTURE = Instrument("BTCUSDT_251226", Kind.LINEAR_FUTURE, "USDT", "BTC")
COIN = Instrument("BTCUSD_251226", Kind.INVERSE_FUTURE, "BTC", "BTC", D(100))


def option(right, strike, kind=Kind.LINEAR_OPTION):
    settle = "BTC" if kind is Kind.INVERSE_OPTION else "USDT"
    terms = OptionTerms(right, D(strike), MOMENT, "BTC-26DEC25")
    return Instrument(f"BTC-26DEC25-{strike}-{right}", kind, settle, "BTC", option=terms)


@pytest.mark.parametrize(
    ("instrument", "index", "price"),
    [
        (FUTURE, "51000", "51000"),
        (option(Right.CALL, "50000"), "51000", "1000"),
        (option(Right.CALL, "50000"), "49000", "0"),
        (option(Right.PUT, "50000"), "49000", "1000"),
        (option(Right.PUT, "50000"), "51000", "0"),
        # 12000 ÷ 60000 = 0.2 coins
        (option(Right.CALL, "48000", Kind.INVERSE_OPTION), "60000", "0.2"),
    ],
)
def test_what_a_contract_settles_at(instrument, index, price):
    assert settlement_price(instrument, D(index)) == D(price)


def staged(instrument, index, size="2", entry="50000", *, is_isolated=False):
    stage = Stage(rules=book((instrument, TIERS)))
    stage.priced(instrument.symbol, index)
    mode = MarginMode.ISOLATED if is_isolated else MarginMode.CROSS
    margin = D(100) if is_isolated else D(0)
    for name, signed in (("long", D(size)), ("short", -D(size))):
        stage.funded(name, asset=instrument.settle)
        position = Position(instrument.symbol, signed, D(entry), mode, margin)
        stage.emit(
            event.PositionChanged(account=name, position=position, side=position.side, why="test")
        )
    return stage


def wallets(stage, asset):
    return [stage.state.accounts[name].balances[asset] for name in ("long", "short")]


@pytest.mark.parametrize(
    ("instrument", "index", "size", "entry", "expected"),
    [
        (FUTURE, "51000", "2", "50000", ("12000", "8000")),
        # 100 contracts of 100 USD: 10000 × (1/50000 − 1/62500) = 0.2 − 0.16 = 0.04 coins
        (COIN, "62500", "100", "50000", ("10000.04", "9999.96")),
        # A call at 50000 is worth 1000, whatever was paid for each of 2 before.
        (option(Right.CALL, "50000"), "51000", "2", "300", ("12000", "8000")),
        (option(Right.CALL, "50000"), "49000", "2", "300", ("10000", "10000")),
    ],
)
@pytest.mark.parametrize("is_isolated", [False, True])
def test_positions_are_paid_out_at_expiry(instrument, index, size, entry, expected, is_isolated):
    stage = staged(instrument, index, size, entry, is_isolated=is_isolated)
    stage.do(tick, Tick(at_ms=MOMENT - 1))
    assert wallets(stage, instrument.settle) == [D(10000)] * 2
    stage.do(tick, Tick(at_ms=MOMENT))
    assert wallets(stage, instrument.settle) == [D(one) for one in expected]
    assert not stage.state.symbol(instrument.symbol).holders
    assert not any(one.positions for one in stage.state.accounts.values())
    assert stage.state.purse(f"clearing/{instrument.symbol}", instrument.settle) == 0


@given(
    size=st.decimals("0.001", "900", places=3),
    entry=st.decimals("1", "90000", places=2),
    index=st.decimals("1", "90000", places=2),
)
def test_money_is_conserved_and_rounded_against_both(size, entry, index):
    stage = staged(COIN, index, size, entry)
    stage.do(tick, Tick(at_ms=MOMENT))
    rounding = stage.state.purse("rounding", "BTC")
    assert sum(wallets(stage, "BTC")) + rounding == D(20000)
    assert 0 <= rounding <= D("0.00000002")
    assert stage.state.purse(f"clearing/{COIN.symbol}", "BTC") == 0


def test_orders_go_at_once_and_positions_wait_for_a_price_that_can_be_trusted():
    stage = staged(FUTURE, "51000")
    symbol = FUTURE.symbol
    order = PlaceOrder(at_ms=0, account="long", symbol=symbol, size=D(1), price=D(40000))
    stage.emit(
        event.OrderAccepted(order_id=1, order=order),
        event.OrderAccepted(order_id=2, order=order, is_waiting=True),
        event.BreakerSet(symbol=symbol, state=event.Breaker.DEGRADED, why="test"),
    )
    stage.do(tick, Tick(at_ms=MOMENT))
    assert not stage.state.orders
    assert wallets(stage, "USDT") == [D(10000)] * 2
    stage.priced(symbol, "52000")
    stage.do(tick, Tick(at_ms=MOMENT + 1))
    assert wallets(stage, "USDT") == [D(14000), D(6000)]


def test_an_asset_price_stands_in_for_an_index_that_is_gone():
    stage = staged(FUTURE, "51000")
    stage.emit(
        event.BreakerSet(symbol=FUTURE.symbol, state=event.Breaker.HALTED, why="test"),
        event.AssetPriceSet(asset="BTC", price=D(50500)),
    )
    stage.do(tick, Tick(at_ms=MOMENT))
    assert wallets(stage, "USDT") == [D(11000), D(9000)]


@pytest.mark.parametrize("instrument", [FUTURE, COIN])
def test_what_has_expired_is_not_traded_any_more(instrument):
    stage = staged(instrument, "51000")
    symbol = instrument.symbol
    offer = PlaceOrder(at_ms=MOMENT - 1, account="long", symbol=symbol, size=D(1), price=D(10))
    stage.do(place_order, offer)
    # Also before the clock's tick has said so.
    with pytest.raises(Refusal) as found:
        stage.do(place_order, replace(offer, at_ms=MOMENT))
    assert found.value.code == Code.UNKNOWN_SYMBOL
    stage.do(tick, Tick(at_ms=MOMENT))
    stage.priced(symbol, "51000")
    with pytest.raises(Refusal, match="has expired"):
        stage.do(place_order, replace(offer, at_ms=MOMENT + 1))
