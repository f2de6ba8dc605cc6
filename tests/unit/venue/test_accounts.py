"""Accounts opened and paid: what moves, what is refused, and that refusals change nothing."""

import pytest
from msgspec.structs import replace

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.rulebooks.schema import Collateral, Contract
from crossmargin.venue import command, event
from crossmargin.venue.asset_prices import observe_asset
from crossmargin.venue.command import ObserveAsset
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from tests.toys import linear
from tests.unit.venue.asking import LADDER, RULES, D, ask, do, family, multi, refused, scene
from tests.unit.venue.stage import Stage


def test_an_account_is_opened_empty_in_the_venues_first_mode():
    stage = Stage(RULES)

    do(stage, ask(command.OpenAccount, is_maker=True))

    ann = stage.state.accounts["ann"]
    assert (ann.is_maker, ann.parent, ann.balances) == (True, "", {})
    assert ann.assets_mode is AssetsMode.SINGLE


@pytest.mark.parametrize(
    ("name", "parent", "code"),
    [
        pytest.param("", "", Code.UNKNOWN_ACCOUNT, id="no name"),
        pytest.param("a\nb", "", Code.UNKNOWN_ACCOUNT, id="a name that forges lines"),
        pytest.param("\u0430nn", "", Code.UNKNOWN_ACCOUNT, id="a name like another"),
        pytest.param(" ann", "", Code.UNKNOWN_ACCOUNT, id="a name with a margin"),
        pytest.param("a" * 65, "", Code.UNKNOWN_ACCOUNT, id="a long name"),
        pytest.param("ann", "", Code.ACCOUNT_EXISTS, id="there already"),
        pytest.param("fund", "", Code.ACCOUNT_EXISTS, id="the venue's own"),
        pytest.param("new", "nobody", Code.UNKNOWN_ACCOUNT, id="no such parent"),
        pytest.param("new", "fund", Code.UNKNOWN_ACCOUNT, id="under the venue's own"),
        pytest.param("new", "sub", Code.NOT_FAMILY, id="under a sub-account"),
        pytest.param("new", "new", Code.UNKNOWN_ACCOUNT, id="under itself"),
    ],
)
def test_an_account_is_not_opened(name, parent, code):
    asked = ask(command.OpenAccount, name, parent=parent)

    assert refused(family(), asked).code == code


def test_the_venues_own_name_is_not_to_be_had_before_the_venue_needs_it():
    asked = ask(command.OpenAccount, "fund")

    assert refused(Stage(RULES), asked).code == Code.ACCOUNT_EXISTS


@pytest.mark.parametrize(
    "asked",
    [
        ask(command.Withdraw, asset="USDT", amount=D(1)),
        ask(command.Convert, asset="USDT", to="USDC", amount=D(1)),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_no_money_leaves_on_collateral_whose_price_has_grown_old(asked):
    prices = {"USDT": "1", "USDC": "1", "BTC": "20000"}
    rules = replace(RULES, collateral={**RULES.collateral, "USDC": Collateral(D(0), D(0))})
    stage = multi("0.1", rules=rules)
    for asset, price in prices.items():
        said = ObserveAsset(at_ms=1, asset=asset, source="a", price=D(price))
        stage.do(observe_asset, said)
    # BTC is the one that nobody says anything of for a minute and a millisecond.
    for asset in ("USDT", "USDC"):
        later = ObserveAsset(at_ms=60_002, asset=asset, source="a", price=D(1))
        stage.do(observe_asset, later)
    late = replace(asked, at_ms=60_002)
    assert refused(stage, late).code == Code.PRICES_UNUSABLE
    stage.do(observe_asset, ObserveAsset(at_ms=60_002, asset="BTC", source="a", price=D(20_000)))
    assert do(stage, late)


BAD_AMOUNTS = ["0", "-0", "-1", "NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E-9", "1E+18"]


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
@pytest.mark.parametrize(
    "asked",
    [
        ask(command.Deposit, asset="USDT", amount=D(1)),
        ask(command.Withdraw, asset="USDT", amount=D(1)),
        ask(command.Transfer, to="sub", asset="USDT", amount=D(1)),
        ask(command.FeedFund, "", asset="USDT", amount=D(1)),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_an_amount_is_above_zero_finite_and_has_at_most_eight_places(asked, amount):
    refusal = refused(family(), replace(asked, amount=D(amount)))

    assert refusal.code == Code.BAD_NUMBER


@pytest.mark.parametrize("amount", ["0.00000001", "1.0000000000", "1E+3"])
def test_a_sound_amount_is_paid_in_from_outside(amount):
    stage = family()

    (paid,) = do(stage, ask(command.Deposit, asset="BTC", amount=D(amount)))

    assert event_audit(paid) == []
    assert stage.state.purse("account/ann", "BTC") == D(amount)
    assert stage.state.purse("outside", "BTC") == -D(amount)


def test_the_fund_is_fed_from_outside():
    stage = family()

    (fed,) = do(stage, ask(command.FeedFund, "", asset="USDT", amount=D(5)))

    assert event_audit(fed) == []
    assert stage.state.purse("fund", "USDT") == 5
    assert audit(stage.state) == []


@pytest.mark.parametrize("name", ["nobody", "fund", ""])
@pytest.mark.parametrize(
    "asked",
    [
        ask(command.Deposit, asset="USDT", amount=D(1)),
        ask(command.Withdraw, asset="USDT", amount=D(1)),
        ask(command.Transfer, to="sub", asset="USDT", amount=D(1)),
        ask(command.SetLeverage, symbol="BTCUSDT", leverage=D(5)),
        ask(command.SetMarginMode, symbol="BTCUSDT", mode=MarginMode.ISOLATED),
        ask(command.SetPositionMode, mode=PositionMode.HEDGE),
        ask(command.SetAssetsMode, mode=AssetsMode.MULTI),
        ask(command.MoveMargin, symbol="BTCUSDT", amount=D(1)),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_only_accounts_of_owners_are_commanded(asked, name):
    assert refused(family(), replace(asked, account=name)).code == Code.UNKNOWN_ACCOUNT


@pytest.mark.parametrize(
    "asked",
    [
        ask(command.Deposit, asset="DOGE", amount=D(1)),
        ask(command.Withdraw, asset="DOGE", amount=D(1)),
        ask(command.FeedFund, "", asset="DOGE", amount=D(1)),
        ask(command.SetLeverage, symbol="DOGEUSDT", leverage=D(5)),
        ask(command.SetMarginMode, symbol="DOGEUSDT", mode=MarginMode.ISOLATED),
        ask(command.MoveMargin, symbol="DOGEUSDT", amount=D(1)),
    ],
    ids=lambda asked: type(asked).__name__,
)
def test_what_the_venue_does_not_know_is_refused(asked):
    assert refused(family(), asked).code == Code.UNKNOWN_SYMBOL


@pytest.mark.parametrize(
    ("stage", "most", "beyond"),
    [
        # Nothing open: the wallet.
        pytest.param(lambda: scene(size="0"), "10000", Code.BALANCE_INSUFFICIENT, id="idle"),
        # Initial margin 50 000 / 20 = 2 500.
        pytest.param(scene, "7500", Code.MARGIN_INSUFFICIENT, id="a position"),
        # Equity 10 000 + 2 000, initial margin 52 000 / 20 = 2 600.
        pytest.param(
            lambda: scene(mark="52000"), "9400", Code.MARGIN_INSUFFICIENT, id="profit frees margin"
        ),
        # Equity 20 000, initial margin 3 000: free is 17 000, but profit never leaves.
        pytest.param(
            lambda: scene(mark="60000"), "10000", Code.BALANCE_INSUFFICIENT, id="profit stays"
        ),
        # Where the operator lets half of it: 10 000 + 5 000. All of it: what is free.
        pytest.param(
            lambda: scene(mark="60000", settings=VenueSettings(profit_leaves_fraction=D("0.5"))),
            "15000",
            Code.BALANCE_INSUFFICIENT,
            id="half of a profit leaves",
        ),
        pytest.param(
            lambda: scene(mark="60000", settings=VenueSettings(profit_leaves_fraction=D(1))),
            "17000",
            Code.MARGIN_INSUFFICIENT,
            id="a profit leaves",
        ),
        # Equity 10 000 − 4 000, initial margin 46 000 / 20 = 2 300.
        pytest.param(lambda: scene(mark="46000"), "3700", Code.MARGIN_INSUFFICIENT, id="a loss"),
        # The bucket's 3 000 are part of the wallet, and nothing else is asked of the pool.
        pytest.param(
            lambda: scene(margin="3000"), "7000", Code.BALANCE_INSUFFICIENT, id="a bucket"
        ),
        # One more bought at 40 000: held 50 000 + 40 000, of which 1/20; nothing lost at mark.
        pytest.param(
            lambda: scene(orders=[("BTCUSDT", "1", "40000")]),
            "5500",
            Code.MARGIN_INSUFFICIENT,
            id="an order",
        ),
    ],
)
def test_all_that_is_free_may_leave_and_not_a_unit_more(stage, most, beyond):
    step = D("0.00000001")
    over = ask(command.Withdraw, asset="USDT", amount=D(most) + step)

    assert refused(stage(), over).code == beyond

    acted = stage()
    (paid,) = do(acted, replace(over, amount=D(most)))
    assert event_audit(paid) == []
    assert acted.state.purse("account/ann", "USDT") == 10_000 - D(most)
    assert acted.state.purse("outside", "USDT") == D(most) - 10_000


@pytest.mark.parametrize(
    ("size", "asset", "most", "beyond"),
    [
        pytest.param("0", "BTC", "1", Code.BALANCE_INSUFFICIENT, id="no loan of another asset"),
        # 10 units: 500 000, initial margin 25 000; the pool has 10 000 + 0.95 × 20 000 = 29 000.
        # 4 000 are free: 4 000 / 19 000 = 0.210526315… BTC, or 4 000 USDT.
        pytest.param("10", "BTC", "0.21052631", Code.MARGIN_INSUFFICIENT, id="after the haircut"),
        pytest.param("10", "USDT", "4000", Code.MARGIN_INSUFFICIENT, id="in dollars"),
    ],
)
def test_in_multi_assets_mode_the_one_pool_decides(size, asset, most, beyond):
    over = ask(command.Withdraw, asset=asset, amount=D(most) + D("0.00000001"))

    assert refused(multi(size), over).code == beyond
    assert do(multi(size), replace(over, amount=D(most)))


@pytest.mark.parametrize("kind", ["withdraw", "transfer"])
@pytest.mark.parametrize(
    ("happens", "code"),
    [
        pytest.param(
            event.PriceSet(symbol="BTCUSDT", index=None, mark=None, last=None),
            Code.HEALTH_UNKNOWN,
            id="no mark",
        ),
        pytest.param(
            event.BreakerSet(symbol="BTCUSDT", state=event.Breaker.DEGRADED, why="test"),
            Code.PRICES_UNUSABLE,
            id="a mark that is not acted upon",
        ),
    ],
)
def test_nothing_leaves_where_health_is_not_known(kind, happens, code):
    stage = scene()
    stage.emit(event.AccountOpened(account="sub", parent="ann"), happens)
    fields = {"asset": "USDT", "amount": D(1)}
    withdrawal = ask(command.Withdraw, **fields)
    asked = withdrawal if kind == "withdraw" else ask(command.Transfer, to="sub", **fields)

    assert refused(stage, asked).code == code


def test_other_pools_are_not_held_by_what_is_unknown_of_one():
    stage = scene()
    posting = event.Posting("outside", "account/ann", "BTC", D(1))
    stage.emit(
        event.MoneyMoved(why="deposit", postings=(posting,)),
        event.PriceSet(symbol="BTCUSDT", index=None, mark=None, last=None),
    )

    assert do(stage, ask(command.Withdraw, asset="BTC", amount=D(1)))


@pytest.mark.parametrize(("source", "target"), [("ann", "sub"), ("sub", "ann"), ("sub", "other")])
def test_money_moves_within_a_family(source, target):
    stage = family()
    do(stage, ask(command.Deposit, source, asset="USDT", amount=D(100)))
    before = stage.state.purse(f"account/{target}", "USDT")

    do(stage, ask(command.Transfer, source, to=target, asset="USDT", amount=D(100)))

    assert stage.state.purse(f"account/{target}", "USDT") == before + 100
    assert audit(stage.state) == []


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [
        ("ann", "bob", Code.NOT_FAMILY),
        ("ann", "ann", Code.NOT_FAMILY),
        ("bob", "sub", Code.NOT_FAMILY),
        ("ann", "nobody", Code.UNKNOWN_ACCOUNT),
        ("ann", "fund", Code.UNKNOWN_ACCOUNT),
        ("sub", "other", Code.BALANCE_INSUFFICIENT),
    ],
)
def test_money_does_not_move_to_strangers_nor_from_nothing(source, target, code):
    asked = ask(command.Transfer, source, to=target, asset="USDT", amount=D(1))

    assert refused(family(), asked).code == code


def test_what_a_contract_is_named_is_what_it_settles_in():
    # A deposit is of an asset that something settles in or that is collateral.
    rules = replace(RULES, contracts={"BTCUSDT": Contract(linear("BTCUSDT"), LADDER)})
    stage = Stage(replace(rules, collateral={}))
    stage.funded("ann")

    assert do(stage, ask(command.Deposit, asset="USDT", amount=D(1)))
    asked = ask(command.Deposit, asset="BTC", amount=D(1))
    assert refused(stage, asked).code == Code.UNKNOWN_SYMBOL
