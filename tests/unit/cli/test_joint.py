"""`crossmargin joint` and `crossmargin correlate`: what they print, write and refuse.

Half a bitcoin from 100,000 on 10,000: equity 10,000 + 0.5 (p − 100,000) meets 0.4 % of 0.5 p at
40,000 ÷ 0.498 = 80,321.285: a fall of 19.678 %.
"""

import json
import re

import numpy as np
import pytest

from tests.unit.cli.command import ACCOUNT, call, words

DAY_MS = 86_400_000
TWO = (
    ACCOUNT.replace('BTCUSDT = "100000"', 'BTCUSDT = "100000"\nETHUSDT = "4000"', 1)
    + '[[positions]]\nsymbol = "ETHUSDT"\nsize = "-5"\nentry_price = "4000"\n'
)


@pytest.fixture
def candles(tmp_path):
    """Return a folder of 60 daily closes of BTC and ETH that go their own ways."""
    folder = tmp_path / "candles"
    folder.mkdir()
    chance = np.random.default_rng(3)
    moves = chance.standard_normal((60, 2)) @ np.array([[0.03, 0.03], [0.0, 0.02]])
    for place, symbol in enumerate(("BTCUSDT", "ETHUSDT")):
        closes = 1000 * np.exp(np.cumsum(moves[:, place]))
        rows = [f"{at * DAY_MS},{close:.4f}" for at, close in enumerate(closes, 20_000)]
        (folder / f"mark_{symbol}_1d.csv").write_text("\n".join(["ts,close", *rows]) + "\n")
    return folder


def test_lines_are_shown_with_their_ends(monkeypatch):
    answer = call(monkeypatch, "joint", "-", "--vector", "BTC=-10%", stdin=ACCOUNT)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    assert "all fall alike 0.1967 × -19.67 % USDT" in text
    assert "all rise alike never" in text
    assert "the vector 1.9678 × -19.67 % USDT" in text
    assert "BTCUSDT long 100,000 80,321.29 -9,839.36 USDT" in text


def test_candles_give_the_nearest_move(monkeypatch, candles):
    answer = call(monkeypatch, "joint", "-", "--candles", candles, "--betas", "BTC", stdin=TWO)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    assert "BTC falls, the others by beta" in text
    assert "Nearest liquidating move: " in text
    assert "Ledoit–Wolf of 59 returns of 1d" in text


def test_everything_fits_a_hundred_columns(monkeypatch, candles):
    for command in ("joint", "correlate"):
        answer = call(monkeypatch, command, "-", "--candles", candles, stdin=TWO)

        assert max(len(line) for line in answer.out.split("\n")) <= 100


def test_the_json_has_decimals_as_strings(monkeypatch, candles):
    printed = call(
        monkeypatch, "joint", "-", "--candles", candles, "--region", "BTC,ETH", "--json", stdin=TWO
    )
    found = json.loads(printed.out)

    assert (1, "ok", ["BTC", "ETH"]) == (found["schema"], found["status"], found["assets"])
    assert {"BTC": "-1", "ETH": "-1"} == found["lines"][0]["vector"]
    nearest = found["nearest"]["move"]
    assert float(nearest["distance"]) > 0
    assert 1 == pytest.approx(sum(float(one["share"]) for one in nearest["assets"]))
    assert "USDT" == nearest["end"]["first"]
    assert ("ledoit-wolf", 59) == tuple(
        found["covariance"][key] for key in ("method", "observations")
    )
    assert len(found["region"]["vertices"]) >= 96


def test_stacks_and_hedges_are_named(monkeypatch, candles):
    answer = call(monkeypatch, "correlate", "-", "--candles", candles, stdin=TWO)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    assert "gross 70,000.00, 7.00 times the equity of 10,000.00; net 30,000.00." in text
    assert "2 holdings, " in text
    assert "hedge BTCUSDT long ETHUSDT short" in text
    assert "Beta to BTC" in text


def test_the_json_of_correlations(monkeypatch, candles):
    printed = call(
        monkeypatch,
        "correlate",
        "-",
        "--candles",
        candles,
        "--halflife",
        "30d",
        "--json",
        stdin=TWO,
    )
    found = json.loads(printed.out)

    assert ("30000", "70000", "7") == tuple(
        found[key] for key in ("net_exposure", "gross_exposure", "effective_leverage")
    )
    assert ("ewma", 30 * DAY_MS, None) == tuple(
        found["covariance"][key] for key in ("method", "halflife_ms", "shrinkage")
    )
    assert "hedge" == found["pairs"][0]["way"]
    assert "1" == found["covariance"]["correlation"][0][0]


@pytest.mark.parametrize(
    ("command", "title"),
    [("joint", "The safe region of two assets"), ("correlate", "What stacks, what hedges")],
)
def test_reports_are_written_and_fetch_nothing(monkeypatch, tmp_path, candles, command, title):
    path = tmp_path / "page.html"
    answer = call(monkeypatch, command, "-", "--candles", candles, "--html", path, stdin=TWO)
    html = path.read_text()

    assert f"wrote {path}" in answer.out
    assert f"<h2>{title}</h2>" in html
    assert 'id="plot-0"' in html
    assert '"type":"heatmap"' in html
    assert "<script src" not in html


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (("--vector", "BTX=-10%"), 2, "--vector: BTX is nothing .*; did you mean BTC?"),
        (("--vector", "DOGE=-10%"), 2, "DOGE is nothing .*; there is BTC, ETH"),
        (("--vector", "BTC"), 2, "BTC is not an asset with a move"),
        (("--vector", "BTC=much"), 2, "BTC=much has no number"),
        (("--vector", "BTC=-1,BTCUSDT=-2"), 2, "BTC comes twice"),
        (("--vector", "BTC=0"), 2, "nothing in it moves"),
        (("--region", "BTC"), 2, "takes two assets"),
        (("--region", "BTC,BTCUSDT"), 2, "both are BTC"),
        (("--betas", "BTC"), 2, "need histories: give --candles"),
        (("--horizon", "soon"), 2, "--horizon soon: is not a number with"),
        (("--candles", "/nowhere"), 2, "no such file or folder"),
        (("--html", "/nowhere/x.html"), 2, "the report cannot be written there"),
    ],
)
def test_bad_input_is_one_sentence(monkeypatch, more, status, said):
    answer = call(monkeypatch, "joint", "-", *more, stdin=TWO)

    assert (status, "") == (answer.status, answer.out)
    assert 1 == answer.err.count("\n")
    assert re.search(said, answer.err)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--from", "2024-09-01"), "no mark or last prices cover"),
        (("--interval", "7d"), "8 returns of 1w, .* too few for 2 assets"),
        (("--interval", "1h"), "BTCUSDT: no candles that 1h are made of; there is mark_BTC"),
        (("--halflife", "3d"), "as few as 9 observations count"),
        (("--price", "spot"), "no file of its spot prices"),
        (("--betas", "DOGE"), "there are no candles of DOGE"),
    ],
)
def test_what_histories_lack_is_unknown(monkeypatch, candles, more, said):
    answer = call(monkeypatch, "correlate", "-", "--candles", candles, *more, stdin=TWO)

    assert (3, "") == (answer.status, answer.out)
    assert re.search(said, answer.err)
