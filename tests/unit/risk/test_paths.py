"""Paths: shapes, seeds, blocks that stay together, tails that come together, weights that fit."""

import numpy as np
import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.risk.chance.bootstrap import bootstrap
from crossmargin.risk.chance.copula import gaussian, t_copula
from crossmargin.risk.chance.paths import PLAIN_SHARE, rescaled

ASSETS = ("BTC", "ETH")
STEPS = 24


def history(rows=3000, degrees=4.0, seed=3):
    """Return multivariate t returns: correlation 0.8, deviations 1 % and 2 %."""
    chance = np.random.default_rng(seed)
    root = np.linalg.cholesky(np.array([[1.0, 0.8], [0.8, 1.0]]))
    normal = chance.standard_normal((rows, 2)) @ root.T
    fat = normal * np.sqrt((degrees - 2) / chance.chisquare(degrees, (rows, 1)))
    return fat * np.array([0.01, 0.02])


SAMPLERS = {
    "stationary blocks": lambda: bootstrap(history(), ASSETS),
    "moving blocks": lambda: bootstrap(history(), ASSETS, is_stationary=False),
    "t-copula, empirical": lambda: t_copula(history(), ASSETS),
    "t-copula, t marginals": lambda: t_copula(history(), ASSETS, marginals="t"),
    "Gaussian": lambda: gaussian(np.cov(history(), rowvar=False), ASSETS),
}


@pytest.fixture(params=SAMPLERS, ids=str)
def sampler(request):
    return SAMPLERS[request.param]()


def test_shapes_are_as_documented_and_a_seed_repeats(sampler):
    first, again = (sampler.draw(np.random.default_rng(5), 40, STEPS) for _ in range(2))

    assert (40, STEPS, 2) == first.returns.shape == first.moves().shape
    assert (40, STEPS) == first.turbulence.shape
    assert [1.0] * 40 == first.weights.tolist()
    assert np.array_equal(first.returns, again.returns)


def test_steps_have_the_covariance_of_the_history_and_no_drift(sampler):
    # 400,000 steps: the error of a deviation of tails this fat stays below a twentieth.
    returns = sampler.draw(np.random.default_rng(1), 20_000, 20).returns.reshape(-1, 2)
    seen = history()

    assert np.allclose(returns.mean(axis=0), 0.0, atol=2e-4)
    assert np.allclose(returns.std(axis=0), seen.std(axis=0), rtol=0.08)
    assert np.corrcoef(returns.T)[0, 1] == pytest.approx(0.8, abs=0.03)


def test_turbulence_is_one_on_average(sampler):
    turbulence = sampler.draw(np.random.default_rng(1), 20_000, 20).turbulence

    assert turbulence.mean() == pytest.approx(1.0, abs=0.08)


def test_weights_are_one_on_average_and_bounded(sampler):
    way = np.array([[-0.2, -0.3]])
    draws = sampler.draw(np.random.default_rng(2), 40_000, STEPS, way)
    error = draws.weights.std() / 200

    assert draws.weights.mean() == pytest.approx(1.0, abs=4 * error)
    assert draws.weights.max() <= 1 / PLAIN_SHARE
    assert draws.moves()[:, -1, 0].min() < -0.1


def test_leaning_makes_rare_moves_common_and_weighs_them_back(sampler):
    # The share of paths that end 10 % down, counted plainly and by weight.
    plain = sampler.draw(np.random.default_rng(3), 60_000, STEPS)
    lean = sampler.draw(np.random.default_rng(4), 60_000, STEPS, np.array([[-0.1, -0.18]]))
    is_down, is_down_leaning = (one.moves()[:, -1, 0] < -0.1 for one in (plain, lean))
    weighed = np.where(is_down_leaning, lean.weights, 0.0)
    error = np.hypot(is_down.std(), weighed.std()) / 60_000**0.5

    assert is_down_leaning.mean() > 3 * is_down.mean()
    assert weighed.mean() == pytest.approx(is_down.mean(), abs=4 * error)


@pytest.mark.parametrize("is_stationary", [True, False])
def test_blocks_are_rows_of_history_in_a_row(is_stationary):
    # Returns that are row numbers: inside a block each follows the one before it, with wrap.
    rows = np.column_stack([np.arange(200.0), 2 * np.arange(200.0)])
    drawn = bootstrap(rows, ASSETS, block=10, is_stationary=is_stationary)
    returns = drawn.draw(np.random.default_rng(1), 500, 50).returns + rows.mean(axis=0)
    numbers = np.rint(returns[:, :, 0]).astype(int)
    is_next = (numbers[:, :-1] + 1) % 200 == numbers[:, 1:]

    assert np.allclose(returns[:, :, 1], 2 * numbers)
    assert is_next.mean() == pytest.approx(0.9, abs=0.02)
    if not is_stationary:
        assert is_next[:, [step for step in range(49) if step % 10 != 9]].all()


def test_a_copula_of_fat_tails_has_few_degrees_and_one_of_thin_tails_many():
    fat, thin = t_copula(history(8000), ASSETS), t_copula(history(8000, 1e6), ASSETS)

    assert 3 <= fat.degrees <= 5
    assert thin.degrees >= 30
    assert fat.correlation[0, 1] == pytest.approx(0.8, abs=0.02)


def test_an_empirical_marginal_never_leaves_the_history_and_a_t_does():
    seen = np.abs(history()).max(axis=0)
    chance = np.random.default_rng(1)
    kept = t_copula(history(), ASSETS).draw(chance, 20_000, STEPS).returns
    free = t_copula(history(), ASSETS, marginals="t").draw(chance, 20_000, STEPS).returns

    assert (np.abs(kept).max(axis=(0, 1)) <= seen * 1.01).all()
    assert (np.abs(free).max(axis=(0, 1)) > seen).all()


def test_rescaling_brings_a_calm_past_to_the_volatility_of_now():
    chance = np.random.default_rng(1)
    calm, wild = chance.normal(0, 0.01, (2000, 1)), chance.normal(0, 0.03, (500, 1))
    scaled = rescaled(np.concatenate([calm, wild]), half_life=50)

    assert scaled[200:1900].std() == pytest.approx(0.03, rel=0.15)


@pytest.mark.parametrize(
    ("rows", "error", "said"),
    [
        (np.zeros((50, 2)), UnknownError, "50 returns are too few"),
        (np.zeros((200, 2)), UnknownError, "BTC: its price never moves"),
        (np.full((200, 2), np.nan), UnknownError, "BTC: a return is missing"),
        (np.zeros((200, 3)), UsageError, "are not of 2 assets"),
    ],
)
@pytest.mark.parametrize("make", [bootstrap, t_copula])
def test_what_paths_cannot_be_drawn_from_is_refused(make, rows, error, said):
    with pytest.raises(error, match=said):
        make(rows, ASSETS)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: bootstrap(history(), ASSETS, block=0), "a block of 0 steps"),
        (lambda: bootstrap(history(), ASSETS, block=3001), "a block of 3001 steps"),
        (lambda: t_copula(history(), ASSETS, marginals="normal"), "marginals 'normal'"),
        (lambda: t_copula(history(), ASSETS, degrees=2.0), "2 degrees of freedom"),
        (lambda: gaussian(np.zeros((2, 2)), ASSETS), "a variance above zero"),
        (lambda: rescaled(history(), 0.0), "a half-life of 0.0 steps"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make, said):
    with pytest.raises(UsageError, match=said):
        make()
