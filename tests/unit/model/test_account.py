"""Accounts refuse parts that contradict each other; lots of one contract merge into one."""

from decimal import Decimal, localcontext

import pytest

from crossmargin.errors import UnitError, UsageError
from crossmargin.model.account import (
    Account,
    MarginMode,
    Position,
    PositionMode,
    merged,
)
from crossmargin.model.order import Order, Side
from tests.toys import D

CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED
ONE_WAY, HEDGE = PositionMode.ONE_WAY, PositionMode.HEDGE


def lot(size, entry="100", symbol="AUSDT", mode=CROSS, margin="0"):
    return Position(symbol, D(size), D(entry), mode, D(margin))


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        pytest.param(
            {"positions": (lot(1), lot(2))},
            "AUSDT: two positions where there can be one; merge the lots",
            id="two lots of one symbol",
        ),
        pytest.param(
            {"positions": (lot(1), lot(-2))},
            "AUSDT: two positions where there can be one; merge the lots",
            id="a long and a short in one-way mode",
        ),
        pytest.param(
            {"positions": (lot(1), lot(2)), "position_mode": HEDGE},
            "AUSDT: two positions where there can be one; merge the lots",
            id="two longs in hedge mode",
        ),
        pytest.param(
            {"positions": (lot(1), lot(-1, mode=ISOLATED)), "position_mode": HEDGE},
            "AUSDT: cannot be cross and isolated at once",
            id="a cross long and an isolated short",
        ),
        pytest.param(
            {"positions": (lot(1, margin="5"),)},
            "AUSDT: a cross position has no margin of its own",
            id="a cross position with a bucket",
        ),
        pytest.param(
            {"orders": (Order("AUSDT", D(1), D(100)),), "position_mode": HEDGE},
            "AUSDT: an order in hedge mode needs a side",
            id="an order without a side in hedge mode",
        ),
    ],
)
def test_an_account_refuses(parts, reason):
    with pytest.raises(UsageError) as refused:
        Account(**parts)

    assert reason == str(refused.value)


@pytest.mark.parametrize(
    ("symbol", "mode"),
    [
        pytest.param("AUSDT", ISOLATED, id="its position's, whatever the setting"),
        pytest.param("BUSDT", ISOLATED, id="its setting's, without a position"),
        pytest.param("CUSDT", CROSS, id="cross, where nothing is said"),
    ],
)
def test_the_margin_mode_of_a_symbol(symbol, mode):
    account = Account(
        positions=(lot(1, mode=ISOLATED),), margin_mode={"AUSDT": CROSS, "BUSDT": ISOLATED}
    )

    assert mode is account.mode_of(symbol)


def test_symbols_are_those_of_positions_and_then_of_orders_each_once():
    orders = tuple(Order(symbol, D(1), D(100)) for symbol in ("CUSDT", "AUSDT", "CUSDT"))
    account = Account(positions=(lot(1, symbol="BUSDT"), lot(1)), orders=orders)

    assert ("BUSDT", "AUSDT", "CUSDT") == account.symbols


@pytest.mark.parametrize(
    ("size", "side"),
    [
        pytest.param("0.1", Side.LONG, id="above zero"),
        pytest.param("-0.1", Side.SHORT, id="below zero"),
        pytest.param("0", Side.LONG, id="zero"),
        pytest.param("-0", Side.LONG, id="minus zero"),
    ],
)
def test_the_side_is_the_sign(size, side):
    assert side is lot(size).side


@pytest.mark.parametrize(
    ("lots", "expected"),
    [
        pytest.param((lot(1), lot(3)), (lot(4),), id="one entry price: as it is"),
        # (1 × 100 + 3 × 120) ÷ 4 = 115.
        pytest.param((lot(1), lot(3, "120")), (lot(4, "115"),), id="longs: the average"),
        # (−1 × 100 − 3 × 120) ÷ −4 = 115.
        pytest.param((lot(-1), lot(-3, "120")), (lot(-4, "115"),), id="shorts: the average"),
        # ((1 × 100 + 1 × 200) ÷ 2 = 150) and then (2 × 150 + 2 × 50) ÷ 4 = 100.
        pytest.param(
            (lot(1), lot(1, "200"), lot(2, "50")), (lot(4, "100"),), id="three, one after another"
        ),
        pytest.param(
            (lot(1), lot(2, symbol="BUSDT"), lot(1)),
            (lot(2), lot(2, symbol="BUSDT")),
            id="other symbols keep their place",
        ),
        pytest.param(
            (lot(1, mode=ISOLATED, margin="5"), lot(1, mode=ISOLATED, margin="7.5")),
            (lot(2, mode=ISOLATED, margin="12.5"),),
            id="buckets are poured together",
        ),
        pytest.param((lot(0, "50"), lot(2, "80")), (lot(2, "80"),), id="nothing, then a lot"),
        pytest.param((lot(2, "80"), lot(0, "50")), (lot(2, "80"),), id="a lot, then nothing"),
        pytest.param((lot(0, "50"), lot(0, "80")), (lot(0, "80"),), id="nothing twice"),
    ],
)
def test_lots_merge(lots, expected):
    assert expected == merged(lots, is_hedge=False)


def test_in_hedge_mode_lots_merge_by_side():
    lots = (lot(1), lot(-1, "50"), lot(1, "200"), lot(-3, "70"))

    # (100 + 200) ÷ 2 = 150; (50 + 3 × 70) ÷ 4 = 65.
    assert (lot(2, "150"), lot(-4, "65")) == merged(lots, is_hedge=True)


@pytest.mark.parametrize(
    ("size", "entry"),
    [
        # (1 × 100 + 2 × 101) ÷ 3 = 100.666...: 47 sixes, and then against the account.
        pytest.param(1, f"100.{'6' * 46}7", id="a long is taken to have paid more"),
        pytest.param(-1, f"100.{'6' * 47}", id="a short is taken to have received less"),
    ],
)
def test_a_merged_entry_price_is_rounded_against_the_account(size, entry):
    (found,) = merged((lot(size), lot(2 * size, "101")), is_hedge=False)

    assert D(entry) == found.entry_price


def test_inverse_lots_merge_to_the_harmonic_average():
    # 1 ÷ 100 + 3 ÷ 300 = 0.02 coins for 4 contracts: 4 ÷ 0.02 = 200.
    assert (lot(4, "200"),) == merged((lot(1), lot(3, "300")), is_hedge=False, inverse={"AUSDT"})


@pytest.mark.parametrize(
    ("lots", "reason"),
    [
        pytest.param(
            (lot(1), lot(-1)),
            "AUSDT: long and short lots in one-way mode; give the net one",
            id="opposite lots",
        ),
        pytest.param(
            (lot(1), lot(1, mode=ISOLATED)),
            "AUSDT: cannot be cross and isolated at once",
            id="lots in two margin modes",
        ),
    ],
)
def test_lots_that_do_not_merge(lots, reason):
    with pytest.raises(UsageError) as refused:
        merged(lots, is_hedge=False)

    assert reason == str(refused.value)


def test_merging_is_exact_whatever_the_callers_context():
    with localcontext(prec=3):
        (found,) = merged(
            (lot("1.000001", "100000.01"), lot("1.000001", "100000.03")), is_hedge=False
        )

    assert Decimal("100000.02") == found.entry_price


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"balances": {"USDT": Decimal("NaN")}}, "the balance of USDT cannot be NaN"),
        (
            {"positions": (Position("A", Decimal("Infinity"), Decimal(1)),)},
            "the size of A cannot be Infinity",
        ),
        (
            {"positions": (Position("A", Decimal(1), Decimal(0)),)},
            "the entry price of A cannot be 0",
        ),
        (
            {"orders": (Order("A", Decimal(1), Decimal(-5)),)},
            "the order price of A cannot be -5",
        ),
        ({"leverage": {"A": Decimal(0)}}, "the leverage of A cannot be 0"),
    ],
)
def test_what_is_no_number_is_refused(parts, reason):
    with pytest.raises(UnitError, match=reason):
        Account(**parts)
