"""`crossmargin stress`: what it prints and writes of an account worked out by hand.

Half a bitcoin from 100,000 on 10,000: the pool is gone after a fall by 19.67 %.
"""

import json
from pathlib import Path

import pytest

from tests.unit.cli.command import ACCOUNT, call, words

HOUR_MS = 3_600_000
TWO = (
    ACCOUNT.replace('BTCUSDT = "100000"', 'BTCUSDT = "100000"\nETHUSDT = "4000"', 1)
    + '[[positions]]\nsymbol = "ETHUSDT"\nsize = "-5"\nentry_price = "4000"\n'
)
ABC = (
    ACCOUNT
    + """
[[positions]]
symbol = "ABCUSDT"
size = "1"
entry_price = "100"
[instruments.ABCUSDT]
kind = "linear-perpetual"
base = "ABC"
settle = "USDT"
[[tiers.ABCUSDT]]
floor = 0
rate = "0.01"
max_leverage = 20
"""
).replace('BTCUSDT = "100000"', 'BTCUSDT = "100000"\nABCUSDT = "100"', 1)

IDLE = 'venue = "binance-usdm"\nedition = "2026-09-29"\n[balances]\nUSDT = "1000"\n'


def candles(folder: Path, closes: list[float]) -> Path:
    rows = ["ts,open,high,low,close"]
    for place, close in enumerate(closes):
        start = closes[place - 1] if place else close
        rows.append(
            f"{1_760_054_400_000 + place * HOUR_MS},{start},{max(start, close)},"
            f"{min(start, close)},{close}"
        )
    (folder / "mark_BTCUSDT_1h.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_the_first_line_answers(monkeypatch):
    answer = call(monkeypatch, "stress", "-", stdin=ACCOUNT)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    # 0.19678715 of 0.5225, 0.3217, …: the deepest fall breaks soonest.
    assert text.startswith("5 of 6 named crashes liquidate it; soonest 12 Mar 2020: the")
    for part in (
        "the USDT pool breaks 37.6 % of the way (BTC −19.7 %)",
        "10 Oct 2025 -16.81 % 1,595.00 166.38 1,428.62 10.44 % –",
        "all −20 % 0.00 160.00 -160.00 – 98.39 %",
        "all −10 % 5,000.00 180.00 4,820.00 3.60 % –",
        "Figures of what is liquidated are as if nobody had stepped in on the way.",
    ):
        assert part in text


def test_lines_fit_a_screen(monkeypatch):
    answer = call(monkeypatch, "stress", "-", "--crash", "all", "--thin", "10", stdin=TWO)

    assert max(len(line) for line in answer.out.split("\n")) <= 100


def test_a_crash_that_is_survived_says_what_is_left(monkeypatch):
    text = call(monkeypatch, "stress", "-", "--crash", "2025-10-10", stdin=ACCOUNT).out

    assert text.startswith("Survives 10 Oct 2025, with a buffer of 1,428.62 USDT left.")


def test_a_rise_that_no_crash_was_is_said_as_well(monkeypatch):
    short = ACCOUNT.replace('size = "0.5"', 'size = "-0.5"')
    text = call(monkeypatch, "stress", "-", "--crash", "all", "--all", "0:30:10", stdin=short).out

    # 10,000 − 0.5 × 20,000 is nothing.
    assert text.startswith("Survives all 6 named crashes")
    assert "But “all +20 %” liquidates it." in words(text)


def test_what_a_crash_has_no_figure_of_is_unknown(monkeypatch):
    answer = call(monkeypatch, "stress", "-", "--crash", "ftx", stdin=ABC)
    text = words(answer.out)

    assert 3 == answer.status
    assert "None of 1 crashes can be told" in text
    assert "there is no figure of ABC, so it stands still" in text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (("--beta", "ABC=2"), "FTX, 8–9 Nov 2022: ABC by 2 × BTC"),
        (("--other-coins",), "ABC by the median of the crash’s other coins"),
    ],
)
def test_a_rule_for_it_is_an_answer_and_said(monkeypatch, rule, said):
    answer = call(monkeypatch, "stress", "-", "--crash", "ftx", *rule, stdin=ABC)

    assert 0 == answer.status
    assert said in words(answer.out)


def test_a_grid_is_a_table(monkeypatch):
    text = words(
        call(monkeypatch, "stress", "-", "--grid", "BTC=-20:20:20,ETH=-20:20:20", stdin=TWO).out
    )

    # Bitcoin −20 %: −10,000, of which ether brings +4,000, 0 or −4,000.
    assert text.startswith(
        "2 of 9 combinations liquidate it; the mildest of them is BTC −20 %, ETH 0"
    )
    assert "BTC ↓ ETH → −20 0 +20 −20 % 6 × ×" in text


def test_correlation_to_one_takes_volatilities(monkeypatch):
    asked = ("--to-one", "3", "--sigma", "BTC=4%,ETH=5%")
    text = words(call(monkeypatch, "stress", "-", *asked, stdin=TWO).out)

    # 12 % of 50,000 lost on one side, 15 % of 20,000 on the other.
    assert "each 3 × volatility the way that hurts 1,000.00" in text


def test_an_intended_trade_is_asked_before_and_after(monkeypatch):
    asked = ("--all", "-15:-15:5", "--with", "BTCUSDT +0.2 @ market")
    text = words(call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT).out)
    found = json.loads(call(monkeypatch, "stress", "-", *asked, "--json", stdin=ACCOUNT).out)

    # 20,000 more pay 0.05 %: 10. A fall by 15 % then costs 10,500, and 7,500 before.
    assert text.startswith("“all −15 %” liquidates it; the USDT pool breaks first.")
    assert "Without the trade: Survives “all −15 %”, with a buffer of" in text
    assert "-510" == found["shocks"][0]["units"][0]["equity"]
    assert "2500" == found["before"]["shocks"][0]["units"][0]["equity"]


def test_conditions_are_asked_one_by_one(monkeypatch):
    asked = ("--funding", "0.3%x3", "--depeg", "USDT=0.95", "--thin", "10")
    text = words(call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT).out)

    assert "funding 0.3 % × 3 9,550.00 200.00 9,350.00" in text
    assert "BTCUSDT long 37.50 149.94" in text
    assert "with USDT at 0.95 of its price health is as before" in text


def test_together_they_hold_under_every_shock(monkeypatch):
    asked = ("--funding", "0.003x3", "--all", "-10:0:10", "--together")
    text = words(call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT).out)

    assert "under funding 0.3 % × 3" in text
    assert "all −10 % 4,550.00" in text


def test_a_crash_is_walked_along_candles(monkeypatch, tmp_path):
    # From 2025-10-10 on, 48 hours: half a day at 120,000, then 90,000 and so on.
    folder = candles(tmp_path, [120_000.0] * 12 + [90_000.0] * 36)
    asked = ("--crash", "2025-10-10,ftx", "--candles", folder)
    answer = call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT)
    text = words(answer.out)

    # 19.68 % of 120,000 is 23,614 of 30,000 within the 13th hour's second and last third.
    assert 0 == answer.status
    assert "10 Oct 2025 after 12 h 36 min USDT -2,650.00 10 Oct 2025 12:40 UTC" in text
    assert "FTX, 8–9 Nov 2022: no candles of BTC cover 2022-11-08" in text


def test_modes_are_compared_on_windows(monkeypatch, tmp_path):
    # 24 days of two prices; each sixth day falls by 12 %, which ends a bucket and no pool.
    days = [[100.0] * 24 if day % 6 else [100.0] * 12 + [88.0] * 12 for day in range(24)]
    folder = candles(tmp_path, [price for day in days for price in day])
    answer = call(monkeypatch, "stress", "-", "--modes", "--candles", folder, stdin=ACCOUNT)
    text = words(answer.out)

    assert 0 == answer.status
    assert "Survives 100.0 % 83.3 %" in text
    assert "isolated: liquidated are BTCUSDT bucket on 16.7 %" in text


def test_modes_are_compared_on_paths_from_a_seed(monkeypatch, tmp_path):
    folder = candles(tmp_path, [100.0 + hour % 7 for hour in range(240)])
    asked = ("--modes", "--candles", folder, "--horizon", "12h", "--paths", "50", "--json")
    first, same = (
        json.loads(call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT).out) for _ in range(2)
    )
    other = json.loads(call(monkeypatch, "stress", "-", *asked, "--seed", "8", stdin=ACCOUNT).out)

    assert (50, 13) == (first["modes"]["paths"], first["modes"]["points"])
    assert first == same
    assert first["modes"] != other["modes"]
    assert any("seed 8" in note for note in other["notes"])


def test_the_json_has_every_number(monkeypatch):
    asked = ("--crash", "2020-03-12", "--grid", "BTC=-10:10:10", "--thin", "2", "--json")
    found = json.loads(call(monkeypatch, "stress", "-", *asked, stdin=ACCOUNT).out)
    (shock,) = found["shocks"]

    assert (1, "binance-usdm", ["BTC"]) == (found["schema"], found["venue"], found["assets"])
    assert {"BTC": "-0.5225"} == shock["moves"]
    assert ("liquidatable", ["USDT"], "0.37662612") == (
        shock["status"],
        shock["first"],
        shock["breaks_at"],
    )
    assert [{"name": "BTCUSDT long", "asset": "USDT", "profit": "-26125", "funding": "0"}] == (
        shock["positions"]
    )
    assert {"BTC": ["-0.1", "0", "0.1"]} == found["grid"]["axes"]
    assert ["ok"] * 3 == [cell["status"] for cell in found["grid"]["cells"]]
    assert ["5000"] == found["grid"]["cells"][0]["equity"]
    assert ["1", "2"] == [one["times_as_thin"] for one in found["leaving"]]
    assert None is found["modes"]


def test_the_report_is_written(monkeypatch, tmp_path):
    path = tmp_path / "stress.html"
    asked = ("--crash", "all", "--grid", "BTC=-20:20:5,ETH=-20:20:5", "--html", path)
    answer = call(monkeypatch, "stress", "-", *asked, stdin=TWO)
    page = path.read_text()

    assert f"wrote {path}" in answer.out
    assert "<h1>" in page
    assert 81 == page.count('title="BTC ')
    assert 'class="lost" title="BTC −20 %, ETH +20 %: liquidated"' in page
    assert [path] == list(tmp_path.iterdir())


def test_where_nothing_can_move_there_is_nothing_to_survive(monkeypatch):
    answer = call(monkeypatch, "stress", "-", stdin=IDLE)

    assert 2 == answer.status
    assert "the account holds nothing that can move" in words(answer.err)


@pytest.mark.parametrize("command", ["joint", "stress"])
def test_a_seed_is_not_below_zero(monkeypatch, command):
    assert 2 == call(monkeypatch, command, "-", "--seed", "-1", stdin=IDLE).status


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--path", "worst"), 2, "--path: needs prices; give --candles"),
        (("--crash", "lehman"), 2, "there is no crash 'lehman'"),
        (("--all", "5"), 2, "--all 5: is not FROM:TO:STEP in percent"),
        (("--all", "-100:0:5"), 2, "leaves nothing of a price"),
        (("--grid", "BTC"), 2, "--grid: BTC is not an axis"),
        (("--grid", "BTX=-1:1:1"), 2, "did you mean BTC?"),
        (("--grid", "BTC=-1:1:1,BTC=-1:1:1"), 2, "--grid: BTC comes twice"),
        (("--grid", ","), 2, "--grid: names no asset"),
        (("--depeg", "USDT"), 2, "--depeg: USDT is not NAME=NUMBER"),
        (("--depeg", "USDT=1,USDT=2"), 2, "USDT comes twice"),
        (("--depeg", ","), 2, "--depeg: names none"),
        (("--depeg", "USDC=0.9"), 2, "USDC is no collateral of the account"),
        (("--funding", "lots"), 2, "--funding lots: is not RATExTIMES"),
        (("--funding", "0"), 2, "a rate of zero charges nobody"),
        (("--volatility", "1.5"), 2, "the account holds no options"),
        (("--thin", "-1"), 2, "--thin -1: must be above zero"),
        (("--modes",), 2, "--modes: needs prices; give --candles"),
        (("--paths", "9"), 2, "--paths: are for --modes"),
        (("--from", "2025-01-01"), 2, "--from: needs prices"),
        (("--sigma", "BTC=4%"), 2, "--sigma: says how far --to-one moves"),
        (("--to-one", "2", "--sigma", "BTC=0"), 2, "a volatility must be above zero"),
        (("--together", "--crash", "all"), 2, "--together: needs --depeg, --funding or"),
        (("--beta", "BTC=1", "--all", "-1:1:1"), 2, "give --crash"),
        (("--to-one", "2"), 3, "how far each asset moves is not known"),
        (("--crash", "all", "--candles", "/nowhere"), 2, "no such file or folder"),
        (("--html", "/nowhere/x.html"), 2, "the report cannot be written there"),
    ],
)
def test_what_is_wrong_is_one_sentence(monkeypatch, more, status, said):
    answer = call(monkeypatch, "stress", "-", *more, stdin=ACCOUNT)

    assert (status, "") == (answer.status, answer.out)
    assert said in answer.err
    assert 1 == answer.err.count("\n")


def test_multi_assets_accounts_have_no_modes(monkeypatch, tmp_path):
    text = (
        ACCOUNT.replace("[balances]", 'assets_mode = "multi"\n[balances]') + '[index]\nUSDT = "1"\n'
    )
    folder = candles(tmp_path, [100.0] * 48)
    answer = call(monkeypatch, "stress", "-", "--modes", "--candles", folder, stdin=text)

    assert 2 == answer.status
    assert "there is no isolated version of the account: multi-assets mode" in answer.err
