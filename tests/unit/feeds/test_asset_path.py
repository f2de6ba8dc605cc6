"""Paths of assets: the first symbol whose candles cover the window, and what stands in for it."""

from pathlib import Path

import numpy as np
import pytest

from crossmargin.errors import UnknownError
from crossmargin.feeds.asset_path import load_asset_path

HOUR_MS = 3_600_000
START = 1_760_054_400_000


def write(folder: Path, name: str, price: float, hours: int = 4) -> None:
    rows = ["ts,open,high,low,close"]
    rows += [f"{START + h * HOUR_MS},{price},{price},{price},{price}" for h in range(hours)]
    (folder / name).write_text("\n".join(rows) + "\n")


def test_a_column_for_each_asset_in_order(tmp_path):
    write(tmp_path, "mark_ETHUSDT_1h.csv", 4000)
    write(tmp_path, "mark_BTCUSDT_1h.csv", 100_000)
    asked = {"ETH": ["ETHUSDT"], "BTC": ["BTCUSDT"]}
    path = load_asset_path(tmp_path, asked, START, START + 2 * HOUR_MS)

    assert ("ETHUSDT", "BTCUSDT") == path.symbols
    assert [4000.0, 100_000.0] == path.marks[0].tolist()


def test_without_a_window_it_is_what_all_share(tmp_path):
    write(tmp_path, "mark_ETHUSDT_1h.csv", 4000, hours=3)
    write(tmp_path, "mark_BTCUSDT_1h.csv", 100_000)
    path = load_asset_path(tmp_path, {"ETH": ["ETHUSDT"], "BTC": ["BTCUSDT"]})

    assert (START, START + 3 * HOUR_MS) == (path.from_ms, path.to_ms)
    assert np.isfinite(path.marks).all()


def test_a_contract_nobody_has_candles_of_is_stood_in_for_and_said(tmp_path):
    write(tmp_path, "mark_BTCUSDT_1h.csv", 100_000)
    asked = {"BTC": ["BTC-PERPETUAL"]}
    path = load_asset_path(tmp_path, asked, START, START + HOUR_MS, venue="deribit")

    assert ("BTCUSDT",) == path.symbols
    assert "BTC: nothing of the venue’s own covers it, BTCUSDT stands in." in path.choice


def test_a_venue_with_another_name_for_the_asset_is_stood_in_for_too(tmp_path):
    write(tmp_path, "mark_BTCUSDT_1h.csv", 100_000)
    asked = {"XBT": ["PF_XBTUSD"]}
    path = load_asset_path(tmp_path, asked, START, START + HOUR_MS, venue="kraken")

    assert ("BTCUSDT",) == path.symbols


def test_spot_prices_stand_in_last_and_said(tmp_path):
    write(tmp_path, "spot_BTCUSDT_1h.csv", 100_000)
    path = load_asset_path(tmp_path, {"BTC": ["BTCUSDT"]}, START, START + HOUR_MS)

    assert "BTC: no perpetual’s candles cover the window, spot prices stand in." in path.choice


def test_what_nothing_covers_is_unknown(tmp_path):
    write(tmp_path, "mark_BTCUSDT_1h.csv", 100_000)

    with pytest.raises(UnknownError, match="there are no candles of ETH; looked for ETHUSDT"):
        load_asset_path(tmp_path, {"ETH": ["ETHUSDT"]}, START, START + HOUR_MS)
    with pytest.raises(UnknownError, match="no candles of BTC cover 2025-10-10T00:00:00Z to"):
        load_asset_path(tmp_path, {"BTC": ["BTCUSDT"]}, START, START + 9 * HOUR_MS)
