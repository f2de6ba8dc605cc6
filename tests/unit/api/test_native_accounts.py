"""Accounts over our own API: opened, paid in, moved, set, assessed."""

from crossmargin.api.keys import Scope
from crossmargin.files.answer import answer
from crossmargin.margin.assess import assess


def test_an_account_is_opened_paid_into_and_seen(desk):
    opened = desk.ask("POST", "/accounts", desk.admin, {"client_id": "a", "account": "carol"})

    assert 201 == opened.status_code
    desk.post("/accounts/carol/deposits", desk.admin, client_id="b", asset="USDT", amount="250.5")
    desk.post("/accounts/carol/withdrawals", desk.admin, client_id="c", asset="USDT", amount="50")
    carol = desk.get("/accounts/carol", desk.admin)

    assert ({"USDT": "200.5"}, 0, []) == (
        carol["balances"],
        carol["open_orders"],
        carol["positions"],
    )
    assert {
        "mode": "standard",
        "assets_mode": "single",
        "position_mode": "one-way",
        "leverage": {},
        "margin_mode": {},
    } == (carol["settings"])
    body = {"client_id": "d", "account": "carol"}

    assert (409, "account-exists", "") == desk.refused("POST", "/accounts", desk.admin, body)


def test_money_moves_within_a_family_alone(desk):
    desk.post("/accounts", desk.admin, client_id="a", account="ann-2", parent="ann")
    desk.post(
        "/accounts/ann/transfers", desk.ann, client_id="b", to="ann-2", asset="USDT", amount="40"
    )
    [sub] = desk.get("/accounts/ann/sub-accounts", desk.ann)

    assert ("ann-2", "ann", {"USDT": "40"}) == (sub["account"], sub["parent"], sub["balances"])
    assert ["ann", "ann-2"] == sorted(one["account"] for one in desk.get("/accounts", desk.ann))
    body = {"client_id": "c", "to": "bob", "asset": "USDT", "amount": "1"}

    assert (422, "not-family", "") == desk.refused(
        "POST", "/accounts/ann/transfers", desk.ann, body
    )
    more = {"client_id": "d", "to": "ann", "asset": "USDT", "amount": "41"}

    assert (422, "balance-insufficient", "") == desk.refused(
        "POST", "/accounts/ann-2/transfers", desk.ann, more
    )


def test_settings_are_set_and_read(desk):
    base = "/accounts/ann"
    desk.post(f"{base}/leverage", desk.ann, client_id="a", symbol="BTCUSDT", leverage="7")
    desk.post(f"{base}/margin-mode", desk.ann, client_id="b", symbol="BTCUSDT", mode="isolated")
    desk.post(f"{base}/position-mode", desk.ann, client_id="c", mode="hedge")

    assert {
        "mode": "standard",
        "assets_mode": "single",
        "position_mode": "hedge",
        "leverage": {"BTCUSDT": "7"},
        "margin_mode": {"BTCUSDT": "isolated"},
    } == desk.get(f"{base}/settings", desk.ann)
    body = {"client_id": "d", "mode": "multi"}

    assert (422, "mode-blocked", "") == desk.refused("POST", f"{base}/assets-mode", desk.ann, body)
    desk.post(f"{base}/margin-mode", desk.ann, client_id="e", symbol="BTCUSDT", mode="cross")
    desk.post(f"{base}/assets-mode", desk.ann, client_id="f", mode="multi")

    assert "multi" == desk.get(f"{base}/settings", desk.ann)["assets_mode"]
    desk.post(f"{base}/mode", desk.ann, client_id="g", mode="standard")
    body = {"client_id": "h", "mode": "portfolio"}

    assert (422, "no-such-mode", "") == desk.refused("POST", f"{base}/mode", desk.ann, body)


def test_an_isolated_position_has_money_of_its_own(desk):
    base = "/accounts/ann"
    desk.post(f"{base}/leverage", desk.ann, client_id="a", symbol="BTCUSDT", leverage="10")
    desk.post(f"{base}/margin-mode", desk.ann, client_id="b", symbol="BTCUSDT", mode="isolated")
    desk.post(f"{base}/orders", desk.ann, client_id="o", symbol="BTCUSDT", size="1", price="100.1")
    # 100.1 at ten times is 10.01.
    [before] = desk.get(f"{base}/positions", desk.ann)

    assert ("isolated", "10.01") == (before["mode"], before["margin"])
    desk.post(f"{base}/positions/margin", desk.ann, client_id="m", symbol="BTCUSDT", amount="4.99")
    [after] = desk.get(f"{base}/positions", desk.ann)

    assert "15" == after["margin"]
    assert ["4.99"] == [one["amount"] for one in desk.get(f"{base}/margin-changes", desk.ann)]


def test_the_assessment_is_what_check_says(desk):
    desk.post(
        "/accounts/ann/orders",
        desk.ann,
        client_id="o",
        symbol="BTCUSDT",
        size="5",
        type="market",
    )
    state = desk.service.state
    account = state.accounts["ann"].view()
    expected = answer(assess(account, state.market(), state.rulebook))

    assert expected == desk.get("/accounts/ann/assessment", desk.ann)
    assert "ok" == expected["status"]
    assert [["BTCUSDT", "5"]] == [[one["symbol"], one["size"]] for one in expected["positions"]]


def test_a_key_trades_its_symbols_alone(desk):
    key = desk.key("ann", Scope.READ, Scope.TRADE, symbols=["ETHUSDT"])
    order = {"client_id": "o", "symbol": "BTCUSDT", "size": "1", "price": "90"}

    assert (403, "key-limit", "body") == desk.refused("POST", "/accounts/ann/orders", key, order)
    body = {"client_id": "l", "symbol": "BTCUSDT", "leverage": "3"}

    assert (403, "symbol-not-allowed", "body.symbol") == desk.refused(
        "POST", "/accounts/ann/leverage", key, body
    )


def test_markets_are_open_to_everybody(desk):
    [symbol] = desk.get("/symbols")

    assert ("BTCUSDT", "USDT", "0.1", "0.001") == (
        symbol["symbol"],
        symbol["settle"],
        symbol["tick"],
        symbol["lot"],
    )
    assert symbol == desk.get("/symbols/BTCUSDT")
    [prices] = desk.get("/prices")

    assert ("100", "100", "usable") == (prices["mark"], prices["index"], prices["breaker"])
    assert prices == desk.get("/symbols/BTCUSDT/prices")
    book = desk.get("/symbols/BTCUSDT/book", query="levels=1")
    # 500 of notional a level, at the price of 100 they are around.
    assert [["99.9", "5"]] == book["bids"]
    assert "100.1" == book["asks"][0][0]
    desk.post(
        "/accounts/ann/orders", desk.ann, client_id="o", symbol="BTCUSDT", size="1", type="market"
    )

    assert ["1"] == [one["size"] for one in desk.get("/symbols/BTCUSDT/trades")]
    [candle] = desk.get("/symbols/BTCUSDT/candles", query="interval=1h&source=last")

    assert ("100", "100.1", "1") == (candle["open"], candle["high"], candle["volume"])
    assert "100.1" == desk.get("/symbols/BTCUSDT/ticker")["high"]
    assert [] == [one for one in desk.get("/symbols/BTCUSDT/funding") if one["rate"]]
    time = desk.get("/time")

    assert (None, desk.history.sequence) == (time["halted"], time["sequence"])
