"""Many shocks at once, by hand: half a bitcoin from 100,000 on 10,000, of which 0.4 % is asked.

Equity is 10,000 + 0.5 (p − 100,000) and maintenance 0.002 p, so it ends at 40,000 ÷ 0.498, which
is 80,321.285, a fall by 0.19678715.
"""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account, read_account_file
from crossmargin.margin.arrays import HealthArrays
from crossmargin.margin.assessment import Status
from crossmargin.risk.situation import Situation, situation
from crossmargin.risk.stress.answer import LIQUIDATABLE, OK, hurting, stressed, verdicts_of
from crossmargin.risk.stress.shocks import (
    CELLS_MAX,
    Range,
    Shock,
    ShockKind,
    all_alike,
    each_alone,
    grid,
    to_one,
)
from crossmargin.risk.stress.survey import Asked, surveyed
from tests.source import ROOT
from tests.unit.cli.command import ACCOUNT

D = Decimal
TWO = """
venue = "binance-usdm"
edition = "2025-09-29"
[balances]
USDT = "10000"
[marks]
BTCUSDT = "100000"
ETHUSDT = "4000"
[leverage]
BTCUSDT = 10
ETHUSDT = 10
[[positions]]
symbol = "BTCUSDT"
size = "0.5"
entry_price = "100000"
[[positions]]
symbol = "ETHUSDT"
size = "-5"
entry_price = "4000"
"""


def of(text: str) -> Situation:
    file = parse_account(text, "account")
    return situation(file.account, file.market, file.rulebook)


def example(name: str) -> Situation:
    file = read_account_file(ROOT / "examples" / name)
    return situation(file.account, file.market, file.rulebook)


def fall(by: str) -> Shock:
    return Shock("a fall", ShockKind.ALL, {"BTC": D(by)})


def test_shocks_are_answered_as_by_hand():
    found = stressed(of(ACCOUNT), [fall("-0.1"), fall("-0.2")])

    assert [5000.0, 0.0] == pytest.approx(found.health.equity[:, 0].tolist())
    assert [180.0, 160.0] == pytest.approx(found.health.maintenance_margin[:, 0].tolist())
    assert [Status.OK, Status.LIQUIDATABLE] == [found.status(0), found.status(1)]
    assert 1 == found.nearest()


def test_an_outcome_says_what_broke_and_after_which_part_of_the_way():
    outcome = stressed(of(ACCOUNT), [fall("-0.5")]).outcome(0)

    assert ("USDT",) == outcome.first
    # 0.1967871485943… ÷ 0.5, rounded towards zero.
    assert D("0.39357429") == outcome.breaks_at
    (loss,) = outcome.losses
    assert ("BTCUSDT long", D(-25000), "USDT") == (loss.name, loss.profit, loss.asset)


def test_a_shock_that_is_survived_breaks_nothing():
    outcome = stressed(of(ACCOUNT), [fall("-0.1")]).outcome(0)

    assert ((), None) == (outcome.first, outcome.breaks_at)
    assert D("4820") == outcome.weakest.health.buffer


def test_what_a_shock_says_nothing_of_makes_the_answer_unknown():
    shock = Shock("a crash", ShockKind.CRASH, {"BTC": D("-0.5")}, unknown=("ETH",))
    found = stressed(of(TWO), [shock])
    outcome = found.outcome(0)

    assert Status.UNKNOWN == found.status(0) == outcome.status
    assert Status.LIQUIDATABLE == found.status_as_far(0)
    assert [D(-25000), None] == [loss.profit for loss in outcome.losses]


def test_the_close_ones_are_decided_exactly():
    # Exactly at the trigger: p = 40,000 ÷ 0.498 is no decimal, so a rate that makes it one.
    text = ACCOUNT.replace('edition = "2025-09-29"', 'edition = "2025-09-29"\n')
    text += '[[tiers.BTCUSDT]]\nfloor = 0\nrate = "0.01"\nmax_leverage = 10\n'
    # 10,000 + 0.5 (p − 100,000) = 0.005 p at 40,000 ÷ 0.495; of size 1 and wallet 49,500 at 50,000.
    text = text.replace('size = "0.5"', 'size = "1"').replace('USDT = "10000"', 'USDT = "50500"', 1)
    found = stressed(of(text), [fall("-0.5"), fall("-0.4999999999999999")])

    # At 50,000 equity is 500 and 1 % of 50,000 is asked: equal is liquidatable.
    assert [LIQUIDATABLE, OK] == found.verdict.tolist()
    assert 2 == found.decided


def test_an_empty_pool_is_no_doubt():
    zero = np.zeros((1, 1))

    def judge(row: int):
        raise AssertionError("the exact core was asked about nothing")

    verdicts, decided = verdicts_of(HealthArrays(zero, zero, zero, zero, zero), judge)
    assert ([[OK]], 0) == (verdicts.tolist(), decided)


@pytest.mark.parametrize(
    "name", ["three-longs.toml", "mixed.toml", "multi-assets.toml", "coin-margined.toml",
             "hedge-mode.toml", "portfolio.toml"],
)  # fmt: skip
def test_every_verdict_is_that_of_the_exact_core(name):
    home = example(name)
    shocks = all_alike(home.assets, Range(D("-0.6"), D("0.6"), D("0.15")))
    found = stressed(home, shocks)

    for row, shock in enumerate(shocks):
        assert home.judged_at(shock.moves).status is found.status(row)


def test_what_the_account_has_no_stake_in_is_refused():
    with pytest.raises(UsageError, match="DOGE is nothing that the account has a stake in"):
        stressed(of(ACCOUNT), [Shock("a", ShockKind.ALL, {"DOGE": D("0.1")})])


def test_ladders_and_grids():
    moves = Range(D("-0.1"), D("0.1"), D("0.1"))

    assert ["all −10 %", "all 0 %", "all +10 %"] == [s.title for s in all_alike(["BTC"], moves)]
    assert 4 == len(each_alone(["BTC", "ETH"], moves))
    cells = grid({"BTC": moves, "ETH": moves}, ["BTC", "ETH"])
    assert {"BTC": D("-0.1"), "ETH": D(0)} == cells[1].moves
    with pytest.raises(UsageError, match="SOL is nothing"):
        grid({"SOL": moves}, ["BTC"])


@pytest.mark.parametrize(
    ("first", "last", "step", "said"),
    [
        ("-1", "0", "0.1", "leaves nothing of a price"),
        ("0", "-0.1", "0.1", "must not be above the last"),
        ("0", "1", "0", "a step must be above zero"),
        ("0", "1", "0.000001", "take a larger step"),
    ],
)
def test_ranges_that_are_none(first, last, step, said):
    with pytest.raises(UsageError, match=said):
        Range(D(first), D(last), D(step)).values()


def test_a_grid_has_a_limit():
    many = Range(D("-0.5"), D("0.5"), D("0.001"))

    assert 1001**2 > CELLS_MAX
    with pytest.raises(UsageError, match="a grid of 1,002,001 cells"):
        grid({"BTC": many, "ETH": many}, ["BTC", "ETH"])


def test_correlation_to_one_moves_all_by_their_volatility_and_against_the_account():
    home = of(TWO)
    sigmas = {"BTC": D("0.04"), "ETH": D("0.05")}
    sides = hurting(home, {asset: 2 * sigma for asset, sigma in sigmas.items()})
    down, up, hurt = to_one(home.assets, sigmas, sides, D(2))

    assert {"BTC": -1, "ETH": 1} == sides
    assert {"BTC": D("-0.08"), "ETH": D("-0.10")} == down.moves
    assert {"BTC": D("0.08"), "ETH": D("0.10")} == up.moves
    assert {"BTC": D("-0.08"), "ETH": D("0.10")} == hurt.moves
    found = stressed(home, [down, up, hurt])
    # −4,000 + 2,000, +4,000 − 2,000, −4,000 − 2,000 on 10,000.
    assert [8000.0, 12000.0, 4000.0] == pytest.approx(found.health.equity[:, 0].tolist())


def test_correlation_to_one_takes_no_volatility_out_of_nowhere():
    with pytest.raises(UnknownError, match="that of ETH is not known"):
        to_one(["BTC", "ETH"], {"BTC": D("0.04")}, {}, D(1))
    with pytest.raises(UsageError, match="leaves nothing of BTC"):
        to_one(["BTC"], {"BTC": D("0.5")}, {}, D(2))


def test_a_survey_holds_every_answer():
    moves = Range(D("-0.3"), D("0.3"), D("0.1"))
    found = surveyed(of(TWO), Asked((fall("-0.1"),), {"BTC": moves, "ETH": moves}))

    assert 1 == len(found.outcomes)
    assert 49 == len(found.heat.stressed.shocks)
    assert found.is_known
    partly = Shock("a", ShockKind.CRASH, {}, unknown=("BTC",))
    assert not surveyed(of(TWO), Asked((partly,))).is_known
