"""Who bears a loss: the fund, winners, everybody who won; in that order and to the last unit."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.model.account import AssetsMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue import adl, event
from crossmargin.venue.deleveraging import winners
from crossmargin.venue.distress import look_after
from crossmargin.venue.fund import health_of_fund
from crossmargin.venue.judging import judged
from crossmargin.venue.waterfall import Close, settlement
from tests.unit.venue.crash import Crash, of
from tests.unit.venue.stage import RULES

D = Decimal
GOLDEN = (Close("short", D(49), D(-100)), Close("long", D(100), D(100)))


def test_the_fund_pays_before_anything_leaves_the_pool():
    # dYdX: 49 + 100 in the pool; 49 - 100 = -51, so 51 comes in first; 100 + 100 = 200 leaves.
    done = settlement(D(149), GOLDEN, D(60))
    assert (done.fund_paid, done.pool) == (D(51), D(200))
    assert done.paid_out == {"short": D(0), "long": D(200)}
    assert D(149) - done.paid_out["long"] == D(-51)  # what any other order overdraws


def test_what_the_fund_lacks_stays_with_the_winners():
    # The fund has 20 of 51: the only winner leaves 31 in.
    done = settlement(D(149), GOLDEN, D(20))
    assert (done.fund_paid, done.shared, done.pool) == (D(20), {"long": D(31)}, D(169))
    assert done.paid_out == {"short": D(0), "long": D(169)}


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(-(10**6), 10**6)), min_size=1, max_size=9
    ),
    st.integers(0, 10**6),
)
def test_a_pool_is_emptied_exactly_and_nobody_ends_below_zero(members, fund):
    closes = [Close(f"a{i}", D(c), D(pnl) / 100) for i, (c, pnl) in enumerate(members)]
    rest = -sum(one.realised_pnl for one in closes)
    closes.append(Close("last", D(0), rest))
    pool = sum(one.collateral for one in closes)
    done = settlement(pool, closes, D(fund))
    missing = sum(max(D(0), -(one.collateral + one.realised_pnl)) for one in closes)
    assert done.fund_paid == min(missing, D(fund))
    assert sum(done.shared.values()) == missing - done.fund_paid
    assert done.pool == pool + done.fund_paid == sum(done.paid_out.values())
    assert all(amount >= 0 for amount in done.paid_out.values())
    for one in closes:
        assert done.shared.get(one.account, D(0)) <= max(D(0), one.realised_pnl)


@pytest.mark.parametrize(
    ("pool", "closes", "fund", "words"),
    [
        (D(150), GOLDEN, D(0), "not its members' collateral"),
        (D(49), GOLDEN[:1], D(0), "does not sum to zero"),
        (D(149), GOLDEN, D(-1), "below zero"),
        (D(98), GOLDEN[:1] * 2, D(0), "twice"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(pool, closes, fund, words):
    with pytest.raises(UsageError, match=words):
        settlement(pool, closes, fund)


@pytest.mark.parametrize(
    ("fund", "short", "long", "left"),
    [
        # A short of one at 100 with 49, a long with 100; at 200 the short is at -51.
        pytest.param("51", "0", "200", "0", id="the fund pays, and the winner keeps what he won"),
        pytest.param("50", "0", "149", "50", id="it cannot: the winner closes at 149"),
    ],
)
def test_a_fund_that_can_pay_and_not_carry_the_position_pays(fund, short, long, left):
    stage = Crash(fund)
    stage.funded("short", "49")
    stage.funded("long", "100")
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "1", "long", "short")
    stage.falls(BTCUSDT="200")
    assert (stage.money("short"), stage.money("long")) == (D(short), D(long))
    assert stage.state.purse("fund", "USDT") == D(left)


def bankrupt(fund="0", **more):
    """Return a long of 10 at 100 with 100 behind it, against two shorts of 6 and 4."""
    stage = Crash(fund, **more)
    for name, amount in (("long", "100"), ("big", "1000"), ("small", "100")):
        stage.funded(name, amount)
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "6", "long", "big")
    stage.given("BTCUSDT", "100", "4", "long", "small")
    return stage


def test_the_fund_takes_over_what_it_can_bear():
    # At 85 the long has 100 - 150 = -50: bankrupt at 90. The fund of 100 is worth 50 with it.
    stage = bankrupt("100")
    events = stage.falls(BTCUSDT="85")
    assert (stage.size("long"), stage.size("fund")) == (D(0), D(10))
    assert stage.money("long") == 0
    assert stage.state.accounts["fund"].positions["BTCUSDT", None].entry_price == D(90)
    assert health_of_fund(stage.state, "USDT").equity == D(50)
    (receipt,) = of(events, event.LiquidationStep)
    assert (receipt.account, receipt.step, receipt.after) == ("long", "take-over", None)
    assert receipt.before.equity == D(-50)
    assert receipt.action == "the insurance fund took over 10 BTCUSDT at 90"
    assert not of(events, event.Deleveraged)


@pytest.mark.parametrize(
    ("policy", "by_account"),
    [
        # Same entry, so the smaller one's leverage decides: 340 / 160 against 510 / 1090.
        ("profit-times-leverage", {"small": D(4), "big": D(6)}),
        ("pro-rata-of-profits", {"big": D(6), "small": D(4)}),
    ],
)
def test_what_the_fund_cannot_bear_winners_close_at_the_bankruptcy_price(policy, by_account):
    stage = bankrupt(policy=policy)
    events = stage.falls(BTCUSDT="85")
    (done,) = of(events, event.Deleveraged)
    assert (done.size, done.price, done.by_account) == (D(10), D(90), by_account)
    # 10 x (90 - 85) = 50, which is what was missing: no overshoot.
    assert (done.shortfall, done.haircut, done.overshoot) == (D(50), D(50), D(0))
    assert [stage.size(name) for name in ("long", "big", "small")] == [D(0)] * 3
    # Shorts gain 10 a coin instead of 15.
    assert [stage.money(name) for name in ("long", "big", "small")] == [D(0), D(1060), D(140)]


def test_a_queue_overshoots_by_what_the_fund_could_have_paid():
    # A fund of 40 does not bear 50; closing at 90 takes all 50 from winners, 40 more than needed.
    stage = bankrupt("40")
    (done,) = of(stage.falls(BTCUSDT="85"), event.Deleveraged)
    assert (done.shortfall, done.haircut, done.overshoot) == (D(10), D(50), D(40))
    assert stage.state.purse("fund", "USDT") == D(40)


def test_nobody_is_deleveraged_below_zero_and_the_rest_is_shared():
    # At 85 the only short, entered at 86 with 30, has 40. At a bankruptcy price of 90 each coin
    # costs it 5: it bears 8 of 10. The other 2 close at the mark; the 10 missing the long's
    # winning counterparty is gone from: nobody has a profit left, so it stays.
    stage = Crash()
    stage.funded("long", "100")
    stage.funded("first", "1000")
    stage.funded("late", "30")
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "10", "long", "first")
    stage.given("BTCUSDT", "86", "10", "first", "late")
    events = stage.falls(BTCUSDT="85")
    (done,) = of(events, event.Deleveraged)
    assert done.by_account == {"late": D(8)}
    assert (stage.size("late"), stage.size("long")) == (D(0), D(0))
    # 30 + 8 x (86 - 90) + 2 x (86 - 85) = 0
    assert stage.money("late") == 0
    assert stage.money("long") == D(-10)
    # Once the fund has money it pays what nobody could.
    stage.emit(
        event.MoneyMoved(
            why="feed-fund", postings=(event.Posting("outside", "fund", "USDT", D(25)),)
        )
    )
    stage.emit(event.PriceSet(symbol="BTCUSDT", index=D(85), mark=D(85), last=D(85)))

    def again(decision):
        decision.touched["long"] = None
        look_after(decision)

    stage.decide(again)
    assert (stage.money("long"), stage.state.purse("fund", "USDT")) == (D(0), D(15))


def test_a_loss_is_shared_in_proportion_to_profit():
    # As above, and two others win elsewhere: shorts of 1 and 3 ETH at 100, now 50: 50 and 150.
    stage = Crash()
    for name, amount in (
        ("long", "100"),
        ("first", "1000"),
        ("late", "30"),
        ("a", "100"),
        ("b", "100"),
        ("c", "1000"),
    ):
        stage.funded(name, amount)
    stage.priced("BTCUSDT", "100")
    stage.priced("ETHUSDT", "100")
    stage.given("BTCUSDT", "100", "10", "long", "first")
    stage.given("BTCUSDT", "86", "10", "first", "late")
    stage.isolated("b", "ETHUSDT")
    stage.given("ETHUSDT", "100", "1", "c", "a")
    stage.given("ETHUSDT", "100", "3", "c", "b")
    events = stage.falls(ETHUSDT="50", BTCUSDT="85")
    (shared,) = of(events, event.LossShared)
    assert (shared.amount, shared.by_account) == (D(10), {"a": D("2.5"), "b": D("7.5")})
    assert (stage.money("a"), stage.money("b")) == (D("97.5"), D("92.5"))
    # The bucket of b had 300 / 20 = 15 and bears its part itself.
    assert stage.state.accounts["b"].positions["ETHUSDT", None].margin == D("7.5")
    assert stage.money("long") == 0


def test_a_bucket_fails_alone():
    # 10 at 100 with leverage 20 has 50: bankrupt at 95. The pool beside it is not touched.
    stage = Crash("1000")
    stage.funded("long", "500")
    stage.funded("short", "1000")
    stage.priced("BTCUSDT", "100")
    stage.isolated("long", "BTCUSDT")
    stage.given("BTCUSDT", "100", "10", "long", "short")
    stage.falls(BTCUSDT="90")
    assert (stage.money("long"), stage.size("long"), stage.size("fund")) == (D(450), D(0), D(10))


def test_several_positions_of_one_account_go_in_one_step():
    stage = Crash("1000")
    stage.funded("long", "100")
    stage.funded("short", "1000")
    for symbol in ("BTCUSDT", "ETHUSDT"):
        stage.priced(symbol, "100")
        stage.given(symbol, "100", "10", "long", "short")
    events = stage.falls(BTCUSDT="95", ETHUSDT="94")
    (receipt,) = of(events, event.LiquidationStep)
    assert receipt.before.equity == D(-10)
    assert stage.size("fund") == stage.size("fund", "ETHUSDT") == D(10)
    assert stage.money("long") == 0
    # The odd hundred-millionth of two shares is the fund's.
    assert 0 <= 990 - health_of_fund(stage.state, "USDT").equity <= D("0.00000002")


def test_both_sides_of_a_hedged_account_are_closed():
    stage = Crash()
    stage.funded("hedged", "100")
    stage.funded("other", "1000")
    stage.emit(event.PositionModeSet(account="hedged", mode=PositionMode.HEDGE))
    stage.priced("BTCUSDT", "100")
    stage.given("BTCUSDT", "100", "10", "hedged", "other", (Side.LONG, None))
    stage.given("BTCUSDT", "100", "2", "other", "hedged", (None, Side.SHORT))
    stage.falls(BTCUSDT="85")
    assert not stage.state.accounts["hedged"].positions
    assert stage.size("other") == 0
    assert stage.money("hedged") == 0


def test_a_price_below_zero_is_no_price_so_the_loss_is_shared():
    # Long 10 BTC, short 1 ETH, 50 behind them. At 10 and 1: 50 - 900 + 99 = -751. Requirements are
    # 1 and 0.02, so ETH's share is -751 x 0.02 / 1.02 = -14.7: there is no such price.
    stage = Crash()
    stage.funded("both", "50")
    stage.funded("other", "2000")
    for symbol in ("BTCUSDT", "ETHUSDT"):
        stage.priced(symbol, "100")
    stage.given("BTCUSDT", "100", "10", "both", "other")
    stage.given("ETHUSDT", "100", "1", "other", "both")
    events = stage.falls(BTCUSDT="10", ETHUSDT="1")
    assert of(events, event.Deleveraged)[-1].price == D(1)
    (shared,) = of(events, event.LossShared)
    assert shared.by_account == {"other": shared.amount}
    assert stage.money("both") == 0
    assert 0 <= 2050 - stage.money("other") <= D("0.00000001")


def test_in_multi_assets_mode_coins_pay_debts_and_the_rest_goes_to_the_fund():
    rules = RULES.with_collateral(
        {"USDT": Collateral(D(0), D(0)), "BTC": Collateral(D("0.05"), D("0.05"))}
    )
    stage = Crash("1000", rules)
    stage.funded("long", "1", "BTC")
    stage.emit(event.AssetsModeSet(account="long", mode=AssetsMode.MULTI))
    stage.funded("short", "10000")
    for asset, price in (("BTC", 100), ("USDT", 1)):
        stage.emit(event.AssetPriceSet(asset=asset, price=D(price)))
    stage.priced("ETHUSDT", "100")
    stage.given("ETHUSDT", "100", "10", "long", "short")
    stage.falls(ETHUSDT="90")
    # 95 of collateral, 100 lost: -5. Bankrupt at 90.5, where the coin pays 95 of 95.
    account = stage.state.accounts["long"]
    assert not account.positions
    assert all(not amount for amount in account.balances.values())
    assert stage.state.purse("exchange", "BTC") == D(1)
    assert stage.state.purse("exchange", "USDT") == D(-95)
    assert health_of_fund(stage.state, "USDT").equity == D(995)


def test_a_fund_that_fails_gives_up_its_positions_at_the_mark_first():
    stage = bankrupt("60")
    stage.falls(BTCUSDT="85")
    assert stage.size("fund") == D(10)
    # At 84.5 the fund has 60 - 55 = 5 and needs 8.45.
    events = stage.falls(BTCUSDT="84.5")
    assert stage.size("fund") == 0
    assert stage.state.purse("fund", "USDT") == D(5)
    (done,) = of(events, event.Deleveraged)
    assert (done.price, done.haircut) == (D("84.5"), D(0))


def test_a_fund_that_is_bankrupt_ends_at_zero():
    stage = bankrupt("60")
    stage.falls(BTCUSDT="85")
    (done,) = of(stage.falls(BTCUSDT="80"), event.Deleveraged)
    # 60 - 100 = -40: its money is used up at 84, and winners give up the 40.
    assert (done.price, done.haircut, done.shortfall) == (D(84), D(40), D(40))
    assert stage.state.purse("fund", "USDT") == 0
    assert stage.money("fund") == 0


WORLDS = st.tuples(
    st.lists(st.integers(5, 400), min_size=3, max_size=8),
    st.lists(
        st.tuples(
            st.sampled_from(("BTCUSDT", "ETHUSDT")),
            st.integers(0, 7),
            st.integers(0, 7),
            st.integers(1, 40),
        ),
        min_size=1,
        max_size=10,
    ),
    st.lists(st.tuples(st.integers(20, 250), st.integers(20, 250)), min_size=1, max_size=4),
    st.sampled_from(sorted(adl.POLICIES)),
    st.sampled_from(("0", "30", "5000")),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.booleans(),
)
REACHED = Counter()


@settings(max_examples=150, deadline=None)
@given(WORLDS)
def test_laws_of_crashes(world):
    wallets, trades, moves, policy, fund, isolated, has_book = world
    stage = Crash(fund, RULES, policy)
    names = [f"a{index}" for index in range(len(wallets))]
    for name, wallet, is_isolated in zip(names, wallets, isolated, strict=False):
        stage.funded(name, str(wallet))
        if is_isolated:
            stage.isolated(name, "BTCUSDT")
    for symbol in ("BTCUSDT", "ETHUSDT"):
        stage.priced(symbol, "100")
    for symbol, buyer, seller, size in trades:
        one, other = names[buyer % len(names)], names[seller % len(names)]
        if one != other:
            stage.given(symbol, "100", str(size), one, other)
    if has_book:
        stage.funded("maker", "300")
    for first, second in moves:
        if has_book:
            for symbol, mark in (("BTCUSDT", first), ("ETHUSDT", second)):
                stage.rests("maker", symbol, "5", str(mark - 1))
                stage.rests("maker", symbol, "-5", str(mark + 1))
        before = {
            (name, key): held.size
            for name in names
            for key, held in stage.state.accounts[name].positions.items()
        }
        events = stage.falls(BTCUSDT=str(first), ETHUSDT=str(second))
        REACHED.update(type(one).__name__ for one in events)
        closed = {}
        for one in of(events, event.Filled):
            if one.account in names:
                key = (one.account, (one.symbol, None))
                # Law 21: against what is held, never past flat.
                assert before[key] * one.size < 0
                before[key] += one.size
                assert before[key] == one.position.size
            if one.why == "adl":
                closed[one.symbol] = closed.get(one.symbol, D(0)) + one.size
        assert not any(closed.values())
        for name in names:
            view = judged(stage.state, name)
            failed = [unit for unit in view.units if unit.is_liquidatable]
            for unit in failed:
                # Only a debt that neither the fund nor any winner could pay is left.
                assert not unit.health.maintenance_margin
                assert unit.health.equity < 0
                # A debt of an earlier fall is not asked of those who win later.
                if name in {one.account for one in of(events, event.LiquidationStep)}:
                    assert not winners(stage.state, "USDT", name, {})
    stage.folded_again()


def test_the_crashes_reach_every_step():
    # A law that nothing puts to the test holds for nothing. Always the same worlds, so that it
    # does not depend on luck.
    REACHED.clear()
    laws = given(WORLDS)(test_laws_of_crashes.hypothesis.inner_test)
    settings(max_examples=250, deadline=None, derandomize=True)(laws)()
    for kind in ("LiquidationStep", "Deleveraged", "LossShared", "MoneyMoved", "OrderGone"):
        assert REACHED[kind], kind
