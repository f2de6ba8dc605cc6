"""What fills, funding and takeovers do to an account, by hand."""

import pytest

from crossmargin.model.account import Account, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.option import Right
from crossmargin.model.order import Side
from crossmargin.venue.posting import Posted, post_fill, post_funding, post_takeover
from tests.toys import D, inverse, linear

A, INVERSE = linear("AUSDT"), inverse("BTCUSD")
ISOLATED = MarginMode.ISOLATED


def held(size, entry="100", margin=None, symbol="AUSDT"):
    if margin is None:
        return Position(symbol, D(size), D(entry))
    return Position(symbol, D(size), D(entry), ISOLATED, D(margin))


def account(*positions, wallet="1000", asset="USDT", **more):
    return Account({asset: D(wallet)}, positions, **more)


def fill(before, size, price, *, instrument=A, fee="0.001", leverage="10", **more):
    return post_fill(
        before,
        instrument,
        D(size),
        D(price),
        fee_fraction=D(fee),
        leverage=D(leverage),
        **more,
    )


# Every fee is 0.1 % of size × price.
@pytest.mark.parametrize(
    ("before", "size", "price", "after", "wallet", "pnl", "fee"),
    [
        pytest.param((), 2, 100, (held(2),), "999.8", "0", "0.2", id="a buy opens a long"),
        pytest.param((), -2, 100, (held(-2),), "999.8", "0", "0.2", id="a sale opens a short"),
        # (2 × 100 + 2 × 110) ÷ 4 = 105.
        pytest.param(
            (held(2),), 2, 110, (held(4, 105),), "999.78", "0", "0.22", id="a buy adds to a long"
        ),
        pytest.param(
            (held(3),), -1, 130, (held(2),), "1029.87", "30", "0.13", id="a sale reduces a long"
        ),
        pytest.param(
            (held(-3),), 1, 130, (held(-2),), "969.87", "-30", "0.13", id="a buy reduces a short"
        ),
        pytest.param((held(3),), -3, 90, (), "969.73", "-30", "0.27", id="a sale closes a long"),
        # 2 × 20 realised; 5 × 120 traded.
        pytest.param(
            (held(2),), -5, 120, (held(-3, 120),), "1039.4", "40", "0.6", id="a sale flips a long"
        ),
        pytest.param(
            (held(-2),), 5, 120, (held(3, 120),), "959.4", "-40", "0.6", id="a buy flips a short"
        ),
        pytest.param(
            (held(9, symbol="BUSDT"),),
            1,
            100,
            (held(9, symbol="BUSDT"), held(1)),
            "999.9",
            "0",
            "0.1",
            id="other symbols are left alone",
        ),
    ],
)
def test_a_fill_in_cross_mode(before, size, price, after, wallet, pnl, fee):
    expected = Posted(account(*after, wallet=wallet), D(pnl), D(fee))

    assert expected == fill(account(*before), size, price)


@pytest.mark.parametrize(
    ("before", "size", "price", "after", "wallet"),
    [
        # 2 × 100 ÷ 10 goes into the bucket; the wallet, which counts it, pays the fee alone.
        pytest.param((), 2, 100, held(2, margin=20), "999.8", id="opening fills a bucket"),
        # 1 × 120 ÷ 10 joins 5, whatever that was; the average of 100 and 120.
        pytest.param(
            (held(1, margin=5),), 1, 120, held(2, 110, margin=17), "999.88", id="adding adds to it"
        ),
        # A third of the bucket leaves; the profit goes to the wallet.
        pytest.param(
            (held(3, margin=30),), -1, 130, held(2, margin=20), "1029.87", id="reducing releases"
        ),
        # 3 × 120 ÷ 10.
        pytest.param(
            (held(2, margin=20),), -5, 120, held(-3, 120, margin=36), "1039.4", id="a flip refills"
        ),
    ],
)
def test_a_fill_in_isolated_mode(before, size, price, after, wallet):
    setting = {"AUSDT": ISOLATED}
    expected = account(after, wallet=wallet, margin_mode=setting)

    assert expected == fill(account(*before, margin_mode=setting), size, price).account


def test_closing_empties_the_bucket():
    posted = fill(account(held(3, margin=30)), -3, 90)

    assert account(wallet="969.73") == posted.account


def test_a_bucket_is_filled_rounded_up_and_keeps_what_is_rounded_down():
    setting = {"AUSDT": ISOLATED}
    opened = fill(account(margin_mode=setting), 2, 100, leverage="3").account.positions[0]
    # 10 × 2 ÷ 3 stays.
    reduced = fill(account(held(3, margin=10)), -1, 100).account.positions[0]

    assert D("66.66666667") == opened.margin
    assert D("6.66666666") == reduced.margin


def test_a_liquidation_pays_from_the_bucket():
    # A loss of 10 and a fee of 1 % of 90 leave 30 − 10 − 0.9 in the bucket and leave the wallet.
    posted = fill(account(held(3, margin=30)), -1, 90, fee="0.01", is_liquidation=True)

    assert Posted(account(held(2, margin="19.1"), wallet="989.1"), D(-10), D("0.9")) == posted


@pytest.mark.parametrize(
    ("side", "size", "after"),
    [
        pytest.param(Side.LONG, 1, (held(3), held(-5)), id="a buy of the long adds to it"),
        pytest.param(Side.LONG, -1, (held(1), held(-5)), id="a sale of the long reduces it"),
        pytest.param(Side.SHORT, -1, (held(2), held(-6)), id="a sale of the short adds to it"),
        pytest.param(Side.SHORT, 5, (held(2),), id="a buy of all the short closes it"),
    ],
)
def test_a_fill_in_hedge_mode_is_of_its_side(side, size, after):
    before = account(held(2), held(-5), position_mode=PositionMode.HEDGE)
    posted = fill(before, size, 100, fee="0", side=side)

    assert after == posted.account.positions


def test_an_inverse_fill_is_paid_in_the_coin():
    # 100 × (1 ÷ 100 − 1 ÷ 200) = 0.5; 0.1 % of 100 ÷ 200.
    before = account(held(2, symbol="BTCUSD"), asset="BTC", wallet="1")
    posted = fill(before, -1, 200, instrument=INVERSE)

    assert (
        Posted(
            account(held(1, symbol="BTCUSD"), asset="BTC", wallet="1.4995"), D("0.5"), D("0.0005")
        )
        == posted
    )


@pytest.mark.parametrize(
    ("size", "pnl"),
    [
        # 100 × (1 ÷ 300 − 1 ÷ 700) = 0.190476190476...
        pytest.param(1, "0.19047619", id="a profit rounds down"),
        pytest.param(-1, "-0.19047620", id="a loss rounds up"),
    ],
)
def test_profit_is_posted_against_the_account(size, pnl):
    before = account(held(size, "300", symbol="BTCUSD"), asset="BTC")

    assert D(pnl) == fill(before, -size, 700, instrument=INVERSE, fee="0").realised_pnl


def test_fees_are_posted_rounded_up():
    # 0.1 % of 0.00000333 is 0.00000000333.
    assert D("0.00000001") == fill(account(), 1, "0.00000333").fee


def test_the_first_fill_in_an_asset_starts_its_balance():
    posted = fill(Account(), 1, 100)

    assert {"USDT": D("-0.1")} == posted.account.balances


@pytest.mark.parametrize(
    ("positions", "rate", "after", "paid"),
    [
        # 2 × 105 × 0.01 %.
        pytest.param((held(2),), "0.0001", (held(2),), "-0.021", id="a long pays"),
        pytest.param((held(-2),), "0.0001", (held(-2),), "0.021", id="a short receives"),
        pytest.param((held(2),), "-0.0001", (held(2),), "0.021", id="a long receives"),
        pytest.param(
            (held(2, margin=30),),
            "0.0001",
            (held(2, margin="29.979"),),
            "-0.021",
            id="an isolated long pays from its bucket",
        ),
        pytest.param(
            (held(-2, margin=30),),
            "0.0001",
            (held(-2, margin="30.021"),),
            "0.021",
            id="an isolated short receives into its bucket",
        ),
        pytest.param(
            (held(9, symbol="BUSDT"),), "1", (held(9, symbol="BUSDT"),), "0", id="not its symbol"
        ),
        # 2 × 105 × 0.000000000333 = 0.00000006993.
        pytest.param((held(2),), "3.33E-10", (held(2),), "-0.00000007", id="paid: rounded up"),
        pytest.param((held(-2),), "3.33E-10", (held(-2),), "0.00000006", id="received: down"),
    ],
)
def test_funding(positions, rate, after, paid):
    posted = post_funding(account(*positions), A, D(105), D(rate))

    assert Posted(account(*after, wallet=D(1000) + D(paid)), funding=D(paid)) == posted


def test_both_sides_of_a_hedged_symbol_take_part_in_funding():
    # The long pays 3 × 1, the short receives 1 × 1, each in its bucket.
    before = account(held(3, margin=30), held(-1, margin=10), position_mode=PositionMode.HEDGE)
    posted = post_funding(before, A, D(100), D("0.01"))

    assert (held(3, margin=27), held(-1, margin=11)) == posted.account.positions
    assert (D(-2), {"USDT": D(998)}) == (posted.funding, posted.account.balances)


def test_inverse_funding_is_paid_in_the_coin():
    # 2 × 100 ÷ 50 × 1 %.
    before = account(held(2, symbol="BTCUSD"), asset="BTC")

    assert D("-0.04") == post_funding(before, INVERSE, D(50), D("0.01")).funding


def test_a_takeover_takes_the_named_sides_and_moves_the_balances():
    before = account(held(2), held(-5), position_mode=PositionMode.HEDGE)
    after = post_takeover(before, {("AUSDT", Side.SHORT)}, {"USDT": D(-7), "BTC": D("0.1")})

    assert (held(2),) == after.positions
    assert {"USDT": D(993), "BTC": D("0.1")} == after.balances


CALL = Instrument(
    "BTC-CALL",
    Kind.LINEAR_OPTION,
    "USDT",
    "BTC",
    D("0.1"),
    option=OptionTerms(Right.CALL, D(50_000), 1_000_000, "BTC-1"),
)


# Each contract is a tenth of a coin; the fee is 0.1 % of what is paid.
@pytest.mark.parametrize(
    ("before", "size", "price", "after", "wallet", "pnl"),
    [
        pytest.param((), 2, 300, ((2, 300),), "939.94", "0", id="the buyer pays"),
        pytest.param((), -2, 300, ((-2, 300),), "1059.94", "0", id="the seller is paid"),
        pytest.param(((2, 300),), -2, 400, (), "1079.92", "20", id="all of it comes back"),
        pytest.param(((-2, 300),), 1, 400, ((-1, 300),), "959.96", "-10", id="bought back in part"),
        pytest.param(((2, 300),), -3, 400, ((-1, 400),), "1119.88", "20", id="turned round"),
    ],
)
def test_an_option_is_paid_for_as_it_is_traded(before, size, price, after, wallet, pnl):
    def option(rows):
        return tuple(held(*row, symbol="BTC-CALL") for row in rows)

    posted = fill(account(*option(before)), size, price, instrument=CALL)

    assert posted.account.positions == option(after)
    assert posted.account.balances == {"USDT": D(wallet)}
    assert posted.realised_pnl == D(pnl)
    assert posted.paid == D(wallet) - 1000 + posted.fee
