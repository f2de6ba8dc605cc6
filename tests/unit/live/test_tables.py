"""What is read from each venue's replies, and what is said where nothing is."""

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.live.records import FeeRates, Haircut, Ladder, Rung
from crossmargin.live.tables import NEVER, VENUES, fetch
from crossmargin.rulebooks.loader import venues
from tests.toys import D
from tests.unit.live import replies, server
from tests.unit.live.binance_replies import BINANCE


def fetched(venue, routes):
    with server.serving(routes) as there:
        return fetch(venue, url=there.url)


def ladder(symbol, settle, rungs, cap, **other):
    """Return a ladder; a rung is floor, rate, leverage, initial rate, - where it is not said."""
    parts = [[None if w == "-" else D(w) for w in rung.split()] for rung in rungs.split("|")]
    return Ladder(symbol, settle, tuple(Rung(*part) for part in parts), cap and D(cap), **other)


@pytest.mark.parametrize(
    ("venue", "routes", "expected"),
    [
        pytest.param(
            "okx",
            replies.OKX,
            [
                ladder(
                    "BTC-USDT-SWAP",
                    "USDT",
                    "0 0.004 100 0.01|5000 0.005 75 0.0133",
                    "8000",
                    unit="size",
                    multiplier=D("0.01"),
                    tick=D("0.1"),
                    lot=D("0.01"),
                ),
                ladder(
                    "ETH-USDT-SWAP",
                    "USDT",
                    "0 0.004 100 0.01|10000 0.003 50 0.02",
                    "20000",
                    unit="size",
                    multiplier=D("0.1"),
                    tick=D("0.01"),
                    lot=D("0.01"),
                ),
                ladder(
                    "BTC-USD-SWAP",
                    "BTC",
                    "0 0.004 100 0.01",
                    "12000",
                    unit="size",
                    multiplier=D(100),
                    tick=D("0.1"),
                    lot=D(1),
                ),
                ladder(
                    "BTC-USDT-270326",
                    "USDT",
                    "0 0.004 100 0.01|5000 0.005 75 0.0133",
                    "8000",
                    unit="size",
                    multiplier=D("0.01"),
                    tick=D("0.1"),
                    lot=D("0.01"),
                ),
            ],
            id="okx: tiers of a family hold for each of its contracts, floors are contracts",
        ),
        pytest.param(
            "bybit",
            replies.BYBIT,
            [
                # An absent deduction and one of 0 say the same.
                ladder(
                    "BTCUSDT",
                    "USDT",
                    "0 0.005 100 0.01|2000000 0.0056 90 0.0111 1200",
                    "2600000",
                    tick=D("0.1"),
                    lot=D("0.001"),
                ),
                ladder("BTCUSD", "BTC", "0 0.005 100 0.01", "150", tick=D("0.1"), lot=D("0.001")),
            ],
            id="bybit: pages are followed, percentages and fractions told apart",
        ),
        pytest.param(
            "hyperliquid",
            replies.HYPERLIQUID,
            [
                # 1 ÷ (2 × 40) and 1 ÷ (2 × 20); without a table 1 ÷ (2 × 3), rounded up.
                ladder("BTC", None, "0 0.0125 40|150000000 0.025 20", None, lot=D("0.00001")),
                ladder("kPEPE", None, f"0 0.1{'6' * 48}7 3", None, lot=D(1)),
            ],
            id="hyperliquid: margin tables by id, maintenance is half of the initial rate",
        ),
        pytest.param(
            "dydx-v4",
            replies.DYDX,
            [
                ladder(
                    "SOL-USD",
                    None,
                    "0 0.03 - 0.05",
                    None,
                    tick=D("0.01"),
                    lot=D("0.1"),
                    open_interest_caps=(D(40_000_000), D(100_000_000)),
                ),
                ladder("BTC-USD", None, "0 0.03 - 0.05", None, tick=D("0.01"), lot=D("0.1")),
            ],
            id="dydx: one tier a market, caps where there are any",
        ),
        pytest.param(
            "gate",
            replies.GATE,
            [
                ladder(
                    "BTC_USDT",
                    "USDT",
                    "0 0.01 50 0.02|500000 0.02 33.33 0.03",
                    "1000000",
                    multiplier=D("0.0001"),
                    tick=D("0.1"),
                    lot=D(1),
                ),
            ],
            id="gate: tiers of a market",
        ),
        pytest.param(
            "bitget",
            replies.BITGET,
            [
                ladder(
                    "BTCUSDT",
                    "USDT",
                    "0 0.004 125|150000 0.005 100",
                    "900000",
                    tick=D("0.1"),
                    lot=D("0.0001"),
                ),
            ],
            id="bitget: levels in their order",
        ),
        pytest.param(
            "kraken",
            replies.KRAKEN,
            [
                ladder(
                    "PI_XBTUSD",
                    "BTC",
                    "0 0.01 - 0.02|500000 0.02 - 0.04",
                    None,
                    unit="size",
                    multiplier=D(1),
                    tick=D("0.5"),
                    lot=D(1),
                ),
                ladder(
                    "PF_XBTUSD",
                    "USD",
                    "0 0.01 - 0.02|500000 0.02 - 0.04",
                    None,
                    multiplier=D(1),
                    tick=D("0.5"),
                    lot=D("0.0001"),
                ),
            ],
            id="kraken: inverse levels are sizes, the others notionals",
        ),
    ],
)
def test_the_ladders_of(venue, routes, expected):
    found = fetched(venue, routes)

    assert expected == [one for one in found.ladders if one.rungs]


@pytest.mark.parametrize(
    ("venue", "routes", "expected"),
    [
        # Numbers of the replies in replies.py; percentages of Kraken ÷ 100.
        pytest.param(
            "gate",
            replies.GATE,
            FeeRates(
                D("-0.0001"),
                D("0.00075"),
                None,
                "1 of 3 contracts have other fees than these.",
            ),
            id="gate: what most contracts charge",
        ),
        pytest.param("bitget", replies.BITGET, FeeRates(D("0.0002"), D("0.0006")), id="bitget"),
        pytest.param(
            "kraken", replies.KRAKEN, FeeRates(D("0.0002"), D("0.0005")), id="kraken: no volume"
        ),
        pytest.param(
            "deribit",
            replies.DERIBIT,
            FeeRates(D(0), D("0.0005"), D("0.0075")),
            id="deribit: and the liquidation's",
        ),
        pytest.param(
            "hyperliquid",
            replies.HYPERLIQUID,
            FeeRates(D("0.00015"), D("0.00045")),
            id="hyperliquid: resting and crossing",
        ),
    ],
)
def test_the_fees_of(venue, routes, expected):
    assert expected == fetched(venue, routes).fees


@pytest.mark.parametrize(
    ("venue", "routes", "expected"),
    [
        pytest.param(
            "okx",
            replies.OKX,
            (
                Haircut("BTC", ((D(0), D("0.98")), (D(20), D("0.9775")), (D(25), D(0)))),
                Haircut("USDT", ((D(0), D(1)),)),
            ),
            id="okx: above the last tier the smallest rate",
        ),
        pytest.param(
            "bybit",
            replies.BYBIT,
            (Haircut("BTC", ((D(0), D("0.85")), (D(1_000_000), D(0)))),),
            id="bybit",
        ),
        pytest.param(
            "binance-usdm",
            BINANCE,
            (Haircut("BTC", ((D(0), D("0.94")),), D("0.05"), D("0.025"), D("0.025")),),
            id="binance: buffers of holdings and of debts",
        ),
    ],
)
def test_the_haircuts_of(venue, routes, expected):
    assert expected == fetched(venue, routes).haircuts


def test_where_it_was_asked_is_said():
    with server.serving(replies.DYDX) as there:
        found = fetch("dydx-v4", url=there.url)

    assert there.url == found.address
    assert found.program.startswith("ccxt 4.")
    assert (
        "fees: the indexer does not say them",
        "haircuts: there is one collateral asset, which counts in full",
    ) == found.missing


def test_binance_shows_brackets_only_with_a_key(monkeypatch):
    monkeypatch.delenv("BINANCE_API_KEY", raising=False)
    with server.serving(BINANCE) as there:
        without = fetch("binance-usdm", url=there.url)
        paths = {path for path, _ in there.seen}
        monkeypatch.setenv("BINANCE_API_KEY", "key")
        monkeypatch.setenv("BINANCE_API_SECRET", "secret")
        with_key = fetch("binance-usdm", url=there.url)
        signed = next(request for path, request in there.seen if "leverageBracket" in path)

    assert without.ladders is None
    assert "/fapi/v1/leverageBracket" not in paths
    assert (
        "tiers: the venue shows them only with a key: set BINANCE_API_KEY and BINANCE_API_SECRET "
        "(a key that may only read is enough)",
    ) == without.missing
    assert ["BTCUSDT", "ETHUSDT", "ODDUSDT"] == [one.symbol for one in with_key.ladders]
    assert "signature" in signed
    assert "secret" not in signed.values()


def test_a_key_the_venue_refuses_is_one_sentence(monkeypatch):
    monkeypatch.setenv("BINANCE_API_KEY", "key")
    monkeypatch.setenv("BINANCE_API_SECRET", "secret")
    refusal = {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}
    found = fetched("binance-usdm", {**BINANCE, "/fapi/v1/leverageBracket": refusal})

    assert found.ladders is None
    assert "refuses the key: " in found.missing[0]
    assert "Invalid API-key" in found.missing[0]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        pytest.param(500, "cannot be asked: ", id="a server that fails"),
        pytest.param(404, "cannot be asked: ", id="a path that is gone"),
        pytest.param("<html>", "", id="a page instead of JSON"),
        pytest.param({"code": "50001", "msg": "Busy", "data": []}, "Busy", id="its own error"),
        pytest.param({"code": "0", "data": [{}]}, "(KeyError: 'details')", id="another shape"),
        pytest.param({"code": "0", "data": []}, "lists none", id="an empty list"),
        pytest.param(
            {"code": "0", "data": [{"ccy": "X", "details": [{"minAmt": "NaN", "maxAmt": ""}]}]},
            "is not of the shape that is known",
            id="no number",
        ),
    ],
)
def test_a_part_that_fails_is_said_and_the_others_are_fetched(reply, said):
    path = "/api/v5/public/discount-rate-interest-free-quota"
    found = fetched("okx", {**replies.OKX, path: reply})
    (sentence,) = (one for one in found.missing if one.startswith("haircuts: "))

    assert found.haircuts is None
    assert found.ladders
    assert said in sentence
    assert "\n" not in sentence


def test_nothing_at_all_is_an_error():
    with pytest.raises(UnknownError) as refusal:
        fetched("dydx-v4", {})

    assert str(refusal.value).startswith("nothing of dydx-v4 could be fetched: tiers: http://127.")
    assert 3 == refusal.value.exit_status


@pytest.mark.parametrize("url", ["localhost:80", "ftp://localhost", "http://localhost/api", "x"])
def test_an_address_is_scheme_host_and_port(url):
    with pytest.raises(UsageError, match="must be scheme, host and port"):
        fetch("okx", url=url)


def test_an_unknown_venue_is_refused():
    with pytest.raises(UsageError) as refusal:
        fetch("mtgox")

    assert (
        "mtgox cannot be fetched: it is no venue that is known here; "
        f"{', '.join(sorted(VENUES))} can be" == str(refusal.value)
    )


def test_of_every_packaged_venue_it_is_said_how_it_is_fetched_or_why_not():
    assert set(venues()) == {*VENUES, *NEVER}
    assert set() == set(VENUES) & set(NEVER)


@pytest.mark.parametrize("venue", NEVER)
def test_a_venue_that_cannot_be_asked_is_refused_with_the_reason(venue):
    with pytest.raises(UsageError, match=f"^{venue} cannot be fetched: {NEVER[venue]}; "):
        fetch(venue)
