"""Time goes forward only, and funding is paid once an interval, from one side to the other."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.model.account import MarginMode, Position
from crossmargin.model.order import Side
from crossmargin.venue import event
from crossmargin.venue.clock import sampled_premium, settle_funding, tick
from crossmargin.venue.command import Level, Observe, PlaceOrder, SettleFunding, Tick
from crossmargin.venue.event import Breaker, FundingSettled, PremiumSampled
from crossmargin.venue.prices import observe
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.settings import VenueSettings
from tests.toys import book, inverse, marginal
from tests.unit.venue.stage import Stage

D = Decimal
BTC = "BTCUSDT"
HOUR = 3_600_000
INTERVAL = 8 * HOUR
HOURLY = VenueSettings(premium_sample_ms=HOUR)


def staged(settings=HOURLY, **options):
    stage = Stage(settings=settings, **options)
    stage.priced(BTC, 50_000)
    return stage


def hold(stage, name, size, *, symbol=BTC, entry=50_000, margin=None, asset="USDT"):
    if name not in stage.state.accounts:
        stage.funded(name, asset=asset)
    mode = MarginMode.CROSS if margin is None else MarginMode.ISOLATED
    position = Position(symbol, D(size), D(entry), mode, D(margin or 0))
    stage.emit(
        event.PositionChanged(account=name, position=position, side=position.side, why="test")
    )


def ticks(stage, until_ms, step_ms=HOUR, from_ms=0):
    events = []
    for at_ms in range(from_ms, until_ms + 1, step_ms):
        events += stage.do(tick, Tick(at_ms=at_ms))
    return events


def settled(events):
    return [(one.at_ms, one.rate) for one in events if isinstance(one, FundingSettled)]


def wallet(stage, name, asset="USDT"):
    return stage.state.accounts[name].balances[asset]


def test_time_does_not_go_back():
    stage = Stage()
    stage.do(tick, Tick(at_ms=5))
    with pytest.raises(Refusal) as refused:
        stage.do(tick, Tick(at_ms=4))
    assert refused.value.code == Code.TIME_GOES_BACK


def test_a_given_rate_is_paid_in_place_of_the_venues_own():
    # 2 BTC × 50000 × -0.0005 = -50: shorts pay longs. At the boundary nothing more is paid.
    stage = staged()
    hold(stage, "long", 2)
    hold(stage, "short", -2)
    ticks(stage, INTERVAL - HOUR)
    given = SettleFunding(at_ms=INTERVAL, symbol=BTC, rate=D("-0.0005"))
    stage.do(settle_funding, given)

    assert (D(10_050), D(9950)) == (wallet(stage, "long"), wallet(stage, "short"))
    assert settled(stage.do(tick, Tick(at_ms=INTERVAL))) == []
    # The next interval is the venue's own again: 0.0001 of 100,000 is 10.
    assert [(2 * INTERVAL, D("0.0001"))] == settled(
        ticks(stage, 2 * INTERVAL, from_ms=INTERVAL + HOUR)
    )
    assert (D(10_040), D(9960)) == (wallet(stage, "long"), wallet(stage, "short"))


def test_longs_pay_shorts_at_the_boundary():
    # Premium 0: the rate is the interest, 0.0001. 2 BTC × 50000 × 0.0001 = 10.
    stage = staged()
    hold(stage, "long", 2)
    hold(stage, "short", -2)
    events = ticks(stage, INTERVAL)
    assert settled(events) == [(0, None), (INTERVAL, D("0.0001"))]
    assert (wallet(stage, "long"), wallet(stage, "short")) == (D(9990), D(10010))
    assert stage.state.symbol(BTC).premiums == []


@pytest.mark.parametrize(
    ("last", "rate"),
    [
        (50_500, "0.0095"),  # premium 0.01, less the damper 0.0005
        (52_000, "0.01"),  # premium 0.04: capped at 1 × the first tier's 0.01
        (48_000, "-0.01"),
        (50_010, "0.0001"),  # premium 0.0002, within the damper: the interest
    ],
)
def test_the_rate_follows_the_sampled_premium(last, rate):
    stage = staged()
    price = D(50_000)
    stage.emit(event.PriceSet(symbol=BTC, index=price, mark=price, last=D(last)))
    assert settled(ticks(stage, INTERVAL))[-1] == (INTERVAL, D(rate))


def test_the_middle_of_the_book_comes_before_the_last_price():
    stage = staged()
    stage.funded("maker")
    for order_id, level in enumerate((Level(D(50_400), D(1)), Level(D(50_600), D(-1))), 1):
        order = PlaceOrder(at_ms=0, account="maker", symbol=BTC, size=level.size, price=level.price)
        stage.emit(event.OrderAccepted(order_id=order_id, order=order))
    assert sampled_premium(stage.state, BTC) == D("0.01")


def test_one_sample_a_step_of_the_grid_however_often_the_clock_ticks():
    stage = staged()
    events = ticks(stage, 2 * HOUR - 1, step_ms=HOUR // 4)
    assert sum(isinstance(one, PremiumSampled) for one in events) == 2


@pytest.mark.parametrize("late_ms", [0, 1, HOUR - 1, HOUR, 3 * HOUR])
def test_a_late_tick_settles_the_interval_once_at_its_boundary(late_ms):
    stage = staged()
    ticks(stage, INTERVAL - HOUR)
    events = stage.do(tick, Tick(at_ms=INTERVAL + late_ms))
    events += stage.do(tick, Tick(at_ms=INTERVAL + late_ms))
    assert settled(events) == [(INTERVAL, D("0.0001"))]


def test_after_a_long_pause_what_nobody_saw_pays_nothing():
    stage = staged()
    hold(stage, "long", 2)
    hold(stage, "short", -2)
    ticks(stage, INTERVAL - HOUR)
    events = stage.do(tick, Tick(at_ms=10 * INTERVAL + 7))
    assert settled(events) == [(INTERVAL, D("0.0001")), (10 * INTERVAL, None)]
    assert (wallet(stage, "long"), wallet(stage, "short")) == (D(9990), D(10010))
    assert settled(ticks(stage, 11 * INTERVAL - 1, from_ms=10 * INTERVAL + HOUR)) == []


@pytest.mark.parametrize(("samples", "is_paid"), [(3, False), (4, True)])
def test_half_of_an_intervals_samples_are_needed(samples, is_paid):
    # Eight samples an interval; the first is taken at 0 and the boundary's own comes with it.
    stage = staged()
    hold(stage, "long", 2)
    hold(stage, "short", -2)
    ticks(stage, (samples - 2) * HOUR)
    events = stage.do(tick, Tick(at_ms=INTERVAL))
    assert settled(events) == [(INTERVAL, D("0.0001") if is_paid else None)]
    assert wallet(stage, "long") == (D(9990) if is_paid else D(10000))


def test_nothing_is_paid_at_prices_that_are_not_to_be_acted_upon():
    stage = staged()
    hold(stage, "long", 2)
    hold(stage, "short", -2)
    ticks(stage, INTERVAL - HOUR)
    stage.emit(event.BreakerSet(symbol=BTC, state=Breaker.DEGRADED, why="test"))
    events = stage.do(tick, Tick(at_ms=INTERVAL))
    assert settled(events) == [(INTERVAL, None)]
    assert wallet(stage, "long") == 10_000


def test_prices_grow_old_with_the_clock():
    stage = Stage()
    stage.do(observe, Observe(at_ms=0, symbol=BTC, source="a", index=D(50_000)))
    stage.do(tick, Tick(at_ms=60_000))
    assert stage.state.symbol(BTC).breaker is Breaker.USABLE
    stage.do(tick, Tick(at_ms=60_001))
    assert stage.state.symbol(BTC).breaker is Breaker.DEGRADED


def test_a_bucket_pays_its_own_funding():
    stage = staged()
    hold(stage, "long", 2, margin=5000)
    hold(stage, "short", -2)
    ticks(stage, INTERVAL)
    held = stage.state.accounts["long"].position(BTC, Side.LONG)
    assert (held.margin, wallet(stage, "long")) == (D(4990), D(9990))


SIZES = st.lists(st.decimals("-9", "9", places=3).filter(bool), min_size=1, max_size=5)


@given(sizes=SIZES, last=st.decimals("49000", "51000", places=2), is_inverse=st.booleans())
def test_funding_sums_to_zero_and_leaves_its_purse_empty(sizes, last, is_inverse):
    symbol, asset = ("BTCUSD", "BTC") if is_inverse else (BTC, "USDT")
    options = {}
    if is_inverse:
        options = {"rules": book((inverse("BTCUSD"), marginal(("0", "0.01"))))}
    stage = Stage(settings=VenueSettings(premium_sample_ms=INTERVAL), **options)
    stage.priced(symbol, 50_000)
    sizes = [*sizes, -sum(sizes)]
    for place, size in enumerate(sizes):
        if size:
            hold(stage, f"a{place}", size, symbol=symbol, asset=asset)
    price = D(50_000)
    stage.emit(event.PriceSet(symbol=symbol, index=price, mark=price, last=last))
    before = sum(one.balances[asset] for one in stage.state.accounts.values())
    events = ticks(stage, INTERVAL, step_ms=INTERVAL)
    assert settled(events)[-1][1] is not None
    after = sum(one.balances[asset] for one in stage.state.accounts.values())
    rounding = stage.state.purse("rounding", asset)
    assert stage.state.purse(f"funding/{symbol}", asset) == 0
    assert before == after + rounding
    assert 0 <= rounding <= len(sizes) * D("0.00000001")
