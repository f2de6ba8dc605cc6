"""An assessment on the screen: what depends on modes, sides and the venue's conventions."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from crossmargin.cli.explain import explanation
from crossmargin.cli.tables import joint_sentence, show_assessment
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.rulebooks.schema import Collateral, RatioConvention
from tests.toys import D, book, linear, one_tier

RULES = book(
    (linear("AUSDT"), one_tier("0.1")),
    (linear("NUSDT"), None),
    collateral={"USDT": Collateral(D(0), D(0), is_stable=True)},
)
MARKET = Market({"AUSDT": D(100), "NUSDT": D(1)})


def held(size, entry="100", margin=None, symbol="AUSDT"):
    mode = MarginMode.CROSS if margin is None else MarginMode.ISOLATED
    return Position(symbol, D(size), D(entry), mode, D(margin or 0))


def account(wallet, *positions, **more):
    return Account({"USDT": D(wallet)}, positions, **more)


def screen(of, rules=RULES, market=MARKET):
    out = io.StringIO()
    show_assessment(Console(file=out, width=100, highlight=False), assess(of, market, rules))
    return " ".join(out.getvalue().split())


@pytest.mark.parametrize(
    ("of", "part"),
    [
        # 100 − (p − 100) = 0.1p at 181.818...; nothing is left at 200.
        pytest.param(account(100, held(-1)), "↑ 181.8181 200", id="a short has an upper end"),
        pytest.param(
            account(1000, held(2), held(-7), position_mode=PositionMode.HEDGE),
            "hedge, single-asset",
            id="hedge mode",
        ),
        pytest.param(account(1000, held(1)), "AUSDT long 1 100 100 0.00 10.00 – – –", id="no end"),
        # The order asks 90 ÷ 20.
        pytest.param(
            account(1000, held(1), orders=(Order("AUSDT", D(1), D(90)),)),
            "Initial Orders Maintenance",
            id="orders have a column where there are any",
        ),
        pytest.param(
            account(1000, held(1, margin=11)),
            "the AUSDT bucket is the least healthy: 1.00 USDT left",
            id="a bucket worse than the pool is in the headline",
        ),
        pytest.param(
            account(1000, held(1, symbol="NUSDT")), "Missing: margin tiers of NUSDT", id="missing"
        ),
        pytest.param(
            account(1000, held(1), leverage={"AUSDT": D(2_000_000)}),
            "Warnings: leverage 2000000 of AUSDT is above the 1000000 that tier 1 allows",
            id="warnings",
        ),
        pytest.param(
            account(1000, held(1)),
            "Assumed: The leverage of AUSDT is not given: the 20 that toy starts with is used.",
            id="assumptions",
        ),
    ],
)
def test_the_screen_has(of, part):
    assert part in screen(of)


@pytest.mark.parametrize(
    ("positions", "ratio"),
    [
        # 1,000 ÷ 30 is 33.33 times.
        pytest.param((held(3),), "3.00 % over 1,000 %", id="thirty-three times"),
        # 1,000 ÷ 300.
        pytest.param((held(30),), "30.00 % 333.33 %", id="down to the last place"),
        pytest.param((), "0.00 % –", id="nothing asked"),
    ],
)
def test_a_venue_that_counts_the_other_way(positions, ratio):
    rules = replace(RULES, ratio_convention=RatioConvention.EQUITY_OVER_MAINTENANCE)

    assert ratio in screen(account(1000, *positions), rules)


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        pytest.param(
            account(100, held(-1)),
            "all prices together may rise 81.81 %; the USDT pool breaks first",
            id="up alone",
        ),
        pytest.param(
            account(1000, held(1)), "no common move of all prices liquidates", id="neither way"
        ),
        pytest.param(
            account(1000, held(1, symbol="NUSDT")),
            "how far all prices may move together is unknown",
            id="unknown",
        ),
    ],
)
def test_how_far_all_prices_may_move(of, sentence):
    assert sentence == joint_sentence(assess(of, MARKET, RULES))


def test_an_unknown_ladder_is_explained():
    lines = explanation(assess(account(1000, held(1, symbol="NUSDT")), MARKET, RULES))

    assert "  maintenance margin is unknown without the tiers of NUSDT" in lines
    assert "  notional = |1| × 1 = 1 USDT" in lines


def test_collateral_without_an_index_is_explained_as_unknown():
    of = account(1000, held(1), assets_mode=AssetsMode.MULTI)
    lines = explanation(assess(of, MARKET, RULES))

    assert "  unknown without index price of USDT" in lines
