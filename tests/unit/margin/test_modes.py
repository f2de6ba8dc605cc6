"""An account in a mode that its venue does not have is refused, by the mode's name."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.modes import check_modes
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.rulebooks.loader import load_rulebook
from tests.toys import RULEBOOK

D = Decimal
USDM, COINM = load_rulebook("binance-usdm"), load_rulebook("binance-coinm")
ISOLATED, MULTI = MarginMode.ISOLATED, AssetsMode.MULTI
BUCKET = Position("BTCUSDT", D(1), D(100), ISOLATED, D(5))
ISOLATED_IN_MULTI = "BTCUSDT: binance-usdm has nothing isolated in multi-assets mode"
ONE_WAY_ONLY = replace(RULEBOOK, position_modes=("one-way",))


@pytest.mark.parametrize(
    ("account", "rulebook", "sentence"),
    [
        pytest.param(
            Account(positions=(BUCKET,), assets_mode=MULTI),
            USDM,
            ISOLATED_IN_MULTI,
            id="an isolated position in multi-assets mode",
        ),
        pytest.param(
            Account(margin_mode={"BTCUSDT": ISOLATED}, assets_mode=MULTI),
            USDM,
            ISOLATED_IN_MULTI,
            id="an isolated symbol in multi-assets mode",
        ),
        pytest.param(
            Account(assets_mode=MULTI),
            COINM,
            "binance-coinm has no multi-assets mode",
            id="no multi-assets mode",
        ),
        pytest.param(
            Account(position_mode=PositionMode.HEDGE),
            ONE_WAY_ONLY,
            "toy has no hedge position mode",
            id="no hedge mode",
        ),
    ],
)
def test_it_is_refused(account, rulebook, sentence):
    for judge in (check_modes, lambda account, rulebook: assess(account, Market({}), rulebook)):
        with pytest.raises(UsageError) as refused:
            judge(account, rulebook)

        assert sentence == str(refused.value)


@pytest.mark.parametrize(
    ("account", "rulebook"),
    [
        pytest.param(Account(positions=(BUCKET,)), USDM, id="isolated in single-asset mode"),
        pytest.param(Account(assets_mode=MULTI), USDM, id="cross in multi-assets mode"),
        pytest.param(
            Account(margin_mode={"BTCUSDT": MarginMode.CROSS}, assets_mode=MULTI),
            USDM,
            id="a setting of cross",
        ),
        pytest.param(
            Account(positions=(BUCKET,), assets_mode=MULTI),
            replace(RULEBOOK, has_isolated_in_multi=True),
            id="isolated where the venue has both",
        ),
    ],
)
def test_it_is_taken(account, rulebook):
    assert check_modes(account, rulebook) is None
