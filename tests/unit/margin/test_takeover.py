"""A takeover takes the pool's equity: no more, no less, shared out by maintenance margin."""

from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.takeover import takeovers
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.money import exact
from tests.toys import book, inverse, linear, one_tier

D = Decimal
BTC, ETH, SOL, COIN = (
    linear("BTCUSDT"),
    linear("ETHUSDT"),
    linear("SOLUSDT"),
    inverse("BTCUSD_PERP"),
)
BOOK = book(
    (BTC, one_tier("0.01")),
    (ETH, one_tier("0.02")),
    (SOL, one_tier("0.05")),
    (COIN, one_tier("0.01")),
)
MARKS = {"BTCUSDT": D(20_000), "ETHUSDT": D(1_000), "SOLUSDT": D(30), "BTCUSD_PERP": D(20_000)}


def taken(equity: str, *positions: str, rulebook=BOOK):
    """Return the takeovers of positions such as "BTCUSDT 0.5", entered at the marks above."""
    held = [Position(p.split()[0], D(p.split()[1]), MARKS[p.split()[0]]) for p in positions]
    account = Account({}, tuple(held))
    assessed = assess(account, Market(MARKS), rulebook).positions
    instruments = [rulebook.contracts[position.symbol].instrument for position in held]
    return takeovers(assessed, instruments, D(equity))


def test_one_position_leaves_at_its_bankruptcy_price():
    # 500 of equity on half a bitcoin: 1000 below the mark.
    (one,) = taken("500", "BTCUSDT 0.5")

    assert (D(19_000), D(500)) == (one.price, one.share)


def test_a_short_leaves_above_the_mark():
    (one,) = taken("500", "BTCUSDT -0.5")

    assert D(21_000) == one.price


def test_negative_equity_is_made_good_by_better_prices():
    (one,) = taken("-500", "BTCUSDT 0.5")

    assert D(21_000) == one.price


def test_several_positions_share_by_maintenance_margin():
    # Requirements 100, 20 and 30 of 300 equity; ETH, short, leaves 40 ÷ 1 above its mark.
    shares = taken("300", "BTCUSDT 0.5", "ETHUSDT -1", "SOLUSDT 20")

    assert [D(200), D(40), D(60)] == [one.share for one in shares]
    assert [D(19_600), D(1_040), D(27)] == [one.price for one in shares]


@pytest.mark.parametrize("equity", ["100", "0", "-0.00000001", "-77.7", "0.1"])
def test_shares_sum_to_the_equity_whatever_rounds(equity):
    shares = taken(equity, "BTCUSDT 0.7", "ETHUSDT -3", "SOLUSDT 11")

    assert Fraction(equity) == sum(Fraction(one.share) for one in shares)


def test_losses_against_the_mark_sum_to_the_equity():
    shares = taken("210", "BTCUSDT 0.5", "ETHUSDT -2", "SOLUSDT 40")
    instruments = {"BTCUSDT": BTC, "ETHUSDT": ETH, "SOLUSDT": SOL}
    lost = [
        exact(unrealised_pnl)(one.size, one.price, MARKS[one.symbol], instruments[one.symbol])
        for one in shares
    ]

    assert D(210) == sum(lost)


def test_an_inverse_position_leaves_where_it_costs_the_coin():
    # 100000 USD at 20000 are 5 coins; taking 0.25 of them is leaving at 100000 ÷ 5.25.
    (one,) = taken("0.25", "BTCUSD_PERP 1000")

    assert abs(one.price - D("19047.619047619")) < D("0.000000001")


def test_an_inverse_short_can_only_lose_so_much():
    # Leaving at any price costs a short of 5 coins less than 5 coins.
    (fits, does_not) = (taken(equity, "BTCUSD_PERP -1000")[0] for equity in ("4.9", "5"))

    assert D(1_000_000) == fits.price.quantize(D(1))
    assert does_not.price is None


def test_a_share_beyond_what_a_long_is_worth_has_no_price():
    (one,) = taken("10000", "BTCUSDT 0.5")

    assert (None, D(10_000)) == (one.price, one.share)


def test_without_maintenance_margins_notionals_share():
    free = book((BTC, one_tier("0")), (ETH, one_tier("0")))
    shares = taken("120", "BTCUSDT 0.5", "ETHUSDT 2", rulebook=free)

    assert [D(100), D(20)] == [one.share for one in shares]


def test_positions_of_no_size_take_no_part():
    (one,) = taken("100", "ETHUSDT 0", "BTCUSDT 0.5")

    assert "BTCUSDT" == one.symbol


def test_nothing_to_take_over_is_refused():
    with pytest.raises(UsageError, match="there is no position to take over"):
        taken("100", "BTCUSDT 0")


def test_a_position_without_a_mark_is_refused():
    account = Account({}, (Position("BTCUSDT", D(1), D(20_000)),))
    assessed = assess(account, Market(), BOOK).positions

    with pytest.raises(UsageError, match="the mark price of BTCUSDT is not known"):
        takeovers(assessed, [BTC], D(100))
