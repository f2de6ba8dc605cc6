"""The answer other programs read: its shape, what is null, and which way each number rounds."""

import json
import re
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from crossmargin.files.answer import answer
from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tiers
from crossmargin.rulebooks.schema import Collateral
from tests.toys import D, book, linear, one_tier

RULES = book(
    (linear("AUSDT"), one_tier("0.1")),
    (linear("BUSDT"), one_tier("0.1")),
    (linear("AUSDC", settle="USDC"), one_tier("0.1")),
    collateral={
        "USDT": Collateral(D(0), D(0), is_stable=True),
        "BTC": Collateral(D("0.05"), D("0.05")),
    },
)
LEVERAGE = {"AUSDT": D(20), "BUSDT": D(20), "AUSDC": D(20)}


def told(balances, *positions, marks=None, index=None, rules=RULES, **more):
    account = Account(
        {asset: D(amount) for asset, amount in balances.items()},
        positions,
        leverage=LEVERAGE,
        **more,
    )
    prices = {symbol: D(mark) for symbol, mark in (marks or {}).items()}
    market = Market(prices, {asset: D(price) for asset, price in (index or {}).items()})
    return answer(assess(account, market, rules))


def cross(symbol, size, entry):
    return Position(symbol, D(size), D(entry))


def isolated(symbol, size, entry, margin):
    return Position(symbol, D(size), D(entry), MarginMode.ISOLATED, D(margin))


# A wallet of 100 and two units bought at 100, now at 110, at 20x and 10 % of maintenance.
# Equity 100 + 2 × 10 = 120; notional 220; initial 220 ÷ 20 = 11; maintenance 22; buffer 98;
# free 120 − 11 = 109, of which the profit may not leave; health 22 ÷ 120 = 0.18333...
# At a price p equity is 2p − 100 and maintenance 0.2p: they meet at 100 ÷ 1.8 = 55.555..., which is
# 54.444... ÷ 110 = 0.494949... below; equity is zero at 50.
MONEY = {
    "status": "ok",
    "wallet_balance": "100",
    "equity": "120",
    "initial_margin": "11",
    "order_initial_margin": "0",
    "open_loss": "0",
    "maintenance_margin": "22",
    "buffer": "98",
    "free_margin": "109",
    "withdrawable": "100",
    "health": "0.18333334",
    "venue_ratio": "0.18333334",
}
JOINT = {"down": "0.49494949", "up": None, "first": "USDT"}


def test_a_whole_answer_by_hand():
    expected = {
        "schema": 1,
        "venue": "toy",
        "edition": "2025-01-01",
        "mode": "standard",
        "ratio_convention": "maintenance-over-equity",
        "asset": "USDT",
        **MONEY,
        "joint_liquidation": JOINT,
        "pools": [{"asset": "USDT", **MONEY, "joint_liquidation": JOINT}],
        "buckets": [],
        "positions": [
            {
                "symbol": "AUSDT",
                "side": "long",
                "mode": "cross",
                "size": "2",
                "notional": "220",
                "entry_price": "100",
                "mark_price": "110",
                "unrealised_pnl": "20",
                "initial_margin": "11",
                "maintenance_margin": "22",
                "tier": 1,
                "liquidation_price": {"lower": "55.55555556", "upper": None},
                "roots": [],
                "bankruptcy_price": "50",
                "distance": "0.49494949",
            }
        ],
        "worst": {"kind": "pool", "name": "USDT", "health": "0.18333334"},
        "warnings": [],
        "missing": [],
        "assumptions": [],
    }

    assert expected == told({"USDT": "100"}, cross("AUSDT", 2, 100), marks={"AUSDT": "110"})


def test_where_nothing_liquidates_nothing_breaks_first():
    found = told({"USDT": "1000"}, cross("AUSDT", 1, 100), marks={"AUSDT": "110"})

    nothing = {"down": None, "up": None, "first": None}
    assert nothing == found["joint_liquidation"] == found["pools"][0]["joint_liquidation"]


def test_every_field_is_there_even_where_nothing_is_known():
    known = told({"USDT": "100"}, cross("AUSDT", 2, 100), marks={"AUSDT": "110"})
    unknown = told({"USDT": "100"}, isolated("AUSDT", 1, 10, 5), cross("BUSDT", 1, 10))

    assert [*known] == [*unknown]
    for part in ("pools", "positions"):
        assert [*known[part][0]] == [*unknown[part][0]]
    assert ["symbol", "side", "asset", *MONEY, "joint_liquidation"] == [*unknown["buckets"][0]]
    assert ["kind", "name", "health"] == [*unknown["worst"]]


@pytest.mark.parametrize(
    ("size", "field", "rounded"),
    [
        # At a mark of 1.0000000015: notional as much, a tenth and a twentieth of it.
        pytest.param("1", "notional", "1.00000001", id="notional, asked for: up"),
        pytest.param("1", "maintenance_margin", "0.10000001", id="maintenance margin: up"),
        pytest.param("1", "initial_margin", "0.05000001", id="initial margin: up"),
        pytest.param("1", "unrealised_pnl", "0", id="a profit of 0.0000000015: down"),
        pytest.param("-1", "unrealised_pnl", "-0.00000001", id="a loss of as much: down"),
    ],
)
def test_which_way_a_position_rounds(size, field, rounded):
    found = told({"USDT": "10"}, cross("AUSDT", size, 1), marks={"AUSDT": "1.0000000015"})

    assert rounded == found["positions"][0][field]


@pytest.mark.parametrize(
    ("field", "rounded"),
    [
        # A short of one from 1 at 1.0000000015, on a wallet of 10.000000000000000001.
        pytest.param("wallet_balance", "10", id="wallet: down"),
        pytest.param("equity", "9.99999999", id="equity 9.9999999985...: down"),
        pytest.param("initial_margin", "0.05000001", id="initial margin 0.050000000075: up"),
        pytest.param("maintenance_margin", "0.10000001", id="maintenance 0.10000000015: up"),
        pytest.param("buffer", "9.89999999", id="buffer 9.8999999983...: down"),
        pytest.param("free_margin", "9.94999999", id="free 9.9499999984...: down"),
        pytest.param("health", "0.01000001", id="health 0.0100000000165...: up"),
    ],
)
def test_which_way_a_pool_rounds(field, rounded):
    found = told(
        {"USDT": "10.000000000000000001"},
        cross("AUSDT", -1, 1),
        marks={"AUSDT": "1.0000000015"},
    )

    assert rounded == found[field]
    assert rounded == found["pools"][0][field]


def test_what_orders_ask_rounds_up():
    # A buy of one at 1.0000000015 beside nothing: 1.0000000015 ÷ 20 = 0.050000000075 of margin, and
    # 0.0000000015 of loss at a mark of 1.
    found = told(
        {"USDT": "10"},
        orders=(Order("AUSDT", D(1), D("1.0000000015")),),
        marks={"AUSDT": "1"},
    )

    assert "0.05000001" == found["order_initial_margin"]
    assert "0.00000001" == found["open_loss"]


@pytest.mark.parametrize(
    ("balance", "positions", "health"),
    [
        pytest.param("100", (), "0", id="nothing at stake"),
        pytest.param("0", (), "0", id="nothing at all"),
        # Ten units at a mark of 10: maintenance margin 10.
        pytest.param("100", ((10, 10),), "0.1", id="10 asked of 100"),
        pytest.param("10", ((10, 10),), "1", id="as much asked as there is"),
        pytest.param("5", ((10, 10),), "2", id="twice as much asked"),
        pytest.param("30", ((10, 10),), "0.33333334", id="a third, rounded up"),
        pytest.param("0", ((10, 10),), None, id="10 asked of nothing"),
        pytest.param("100", ((10, 30),), None, id="10 asked of debt: 100 − 200"),
    ],
)
def test_health(balance, positions, health):
    held = [cross("AUSDT", size, entry) for size, entry in positions]
    found = told({"USDT": balance}, *held, marks={"AUSDT": "10"})

    assert health == found["health"]
    assert health == found["worst"]["health"]


def test_with_several_pools_the_least_healthy_one_is_the_headline():
    # USDT: 100 of 1,000 asked; USDC: 50 of 100.
    found = told(
        {"USDT": "1000", "USDC": "100"},
        cross("AUSDT", 10, 100),
        cross("AUSDC", 5, 100),
        marks={"AUSDT": "100", "AUSDC": "100"},
    )

    assert ["USDT", "USDC"] == [pool["asset"] for pool in found["pools"]]
    assert ("USDC", "100", "0.5") == (found["asset"], found["equity"], found["health"])
    assert {"kind": "pool", "name": "USDC", "health": "0.5"} == found["worst"]


def test_isolated_money_is_never_in_the_pool():
    # The bucket: 20 of margin, a profit of 2 × 5, 2 × 105 × 10 % = 21 asked: 21 ÷ 30 = 0.7.
    found = told({"USDT": "100"}, isolated("AUSDT", 2, 100, 20), marks={"AUSDT": "105"})
    bucket = found["buckets"][0]

    assert ("80", "80", "0", "0") == (
        found["wallet_balance"],
        found["equity"],
        found["maintenance_margin"],
        found["health"],
    )
    assert ("AUSDT", "long", "USDT") == (bucket["symbol"], bucket["side"], bucket["asset"])
    assert ("20", "30", "21", "9", "0.7") == (
        bucket["wallet_balance"],
        bucket["equity"],
        bucket["maintenance_margin"],
        bucket["buffer"],
        bucket["health"],
    )
    assert {"kind": "bucket", "name": "AUSDT", "health": "0.7"} == found["worst"]


def test_the_buckets_of_a_hedged_symbol_are_named_by_side():
    found = told(
        {"USDT": "100"},
        isolated("AUSDT", 1, 100, 20),
        isolated("AUSDT", -1, 100, 15),
        marks={"AUSDT": "100"},
        position_mode=PositionMode.HEDGE,
    )

    assert ["long", "short"] == [bucket["side"] for bucket in found["buckets"]]
    # 10 of 15 asked is worse than 10 of 20.
    assert "AUSDT short" == found["worst"]["name"]


@pytest.mark.parametrize(
    ("positions", "marks", "joint"),
    [
        pytest.param((), {}, {"down": None, "up": None, "first": None}, id="nothing held: never"),
        # 10 of maintenance asked of an equity of 10.
        pytest.param(
            (cross("AUSDT", 1, 190),),
            {"AUSDT": "100"},
            {"down": "0", "up": "0", "first": "USDT"},
            id="already there",
        ),
        # A short of one: 100 + (100 − p) = 0.1p at p = 181.8181..., 0.818181... above.
        pytest.param(
            (cross("AUSDT", -1, 100),),
            {"AUSDT": "100"},
            {"down": None, "up": "0.81818181", "first": "USDT"},
            id="a short breaks above alone",
        ),
        # The bucket: 20 + (p − 100) = 0.1p at 88.888..., 0.1111... below; the pool holds nothing.
        pytest.param(
            (isolated("AUSDT", 1, 100, 20),),
            {"AUSDT": "100"},
            {"down": "0.11111111", "up": None, "first": "AUSDT"},
            id="the bucket breaks first",
        ),
        pytest.param((cross("AUSDT", 1, 100),), {}, None, id="unknown: no ends at all"),
    ],
)
def test_the_joint_liquidation_point(positions, marks, joint):
    assert joint == told({"USDT": "100"}, *positions, marks=marks)["joint_liquidation"]


def test_a_liquidation_price_is_null_as_a_whole_where_it_is_unknown_and_by_its_ends_where_not():
    # Nothing liquidates one unit from 10 on a wallet of 100.
    known = told({"USDT": "100"}, cross("AUSDT", 1, 10), marks={"AUSDT": "10"})["positions"][0]
    unknown = told({"USDT": "100"}, cross("AUSDT", 1, 10))["positions"][0]

    assert {"lower": None, "upper": None} == known["liquidation_price"]
    assert known["bankruptcy_price"] is known["distance"] is None
    assert unknown["liquidation_price"] is None


def test_what_is_unknown_is_null_and_named_and_what_is_known_stays_known():
    found = told(
        {"USDT": "100", "USDC": "100"},
        cross("AUSDT", 1, 10),
        cross("AUSDC", 1, 100),
        isolated("BUSDT", 1, 10, 5),
        marks={"AUSDC": "100", "BUSDT": "10"},
    )
    usdt, usdc = found["pools"]

    assert ("unknown", ["mark price of AUSDT"]) == (found["status"], found["missing"])
    # The unknown pool is the headline; its wallet, less the bucket, is known.
    assert ("USDT", "unknown", "95") == (found["asset"], usdt["status"], usdt["wallet_balance"])
    assert [None] * 10 == [usdt[name] for name in MONEY if name not in {"status", "wallet_balance"}]
    assert ("ok", "0.1") == (usdc["status"], usdc["health"])
    assert ("ok", "0.2") == (found["buckets"][0]["status"], found["buckets"][0]["health"])
    assert {"kind": "pool", "name": "USDT", "health": None} == found["worst"]


def test_a_ladder_that_is_known_in_part_makes_far_boundaries_unknown_and_names_it():
    # 2 % of 100 now; where the short breaks, near 190, the ladder is not known.
    pieces = one_tier("0.02").pieces
    rules = book((linear("AUSDT"), Tiers.of(pieces, known_to=D(150))))
    found = told({"USDT": "100"}, cross("AUSDT", -1, 100), marks={"AUSDT": "100"}, rules=rules)

    assert ("ok", "0.02") == (found["status"], found["health"])
    # A short: however the ladder goes on, falling prices never break it; rising ones do somewhere.
    assert {"lower": None, "upper": None, "unknown": ["upper"]} == (
        found["positions"][0]["liquidation_price"]
    )
    assert {"down": None, "up": None, "first": None, "unknown": ["up"]} == (
        found["joint_liquidation"]
    )
    assert ["margin tiers of AUSDT above 150"] == found["missing"]


def test_multi_assets_mode_is_one_pool_in_usd():
    # 100 USDT and 0.5 BTC at 200 less 5 %: 100 + 95; 10 % of 100 is asked: 10 ÷ 195 = 0.05128...
    found = told(
        {"USDT": "100", "BTC": "0.5"},
        cross("AUSDT", 1, 100),
        marks={"AUSDT": "100"},
        index={"USDT": "1", "BTC": "200"},
        assets_mode=AssetsMode.MULTI,
    )

    assert ["USD"] == [pool["asset"] for pool in found["pools"]]
    assert ("USD", "195", "10", "0.05128206") == (
        found["asset"],
        found["equity"],
        found["maintenance_margin"],
        found["health"],
    )


def test_leverage_above_what_the_tier_allows_is_a_warning():
    tight = Tiers.of((replace(one_tier("0.1").pieces[0], leverage_max=D(10)),))
    rules = book((linear("AUSDT"), tight))
    found = told({"USDT": "100"}, cross("AUSDT", 1, 100), marks={"AUSDT": "100"}, rules=rules)

    assert "ok" == found["status"]
    assert ["leverage 20 of AUSDT is above the 10 that tier 1 allows"] == found["warnings"]


def test_numbers_are_decimal_strings_without_exponent():
    found = told(
        {"USDT": "1E+5"},
        cross("AUSDT", "1E+2", "1E-8"),
        isolated("BUSDT", "-0.000000001", "1E+9", "0.1"),
        marks={"AUSDT": "2E-8", "BUSDT": "1E+9"},
    )

    def numbers(node):
        if isinstance(node, dict):
            return [n for key, value in node.items() for n in numbers(value) if key != "edition"]
        if isinstance(node, list):
            return [number for value in node for number in numbers(value)]
        return [node] if isinstance(node, str) and re.match(r"[-+.\dE]+$", node) else []

    assert ("0.00000001", "-0.000000001", "1000000000") == (
        found["positions"][0]["entry_price"],
        found["positions"][1]["size"],
        found["positions"][1]["mark_price"],
    )
    assert all(re.fullmatch(r"-?\d+(\.\d*[1-9])?", number) for number in numbers(found))


def test_an_answer_is_json():
    found = told({"USDT": "100"}, cross("AUSDT", 2, 100), marks={"AUSDT": "110"})

    assert found == json.loads(msgspec.json.encode(found), parse_float=Decimal)
