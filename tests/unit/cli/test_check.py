"""`crossmargin check`: what it prints of an account worked out by hand.

Half a bitcoin from 100,000 on 10,000 asks 0.4 % of 50,000: equity 10,000 + 0.5 (p − 100,000) meets
0.002 p at 40,000 ÷ 0.498 = 80,321.285140562...
"""

import json

from tests.unit.cli.command import ACCOUNT, call, words

ISOLATED = ACCOUNT.replace("[[positions]]", '[[positions]]\nmode = "isolated"\nmargin = "5000"')
MULTI = """
venue = "binance-usdm"
edition = "2025-09-29"
assets_mode = "multi"
[balances]
USDT = "1000"
XYZ = "2"
[marks]
BTCUSDT = "100000"
[index]
USDT = "1"
XYZ = "100"
[leverage]
BTCUSDT = 10
[[positions]]
symbol = "BTCUSDT"
size = "0.01"
entry_price = "90000"
[collateral.USDT]
bid_buffer = "0"
ask_buffer = "0"
stable = true
[collateral.XYZ]
bid_buffer = "0.05"
ask_buffer = "0.05"
"""


def printed(monkeypatch, account, *more):
    return call(monkeypatch, "check", "-", *more, stdin=account).out


def test_the_screen_shows_the_numbers(monkeypatch):
    text = words(printed(monkeypatch, ACCOUNT))

    for part in (
        "binance-usdm, rules of 2025-09-29, one-way, single-asset",
        "OK buffer 9,800.00 USDT",
        "all prices together may fall 19.67 %; the USDT pool breaks first",
        "USDT pool 10,000.00 10,000.00 5,000.00 200.00 9,800.00 5,000.00 2.00 % 2.00 %",
        "BTCUSDT long 0.5 100,000 100,000 0.00 200.00 ↓ 80,321.29 80,000 19.67 %",
        "cross 10x",
        "tier 1",
    ):
        assert part in text


def test_the_screen_says_what_is_missing(monkeypatch):
    text = words(printed(monkeypatch, ACCOUNT.replace('BTCUSDT = "100000"', "")))

    assert "UNKNOWN health is unknown, see what is missing below" in text
    assert "Missing: mark price of BTCUSDT" in text


def test_the_screen_says_who_failed(monkeypatch):
    text = words(printed(monkeypatch, ACCOUNT.replace('"10000"', '"200"')))

    assert "LIQUIDATABLE USDT: equity does not cover maintenance" in text


def test_a_wide_number_is_not_cut(monkeypatch):
    text = printed(monkeypatch, ACCOUNT.replace('"10000"', '"123456789012345678"'))

    assert "123,456,789,012,345,678.00" in text
    assert "…" not in text


def test_the_largest_numbers_there_may_be_are_shown(monkeypatch):
    largest = "9" * 18
    account = ACCOUNT.replace('"0.5"', f'"{largest}"').replace(
        'BTCUSDT = "100000"', f'BTCUSDT = "{largest}"'
    )

    # With s = 10^18 − 1: 10,000 + s × (s − 100,000) = 10^36 − 10^23 − 2 × 10^18 + 110,001.
    assert "999,999,999,999,899,998,000,000,000,000,110,001.00" in printed(monkeypatch, account)


def test_the_json_is_the_answer(monkeypatch):
    found = json.loads(printed(monkeypatch, ACCOUNT, "--json"))

    assert ("ok", "10000", "200", "0.02") == (
        found["status"],
        found["equity"],
        found["maintenance_margin"],
        found["health"],
    )
    assert {"lower": "80321.28514057", "upper": None} == (
        found["positions"][0]["liquidation_price"]
    )


EXPLAINED = """\
BTCUSDT long, cross
  notional = |0.5| × 100,000 = 50,000 USDT
  unrealised profit = 0.5 × (100,000 − 100,000) = 0
  initial margin = 50,000 ÷ 10 = 5,000
  maintenance margin = 50,000 × 0.4 % − 0 = 200   (tier 1, from 0)
  lower liquidation price = 80,321.28514057: there the USDT equity is 160.642570285, \
its maintenance margin 160.64257028114
USDT pool
  equity = wallet 10,000 + unrealised profit 0 = 10,000
  initial margin = positions 5,000 + open orders 0 = 5,000
  buffer = 10,000 − maintenance margin 200 = 9,800
  free margin = max(0, 10,000 − 5,000 − open loss 0) = 5,000
  health = 200 ÷ 10,000 = 2.00 %
"""


def test_the_explanation_has_the_numbers_in(monkeypatch):
    assert printed(monkeypatch, ACCOUNT, "--explain").endswith(f"\n{EXPLAINED}")


def test_the_explanation_is_lines_in_the_json(monkeypatch):
    found = json.loads(printed(monkeypatch, ACCOUNT, "--json", "--explain"))

    assert EXPLAINED.splitlines() == found["explanation"]


def test_a_bucket_is_explained_apart_from_the_pool(monkeypatch):
    # 5,000 + 0.5 (p − 100,000) = 0.002 p at 45,000 ÷ 0.498 = 90,361.4457831325...
    lines = printed(monkeypatch, ISOLATED, "--explain").splitlines()

    for line in (
        "  lower liquidation price = 90,361.44578314: there the BTCUSDT equity is 180.72289157, "
        "its maintenance margin 180.72289156628",
        "  wallet = balance 10,000 − buckets 5,000 = 5,000",
        "  equity = wallet 5,000 + unrealised profit 0 = 5,000",
        "  health = 200 ÷ 5,000 = 4.00 %",
    ):
        assert line in lines


def test_an_inverse_position_is_explained_in_its_coin(monkeypatch):
    account = """
venue = "binance-coinm"
[balances]
BTC = "1"
[marks]
BTCUSD_PERP = "50000"
[leverage]
BTCUSD_PERP = 10
[[positions]]
symbol = "BTCUSD_PERP"
size = "-100"
entry_price = "40000"
"""
    # 10,000 USD: 0.2 coins now, 0.25 then; the first tier asks 0.4 %.
    lines = printed(monkeypatch, account, "--explain").splitlines()

    for line in (
        "  notional = |-100| × 100 ÷ 50,000 = 0.2 BTC",
        "  unrealised profit = -100 × 100 × (1 ÷ 40,000 − 1 ÷ 50,000) = -0.05",
        "  maintenance margin = 0.2 × 0.4 % − 0 = 0.0008   (tier 1, from 0)",
        "  equity = wallet 1 + unrealised profit -0.05 = 0.95",
    ):
        assert line in lines


def test_collateral_is_explained_in_usd(monkeypatch):
    # 1,000 + 2 × 100 × 0.95 + 0.01 × 10,000; 0.4 % of 1,000.
    lines = printed(monkeypatch, MULTI, "--explain").splitlines()

    for line in (
        "  XYZ: 2 held; counts at 95 USD while positive, at 105 while negative",
        "  equity = wallet 1,190 + unrealised profit, converted 100 = 1,290",
        "  buffer = 1,290 − maintenance margin 4 = 1,286",
    ):
        assert line in lines


def test_what_is_unknown_is_explained_so(monkeypatch):
    lines = printed(
        monkeypatch, ACCOUNT.replace('BTCUSDT = "100000"', ""), "--explain"
    ).splitlines()

    assert "  unknown without the mark price of BTCUSDT" in lines
    assert "  unknown without mark price of BTCUSDT" in lines
