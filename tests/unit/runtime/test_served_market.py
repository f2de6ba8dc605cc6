"""The market of a served venue: its prices, and who is there before anybody trades."""

from decimal import Decimal
from itertools import islice, pairwise

import pytest
from msgspec import structs

from crossmargin.errors import FeedError, UnknownError
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.market_maker import MAKER
from crossmargin.runtime.served_market import (
    CANDLES_STALE_MS,
    DAY_MS,
    FUND,
    Money,
    candles_market,
    opening,
    play_money,
    prices_of,
    steering_of,
    synthetic_market,
)
from crossmargin.venue.command import Deposit, FeedFund, Observe, OpenAccount, Tick
from crossmargin.venue.state import State
from tests.unit.runtime.served import MARKET, RULEBOOK, START_MS

D = Decimal


def state_of(market=MARKET):
    return State(RULEBOOK, market.settings)


def moments(market, from_ms, count, state=None):
    return list(islice(market.moments(from_ms, state or state_of(market)), count))


def test_synthetic_prices_come_every_second_on_their_ticks():
    found = moments(MARKET, START_MS, 5_000)

    assert [START_MS + 1_000 * place for place in range(5_000)] == [one.at_ms for one in found]
    for one in found:
        assert {"BTCUSDT", "ETHUSDT", "SOLUSDT"} == one.marks.keys()
        for symbol, price in one.marks.items():
            assert price > 0
            assert price % MARKET.settings.filters[symbol].tick == 0


def test_the_same_venue_goes_on_in_the_same_way_and_another_one_differently():
    assert moments(MARKET, START_MS, 20) == moments(MARKET, START_MS, 20)
    assert moments(MARKET, START_MS, 20) != moments(MARKET, START_MS + 1_000, 20)


def test_synthetic_prices_go_on_from_where_they_were():
    state = state_of()
    state.symbol("BTCUSDT").mark = D(50_000)
    [first] = moments(MARKET, START_MS, 1, state)

    # A second's standard deviation is 0.6 ÷ √31,536,000, a hundredth of a per cent.
    assert abs(first.marks["BTCUSDT"] / 50_000 - 1) < D("0.001")


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        (["ADAUSDT"], "no synthetic price to begin with; there are those of BTCUSDT, ETHUSDT"),
        (["NOUSDT"], "NOUSDT: not in the rulebook of binance-usdm"),
    ],
)
def test_a_symbol_without_a_beginning_is_refused(symbols, words):
    with pytest.raises(UnknownError, match=words):
        synthetic_market(START_MS, RULEBOOK, symbols)


def test_what_is_there_is_not_opened_again():
    state = state_of()
    asked = list(opening(MARKET, state, START_MS, [Money("alice", {"USDT": D(5)})]))
    accounts = [one.account for one in asked if isinstance(one, OpenAccount)]
    deposits = {one.account: one.amount for one in asked if isinstance(one, Deposit)}
    [fund] = [one for one in asked if isinstance(one, FeedFund)]

    assert [MAKER, "alice"] == accounts
    assert D(5) == deposits["alice"]
    assert ("USDT", FUND) == (fund.asset, fund.amount)

    state.accounts[MAKER] = state.accounts["alice"] = object()
    again = list(opening(MARKET, state, START_MS, [Money("alice", {"USDT": D(5)})]))
    assert [] == again


def test_play_money_is_of_every_settle_asset():
    dollars = play_money(MARKET, RULEBOOK, ["alice", "bob"])
    coins = load_rulebook("binance-coinm")
    inverse = structs.replace(MARKET, symbols=("BTCUSD_PERP",))

    assert [("alice", {"USDT": D(100_000)}), ("bob", {"USDT": D(100_000)})] == [
        (one.account, one.balances) for one in dollars
    ]
    assert {"BTC": D(10)} == play_money(inverse, coins, ["alice"])[0].balances


# Six hours of hourly candles that each end a hundred above where they began.
HOURS = 6
CANDLES = "open_time,open,high,low,close\n" + "".join(
    f"{START_MS + hour * 3_600_000},{1000 + 100 * hour},{1110 + 100 * hour},{990 + 100 * hour},"
    f"{1100 + 100 * hour}\n"
    for hour in range(HOURS)
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "BTCUSDT-1h.csv").write_text(CANDLES)
    return tmp_path


def test_candles_are_a_feed_from_a_moment_to_their_end(folder):
    market = candles_market(folder, START_MS + 3_600_000, RULEBOOK)
    found = moments(market, market.start_ms, 10_000)

    assert ("BTCUSDT",) == market.symbols
    assert "candles-2025-10-10T2100" == market.name
    assert D(1100) == found[0].marks["BTCUSDT"]
    assert START_MS + 3_600_000 == found[0].at_ms
    assert START_MS + HOURS * 3_600_000 - 60_000 <= found[-1].at_ms
    assert all(after.at_ms - before.at_ms <= 60_000 for before, after in pairwise(found))
    assert CANDLES_STALE_MS == market.settings.stale_ms


def test_candles_go_on_where_a_venue_was(folder):
    market = candles_market(folder, START_MS, RULEBOOK)
    middle_ms = START_MS + 2 * 3_600_000 + 1_234
    whole = moments(market, START_MS, 10_000)
    before = next(one for one in reversed(whole) if one.at_ms <= middle_ms)
    first, *rest = moments(market, middle_ms, 10_000)

    assert (middle_ms, before.marks) == (first.at_ms, first.marks)
    assert [one for one in whole if one.at_ms > middle_ms] == rest


@pytest.mark.parametrize("from_ms", [START_MS - DAY_MS, START_MS + HOURS * 3_600_000])
def test_where_there_are_no_candles_there_is_no_feed(folder, from_ms):
    with pytest.raises(UnknownError, match="no prices of BTCUSDT, ETHUSDT, SOLUSDT at"):
        candles_market(folder, from_ms, RULEBOOK)


def test_symbols_that_are_named_must_be_there(folder):
    with pytest.raises(UnknownError, match="no prices of all BTCUSDT, ETHUSDT at"):
        candles_market(folder, START_MS, RULEBOOK, ["BTCUSDT", "ETHUSDT"])
    with pytest.raises(FeedError, match="no such file or folder"):
        candles_market(folder / "nowhere", START_MS, RULEBOOK)


def fed_from(market, state, from_ms, *, is_timed=True, say=pytest.fail):
    steering = steering_of(market, RULEBOOK)
    feed = prices_of(market, lambda: state, from_ms, steering, is_timed=is_timed, say=say)
    return (one for _, commands in feed for one in commands)


@pytest.mark.parametrize("is_timed", [True, False])
def test_when_the_feed_has_ended_time_goes_on_or_stands_still(folder, is_timed):
    market = candles_market(folder, START_MS, RULEBOOK)
    state = state_of(market)
    last_ms = START_MS + HOURS * 3_600_000
    asked = fed_from(market, state, last_ms, is_timed=is_timed)
    state.accounts[MAKER] = None  # Never asked: no moment is left.
    first = list(islice(asked, 3))

    assert is_timed == bool(first)
    assert all(isinstance(one, Tick) for one in first)
    assert not any(isinstance(one, Observe) for one in first)


def test_a_feed_that_cannot_be_read_ends_and_says_why(folder):
    market = candles_market(folder, START_MS, RULEBOOK)
    state, said = state_of(market), []
    file = folder / "BTCUSDT-1h.csv"
    file.write_text(CANDLES.replace("1300", "rubbish"))
    first = list(islice(fed_from(market, state, START_MS, say=said.append), 3))

    assert [Tick] * 3 == [type(one) for one in first]
    [why] = said
    assert str(file) in why
    assert "rubbish" in why
