"""Nearest moves and regions where options bend the edge: a strangle sold, in portfolio mode.

Long or short, far enough: it is liquidated on both sides, so there are two nearest moves. They are
held against brute force and against the exact core.
"""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.durations import DAY_MS
from crossmargin.files.account import parse_account
from crossmargin.margin.assessment import Status
from crossmargin.money import plain
from crossmargin.risk.joint.nearest import nearest_move
from crossmargin.risk.joint.region import safe_region
from crossmargin.risk.situation import situation
from tests.unit.risk.estimates import covariance

STRANGLE = """
venue = "deribit"
mode = "portfolio"
at = "2026-11-22T08:00:00Z"
[balances]
BTC = "2"
ETH = "60"
[marks]
BTC-PERPETUAL = "95000"
ETH-PERPETUAL = "3500"
[index]
BTC = "95000"
ETH = "3500"
[[positions]]
symbol = "BTC-25DEC26-85000-P"
size = "-8"
entry_price = "0.02"
[[positions]]
symbol = "BTC-25DEC26-110000-C"
size = "-8"
entry_price = "0.012"
[[positions]]
symbol = "ETH-PERPETUAL"
size = "-200000"
entry_price = "3500"
[[surfaces.BTC]]
expires = "2026-12-25T08:00:00Z"
forward = "95600"
volatilities = { "85000" = "0.58", "95000" = "0.52", "110000" = "0.55" }
"""
ESTIMATE = covariance(("BTC", "ETH"), (0.03, 0.04), 0.7)


@pytest.fixture(scope="module")
def strangle():
    """Return the account to ask about."""
    file = parse_account(STRANGLE, "strangle")
    return situation(file.account, file.market, file.rulebook)


def status(asked, moves, factor="1"):
    """Return what the exact core says after `moves`, a little more or less far."""
    return asked.judged_at({asset: Decimal(factor) * move for asset, move in moves.items()}).status


def test_an_empty_pool_is_at_no_edge(strangle):
    file = parse_account(STRANGLE.replace("[marks]", 'USDC = "0"\n[marks]'), "with an empty pool")
    beside = situation(file.account, file.market, file.rulebook)
    moves = np.array([[0.0, 0.0], [-0.2, -0.1]])

    assert [False, False, True] == beside.is_empty.tolist()
    assert np.array_equal(strangle.surplus(moves), beside.room(moves)[:, :2])
    assert np.isposinf(beside.room(moves)[:, 2]).all()
    assert Decimal(0) < strangle.reach({"BTC": Decimal(1)}) == beside.reach({"BTC": Decimal(1)})


def test_both_sides_of_a_strangle_are_near_moves(strangle):
    found = nearest_move(strangle, ESTIMATE, DAY_MS)
    down, up = found.move.outcome.moves, found.others[0].outcome.moves

    assert {down["BTC"] < 0, up["BTC"] < 0} == {True, False}
    for move in (down, up):
        assert Status.OK is status(strangle, move, "0.99999")
        assert Status.LIQUIDATABLE is status(strangle, move, "1.00001")


def test_brute_force_finds_nothing_nearer(strangle):
    found = nearest_move(strangle, ESTIMATE, DAY_MS).move
    root = np.linalg.cholesky(ESTIMATE.matrix)
    turns = np.linspace(0, 2 * np.pi, 361)
    ways = np.column_stack([np.cos(turns), np.sin(turns)])
    radii = np.linspace(0.1, 2 * found.distance, 200)
    nearest = next(
        radius
        for radius in radii
        if (strangle.surplus(np.expm1(radius * ways @ root.T)) <= 0).any()
    )

    assert found.distance <= nearest * (1 + 1e-3)
    assert nearest == pytest.approx(found.distance, rel=0.02)


def test_the_edge_of_the_region_is_judged_exactly(strangle):
    found = safe_region(strangle, "BTC", "ETH", rays=16)
    edge = [one for one in found.vertices if one.is_edge]

    assert edge
    for one in edge:
        moves = {"BTC": one.first, "ETH": one.second}
        assert Status.OK is status(strangle, moves), plain(one.first)
        assert Status.LIQUIDATABLE is status(strangle, moves, "1.001"), plain(one.first)
