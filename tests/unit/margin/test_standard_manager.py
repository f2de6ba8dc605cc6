"""The standard manager by hand: with no volatility an option's mark is its intrinsic value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UnitError
from crossmargin.margin.black import mark
from crossmargin.margin.options import (
    OptionMargin,
    OptionQuote,
    option_margin,
    out_of_the_money,
    payoff,
)
from crossmargin.margin.standard_manager import (
    Expiry,
    Holding,
    ManagerMargin,
    OptionLeg,
    Perpetual,
    StandardManagerRule,
    expiry_margin,
    standard_margin,
    worst_payoff,
)
from crossmargin.model.option import OptionRule, Right, RightRule
from crossmargin.money import exact

D = Decimal
# derivexyz/v2-core, the parameters its unit tests start from, but for collateral: mainnet's ether.
RULE = StandardManagerRule(
    perpetual_initial=D("0.065"),
    perpetual_maintenance=D("0.05"),
    option=OptionRule(
        D("0.15"),
        D("0.1"),
        call=RightRule(D("0.075")),
        put=RightRule(D("0.075"), D("0.075"), D("1.05")),
    ),
    unpaired_initial=D("1.2"),
    unpaired_maintenance=D("1.1"),
    collateral=D("0.8"),
    collateral_initial_scale=D("0.9375"),
    perpetual_threshold=D("0.4"),
    option_threshold=D("0.4"),
    collateral_threshold=D("0.4"),
    confidence_factor=D("0.4"),
    depeg_threshold=D("0.98"),
    depeg_factor=D("1.2"),
)
SPOT = D(1500)


def legs(*words: str, volatility="0") -> tuple[OptionLeg, ...]:
    """Return legs such as "-1 call 1500"."""
    parts = [word.split() for word in words]
    return tuple(OptionLeg(Right(r), D(k), D(size), D(volatility)) for size, r, k in parts)


def expiry(*words: str, **more) -> Expiry:
    return Expiry(D(86_400), SPOT, legs(*words), **more)


def balances(*holdings: Holding, cash="0", stable="1", rule=RULE) -> tuple[Decimal, ...]:
    margin = standard_margin(D(cash), D(stable), holdings, rule)
    return (
        margin.initial_margin_balance,
        margin.maintenance_margin_balance,
        margin.mark_to_market,
    )


@pytest.mark.parametrize(
    ("words", "initial", "maintenance", "value"),
    [
        pytest.param(["1 call 1000"], "0", "0", "500", id="a long asks for nothing"),
        pytest.param(["-1 call 1500"], "-225", "-112.5", "0", id="call at the money: 15 %, 7.5 %"),
        # 225 − 150 = 75 is under 10 %.
        pytest.param(["-1 call 1650"], "-150", "-112.5", "0", id="call on the floor"),
        # 225 − 60.
        pytest.param(["-2 call 1560"], "-330", "-225", "0", id="two calls a little out"),
        # MM: 3000 + max(112.5, 225); IM: 1.05 × 3225 > 225 + 3000.
        pytest.param(["-1 put 4500"], "-3386.25", "-3225", "-3000", id="put far in the money"),
        # The worst of a short put is its strike, here at zero: better than 225 + mark 0.
        pytest.param(["-1 put 100"], "-100", "-100", "0", id="put that can lose 100"),
        pytest.param(["-1 call 1100", "1 call 1300"], "-200", "-200", "-200", id="B: spread"),
        # A: short 1700 alone, 10 % and 7.5 %; B: 200.
        pytest.param(["-1 call 1700", "1 call 1900"], "-150", "-112.5", "0", id="A: spread"),
        # B: 200 and 0.1 call unpaired at 1500: 180 and 165. A: 725 + 15 and 612.5 + 11.25.
        pytest.param(
            ["-1 call 1000", "1 call 1200", "-0.1 call 2500"],
            *("-380", "-365", "-200"),
            id="B: spread and an unpaired call",
        ),
        # B: 400 at 1200, and 1 unpaired: 2200, 2050. A: twice 725, twice 612.5.
        pytest.param(
            ["-2 call 1000", "1 call 1200"], "-1450", "-1225", "-700", id="A: one call too many"
        ),
        # Box: pays 200 whatever happens.
        pytest.param(
            ["1 call 1400", "-1 call 1600", "1 put 1600", "-1 put 1400"],
            *("0", "0", "200"),
            id="long box",
        ),
        pytest.param(
            ["-1 call 1400", "1 call 1600", "-1 put 1600", "1 put 1400"],
            *("-200", "-200", "-200"),
            id="short box",
        ),
    ],
)
def test_options_of_one_expiry(words, initial, maintenance, value):
    got = expiry_margin(expiry(*words), SPOT, RULE)

    assert ManagerMargin(D(initial), D(maintenance), D(value)) == got


def test_initial_and_maintenance_may_each_take_the_other_way():
    # A: 150 and 112.5; B: 130. Initial takes B, maintenance takes A.
    got = expiry_margin(expiry("-1 call 1700", "1 call 1830"), SPOT, RULE)

    assert ManagerMargin(D(-130), D("-112.5"), D(0)) == got


def test_moneyness_is_measured_against_spot_and_marks_against_the_forward():
    dear = Expiry(D(86_400), D(1600), legs("-1 call 1560"))

    # Mark 1600 − 1560; 225 − (1560 − 1500) and 112.5 on top.
    assert ManagerMargin(D(-205), D("-152.5"), D(-40)) == expiry_margin(dear, SPOT, RULE)


@pytest.mark.parametrize(
    ("holding", "initial", "maintenance", "value"),
    [
        # 2 × 1505 × 6.5 % = 195.65, × 5 % = 150.5.
        pytest.param(
            Holding(SPOT, perpetual=Perpetual(D(-2), D(1505), D(-20))),
            *("-215.65", "-170.5", "-20"),
            id="perpetual",
        ),
        # 3000 × 0.8, × 0.9375.
        pytest.param(Holding(SPOT, collateral=D(2)), "2250", "2400", "3000", id="collateral"),
        pytest.param(
            Holding(SPOT, expiries=(expiry("-1 call 1500"), expiry("1 call 1500"))),
            *("-225", "-112.5", "0"),
            id="no netting between expiries",
        ),
        pytest.param(
            Holding(*(SPOT, D(1), Perpetual(D(1), SPOT), D(1)), expiries=(expiry("-1 call 1500"),)),
            # 1125 − 97.5 − 225; 1200 − 75 − 112.5.
            *("802.5", "1012.5", "1500"),
            id="no netting between kinds",
        ),
    ],
)
def test_holdings_add_to_cash(holding, initial, maintenance, value):
    expected = tuple(map(D, (initial, maintenance, value)))

    assert expected == balances(holding)
    assert tuple(100 + 2 * one for one in expected) == balances(holding, holding, cash="100")


def test_cash_alone_is_worth_itself():
    assert (D(-7),) * 3 == balances(cash="-7")


def test_a_depegged_stable_coin_raises_the_initial_margin_alone():
    holding = Holding(
        SPOT,
        perpetual=Perpetual(D(-1), SPOT),
        collateral=D(1),
        expiries=(expiry("-2 call 1500"), expiry("5 put 1500")),
    )
    whole, broken = (balances(holding, stable=stable) for stable in ("1", "0.96"))

    # 0.02 × 1.2 × 1500 × (1 perpetual + 2 sold); bought options do not count.
    assert D(108) == whole[0] - broken[0]
    assert whole[1] == broken[1]
    # Collateral is worth 1500 ÷ 0.96 coins.
    assert D("62.5") == broken[2] - whole[2]
    assert whole[:2] == balances(holding, stable="0.98")[:2]


@pytest.mark.parametrize(
    ("change", "penalty"),
    [
        # (1 − 0.3) × 0.4 × 1500 = 420 for each unit that depends on the oracle.
        pytest.param({"spot": "0.3"}, 420 * (3 + 2 + 1), id="spot: all of them"),
        pytest.param({"perpetual": "0.3"}, 420 * 3, id="perpetual"),
        pytest.param({"forward": "0.3"}, 420 * 2, id="forward: options sold"),
        pytest.param({"volatility": "0.3"}, 420 * 2, id="volatility: options sold"),
        pytest.param({"spot": "0.4", "forward": "0.4"}, 0, id="on the threshold"),
        # The lowest counts: 0.3 for options and perpetual by their own, 0.39 for collateral.
        pytest.param(
            {"spot": "0.39", "perpetual": "0.3", "forward": "0.3"},
            420 * (3 + 2) + 366,
            id="each by its lowest",
        ),
    ],
)
def test_an_unsure_oracle_raises_the_initial_margin_alone(change, penalty):
    def holding(spot="1", perpetual="1", forward="1", volatility="1"):
        options = expiry(
            "-2 call 1500",
            "1 call 1500",
            forward_confidence=D(forward),
            volatility_confidence=D(volatility),
        )
        held = Perpetual(D(-3), SPOT, confidence=D(perpetual))
        return Holding(SPOT, D(spot), held, D(1), (options,))

    sure, unsure = balances(holding()), balances(holding(**change))

    assert penalty == sure[0] - unsure[0]
    assert sure[1:] == unsure[1:]


def test_a_threshold_of_zero_switches_its_penalty_off():
    off = replace(RULE, perpetual_threshold=D(0), option_threshold=D(0), collateral_threshold=D(0))
    held = Holding(SPOT, D(0), Perpetual(D(1), SPOT), D(1), (expiry("-1 call 1500"),))

    assert balances(replace(held, spot_confidence=D(1))) == balances(held, rule=off)


@pytest.mark.parametrize("stable", ["0", "-1"])
def test_a_stable_coin_has_a_price(stable):
    with pytest.raises(UnitError, match="stable price"):
        balances(stable=stable)


def test_an_option_has_a_forward():
    with pytest.raises(UnitError, match="forward"):
        expiry_margin(Expiry(D(1), D(0), legs("-1 call 1")), SPOT, RULE)


strikes = st.integers(1, 40).map(lambda n: D(100 * n))
leg = st.builds(
    OptionLeg,
    st.sampled_from(Right),
    strikes,
    st.decimals(-5, 5, places=1),
    st.decimals(0, 2, places=2),
)
books = st.lists(leg, max_size=6).map(tuple)


@given(books, st.decimals(0, 10_000, places=2))
@exact
def test_no_settlement_below_the_highest_strike_is_worse_than_the_worst(book, settled):
    top = max((one.strike for one in book), default=D(0))
    paid = sum(one.size * payoff(one.right, one.strike, min(settled, top)) for one in book)

    assert worst_payoff(book) <= paid
    assert worst_payoff(book) <= 0


@given(books)
@exact
def test_margin_is_never_better_than_nothing_nor_worse_than_the_short_legs_alone(book):
    together = expiry_margin(Expiry(D(864_000), SPOT, book), SPOT, RULE)
    alone = OptionMargin()
    for one in book:
        price = mark(one.right, SPOT, one.strike, one.volatility, D(864_000))
        quote = OptionQuote(out_of_the_money(one.right, one.strike, SPOT), SPOT, price, SPOT)
        margin = option_margin(RULE.option, one.size, one.right, quote)
        alone = OptionMargin(
            alone.initial_margin + margin.initial_margin,
            alone.maintenance_margin + margin.maintenance_margin,
        )

    assert -alone.initial_margin <= together.initial_margin_balance <= 0
    assert -alone.maintenance_margin <= together.maintenance_margin_balance <= 0


def test_legs_in_accounts_of_their_own_may_ask_for_less():
    # Put: A 11.25, B 10. Call: A (1400 + 112.5) × 0.1, B 0.1 × 1500 × 1.1. Together: the sum of A.
    both = legs("-0.1 put 100", "-0.1 call 100")
    apart = [expiry_margin(Expiry(D(1), SPOT, (one,)), SPOT, RULE) for one in both]

    assert [D(-10), D("-151.25")] == [one.maintenance_margin_balance for one in apart]
    together = expiry_margin(Expiry(D(1), SPOT, both), SPOT, RULE)
    assert D("-162.5") == together.maintenance_margin_balance


@given(books)
@exact
def test_twice_the_book_asks_twice(book):
    once = expiry_margin(Expiry(D(864_000), SPOT, book), SPOT, RULE)
    doubled = tuple(replace(one, size=2 * one.size) for one in book)

    assert once + once == expiry_margin(Expiry(D(864_000), SPOT, doubled), SPOT, RULE)
