"""Liquidating into a book: bankruptcy amount, limit, size, fee, and a fund that cannot pay.

Numbers by hand; rows in the manner of dYdX v4's liquidations_test.go say so.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.fractions import stepped_notional
from crossmargin.margin.health import Health
from crossmargin.margin.transition import UpdateResult, update_result
from crossmargin.venue.fillable import (
    BookOutcome,
    NotionalBounds,
    Offer,
    bankruptcy_quote_delta,
    book_fill,
    fillable_price,
    insurance_fund_delta,
    is_liquidatable,
    limit_price_on_tick,
    liquidation_bounds,
    liquidation_size,
)
from crossmargin.venue.stepped_account import (
    SteppedAccount,
    SteppedPosition,
    account_health,
    after_reduction,
    position_health,
)
from tests.unit.venue.stepped import STEP, account, accounts, closes

D = Decimal


@pytest.mark.parametrize(
    ("equity", "maintenance", "expected"),
    [("10", "10", False), ("9.999999", "10", True), ("-1", "0", False), ("-1", "1", True)],
)
def test_the_trigger_is_strict_and_needs_something_at_stake(equity, maintenance, expected):
    assert expected is is_liquidatable(Health(D(equity), D(0), D(maintenance)))


@pytest.mark.parametrize(
    ("one", "symbol", "delta", "expected"),
    [
        # 5000 of notional, 499 of equity: 4501 must come in.
        pytest.param(account("-4501", BTC="0.1"), "BTC", "-0.1", "4501", id="long"),
        pytest.param(account("5499", BTC="-0.1"), "BTC", "0.1", "-5499", id="short"),
        # Half of the position carries half of the equity: 2500 − 249.5.
        pytest.param(account("-4501", BTC="0.1"), "BTC", "-0.05", "2250.5", id="half"),
        # −100 of equity: more than the notional must come in.
        pytest.param(account("-5100", BTC="0.1"), "BTC", "-0.1", "5100", id="under water"),
        # 800 shared 5000:3000: the short of 50,000 may cost 500 more.
        pytest.param(
            account("80800", BTC="-1", ETH="-10"), "BTC", "1", "-50500", id="two positions"
        ),
        # Long 30,000, short 50,000, equity 800: the long gives 300 of it, the short 500.
        pytest.param(
            account("20800", BTC="-1", ETH="10"), "ETH", "-10", "29700", id="long and short"
        ),
        # TestGetBankruptcyPriceInQuoteQuantums: 13 × 0.00021347 = 0.00277511, rounded up.
        pytest.param(account("-13", BTC="1"), "BTC", "-0.00021347", "0.002776", id="up, received"),
        pytest.param(account("13", BTC="-1"), "BTC", "0.00021347", "-0.002775", id="up, paid"),
    ],
)
def test_the_bankruptcy_amount(one, symbol, delta, expected):
    assert D(expected) == bankruptcy_quote_delta(one, symbol, D(delta))


def test_without_maintenance_margin_there_is_nothing_to_share_by():
    free = SteppedAccount(D(0), {"BTC": SteppedPosition(D(1), D(50_000), D(0), D("0.5"))})

    with pytest.raises(UsageError, match="no maintenance margin"):
        bankruptcy_quote_delta(free, "BTC", D(-1))


def limit(one: SteppedAccount, symbol: str, adjustment: str = "1", spread: str = "0.1") -> Decimal:
    """Return the limit price."""
    terms = {"bankruptcy_adjustment": D(adjustment), "spread_to_maintenance": D(spread)}
    return fillable_price(one, symbol, **terms)


@pytest.mark.parametrize(
    ("one", "adjustment", "spread", "expected"),
    [
        # 5000 of notional, 500 of maintenance margin; full spread 0.1 × 500 ÷ 0.1 = 500.
        pytest.param(account("-4000", BTC="0.1"), "1", "0.1", "50000", id="healthy: the oracle"),
        pytest.param(account("-4500", BTC="0.1"), "1", "0.1", "50000", id="at the edge"),
        pytest.param(account("-4750", BTC="0.1"), "1", "0.1", "49750", id="half way"),
        pytest.param(account("-4750", BTC="0.1"), "2", "0.1", "49500", id="reached earlier"),
        pytest.param(account("-5000", BTC="0.1"), "1", "0.1", "49500", id="bankrupt"),
        pytest.param(account("-6000", BTC="0.1"), "1", "0.1", "49500", id="no further"),
        pytest.param(account("-5000", BTC="0.1"), "1", "1.5", "42500", id="a wide spread"),
        pytest.param(account("5250", BTC="-0.1"), "1", "0.1", "50250", id="short, half way"),
        pytest.param(account("5000", BTC="-0.1"), "1", "0.1", "50500", id="short, bankrupt"),
    ],
)
def test_the_limit_walks_from_the_oracle_beyond_bankruptcy(one, adjustment, spread, expected):
    assert D(expected) == limit(one, "BTC", adjustment, spread)


def test_a_spread_wider_than_the_price_is_refused():
    with pytest.raises(UsageError, match="no positive price"):
        limit(account("-5000", BTC="0.1"), "BTC", spread="10")


@pytest.mark.parametrize(
    ("price", "size", "expected"),
    [("49999.1", "1", "50000"), ("50000.9", "-1", "50000"), ("3", "-1", "5"), ("45", "1", "45")],
)
def test_ticks_round_towards_the_oracle(price, size, expected):
    assert D(expected) == limit_price_on_tick(D(price), D(size), D(5))


@pytest.mark.parametrize(
    ("notional", "least", "portion", "bounds"),
    [
        pytest.param("50000", "1000", "0.1", ("1000", "5000"), id="a tenth"),
        pytest.param("-50000", "1000", "0.1", ("1000", "5000"), id="of a short"),
        pytest.param("5000", "1000", "0.1", ("1000", "1000"), id="at least the least"),
        pytest.param("500", "1000", "0.1", ("500", "500"), id="at most the position"),
        pytest.param("0.000019", "0", "0.1", ("0", "0.000001"), id="floored"),
    ],
)
def test_bounds_of_one_liquidation(notional, least, portion, bounds):
    found = liquidation_bounds(
        D(notional), least_notional=D(least), largest_portion=D(portion), step=STEP
    )

    assert NotionalBounds(*map(D, bounds)) == found


@pytest.mark.parametrize(
    ("size", "most", "expected"),
    [
        pytest.param("1", "5000", "-0.1", id="a tenth of a long"),
        pytest.param("-1", "5000", "0.1", id="of a short"),
        pytest.param("1", "50000", "-1", id="within the limit: whole"),
        pytest.param("1", "5049.99", "-0.1", id="down to the lot"),
        pytest.param("1", "1", "-0.001", id="at least a lot"),
        pytest.param("0.0005", "1", "-0.0005", id="less than a lot goes whole"),
    ],
)
def test_size_of_one_liquidation(size, most, expected):
    position = SteppedPosition(D(size), D(50_000), D("0.2"), D("0.5"))

    found = liquidation_size(position, notional_max=D(most), lot=D("0.001"), step=STEP)
    assert D(expected) == found


LONG, SHORT = account("-5100", BTC="0.1"), account("4900", BTC="-0.1")


@pytest.mark.parametrize(
    ("one", "delta", "price", "rate", "expected"),
    [
        # Bankruptcy amount of the long: 5100; of the short: −4900.
        pytest.param(LONG, "-0.1", "50490", "0.005", "-51", id="the fund pays"),
        pytest.param(LONG, "-0.1", "51000", "0.005", "0", id="at bankruptcy"),
        pytest.param(LONG, "-0.1", "51051", "0.005", "5.1", id="what is left"),
        pytest.param(LONG, "-0.1", "56100", "0.005", "28.05", id="the fee"),
        pytest.param(SHORT, "0.1", "44100", "0.005", "22.05", id="the fee of a short"),
        pytest.param(SHORT, "0.1", "49490", "0.005", "-49", id="the fund pays a short"),
        # 5610.001 × 0.0000001 = 0.0005610001.
        pytest.param(LONG, "-0.1", "56100.01", "0.0000001", "0.000561", id="floored"),
    ],
)
def test_who_pays_whom(one, delta, price, rate, expected):
    found = insurance_fund_delta(one, "BTC", D(delta), fill_price=D(price), fee_rate_max=D(rate))

    assert D(expected) == found


def test_an_unknown_fee_matters_only_where_something_is_left():
    one = account("-5100", BTC="0.1")
    terms = {"fill_price": D(50_490), "fee_rate_max": None}

    assert D(-51) == insurance_fund_delta(one, "BTC", D("-0.1"), **terms)
    with pytest.raises(UnknownError, match="fee rate"):
        insurance_fund_delta(one, "BTC", D("-0.1"), **{**terms, "fill_price": D(52_000)})


def filled(one: SteppedAccount, offer: Offer, fund: str = "0", limit_price: str = "50500", **more):
    """Return what becomes of liquidating the BTC position at half a percent of fee."""
    return book_fill(
        one,
        "BTC",
        offer,
        limit_price=D(limit_price),
        fee_rate_max=D("0.005"),
        insurance_fund=D(fund),
        **more,
    )


def test_a_partial_fill_pays_its_fee():
    # A quarter at 50000 costs 12500, and half a percent of that is 62.5.
    found = filled(account("50499", BTC="-1"), Offer(D("-0.25"), D(50_000)), "7")

    assert found.outcome is BookOutcome.FILLED
    assert (D("0.25"), D(-12_500), D("62.5")) == (
        found.size_delta,
        found.proceeds,
        found.fund_delta,
    )
    assert (D("37936.5"), D("69.5")) == (found.account.quote_balance, found.insurance_fund)
    assert D("-0.75") == found.account.positions["BTC"].size


@pytest.mark.parametrize(
    ("offer", "limit_price"),
    [
        pytest.param(Offer(D(-1), D(50_501)), "50500", id="too dear"),
        pytest.param(Offer(D(1), D(50_000)), "50500", id="on the same side"),
        pytest.param(Offer(D(0), D(50_000)), "50500", id="nothing offered"),
    ],
)
def test_what_does_not_cross_changes_nothing(offer, limit_price):
    one = account("50499", BTC="-1")

    found = filled(one, offer, limit_price=limit_price)
    assert found.outcome is BookOutcome.NOT_CROSSING
    assert (one, D(0), D(0)) == (found.account, found.size_delta, found.fund_delta)


@pytest.mark.parametrize(
    ("fund", "outcome"),
    [
        # The bankruptcy amount is 50001, and the offer costs 50002.
        pytest.param("0.999999", BookOutcome.FUND_TOO_SMALL, id="a step short"),
        pytest.param("1", BookOutcome.FILLED, id="just enough"),
    ],
)
def test_a_fund_that_cannot_pay_blocks_the_fill(fund, outcome):
    found = filled(account("50001", BTC="-1"), Offer(D(-1), D(50_002)), fund)

    assert outcome is found.outcome
    assert D(fund) + found.fund_delta == found.insurance_fund >= 0


def test_a_long_sells_no_more_than_it_may():
    one = account("-49000", BTC="1")

    found = filled(one, Offer(D(5), D(50_000)), limit_price="49500", size_max=D("0.3"))
    assert D("-0.3") == found.size_delta
    assert filled(one, Offer(D(5), D(49_499)), limit_price="49500").size_delta == 0


@given(st.data())
def test_closing_at_the_bankruptcy_amount_never_draws_on_the_fund(data):
    one = data.draw(accounts())
    symbol, delta = closes(data.draw, one)
    amount = bankruptcy_quote_delta(one, symbol, delta)
    before = account_health(one)

    after = account_health(after_reduction(one, symbol, delta, amount))

    if len(one.positions) == 1 and delta == -one.positions[symbol].size:
        assert after.equity == 0
    # Equity left is as large a part as maintenance margin left, rounded up by less than a step.
    part = Fraction(after.maintenance_margin) / Fraction(before.maintenance_margin)
    assert 0 <= Fraction(after.equity) - Fraction(before.equity) * part < Fraction(STEP)


@given(st.data(), st.integers(9_000, 11_000))
def test_a_fill_adds_up_and_always_passes_the_rule_of_updates(data, price_ratio):
    one = data.draw(accounts())
    symbol, delta = closes(data.draw, one)
    position = one.positions[symbol]
    offer = Offer(-delta, position.oracle_price * D(price_ratio).scaleb(-4))
    bound = D(0) if delta < 0 else offer.price
    found = book_fill(
        one,
        symbol,
        offer,
        limit_price=bound,
        fee_rate_max=D("0.015"),
        insurance_fund=D(10**15),
    )

    assert found.outcome is BookOutcome.FILLED
    assert found.size_delta == delta
    paid = found.proceeds - found.fund_delta
    assert found.account.quote_balance == one.quote_balance + paid
    assert found.proceeds == stepped_notional(-delta, offer.price, STEP)
    assert paid >= bankruptcy_quote_delta(one, symbol, delta)
    results = update_result(account_health(one), account_health(found.account))
    assert results is UpdateResult.SUCCESS


@given(accounts())
def test_the_limit_costs_between_nothing_and_the_full_spread(one):
    for symbol, position in one.positions.items():
        own = position_health(position, STEP)
        cost = Fraction(own.equity) - Fraction(limit(one, symbol)) * Fraction(position.size)

        # Below nothing only by the last of fifty digits, which is rounded towards the oracle.
        assert -Fraction(1, 10**30) < cost <= Fraction(own.maintenance_margin) / 10
