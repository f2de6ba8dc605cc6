"""The packaged USDⓈ-M ladders are the collected ones, row by row."""

from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest

from crossmargin.model.instrument import Kind
from crossmargin.model.tiers import Tiers
from crossmargin.rulebooks.loader import editions, load_rulebook
from tests.shared import needs_shared

HISTORY = "data/tiers/binance_um_brackets_history.parquet"
ROWS = 18_934
NO_CAP = Decimal(2**63)

Row = tuple[str, int, Decimal, Decimal | None, Decimal, Decimal, Decimal, str]


def shortest(value: float) -> Decimal:
    return Decimal(repr(value))


def published(history: pl.DataFrame) -> set[tuple[str, *Row]]:
    rows = set()
    for row in history.iter_rows(named=True):
        cap = shortest(row["notional_cap"])
        rows.add(
            (
                row["file_date"],
                row["venue_symbol"],
                row["bracket"],
                shortest(row["notional_floor"]),
                None if cap >= NO_CAP else cap,
                shortest(row["maint_margin_rate"]),
                shortest(row["cum"]),
                shortest(row["max_leverage"]),
                row["currency"],
            )
        )
    return rows


def caps(tiers: Tiers) -> list[Decimal | None]:
    return [*(high.floor for _, high in pairwise(tiers.pieces)), tiers.cap]


def loaded() -> set[tuple[str, *Row]]:
    rows = set()
    for day in editions("binance-usdm"):
        for symbol, contract in load_rulebook("binance-usdm", edition=day).contracts.items():
            assert contract.tiers is not None
            pieces = zip(contract.tiers.pieces, caps(contract.tiers), strict=True)
            for bracket, (tier, cap) in enumerate(pieces, 1):
                rows.add(
                    (
                        str(day),
                        symbol,
                        bracket,
                        tier.floor,
                        cap,
                        tier.rate,
                        tier.deduction,
                        tier.leverage_max,
                        contract.instrument.settle,
                    )
                )
    return rows


def test_every_collected_bracket_is_loaded_exactly_and_no_other():
    expected = published(pl.read_parquet(needs_shared(HISTORY)))

    actual = loaded()

    assert (ROWS, set(), set()) == (len(actual), expected - actual, actual - expected)


@pytest.mark.parametrize(
    ("edition", "symbol", "kind", "base", "settle"),
    [
        pytest.param(
            "2025-09-29", "BTCUSDT", Kind.LINEAR_PERPETUAL, "BTC", "USDT", id="a perpetual"
        ),
        pytest.param(
            "2025-09-29",
            "ETHUSDT_251226",
            Kind.LINEAR_FUTURE,
            "ETH",
            "USDT",
            id="a dated future by its suffix",
        ),
        pytest.param(
            "2025-09-29",
            "1000SHIBUSDT",
            Kind.LINEAR_PERPETUAL,
            "1000SHIB",
            "USDT",
            id="a contract on a thousand coins keeps its name",
        ),
        pytest.param(
            "2025-09-29", "ETHBTC", Kind.LINEAR_PERPETUAL, "ETH", "BTC", id="settled in a coin"
        ),
        pytest.param("2026-09-29", "BTCU", Kind.LINEAR_PERPETUAL, "BTC", "U", id="settled in U"),
        pytest.param(
            "2022-05-28", "BTCBUSD", Kind.LINEAR_PERPETUAL, "BTC", "BUSD", id="settled in BUSD"
        ),
    ],
)
def test_kind_and_assets_follow_from_the_symbol(edition, symbol, kind, base, settle):
    instrument = load_rulebook("binance-usdm", edition=edition).contracts[symbol].instrument

    assert (kind, base, settle) == (instrument.kind, instrument.base, instrument.settle)
    assert (Decimal(1), None, None) == (instrument.multiplier, instrument.tick, instrument.lot)


def test_the_table_of_october_2024_was_in_force_in_august():
    # github.com/freqtrade/freqtrade, binance_leverage_tiers.json, snapshot 2024-10.
    expected = [
        ("0", "0.004", "125", "0"),
        ("50000", "0.005", "100", "50"),
        ("600000", "0.0065", "75", "950"),
        ("3000000", "0.01", "50", "11450"),
        ("12000000", "0.02", "25", "131450"),
        ("70000000", "0.025", "20", "481450"),
        ("100000000", "0.05", "10", "2981450"),
        ("230000000", "0.1", "5", "14481450"),
        ("480000000", "0.125", "4", "26481450"),
        ("600000000", "0.15", "3", "41481450"),
        ("800000000", "0.25", "2", "121481450"),
        ("1200000000", "0.5", "1", "421481450"),
    ]

    tiers = load_rulebook("binance-usdm", edition="2024-08-07").contracts["BTCUSDT"].tiers

    assert [tuple(map(Decimal, row)) for row in expected] == [
        (tier.floor, tier.rate, tier.leverage_max, tier.deduction) for tier in tiers.pieces
    ]
    assert Decimal(1_800_000_000) == tiers.cap
