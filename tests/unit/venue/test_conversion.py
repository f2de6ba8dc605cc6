"""One asset exchanged for another: at the index, for a fee, if margin allows it."""

from decimal import Decimal

import pytest

from crossmargin.venue import command, event
from crossmargin.venue.asset_prices import observe_asset
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from tests.unit.venue.asking import ask, do, multi, refused, scene
from tests.unit.venue.test_ledger import paid

D = Decimal
NO_INDEX = event.AssetPriceSet(asset="BTC", price=None)


def convert(amount, asset="BTC", to="USDT"):
    return ask(command.Convert, asset=asset, to=to, amount=D(amount))


def test_what_is_sold_brings_the_index_less_the_fee():
    stage = multi()
    (done,) = do(stage, convert("0.5"))

    # 0.5 x 20 000 less 0.1 %, which stays with the desk.
    assert {"USDT": D(19_990), "BTC": D("0.5")} == stage.state.accounts["ann"].balances
    assert D(-9990) == stage.state.purse("exchange", "USDT")
    assert D("0.5") == stage.state.purse("exchange", "BTC")
    assert [] == event_audit(done)
    assert [] == audit(stage.state)


def test_what_is_received_is_rounded_down():
    stage = multi()
    do(stage, convert("1", "USDT", "BTC"))

    # 0.999 / 20 000 = 0.00004995
    assert D("1.00004995") == stage.state.accounts["ann"].balances["BTC"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param(convert("0"), Code.BAD_NUMBER, id="nothing"),
        pytest.param(convert("1.00000001"), Code.BALANCE_INSUFFICIENT, id="more than there is"),
        pytest.param(convert("1", to="BTC"), Code.NOTHING_TO_CONVERT, id="for itself"),
        pytest.param(
            convert("0.00000001", "USDT", "BTC"), Code.NOTHING_TO_CONVERT, id="worth nothing"
        ),
        pytest.param(convert("1", to="DOGE"), Code.UNKNOWN_SYMBOL, id="for what nobody knows"),
        pytest.param(convert("1", "DOGE"), Code.UNKNOWN_SYMBOL, id="of what nobody knows"),
    ],
)
def test_what_cannot_be_converted_is_refused(asked, code):
    assert code == refused(multi(), asked).code


def test_nothing_is_converted_at_a_price_that_nobody_knows():
    stage = multi()
    stage.emit(NO_INDEX)

    assert Code.PRICES_UNUSABLE == refused(stage, convert("1")).code


def test_nothing_is_converted_at_a_price_that_has_grown_old():
    stage = multi()
    seen = command.ObserveAsset(at_ms=1, asset="BTC", source="feed", price=D(20_000))
    stage.do(observe_asset, seen)
    stage.state.advance(60_002)

    assert Code.PRICES_UNUSABLE == refused(stage, convert("1")).code


@pytest.mark.parametrize(
    ("size", "asked", "code"),
    [
        # Initial margin 25 000 of 29 000; half of 10 000 in BTC counts 4 750: 23 750.
        pytest.param(
            "10", convert("10000", "USDT", "BTC"), Code.MARGIN_INSUFFICIENT, id="it would cost"
        ),
        # 30 000 of 29 000: already too little, and dollars counted in full make it worse.
        pytest.param("12", convert("1", "USDT", "BTC"), Code.MARGIN_INSUFFICIENT, id="worse"),
    ],
)
def test_margin_must_allow_it(size, asked, code):
    dear = VenueSettings(conversion_fee_fraction=D("0.5"))

    assert code == refused(multi(size, settings=dear), asked).code


def test_what_helps_an_account_in_trouble_is_not_refused():
    # 30 000 are asked of 29 000; 1 BTC that counts 19 000 brings 19 980.
    stage = multi("12")
    do(stage, convert("1"))

    assert D(29_980) == stage.state.accounts["ann"].balances["USDT"]


@pytest.mark.parametrize(
    ("amount", "code"), [("7500", None), ("7500.00000001", Code.MARGIN_INSUFFICIENT)]
)
def test_in_single_asset_mode_what_is_sold_leaves_its_pool(amount, code):
    # 10 000 with 50 000 / 20 of initial margin.
    stage = scene()
    stage.emit(
        event.AssetPriceSet(asset="USDT", price=D(1)),
        event.AssetPriceSet(asset="BTC", price=D(20_000)),
    )
    asked = convert(amount, "USDT", "BTC")
    if code is not None:
        assert code == refused(stage, asked).code
        return
    do(stage, asked)

    assert D("0.374625") == stage.state.accounts["ann"].balances["BTC"]


def test_a_debt_is_paid_by_converting_into_it():
    stage = multi()
    stage.emit(paid("account/ann", "outside", "15000"))
    do(stage, convert("0.25"))

    # −5 000 + 0.25 x 20 000 x 0.999
    assert D(-5) == stage.state.accounts["ann"].balances["USDT"]
