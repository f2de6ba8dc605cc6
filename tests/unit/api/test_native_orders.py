"""Orders over our own API: placed, repeated, cancelled, read."""


def order(desk, client_id="o-1", size="1", price="100", key=None, **more):
    return desk.post(
        "/accounts/ann/orders",
        key or desk.ann,
        client_id=client_id,
        symbol="BTCUSDT",
        size=size,
        price=price,
        **more,
    )


def test_an_order_that_rests_is_answered_listed_and_found(desk):
    placed = order(desk, price="99")["order"]

    assert ("open", "buy", "1", "99") == (
        placed["status"],
        placed["side"],
        placed["size"],
        placed["price"],
    )
    assert [placed] == desk.get("/accounts/ann/orders", desk.ann)
    assert [placed] == desk.get("/accounts/ann/orders", desk.ann, query="client_id=o-1&status=all")
    assert placed == desk.get(f"/accounts/ann/orders/{placed['id']}", desk.ann)


def test_an_order_that_trades_says_what_it_traded(desk):
    # The maker's best ask is 100 × (1 + 0.002 ÷ 2) = 100.1; the taker's fee is 0.05 %.
    found = order(desk, price="100.1", size="1")

    assert "filled" == found["order"]["status"]
    assert "100.1" == found["order"]["cost"]
    [trade] = found["trades"]

    assert ("100.1", "1", "0.05005") == (trade["price"], trade["size"], trade["fee"])
    assert [trade] == desk.get("/accounts/ann/trades", desk.ann)
    [position] = desk.get("/accounts/ann/positions", desk.ann)

    assert ("BTCUSDT", "long", "1") == (position["symbol"], position["side"], position["size"])


def test_the_same_request_again_has_the_same_answer_and_one_effect(desk):
    first = order(desk, price="100.1", size="0.5")
    again = order(desk, price="100.1", size="0.5")

    assert (False, True) == (first.pop("is_repeat"), again.pop("is_repeat"))
    assert first == again
    assert 1 == len(desk.get("/accounts/ann/trades", desk.ann))


def test_the_same_id_with_another_body_is_a_conflict(desk):
    order(desk, price="99")
    body = {"client_id": "o-1", "symbol": "BTCUSDT", "size": "1", "price": "98"}

    assert (409, "duplicate-other-content", "") == desk.refused(
        "POST", "/accounts/ann/orders", desk.ann, body
    )
    assert 1 == len(desk.get("/accounts/ann/orders", desk.ann))


def test_an_order_is_cancelled_by_either_id_and_all_at_once(desk):
    first, second = (order(desk, f"o-{n}", price="99")["order"]["id"] for n in (1, 2))
    third = order(desk, "o-3", price="98")["order"]["id"]
    path = "/accounts/ann/orders/cancel"

    assert [first] == desk.post(path, desk.ann, client_id="c-1", order_id=first)["order_ids"]
    assert [second] == desk.post(path, desk.ann, client_id="c-2", order_client_id="o-2")[
        "order_ids"
    ]
    assert [third] == desk.post(f"{path}-all", desk.ann, client_id="c-3")["order_ids"]
    assert [] == desk.get("/accounts/ann/orders", desk.ann)
    statuses = desk.get("/accounts/ann/orders", desk.ann, query="status=all")

    assert ["cancelled"] * 3 == [one["status"] for one in statuses]
    assert (404, "unknown-order", "") == desk.refused(
        "POST", path, desk.ann, {"client_id": "c-4", "order_id": first}
    )


def test_a_cancel_names_exactly_one_order(desk):
    path = "/accounts/ann/orders/cancel"
    for body in ({}, {"order_id": 1, "order_client_id": "o"}):
        assert (400, "malformed-body", "body.order_id") == desk.refused(
            "POST", path, desk.ann, {"client_id": "c-1", **body}
        )


def test_the_venues_refusal_has_its_code_and_words(desk):
    body = {"client_id": "o-1", "symbol": "BTCUSDT", "size": "1000", "price": "100"}
    answer = desk.ask("POST", "/accounts/ann/orders", desk.ann, body)

    assert 422 == answer.status_code
    assert (4001, "margin-insufficient") == (
        answer.json()["error"]["code"],
        answer.json()["error"]["name"],
    )


def test_a_stop_waits_and_its_fill_is_in_the_records(desk):
    order(desk, "o-1", price="100.1")
    stop = order(
        desk, "s-1", size="-1", price=None, type="stop-market", trigger_price="95", trigger="mark"
    )["order"]

    assert ("waiting", "95", None) == (stop["status"], stop["trigger_price"], stop["triggered_ms"])
    desk.price("94")
    [found] = desk.get("/accounts/ann/orders", desk.ann, query="client_id=s-1&status=all")

    assert "filled" == found["status"]
    kinds = {one["kind"] for one in desk.get("/accounts/ann/income", desk.ann)}

    assert {"deposit", "fee", "realised-pnl"} == kinds
    only = desk.get("/accounts/ann/income", desk.ann, query="kind=fee&limit=1")

    assert ["fee"] == [one["kind"] for one in only]
