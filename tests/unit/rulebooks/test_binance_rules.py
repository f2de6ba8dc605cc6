"""What Binance publishes, as the packaged rulebooks have it."""

from decimal import Decimal

import pytest

from crossmargin.model.instrument import Kind
from crossmargin.rulebooks.loader import editions, load_rulebook
from crossmargin.rulebooks.procedure import Change, LadderStep
from crossmargin.rulebooks.schema import Confidence

USDM = load_rulebook("binance-usdm")
COINM = load_rulebook("binance-coinm")


def rates(asset: str, index: str) -> tuple[Decimal, Decimal]:
    collateral = USDM.collateral[asset]
    price = Decimal(index)
    return price * (1 - collateral.bid_buffer), price * (1 + collateral.ask_buffer)


@pytest.mark.parametrize(
    ("asset", "index", "bid", "ask", "step"),
    [
        # API documentation, multi-assets mode asset index.
        pytest.param(
            "ADA", "1.92957370", "1.73661633", "2.12253107", "1e-8", id="ADA as in the API sample"
        ),
        # An account reply (ccxt binance.js); the index is the one that both rates imply.
        pytest.param(
            "USDT", "0.99988078", "0.99978079", "0.99998077", "1e-8", id="USDT as an account had it"
        ),
        # GoCryptoTrader, a reply of October 2026; figures are cut.
        pytest.param(
            "BTC", "86168.37311999", "81859.95446399", "90476.79177599", "2e-8", id="BTC in 2026"
        ),
    ],
)
def test_collateral_converts_as_published(asset, index, bid, ask, step):
    actual = rates(asset, index)

    assert abs(Decimal(bid) - actual[0]) < Decimal(step)
    assert abs(Decimal(ask) - actual[1]) < Decimal(step)


# FAQ 29b45c48…, 2021-05-28, and multi-asset-info.
@pytest.mark.parametrize(
    ("asset", "ratio"),
    [
        *[(asset, "0.95") for asset in ("BTC", "ETH", "BNB")],
        *[(asset, "0.9") for asset in ("XRP", "ADA", "DOT", "SOL")],
        ("USDT", "0.9999"),
        ("USDC", "0.9999"),
        ("BUSD", "1"),
        ("FDUSD", "0.989"),
    ],
)
def test_the_collateral_value_ratio_is_what_the_bid_buffer_leaves(asset, ratio):
    assert Decimal(ratio) == 1 - USDM.collateral[asset].bid_buffer


def test_auto_exchange_of_bitcoin_takes_two_and_a_half_percent():
    # multi-asset-info: 20,000 / 97.5 % = 20,513.
    assert Decimal("0.025") == USDM.collateral["BTC"].exchange_bid_buffer


def test_assets_without_a_published_ratio_are_absent():
    assert USDM.collateral.get("DOGE") is None


# API error codes.
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (Change.MARGIN_MODE, [-4047, -4048]),
        (Change.POSITION_MODE, [-4067, -4068]),
        (Change.LOWER_LEVERAGE, [-4161]),
        (Change.MULTI_ASSETS, [-4167, -4169, -4170, -4172, 0]),
        (Change.ISOLATED, [-4168]),
        (Change.ADD_MARGIN, [-4049, -4054]),
        (Change.ORDER, [-4061, -4062]),
    ],
)
def test_changes_are_refused_with_the_venues_codes(change, codes):
    assert codes == [rule.code for rule in USDM.switches if rule.change == change]


def test_liquidation_starts_at_a_margin_ratio_of_one_and_cancels_orders_first():
    for rulebook in (USDM, COINM):
        assert not rulebook.liquidation.is_trigger_strict
        assert LadderStep.CANCEL_ORDERS == rulebook.liquidation.steps[0]


def test_funding_is_the_published_formula():
    # FAQ 360033525031: every 8 hours, interest 0.01 %, clamped to ± 0.05 %.
    assert (28_800_000, Decimal("0.0001"), Decimal("0.0005")) == (
        USDM.funding.interval_ms,
        USDM.funding.interest_rate,
        USDM.funding.damper,
    )


def test_the_coin_ladder_has_the_published_bounds_leverage_and_last_deduction():
    # FAQ be2c7d9d… (bounds, leverage), FAQ ceccfcfb… (12.5 % and 11.605 BTC).
    tiers = COINM.contracts["BTCUSD_PERP"].tiers

    assert [
        ("0", "125"),
        ("5", "100"),
        ("10", "50"),
        ("20", "20"),
        ("50", "10"),
        ("100", "5"),
        ("200", "4"),
    ] == [(str(tier.floor), str(tier.leverage_max)) for tier in tiers.pieces]
    assert (Decimal("0.125"), Decimal("11.605"), None, Decimal(400)) == (
        tiers.pieces[-1].rate,
        tiers.pieces[-1].deduction,
        tiers.cap,
        tiers.known_to,
    )


def test_a_coin_contract_is_worth_a_hundred_dollars():
    instrument = COINM.contracts["BTCUSD_PERP"].instrument

    assert (Kind.INVERSE_PERPETUAL, "BTC", "BTC", Decimal(100)) == (
        instrument.kind,
        instrument.settle,
        instrument.base,
        instrument.multiplier,
    )


def test_assets_modes_are_those_the_venue_has():
    assert (("single", "multi"), ("single",)) == (USDM.assets_modes, COINM.assets_modes)


@pytest.mark.parametrize("venue", ["binance-usdm", "binance-coinm"])
def test_what_is_not_published_has_a_sentence(venue):
    for edition in editions(venue):
        rulebook = load_rulebook(venue, edition=edition)
        sentences = [*rulebook.assumptions, *rulebook.notes.values()]
        sentences += [entry.assumption for entry in rulebook.collateral.values()]
        assert all(sentence is None or sentence.endswith(".") for sentence in sentences)
        assert {"leverage", "fees", "funding", "liquidation"} <= rulebook.notes.keys()
        assert Confidence.MEMORY == rulebook.sources["memory"].confidence
