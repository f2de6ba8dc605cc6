"""What OKX documents, as the packaged rulebook has it; numbers by hand or from its samples."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ZERO, quotient_down
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import AdlPrice, LadderStep
from crossmargin.rulebooks.schema import Contract, RatioConvention

BOOK = load_rulebook("okx")
D = Decimal
BTC, ADA = "BTC-USDT-SWAP", "ADA-USDT-SWAP"


def judged(
    balances: dict[str, str],
    *positions: Position,
    marks: dict[str, str] | None = None,
    index: dict[str, str] | None = None,
    leverage: dict[str, str] | None = None,
):
    """Return the account; an index makes it one of multi-currency margin."""
    account = Account(
        {asset: D(amount) for asset, amount in balances.items()},
        positions,
        leverage={symbol: D(value) for symbol, value in (leverage or {}).items()},
        assets_mode=AssetsMode.SINGLE if index is None else AssetsMode.MULTI,
    )
    market = Market(
        {symbol: D(mark) for symbol, mark in (marks or {}).items()},
        {asset: D(price) for asset, price in (index or {}).items()},
    )
    return assess(account, market, BOOK)


@pytest.mark.parametrize(
    ("contracts", "tier", "maintenance"),
    [
        # A contract is 100 ADA, at 0.5: 50 USDT. 1,500 of them at 0.5 % and the fee of 0.05 %.
        pytest.param("1500", 1, "412.5", id="the last contract of tier 1"),
        # 75,050 × (0.75 % + 0.05 %): all of the position at the new rate.
        pytest.param("1501", 2, "600.4", id="one more asks for half as much again"),
        pytest.param("-1501", 2, "600.4", id="a short alike"),
        # 6,001 × 50 × 1.55 %.
        pytest.param("6001", 4, "4650.775", id="the first tier of the announced rule"),
        # 36,000 × 50 × 3.55 %.
        pytest.param("36000", 8, "63900", id="the last that is written out"),
        pytest.param("36001", None, None, id="unknown above"),
    ],
)
def test_a_tier_holds_for_the_whole_position(contracts, tier, maintenance):
    position = Position(ADA, D(contracts), D("0.5"))
    one = judged({"USDT": "100000"}, position, marks={ADA: "0.5"}).positions[0]

    assert (tier, maintenance and D(maintenance)) == (one.tier, one.maintenance_margin)


@pytest.mark.parametrize("mark", ["0.25", "0.5", "5"])
def test_tiers_are_of_contracts_and_prices_do_not_change_them(mark):
    position = Position(ADA, D(3000), D("0.5"))

    assert judged({"USDT": "1"}, position, marks={ADA: mark}).positions[0].tier == 2


@pytest.mark.parametrize(
    ("symbol", "contracts"),
    [
        pytest.param(BTC, "1000.01", id="above tier 1"),
        pytest.param("ETH-USDT-SWAP", "5000.01", id="above tier 1 of ETH"),
        pytest.param("BTC-USD-SWAP", "1", id="a contract without tiers"),
    ],
)
def test_where_no_tier_is_known_health_is_unknown(symbol, contracts):
    settle = BOOK.contracts[symbol].instrument.settle
    position = Position(symbol, D(contracts), D(1000))
    pool = judged({settle: "100"}, position, marks={symbol: "1000"}).pools[0]

    assert pool.health is None
    assert (f"margin tiers of {symbol}",) == pool.missing


def test_the_margin_ratio_is_that_of_the_documented_balance():
    # Get balance, sample: adjEq, notionalUsd and mgnRatio; 100 contracts are 1 BTC, at notionalUsd.
    position = Position(BTC, D(100), D("85.7068529"))
    pool = judged(
        {"USDT": "55415.624719833286"},
        position,
        marks={BTC: "85.7068529"},
        index={"USDT": "1"},
        leverage={BTC: "10"},
    ).pool
    ratio = quotient_down(pool.health.equity, pool.health.maintenance_margin)

    assert abs(D("143682.59776662575") - ratio) < D("1e-8")
    assert D("8.57068529") == pool.health.initial_margin
    assert RatioConvention.EQUITY_OVER_MAINTENANCE is BOOK.ratio_convention


@pytest.mark.parametrize(
    ("wallet", "is_liquidatable"),
    [
        # 1 BTC at 10,000 asks 10,000 × (0.4 % + 0.05 %).
        pytest.param("45.01", False, id="above"),
        pytest.param("45", True, id="at 100 %"),
        pytest.param("44.99", True, id="below"),
    ],
)
def test_liquidation_is_at_a_ratio_of_100_percent(wallet, is_liquidatable):
    position = Position(BTC, D(100), D(10_000))
    pool = judged({"USDT": wallet}, position, marks={BTC: "10000"}).pools[0]

    assert is_liquidatable == pool.is_liquidatable


@pytest.mark.parametrize(
    ("mode", "initial"),
    [
        # 1 BTC, entered at 10,000, at 12,000 now, 10x.
        pytest.param(MarginMode.CROSS, "1200", id="cross at the mark"),
        pytest.param(MarginMode.ISOLATED, "1000", id="isolated at entry"),
    ],
)
def test_initial_margin_floats_in_cross_mode_alone(mode, initial):
    margin = D(1000) if mode is MarginMode.ISOLATED else ZERO
    position = Position(BTC, D(100), D(10_000), mode, margin)
    assessment = judged({"USDT": "9000"}, position, marks={BTC: "12000"}, leverage={BTC: "10"})

    assert D(initial) == assessment.positions[0].initial_margin


def test_an_isolated_inverse_future_is_liquidated_where_the_documented_one_is():
    # Get positions, sample: one contract of 10 USD, tier rate 0.8 %; the price printed is one
    # tick above 10 × 1.0085 ÷ (margin + 10 ÷ 2566.31).
    symbol = "ETH-USD-210430"
    instrument = Instrument(symbol, Kind.INVERSE_FUTURE, "ETH", "ETH", D(10))
    tiers = Tiers.of((Tier(ZERO, D("0.008"), ZERO, D(50)),))
    book = replace(BOOK, contracts={symbol: Contract(instrument, tiers)})
    margin = D("0.0003896645377994")
    position = Position(symbol, D(1), D("2566.31"), MarginMode.ISOLATED, margin)
    account = Account({"ETH": margin}, (position,), leverage={symbol: D(10)})
    assessment = assess(account, Market({symbol: D("2565.656")}), book)

    assert abs(margin - assessment.positions[0].initial_margin) < D("1e-15")
    lower = assessment.boundaries.positions[0].lower
    assert abs(D("2352.8496681818233") - D("0.01") - lower) < D("1e-7")


@pytest.mark.parametrize(
    ("amount", "worth"),
    [
        # Documentation's sample: 98 % up to 20 BTC, 97.75 % up to 25; at 10,000.
        ("1", "9800"),
        ("20", "196000"),
        ("22", "215550"),
        ("25", "244875"),
    ],
)
def test_each_slice_of_bitcoin_counts_by_its_own_rate(amount, worth):
    pool = judged({"BTC": amount}, index={"BTC": "10000"}).pool

    assert D(worth) == pool.health.equity


def test_what_more_bitcoin_than_was_published_counts_for_is_unknown():
    pool = judged({"BTC": "30"}, index={"BTC": "10000"}).pool

    assert (None, ("collateral slices of BTC above 25",)) == (pool.health, pool.missing)


def test_eleven_million_tether_count_as_published():
    pool = judged({"USDT": "11000000"}, index={"USDT": "1"}).pool

    assert D(10_825_000) == pool.health.equity


def test_a_debt_asks_what_the_documented_one_asks():
    # Position builder, sample: 10 % to open; 2 % to keep, and the fee of 0.1 % of debt and those
    # 2 %: 1571.064377796 + 78,553.2188898 × 1.02 × 0.1 %.
    pool = judged({"USDT": "-78589.37"}, index={"USDT": "0.99954"}).pool

    assert D("-78553.2188898") == pool.health.equity
    assert D("7855.32188898") == pool.health.initial_margin
    assert D("1571.064377796") + D("80.124283267596") == pool.health.maintenance_margin


def test_there_are_isolated_positions_in_multi_currency_margin():
    position = Position(BTC, D(100), D(10_000), MarginMode.ISOLATED, D(1000))
    assessment = judged(
        {"USDT": "3000"}, position, marks={BTC: "10000"}, index={"USDT": "1", "BTC": "10000"}
    )

    assert D(2000) == assessment.pool.health.equity
    assert D(1000) == assessment.buckets[0].health.equity


def test_liquidation_goes_two_tiers_down_and_deleverages_at_the_mark():
    assert (
        LadderStep.CANCEL_ORDERS,
        LadderStep.REDUCE_BY_TWO_TIERS,
        LadderStep.TAKE_OVER,
    ) == BOOK.liquidation.steps
    assert AdlPrice.MARK is BOOK.adl.price
    assert not BOOK.adl.is_loss_socialised


@pytest.mark.parametrize(
    ("symbol", "kind", "multiplier"),
    [
        (BTC, Kind.LINEAR_PERPETUAL, "0.01"),
        ("ETH-USDT-SWAP", Kind.LINEAR_PERPETUAL, "0.1"),
        (ADA, Kind.LINEAR_PERPETUAL, "100"),
        ("BTC-USD-SWAP", Kind.INVERSE_PERPETUAL, "100"),
    ],
)
def test_contracts_are(symbol, kind, multiplier):
    instrument = BOOK.contracts[symbol].instrument

    assert (kind, D(multiplier)) == (instrument.kind, instrument.multiplier)
