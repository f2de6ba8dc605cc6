"""What is not known is named and makes its pool or bucket unknown; it is never zero, never safe."""

from decimal import Decimal

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Status
from crossmargin.margin.direction import liquidating_multiple
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.rulebooks.schema import Collateral
from tests.toys import book, linear, one_tier

D = Decimal
STABLE = Collateral(D(0), D(0), is_stable=True)
BOOK = book(
    (linear("BTCUSDT"), one_tier("0.01")),
    (linear("ETHUSDC", settle="USDC"), one_tier("0.01")),
    (linear("NEWUSDT"), None),
    collateral={"USDT": STABLE, "USDC": STABLE},
)
MARKS = {"BTCUSDT": D(20_000), "ETHUSDC": D(1_000), "NEWUSDT": D(5)}
INDEX = {"USDT": D(1), "USDC": D(1)}
BTC = Position("BTCUSDT", D("0.1"), D(20_000))
ETH = Position("ETHUSDC", D(1), D(1_000))
NEW = Position("NEWUSDT", D(10), D(5))
BUCKET = Position("BTCUSDT", D("0.1"), D(20_000), MarginMode.ISOLATED, D(200))


def assessed(*positions: Position, without: str = "", rulebook=BOOK, **options):
    """Return an account with 1000 USDT and 1000 USDC; `without` one mark or index price."""
    account = Account({"USDT": D(1_000), "USDC": D(1_000)}, positions, **options)
    marks = {symbol: mark for symbol, mark in MARKS.items() if symbol != without}
    index = {asset: price for asset, price in INDEX.items() if asset != without}
    return assess(account, Market(marks, index), rulebook)


MULTI = {"assets_mode": AssetsMode.MULTI}
RESTING = {"orders": (Order("BTCUSDT", D(1), D(1)),)}


@pytest.mark.parametrize(
    ("positions", "options", "missing"),
    [
        pytest.param([BTC], {"without": "BTCUSDT"}, "mark price of BTCUSDT", id="a mark, cross"),
        pytest.param(
            [BUCKET], {"without": "BTCUSDT"}, "mark price of BTCUSDT", id="a mark, isolated"
        ),
        pytest.param([NEW], {}, "margin tiers of NEWUSDT", id="a ladder"),
        pytest.param([], {**MULTI, "without": "USDC"}, "index price of USDC", id="an index price"),
        pytest.param(
            [BTC], {**MULTI, "without": "BTCUSDT"}, "mark price of BTCUSDT", id="a mark, one pool"
        ),
        pytest.param([NEW], MULTI, "margin tiers of NEWUSDT", id="a ladder, one pool"),
    ],
)
def test_it_is_named_and_the_answer_is_unknown_without(positions, options, missing):
    assessment = assessed(*positions, **options)

    assert (missing,) == assessment.missing
    assert Status.UNKNOWN == assessment.status
    assert assessment.worst.health is None
    assert assessment.worst.free_margin is assessment.worst.withdrawable is None
    assert not any(unit.is_liquidatable for unit in assessment.units)


def test_an_order_whose_price_is_not_known_shields_nothing_that_is_held():
    assessment = assessed(ETH, **RESTING, **MULTI, without="BTCUSDT")
    [pool] = assessment.pools

    assert () == assessment.missing
    assert ("mark price of BTCUSDT",) == assessment.initial_missing
    assert pool.health is not None
    assert pool.free_margin is pool.withdrawable is None


def test_collateral_whose_buffers_are_not_known_is_named():
    account = Account({"DOGE": D(5)}, assets_mode=AssetsMode.MULTI)
    assessment = assess(account, Market({}, {"DOGE": D(1)}), BOOK)

    assert ("collateral buffers of DOGE",) == assessment.missing
    assert Status.UNKNOWN == assessment.status


def test_everything_missing_is_named_once():
    orders = (Order("BTCUSDT", D(1), D(1)), Order("BTCUSDT", D(-1), D(1)))

    assert ("mark price of BTCUSDT", "margin tiers of NEWUSDT") == (
        assessed(BTC, NEW, orders=orders, without="BTCUSDT").missing
    )


def test_an_unknown_pool_does_not_hide_a_known_one():
    assessment = assessed(BTC, ETH, without="ETHUSDC")
    usdt, usdc = assessment.pools

    assert (None, D(20)) == (usdc.health, usdt.health.maintenance_margin)
    assert usdc == assessment.pool


def test_an_unknown_bucket_does_not_hide_the_pool():
    assessment = assessed(BUCKET, without="BTCUSDT")

    assert D(800) == assessment.pools[0].health.equity
    assert "BTCUSDT" == assessment.worst.name


def test_the_boundaries_of_an_unknown_unit_are_unknown():
    assessment = assessed(BTC, ETH, without="ETHUSDC")
    usdt, usdc = assessment.boundaries.positions

    assert usdc is None
    assert usdt is not None
    assert assessment.boundaries.joint is None
    assert assessment.boundaries.units["USDC"] is None


def test_a_joint_move_is_refused_where_something_is_missing():
    account = Account({"USDT": D(1_000)}, (BTC,))

    with pytest.raises(UnknownError, match="mark price of BTCUSDT"):
        liquidating_multiple(account, Market(), BOOK, {"BTCUSDT": D(-1)})


@pytest.mark.parametrize("what", ["mark", "ladder"])
def test_a_position_of_no_size_needs_no(what):
    empty = Position("NEWUSDT" if what == "ladder" else "BTCUSDT", D(0), D(1))

    assert Status.OK == assessed(empty, without="BTCUSDT").status


@pytest.mark.parametrize(
    ("account", "message"),
    [
        pytest.param(
            Account({"USDT": D(1)}, (Position("FOOUSDT", D(1), D(1)),)),
            "FOOUSDT is not a symbol of toy 2025-01-01",
            id="a symbol of a position the rulebook does not know",
        ),
        pytest.param(
            Account({"USDT": D(1)}, orders=(Order("FOOUSDT", D(1), D(1)),)),
            "FOOUSDT is not a symbol of toy 2025-01-01",
            id="a symbol of an order the rulebook does not know",
        ),
        pytest.param(
            Account(),
            "the account is empty: it has neither balances nor positions",
            id="an account of nothing",
        ),
    ],
)
def test_it_is_refused(account, message):
    with pytest.raises(UsageError) as refusal:
        assess(account, Market(MARKS), BOOK)

    assert message == str(refusal.value)
