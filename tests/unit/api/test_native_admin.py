"""What an operator does over our own API: keys, halt, the journal, receipts, the edge, stories."""

import shutil

import pytest

from crossmargin.api.context import Settings
from crossmargin.durations import DAY_MS
from tests import source
from tests.unit.api.native_desk import START_MS, WALL_MS, D, Desk

KEY = {"client_id": "k", "account": "ann", "scopes": ["read"], "days": 3, "label": "reader"}


def test_a_key_is_issued_used_listed_without_its_secret_and_revoked(desk):
    answer = desk.ask("POST", "/keys", desk.admin, KEY)
    issued = answer.json()

    assert (201, ["read"], WALL_MS + 3 * DAY_MS) == (
        answer.status_code,
        issued["scopes"],
        issued["expires_ms"],
    )
    key = desk.keys.valid(issued["key_id"], desk.service.wall_ms())

    assert desk.keys.secret(key.id) == issued["secret"]
    assert "ann" == desk.get("/accounts/ann", key)["account"]
    listed = desk.ask("GET", "/keys", desk.admin)

    assert issued["key_id"] in listed.text
    assert issued["secret"] not in listed.text
    assert desk.keys.secret(desk.admin.id) not in listed.text
    body = {"client_id": "r", "key_id": key.id}

    assert {"was_there": True} == desk.post("/keys/revoke", desk.admin, **body)
    assert {"was_there": False} == desk.post("/keys/revoke", desk.admin, **body)
    assert (401, "not-authentic", "") == desk.refused("GET", "/accounts/ann", key)


def test_a_key_is_issued_once(desk):
    first = desk.post("/keys", desk.admin, **KEY)
    again = desk.post("/keys", desk.admin, **KEY)

    assert (False, True) == (first.pop("is_repeat"), again.pop("is_repeat"))
    assert first == again
    assert (409, "duplicate-other-content", "body.client_id") == desk.refused(
        "POST", "/keys", desk.admin, {**KEY, "days": 4}
    )
    assert 4 == len([*desk.keys])


def test_a_key_with_limits_has_them(desk):
    limits = {"order_notional_max": "50", "open_orders_max": 2}
    issued = desk.post(
        "/keys",
        desk.admin,
        client_id="k",
        account="ann",
        scopes=["trade"],
        symbols=["BTCUSDT"],
        limits=limits,
    )
    key = desk.keys.valid(issued["key_id"], desk.service.wall_ms())

    assert (D(50), 2, None) == (
        key.limits.order_notional_max,
        key.limits.open_orders_max,
        key.limits.loss_per_day_max,
    )
    order = {"client_id": "o", "symbol": "BTCUSDT", "size": "1", "price": "90"}

    assert (403, "key-limit", "body") == desk.refused("POST", "/accounts/ann/orders", key, order)


def test_a_key_for_an_account_that_is_not_there_is_refused(desk):
    assert (404, "unknown-account", "body.account") == desk.refused(
        "POST", "/keys", desk.admin, {**KEY, "account": "eve"}
    )


def test_a_halted_venue_refuses_and_goes_on_when_resumed(desk):
    desk.post("/halt", desk.admin, client_id="h", reason="maintenance", is_cancel_only=True)

    assert "maintenance" == desk.get("/time")["halted"]
    body = {"client_id": "o", "symbol": "BTCUSDT", "size": "1", "price": "90"}

    assert (503, "cancel-only", "") == desk.refused("POST", "/accounts/ann/orders", desk.ann, body)
    desk.post("/accounts/ann/orders/cancel-all", desk.ann, client_id="c")
    desk.post("/resume", desk.admin, client_id="r")

    assert desk.get("/time")["halted"] is None
    # Refused is refused: the same request is answered as it was.
    assert (503, "cancel-only", "") == desk.refused("POST", "/accounts/ann/orders", desk.ann, body)
    assert (422, "not-halted", "") == desk.refused(
        "POST", "/resume", desk.admin, {"client_id": "r2"}
    )


def test_the_journal_is_read_in_pages(desk):
    desk.post("/accounts", desk.admin, client_id="a", account="carol")
    first = desk.get("/journal", desk.admin, "limit=2")

    assert ([1, 2], 3) == ([one["sequence"] for one in first["entries"]], first["next"])
    assert first["last"] == desk.history.sequence
    last = desk.get("/journal", desk.admin, f"start={first['last']}")
    [entry] = last["entries"]

    assert last["next"] is None
    assert ("open-account", "carol", START_MS) == (
        entry["command"]["do"],
        entry["command"]["account"],
        entry["at_ms"],
    )
    assert ["account-opened"] == [one["event"] for one in entry["events"]]
    beyond = desk.get("/journal", desk.admin, f"start={first['last'] + 1}")

    assert ([], None) == (beyond["entries"], beyond["next"])


def long_position(desk):
    """Let ann hold 5 BTC at about 100 with 100 USDT left."""
    desk.post(
        "/accounts/ann/orders", desk.ann, client_id="o", symbol="BTCUSDT", size="5", type="market"
    )
    desk.post("/accounts/ann/withdrawals", desk.admin, client_id="w", asset="USDT", amount="900")


def test_an_account_is_put_one_percent_from_liquidation_and_then_beyond(desk):
    long_position(desk)
    edge = {"client_id": "e", "account": "ann", "distance": "0.01"}
    reached = desk.post("/edge", desk.admin, **edge)
    assessed = desk.get("/accounts/ann/assessment", desk.ann)

    assert reached["prices"]["BTCUSDT"] == desk.get("/symbols/BTCUSDT/prices")["mark"]
    # On the tick of 0.1 near 80, so one percent to a little more than a thousandth.
    assert D("0.01") <= D(assessed["joint_liquidation"]["down"]) < D("0.0115")
    again = desk.post("/edge", desk.admin, **edge)

    assert again["is_repeat"]
    assert [] == desk.get("/accounts/ann/liquidations", desk.ann)
    desk.post("/edge", desk.admin, client_id="e2", account="ann", distance="-0.001")
    receipts = desk.get("/accounts/ann/liquidations", desk.ann)

    assert receipts
    assert receipts == desk.get("/liquidations", desk.admin)
    assert [] == desk.get("/deleveragings", desk.admin)


def test_an_edge_that_cannot_be_is_refused(desk):
    edge = {"client_id": "e", "account": "ann", "distance": "0.01"}

    assert (422, "no-such-edge", "") == desk.refused("POST", "/edge", desk.admin, edge)
    assert "100" == desk.get("/symbols/BTCUSDT/prices")["mark"]
    assert desk.get("/time")["halted"] is None
    assert (404, "unknown-account", "body.account") == desk.refused(
        "POST", "/edge", desk.admin, {**edge, "account": "eve"}
    )


@pytest.fixture
def told(tmp_path):
    """Return a venue with a folder of stories, one of them broken."""
    folder = tmp_path / "stories"
    folder.mkdir()
    shutil.copy(source.ROOT / "examples" / "stories" / "ten-times.toml", folder)
    desk = Desk(tmp_path, Settings(stories=folder))
    yield desk
    desk.close()


def test_a_story_is_played_beside_the_venue_that_is_served(told):
    before = told.history.sequence
    [story] = told.get("/stories", told.admin)

    assert "ten-times" == story["name"]
    outcome = told.get("/stories/ten-times/outcome", told.admin)

    assert outcome["is_as_expected"]
    assert outcome["outcomes"]
    assert all(one["is_met"] for one in outcome["outcomes"])
    assert [] == outcome["broken"]
    assert before == told.history.sequence


def test_a_story_that_is_not_in_the_folder_is_not_played(told):
    (told.context.settings.stories.parent / "secret.toml").write_text("venue = 1")
    for name in ("nothing", "..%2Fsecret", "%2Fetc%2Fpasswd"):
        assert 404 == told.ask("GET", f"/stories/{name}/outcome", told.admin).status_code


def test_a_story_that_cannot_be_read_says_why(told):
    (told.context.settings.stories / "bad.toml").write_text("venue = 1")

    assert (422, "story-impossible", "") == told.refused("GET", "/stories/bad/outcome", told.admin)
    bad, good = told.get("/stories", told.admin)

    assert ("bad", "ten-times", None) == (bad["name"], good["name"], good["fault"])
    assert "bad.toml" in bad["fault"]


def test_without_a_folder_there_are_no_stories(desk):
    assert [] == desk.get("/stories", desk.admin)
    assert (404, "unknown-story", "path") == desk.refused(
        "GET", "/stories/ten-times/outcome", desk.admin
    )
