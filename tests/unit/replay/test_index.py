"""Index prices of collateral on a path that knows marks alone."""

import numpy as np

from crossmargin.replay.index import IndexPath
from crossmargin.rulebooks.schema import Collateral
from tests.toys import D, book, linear, one_tier
from tests.unit.replay.paths import GAP, path

RULES = book(
    (linear("AUSDT"), one_tier("0.1")),
    collateral={
        "USDT": Collateral(D(0), D(0), is_stable=True),
        "A": Collateral(D(0), D(0)),
        "X": Collateral(D(0), D(0)),
    },
)


def test_an_asset_moves_in_proportion_to_the_mark_of_its_contract():
    # From 200 at a mark of 100: twice the mark.
    index = IndexPath(path(AUSDT=[100, 50, GAP, 125]), RULES, {"A": D(200)})
    rows = index.rows(("A",), 0, 4)

    assert [200, 100, 250] == rows[[0, 1, 3], 0].tolist()
    assert np.isnan(rows[2, 0])
    assert [{"A": D(200)}, {"A": D(100)}, {}] == [index.at(point) for point in range(3)]


def test_the_move_counts_from_the_first_mark_there_is():
    index = IndexPath(path(AUSDT=[GAP, 100, 50]), RULES, {"A": D(200)})

    assert [{}, {"A": D(200)}, {"A": D(100)}] == [index.at(point) for point in range(3)]


def test_stable_assets_and_those_without_a_contract_are_held_and_it_is_said():
    index = IndexPath(path(AUSDT=[100, 50]), RULES, {"USDT": D("0.999"), "X": D(7)})

    assert {"USDT": D("0.999"), "X": D(7)} == index.at(1)
    assert (
        "The index price of USDT is held at 0.999.",
        "The index price of X is held at 7.",
    ) == index.assumptions


def test_an_asset_without_a_start_has_no_index():
    index = IndexPath(path(AUSDT=[100, 50]), RULES, {})

    assert np.isnan(index.rows(("A",), 0, 2)).all()
    assert {} == index.at(0)
