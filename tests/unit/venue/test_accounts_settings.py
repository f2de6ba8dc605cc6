"""Leverage and modes: what is set, and every reason why it is not."""

import pytest
from msgspec.structs import replace

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import Change, Obstacle, SwitchRule
from crossmargin.venue import command
from crossmargin.venue.refusal import Code
from tests.unit.venue.asking import (
    HEDGE,
    ISOLATE,
    MULTI,
    ORDER,
    RULES,
    SINGLE,
    D,
    ask,
    do,
    multi,
    refused,
    scene,
)

BINANCE = load_rulebook("binance-usdm")


@pytest.mark.parametrize(
    ("stage", "leverage", "code"),
    [
        pytest.param(lambda: scene(size="0"), "20", None, id="the first tier's most"),
        pytest.param(lambda: scene(size="0", mark=""), "20", None, id="no mark, nothing held"),
        pytest.param(
            lambda: scene(size="0"), "20.1", Code.LEVERAGE_TOO_HIGH, id="above the first tier"
        ),
        # 2 × 50 000 is exactly on the floor, which belongs to the tier below.
        pytest.param(lambda: scene(size="2"), "20", None, id="up to the floor"),
        pytest.param(
            lambda: scene(size="-2.1"), "20", Code.LEVERAGE_TOO_HIGH, id="in the second tier"
        ),
        # 10 000 ≥ 105 000 / 10 = 10 500 does not hold, and 2 000 / … neither.
        pytest.param(
            lambda: scene(size="2.1"), "10", Code.MARGIN_INSUFFICIENT, id="margin for 10 times"
        ),
        pytest.param(
            lambda: scene(orders=[("BTCUSDT", "2", "10000")]),
            "20",
            Code.LEVERAGE_TOO_HIGH,
            id="orders count at mark",
        ),
        pytest.param(
            lambda: scene(orders=[("BTCUSDT", "-2", "90000")]), "20", None, id="one side at a time"
        ),
        # 50 000 / 5 = 10 000.
        pytest.param(scene, "5", None, id="all the margin there is"),
        pytest.param(scene, "4.99", Code.MARGIN_INSUFFICIENT, id="more margin than there is"),
        pytest.param(lambda: scene(margin="5000"), "10", None, id="the bucket has it"),
        pytest.param(
            lambda: scene(margin="5000"), "9", Code.MARGIN_INSUFFICIENT, id="the bucket has not"
        ),
        pytest.param(scene, "0", Code.BAD_NUMBER, id="zero"),
        pytest.param(scene, "-1", Code.BAD_NUMBER, id="below zero"),
        pytest.param(scene, "NaN", Code.BAD_NUMBER, id="not a number"),
        pytest.param(scene, "Infinity", Code.BAD_NUMBER, id="without end"),
        pytest.param(scene, "1.000000001", Code.BAD_NUMBER, id="nine places"),
        pytest.param(lambda: scene(mark=""), "5", Code.HEALTH_UNKNOWN, id="no mark"),
    ],
)
def test_leverage_is_what_the_ladder_and_the_margin_allow(stage, leverage, code):
    asked = ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(leverage))
    if code is not None:
        assert refused(stage(), asked).code == code
        return
    acted = stage()

    do(acted, asked)

    assert acted.state.accounts["ann"].leverage == {"BTCUSDT": D(leverage)}


def test_leverage_without_a_ladder_is_unknown():
    asked = ask(command.SetLeverage, symbol="XRPUSDT", leverage=D(1))

    assert refused(scene(), asked).code == Code.HEALTH_UNKNOWN


def test_leverage_is_not_set_where_the_venue_has_none():
    stage = scene(rules=replace(RULES, is_leverage_settable=False, leverage_default=None))
    asked = ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(5))

    assert refused(stage, asked).code == Code.NO_SUCH_MODE


def test_a_pool_that_has_failed_cannot_change_its_leverage():
    # Equity 10 000 − 9 600 = 400 is below the maintenance margin of 404.
    asked = ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(20))

    assert refused(scene(mark="40400"), asked).code == Code.MARGIN_INSUFFICIENT


def rules_with(change, obstacle, code=-4242):
    """Return the toy rules with one switching rule."""
    rule = SwitchRule(code, change, (obstacle,), "the venue's own words")
    return replace(RULES, switches=(rule,))


def test_modes_are_switched_where_nothing_is_in_the_way():
    stage = scene(size="0")

    do(stage, ask(command.SetAssetsMode, mode=AssetsMode.MULTI))
    do(stage, ask(command.SetAssetsMode, mode=AssetsMode.SINGLE))
    do(stage, ask(command.SetPositionMode, mode=PositionMode.HEDGE))
    do(stage, ask(command.SetMarginMode, symbol="BTCUSDT", mode=MarginMode.ISOLATED))

    ann = stage.state.accounts["ann"]
    assert ann.assets_mode is AssetsMode.SINGLE
    assert ann.position_mode is PositionMode.HEDGE
    assert ann.margin_mode == {"BTCUSDT": MarginMode.ISOLATED}


@pytest.mark.parametrize(
    ("stage", "asked", "code"),
    [
        pytest.param(scene, ISOLATE, Code.MODE_BLOCKED, id="isolate a position"),
        pytest.param(multi, ISOLATE, Code.NO_SUCH_MODE, id="isolate in multi-assets mode"),
        pytest.param(
            lambda: scene(rules=replace(RULES, has_isolated=False)),
            ISOLATE,
            Code.NO_SUCH_MODE,
            id="nothing isolated",
        ),
        pytest.param(scene, HEDGE, Code.MODE_BLOCKED, id="hedge with a position"),
        pytest.param(
            lambda: scene(size="0", orders=ORDER), HEDGE, Code.MODE_BLOCKED, id="hedge with orders"
        ),
        pytest.param(
            lambda: scene(rules=replace(RULES, position_modes=("one-way",))),
            HEDGE,
            Code.NO_SUCH_MODE,
            id="no hedge mode",
        ),
        pytest.param(
            lambda: scene(rules=replace(RULES, assets_modes=("single",))),
            MULTI,
            Code.NO_SUCH_MODE,
            id="no multi-assets mode",
        ),
        pytest.param(
            lambda: scene(margin="5000"), MULTI, Code.MODE_BLOCKED, id="multi with a bucket"
        ),
        pytest.param(scene, MULTI, Code.HEALTH_UNKNOWN, id="multi without an index price"),
        # The BTC's 19 000 are no longer there for the 25 000 that USDT is asked.
        pytest.param(
            lambda: multi("10"), SINGLE, Code.MARGIN_INSUFFICIENT, id="single without the BTC"
        ),
    ],
)
def test_a_mode_is_not_switched(stage, asked, code):
    assert refused(stage(), asked).code == code


@pytest.mark.parametrize(
    ("change", "obstacle", "stage", "asked"),
    [
        (Change.MARGIN_MODE, Obstacle.OPEN_ORDERS_OF_SYMBOL, {"orders": ORDER}, ISOLATE),
        (Change.MARGIN_MODE, Obstacle.POSITION_OF_SYMBOL, {}, ISOLATE),
        (Change.ISOLATED, Obstacle.POSITIONS, {}, ISOLATE),
        (Change.POSITION_MODE, Obstacle.OPEN_ORDERS, {"orders": ORDER}, HEDGE),
        (Change.POSITION_MODE, Obstacle.POSITIONS, {}, HEDGE),
        (Change.MULTI_ASSETS, Obstacle.ISOLATED_SYMBOLS, {"margin": "5000"}, MULTI),
        (Change.MULTI_ASSETS, Obstacle.POSITIONS, {}, MULTI),
        (
            Change.LOWER_LEVERAGE,
            Obstacle.ISOLATED_POSITION_OF_SYMBOL,
            {"margin": "5000"},
            ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(15)),
        ),
        (
            Change.LOWER_LEVERAGE,
            Obstacle.INSUFFICIENT_MARGIN_BALANCE,
            {},
            ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(2)),
        ),
        (
            Change.ADD_MARGIN,
            Obstacle.CROSS_MODE_OF_SYMBOL,
            {},
            ask(command.MoveMargin, symbol="BTCUSDT", amount=D(1)),
        ),
        (
            Change.ADD_MARGIN,
            Obstacle.NO_POSITION_OF_SYMBOL,
            {"size": "0"},
            ask(command.MoveMargin, symbol="BTCUSDT", amount=D(1)),
        ),
    ],
)
@pytest.mark.parametrize(("code", "answered"), [(-4242, -4242), (0, Code.MODE_BLOCKED)])
def test_the_venues_own_rule_answers_first(change, obstacle, stage, asked, code, answered):
    refusal = refused(scene(rules=rules_with(change, obstacle, code), **stage), asked)

    assert refusal.code == answered
    assert refusal.reason == "the venue's own words"


@pytest.mark.parametrize(
    ("stage", "asked", "code"),
    [
        ({"orders": ORDER, "size": "0"}, ISOLATE, -4047),
        ({}, ISOLATE, -4048),
        ({"orders": ORDER}, HEDGE, -4067),
        ({}, HEDGE, -4068),
        (
            {"margin": "5000"},
            ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(15)),
            -4161,
        ),
        ({"margin": "5000"}, MULTI, -4167),
        ({"orders": ORDER, "size": "0"}, MULTI, -4170),
        ({}, MULTI, Code.MODE_BLOCKED),
        ({}, ask(command.MoveMargin, symbol="BTCUSDT", amount=D(1)), -4049),
    ],
)
def test_binances_published_codes(stage, asked, code):
    rules = replace(RULES, switches=BINANCE.switches)

    assert refused(scene(rules=rules, **stage), asked).code == code


def test_a_lower_leverage_than_the_rule_minds_is_asked_of_no_rule():
    rules = rules_with(Change.LOWER_LEVERAGE, Obstacle.POSITIONS)

    assert do(scene(rules=rules), ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(20)))


@pytest.mark.parametrize(
    "asked",
    [
        ask(command.SetMarginMode, symbol="BTCUSDT", mode=MarginMode.CROSS),
        ask(command.SetPositionMode, mode=PositionMode.ONE_WAY),
        SINGLE,
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_a_mode_that_is_set_already_stays(asked):
    assert do(scene(orders=ORDER), asked)
