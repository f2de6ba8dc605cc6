"""Covariances: worked by hand, and what must be true of any."""

import numpy as np
import pytest

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.estimates.correlation import (
    constant_correlation,
    ewma,
    ledoit_wolf,
    shrinkage_intensity,
)
from tests.unit.risk.estimates import covariance, returns

# Four days of three assets, each repeated ten times so that they are enough.
A = [1, -1, 1, -1] * 10
B = [1, -1, 1, -1] * 10
C = [1, -1, -1, 1] * 10
HAND = returns(A, B, C)


def noise(count, assets, seed=7):
    """Return independent returns with volatilities 1, 2, 3, …"""
    values = np.random.default_rng(seed).standard_normal((count, assets))
    return returns(*(values * np.arange(1, assets + 1)).T)


def test_ledoit_and_wolf_by_hand():
    # Correlations are 1, 0, 0, their mean 1/3. pi: of every pair that differs in sign the variance
    # of ±1 is 1, of all others 0, so 4; rho 0, as every square is always 1; gamma is
    # 2 ((2/3)² + (1/3)² + (1/3)²) = 4/3. (pi − rho) ÷ gamma ÷ T = 3 ÷ 4 of four observations.
    sample = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    target = constant_correlation(sample)
    four = HAND.values[:4]

    assert np.allclose(target, [[1, 1 / 3, 1 / 3], [1 / 3, 1, 1 / 3], [1 / 3, 1 / 3, 1]])
    assert 0.75 == pytest.approx(shrinkage_intensity(four, sample, target))
    # Ten times the observations, a tenth of the shrinkage.
    assert 0.075 == pytest.approx(ledoit_wolf(HAND).shrinkage)
    assert np.allclose(
        [[1, 0.95, 0.025], [0.95, 1, 0.025], [0.025, 0.025, 1]], ledoit_wolf(HAND).matrix
    )


def test_the_shrinkage_is_the_papers_sum_term_by_term():
    values = np.random.default_rng(1).standard_t(6, (100, 4)) @ np.triu(np.ones((4, 4)))
    values -= values.mean(axis=0)
    count, assets = values.shape
    sample = values.T @ values / count
    target = constant_correlation(sample)
    mean = (target[0, 1]) / np.sqrt(sample[0, 0] * sample[1, 1])
    products = [
        [values[:, i] * values[:, j] - sample[i, j] for j in range(assets)] for i in range(assets)
    ]
    pi = sum((products[i][j] ** 2).mean() for i in range(assets) for j in range(assets))
    rho = sum((products[i][i] ** 2).mean() for i in range(assets))
    for i in range(assets):
        for j in range(assets):
            if i != j:
                ratio = np.sqrt(sample[j, j] / sample[i, i])
                first = (products[i][i] * products[i][j]).mean()
                second = (products[j][j] * products[i][j]).mean()
                rho += mean / 2 * (ratio * first + second / ratio)
    gamma = ((target - sample) ** 2).sum()

    expected = min(max((pi - rho) / gamma / count, 0), 1)
    assert 0 < expected < 1
    assert expected == pytest.approx(shrinkage_intensity(values, sample, target))


def test_shrinking_keeps_variances_and_fades_with_more_observations():
    few, many = ledoit_wolf(noise(40, 5)), ledoit_wolf(noise(4000, 5))

    values = noise(40, 5).values
    assert np.allclose(np.diag(few.matrix), values.var(axis=0))
    # Independent assets are all correlated alike, so that the target is right and stays.
    assert few.shrinkage > 0.5
    assert np.abs(many.correlation - np.eye(5)).max() < 0.05


def test_units_and_order_of_assets_change_nothing():
    plain = noise(100, 4)
    scaled = returns(*(plain.values * [1e-3, 5, 1, 100]).T)
    turned = returns(*plain.values[:, ::-1].T)

    assert np.allclose(ledoit_wolf(plain).matrix, ledoit_wolf(turned).matrix[::-1, ::-1])
    assert np.allclose(
        ewma(plain, 50 * HOUR_MS).correlation, ewma(scaled, 50 * HOUR_MS).correlation
    )


def test_ewma_weighs_by_half_lives():
    # Every observation is 0 but the last one and the one a half-life before it: weights 1 and 1/2
    # of a sum 1 ÷ (1 − 2^(−1/20)) (less what is beyond 200 observations).
    column = [0.0] * 200
    column[-1] = column[-21] = 1.0
    other = [0.0] * 200
    other[-1], other[-2] = 1.0, 1.0
    decay = 0.5 ** (1 / 20)
    total = (1 - decay**200) / (1 - decay)

    found = ewma(returns(column, other), 20 * HOUR_MS)

    assert 1.5 / total == pytest.approx(found.matrix[0, 0])
    assert (1 + decay) / total == pytest.approx(found.matrix[1, 1])
    assert 1 / total == pytest.approx(found.matrix[0, 1])


def test_effective_observations_are_those_of_equal_weights():
    # Of endless observations (1 + λ) ÷ (1 − λ), with λ = 2^(−1/20): 57.7.
    found = ewma(noise(2000, 2), 20 * HOUR_MS)

    assert 57.7 == pytest.approx(found.effective_observations, abs=0.05)
    assert 2 / np.sqrt(found.effective_observations) == pytest.approx(found.noise)


def test_a_day_is_twenty_four_hours_of_variance():
    found = ledoit_wolf(HAND)

    assert np.allclose(24 * found.matrix, found.over(DAY_MS))
    assert np.allclose(np.sqrt(24), found.volatility(DAY_MS))


def test_betas_are_covariance_over_variance():
    found = covariance("AB", (0.02, 0.06), 0.5)

    assert np.allclose([1, 1.5], found.betas("A"))
    assert np.allclose([0.5 * 0.02 / 0.06, 1], found.betas("B"))
    with pytest.raises(UsageError, match="betas to X: it is not among A, B"):
        found.betas("X")


def test_some_assets_of_many_are_taken_in_their_order():
    found = covariance("ABC", (1, 2, 3), 0.5)

    assert np.allclose([[9, 1.5], [1.5, 1]], found.of(("C", "A")))
    with pytest.raises(UnknownError, match="no history of X, so no covariance with it"):
        found.of(("A", "X"))


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (lambda: ledoit_wolf(returns(A, B)), "singular: A and B move as one"),
        (lambda: ewma(returns(A, B, C), 30 * HOUR_MS), "singular: A and B move as one"),
        (lambda: ledoit_wolf(returns(A, [0] * 40)), "B did not move in this window"),
        (lambda: ewma(noise(100, 2), 5 * HOUR_MS), "half-life of 5h as few as 14 observations"),
    ],
)
def test_what_cannot_be_inverted_or_is_noise_is_refused(estimate, said):
    with pytest.raises(UnknownError, match=said):
        estimate()


def test_a_half_life_is_above_zero():
    with pytest.raises(UsageError, match="above zero"):
        ewma(HAND, 0)
