"""A position that stands exactly on a tier's floor while another one's price moves."""

from decimal import Decimal

import pytest

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from tests.toys import LEVERAGE_MAX, book, linear, one_tier

D = Decimal


@pytest.mark.parametrize(
    ("is_floor_included", "asked", "lower"),
    [
        # Wallet 4000, 0.1 BTC from 60000: (4000 - asked - 6000) ÷ (0.1 × 0.004 - 0.1).
        pytest.param(False, "2400", "44176.70682731", id="the tier below holds it"),
        pytest.param(True, "3000", "50200.80321286", id="the tier above holds it"),
    ],
)
def test_what_is_held_on_a_floor_is_charged_by_the_tier_that_holds_it(
    is_floor_included, asked, lower
):
    # 600000 of ETH where a whole-position ladder goes from 0.4 % to 0.5 %: it jumps.
    jumps = Tiers.of(
        (
            Tier(D(0), D("0.004"), D(0), LEVERAGE_MAX),
            Tier(D(600_000), D("0.005"), D(0), LEVERAGE_MAX),
        ),
        is_floor_included=is_floor_included,
    )
    rulebook = book((linear("BTCUSDT"), one_tier("0.004")), (linear("ETHUSDT"), jumps))
    positions = (Position("BTCUSDT", D("0.1"), D(60_000)), Position("ETHUSDT", D(200), D(3_000)))
    account = Account({"USDT": D(4_000)}, positions)
    found = assess(account, Market({"BTCUSDT": D(60_000), "ETHUSDT": D(3_000)}), rulebook)

    assert D(asked) == found.positions[1].maintenance_margin
    assert D(lower) == found.boundaries.positions[0].lower
