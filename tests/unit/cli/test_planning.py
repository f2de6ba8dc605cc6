"""`crossmargin size`, `derisk` and the option `--with`: what they print of accounts by hand."""

import json

import pytest

from tests.unit.cli.command import ACCOUNT, call, words

FLAT = ACCOUNT[: ACCOUNT.index("[[positions]]")]
TIGHT = ACCOUNT.replace('USDT = "10000"', 'USDT = "300"')


def test_a_size_is_shown_with_every_limit_and_the_ticket(monkeypatch):
    answer = call(
        monkeypatch, "size", "-", "BTCUSDT", "--stop", "95000", "--take", "115000", stdin=FLAT
    )
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    # 200 of risk ÷ (5,000 + fees of 50 and 47.5); 14,892.5 of reward for every 5,097.5.
    for part in (
        "BUY 0.03923491 BTCUSDT at market, stop 95,000, target 115,000",
        "risk to the stop, at most 2 % of equity 0.03923491 2.00 % ← binds",
        "effective leverage, at most 5x 0.49",
        "joint distance, at least 10 %",
        "Liquidation of BTCUSDT not held",
        "To the stop at 95,000 it loses 200.00 USDT, 2.00 % of equity, both fees included.",
        "2.92 times the risk",
    ):
        assert part in text


def test_a_size_as_json(monkeypatch):
    answer = call(
        monkeypatch,
        *("size", "-", "BTCUSDT", "--stop", "95000", "--group", "BTC,ETH=1000", "--json"),
        stdin=FLAT,
    )
    found = json.loads(answer.out)

    assert 0 == answer.status
    assert ("group", "0.01", "0.00000001") == (found["binding"], found["size"], found["lot"])
    assert ["risk", "leverage", "bracket", "margin", "group", "distance"] == [
        limit["rule"] for limit in found["limits"]
    ]
    assert "1000" == found["limits"][4]["reached"]
    assert False is found["ticket"]["trades"][0]["is_stop_beyond_liquidation"]


def test_no_size_fits(monkeypatch):
    answer = call(monkeypatch, "size", "-", "BTCUSDT", "--stop", "95000", stdin=TIGHT)

    assert 0 == answer.status
    assert "NO SIZE FITS" in answer.out


def test_a_stop_beyond_liquidation_is_said_loudly(monkeypatch):
    asked = ("size", "-", "BTCUSDT", "--stop", "60000", "--leverage-max", "50", "--risk", "100%")
    answer = call(monkeypatch, *asked, "--distance-min", "0", stdin=FLAT)

    # 2x and more: what is risked is all there is, and maintenance margin is not lost with it.
    assert 0 == answer.status
    assert "THE STOP COMES TOO LATE" in answer.out


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (("BTCUSD", "--stop", "1"), "SYMBOL: BTCUSD is not a symbol of binance-usdm"),
        (("BTCUSDT", "--stop", "x"), "--stop: 'x' is not a number"),
        (("BTCUSDT", "--stop", "1", "--risk", "200%"), "--risk: 200% must be between 0 and 100%"),
        (("BTCUSDT", "--stop", "1", "--risk", "a"), "--risk: 'a' is neither a fraction nor"),
        (("BTCUSDT", "--stop", "1", "--leverage-max", "0"), "--leverage-max: 0 must be above 0"),
        (("BTCUSDT", "--stop", "1", "--group", "BTC"), "--group BTC: is not assets with an amount"),
        (
            ("BTCUSDT", "--stop", "1", "--group", "BTX=1"),
            "BTX=1: binance-usdm lists nothing on BTX",
        ),
        (("BTCUSDT", "--stop", "100000"), "a size follows from a stop away from the entry 100000"),
    ],
)
def test_what_cannot_be_sized_is_one_sentence(monkeypatch, asked, sentence):
    answer = call(monkeypatch, "size", "-", *asked, stdin=FLAT)

    assert 2 == answer.status
    assert sentence in answer.err
    assert 1 == answer.err.count("\n")


def test_a_way_back_is_shown_with_its_rivals(monkeypatch):
    # 50,000 held on 300: 200 asked of 300 is 66.67 %. All of 0.5 asks 0.4 %, so 0.127 less will do.
    answer = call(monkeypatch, "derisk", "-", stdin=TIGHT)
    text = words(answer.out)

    assert (0, "") == (answer.status, answer.err)
    for part in (
        "66.67 % → 50.00 % the USDT pool, for",
        "BTCUSDT long",
        "linear program",
        "all alike",
        "Adding 100.00 USDT would do without closing anything.",
        "Small trades that lengthen the joint distance",
        "sell BTCUSDT",
    ):
        assert part in text


def test_a_way_back_as_json(monkeypatch):
    answer = call(monkeypatch, "derisk", "-", "--json", "--top-up", "40", stdin=TIGHT)
    found = json.loads(answer.out)
    (rescue,) = found["rescues"]

    assert found["is_reached"]
    assert "0.66666667" == rescue["health"]
    assert "40" == rescue["plan"]["top_up"]
    assert float(rescue["plan"]["health"]) <= 0.5
    assert ["BTCUSDT"] == [cut["symbol"] for cut in rescue["plan"]["cuts"]]
    assert 6 == len(rescue["rivals"])


def test_nothing_to_do_and_nothing_that_helps(monkeypatch):
    calm = call(monkeypatch, "derisk", "-", stdin=ACCOUNT)
    broke = call(monkeypatch, "derisk", "-", stdin=TIGHT.replace('"300"', '"10"'))

    assert "NOTHING TO DO" in calm.out
    assert "the USDT pool is at 2.00 %" in calm.out
    assert "NO REDUCTION IS ENOUGH" in broke.out
    assert "Adding 390.00 USDT to it is." in broke.out


def test_an_account_is_checked_after_a_trade(monkeypatch):
    trade = ("--with", "BTCUSDT -0.5 @ market")
    answer = call(monkeypatch, "check", "-", "--json", *trade, stdin=ACCOUNT)
    found = json.loads(answer.out)

    # What was held is closed at its price: a taker's fee of 50,000 × 0.0005 is gone.
    assert [] == found["positions"]
    assert "9975" == found["equity"]

    text = words(call(monkeypatch, "check", "-", *trade, stdin=ACCOUNT).out)
    assert "Before After Equity, USDT 10,000.00 9,975.00" in text
    assert "Effective leverage 5x 0x" in text
    assert "Sold 0.5 BTCUSDT at the mark, 100,000. Fee 25.00 USDT." in text


@pytest.mark.parametrize(
    ("trade", "sentence"),
    [
        ("BTCUSDT 1 @ market", "--with 'BTCUSDT 1 @ market', at character 9: '1' has no sign"),
        ("BTCUSD +1 @ market", "--with: BTCUSD is not a symbol of binance-usdm"),
        ("ETHUSDT +1 @ market", "there is no mark price of ETHUSDT"),
    ],
)
def test_a_trade_that_is_none_is_one_sentence(monkeypatch, trade, sentence):
    answer = call(monkeypatch, "check", "-", "--with", trade, stdin=ACCOUNT)

    assert answer.status in (2, 3)
    assert sentence in answer.err


def test_ladder_and_plans_go_through_the_crash(monkeypatch):
    shown = call(monkeypatch, "derisk", "-", "--against-ladder", stdin=TIGHT)
    found = json.loads(
        call(monkeypatch, "derisk", "-", "--against-ladder", "--json", stdin=TIGHT).out
    )

    assert "Through the crash of October 2025 with 300.00 USDT:" in shown.out
    ways = found["against_ladder"]["ways"]
    assert ["the venue’s ladder", "a plan to 100 %", "a plan to 50 %"] == [
        one["way"] for one in ways[:3]
    ]
    assert all(one["liquidations"] for one in ways)


def test_the_crash_has_three_coins(monkeypatch):
    doge = TIGHT.replace("BTCUSDT", "DOGEUSDT").replace('"100000"', '"0.2"')
    answer = call(monkeypatch, "derisk", "-", "--against-ladder", stdin=doge)

    assert 3 == answer.status
    assert "the crash has no prices of DOGE" in answer.err
