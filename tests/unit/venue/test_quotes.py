"""A maker's quotes: replaced whole, post-only, margined in one go."""

import pytest
from msgspec.structs import replace

from crossmargin.venue import event
from crossmargin.venue.command import Level, Quote
from crossmargin.venue.orders import place_order, quote
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import Filters
from tests.unit.venue.order_desk import BTC, ETH, STOP, D, hold, order, refused, stage_with


def maker_stage(amount="1000"):
    stage = stage_with("a", amount="100000")
    stage.emit(event.AccountOpened(account="m", is_maker=True))
    posting = event.Posting("outside", "account/m", "USDT", D(amount))
    stage.emit(event.MoneyMoved(why="deposit", postings=(posting,)))
    return stage


def quotes(*levels, account="m"):
    found = tuple(Level(D(price), D(size)) for price, size in levels)
    return Quote(at_ms=0, account=account, symbol=BTC, levels=found)


def test_quotes_replace_each_other_and_leave_other_symbols_and_stops():
    stage = maker_stage()
    stage.do(place_order, order("m", "1", "10", ETH))
    stage.do(place_order, order("m", **STOP, trigger_price=D(110)))
    stage.do(quote, quotes((99, 1), (98, 2), (101, -1)))
    stage.do(quote, quotes((97, 3), (102, -3)))
    assert stage.state.symbol(BTC).book.depth() == ([(D(97), D(3))], [(D(102), D(3))])
    assert list(stage.state.orders)[:2] == [1, 2]
    stage.do(quote, quotes())
    assert list(stage.state.orders) == [1, 2]


def test_a_maker_goes_to_a_price_that_customers_are_kept_from():
    # A band of 5 % around a mark of 100, and a market that has gone to 90.
    stage = maker_stage()
    band = replace(stage.state.settings, filters={BTC: Filters(band_fraction=D("0.05"))})
    stage.state.settings = band
    stage.do(quote, quotes((89, 1), (91, -1)))
    assert stage.state.symbol(BTC).book.depth() == ([(D(89), D(1))], [(D(91), D(1))])
    assert refused(stage, order("a", "-1", "90"), place_order) is Code.PRICE_OUT_OF_BAND


def test_quotes_that_would_trade_with_others_are_left_out():
    stage = maker_stage()
    stage.do(quote, quotes((99, 1), (101, -1)))
    stage.do(place_order, order("a", "-1", "100"))
    # Its own ask at 101 is about to go and is in nobody's way.
    stage.do(quote, quotes((100, 1), (99.5, 1), (102, -1)))
    assert stage.state.symbol(BTC).book.depth()[0] == [(D("99.5"), D(1))]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (quotes((99, 1), account="a"), Code.NOT_A_MAKER),
        (quotes((99, 1), account="x"), Code.UNKNOWN_ACCOUNT),
        (quotes((100, 1), (100, -1)), Code.WOULD_TRADE_AT_ONCE),
        (quotes((99, 0)), Code.BAD_NUMBER),
        (quotes((-1, 1)), Code.BAD_NUMBER),
        # 1000 × 20 ÷ 100 = 200 on a side, both sides together.
        (quotes((100, "100"), (99, "102")), Code.MARGIN_INSUFFICIENT),
    ],
)
def test_quotes_are_refused_whole_and_the_old_ones_stay(command, code):
    stage = maker_stage()
    stage.do(quote, quotes((98, 1), (103, -1)))
    assert refused(stage, command, quote) is code
    assert list(stage.state.orders) == [1, 2]


def test_a_maker_without_margin_may_still_quote_itself_out():
    stage = maker_stage("1")
    hold(stage, "m", "10")
    assert refused(stage, quotes((99, 1), (101, -10)), quote) is Code.MARGIN_INSUFFICIENT
    stage.do(quote, quotes((101, -10)))
