"""Margin moved between pool and bucket, and money kept whatever is asked."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.venue import accounts, command, event
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.refusal import Code, Refusal
from tests.unit.venue.asking import ORDER, D, ask, do, family, hold, refused, scene


@pytest.mark.parametrize(
    ("stage", "amount", "code"),
    [
        # 10 000 − 3 000 are outside the bucket.
        pytest.param({}, "7000", None, id="all that is free"),
        pytest.param({}, "7000.00000001", Code.BALANCE_INSUFFICIENT, id="more than is free"),
        # An order of 1 at 40 000 beside a bucket of 1: pool keeps (90 000 − 50 000) / 20 = 2 000.
        pytest.param({"orders": ORDER}, "5000", None, id="what orders leave"),
        pytest.param(
            {"orders": ORDER}, "5000.00000001", Code.MARGIN_INSUFFICIENT, id="what orders need"
        ),
        # The bucket needs 50 000 / 20 = 2 500 of its 3 000.
        pytest.param({}, "-500", None, id="all it does not need"),
        pytest.param({}, "-500.00000001", Code.MARGIN_INSUFFICIENT, id="what it needs"),
        # At 52 000 it needs 2 600, and its profit of 2 000 stays.
        pytest.param({"mark": "52000"}, "-400", None, id="profit is not taken"),
        pytest.param(
            {"mark": "52000"}, "-400.00000001", Code.MARGIN_INSUFFICIENT, id="not a unit of it"
        ),
        # At 49 800 its equity is 2 800, and it needs 2 490.
        pytest.param({"mark": "49800"}, "-310", None, id="a loss counts"),
        pytest.param(
            {"mark": "49800"}, "-310.00000001", Code.MARGIN_INSUFFICIENT, id="a loss, a unit more"
        ),
        pytest.param({}, "0", Code.BAD_NUMBER, id="nothing"),
        pytest.param({}, "NaN", Code.BAD_NUMBER, id="not a number"),
        pytest.param({}, "sNaN", Code.BAD_NUMBER, id="a signalling one"),
        pytest.param({}, "-Infinity", Code.BAD_NUMBER, id="without end"),
        pytest.param({}, "-1E-9", Code.BAD_NUMBER, id="nine places"),
        pytest.param({"mark": ""}, "-1", Code.HEALTH_UNKNOWN, id="take without a mark"),
        pytest.param({"mark": ""}, "1", None, id="add without a mark"),
        pytest.param({"size": "0"}, "1", Code.NO_ISOLATED_POSITION, id="no position"),
        pytest.param({"margin": None}, "1", Code.NO_ISOLATED_POSITION, id="a cross position"),
    ],
)
def test_margin_moves_between_pool_and_bucket(stage, amount, code):
    asked = ask(command.MoveMargin, symbol="BTCUSDT", amount=D(amount))
    acted = scene(**{"margin": "3000"} | stage)
    if code is not None:
        assert refused(acted, asked).code == code
        return

    do(acted, asked)

    ann = acted.state.accounts["ann"]
    assert ann.positions[("BTCUSDT", None)].margin == 3000 + D(amount)
    # The bucket is part of the wallet.
    assert ann.balances == {"USDT": D(10_000)}


def test_margin_is_not_taken_at_prices_that_are_not_acted_upon():
    stage = scene(margin="3000")
    stage.emit(event.BreakerSet(symbol="BTCUSDT", state=event.Breaker.HALTED, why="test"))
    asked = ask(command.MoveMargin, symbol="BTCUSDT", amount=D(-1))

    assert refused(stage, asked).code == Code.PRICES_UNUSABLE


def hedged():
    """Return ann in hedge mode, long with a bucket of 3 000 and short with one of 2 600."""
    stage = scene(size="0")
    stage.emit(
        event.PositionModeSet(account="ann", mode=PositionMode.HEDGE),
        event.MarginModeSet(account="ann", symbol="BTCUSDT", mode=MarginMode.ISOLATED),
    )
    hold(stage, "ann", "BTCUSDT", "1", margin="3000")
    hold(stage, "ann", "BTCUSDT", "-1", margin="2600")
    return stage


@pytest.mark.parametrize(
    ("side", "amount", "code"),
    [
        (None, "1", Code.WRONG_SIDE),
        # The long one can spare 500, the short one 100.
        (Side.LONG, "-500", None),
        (Side.SHORT, "-100", None),
        (Side.SHORT, "-101", Code.MARGIN_INSUFFICIENT),
        (Side.SHORT, "4400", None),
        (Side.SHORT, "4401", Code.BALANCE_INSUFFICIENT),
    ],
)
def test_hedged_buckets_are_apart(side, amount, code):
    stage = hedged()
    asked = ask(command.MoveMargin, symbol="BTCUSDT", amount=D(amount), side=side)
    if code is not None:
        assert refused(stage, asked).code == code
        return
    before = {key: one.margin for key, one in stage.state.accounts["ann"].positions.items()}

    do(stage, asked)

    after = {key: one.margin for key, one in stage.state.accounts["ann"].positions.items()}
    assert after == before | {("BTCUSDT", side): before["BTCUSDT", side] + D(amount)}


@pytest.mark.parametrize(("side", "code"), [(Side.LONG, None), (Side.SHORT, Code.WRONG_SIDE)])
def test_a_side_that_is_named_must_be_the_positions(side, code):
    asked = ask(command.MoveMargin, symbol="BTCUSDT", amount=D(1), side=side)
    if code is None:
        assert do(scene(margin="3000"), asked)
    else:
        assert refused(scene(margin="3000"), asked).code == code


# The good ones stand often, so that most commands are not refused for their names.
NAMES = st.sampled_from(["ann", "bob", "sub", "ann", "bob", "other", "ann", "nobody", "fund"])
ASSETS = st.sampled_from(["USDT", "USDT", "USDT", "BTC", "DOGE"])
SYMBOLS = st.sampled_from(["BTCUSDT", "ETHUSDT", "BTCUSD_PERP"])
AMOUNTS = st.integers(-1, 9000).map(D) | st.decimals(D(0), D(9000), places=8)
MOVES = st.integers(-5000, 5000).map(D)


def commands():
    """Return any account command, many of them bad."""
    paid = {"asset": ASSETS, "amount": AMOUNTS}
    fields = {
        command.OpenAccount: {"parent": NAMES | st.just("")},
        command.Deposit: paid,
        command.Withdraw: paid,
        command.Transfer: paid | {"to": NAMES},
        command.FeedFund: paid,
        command.SetLeverage: {"symbol": SYMBOLS, "leverage": st.decimals(D(0), D(30), places=1)},
        command.SetMarginMode: {"symbol": SYMBOLS, "mode": st.sampled_from(MarginMode)},
        command.SetPositionMode: {"mode": st.sampled_from(PositionMode)},
        command.SetAssetsMode: {"mode": st.sampled_from(AssetsMode)},
        command.MoveMargin: {
            "symbol": SYMBOLS,
            "amount": MOVES,
            "side": st.sampled_from([None, *Side]),
        },
    }
    return st.one_of(
        st.builds(kind, at_ms=st.just(1), account=NAMES, **given_fields)
        for kind, given_fields in fields.items()
    )


def traded():
    """Return a family where ann is long what bob is short, of one symbol isolated."""
    stage = family()
    stage.priced("BTCUSDT", "50000")
    stage.priced("ETHUSDT", "2000")
    stage.emit(
        event.AssetPriceSet(asset="USDT", price=D(1)),
        event.AssetPriceSet(asset="BTC", price=D(50_000)),
    )
    for name, sign in (("ann", 1), ("bob", -1)):
        hold(stage, name, "BTCUSDT", str(sign))
        hold(stage, name, "ETHUSDT", str(sign), price="2000", margin="150")
    return stage


ASKED = (st.lists(commands(), min_size=10, max_size=40), st.booleans())
REACHED = Counter()


@settings(max_examples=100)
@given(*ASKED)
def test_any_commands_conserve_every_asset_and_leave_margin_enough(asked, is_traded):
    stage = traded() if is_traded else family()
    for one in asked:
        try:
            happened = do(stage, one)
        except Refusal:
            happened = []
        REACHED.update((type(each).__name__, is_traded) for each in happened)
        assert [law for each in happened for law in event_audit(each)] == []
        assert audit(stage.state) == []
    if is_traded:
        for name in ("ann", "bob"):
            assert accounts.is_margin_enough(
                accounts.judged_as(stage.state, stage.state.accounts[name].view())
            )


def test_the_commands_reach_every_kind_of_change():
    # A law that nothing puts to the test holds for nothing. Always the same commands, so that it
    # does not depend on luck.
    REACHED.clear()
    law = test_any_commands_conserve_every_asset_and_leave_margin_enough.hypothesis.inner_test
    settings(max_examples=100, deadline=None, derandomize=True)(given(*ASKED)(law))()
    for kind in ("MoneyMoved", "LeverageSet", "MarginModeSet", "PositionChanged"):
        assert REACHED[kind, True], kind
