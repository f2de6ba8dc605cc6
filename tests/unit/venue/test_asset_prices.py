"""What a collateral asset counts for: several sources, a floor, and no faster than it may move."""

from decimal import Decimal

import pytest

from crossmargin.venue import event
from crossmargin.venue.asset_prices import check_asset_freshness, observe_asset
from crossmargin.venue.command import ObserveAsset, Tick
from crossmargin.venue.decide import decide
from crossmargin.venue.event import AssetPriceSet
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.settings import AssetRules, VenueSettings
from tests.unit.venue.asking import multi
from tests.unit.venue.stage import Stage

D = Decimal
JUMPY = VenueSettings(jump_fraction=D("0.1"), stale_ms=1000, degraded_ms=5000)


def saw(at_ms, price, source="a", *, is_redemption=False):
    return ObserveAsset(
        at_ms=at_ms, asset="USDE", source=source, price=D(price), is_redemption=is_redemption
    )


def redeemed(at_ms, price, source="issuer"):
    return saw(at_ms, price, source, is_redemption=True)


def freshness(decision, _command):
    check_asset_freshness(decision)


def priced(rules, *observations):
    """Return the index after what was said and the ticks between; None where there is none."""
    stage = Stage(settings=VenueSettings(assets={"USDE": rules}))
    for one in observations:
        stage.do(freshness if isinstance(one, Tick) else observe_asset, one)
    return stage.state.asset_prices.get("USDE")


def test_an_asset_that_jumps_has_no_price_until_it_is_seen_again():
    stage = Stage(settings=JUMPY)
    stage.do(observe_asset, saw(0, 100))
    assert stage.state.asset_prices == {"USDE": D(100)}
    stage.do(observe_asset, saw(1, 50))
    assert stage.state.asset_prices == {}
    stage.do(observe_asset, saw(2, 51))
    assert stage.state.asset_prices == {"USDE": D(51)}


def test_an_asset_price_grows_old():
    stage = Stage(settings=JUMPY)
    stage.do(observe_asset, saw(0, 100))
    assert stage.do(freshness, Tick(at_ms=1000)) == []
    assert stage.do(freshness, Tick(at_ms=1001)) == [AssetPriceSet(asset="USDE", price=None)]


def test_what_nobody_said_is_refused():
    with pytest.raises(Refusal) as refused:
        Stage().do(observe_asset, saw(0, 1, source=""))

    assert Code.MISSING_PRICE == refused.value.code


@pytest.mark.parametrize(
    ("prices", "index"),
    [
        pytest.param(("0.65", "0.998", "1"), D("0.999"), id="an outlier is left out"),
        pytest.param(("0.65", "0.998"), None, id="two that disagree agree on nothing"),
        pytest.param(("0.65",), None, id="one is not enough"),
        pytest.param(("0.65", "0.66", "1"), D("0.655"), id="a depeg that most have seen is one"),
    ],
)
def test_several_sources_have_to_agree(prices, index):
    rules = AssetRules(sources_min=2)
    said = [saw(0, price, source) for source, price in zip("abc", prices, strict=False)]

    assert index == priced(rules, *said)


def test_only_sources_that_are_named_count():
    assert D("0.65") == priced(AssetRules(sources=("b",)), saw(0, 1, "a"), saw(0, "0.65", "b"))


FLOOR = AssetRules(floor_fraction=D("0.95"), stale_ms=60_000)


@pytest.mark.parametrize(
    ("said", "index"),
    [
        pytest.param((redeemed(0, 1), saw(0, "0.65")), D("0.95"), id="never below its part"),
        pytest.param((redeemed(0, 1), saw(0, "0.97")), D("0.97"), id="above it, the market's"),
        pytest.param((saw(0, "0.65"),), D("0.65"), id="nobody says what it is"),
        pytest.param(
            (redeemed(0, 1), redeemed(0, "0.8", "other"), saw(0, "0.65")),
            D("0.76"),
            id="of two values the lower",
        ),
        pytest.param(
            (redeemed(0, 1), saw(60_001, "0.65")), D("0.65"), id="a value that has grown old"
        ),
        pytest.param(
            (redeemed(0, 1), redeemed(1, "0"), saw(1, "0.65")), D("0.65"), id="redeemed no more"
        ),
        pytest.param((redeemed(0, 1),), None, id="a value alone is no price"),
    ],
)
def test_a_redemption_value_is_a_floor(said, index):
    assert index == priced(FLOOR, *said)


SLOW = AssetRules(move_max_fraction=D("0.02"), move_ms=60_000)


@pytest.mark.parametrize(
    ("said", "index"),
    [
        pytest.param((saw(0, 1), saw(1, "0.65")), D("0.98"), id="down 2 %"),
        pytest.param((saw(0, 1), saw(1, "1.5")), D("1.02"), id="up 2 %"),
        pytest.param((saw(0, 1), saw(1, "0.99")), D("0.99"), id="within its reach"),
        pytest.param(
            (saw(0, 1), saw(1, "0.65"), saw(59_999, "0.65")), D("0.98"), id="still the same minute"
        ),
        # 0.98 x 0.98
        pytest.param(
            (saw(0, 1), saw(1, "0.65"), Tick(at_ms=60_001)), D("0.9604"), id="a minute later"
        ),
        pytest.param((saw(0, "0.65"),), D("0.65"), id="the first one is not slowed"),
        # Nothing for three minutes, which is 1 - 4 x 2 %, and from there on 2 % a minute again.
        pytest.param((saw(0, 1), saw(1, "0"), saw(180_000, "0.65")), D("0.92"), id="after a gap"),
        pytest.param(
            (saw(0, 1), saw(1, "0"), saw(180_000, "0.65"), saw(180_001, "0.65")),
            D("0.9016"),
            id="after a gap and on",
        ),
        pytest.param((saw(0, 1), saw(1, "0"), saw(2, "0.65")), D("0.98"), id="after a short gap"),
    ],
)
def test_an_index_moves_no_faster_than_it_may(said, index):
    assert index == priced(SLOW, *said)


def test_who_only_owes_is_looked_at_when_what_he_owes_it_on_falls():
    # 10,000 owed on a coin that counts for 19,000, then for 9,500: the fund pays the other 500.
    stage = multi()
    owed, fed = (
        event.Posting(source, target, "USDT", D(amount))
        for source, target, amount in (
            ("account/ann", "outside", 20_000),
            ("outside", "fund", 1000),
        )
    )
    stage.emit(event.MoneyMoved(why="test", postings=(owed, fed)))
    assert stage.state.debtors == {"ann"}
    decide(stage.state, ObserveAsset(at_ms=1, asset="BTC", source="a", price=D(10_000)))
    assert stage.state.accounts["ann"].balances == {"USDT": 0, "BTC": 0}
    assert stage.state.purse("fund", "USDT") == 500
    assert not stage.state.debtors
