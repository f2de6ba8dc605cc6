"""Debts above the venue's threshold are paid by selling collateral pro rata."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.model.account import AssetsMode
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import Debts
from crossmargin.rulebooks.schema import Collateral
from crossmargin.venue import event
from crossmargin.venue.auto_exchange import Holding, collateral_sold, repay_debts
from crossmargin.venue.command import Tick
from crossmargin.venue.ledger import audit, event_audit
from tests.unit.venue.stage import RULES, Stage
from tests.unit.venue.test_ledger import paid

D = Decimal
COLLATERAL = {
    "USDT": Collateral(D(0), D(0), is_stable=True),
    "BTC": Collateral(
        D("0.05"), D("0.05"), exchange_bid_buffer=D("0.025"), exchange_ask_buffer=D("0.025")
    ),
    "ETH": Collateral(D("0.1"), D("0.1")),
}
BOOK = replace(RULES.with_collateral(COLLATERAL), debts=Debts(D(10_000)))


@pytest.mark.parametrize(
    ("debt", "holdings", "sold"),
    [
        # Binance's example: 20 000 / 97.5 % = 20 513, here of an asset worth 1.
        pytest.param(
            "20000", {"A": ("50000", "1", "0.975")}, {"A": "20512.82051283"}, id="one asset"
        ),
        # 3 000 and 1 000 of worth: three quarters of 975 at 0.975, one at 0.9.
        pytest.param(
            "975",
            {"A": ("3000", "1", "0.975"), "B": ("10", "100", "90")},
            {"A": "750", "B": "2.70833334"},
            id="in proportion to worth",
        ),
        pytest.param("975", {"A": ("500", "1", "0.975")}, {"A": "500"}, id="all there is"),
        pytest.param("975", {}, {}, id="nothing is there"),
    ],
)
def test_collateral_is_sold_pro_rata(debt, holdings, sold):
    given = {name: Holding(*map(D, row)) for name, row in holdings.items()}

    assert {name: D(amount) for name, amount in sold.items()} == collateral_sold(D(debt), given)


def owing(usdt, mode=AssetsMode.MULTI, rules=BOOK, **held):
    """Return ann with a debt and collateral, BTC at 20 000 and ETH at 2 000."""
    stage = Stage(rules)
    stage.funded("ann", "1")
    stage.emit(
        paid("account/ann", "outside", str(D(1) - D(usdt))),
        *(paid("outside", "account/ann", amount, asset) for asset, amount in held.items()),
        event.AssetsModeSet(account="ann", mode=mode),
        event.AssetPriceSet(asset="USDT", price=D(1)),
        event.AssetPriceSet(asset="BTC", price=D(20_000)),
        event.AssetPriceSet(asset="ETH", price=D(2_000)),
    )
    return stage


def repaid(stage):
    def act(decision, _command):
        decision.touched["ann"] = None
        repay_debts(decision)

    events = stage.do(act, Tick(at_ms=0))
    assert [] == audit(stage.state)
    assert [] == [words for one in events for words in event_audit(one)]
    return stage.state.accounts["ann"].balances


def test_a_debt_above_the_threshold_is_brought_to_zero():
    stage = owing("-20000", BTC="2")

    # 20 000 / (20 000 x 0.975) = 1.0256410256…, rounded up.
    assert {"USDT": D(0), "BTC": D("0.97435897")} == repaid(stage)
    assert D("1.02564103") == stage.state.purse("exchange", "BTC")


def test_without_buffers_of_its_own_an_asset_is_exchanged_at_what_it_counts_for():
    # Worth 20 000 each: half of 18 000 at 0.975 and half at 0.9.
    balances = repaid(owing("-18000", BTC="1", ETH="10"))

    assert {"USDT": D(0), "BTC": D("0.53846153"), "ETH": D(5)} == balances


def test_what_collateral_cannot_pay_stays_owed():
    # 0.6 BTC bring 0.6 x 19 500 = 11 700.
    assert {"USDT": D(-8_300), "BTC": D(0)} == repaid(owing("-20000", BTC="0.6"))


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(lambda: owing("-10000", BTC="2"), id="not more than the threshold"),
        pytest.param(lambda: owing("-20000"), id="nothing to sell"),
        pytest.param(lambda: owing("-20000", AssetsMode.SINGLE, BTC="2"), id="single-asset mode"),
        pytest.param(
            lambda: owing("-20000", rules=replace(BOOK, debts=None), BTC="2"),
            id="a venue that exchanges nothing",
        ),
    ],
)
def test_other_debts_are_left_alone(stage):
    before = dict(stage().state.accounts["ann"].balances)

    assert before == repaid(stage())


def test_collateral_without_a_price_is_not_sold():
    stage = owing("-20000", BTC="2", ETH="20")
    stage.emit(event.AssetPriceSet(asset="BTC", price=None))

    # 20 ETH at 1 800 are 36 000: all of the debt is paid with them.
    assert {"USDT": D(0), "BTC": D(2), "ETH": D("8.88888888")} == repaid(stage)


def test_binance_exchanges_what_is_below_minus_10_000_usd():
    assert Debts(D(10_000)) == load_rulebook("binance-usdm").debts
