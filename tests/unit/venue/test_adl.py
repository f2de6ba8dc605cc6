"""Who is deleveraged: the queue, the quintiles, the scores, and shares pro rata."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.money import down_to, exact
from crossmargin.venue.adl import (
    POLICIES,
    Candidate,
    Policy,
    bankruptcy_price,
    candidate,
    deleveraged,
    price_gain_times_leverage,
    profit,
    profit_over_wallet_times_margin_ratio,
    profit_times_leverage,
    queue,
    quintile_fractions,
    settlement_price,
)

D = Decimal
LINEAR = Instrument("BTCUSDT", Kind.LINEAR_PERPETUAL, "USDT", "BTC")
INVERSE = Instrument("XBTUSD", Kind.INVERSE_PERPETUAL, "XBT", "XBT")


def held(account: str, size: str, gain: str = "1", **parts) -> Candidate:
    """Return a position of which only size and profit matter."""
    one = Candidate(account, D(size), D(1), D(1), D(1), D(1), D(gain), D(1))
    return Candidate(**({name: getattr(one, name) for name in one.__struct_fields__} | parts))


# BitMEX, "Auto-Deleveraging Further Information": account, quantity and score.
BITMEX = {"1": (10, 3), "2": (10, 6), "3": (20, 1), "4": (30, 4), "5": (20, 5), "6": (10, 2)}
BITMEX_LONGS = [held(name, str(quantity)) for name, (quantity, _) in BITMEX.items()]


def bitmex_score(one: Candidate) -> Decimal:
    return D(BITMEX[one.account][1])


def test_the_example_of_bitmex():
    queued = queue(BITMEX_LONGS, bitmex_score)

    assert ["2", "5", "4", "1", "6", "3"] == [one.account for one in queued]
    # 10, 30, 60, 70, 80 and 100 of 100.
    fifths = [D(text) for text in ("0.2", "0.4", "0.6", "0.8", "0.8", "1")]
    assert fifths == list(quintile_fractions(queued))
    closed = deleveraged(BITMEX_LONGS, D(-20), Policy(bitmex_score))
    assert [("2", 10, 0), ("5", 10, 10)] == [(c.account, c.closed, c.remaining) for c in closed]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        pytest.param("profit", {"b": "4"}, id="the largest profit first, as far as it goes"),
        # 4 × 30/60 = 2 (all of b's room is 8), 4 × 20/60 and 4 × 10/60 are no whole lots: 1 and
        # 0 after rounding down, and the lot left over goes to the first in the queue, b.
        pytest.param("pro-rata-of-profits", {"b": "3", "a": "1"}, id="pro rata, in whole lots"),
    ],
)
def test_profit_alone(policy, expected):
    longs = [held("a", "5", "20"), held("b", "8", "30"), held("c", "9", "10"), held("d", "9", "0")]

    closed = deleveraged(longs, D(-4), POLICIES[policy], lot=D(1))

    assert {name: D(text) for name, text in expected.items()} == {
        one.account: one.closed for one in closed
    }


def test_who_cannot_take_his_share_gives_all_and_the_others_share_the_rest():
    # 12 × 80/100 = 9.6 is more than the 2 that a holds; the 10 left go 3 : 1 to b and c, 7.5
    # and 2.5, of which c holds 2 only: the other 0.5 is b's.
    longs = [held("a", "2", "80"), held("b", "9", "15"), held("c", "2", "5")]

    closed = deleveraged(longs, D(-12), POLICIES["pro-rata-of-profits"], lot=D("0.5"))

    assert [D(2), D(8), D(2)] == [one.closed for one in closed]


def test_shorts_close_against_a_bankrupt_long_and_longs_are_passed_over():
    both = [held("a", "-3"), held("b", "3"), held("c", "-2")]

    closed = deleveraged(both, D(4), POLICIES["profit"])

    assert [("a", -3, 0), ("c", -1, -1)] == [(c.account, c.closed, c.remaining) for c in closed]


def linear(size: str, entry: str, equity: str) -> Candidate:
    """Return a linear position at a mark of 120."""
    return candidate("x", D(size), D(entry), D(120), D(equity), LINEAR)


@pytest.mark.parametrize(
    ("score", "one", "expected"),
    [
        # 1 from 100 to 120: 20 % profit; leverage 120/60 = 2.
        pytest.param(profit_times_leverage, linear("1", "100", "60"), "0.4", id="BitMEX: profit"),
        # 2 from 150: −60 of 300, −20 %; leverage 240/60 = 4.
        pytest.param(profit_times_leverage, linear("2", "150", "60"), "-0.05", id="BitMEX: loss"),
        pytest.param(
            profit_times_leverage, linear("-1", "150", "60"), "0.4", id="BitMEX: a short, 30 of 150"
        ),
        pytest.param(
            profit_times_leverage,
            linear("1", "100", "0"),
            "Infinity",
            id="nothing backs the profit",
        ),
        pytest.param(profit_times_leverage, linear("1", "150", "0"), "0", id="nor the loss"),
        # 1 200 USD from 100 to 120: 12 − 10 = 2 XBT of 12; leverage 10/5.
        pytest.param(
            lambda one: profit_times_leverage(one).quantize(D("0.0001")),
            candidate("x", D(1200), D(100), D(120), D(5), INVERSE),
            "0.3333",
            id="BitMEX: inverse",
        ),
        # 120/100 × 120/60; a short from 150: 150/120 × 120/60.
        pytest.param(
            price_gain_times_leverage, linear("1", "100", "60"), "2.4", id="Hyperliquid: a long"
        ),
        pytest.param(
            price_gain_times_leverage, linear("-1", "150", "60"), "2.5", id="Hyperliquid: a short"
        ),
        pytest.param(price_gain_times_leverage, linear("1", "120", "60"), None, id="no profit"),
        pytest.param(profit, linear("3", "100", "60"), "60", id="profit alone"),
        pytest.param(profit, linear("3", "130", "60"), None, id="a loss is never touched"),
    ],
)
def test_scores_by_hand(score, one, expected):
    assert (None if expected is None else D(expected)) == score(one)


def test_the_score_of_binance():
    # 40.2 ÷ 4.27 × 0.1342 = 1.2634...; a wallet below 1 counts as 1.
    rich = held("x", "1", "40.2", wallet_balance=D("4.27"), maintenance_margin_ratio=D("0.1342"))
    poor = held("x", "1", "40", wallet_balance=D("0.2"), maintenance_margin_ratio=D("0.5"))

    assert D("1.2634") == profit_over_wallet_times_margin_ratio(rich).quantize(D("0.0001"))
    assert D(20) == profit_over_wallet_times_margin_ratio(poor)
    with pytest.raises(UnknownError, match="ADL score of y needs its wallet balance"):
        profit_over_wallet_times_margin_ratio(held("y", "1"))


@pytest.mark.parametrize(
    ("size", "price"),
    [
        # Bybit: (500 × 100 − 1000 − 100) ÷ 100; the short has plus signs.
        pytest.param("100", "489", id="a long"),
        pytest.param("-100", "511", id="a short"),
        pytest.param("2", None, id="a long whose backing covers its value"),
    ],
)
def test_the_bankruptcy_price_of_a_cross_position(size, price):
    found = bankruptcy_price(D(size), D(500), D(1000), D(100))

    assert (None if price is None else D(price)) == found


@pytest.mark.parametrize(
    ("price", "distance", "settled"),
    [
        pytest.param("489", "0.05", "400", id="22 % off the mark: the mark"),
        pytest.param("420", "0.05", "420", id="exactly 5 %: still the bankruptcy price"),
        pytest.param("420.01", "0.05", "400", id="just beyond"),
        pytest.param("379", "0.05", "400", id="beyond, below the mark"),
        pytest.param("489", None, "489", id="no limit"),
        pytest.param(None, "0.05", "400", id="no bankruptcy price"),
    ],
)
def test_the_price_that_adl_settles_at(price, distance, settled):
    limit = None if distance is None else D(distance)

    assert D(settled) == settlement_price(None if price is None else D(price), D(400), limit)


@pytest.mark.parametrize(
    ("longs", "lot", "said"),
    [
        ([held("a", "1"), held("a", "2")], "1", "twice"),
        ([held("a", "1")], "0", "not above zero"),
    ],
)
def test_what_is_refused(longs, lot, said):
    with pytest.raises(UsageError, match=said):
        deleveraged(longs, D(-1), POLICIES["profit"], lot=D(lot))


def test_nothing_is_pro_rata_to_leverage_without_bound():
    with pytest.raises(UsageError, match="without bound"):
        deleveraged([linear("1", "100", "0")], D(-1), Policy(profit_times_leverage, True))


def sizes(low: str, high: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=2)


@st.composite
def books(draw: st.DrawFn) -> list[Candidate]:
    """Return up to eight positions at one mark, long and short, some without equity."""
    mark = draw(sizes("1", "200"))
    found = []
    for number in range(draw(st.integers(0, 8))):
        size = draw(sizes("-50", "50").filter(bool))
        entry, equity = draw(sizes("1", "200")), draw(sizes("-5", "500"))
        one = candidate(f"account {number}", size, entry, mark, equity, LINEAR)
        parts = {name: getattr(one, name) for name in one.__struct_fields__}
        found.append(
            Candidate(**parts | {"wallet_balance": equity, "maintenance_margin_ratio": D("0.3")})
        )
    return found


POLICY = st.sampled_from(sorted(POLICIES))
BANKRUPT = sizes("-120", "120").filter(bool)
LOT = st.sampled_from([D("0.01"), D("0.3"), D(1), D(1000)])


@given(books(), BANKRUPT, POLICY, LOT)
def test_what_is_closed_is_the_bankrupt_size_or_all_there_is(book, bankrupt, name, lot):
    policy = POLICIES[name]
    closed = deleveraged(book, bankrupt, policy, lot=lot)
    by_name = {one.account: one for one in book}

    touchable = [one for one in book if one.size * bankrupt < 0 and policy.score(one) is not None]
    if policy.is_pro_rata:
        touchable = [one for one in touchable if policy.score(one) > 0]
    most = sum((abs(one.size) for one in touchable), D(0))
    assert min(abs(bankrupt), most) == sum((abs(one.closed) for one in closed), D(0))
    assert {one.account for one in closed} <= {one.account for one in touchable}
    for one in closed:
        size = by_name[one.account].size
        assert one.closed * size > 0
        assert one.remaining * size >= 0
        assert size == one.closed + one.remaining


@given(books(), BANKRUPT, POLICY, LOT, st.randoms(use_true_random=False))
def test_the_order_in_which_accounts_are_given_does_not_matter(book, bankrupt, name, lot, random):
    act = partial(deleveraged, bankrupt_size=bankrupt, policy=POLICIES[name], lot=lot)
    shuffled = random.sample(book, len(book))

    assert act(book) == act(shuffled)


@given(
    books(),
    BANKRUPT,
    st.sampled_from(["price-gain-times-leverage", "profit", "pro-rata-of-profits"]),
)
def test_without_a_profit_nobody_is_touched(book, bankrupt, name):
    gains = {one.account: one.unrealised_pnl for one in book}

    assert all(gains[one.account] > 0 for one in deleveraged(book, bankrupt, POLICIES[name]))


@given(books(), POLICY)
def test_quintiles_rise_along_the_queue_to_the_last_fifth(book, name):
    queued = queue(book, POLICIES[name].score)
    assume(queued)
    fifths = quintile_fractions(queued)

    assert list(fifths) == sorted(fifths)
    assert D(1) == fifths[-1]
    assert all(D(0) < fifth and fifth * 5 == int(fifth * 5) for fifth in fifths)


@given(books(), st.sampled_from([1, -1]), sizes("0.01", "0.9"), LOT)
@exact
def test_pro_rata_is_within_two_lots_of_the_share_unless_somebody_gives_all(book, sign, part, lot):
    winners = [one for one in book if one.size * sign < 0 and one.unrealised_pnl > 0]
    assume(winners)
    total = sum(one.unrealised_pnl for one in winners)
    # A part of what can be closed before the first of them has given all.
    most = min(abs(one.size) * total / one.unrealised_pnl for one in winners)
    bankrupt = sign * max(D("0.01"), down_to(D("0.01"), most * part))

    closed = deleveraged(book, bankrupt, POLICIES["pro-rata-of-profits"], lot=lot)
    if not all(one.remaining for one in closed):
        return  # A lot may be more than somebody has.
    profits = {one.account: one.unrealised_pnl for one in winners}
    assert closed
    for one in closed:
        share = abs(bankrupt) * profits[one.account] / total
        assert abs(abs(one.closed) - share) <= 2 * lot


@given(sizes("-50", "50").filter(bool), sizes("1", "200"), sizes("0", "500"), sizes("0", "500"))
@exact
def test_at_the_bankruptcy_price_the_loss_is_what_backs_the_position(size, entry, margin, wallet):
    price = bankruptcy_price(size, entry, margin, wallet)
    assume(price is not None)

    loss = -unrealised_pnl(size, entry, price, LINEAR)
    assert 0 <= loss - margin - wallet < D("1e-40")
