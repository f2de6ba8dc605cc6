"""Portfolio mode: who may enter it, who may not, and what is not set in it any more."""

import pytest
from msgspec.structs import replace

from crossmargin.model.account import AccountMode, MarginMode, PositionMode
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.procedure import Change, Obstacle, SwitchRule
from crossmargin.venue import command, event
from crossmargin.venue.account_mode import is_by_scenarios
from crossmargin.venue.refusal import Code
from tests.unit.venue.asking import HEDGE, RULES, D, ask, do, hold, refused
from tests.unit.venue.stage import Stage

PORTFOLIO = ask(command.SetAccountMode, mode=AccountMode.PORTFOLIO)
STANDARD = ask(command.SetAccountMode, mode=AccountMode.STANDARD)
DERIBIT = load_rulebook("deribit")
OKX = load_rulebook("okx")
PERPETUAL = "BTC_USDC-PERPETUAL"


def with_entry(entry):
    """Return Deribit's rules with another entry equity."""
    rule = replace(DERIBIT.portfolio, entry_equity_usd=None if entry is None else D(entry))
    return replace(DERIBIT, portfolio=rule)


def scene(*events, entry=None, amount="10000", size="0", rules=None):
    """Return ann with USDC and a perpetual from 50 000, which is at 50 000."""
    stage = Stage(rules or with_entry(entry))
    stage.funded("ann", amount, asset="USDC")
    stage.priced(PERPETUAL, "50000")
    stage.emit(event.AssetPriceSet(asset="BTC", price=D(50_000)))
    if D(size):
        hold(stage, "ann", PERPETUAL, size)
    stage.emit(*events)
    return stage


def test_an_account_begins_in_the_venues_first_mode():
    pooled = load_rulebook("binance-portfolio-margin")

    assert scene().state.accounts["ann"].mode is AccountMode.STANDARD
    assert Stage(pooled).funded("ann").mode is AccountMode.PORTFOLIO


def test_there_and_back():
    stage = scene(size="1")

    do(stage, PORTFOLIO)
    ann = stage.state.accounts["ann"]
    assert ann.mode is ann.view().mode is AccountMode.PORTFOLIO
    assert is_by_scenarios(stage.state, ann)
    do(stage, STANDARD)
    assert ann.mode is ann.view().mode is AccountMode.STANDARD


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        pytest.param(lambda: Stage(RULES), Code.NO_SUCH_MODE, id="the venue has none"),
        pytest.param(
            lambda: scene(event.PositionModeSet(account="ann", mode=PositionMode.HEDGE)),
            Code.MODE_BLOCKED,
            id="hedge mode",
        ),
        pytest.param(
            lambda: scene(
                event.MarginModeSet(account="ann", symbol=PERPETUAL, mode=MarginMode.ISOLATED)
            ),
            Code.MODE_BLOCKED,
            id="something isolated",
        ),
        pytest.param(
            lambda: scene(entry="10000.01"), Code.MARGIN_INSUFFICIENT, id="less than the entry"
        ),
        # The matrix moves BTC by 16 %: 1 coin at 50 000 loses 8 000 and is asked for more.
        pytest.param(
            lambda: scene(size="1", amount="8000"), Code.MARGIN_INSUFFICIENT, id="margin is short"
        ),
        pytest.param(
            lambda: scene(event.AssetPriceSet(asset="BTC", price=None), size="1", amount="8000"),
            Code.MARGIN_INSUFFICIENT,
            id="the mark stands in for an index",
        ),
        pytest.param(
            lambda: scene(
                event.PriceSet(symbol=PERPETUAL, index=None, mark=None, last=None), size="1"
            ),
            Code.HEALTH_UNKNOWN,
            id="no mark",
        ),
    ],
)
def test_who_may_not_enter(stage, code):
    scene = stage()
    if "ann" not in scene.state.accounts:
        scene.funded("ann")

    assert refused(scene, PORTFOLIO).code == code


def test_just_the_entry_is_enough_and_in_single_asset_mode_every_pool_counts():
    stage = scene(entry="12500", amount="10000")
    posting = event.Posting("outside", "account/ann", "BTC", D("0.05"))
    stage.emit(event.MoneyMoved(why="deposit", postings=(posting,)))

    # 10 000 USDC and 0.05 × 50 000.
    do(stage, PORTFOLIO)


def test_what_an_account_is_worth_must_be_known():
    stage = scene(event.AssetPriceSet(asset="BTC", price=None), entry="1")
    posting = event.Posting("outside", "account/ann", "BTC", D("0.05"))
    stage.emit(event.MoneyMoved(why="deposit", postings=(posting,)))

    assert refused(stage, PORTFOLIO).code == Code.HEALTH_UNKNOWN


def test_a_venues_own_rule_speaks_first():
    rule = SwitchRule(-77, Change.PORTFOLIO, (Obstacle.POSITIONS,), "not with positions")
    stage = scene(size="1", rules=replace(DERIBIT, switches=(rule,)))

    found = refused(stage, PORTFOLIO)
    assert (found.code, found.reason) == (-77, "not with positions")


def test_leverage_hedge_mode_and_isolated_symbols_are_not_of_this_mode():
    stage = Stage(OKX)
    stage.funded("ann", "100000")
    stage.emit(event.AccountModeSet(account="ann", mode=AccountMode.PORTFOLIO))
    symbol = "BTC-USDT-SWAP"
    stage.priced(symbol, "50000")
    isolate = ask(command.SetMarginMode, symbol=symbol, mode=MarginMode.ISOLATED)
    leverage = ask(command.SetLeverage, symbol=symbol, leverage=D(5))

    for asked in (HEDGE, isolate, leverage):
        assert refused(stage, asked).code == Code.NO_SUCH_MODE
