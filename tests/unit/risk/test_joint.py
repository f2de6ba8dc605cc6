"""Lines, nearest moves and regions of toy accounts that are asked nothing but where a test says."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.durations import DAY_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assessment import Status
from crossmargin.risk.joint.along import along, by_betas, together
from crossmargin.risk.joint.answer import joint
from crossmargin.risk.joint.nearest import distance_of, nearest_move
from crossmargin.risk.joint.region import safe_region
from crossmargin.risk.situation import situation
from tests.toys import account, book, held, linear, marginal, one_tier
from tests.unit.risk.estimates import covariance
from tests.unit.risk.venues import at

D = Decimal
FREE = one_tier("0")
VENUE = book(*((linear(f"{name}USDT"), FREE) for name in ("BTC", "ETH", "SOL")))
MARKS = at(BTCUSDT="100", ETHUSDT="100", SOLUSDT="100")


def asked(wallet, *positions, venue=VENUE):
    """Return an account of (symbol, size[, margin]) positions entered at 100, to ask about."""
    listed = (
        held(f"{name}USDT", size, margin=more[0] if more else None)
        for name, size, *more in positions
    )
    return situation(account(wallet, *listed), MARKS, venue)


LONG_AND_SHORT = asked("50", ("BTC", "2"), ("ETH", "-1"))


def test_all_alike_ends_where_the_wallet_does():
    # Two long and one short lose 100 a unit of fall: half of it takes 50.
    down, up = together(LONG_AND_SHORT)

    assert D("0.5") == down.multiple
    assert {"BTC": D("-0.5"), "ETH": D("-0.5")} == down.outcome.moves
    assert [D(-100), D(50)] == [one.profit for one in down.outcome.positions]
    assert [D(50), D(50)] == [one.price_there for one in down.outcome.positions]
    assert "USDT" == down.outcome.first
    assert up.multiple is None
    assert up.outcome is None


def test_a_vector_ends_at_a_multiple_of_it():
    # BTC −10 % loses 20, ETH +10 % loses 10: 50 ÷ 30.
    found = along(LONG_AND_SHORT, "mine", {"BTC": D("-0.1"), "ETH": D("0.1")})

    assert D("1.66666666") == found.multiple


def test_betas_move_the_others_with_the_reference():
    # Beta of ETH to BTC 0.5 × 6 ÷ 2 = 1.5: a fall k of BTC loses 200 k − 150 k.
    found = covariance(("BTC", "ETH"), (0.02, 0.06), 0.5)
    down, up = by_betas(asked("20", ("BTC", "2"), ("ETH", "-1")), found, "BTC")

    assert D("0.4") == down.multiple
    assert {"BTC": D("-0.4"), "ETH": D("-0.6")} == down.outcome.moves
    assert up.multiple is None


def test_a_ladder_that_ends_leaves_the_end_unknown():
    short = book((linear("BTCUSDT"), None))
    with pytest.raises(UnknownError, match="BTCUSDT"):
        situation(account("50", held("BTCUSDT", "1")), MARKS, short)


@pytest.mark.parametrize(
    ("vector", "said"),
    [({"XRP": D(1)}, "XRP is nothing that the account"), ({"BTC": D(0)}, "nothing in it moves")],
)
def test_vectors_that_are_none_are_refused(vector, said):
    with pytest.raises(UsageError, match=said):
        along(LONG_AND_SHORT, "mine", vector)


@pytest.mark.parametrize(("wallet", "fall"), [("50", 0.5), ("10", 0.1), ("90", 0.9)])
def test_of_one_asset_the_distance_is_the_fall_in_log_prices(wallet, fall):
    found = nearest_move(asked(wallet, ("BTC", "1")), covariance(["BTC"], [0.04]), DAY_MS)

    assert -np.log(1 - fall) / 0.04 == pytest.approx(found.move.distance)
    assert {"BTC": pytest.approx(D(repr(-fall)))} == found.move.outcome.moves
    assert [pytest.approx(1)] == found.move.shares.tolist()


def test_a_longer_horizon_brings_it_nearer_by_its_root():
    one, four = (
        nearest_move(asked("50", ("BTC", "1")), covariance(["BTC"], [0.04]), days * DAY_MS)
        for days in (1, 4)
    )

    assert one.move.distance == pytest.approx(2 * four.move.distance)


def test_of_a_small_buffer_it_is_the_linear_closed_form():
    # g = (200, −100), buffer 0.001: −Σg · buffer ÷ (gᵀΣg), second-order terms below 0.1 %.
    found = covariance(("BTC", "ETH"), (0.02, 0.03), 0.8)
    slope = np.array([200.0, -100.0])
    expected = -found.matrix @ slope * 0.001 / (slope @ found.matrix @ slope)

    move = nearest_move(asked("0.001", ("BTC", "2"), ("ETH", "-1")), found, DAY_MS).move

    assert np.allclose(expected, move.log_moves, rtol=1e-3)
    assert 0.001 / np.sqrt(slope @ found.matrix @ slope) == pytest.approx(move.distance, rel=1e-3)


def test_buckets_break_by_themselves_and_the_nearest_is_told_first():
    # BTC's bucket ends at −5 %, ETH's at −20 %; the pool has nothing at stake.
    found = nearest_move(
        asked("100", ("BTC", "1", "5"), ("ETH", "1", "20")),
        covariance(("BTC", "ETH"), (0.04, 0.04)),
        DAY_MS,
    )

    assert "BTCUSDT" == found.move.outcome.first
    assert -np.log(0.95) / 0.04 == pytest.approx(found.move.distance)
    assert ["ETHUSDT"] == [one.outcome.first for one in found.others]
    assert -np.log(0.8) / 0.04 == pytest.approx(found.others[0].distance)


def test_nothing_liquidates_who_holds_nothing_on_credit():
    found = nearest_move(asked("300", ("BTC", "1")), covariance(["BTC"], [0.04]), DAY_MS)

    assert found.move is None
    assert () == found.others


def test_who_is_liquidatable_is_no_distance_away():
    gone = situation(account("5", held("BTCUSDT", "1", "110")), MARKS, VENUE)
    found = nearest_move(gone, covariance(["BTC"], [0.04]), DAY_MS)

    assert 0.0 == found.move.distance


def ladder(chance):
    """Return a ladder of two tiers."""
    first, more = chance.uniform(0.005, 0.05, 2).round(4)
    return marginal(("0", str(first)), (str(chance.integers(50, 200)), str(round(first + more, 4))))


@pytest.mark.parametrize("seed", range(12))
def test_random_portfolios_are_judged_on_the_boundary_and_brute_force_finds_nothing_nearer(seed):
    chance = np.random.default_rng(seed)
    names = ("BTC", "ETH", "SOL")
    venue = book(*((linear(f"{name}USDT"), ladder(chance)) for name in names))
    sizes = chance.uniform(-5, 5, 3).round(2)
    risk = asked(
        str(chance.integers(60, 300)),
        *((name, str(size)) for name, size in zip(names, sizes, strict=True)),
        venue=venue,
    )
    estimate = covariance(names, chance.uniform(0.02, 0.08, 3), chance.uniform(-0.3, 0.9))

    move = nearest_move(risk, estimate, DAY_MS).move

    # By substitution: a millionth nearer it lives, a millionth further it does not.
    nearer, further = (
        {asset: each * D(factor) for asset, each in move.outcome.moves.items()}
        for factor in ("0.999999", "1.000001")
    )
    assert Status.OK is risk.judged_at(nearer).status
    assert Status.LIQUIDATABLE is risk.judged_at(further).status
    assert distance_of(move.log_moves, estimate.matrix) == pytest.approx(move.distance)
    # By brute force: many directions, many steps outwards.
    assert move.distance <= brute_force(risk, estimate.matrix, chance) * (1 + 1e-6)
    assert move.distance >= brute_force(risk, estimate.matrix, chance) * 0.97


def brute_force(risk, matrix, chance):
    """Return the smallest distance of many moves that liquidate."""
    root = np.linalg.cholesky(matrix)
    ways = chance.standard_normal((4000, len(matrix)))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    radii = np.geomspace(0.05, 60, 500)
    for radius in radii:
        if (risk.surplus(np.expm1(radius * ways @ root.T)) <= 0).any():
            return radius
    raise AssertionError("nothing liquidates")


def test_the_region_of_two_longs_is_cut_by_a_straight_line():
    # 100 a + 100 b ≥ −50, everything else is safe.
    found = safe_region(asked("50", ("BTC", "1"), ("ETH", "1")), "BTC", "ETH")

    edge = [one for one in found.vertices if one.is_edge]
    assert len(edge) > 20
    for one in edge:
        assert float(one.first + one.second) == pytest.approx(-0.5, abs=1e-6)
    for one in found.vertices:
        assert one.first + one.second >= D("-0.5")
    assert float(found.left.max()) > 1
    middle = len(found.grid[0]) // 2
    share = 1 + 2 * (found.grid[0][middle] + found.grid[1][middle])
    assert share == pytest.approx(found.left[middle, middle])


def test_a_hedge_leaves_a_corridor():
    found = safe_region(asked("10", ("BTC", "1"), ("ETH", "-1")), "BTC", "ETH")

    falls = [one for one in found.vertices if one.is_edge]
    assert all(float(one.first - one.second) == pytest.approx(-0.1, abs=1e-6) for one in falls)
    assert any(one.first == one.second and not one.is_edge for one in found.vertices)


@pytest.mark.parametrize(
    ("pair", "said"), [(("BTC", "BTC"), "of two assets"), (("BTC", "XRP"), "XRP is nothing")]
)
def test_regions_are_of_two_assets_that_are_held(pair, said):
    with pytest.raises(UsageError, match=said):
        safe_region(LONG_AND_SHORT, *pair)


def test_betas_without_histories_are_refused():
    with pytest.raises(UsageError, match="give --candles"):
        joint(LONG_AND_SHORT, DAY_MS, reference="BTC")


def test_without_anything_that_moves_there_is_nothing_to_ask():
    with pytest.raises(UsageError, match="nothing that can move"):
        joint(asked("50"), DAY_MS)


def test_an_asset_without_history_is_unknown():
    with pytest.raises(UnknownError, match="no history of ETH"):
        joint(LONG_AND_SHORT, DAY_MS, covariance=covariance(["BTC"], [0.04]))
