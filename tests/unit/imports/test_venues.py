"""What each venue's replies make, against files written by hand."""

import json
import tomllib
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.errors import UsageError
from crossmargin.files.account import parse_account
from crossmargin.imports.convert import VENUES, import_account
from crossmargin.imports.draft import Worth
from crossmargin.margin.assess import assess
from tests.unit.imports import replies
from tests.unit.imports.cases import imported, said
from tests.unit.imports.replies import BINANCE_ACCOUNT, BINANCE_POSITION, CASES


def test_every_venue_has_a_case():
    assert VENUES.keys() == {case.venue for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.venue}: {case.name}")
def test_replies_make_the_file(case):
    found = import_account(case.venue, case.documents())

    assert case.file == tomllib.loads(found.text)
    assert found.is_whole


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.venue}: {case.name}")
def test_the_order_of_replies_and_one_list_of_them_do_not_matter(case):
    listed = [("all.json", json.dumps(case.replies[::-1]))]

    assert case.file == tomllib.loads(import_account(case.venue, listed).text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.venue}: {case.name}")
def test_ccxt_carries_the_same_in_info(case):
    # fetch_balance holds the whole reply as info, fetch_positions one row each.
    wrapped = [{"info": reply, "free": {}, "total": {}} for reply in case.replies]

    assert case.file == tomllib.loads(imported(case.venue, *wrapped).text)


def test_ccxt_positions_are_read_from_info_alone():
    rows = [{"info": BINANCE_POSITION, "symbol": "BTC/USDT:USDT", "contracts": 0.49999999999999994}]
    found = imported("binance-usdm", rows, {"info": BINANCE_ACCOUNT, "total": {"USDT": 9999.99}})

    assert "0.5" == tomllib.loads(found.text)["positions"][0]["size"]


@pytest.mark.parametrize("case", replies.BINANCE[:3], ids=lambda case: case.name)
def test_what_is_imported_can_be_assessed(case):
    file = parse_account(import_account(case.venue, case.documents()).text, "imported")
    now = assess(file.account, file.market, file.rulebook)

    assert () == now.missing
    # As the replies report: 0.5 × 1,000; in hedge mode 1,000 and 200.
    profits = [position.unrealised_pnl for position in now.positions]
    assert profits == ([1000, 200] if len(profits) == 2 else [500])


def test_prices_of_other_moments_are_said():
    found = imported(
        "binance-usdm",
        [BINANCE_POSITION | {"unRealizedProfit": "900"}],
        {"assets": [], "positions": [], "canTrade": True},
        [{"asset": "USDT", "balance": "1", "crossWalletBalance": "1"}],
    )

    assert "profit of BTCUSDT" in said(found, Worth.DERIVED)


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [("NEWUSDT", "linear-perpetual"), ("NEWUSDT_270326", "linear-future")],
)
def test_a_symbol_the_rulebook_does_not_know_is_described(symbol, kind):
    row = BINANCE_POSITION | {"symbol": symbol}
    found = imported("binance-usdm", [row], BINANCE_ACCOUNT | {"positions": []})

    assert {symbol: {"kind": kind, "settle": "USDT"}} == tomllib.loads(found.text)["instruments"]
    assert f"tiers of {symbol}" in said(found, Worth.MISSING)


@pytest.mark.parametrize(
    ("time", "at"),
    [
        (1760130000, "2025-10-10T21:00:00Z"),
        ("1760130000000", "2025-10-10T21:00:00Z"),
        (1760130000000001, "2025-10-10T21:00:00Z"),
        ("2025-10-10T23:00:00+02:00", "2025-10-10T21:00:00Z"),
        ("2025-10-10T21:00:00", "2025-10-10T21:00:00Z"),
        (12, None),
        ("soon", None),
        ("1e999", None),
    ],
)
def test_the_moment_is_that_of_the_envelope(time, at):
    found = imported("binance-usdm", {"time": time, "data": [BINANCE_ACCOUNT]})

    assert at == tomllib.loads(found.text).get("at")


def test_replies_far_apart_are_said():
    account = {"time": 1760130000000, "data": BINANCE_ACCOUNT}
    found = imported("binance-usdm", account, {"time": 1760130061000, "data": [BINANCE_POSITION]})

    assert "at" in said(found, Worth.DERIVED)
    assert '"2025-10-10T21:01:01Z"' in found.text


@pytest.mark.parametrize(
    ("venue", "shown"),
    [
        (
            "bybit",
            {
                "result": {
                    "category": "spot",
                    "list": [
                        {
                            "symbol": "BTCUSDT",
                            "orderId": "1",
                            "qty": "1",
                            "side": "Buy",
                            "orderType": "Limit",
                            "price": "9",
                        }
                    ],
                }
            },
        ),
        (
            "binance-usdm",
            [
                {
                    "symbol": "BTC/USDT",
                    "info": {
                        "symbol": "BTCUSDT",
                        "orderId": 1,
                        "origQty": "1",
                        "side": "BUY",
                        "type": "LIMIT",
                        "price": "9",
                    },
                }
            ],
        ),
    ],
)
def test_spot_orders_are_not_taken_for_those_of_perpetuals(venue, shown):
    wallet = replies.BYBIT_WALLET if venue == "bybit" else BINANCE_ACCOUNT
    found = imported(venue, shown, wallet)

    assert ["a spot or option order"] == said(found, Worth.LEFT_OUT)
    assert "orders" not in tomllib.loads(found.text)


def test_orders_that_are_over_are_no_orders():
    order = {
        "symbol": "BTCUSDT",
        "orderId": 1,
        "origQty": "1",
        "side": "BUY",
        "type": "LIMIT",
        "price": "9",
    }
    orders = [order | {"status": status} for status in ("CANCELED", "EXPIRED", "NEW", "FILLED")]
    file = tomllib.loads(imported("binance-usdm", BINANCE_ACCOUNT, orders).text)

    assert [{"symbol": "BTCUSDT", "size": "1", "price": "9"}] == file["orders"]


def test_an_order_with_a_side_makes_it_hedge_mode():
    order = {
        "symbol": "ETHUSDT",
        "orderId": "1",
        "qty": "1",
        "side": "Sell",
        "orderType": "Limit",
        "price": "9",
        "positionIdx": 2,
    }
    file = tomllib.loads(imported("bybit", [order], replies.BYBIT_WALLET).text)

    assert "hedge" == file["position_mode"]
    assert "short" == file["orders"][0]["side"]


JUNK = st.sampled_from(
    [
        None,
        "",
        "x",
        "0",
        "-1",
        "1e17",
        "1e-30",
        "-0",
        "NaN",
        True,
        0,
        -7,
        10**30,
        [],
        {},
        [1],
        {"a": {}},
    ]
)


def mutated(node, pick):
    """Return `node` with what `pick` chooses replaced or left out."""
    if isinstance(node, dict):
        kept = {key: mutated(inner, pick) for key, inner in node.items()}
        return {key: inner for key, inner in kept.items() if inner is not mutated}
    if isinstance(node, list):
        return [inner for one in node if (inner := mutated(one, pick)) is not mutated]
    return pick(node)


@settings(max_examples=400)
@given(st.sampled_from(CASES), st.randoms(use_true_random=False), st.data())
def test_broken_replies_make_a_file_or_a_sentence(case, random, data):
    junk = data.draw(JUNK)

    def pick(value):
        chance = random.random()
        return mutated if chance < 0.04 else junk if chance < 0.08 else value

    found, sentence = None, ""
    try:
        found = imported(case.venue, *[mutated(reply, pick) for reply in case.replies])
    except UsageError as error:
        sentence = str(error)

    assert "\n" not in sentence
    if found is not None:
        table = tomllib.loads(found.text)
        assert case.venue == table["venue"]
        assert all(Decimal(row["size"]) for row in table.get("positions", []))
        assert all(Decimal(row["entry_price"]) > 0 for row in table.get("positions", []))
