"""`crossmargin replay` through candles of a few minutes, in every format it reads."""

import json

import pytest

from crossmargin.cli.replay import time_ms
from crossmargin.errors import UsageError
from tests.unit.cli.candles import ROWS, ccxt, dump, funding, ours
from tests.unit.cli.command import ACCOUNT, call


def told(monkeypatch, candles, *more, account=ACCOUNT):
    answer = call(monkeypatch, "replay", "-", "--candles", candles, "--json", *more, stdin=account)
    assert (0, "") == (answer.status, answer.err)
    return json.loads(answer.out)


def ends(found):
    return {
        name: (mode["outcome"], mode["liquidated_at"], mode["assets"]["USDT"]["equity_end"])
        for name, mode in found["modes"].items()
    }


BY_HAND = {
    "cross": ("survived", None, "2000"),
    "isolated": ("partly-liquidated", "2025-10-10T21:01:40Z", "5000"),
}


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(ours, id="our CSV"),
        pytest.param(dump, id="the public dump"),
        pytest.param(
            lambda folder: dump(folder, has_header=False), id="the public dump without a header"
        ),
        pytest.param(ccxt, id="ccxt's JSON"),
    ],
)
@pytest.mark.parametrize("is_folder", [False, True], ids=["a file", "a folder"])
def test_every_format_gives_the_account_of_hand(monkeypatch, tmp_path, write, is_folder):
    path = write(tmp_path)
    found = told(monkeypatch, tmp_path if is_folder else path)

    assert BY_HAND == ends(found)
    # 5,000 − 7,500 is what the fund pays.
    assert "-2500" == found["modes"]["isolated"]["flows"]["USDT"]["fund_change"]
    assert ("2025-10-10T21:00:00Z", "2025-10-10T21:04:00Z") == (found["from"], found["to"])


def test_the_screen_tells_the_same(monkeypatch, tmp_path):
    answer = call(monkeypatch, "replay", "-", "--candles", ours(tmp_path), stdin=ACCOUNT)
    text = " ".join(answer.out.split())

    assert (0, "") == (answer.status, answer.err)
    for part in (
        "2025-10-10T21:00:00Z to 2025-10-10T21:04:00Z",
        "What happened, isolated:",
        "2025-10-10T21:01:40Z BTCUSDT: took over 0.5 BTCUSDT at 90000; the insurance fund pays "
        "2500 USDT",
        "BTCUSDT: last prices in 1m candles from BTCUSDT_1m.csv",
        "BTCUSDT: no funding is charged",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("options", "window"),
    [
        pytest.param(
            ["--from", "2025-10-10T21:01Z"],
            ("2025-10-10T21:01:00Z", "2025-10-10T21:04:00Z"),
            id="from",
        ),
        pytest.param(
            ["--to", "2025-10-10T21:01:00"],
            ("2025-10-10T21:00:00Z", "2025-10-10T21:01:00Z"),
            id="to, UTC where no zone is said",
        ),
        pytest.param(
            ["--from", "2025-10-10T23:01+02:00", "--to", "2025-10-10T21:02Z"],
            ("2025-10-10T21:01:00Z", "2025-10-10T21:02:00Z"),
            id="both, one in another zone",
        ),
    ],
)
def test_the_window(monkeypatch, tmp_path, options, window):
    found = told(monkeypatch, ours(tmp_path), *options)

    assert window == (found["from"], found["to"])


def test_an_account_without_a_date_is_judged_by_the_rules_of_the_prices_time(monkeypatch, tmp_path):
    undated = ACCOUNT.replace('edition = "2025-09-29"\n', "")
    candles = ours(tmp_path)

    assert "2025-09-29" == told(monkeypatch, candles, account=undated)["edition"]
    told_as_given = told(monkeypatch, candles, account=ACCOUNT.replace("2025-09-29", "2026-09-29"))
    assert "2026-09-29" == told_as_given["edition"]


def test_funding_is_summed_and_does_not_hide_a_liquidation(monkeypatch, tmp_path):
    path = funding(tmp_path, dict.fromkeys(range(4), "0.000001"))
    command = ["replay", "-", "--candles", ours(tmp_path), "--funding", path]
    answer = call(monkeypatch, *command, stdin=ACCOUNT)

    assert 0 == answer.status
    assert "of funding in 4 times" in answer.out
    assert "took over 0.5 BTCUSDT" in answer.out


def test_without_a_start_the_files_time_is_it(monkeypatch, tmp_path):
    account = ACCOUNT.replace("[balances]", "at = 2025-10-10T21:02:00Z\n[balances]")

    assert "2025-10-10T21:02:00Z" == told(monkeypatch, ours(tmp_path), account=account)["from"]


@pytest.mark.parametrize(
    ("path", "size", "at"),
    [
        # The low comes a third or two thirds into its minute.
        pytest.param("ohlc", "0.5", "2025-10-10T21:01:40Z", id="high first"),
        pytest.param("olhc", "0.5", "2025-10-10T21:01:20Z", id="low first"),
        pytest.param("worst", "0.5", "2025-10-10T21:01:20Z", id="what hurts a long first"),
        pytest.param("worst", "-0.5", "2025-10-10T21:01:20Z", id="what hurts a short first"),
    ],
)
def test_the_path_inside_a_candle(monkeypatch, tmp_path, path, size, at):
    rows = {**ROWS, 1: (100_000, 115_000, 85_000, 100_000)}
    account = ACCOUNT.replace('"0.5"', f'"{size}"')
    found = told(monkeypatch, ours(tmp_path, rows), "--path", path, account=account)

    assert at == found["modes"]["isolated"]["liquidated_at"]


def test_prices_and_interval_as_asked(monkeypatch, tmp_path):
    calm = dict.fromkeys(range(4), (100_000, 100_000, 100_000, 100_000))
    ours(tmp_path, calm, "mark_BTCUSDT_1m.csv")
    ours(tmp_path)

    assert "survived" == ends(told(monkeypatch, tmp_path))["isolated"][0]
    assert "survived" == ends(told(monkeypatch, tmp_path, "--price", "mark"))["isolated"][0]
    assert BY_HAND == ends(told(monkeypatch, tmp_path, "--price", "last"))
    assert BY_HAND == ends(told(monkeypatch, tmp_path, "--price", "last", "--interval", "1m"))


@pytest.mark.parametrize("is_beside", [True, False], ids=["beside the candles", "named"])
def test_funding_is_paid(monkeypatch, tmp_path, is_beside):
    # 0.5 × 85,000 × 0.1 % at 21:02.
    candles = ours(tmp_path)
    (tmp_path / "apart").mkdir()
    where = tmp_path if is_beside else tmp_path / "apart"
    path = funding(where, {-478: "0.001", 2: "0.001", 482: "0.001"})
    found = told(monkeypatch, candles, *([] if is_beside else ["--funding", path]))

    assert "-42.5" == found["modes"]["cross"]["flows"]["USDT"]["funding"]
    assert "1957.5" == found["modes"]["cross"]["assets"]["USDT"]["equity_end"]


def test_a_gap_is_reported_and_not_bridged(monkeypatch, tmp_path):
    rows = {at: row for at, row in ROWS.items() if at != 2}
    candles = ours(tmp_path, rows)
    found = told(monkeypatch, candles)
    screen = call(monkeypatch, "replay", "-", "--candles", candles, stdin=ACCOUNT)

    assert [("BTCUSDT", "2025-10-10T21:02:00Z", "2025-10-10T21:03:00Z", 1)] == [
        (gap["symbol"], gap["from"], gap["to"], gap["missing"]) for gap in found["gaps"]
    ]
    assert 60_000 == found["modes"]["cross"]["unknown_ms"]
    assert (
        "No prices of BTCUSDT from 2025-10-10T21:02:00Z to 2025-10-10T21:03:00Z: what needs "
        "it was unknown, and no liquidation of that was decided."
    ) in " ".join(screen.out.split())


def test_an_end_without_a_price_is_unknown(monkeypatch, tmp_path):
    rows = {at: row for at, row in ROWS.items() if at != 2}
    answer = call(
        monkeypatch,
        *("replay", "-", "--candles", ours(tmp_path, rows), "--to", "2025-10-10T21:02:30Z"),
        stdin=ACCOUNT,
    )

    assert 3 == answer.status
    assert "No prices of BTCUSDT" in answer.out


NEW = """
[[positions]]
symbol = "ETHUSDT"
size = 1
entry_price = 4000
"""


@pytest.mark.parametrize(
    ("options", "more", "status", "sentence"),
    [
        pytest.param(["--from", "soon"], "", 2, "--from soon: is not a time", id="no time"),
        pytest.param(
            ["--from", "2025-10-10T21:02Z", "--to", "2025-10-10T21:01Z"],
            "",
            2,
            "--to: must be later than --from",
            id="an end before the start",
        ),
        pytest.param(["--path", "best"], "", 2, "'best'", id="no such path"),
        pytest.param(["--price", "bid"], "", 2, "'bid'", id="no such prices"),
        pytest.param(["--interval", "1M"], "", 2, "'1M'", id="no such interval"),
        pytest.param(["--funding", "none.csv"], "", 2, "none.csv", id="no such funding"),
        pytest.param(["--price", "mark"], "", 3, "mark prices", id="no such prices in the folder"),
        pytest.param(
            ["--interval", "5m", "--to", "2025-10-10T21:04Z"],
            "",
            3,
            "no 5m mark or last prices",
            id="no such candles in the folder",
        ),
        pytest.param(
            ["--to", "2025-10-11T21:00Z"], "", 3, "prices cover", id="a window beyond the candles"
        ),
        pytest.param([], NEW, 3, "ETHUSDT", id="a symbol without candles"),
        pytest.param(
            [],
            NEW.replace("ETHUSDT", "NEWUSDT")
            + '[instruments.NEWUSDT]\nkind = "linear-perpetual"\nsettle = "USDT"\n',
            3,
            "NEWUSDT",
            id="a symbol of the file's own without candles",
        ),
    ],
)
def test_what_cannot_be_replayed(monkeypatch, tmp_path, options, more, status, sentence):
    ours(tmp_path)
    answer = call(
        monkeypatch,
        *("replay", "-", "--candles", tmp_path, "--out", tmp_path / "out", *options),
        stdin=ACCOUNT + more,
    )

    assert (status, "") == (answer.status, answer.out)
    assert answer.err.startswith("crossmargin: ")
    assert sentence in answer.err
    assert 1 == answer.err.count("\n")
    assert not (tmp_path / "out").exists()


def test_a_ladder_that_is_not_known_is_said(monkeypatch, tmp_path):
    account = ACCOUNT.replace("BTCUSDT", "HYPEUSDT").replace("2025-09-29", "2022-05-28")
    ours(tmp_path, name="HYPEUSDT_1m.csv")
    answer = call(monkeypatch, "replay", "-", "--candles", tmp_path, stdin=account)

    assert 3 == answer.status
    assert "crossmargin: health is unknown without margin tiers of HYPEUSDT\n" == answer.err


def test_an_account_of_money_alone_has_nothing_to_replay(monkeypatch, tmp_path):
    account = 'venue = "binance-usdm"\n[balances]\nUSDT = 1\n'
    answer = call(monkeypatch, "replay", "-", "--candles", ours(tmp_path), stdin=account)

    assert 2 == answer.status
    assert "crossmargin: the account has no positions or orders to replay\n" == answer.err


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param("", "the file is empty", id="nothing"),
        pytest.param("ts,open,high,low,close\n", "the file has no rows", id="no rows"),
        pytest.param(
            "ts,open,high,low,close\n1760130000000,1,2,1,x\n", "line 2: close 'x'", id="a word"
        ),
        pytest.param(
            "ts,open,high,low,close\n1760130000000,1,2,1,NaN\n", "line 2: close", id="not a number"
        ),
        pytest.param(
            "ts,open,high,low,close\n1760130000000,1,2,1,0\n", "line 2: ", id="a price of zero"
        ),
        pytest.param(
            "ts,open,high,low,close\n1760130000000,1,2,3,1\n", "line 2: ", id="a low that is none"
        ),
        pytest.param(
            "ts,open,high,low,close\n1760130060000,1,1,1,1\n1760130000000,1,1,1,1\n",
            "line 3: time",
            id="time that runs backwards",
        ),
        pytest.param("ts,open,high,low,close\n1760130000000,1,1\n", "line 2", id="a short row"),
        pytest.param("when,what\n1,2\n", "there is no time column", id="other columns"),
    ],
)
def test_bad_candles_are_one_sentence_and_nothing_is_written(monkeypatch, tmp_path, bad, reason):
    path = tmp_path / "BTCUSDT_1m.csv"
    path.write_text(bad)
    answer = call(
        monkeypatch,
        *("replay", "-", "--candles", path, "--out", tmp_path / "out", "--json"),
        stdin=ACCOUNT,
    )

    assert (2, "") == (answer.status, answer.out)
    assert answer.err.startswith(f"crossmargin: {path}")
    assert reason in answer.err
    assert 1 == answer.err.count("\n")
    assert [path] == [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        pytest.param("2025-10-10T21:00:00Z", 1_760_130_000_000, id="UTC"),
        pytest.param("2025-10-10T21:00", 1_760_130_000_000, id="no zone is UTC"),
        pytest.param("2025-10-10T23:00+02:00", 1_760_130_000_000, id="another zone"),
        pytest.param("2025-10-10T21:00:00.123Z", 1_760_130_000_123, id="milliseconds"),
        pytest.param("2025-10-10", 1_760_054_400_000, id="a day is its midnight"),
    ],
)
def test_a_moment_in_words(text, ms):
    assert ms == time_ms(text, "--from")


def test_what_is_no_moment():
    with pytest.raises(UsageError, match=r"--to 10.10.2025: is not a time such as 2025-10-10T"):
        time_ms("10.10.2025", "--to")
