"""From prices to commands: the order of things, what is not said, and a replay's settings."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crossmargin.feeds.moments import Moment, synthetic_feed
from crossmargin.feeds.synthetic import Walk, synthetic_path
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.feed_pump import commands_of, in_words, pump, replay_settings
from crossmargin.runtime.market_maker import MAKER, MarketMaker
from crossmargin.venue import command
from crossmargin.venue.decide import decide
from crossmargin.venue.event import Breaker
from crossmargin.venue.ledger import audit
from crossmargin.venue.settings import Filters
from crossmargin.venue.state import State

D = Decimal
T0 = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp()) * 1000
MINUTE = 60_000
FIRST = {"BTCUSDT": D(100_000), "ETHUSDT": D(4000)}
COLLATERAL = {"USDT": None, "BTC": "BTCUSDT"}


class Venue:
    """An empty venue with a market maker, that remembers what it was told."""

    def __init__(self, **liquidity):
        rulebook = load_rulebook("binance-usdm", edition="2026-09-29")
        self.state = State(rulebook, replay_settings(FIRST, 5 * MINUTE, "profit"))
        self.maker = MarketMaker(LiquidityTable(**liquidity))
        self.told = []
        self.tell(self.maker.enter(self.state, T0, FIRST))

    def tell(self, commands):
        for asked in commands:
            self.told.append(asked)
            for happened in decide(self.state, asked):
                assert "refused" != type(happened).__struct_config__.tag, (asked, happened)

    def at(self, moment):
        self.told.clear()
        self.tell(commands_of(moment, lambda: self.state, self.maker, COLLATERAL))


def test_the_market_goes_before_the_price_and_the_clock_comes_last():
    venue = Venue()
    venue.at(Moment(T0, FIRST))
    venue.at(
        Moment(T0 + MINUTE, {"BTCUSDT": D(99_000)}, {"BTCUSDT": D(98_900)}, {"BTCUSDT": D(99_100)})
    )

    kinds = [type(asked).__name__ for asked in venue.told]
    assert ["Quote", "Quote", "Observe", "ObserveAsset", "ObserveAsset", "Tick"] == kinds
    assert {T0 + MINUTE} == {asked.at_ms for asked in venue.told}
    seen = venue.told[2]
    assert (D(99_000), D(98_900), D(99_100)) == (seen.mark, seen.last, seen.index)
    # Quotes stand around the last price: 98,900 × (1 ∓ 0.0001), to the tick of 1.
    book = venue.state.symbols["BTCUSDT"].book
    assert (D(98_890), D(98_910)) == (book.best_bid, book.best_ask)
    assert {"USDT": D(1), "BTC": D(99_100)} == venue.state.asset_prices


def test_funding_on_record_is_paid_before_the_clock_goes_on():
    venue = Venue()
    venue.at(Moment(T0, FIRST))
    venue.at(Moment(T0 + 4 * MINUTE, FIRST, fundings={"BTCUSDT": D("0.0003")}))

    paid, clock = venue.told[-2:]
    assert ("BTCUSDT", D("0.0003")) == (paid.symbol, paid.rate)
    assert isinstance(clock, command.Tick)
    assert venue.state.symbols["BTCUSDT"].funding_at_ms == T0 + 4 * MINUTE


def test_where_only_the_mark_is_known_it_stands_in():
    venue = Venue()
    venue.at(Moment(T0, FIRST))
    market = venue.state.symbols["ETHUSDT"]

    assert (D(4000), D(4000), D(4000)) == (market.mark, market.last, market.index)


def test_a_price_that_is_missing_is_not_said_and_grows_stale():
    venue = Venue()
    venue.at(Moment(T0, FIRST))
    venue.at(Moment(T0 + 5 * MINUTE, {"BTCUSDT": D(99_000)}))

    assert all(getattr(asked, "symbol", "") != "ETHUSDT" for asked in venue.told)
    assert Breaker.USABLE is venue.state.symbols["ETHUSDT"].breaker
    venue.at(Moment(T0 + 6 * MINUTE, {"BTCUSDT": D(99_000)}))
    assert Breaker.DEGRADED is venue.state.symbols["ETHUSDT"].breaker
    assert Breaker.USABLE is venue.state.symbols["BTCUSDT"].breaker


def test_a_synthetic_crash_drives_a_venue_to_its_end():
    walk = Walk(jumps_per_day=D(500), jump=D("0.1"))
    path = synthetic_path(FIRST, 60, MINUTE, walk, (7,))
    feed = synthetic_feed(path, T0, MINUTE, ())
    venue = Venue(capital=D(1_000_000), depth=D(10_000), levels=3)
    venue.tell(pump(feed.moments, lambda: venue.state, venue.maker, COLLATERAL))

    assert path[-1] == venue.state.market().marks
    assert feed.to_ms - MINUTE == venue.state.at_ms
    assert [] == audit(venue.state)
    assert 60 == sum(isinstance(asked, command.Tick) for asked in venue.told)


def test_who_rests_beyond_the_price_is_met_by_the_maker():
    venue = Venue()
    venue.at(Moment(T0, FIRST))
    deposit = command.Deposit(at_ms=T0, account="ann", asset="USDT", amount=D(50_000))
    order = command.PlaceOrder(
        at_ms=T0, account="ann", symbol="BTCUSDT", size=D("0.1"), price=D(99_950)
    )
    venue.tell([command.OpenAccount(at_ms=T0, account="ann"), deposit, order])
    # Between two ticks: who pays 99,950 or more is met, and nothing rests above the price.
    venue.at(Moment(T0 + MINUTE, FIRST | {"BTCUSDT": D("99949.5")}))

    assert D("0.1") == venue.state.accounts["ann"].position("BTCUSDT", None).size
    assert D("-0.1") == venue.state.accounts[MAKER].position("BTCUSDT", None).size
    bids, asks = venue.state.symbols["BTCUSDT"].book.depth()
    assert bids[0][0] < D("99949.5") < asks[0][0]


def test_a_maker_quotes_no_more_over_all_symbols_than_its_capital_carries():
    # 10,000 at three times is 30,000; both symbols together want 2 × 25,000 a side.
    venue = Venue(capital=D(10_000), leverage=D(3), depth=D(25_000), levels=5)
    venue.at(Moment(T0, FIRST))
    wanted = {"BTCUSDT": 0, "ETHUSDT": 0}
    for order in venue.state.accounts[MAKER].orders.values():
        if order.size < 0:
            wanted[order.symbol] += -order.size * order.price

    assert 24_000 < wanted["BTCUSDT"] <= 25_100  # what it is asked for, at prices above the mark
    assert 4_000 < wanted["ETHUSDT"] < 6_000  # what is left
    assert sum(wanted.values()) <= 30_000


@pytest.mark.parametrize(
    ("price", "tick", "lot"),
    [
        # A step of the sixth digit; a lot of at most 100.
        ("117070.6", "1", "0.0001"),
        ("4036.94", "0.01", "0.01"),
        ("100", "0.001", "1"),
        ("0.19312", "0.000001", "100"),
    ],
)
def test_steps_follow_from_the_first_price(price, tick, lot):
    settings = replay_settings({"A": D(price)}, 60_000, "profit")

    assert Filters(tick=D(tick), lot=D(lot)) == settings.filters_of("A")


def test_a_replay_has_one_source_and_no_jump_rule_and_says_so():
    settings = replay_settings({"BTCUSDT": D(100_000)}, 300_000, "profit")

    assert (1, None, "profit") == (
        settings.sources_min,
        settings.jump_fraction,
        settings.adl_policy,
    )
    assert (
        "Feed: sources_min 1, no jump rule; a price holds for 300 s, and trading in a symbol halts "
        "after 300 s without one.",
        "Steps of price and size: BTCUSDT 1 and 0.001.",
    ) == in_words(settings)
