"""The ladder's next step, and to whom it is taken."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.rulebooks.procedure import LadderStep, Liquidation, PositionChoice
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue.actions import CancelOrders, Reduce, TakeOver, positions_of
from crossmargin.venue.liquidation import failed_unit, next_action
from tests.toys import D, account, book, held, inverse, linear, marginal, one_tier
from tests.unit.venue.ladders import FLAT, LADDER, MARKET, RULES, with_fee


def reduce(symbol, side, size, tier):
    return Reduce(symbol, side, size, LadderStep.REDUCE_TO_LOWER_TIER, tier)


def next_step(before, rules=RULES, market=MARKET):
    assessment = assess(before, market, rules)
    unit = failed_unit(assessment)
    assert unit is not None
    return next_action(assessment, unit, FLAT.fill_price)


def first(choice, rules=RULES):
    steps = rules.liquidation.steps
    return replace(rules, liquidation=Liquidation(False, steps, choice))


@pytest.mark.parametrize(
    ("before", "marks", "failed"),
    [
        # 20 units ask 110.
        pytest.param(account(111, held("AUSDT", 20)), {}, None, id="one above: nobody"),
        pytest.param(account(110, held("AUSDT", 20)), {}, "USDT", id="as much as is asked"),
        pytest.param(account(109, held("AUSDT", 20)), {}, "USDT", id="one below"),
        pytest.param(account(0), {}, None, id="an empty wallet"),
        pytest.param(account(-1), {}, "USDT", id="debt alone"),
        # Both fail: 10 of 5 is worse than 10 of 8; 10 of -1 is worse than both.
        pytest.param(
            account(100, held("CUSDT", 10, margin=8), held("DUSDT", 10, margin=5)),
            {},
            "DUSDT",
            id="the less healthy of two buckets",
        ),
        pytest.param(
            account(100, held("CUSDT", 10, 101, margin=9), held("DUSDT", 10, margin=5)),
            {},
            "CUSDT",
            id="a bucket in debt before one in want",
        ),
        pytest.param(
            account(100, held("AUSDT", 20)),
            {"AUSDT": None},
            None,
            id="without a mark nobody is condemned",
        ),
        pytest.param(
            account(100, held("AUSDT", 20), held("CUSDT", 10, margin=8)),
            {"AUSDT": None},
            "CUSDT",
            id="nor protected from being so",
        ),
    ],
)
def test_which_unit_has_failed(before, marks, failed):
    given = {**MARKET.marks, **marks}
    market = Market({symbol: mark for symbol, mark in given.items() if mark is not None})
    unit = failed_unit(assess(before, market, RULES))

    assert failed == (unit and unit.name)


def test_a_strict_trigger_lets_equality_live():
    steps = (LadderStep.TAKE_OVER,)
    choice = PositionChoice.LARGEST_MAINTENANCE_MARGIN
    strict = replace(RULES, liquidation=Liquidation(True, steps, choice))

    assert failed_unit(assess(account(110, held("AUSDT", 20)), MARKET, strict)) is None


BUY = Order("AUSDT", D(1), D(90))
STOP = Order("BUSDT", D(-1), None, OrderType.STOP_MARKET, D(90))
COIN_BUY = Order("CUSDC", D(1), D(90))
APART = Order("EUSDT", D(1), D(90))


@pytest.mark.parametrize(
    ("before", "cancelled"),
    [
        pytest.param(
            account(100, held("AUSDT", 20), orders=(BUY, STOP, COIN_BUY)),
            (BUY, STOP),
            id="a pool's: those that settle in its asset, conditional ones too",
        ),
        pytest.param(
            account(
                100,
                held("AUSDT", 20),
                orders=(BUY, APART),
                margin_mode={"EUSDT": MarginMode.ISOLATED},
            ),
            (BUY, APART),
            id="a pool's: those of isolated symbols too, whose margin it holds",
        ),
        pytest.param(
            account(100, held("AUSDT", 20, margin=50), orders=(BUY, STOP)),
            (BUY,),
            id="a bucket's: those of its symbol",
        ),
    ],
)
def test_open_orders_are_cancelled_first(before, cancelled):
    assert CancelOrders(cancelled) == next_step(before)


@pytest.mark.parametrize(
    ("wallet", "size", "step"),
    [
        # 30 units ask 610, 20 ask 110, 10 ask 10.
        pytest.param(200, 30, reduce("AUSDT", Side.LONG, D(-10), 2), id="one tier is enough"),
        pytest.param(110, 30, reduce("AUSDT", Side.LONG, D(-20), 1), id="one tier is just not"),
        pytest.param(50, 30, reduce("AUSDT", Side.LONG, D(-20), 1), id="two tiers are"),
        pytest.param(50, -30, reduce("AUSDT", Side.SHORT, D(20), 1), id="a short is bought back"),
        pytest.param(100, "20.5", reduce("AUSDT", Side.LONG, D("-10.5"), 1), id="to the floor"),
    ],
)
def test_a_position_is_reduced_no_further_than_helps(wallet, size, step):
    assert step == next_step(account(wallet, held("AUSDT", size)))


@pytest.mark.parametrize(
    ("before", "rules"),
    [
        pytest.param(account(10, held("AUSDT", 20)), RULES, id="the lowest tier still asks 10"),
        # Selling 10 at 100 costs 9.1 % of 1,000: 9 is left where 10 is asked.
        pytest.param(
            account(100, held("AUSDT", 20)), with_fee("0.091"), id="its own fee eats what it saves"
        ),
        pytest.param(account(5, held("CUSDT", 10)), RULES, id="there is no lower tier"),
        pytest.param(account(-5, held("AUSDT", 20)), RULES, id="it is in debt"),
    ],
)
def test_a_useless_reduction_is_not_tried(before, rules):
    assert isinstance(next_step(before, rules), TakeOver)


def test_slippage_counts_against_a_reduction():
    # Filled at 90, 10 units lose 100: nothing is left of 100.
    assessment = assess(account(100, held("AUSDT", 20)), MARKET, RULES)
    unit = failed_unit(assessment)
    assert unit is not None

    action = next_action(assessment, unit, lambda size, mark, instrument: Decimal(90))

    assert isinstance(action, TakeOver)


@pytest.mark.parametrize(
    ("instrument", "ladder", "mark", "size", "wallet", "cut"),
    [
        # 1,000 ÷ 100 = 10 units fit.
        pytest.param(linear("AUSDT"), LADDER, 100, 20, 100, "-10", id="on the floor below it"),
        # A notional of 1,000 would already be above: one unit of 8 places less fits.
        pytest.param(
            linear("AUSDT"),
            marginal(("0", "0.01"), ("1000", "0.1"), is_floor_included=True),
            100,
            20,
            100,
            "-10.00000001",
            id="under a floor that belongs to the tier above",
        ),
        # 1,000 ÷ 70 = 14.285714285714...
        pytest.param(
            linear("AUSDT"), LADDER, 70, 20, 650, "-5.71428572", id="rounded to stay inside"
        ),
        # Lots of 3: 9 units fit.
        pytest.param(
            replace(linear("AUSDT"), lot=D(3)), LADDER, 100, 20, 100, "-11", id="in whole lots"
        ),
        # Ten a unit: 1,000 ÷ 10 ÷ 10 = 10 fit.
        pytest.param(
            linear("AUSDT", multiplier="10"), LADDER, 10, 20, 18100, "-10", id="by multiplier"
        ),
    ],
)
def test_how_much_is_cut(instrument, ladder, mark, size, wallet, cut):
    rules = book((instrument, ladder))
    market = Market({"AUSDT": D(mark)})

    assert reduce("AUSDT", Side.LONG, D(cut), 1) == next_step(
        account(wallet, held("AUSDT", size)), rules, market
    )


def test_how_many_contracts_are_cut():
    # Contracts of 100 at 50 are 2 coins each; 10 coins are 5 contracts.
    rules = book((inverse("BTCUSD"), marginal(("0", "0.01"), ("10", "0.5"))))
    before = Account({"BTC": D(3)}, (held("BTCUSD", 8, 50),))

    # 8 contracts are 16 coins: 0.1 + 6 × 0.5 = 3.1 asked of 3.
    assert reduce("BTCUSD", Side.LONG, D(-3), 1) == next_step(
        before, rules, Market({"BTCUSD": D(50)})
    )


@pytest.mark.parametrize(
    ("choice", "step"),
    [
        # Equity 150 − 15 = 135 of 110 + 60 asked: either alone is enough.
        pytest.param(
            PositionChoice.LARGEST_MAINTENANCE_MARGIN,
            reduce("AUSDT", Side.LONG, D(-10), 1),
            id="the one that is asked most for",
        ),
        pytest.param(
            PositionChoice.LARGEST_LOSS,
            reduce("BUSDT", Side.LONG, D(-5), 1),
            id="the one that has lost most",
        ),
    ],
)
def test_which_position_is_reduced_first(choice, step):
    before = account(150, held("AUSDT", 20), held("BUSDT", 15, 101))

    assert step == next_step(before, first(choice))


def test_a_plan_over_two_positions_begins_with_the_first_ones_lowest_tier():
    # 110 + 60 are asked of 65; A at 10 units leaves 70, B too leaves 20.
    before = account(65, held("AUSDT", 20), held("BUSDT", 15))

    assert reduce("AUSDT", Side.LONG, D(-10), 1) == next_step(before)


def test_the_lowest_tier_is_the_lowest_that_holds_a_lot():
    # Lots of 15 units: tier 1 holds none, tier 2 one. 610 + 110 are asked of 150; A at 15 units
    # leaves 60 + 110, and B at 10 then 60 + 10.
    rules = book((replace(linear("AUSDT"), lot=D(15)), LADDER), (linear("BUSDT"), LADDER))
    before = account(150, held("AUSDT", 30), held("BUSDT", 20))

    assert reduce("AUSDT", Side.LONG, D(-15), 2) == next_step(before, rules)


def test_a_position_of_which_no_lot_would_be_left_is_taken_over():
    rules = book((replace(linear("AUSDT"), lot=D(20)), LADDER))

    assert isinstance(next_step(account(100, held("AUSDT", 20)), rules), TakeOver)


def test_a_takeover_names_prices_that_use_the_equity_up():
    # 100 − 9 ÷ 20.
    action = next_step(account(9, held("AUSDT", 20)))
    assert isinstance(action, TakeOver)

    assert [("AUSDT", D(20), D("99.55"), D(9))] == [
        (one.symbol, one.size, one.price, one.share) for one in action.takeovers
    ]


def test_what_a_unit_backs():
    before = Account(
        {"USDT": D(100), "USDC": D(100)},
        (
            held("AUSDT", 1),
            held("CUSDC", 1),
            held("BUSDT", 1, margin=5),
            held("BUSDT", -1, margin=5),
            held("CUSDT", 0),
        ),
        position_mode=PositionMode.HEDGE,
    )
    assessment = assess(before, MARKET, RULES)
    backed = {
        unit.name: [f"{p.symbol} {p.side}" for p in positions_of(assessment, unit)]
        for unit in assessment.units
    }

    assert {
        "USDT": ["AUSDT long"],
        "USDC": ["CUSDC long"],
        "BUSDT long": ["BUSDT long"],
        "BUSDT short": ["BUSDT short"],
    } == backed


def test_the_pool_in_usd_backs_everything():
    rules = book(
        (linear("CUSDT"), one_tier("0.01")),
        (linear("CUSDC", settle="USDC"), one_tier("0.01")),
        collateral={asset: Collateral(D(0), D(0), True) for asset in ("USDT", "USDC")},
    )
    market = Market(MARKET.marks, {"USDT": D(1), "USDC": D(1)})
    before = Account(
        {"USDT": D(1)}, (held("CUSDT", 1), held("CUSDC", 1)), assets_mode=AssetsMode.MULTI
    )
    assessment = assess(before, market, rules)

    assert ["CUSDT", "CUSDC"] == [p.symbol for p in positions_of(assessment, assessment.pool)]


@pytest.mark.parametrize(
    ("instrument", "size", "margin", "limit"),
    [
        # 10 at 100 lose 100 at 90 (110); of what is sold (bought) there a tenth is fee.
        pytest.param(linear("AUSDT"), "10", "100", "100", id="linear, long"),
        pytest.param(linear("AUSDT"), "-10", "100", "100", id="linear, short"),
        # 1,000 USD from 100: 1,000 / 80 - 10 = 2.5 coins, 10 - 1,000 / 125 = 2 coins.
        pytest.param(inverse("AUSD_PERP"), "10", "2.5", "88", id="inverse, long"),
        pytest.param(inverse("AUSD_PERP"), "-10", "2", "112.5", id="inverse, short"),
        pytest.param(linear("AUSDT"), "10", "1001", None, id="no price above zero costs as much"),
    ],
)
def test_a_bucket_is_traded_to_where_loss_and_fee_use_it_up(instrument, size, margin, limit):
    steps = (LadderStep.CLOSE_POSITION, LadderStep.TAKE_OVER)
    rules = replace(
        with_fee("0.1", book((instrument, one_tier("2")))),
        liquidation=replace(RULES.liquidation, steps=steps),
    )
    symbol, asset = instrument.symbol, instrument.settle
    before = Account({asset: D(margin)}, (held(symbol, size, margin=margin),))
    assessment = assess(before, Market({symbol: D(100)}), rules)
    action = next_action(assessment, assessment.buckets[0], FLAT.fill_price)
    assert action.limit == (None if limit is None else D(limit))
    assert action.may_trade_at(D(100) if limit is None else D(limit))
    if limit is not None:
        worse = D(limit) - D("0.1").copy_sign(D(size))
        assert not action.may_trade_at(worse)


def test_a_pool_is_traded_at_any_price():
    steps = (LadderStep.CLOSE_POSITION, LadderStep.TAKE_OVER)
    rules = replace(RULES, liquidation=replace(RULES.liquidation, steps=steps))
    assessment = assess(account("9", held("AUSDT", "10")), MARKET, rules)
    action = next_action(assessment, assessment.pools[0], FLAT.fill_price)
    assert action.limit is None
    assert action.may_trade_at(D("0.01"))
