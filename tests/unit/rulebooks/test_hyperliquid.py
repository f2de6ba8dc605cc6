"""What Hyperliquid documents, as the packaged rulebook has it; numbers by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.cash_leg import cash_leg, liquidation_price, maintenance_rate
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import AdlPrice, LadderStep
from crossmargin.rulebooks.schema import Contract, RatioConvention
from crossmargin.venue.funding import funding_rate

BOOK = load_rulebook("hyperliquid")
D = Decimal


def judged(symbol: str, size: str, mark: str, wallet: str, *, margin: str = "0", **settings):
    """Return the account with one position, entered at the mark."""
    mode = MarginMode.ISOLATED if margin != "0" else MarginMode.CROSS
    account = Account(
        {"USDC": D(wallet)},
        (Position(symbol, D(size), D(mark), mode, D(margin)),),
        **settings,
    )
    return assess(account, Market({symbol: D(mark)}), BOOK)


# Documentation, "Margin tiers": notional from which on, largest leverage.
@pytest.mark.parametrize(
    ("symbol", "tiers"),
    [
        ("BTC", [("0", "40"), ("150000000", "20")]),
        ("ETH", [("0", "25"), ("100000000", "15")]),
        ("SOL", [("0", "20"), ("70000000", "10")]),
        ("XRP", [("0", "20"), ("40000000", "10")]),
        ("NEAR", [("0", "10"), ("20000000", "5")]),
        ("kPEPE", [("0", "10"), ("20000000", "5")]),
        ("BNB", [("0", "10"), ("3000000", "5")]),
        ("PENGU", [("0", "5")]),
    ],
)
def test_tables_are_as_documented(symbol, tiers):
    found = BOOK.contracts[symbol].tiers

    assert [(D(floor), D(leverage)) for floor, leverage in tiers] == [
        (piece.floor, piece.leverage_max) for piece in found.pieces
    ]


@pytest.mark.parametrize("symbol", BOOK.contracts)
def test_every_tier_asks_half_of_what_its_largest_leverage_asks(symbol):
    contract = BOOK.contracts[symbol]

    assert ("USDC", symbol) == (contract.instrument.settle, contract.instrument.base)
    for piece in contract.tiers.pieces:
        assert maintenance_rate(piece.leverage_max) == piece.rate


@pytest.mark.parametrize(
    ("symbol", "size", "mark", "maintenance"),
    [
        # 200M: 150M × 1.25 % + 50M × 2.5 %.
        pytest.param("BTC", "2000", "100000", "3125000", id="a long in the second tier"),
        pytest.param("BTC", "-2000", "100000", "3125000", id="a short in the second tier"),
        pytest.param("BTC", "1500", "100000", "1875000", id="exactly on the bound"),
        # 130M: 100M × 2 % + 30M ÷ 30.
        pytest.param("ETH", "65000", "2000", "3000000", id="ETH, whose second rate does not end"),
        pytest.param("DOGE", "1000", "0.1", "5", id="DOGE"),
    ],
)
def test_maintenance_margin_is_marginal(symbol, size, mark, maintenance):
    actual = judged(symbol, size, mark, "1").positions[0].maintenance_margin

    assert abs(D(maintenance) - actual) < D("1e-30")


@pytest.mark.parametrize(
    ("wallet", "is_liquidatable"),
    [
        # 1 BTC at 10,000 asks 125.
        pytest.param("125.01", False, id="above"),
        pytest.param("125", False, id="equal is not below"),
        pytest.param("124.99", True, id="below"),
    ],
)
@pytest.mark.parametrize("margin", ["0", "all"])
def test_the_trigger_is_strict(wallet, is_liquidatable, margin):
    margin = wallet if margin == "all" else margin
    assessment = judged("BTC", "1", "10000", wallet, margin=margin)

    unit = assessment.buckets[0] if assessment.buckets else assessment.pools[0]
    assert is_liquidatable == unit.is_liquidatable


@pytest.mark.parametrize(
    ("size", "lower", "upper"),
    [
        # 1 ETH at 2,000 with 200: (2,000 − 200) ÷ (1 − 0.02) = 1,836.734693877…, rounded up.
        pytest.param("1", "1836.73469388", None, id="a long"),
        # (2,000 + 200) ÷ (1 + 0.02) = 2,156.862745098…, rounded down.
        pytest.param("-1", None, "2156.86274509", id="a short"),
    ],
)
@pytest.mark.parametrize("leverage", ["10", "25"])
def test_liquidation_prices_do_not_depend_on_leverage(size, lower, upper, leverage):
    assessment = judged("ETH", size, "2000", "200", margin="200", leverage={"ETH": D(leverage)})
    boundary = assessment.boundaries.positions[0]

    assert (lower and D(lower), upper and D(upper)) == (boundary.lower, boundary.upper)


@given(
    size=st.decimals("0.01", "5000", places=2),
    is_long=st.booleans(),
    price=st.decimals("1", "100", places=2),
    leverage=st.integers(1, 10),
)
def test_the_boundary_is_the_price_that_the_cash_leg_gives(size, is_long, price, leverage):
    # HYPE at most at 10x; half a million of notional at most: the first tier at any such price.
    size = size if is_long else -size
    margin = abs(size) * price / leverage
    account = Account(
        {"USDC": margin}, (Position("HYPE", size, price, MarginMode.ISOLATED, margin),)
    )
    boundary = assess(account, Market({"HYPE": price}), BOOK).boundaries.positions[0]
    expected = liquidation_price(cash_leg(margin, size * price), size, maintenance_rate(D(10)))

    actual = boundary.lower if is_long else boundary.upper
    # Boundaries are to 8 places; a price of zero is none.
    assert abs((expected or 0) - (actual or 0)) <= D("1e-8")


def test_a_cross_short_among_others_is_liquidated_where_a_recorded_one_was():
    # A vault of many shorts, recorded; coins of 50x then, rate 1 %. SAGA −103,774.5 at 2527.94682,
    # the others worth 4345291.885056 − 2527.94682; account value 3155203.766062.
    tiers = Tiers.of((Tier(D(0), D("0.01"), D(0), D(50)),))
    contracts = {
        symbol: Contract(Instrument(symbol, Kind.LINEAR_PERPETUAL, "USDC", symbol), tiers)
        for symbol in ("SAGA", "OTHERS")
    }
    marks = {"SAGA": D("0.02436"), "OTHERS": D(1)}
    account = Account(
        {"USDC": D("3155203.766062")},
        (
            Position("SAGA", D("-103774.5"), marks["SAGA"]),
            Position("OTHERS", D("-4342763.938236"), marks["OTHERS"]),
        ),
    )
    assessment = assess(account, Market(marks), replace(BOOK, contracts=contracts))

    assert abs(D("43452.918775") - assessment.pool.health.maintenance_margin) < D("1e-4")
    assert abs(D("29.713170189") - assessment.boundaries.positions[0].upper) < D("1e-7")


def test_a_recorded_account_is_asked_what_the_venue_said():
    # Recorded 2026-09-22, crossMaintenanceMarginUsed; without its XPL, 1415576.334282 at 5 %.
    values = {"ETH": "34316250.0", "NEAR": "4299078.5136", "PENGU": "500925.821004"}
    positions = tuple(Position(symbol, D(value), D(1)) for symbol, value in values.items())
    market = Market(dict.fromkeys(values, D(1)))
    health = assess(Account({"USDC": D(1)}, positions), market, BOOK).pool.health

    assert abs(D("1022150.324494") - D("70778.8167141") - health.maintenance_margin) < D("1e-5")


@pytest.mark.parametrize(
    ("premium", "hourly"),
    [
        # The documented example: 1 % a premium, 0.01 − 0.0005 = 0.0095 in eight hours.
        pytest.param("0.01", "0.0011875", id="one eighth"),
        # Within the damper the interest of 0.01 % in eight hours is left.
        pytest.param("0", "0.0000125", id="interest alone"),
        pytest.param("0.9", "0.04", id="at most 4 % an hour"),
        pytest.param("-0.9", "-0.04", id="at least −4 % an hour"),
    ],
)
def test_funding_is_hourly(premium, hourly):
    assert D(hourly) == funding_rate(D(premium), BOOK.funding, None)
    assert BOOK.funding.interval_ms == 3_600_000


def test_liquidations_go_by_parts_and_the_vault_takes_what_they_leave():
    rule = BOOK.liquidation

    assert (LadderStep.REDUCE_BY_FRACTION, LadderStep.TAKE_OVER) == rule.steps
    assert (D("0.2"), D(100_000)) == (rule.fraction, rule.whole_below)
    # Equity below 2/3 of maintenance margin is maintenance ÷ equity above 3/2.
    assert D("1.5") == rule.backstop_health
    assert BOOK.fees.liquidation == 0
    assert AdlPrice.PREVIOUS_MARK is BOOK.adl.price
    assert not BOOK.adl.is_loss_socialised
    assert RatioConvention.MAINTENANCE_OVER_EQUITY is BOOK.ratio_convention


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"assets_mode": AssetsMode.MULTI}, id="nothing but USDC is collateral"),
        pytest.param({"position_mode": PositionMode.HEDGE}, id="one position a coin"),
    ],
)
def test_modes_it_does_not_have_are_refused(settings):
    assert {} == BOOK.collateral
    with pytest.raises(UsageError, match="hyperliquid has no"):
        judged("BTC", "1", "10000", "1000", **settings)
