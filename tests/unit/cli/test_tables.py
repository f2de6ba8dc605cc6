"""An assessment on the screen: what depends on modes, sides and the venue's conventions."""

import io
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from crossmargin.cli.explain import explanation
from crossmargin.cli.numbers import held as shown
from crossmargin.cli.tables import joint_sentence, show_assessment
from crossmargin.files.account import parse_account, read_account_file
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.rulebooks.margin_rule import MarginRule, Netting
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
        pytest.param((held(3),), "3.00 % 3,333.33 %", id="thirty-three times"),
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


EXAMPLES = sorted((Path(__file__).parents[3] / "examples/venues").glob("*.toml"))


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_the_terminal_whole(path, width):
    file = read_account_file(path)
    assessment = assess(file.account, file.market, file.rulebook)
    out = io.StringIO()
    show_assessment(Console(file=out, width=width, highlight=False), assessment)
    text = out.getvalue()

    assert width >= max(len(line.rstrip()) for line in text.splitlines())
    assert "…" not in text
    health = assessment.pool.health
    assert health is not None
    for position in assessment.positions:
        assert f"{position.symbol} {position.side}" in text
    for amount in (health.equity, health.buffer):
        assert shown(amount, assessment.pool.asset) in text


# Opposite longs and shorts of one symbol: 10 % of 500 and of 300, of which the smaller nets.
NETTING = replace(RULES, margin=MarginRule(netting=Netting.LARGER_SIDE_OF_SYMBOL))
HEDGED = account(1000, held(5), held(-3), position_mode=PositionMode.HEDGE)


def test_a_pool_that_asks_less_than_its_positions_says_why():
    text = screen(HEDGED, NETTING)

    assert "USDT pool: positions ask 80.00 of maintenance margin, offsetting saves" in text
    assert "30.00" in text
    assert "of maintenance margin" not in screen(account(1000, held(5)))


def test_an_explanation_takes_both_requirements_apart():
    lines = explanation(assess(HEDGED, MARKET, NETTING))

    # Of 500 ÷ 20 and 300 ÷ 20.
    assert "  initial margin = positions 40 − 15 saved by offsetting + open orders 0 = 25" in lines
    assert "  maintenance margin = positions 80 − 30 saved by offsetting = 50" in lines


def test_what_debts_ask_is_beside_what_positions_ask():
    # A debt of 100 at 1 USD is asked for 20 % and 4 %; the position for 100 ÷ 20 and 10 %.
    terms = Collateral(D(0), D(0), borrow_initial=D("0.2"), borrow_maintenance=D("0.04"))
    coin = Collateral(D(0), D(0))
    rules = replace(RULES, collateral={"USDT": terms, "COIN": coin})
    owed = Account({"USDT": D(-100), "COIN": D(1)}, (held(1),), assets_mode=AssetsMode.MULTI)
    market = Market(MARKET.marks, {"USDT": D(1), "COIN": D(1000)})
    lines = explanation(assess(owed, market, rules))

    assert "  initial margin = positions 5 + debts 20 + open orders 0 = 25" in lines
    assert "  maintenance margin = positions 10 + debts 4 = 14" in lines
    assert "positions ask 10.00 of maintenance margin, debts ask 4.00" in screen(
        owed, rules, market
    )


def test_an_end_beyond_what_is_known_is_a_sentence():
    rules = book((linear("AUSDT"), replace(one_tier("0.1"), known_to=D(150))))
    of = account(1000, held(-1))

    assert "↑ ?: that liquidation price of AUSDT would be beyond what is known" in screen(of, rules)
    assert (
        "  upper liquidation price: unknown, it would be beyond what is known of the margin tiers"
        in explanation(assess(of, MARKET, rules))
    )


OPTION = """
venue = "deribit"
at = "2026-11-22T12:00:00Z"
[balances]
BTC = "1"
[marks]
"BTC-27NOV26-110000-C" = "0.02"
[index]
BTC = "100000"
[[positions]]
symbol = "BTC-27NOV26-110000-C"
size = "-1"
entry_price = "0.02"
"""


def test_a_short_option_is_explained_with_its_numbers():
    # One coin, 10 % out of the money: max(0.15 − 0.1, 0.1) + 0.02 and 0.075 + 0.02.
    file = parse_account(OPTION, "option.toml")
    lines = "\n".join(explanation(assess(file.account, file.market, file.rulebook)))

    assert "initial margin = 1 × (max(15 % × 1 − 0.1, 10 % × 1) + mark 0.02) = 0.12" in lines
    assert " + mark 0.02) = 0.095" in lines
    assert "its profit is not in equity: what it was sold for is in the wallet" in lines
