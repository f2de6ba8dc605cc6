"""Intended trades: read with the place of every mistake, and made as the venue would."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.market import Market
from crossmargin.risk.plan.intent import Intent, intent_of, traded
from crossmargin.risk.plan.ticket import ticket
from crossmargin.rulebooks.schema import Fees
from tests import toys

D = Decimal
LOT = replace(toys.linear("BTCUSDT"), lot=D("0.1"))
BOOK = replace(
    toys.book(
        (LOT, toys.one_tier("0.01")), (toys.linear("BTCUSDC", settle="USDC"), toys.one_tier("0.01"))
    ),
    fees=Fees(D("0.0005"), D("0.001"), D(0)),
)
MARKET = Market({"BTCUSDT": D(100), "BTCUSDC": D(101)})
ACCOUNT = toys.account(1000)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("BTCUSDT +0.5 @ market", Intent("BTCUSDT", D("0.5"))),
        ("  BTCUSDT  -2 @market ", Intent("BTCUSDT", D(-2))),
        ("BTCUSDT +0.5@95000", Intent("BTCUSDT", D("0.5"), D(95000))),
        (
            "BTCUSDT +0.5 @ market stop 92000",
            Intent("BTCUSDT", D("0.5"), None, D(92000)),
        ),
        (
            "BTCUSDT -1 @ 95000 take 90000 stop 97000.5",
            Intent("BTCUSDT", D(-1), D(95000), D("97000.5"), D(90000)),
        ),
    ],
)
def test_a_trade_is_read_from_text_and_written_back(text, intent):
    assert intent == intent_of(text)
    assert intent == intent_of(str(intent))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "at character 1: a symbol, such as BTCUSDT is missing"),
        ("@ market", "at character 1: a trade begins with its symbol"),
        ("BTCUSDT", "at character 8: a size, such as .0.5 is missing; a trade is SYMBOL ±SIZE"),
        ("BTCUSDT 0.5 @ market", "at character 9: '0.5' has no sign"),
        ("BTCUSDT +x @ market", r"at character 9: '\+x' is not a number, so no size"),
        ("BTCUSDT +0 @ market", "at character 9: a size of zero"),
        ("BTCUSDT +1 market", "at character 12: 'market' where there should be @ and a price"),
        ("BTCUSDT +1 @", "at character 13: market or a price is missing"),
        ("BTCUSDT +1 @ markt", "at character 14: 'markt' is not a number, so no price"),
        ("BTCUSDT +1 @ -5", "at character 14: a price of -5, must be above 0"),
        ("BTCUSDT +1 @ 5 stp 4", "at character 16: 'stp' is neither stop nor take"),
        ("BTCUSDT +1 @ 5 stop", "at character 20: the price of the stop is missing"),
        ("BTCUSDT +1 @ 5 stop 4 stop 3", "at character 23: a second stop"),
    ],
)
def test_what_is_no_trade_is_refused_with_its_place(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        intent_of(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("DOGEUSDT +1 @ market", "DOGEUSDT is not a symbol of toy"),
        ("BTCUSDT +0.25 @ market", "sizes of BTCUSDT are multiples of 0.1"),
        ("BTCUSDT +1 @ market stop 100", "the stop of a buy at 100 must be below it"),
        ("BTCUSDT +1 @ market take 99", "the take of a buy at 100 must be above it"),
        ("BTCUSDT -1 @ 90 stop 89", "the stop of a sell at 90 must be above it"),
        ("BTCUSDT -1 @ 90 take 91", "the take of a sell at 90 must be below it"),
    ],
)
def test_what_the_venue_cannot_do_is_refused(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        traded(ACCOUNT, MARKET, BOOK, [intent_of(text)])


def test_at_market_without_a_mark_is_unknown():
    with pytest.raises(UnknownError, match="there is no mark price of BTCUSDT"):
        traded(ACCOUNT, Market(), BOOK, [intent_of("BTCUSDT +1 @ market")])


@pytest.mark.parametrize(
    ("text", "fee", "mark"),
    [
        # 10 at the mark of 100: a thousandth of 1,000 is taken.
        ("BTCUSDT +10 @ market", D(1), D(100)),
        # A bid below the mark waits, and half as much is taken of 900.
        ("BTCUSDT +10 @ 90", D("0.45"), D(90)),
        # An entry above it has to be met: the taker's fee on 1,100.
        ("BTCUSDT +10 @ 110", D("1.1"), D(110)),
        ("BTCUSDT -10 @ 110", D("0.55"), D(110)),
    ],
)
def test_fees_are_paid_and_all_on_the_asset_is_where_the_trade_fills(text, fee, mark):
    done = traded(ACCOUNT, MARKET, BOOK, [intent_of(text)])

    assert fee == done.fills[0].fee
    assert D(1000) - fee == done.account.balances["USDT"]
    assert mark == done.market.marks["BTCUSDT"] == done.account.positions[0].entry_price
    assert abs(D(101) * mark / 100 - done.market.marks["BTCUSDC"]) < D("1e-40")


def test_a_trade_merges_with_what_is_held_and_realises_what_it_closes():
    long = toys.account(1000, toys.held("BTCUSDT", 10, "80"))
    added = traded(long, MARKET, BOOK, [intent_of("BTCUSDT +10 @ market")]).account
    closed = traded(long, MARKET, BOOK, [intent_of("BTCUSDT -15 @ market")]).account

    assert [(D(20), D(90))] == [(one.size, one.entry_price) for one in added.positions]
    # 10 × 20 of profit, a thousandth of 1,500 of fee, and 5 short from 100.
    assert [(D(-5), D(100))] == [(one.size, one.entry_price) for one in closed.positions]
    assert D(1000) + 200 - D("1.5") == closed.balances["USDT"]


def test_in_hedge_mode_a_sell_adds_to_the_short_side():
    account = toys.account(1000, toys.held("BTCUSDT", 10), position_mode=PositionMode.HEDGE)
    done = traded(account, MARKET, BOOK, [intent_of("BTCUSDT -10 @ market")]).account

    assert [D(10), D(-10)] == [one.size for one in done.positions]


def test_a_ticket_shows_before_and_after_by_hand():
    found = ticket(ACCOUNT, MARKET, BOOK, [intent_of("BTCUSDT +10 @ market stop 95 take 110")])
    ((before, after),) = found.money
    (exits,) = found.exits

    # Equity 1,000 − 1; 1,000 at 20x asks 50, and one per cent 10.
    assert (D(1000), D(999)) == (before.equity, after.equity)
    assert (D(1000), D(949)) == (before.free_margin, after.free_margin)
    assert D(989) == after.buffer
    assert D("0.01001002") == after.health == found.after.pool.health.fraction()
    assert D("0.05005006") == after.margin_use
    assert (D(0), D("1.00100101")) == found.leverage
    # Down to 95: 50, and fees of 1 and 0.95; up to 110: 100 less 1 and 1.1.
    assert (D("51.95"), D("0.05195")) == (exits.risk, exits.risk_fraction)
    assert D("97.9") == exits.reward
    assert D("1.88450433") == exits.reward_to_risk
    # 999 + 10 (p − 100) = 0.1 p at 1 ÷ 9.9.
    assert D("0.10101011") == exits.liquidation_price
    assert exits.is_stop_beyond is False


@pytest.mark.parametrize(("stop", "is_beyond"), [("51", False), ("50", True), ("49", True)])
def test_a_stop_beyond_liquidation_is_known_exactly(stop, is_beyond):
    # 20 bought, nothing paid: 1,000 + 20 (p − 100) = 0.2 p at 1,000 ÷ 19.8, just above 50.5.
    book = replace(BOOK, fees=Fees(D(0), D(0), D(0)))
    found = ticket(ACCOUNT, MARKET, book, [intent_of(f"BTCUSDT +20 @ market stop {stop}")])

    assert D("50.50505051") == found.exits[0].liquidation_price
    assert is_beyond is found.exits[0].is_stop_beyond


def test_a_bucket_of_its_own_ends_before_a_far_stop_whatever_the_size():
    # A twentieth of 10 is its margin: 0.5 + 0.1 (p − 100) = 0.001 p at 9.5 ÷ 0.099.
    account = replace(ACCOUNT, margin_mode={"BTCUSDT": MarginMode.ISOLATED})
    found = ticket(account, MARKET, BOOK, [intent_of("BTCUSDT +0.1 @ market stop 95")])

    assert found.exits[0].is_stop_beyond is True
    assert D("95.95959596") == found.exits[0].liquidation_price
