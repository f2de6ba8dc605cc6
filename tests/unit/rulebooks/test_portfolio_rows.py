"""Rows of portfolio margin that hold for some underlyings each, and those that do not fit."""

from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace

from crossmargin.errors import UnknownError
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.portfolio.bases import row_of
from crossmargin.rulebooks.portfolio.okx import DepegColumn, ExitCost, OkxPortfolio, VolatilityShift

D = Decimal
OKX = load_rulebook("okx").portfolio
BYBIT = load_rulebook("bybit").portfolio


@pytest.mark.parametrize(
    ("base", "largest"),
    [
        # Announcement of 2025-01-02, MR1.
        ("BTC", "0.12"),
        ("XRP", "0.18"),
        ("SOL", "0.25"),
        ("NEWCOIN", "0.25"),
    ],
)
def test_an_underlying_has_the_row_that_names_it_or_that_of_others(base, largest):
    assert D(largest) == OKX.spot_shock(base).steps[-1]


@pytest.mark.parametrize(
    ("base", "extreme", "annual"),
    [("ETH", "0.24", "0.05"), ("SOL", "0.36", "0.15"), ("LINK", "0.5", "0.3")],
)
def test_classes_of_moves_are_not_those_of_the_spot_shock(base, extreme, annual):
    # The same announcement, MR6 and MR4.
    risk = OKX.move(base)

    assert (D(extreme), D(annual)) == (risk.extreme_move, risk.basis_annual)


def test_without_a_row_of_others_an_underlying_is_unknown():
    assert row_of("SOL", BYBIT.assets[:2]) is None
    with pytest.raises(UnknownError, match="Bybit's portfolio margin parameters of SOL"):
        replace(BYBIT, assets=BYBIT.assets[:2]).asset("SOL")
    with pytest.raises(UnknownError, match="OKX's portfolio margin parameters of SOL"):
        replace(OKX, exits=OKX.exits[:1]).exit("SOL")


def _shift(days: int) -> VolatilityShift:
    return VolatilityShift(D(days), D("0.5"), D("0.3"))


RATES = OKX.depeg[0].rates


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        pytest.param("volatility", (), "must have a row at least", id="no shift"),
        pytest.param("volatility", (_shift(30), _shift(0)), "must rise", id="days fall"),
        pytest.param("depeg_bounds", (D(5), D(1), D(9)), "must rise", id="slices fall"),
        pytest.param("depeg_bounds", (D(5),), "one more rate than", id="more rates than slices"),
        pytest.param(
            "depeg",
            (DepegColumn(D("0.9"), RATES), DepegColumn(D(1), RATES)),
            "must fall",
            id="the index rises",
        ),
        pytest.param("depeg_pairs", ("USDT",), "must be two currencies", id="half a pair"),
    ],
)
def test_rows_of_okx_that_do_not_fit_are_refused(key, value, message):
    with pytest.raises(ValueError, match=message):
        OkxPortfolio(**{**asdict(OKX), key: value})


@pytest.mark.parametrize(
    ("bounds", "multipliers", "message"),
    [
        pytest.param((D(10),), (D(1),), "one more of multipliers", id="none above the bound"),
        pytest.param((D(10), D(10)), (D(1),) * 3, "bounds must rise", id="a bound twice"),
    ],
)
def test_multipliers_that_do_not_fit_their_bounds_are_refused(bounds, multipliers, message):
    with pytest.raises(ValueError, match=message):
        ExitCost(source="page", bases="BTC", rate=D("0.01"), bounds=bounds, multipliers=multipliers)
