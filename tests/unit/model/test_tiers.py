"""Ladders: which piece holds a notional, and which ladders are none."""

import pytest

from crossmargin.errors import UnitError
from crossmargin.model.tiers import Tier, Tiers
from tests.toys import D

PIECES = (
    Tier(D(0), D("0.01"), D(0), D(100)),
    Tier(D(1000), D("0.02"), D(10), D(50)),
    Tier(D(5000), D("0.05"), D(160), D(20)),
)


@pytest.mark.parametrize(
    ("notional", "below", "above"),
    [
        pytest.param("0", 0, 0, id="nothing"),
        pytest.param("999.99", 0, 0, id="inside the first"),
        pytest.param("1000", 0, 1, id="on the second floor"),
        pytest.param("1000.000000000000000001", 1, 1, id="just above the second floor"),
        pytest.param("5000", 1, 2, id="on the third floor"),
        pytest.param("1E+17", 2, 2, id="far above the last floor"),
    ],
)
def test_which_piece_holds_a_notional(notional, below, above):
    assert below == Tiers.of(PIECES).index(D(notional))
    assert above == Tiers.of(PIECES, is_floor_included=True).index(D(notional))


def test_the_floors_of_a_ladder():
    ladder = Tiers.of(PIECES)

    assert (D(0), D(1000), D(5000)) == ladder.floors
    assert (D(1000), D(5000)) == ladder.steps


def test_a_piece_says_with_which_deduction_the_next_meets_it():
    # 5,000 × 2 % − 10 = 90 = 5,000 × 5 % − 160.
    assert D(160) == PIECES[1].deduction_above(D(5000), D("0.05"))


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        pytest.param((), "the first tier must have floor 0", id="no piece"),
        pytest.param(PIECES[1:], "the first tier must have floor 0", id="no piece from zero"),
        pytest.param(
            (PIECES[0], PIECES[2], PIECES[1]), "tier floors must rise strictly", id="a floor falls"
        ),
        pytest.param(
            (PIECES[0], PIECES[1], PIECES[1]), "tier floors must rise strictly", id="a floor twice"
        ),
    ],
)
def test_what_is_no_ladder(pieces, reason):
    with pytest.raises(UnitError) as refused:
        Tiers.of(pieces)

    assert reason == str(refused.value)


def test_at_worst_an_unfinished_ladder_asks_for_all_that_is_added():
    # At 8,000: 8,000 × 5 % − 160 = 240 = 8,000 × 100 % − 7,760.
    ladder = Tiers.of(PIECES, known_to=D(8000)).at_worst(is_whole_position=False)

    assert Tier(D(8000), D(1), D(7760), D(1)) == ladder.pieces[-1]
    assert PIECES == ladder.pieces[:-1]
    assert ladder.known_to is None


def test_at_worst_a_single_tier_goes_on_from_what_it_asks():
    # At 8,000: 8,000 × 1 % = 80 = 8,000 × 100 % − 7,920.
    ladder = Tiers.of(PIECES[:1], known_to=D(8000)).at_worst(is_whole_position=False)

    assert (PIECES[0], Tier(D(8000), D(1), D(7920), D(1))) == ladder.pieces


def test_at_worst_a_ladder_of_whole_positions_jumps_to_all_of_it():
    ladder = Tiers.of(PIECES[:1], known_to=D(8000)).at_worst(is_whole_position=True)

    assert (PIECES[0], Tier(D(8000), D(1), D(0), D(1))) == ladder.pieces


def test_a_finished_ladder_is_its_own_worst():
    ladder = Tiers.of(PIECES)

    assert ladder is ladder.at_worst(is_whole_position=False)
