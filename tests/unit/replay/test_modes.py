"""The same account in the other margin mode."""

import pytest

from crossmargin.errors import UsageError
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Order
from crossmargin.replay.modes import as_cross, as_isolated, both_modes
from tests.toys import D, account, book, held, inverse, one_tier
from tests.unit.replay.paths import RULES

LEVERAGE = {"AUSDT": D(10), "BUSDT": D(3)}
ORDER = Order("BUSDT", D(1), D(90))


def test_isolated_buckets_hold_notional_at_entry_by_leverage_rounded_up():
    # 2 × 100 ÷ 10 = 20; 1 × 100 ÷ 3 = 33.333333333...
    start = account(1000, held("AUSDT", 2), held("BUSDT", -1), leverage=LEVERAGE)

    assert account(
        1000,
        held("AUSDT", 2, margin=20),
        held("BUSDT", -1, margin="33.33333334"),
        leverage=LEVERAGE,
    ) == as_isolated(start, RULES)


def test_without_a_setting_the_venues_default_leverage_fills_the_bucket():
    # 100 ÷ 20.
    (position,) = as_isolated(account(5, held("AUSDT", 1)), RULES).positions

    assert D(5) == position.margin


def test_an_inverse_bucket_is_filled_in_the_coin():
    # 5 contracts of 100 at 50 are 10 coins; ÷ 20.
    rules = book((inverse("BTCUSD"), one_tier("0.1")))
    (position,) = as_isolated(Account({"BTC": D(1)}, (held("BTCUSD", 5, 50),)), rules).positions

    assert D("0.5") == position.margin


def test_orders_follow_into_isolated_mode():
    start = account(1000, held("AUSDT", 2), orders=(ORDER,))

    assert {"BUSDT": MarginMode.ISOLATED} == as_isolated(start, RULES).margin_mode
    assert MarginMode.ISOLATED is as_isolated(start, RULES).mode_of("AUSDT")


def test_cross_empties_the_buckets_into_the_pool():
    start = account(
        1000,
        held("AUSDT", 2, margin=20),
        held("BUSDT", 1),
        margin_mode={"BUSDT": MarginMode.ISOLATED},
    )

    assert account(1000, held("AUSDT", 2), held("BUSDT", 1)) == as_cross(start)


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        pytest.param(
            account("4.99", held("AUSDT", 1)),
            "isolated buckets need 0.01 USDT more than there is",
            id="a wallet too small",
        ),
        pytest.param(
            account(100, held("AUSDT", 1), assets_mode=AssetsMode.MULTI),
            "multi-assets mode has no isolated positions to compare with",
            id="multi-assets mode",
        ),
    ],
)
def test_where_there_is_no_isolated_twin(start, sentence):
    with pytest.raises(UsageError) as refused:
        as_isolated(start, RULES)

    assert sentence == str(refused.value)
    assert ["cross"] == [*both_modes(start, RULES)]


@pytest.mark.parametrize(
    ("positions", "names"),
    [
        pytest.param((held("AUSDT", 1),), ["cross", "isolated"], id="a cross account"),
        pytest.param((held("AUSDT", 1, margin=7),), ["isolated", "cross"], id="an isolated one"),
        pytest.param(
            (held("AUSDT", 1, margin=7), held("BUSDT", 1)),
            ["mixed", "cross", "isolated"],
            id="a mixed one",
        ),
        pytest.param((), ["cross", "isolated"], id="one with orders alone"),
    ],
)
def test_the_modes_an_account_is_replayed_in(positions, names):
    start = account(1000, *positions, orders=(ORDER,))
    found = both_modes(start, RULES)

    assert names == [*found]
    assert start == found[names[0]]
    assert {MarginMode.CROSS} >= {position.mode for position in found["cross"].positions}
    assert {MarginMode.ISOLATED} >= {position.mode for position in found["isolated"].positions}


def test_hedged_sides_get_a_bucket_each():
    start = account(
        1000,
        held("AUSDT", 2),
        held("AUSDT", -1),
        leverage=LEVERAGE,
        position_mode=PositionMode.HEDGE,
    )

    assert [D(20), D(10)] == [position.margin for position in as_isolated(start, RULES).positions]
