"""Probability of liquidation against closed forms, and sampling against sampling.

A long of one coin from 100 on a wallet W, asked for 1 %, ends at (100 − W) ÷ 0.99. Of a geometric
Brownian motion without drift in its log, the chance to touch that level within some steps is
2·Φ(ln(level ÷ 100) ÷ (deviation of a step × √steps)), by reflection.
"""

from decimal import Decimal
from math import log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from msgspec.structs import replace

from crossmargin.durations import HOUR_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.chance.copula import gaussian, t_copula
from crossmargin.risk.chance.paths import Draws
from crossmargin.risk.chance.probability import Question, fates, leanings, likelihood
from crossmargin.risk.chance.running_costs import closing, due, funding
from crossmargin.risk.estimates.correlation import ledoit_wolf
from crossmargin.risk.estimates.intervals import interval, wilson
from crossmargin.risk.estimates.returns import Returns
from crossmargin.risk.joint.nearest import nearest_move
from crossmargin.risk.situation import situation
from tests.unit.risk.test_paths import history
from tests.unit.risk.venues import HOME, at, held, isolated

D = Decimal
STEPS, SIGMA = 24, 0.01


def long_btc(wallet, size="1"):
    """Return a long of bitcoin from 100."""
    return situation(held(("BTCUSDT", size, "100"), usdt=wallet), at(BTCUSDT="100"), HOME)


def level(wallet):
    """Return where it ends, in log of the price."""
    return log((100 - float(wallet)) / 99)


def reflected(wallet):
    """Return the chance to touch it."""
    return 2 * NormalDist().cdf(level(wallet) / (SIGMA * sqrt(STEPS)))


def brownian():
    """Return the sampler of that motion."""
    return gaussian(np.array([[SIGMA**2]]), ("BTC",))


def question(**changes):
    """Return a day in hours, with an interval that three seeds in a hundred thousand miss."""
    return Question(**{"steps": STEPS, "step_ms": HOUR_MS, "confidence": 0.9999} | changes)


@pytest.mark.parametrize("wallet", ["3", "8", "12"])
def test_plain_paths_agree_with_reflection(wallet):
    found = likelihood(long_btc(wallet), brownian(), question(paths=40_000))

    assert found.low < reflected(wallet) < found.high
    assert found.low < found.value < found.high


@pytest.mark.parametrize("wallet", ["8", "12", "16", "25"])
def test_leaning_paths_agree_with_reflection_even_where_it_is_rare(wallet):
    towards = np.array([[level(wallet)]])
    found = likelihood(long_btc(wallet), brownian(), question(paths=20_000), towards)

    assert found.low < reflected(wallet) < found.high
    assert found.value == pytest.approx(reflected(wallet), rel=0.12)
    assert found.effective_paths > 20_000


def test_without_what_happens_between_points_it_is_too_low():
    found = likelihood(long_btc("8"), brownian(), question(paths=40_000))

    assert found.value - found.between < 0.7 * reflected("8")


def test_fat_tails_lean_and_agree_with_plain_paths():
    sampler = t_copula(history(), ("BTC", "ETH"), marginals="t")
    account = held(("BTCUSDT", "0.6", "100"), ("ETHUSDT", "2", "20"), usdt="18")
    here = situation(account, at(BTCUSDT="100", ETHUSDT="20"), HOME)
    towards = np.array([[-0.16, -0.25]])
    plain = likelihood(here, sampler, question(paths=40_000))
    leaning = likelihood(here, sampler, question(paths=10_000, seed=8), towards)

    assert max(plain.low, leaning.low) < min(plain.high, leaning.high)
    assert leaning.effective_paths > 10_000


def test_a_seed_repeats_the_answer_whatever_else_is_drawn():
    first, again = (likelihood(long_btc("8"), brownian(), question(paths=500)) for _ in range(2))

    assert first == again
    assert 7 == first.seed


def test_paths_are_the_same_in_one_block_or_in_many(monkeypatch):
    monkeypatch.setattr("crossmargin.risk.chance.probability.NUMBERS_MAX", 5 * STEPS * 2)
    found = likelihood(long_btc("8"), brownian(), question(paths=2_000))

    assert 2_000 == found.paths
    assert found.low < reflected("8") < found.high


def test_an_account_already_gone_is_certain():
    found = likelihood(long_btc("0.5"), brownian(), question())

    assert (1.0, 1.0, 1.0, 0) == (found.low, found.value, found.high, found.paths)


def test_a_bucket_is_lost_by_itself_and_an_idle_pool_never():
    account = replace(held(usdt="5"), positions=(isolated("BTCUSDT", "1", "100", "5"),))
    here = situation(account, at(BTCUSDT="100"), HOME)
    found = likelihood(here, brownian(), question(paths=20_000))
    pool, bucket = found.units

    assert (0.0, None) == (pool.value, pool.loss)
    assert bucket.value == found.value
    assert found.low < reflected("5") < found.high
    assert bucket.loss == pytest.approx(5 - 0.01 * 95.96, rel=0.1)


def drawn(*returns):
    """Return one path of bitcoin by its log returns."""
    shape = np.array(returns)[None, :, None]
    return Draws(shape, np.ones((1, len(returns))), np.ones(1))


def fate(wallet, returns, **changes):
    """Return what becomes of the long on that path; nothing moves between points."""
    asked = question(steps=len(returns), **changes)
    still = np.zeros((1, 1))
    return fates(long_btc(wallet), drawn(*returns), still, asked, np.random.default_rng(1))


def test_the_step_of_the_end_and_the_loss_by_then():
    # 100, 97, 90: a wallet of 8 ends at 92.93; at 90 it has lost all of its 8.
    found = fate("8", [log(0.97), log(90 / 97)])

    assert [1] == found.step.tolist()
    assert 8 == pytest.approx(found.loss[0])


def test_funding_paid_along_the_way_brings_the_end_nearer():
    # 1 % an hour on 100 and then 94: at 94 there are 8 − 6 − 1 − 0.94 = 0.06, below 0.94.
    costs = funding(long_btc("8"), {"BTCUSDT": D("0.08")}, 8 * HOUR_MS, HOUR_MS)

    assert [-1] == fate("8", [0.0, log(0.94)]).step.tolist()
    assert [1] == fate("8", [0.0, log(0.94)], funding=costs).step.tolist()


def test_fees_of_closing_are_in_the_loss():
    # At 92.5 a wallet of 8 has 0.5 left; closing at 0.1 % costs 0.0925.
    costs = closing(long_btc("8"), D("0.001"))

    assert 7.5 == pytest.approx(fate("8", [log(0.925)]).loss[0])
    assert 7.5925 == pytest.approx(fate("8", [log(0.925)], closing=costs).loss[0])


def test_a_short_receives_and_an_inverse_contract_pays_in_its_coin():
    short = funding(long_btc("8", "-1"), {"BTCUSDT": D("0.01")}, HOUR_MS, HOUR_MS)
    coins = replace(held(("BTCUSD", "1", "100")), balances={"BTC": D("1")})
    inverse = situation(coins, at(BTCUSD="100"), HOME)
    paid = funding(inverse, {"BTCUSD": D("0.01")}, HOUR_MS, HOUR_MS)
    up = np.array([[1.0]])

    assert [[-2.0]] == due(short, up, 1).tolist()
    # One contract of 100 dollars: a coin at 100, half of one at 200.
    assert [[pytest.approx(0.005)]] == due(paid, up, 1).tolist()


def test_funding_without_a_rate_is_unknown():
    with pytest.raises(UnknownError, match="BTCUSDT: its funding rate is not known"):
        funding(long_btc("8"), {}, HOUR_MS, HOUR_MS)


@pytest.mark.parametrize(
    ("here", "changes", "said"),
    [
        (lambda: long_btc("8"), {"paths": 0}, "at least one path"),
        (lambda: long_btc("8"), {"confidence": 1.0}, "a confidence of 1"),
        (lambda: situation(held(), at(), HOME), {}, "nothing whose price moves"),
        (
            lambda: situation(held(("ETHUSDT", "1", "20")), at(ETHUSDT="20"), HOME),
            {},
            "paths of BTC are not of ETH",
        ),
    ],
)
def test_questions_that_make_no_sense_are_refused(here, changes, said):
    with pytest.raises(UsageError, match=said):
        likelihood(here(), brownian(), question(**changes))


def test_wilson_as_in_the_books():
    # Newcombe, Statistics in Medicine 17, 1998, table I: 81 of 263, and 0 of 20, at 95 %.
    assert (0.2553, 0.3662) == tuple(round(end, 4) for end in wilson(81 / 263, 263, 0.95))
    assert (0.0, 0.1611) == tuple(round(end, 4) for end in wilson(0.0, 20, 0.95))


def test_the_unknown_widen_the_interval_to_both_sides():
    hits, unknown = np.repeat([1.0, 0.0], [10, 90]), np.repeat([0.0, 1.0, 0.0], [10, 20, 70])
    found = interval(hits, unknown, 0.95)

    assert found.low == wilson(0.1, 100, 0.95)[0]
    assert found.high == wilson(0.3, 100, 0.95)[1]


def test_no_leaning_path_hit_is_no_certainty():
    found = interval(np.zeros(1000), np.zeros(1000), 0.95, plain_share=0.5)

    assert (0.0, wilson(0.0, 500, 0.95)[1]) == (found.low, found.high)


@pytest.mark.parametrize("is_bucket", [False, True])
def test_paths_lean_to_the_nearest_move_whether_of_a_pool_or_a_bucket(is_bucket):
    # In a bucket, with an empty pool beside it that has nothing to lose.
    account = replace(held(usdt="8"), positions=(isolated("BTCUSDT", "1", "100", "8"),))
    here = situation(account, at(BTCUSDT="100"), HOME) if is_bucket else long_btc("8")
    covariance = ledoit_wolf(Returns(("BTC", "ETH"), HOUR_MS, 0, 3000 * HOUR_MS, history()))
    towards = leanings(nearest_move(here, covariance, STEPS * HOUR_MS))

    assert level("8") == pytest.approx(towards[0, 0])
