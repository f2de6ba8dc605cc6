"""What the venue asks the margin core, and that unknown never counts as enough."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import InvariantBroken
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import exact
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue import event
from crossmargin.venue.judging import (
    is_margin_enough,
    is_symbol_covered,
    judged,
    judged_as,
    leverage_max,
    may_leave,
    own_wallet,
    pool_of,
)
from tests.toys import inverse, linear, one_tier
from tests.unit.venue.stage import RULES, Stage

D = Decimal
BOOK = RULES.with_contracts({"BTCUSD_PERP": Contract(inverse("BTCUSD_PERP"), one_tier("0.01"))})


def stage_at(mark, *positions, btc=None):
    """Return ann with 10 000 USDT, her positions, and BTCUSDT at `mark`."""
    stage = Stage(BOOK)
    stage.funded("ann")
    if btc is not None:
        posting = event.Posting("outside", "account/ann", "BTC", D(btc))
        stage.emit(event.MoneyMoved(why="deposit", postings=(posting,)))
    for position in positions:
        stage.emit(
            event.PositionChanged(account="ann", position=position, side=position.side, why="test")
        )
    if mark is not None:
        stage.priced("BTCUSDT", mark)
    return stage


def cross(size, symbol="BTCUSDT", price="50000"):
    return Position(symbol, D(size), D(price))


def isolated(size, margin):
    return Position("BTCUSDT", D(size), D(50_000), MarginMode.ISOLATED, D(margin))


@pytest.mark.parametrize(
    ("mark", "position", "is_enough"),
    [
        # 4 × 50 000 / 20 = 10 000.
        pytest.param("50000", cross("4"), True, id="to the unit"),
        pytest.param("50000", cross("4.00000001"), False, id="a unit short"),
        pytest.param(None, cross("1"), None, id="no mark"),
        # Equity 2 500 − 400, which opening would ask 2 480 for; it keeps at 496.
        pytest.param("49600", isolated("1", "2500"), True, id="a bucket that has lost"),
        # Equity 2 500 − 2 100 = 400, below 479.
        pytest.param("47900", isolated("1", "2500"), False, id="a bucket that has failed"),
        pytest.param(None, isolated("1", "2500"), None, id="a bucket without a mark"),
        # The bucket has more than there is: the pool is short of it.
        pytest.param("50000", isolated("1", "10001"), False, id="a pool below zero"),
    ],
)
def test_margin_is_enough_if_every_pool_has_it_and_every_bucket_lives(mark, position, is_enough):
    assert is_margin_enough(judged(stage_at(mark, position).state, "ann")) is is_enough


def test_what_is_known_to_lack_decides_before_what_is_unknown():
    stage = stage_at("50000", cross("5"), cross("100", "BTCUSD_PERP"), btc="1")
    assessment = judged(stage.state, "ann")

    assert is_margin_enough(assessment) is False
    assert is_margin_enough(assessment, "BTC") is None
    assert is_margin_enough(assessment, "USDT") is False
    assert is_margin_enough(assessment, "ETH") is True


def test_an_account_without_anything_can_be_judged():
    stage = Stage(BOOK)
    stage.emit(event.AccountOpened(account="ann"))

    assessment = judged(stage.state, "ann")

    assert is_margin_enough(assessment) is True
    assert assessment.pool.withdrawable == 0
    assert judged_as(Stage(BOOK.with_contracts({})).state, Account()).pool.withdrawable == 0


def test_nobody_cannot_be_judged():
    with pytest.raises(InvariantBroken):
        judged(Stage(BOOK).state, "ann")


def test_the_one_pool_is_everybodys_pool():
    stage = stage_at("50000")
    stage.emit(event.AssetsModeSet(account="ann", mode=AssetsMode.MULTI))
    assessment = judged(stage.state, "ann")

    assert pool_of(assessment, "BTC") is assessment.pools[0]
    assert pool_of(judged(stage_at("50000").state, "ann"), "BTC") is None


@given(
    st.decimals(D(1), D(20_000), places=8),
    st.decimals(D(-5), D(5), places=3),
    st.decimals(D(20_000), D(90_000), places=2),
)
@exact
def test_leaving_agrees_with_what_is_withdrawable(amount, size, mark):
    stage = stage_at(str(mark), *([cross(str(size))] if size else []))
    before = judged(stage.state, "ann")
    view = stage.state.accounts["ann"].view()
    after = Account({"USDT": D(10_000) - amount}, view.positions)

    may = may_leave(judged_as(stage.state, after), "USDT")

    assert may is (amount <= before.pool.withdrawable)


def test_a_wallet_is_what_is_outside_buckets():
    account = Account({"USDT": D(100)}, (isolated("1", "60"),))

    assert own_wallet(account, "USDT", BOOK) == 40
    assert own_wallet(account, "BTC", BOOK) == 0


LADDER = Tiers.of(
    (Tier(D(0), D("0.01"), D(0), D(20)), Tier(D(100_000), D("0.02"), D(1000), D(10))),
    known_to=D(200_000),
)


@pytest.mark.parametrize(
    ("tiers", "size", "mark", "most"),
    [
        (LADDER, "0", None, D(20)),
        (LADDER, "-2", "50000", D(20)),
        (LADDER, "2", "50000.01", D(10)),
        (LADDER, "2", None, None),
        (LADDER, "4.01", "50000", None),
        (None, "0", "50000", None),
    ],
)
def test_the_ladder_allows_leverage_by_notional_at_mark(tiers, size, mark, most):
    stage = stage_at(mark, *([cross(size)] if D(size) else []))

    account = stage.state.accounts["ann"].view()

    assert leverage_max(stage.state, account, Contract(linear("BTCUSDT"), tiers)) == most


@pytest.mark.parametrize(
    ("mark", "position", "is_opening", "is_covered"),
    [
        ("50000", cross("5"), True, False),
        ("50000", cross("5"), False, True),
        # Equity 10 000 − 50 000 is below everything.
        ("40000", cross("5"), False, False),
        (None, cross("5"), True, None),
        (None, cross("5"), False, None),
        ("50000", cross("5", "ETHUSDT"), True, True),
        # The bucket has 2 400 of 2 500.
        ("50000", isolated("1", "2400"), True, False),
        ("50000", isolated("1", "2400"), False, True),
    ],
)
def test_a_symbol_is_covered_by_its_own_pool_and_bucket(mark, position, is_opening, is_covered):
    state = stage_at(mark, position).state
    view, contract = state.accounts["ann"].view(), BOOK.contracts["BTCUSDT"]

    assert is_symbol_covered(state, view, contract, is_opening=is_opening) is is_covered
