"""An account elsewhere: many moves in floats agree with each judged exactly."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account, read_account_file
from crossmargin.risk.situation import Situation, situation
from tests.source import ROOT

D = Decimal
EXAMPLES = [
    "three-longs.toml",
    "mixed.toml",
    "multi-assets.toml",
    "coin-margined.toml",
    "hedge-mode.toml",
    "with-orders.toml",
    "portfolio.toml",
    "derive-portfolio.toml",
    "venues/deribit.toml",
    "venues/binance-portfolio-margin.toml",
    "venues/hyperliquid-portfolio.toml",
]


def of(name: str) -> Situation:
    file = read_account_file(ROOT / "examples" / name)
    return situation(file.account, file.market, file.rulebook)


@pytest.mark.parametrize("name", EXAMPLES)
def test_many_moves_agree_with_each_judged_exactly(name):
    asked = of(name)
    moves = np.clip(np.random.default_rng(7).normal(0, 0.2, (5, len(asked.assets))), -0.9, None)
    many = asked.health(moves)

    for row, move in enumerate(moves.tolist()):
        there = asked.judged_at(
            {asset: D(repr(by)) for asset, by in zip(asked.assets, move, strict=True)}
        )
        for place, unit in enumerate(there.units):
            error = many.error[row, place]
            assert abs(float(unit.health.equity) - many.equity[row, place]) <= error
            kept = float(unit.health.maintenance_margin)
            assert abs(kept - many.maintenance_margin[row, place]) <= error


def test_a_move_of_nothing_is_where_the_account_is():
    asked = of("three-longs.toml")

    assert asked.now.pool.health == asked.judged_at({}).pool.health
    assert [float(asked.now.pool.health.buffer)] == pytest.approx(
        asked.surplus(np.zeros((1, 3)))[0].tolist()
    )


def test_a_reach_ends_where_the_account_does():
    # Three longs of 50,000, 5,000 and so on: what one asset alone may fall.
    asked = of("three-longs.toml")
    reach = asked.reach({"BTC": D("-0.1"), "ETH": D("-0.1"), "SOL": D("-0.1")})
    here, beyond = (
        asked.judged_at(dict.fromkeys(asked.assets, -k * D("0.1")))
        for k in (reach, reach + D("0.000001"))
    )

    assert not here.pool.is_liquidatable
    assert beyond.pool.is_liquidatable
    assert asked.reach({"BTC": D(0)}) is None


def test_what_the_account_has_no_stake_in_is_a_mistake():
    asked = of("three-longs.toml")

    with pytest.raises(UsageError, match="DOGE is nothing that the account has a stake in"):
        asked.judged_at({"DOGE": D("-0.1")})
    with pytest.raises(UsageError, match="leaves nothing of its price"):
        asked.market_at({"BTC": D(-1)})


def test_an_account_with_something_missing_cannot_be_asked():
    file = parse_account((ROOT / "examples/no-mark.toml").read_text(), "no-mark")

    with pytest.raises(UnknownError, match="risk is unknown without mark price of"):
        situation(file.account, file.market, file.rulebook)
