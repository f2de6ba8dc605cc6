"""What Bybit and its copies publish, as the packaged rulebooks have it.

Expected numbers are published ones or worked out by hand beside them.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.collateral import rates, worth
from crossmargin.margin.order_reserve import order_reserve
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.money import exact
from crossmargin.rulebooks.loader import editions, load_rulebook
from crossmargin.rulebooks.margin_rule import ClosingFee, PriceBasis
from crossmargin.rulebooks.procedure import Change

D = Decimal
NOW = load_rulebook("bybit")
OLDER = load_rulebook("bybit", edition="2022-12-29")
MOONXBT = load_rulebook("moonxbt")


def judged(
    symbol: str,
    size: str,
    entry: str,
    *,
    leverage: str,
    mark: str = "",
    margin: str = "",
    rulebook=NOW,
) -> tuple[PositionAssessment, PositionBoundary | None]:
    """Return one position, isolated where it has a margin, else alone in an empty pool."""
    mode = MarginMode.ISOLATED if margin else MarginMode.CROSS
    position = Position(symbol, D(size), D(entry), mode, D(margin or "0"))
    settle = rulebook.contracts[symbol].instrument.settle
    account = Account({settle: D(margin or "0")}, (position,), leverage={symbol: D(leverage)})
    found = assess(account, Market({symbol: D(mark or entry)}), rulebook)
    return found.positions[0], found.boundaries.positions[0]


def near(expected: str, actual: Decimal | None, step: str) -> bool:
    return actual is not None and abs(D(expected) - actual) <= D(step)


@pytest.mark.parametrize(
    ("size", "mark", "expected"),
    [
        # Help centre, initial margin (USDC contract), current wording.
        pytest.param("0.5", "50500", "2537.375", id="a long: 2,525 at the mark + 12.375"),
        pytest.param("-0.5", "50500", "2540.125", id="a short: 2,525 at the mark + 15.125"),
    ],
)
def test_initial_margin_floats_with_the_mark_and_the_closing_fee_does_not(size, mark, expected):
    position, _ = judged("BTCUSDT", size, "50000", leverage="10", mark=mark)

    assert D(expected) == position.initial_margin


# Position replies in ccxt, of 2022: initial and maintenance margin have the fee of closing.
@pytest.mark.parametrize(
    ("symbol", "size", "entry", "initial", "maintenance"),
    [
        ("XRPUSDT", "100", "0.3615", "3.634521", "0.381021"),
        ("ETHUSDT", "0.5", "1073.85", "53.9824395", "2.9745645"),
    ],
)
def test_the_older_edition_has_the_requirements_of_replies_of_its_time(
    symbol, size, entry, initial, maintenance
):
    position, _ = judged(symbol, size, entry, leverage="10", rulebook=OLDER)

    assert D(initial) == position.initial_margin
    assert D(maintenance) == position.maintenance_margin


def test_the_older_edition_has_the_liquidation_price_of_an_isolated_reply():
    # ccxt: entry 1198.45 at 4.2x, margin 28.58931118, liquidation price 919.10 on a tick of 0.05.
    _, boundary = judged(
        "ETHUSDT", "0.1", "1198.45", leverage="4.2", margin="28.58931118", rulebook=OLDER
    )

    assert boundary is not None
    assert near("919.10", boundary.lower, "0.05")


def test_isolated_liquidation_prices_are_the_published_closed_form():
    # Help centre, 2026: (40,000 − 800 − 3,000 ÷ (1 − 0.00055)) ÷ (1 − 0.005) = 36,380.25. The
    # bucket holds 800 + 39,200 × 0.00055 = 821.56, and 3,000 more.
    _, boundary = judged("BTCUSDT", "1", "40000", leverage="50", margin="3821.56")

    assert boundary is not None
    assert near("36380.25", boundary.lower, "0.1")


def test_the_older_liquidation_price_keeps_maintenance_margin_at_entry():
    # By hand: 60,000 USD short at 50,000 is 1.2 BTC; 10x is 0.12, and
    # 0.5 % is 0.006: 60,000 ÷ (1.2 − 0.12 + 0.006) = 55,248.61…, down to the tick of 0.5. The fee
    # of closing, 0.0006 × 1.08 = 0.000648, is in the bucket and kept back.
    _, boundary = judged(
        "BTCUSD", "-60000", "50000", leverage="10", margin="0.120648", rulebook=OLDER
    )

    assert boundary is not None
    assert D("55248.5") == boundary.upper


@exact
def closed_form(size: Decimal, entry: Decimal, leverage: Decimal, extra: Decimal) -> Decimal:
    """Return Bybit's formula of 2026 for BTCUSDT's first tier, linear."""
    fee, rate, quantity = D("0.00055"), D("0.005"), abs(size)
    value = entry * quantity
    if size > 0:
        return (value - value / leverage - extra / (1 - fee)) / (quantity * (1 - rate))
    return (value + value / leverage + extra / (1 + fee)) / (quantity * (1 + rate))


@given(
    st.sampled_from([D(-1), D(1)]),
    st.decimals("0.01", "1", places=2),
    st.decimals("20000", "100000", places=1),
    st.integers(2, 100),
    st.decimals("0", "50", places=2),
)
def test_the_closed_form_is_what_the_core_finds(sign, quantity, entry, leverage, extra):
    size = sign * quantity
    instrument = NOW.contracts["BTCUSDT"].instrument
    held = order_reserve(size, entry, D(leverage), NOW.margin.closing_fee_rate, instrument)
    margin = held.position_margin + extra
    position = Position("BTCUSDT", size, entry, MarginMode.ISOLATED, margin)
    account = Account({"USDT": margin}, (position,), leverage={"BTCUSDT": D(leverage)})

    boundary = assess(account, Market({"BTCUSDT": entry}), NOW).boundaries.positions[0]

    expected = closed_form(size, entry, D(leverage), extra)
    actual = boundary.lower if sign > 0 else boundary.upper
    if expected <= 0:
        assert actual is None
    else:
        assert 0 <= sign * (actual - expected) < D("0.1")


# Help centre, collateral value ratios of bitcoin, marginal.
@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("10", "9.8"),  # 10 × 98 %
        ("20", "19.3"),  # + 10 × 95 %
        ("30", "28.3"),  # + 10 × 90 %
        ("40", "36.8"),  # + 10 × 85 %
        ("50", "44.8"),  # + 10 × 80 %
        ("60", "44.8"),  # + nothing
        ("25", "23.8"),  # 9.8 + 9.5 + 5 × 90 %
        ("-3", "-3"),  # debts count in full
    ],
)
def test_bitcoin_counts_less_the_more_of_it_is_held(amount, expected):
    assert D(expected) == worth(D(amount), rates(D(1), NOW.collateral["BTC"]))


def test_the_deductions_are_those_of_the_risk_limits():
    tiers = NOW.contracts["ADAUSDT"].tiers

    assert tiers is not None
    assert 30 == len(tiers.pieces)
    # Second: 200,000 × (1 % − 0.75 %).
    assert D("500") == tiers.pieces[1].deduction
    assert D("15809000") == tiers.pieces[-1].deduction


@pytest.mark.parametrize(("notional", "tier"), [("2000000", 1), ("2600000", 2), ("2600001", 3)])
def test_a_bound_belongs_to_the_tier_below(notional, tier):
    position, _ = judged("BTCUSDT", notional, "1", leverage="10")

    assert tier == position.tier


def test_above_what_was_published_nothing_is_said():
    position, _ = judged("BTCUSDT", "3200001", "1", leverage="10")

    assert position.maintenance_margin is None


def test_cross_margin_is_one_pool_and_liquidated_at_a_hundred_percent():
    # 1 BTCUSDT at 40,000, 50x: maintenance 200 + 21.56 of fee; 30,000 of mark loses 10,000, and
    # there 150 + 21.56 are asked. So 10,171.56 USDT is the last that is not enough.
    position = Position("BTCUSDT", D(1), D(40000))
    market = Market({"BTCUSDT": D(30000)}, {"USDT": D(1)})

    def is_liquidatable(wallet: str) -> bool:
        account = Account(
            {"USDT": D(wallet)},
            (position,),
            leverage={"BTCUSDT": D(50)},
            assets_mode=AssetsMode.MULTI,
        )
        return assess(account, market, NOW).pool.is_liquidatable

    assert is_liquidatable("10171.56")
    assert not is_liquidatable("10171.57")


def test_the_method_of_each_edition_is_what_its_texts_say():
    older, now = editions("bybit")

    assert ("2022-12-29", "2026-08-06") == (str(older), str(now))
    assert PriceBasis.ENTRY is OLDER.margin.maintenance_price
    assert PriceBasis.MARK is NOW.margin.maintenance_price
    assert ClosingFee.BANKRUPTCY is OLDER.margin.closing_fee is NOW.margin.closing_fee


# API documentation, error codes.
@pytest.mark.parametrize(
    ("change", "codes"),
    [(Change.POSITION_MODE, [110024, 110028]), (Change.LOWER_LEVERAGE, [110046])],
)
def test_refusals_have_the_published_codes(change, codes):
    assert codes == [rule.code for rule in NOW.switches if rule.change is change]


@pytest.mark.parametrize(
    ("size", "mark", "wallet", "expected"),
    [
        # Support page: 2,000 available + 200 − 100 = 2,100 below the entry of 20,000. The wallet
        # is 2,000 + 200: open profit is not in what is available.
        pytest.param("1", "21000", "2200", "17900", id="a long in profit, as published"),
        # A loss of 1,000 has left the available balance: the wallet is 3,200; 21,000 + 2,100.
        pytest.param("-1", "21000", "3200", "23100", id="a short in loss, by hand"),
    ],
)
def test_moonxbt_counts_from_entry_in_profit_and_from_the_mark_in_loss(
    size, mark, wallet, expected
):
    position = Position("BTCUSDT", D(size), D(20000))
    account = Account({"USDT": D(wallet)}, (position,), leverage={"BTCUSDT": D(100)})
    # Maintenance margin is at entry: 20,000 is as far as the one known rate reaches.
    boundary = assess(account, Market({"BTCUSDT": D(mark)}), MOONXBT).boundaries.positions[0]

    assert boundary is not None
    assert D(expected) == (boundary.lower if D(size) > 0 else boundary.upper)
