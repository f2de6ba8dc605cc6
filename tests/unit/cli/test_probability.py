"""`crossmargin probability`: what it prints and writes, from candles made up from a seed."""

import json

import numpy as np
import pytest

from tests.unit.cli.command import ACCOUNT, call, words

HOUR = 3_600_000
START = 1_758_000_000_000
DEVIATION = 0.01
LIKELY = ACCOUNT.replace('USDT = "10000"', 'USDT = "2500"')


@pytest.fixture
def candles(tmp_path):
    """Write 1,000 hours of closes that each move by a per cent or so."""
    steps = DEVIATION * np.random.default_rng(3).standard_normal(1_000)
    closes = 100_000 * np.exp(np.cumsum(steps))
    lines = [f"{START + hour * HOUR},{close:.2f}" for hour, close in enumerate(closes)]
    (tmp_path / "mark_BTCUSDT_1h.csv").write_text("\n".join(["ts,close", *lines]) + "\n")
    return tmp_path


def ask(patch, candles, *more, stdin=LIKELY):
    return call(patch, "probability", "-", "--candles", candles, *more, stdin=stdin)


def test_the_screen_says_the_chance_with_its_interval_first(monkeypatch, candles):
    answer = ask(monkeypatch, candles, "--paths", "4000")
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    for part in (
        "binance-usdm, rules of 2025-09-29: liquidated within 1 d?",
        "% between",
        "(95 %)",
        "First to go Chance Has Loses on average",
        "pool USDT",
        "2,500.00 USDT",
        "Of the paths that are liquidated, 10 % within",
        "The nearest liquidating move is",
        "of 4,000 paths were liquidated (seed 7)",
        "999 returns of 1h, centred: no drift is assumed",
        "blocks of history, 24 returns long on average",
        "Left out: BTCUSDT: no funding is charged: there is no history of it",
    ):
        assert part in text
    assert max(len(line) for line in answer.out.split("\n")) <= 100


def test_json_agrees_with_reflection_and_leaning_with_plain(monkeypatch, candles):
    # Half a bitcoin with 2,500: 0.5 (p − 100,000) + 2,500 = 0.002 p, the first tier's 0.4 %.
    level = np.log(47_500 / 0.498 / 100_000)
    given = ("--method", "t-copula", "--marginals", "t", "--confidence", "0.9999", "--json")
    plain, leaning = (
        json.loads(ask(monkeypatch, candles, *given, *more).out) for more in ((), ("--lean",))
    )
    from statistics import NormalDist

    expected = 2 * NormalDist().cdf(level / DEVIATION / 24**0.5)

    assert (1, "7") == (plain["schema"], str(plain["sampling"]["seed"]))
    for found in (plain, leaning):
        # The deviation is estimated from 999 returns, which is good for 4 % of it.
        assert float(found["probability"]) == pytest.approx(expected, rel=0.15)
        low, high = (float(found["interval"][end]) for end in ("low", "high"))
        assert low < float(found["probability"]) < high
    assert float(plain["interval"]["low"]) < float(leaning["interval"]["high"])
    assert float(leaning["interval"]["low"]) < float(plain["interval"]["high"])
    assert [24, plain["probability"]] == [len(plain["by_step"]), plain["by_step"][-1]]


def test_funding_and_fees_that_are_typed_count(monkeypatch, candles):
    free, paid = (
        json.loads(ask(monkeypatch, candles, "--paths", "4000", "--json", *more).out)
        for more in (
            ("--funding", "none"),
            ("--funding", "BTCUSDT=0.3%", "--fee", "0.05%"),
        )
    )

    assert ["funding is not charged (--funding none)"] == free["left_out"]
    assert "funding of BTCUSDT=0.3% every 8 hours, as typed." in paid["sources"]
    assert float(paid["probability"]) > float(free["probability"])
    # 0.05 % of about 47,000 is lost more at the end.
    more = float(paid["units"][0]["loss"]) - float(free["units"][0]["loss"])
    assert more == pytest.approx(23, abs=12)


def test_history_beside_the_candles_is_paid(monkeypatch, candles):
    # 124 times in 999 hours: 124 × 0.01 % × 24 ÷ 999 a day.
    rows = [f"{START + eight * 8 * HOUR},0.0001" for eight in range(130)]
    (candles / "BTCUSDT_funding.csv").write_text("\n".join(["ts,rate", *rows]) + "\n")
    text = words(ask(monkeypatch, candles, "--paths", "500").out)

    assert "BTCUSDT: its mean over that time is paid, 0.0298 % a day." in text


def test_the_report_is_one_file_that_fetches_nothing(monkeypatch, candles, tmp_path):
    page = tmp_path / "chance.html"
    answer = ask(monkeypatch, candles, "--paths", "2000", "--html", page)
    html = page.read_text()

    assert f"wrote {page}" in answer.out
    assert "Liquidated within 1 d: " in html
    assert "<polyline points=" in html
    for word in ("<script", "http://", "https://", "url("):
        assert word not in html


def test_an_account_already_gone_needs_no_paths(monkeypatch, candles):
    gone = ACCOUNT.replace('USDT = "10000"', 'USDT = "100"')
    screen = ask(monkeypatch, candles, stdin=gone)
    answer = json.loads(ask(monkeypatch, candles, "--json", stdin=gone).out)

    assert "USDT is liquidatable where prices are now" in screen.out
    assert ("1", 0) == (answer["probability"], answer["sampling"]["paths"])


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        (["--horizon", "90m"], 2, "a horizon of 90m is no whole number of returns of 1h"),
        (["--horizon", "soon"], 2, "--horizon soon: is not a number with s, m, h, d or w"),
        (["--method", "garch"], 2, "method 'garch' is neither bootstrap nor t-copula"),
        (["--marginals", "t"], 2, "--marginals: are of a t-copula"),
        (["--method", "t-copula", "--block", "5"], 2, "--block: is of a bootstrap"),
        (["--paths", "0"], 2, "at least one path of one step"),
        (["--block", "0"], 2, "a block of 0 steps"),
        (["--funding", "BTCUSD=0.01%"], 2, "is no perpetual that is held; did you mean BTCUSDT?"),
        (["--funding", "BTCUSDT=much"], 2, "is not a rate such as 0.0001 or 0.01%"),
        (["--fee", "2"], 2, "--fee 2: is not a rate"),
        (["--funding", "nowhere.csv"], 2, "nowhere.csv: no such file or folder"),
        (["--to", "2025-09-17T12:00Z"], 3, "too few"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(monkeypatch, candles, more, status, said):
    answer = ask(monkeypatch, candles, *more)

    assert (status, "") == (answer.status, answer.out)
    assert said in answer.err
    assert 1 == answer.err.count("\n")
