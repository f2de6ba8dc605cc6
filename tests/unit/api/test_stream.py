"""The stream: whose it is, snapshots, numbered deltas, and who is dropped."""

import asyncio
import json

import pytest

from crossmargin.api.audit import Audit
from crossmargin.api.context import Settings
from crossmargin.api.keys import Scope
from tests.unit.api.native_desk import D, Desk
from tests.unit.api.stream_line import Line


def talk(desk, story, **more):
    """Let a story happen on one connection."""

    async def run():
        async with Line(desk, **more) as line:
            return await story(line)

    return desk.run(run())


async def order(desk, client_id, size, price):
    body = {"client_id": client_id, "symbol": "BTCUSDT", "size": size, "price": price}
    answer = await desk.asking("POST", "/accounts/ann/orders", desk.ann, body)
    assert 200 == answer.status_code, answer.text
    return answer.json()["order"]


async def until(line, is_it):
    """Return messages up to the first that is it."""
    found = [await line.next()]
    while not is_it(found[-1]):
        found.append(await line.next())
    return found


def book_of(messages):
    """Return the bids and asks that a reader has after messages."""
    sides = {"bids": {}, "asks": {}}
    for message in messages:
        content = message.get("snapshot") or message.get("delta")
        for side, kept in sides.items():
            for price, size in content.get(side, ()):
                kept[price] = size
                if size == "0":
                    del kept[price]
    return sides


def test_a_market_begins_with_all_of_it_and_goes_on_with_what_changes(desk):
    async def story(line):
        await line.login(desk.ann)
        [first] = await line.follow("market.BTCUSDT")
        # The maker's bid of 99.9 is joined, then there is a better one.
        await order(desk, "o-1", "0.5", "99.9")
        await order(desk, "o-2", "0.5", "100")
        found = await until(line, lambda one: ["100", "0.5"] in one["delta"].get("bids", []))
        return first, found

    first, found = talk(desk, story)

    assert ("market.BTCUSDT", 0, "100") == (
        first["channel"],
        first["number"],
        first["snapshot"]["prices"]["mark"],
    )
    assert [*range(1, len(found) + 1)] == [one["number"] for one in found]
    book = desk.get("/symbols/BTCUSDT/book")
    kept = book_of([first, *found])

    assert kept == {side: dict(map(tuple, book[side])) for side in ("bids", "asks")}


def test_prices_that_move_take_the_whole_book_along(desk):
    async def story(line):
        await line.login(desk.ann)
        found = await line.follow("market.BTCUSDT")
        for price in ("103", "98.5"):
            steering = desk.context.steering
            put = steering.put(
                {"BTCUSDT": D(price)}, lambda: desk.service.state, desk.service.now_ms()
            )
            await desk.service.ask_each(put)
        return found + await until(
            line, lambda one: one["delta"].get("prices", {}).get("mark") == "98.5"
        )

    found = talk(desk, story)
    book = desk.get("/symbols/BTCUSDT/book")

    assert book_of(found) == {side: dict(map(tuple, book[side])) for side in ("bids", "asks")}


def test_an_account_hears_of_its_orders_trades_positions_and_money(desk):
    async def story(line):
        await line.login(desk.ann)
        [first] = await line.follow("account.ann")
        placed = await order(desk, "o-1", "1", "100.1")
        return first, placed, await until(line, lambda one: "trades" in one["delta"])

    first, placed, found = talk(desk, story)
    delta = found[-1]["delta"]

    assert ("0", []) == (str(first["number"]), first["snapshot"]["orders"])
    assert {"USDT": "1000"} == first["snapshot"]["account"]["balances"]
    assert [placed] == delta["orders"]
    # 1 at 100.1 costs 0.05 %.
    assert {"USDT": "999.94995"} == delta["balances"]
    assert ["1"] == [one["size"] for one in delta["positions"]]
    assert ["100.1"] == [one["price"] for one in delta["trades"]]


def test_nobody_hears_of_somebody_else(desk):
    async def story(line):
        await line.login(desk.bob)
        await line.follow("account.bob")
        await order(desk, "o-1", "1", "100.1")
        line.say(do="ping", id="p")
        return await line.next()

    assert {"done": "ping", "id": "p"} == talk(desk, story)


@pytest.mark.parametrize(
    ("scopes", "account", "channel", "name"),
    [
        ((Scope.READ,), "ann", "account.bob", "unknown-channel"),
        ((Scope.READ,), "ann", "account.eve", "unknown-channel"),
        ((Scope.READ,), "", "account.ann", "unknown-channel"),
        ((Scope.TRADE,), "ann", "account.ann", "scope-missing"),
        ((Scope.TRADE,), "ann", "market.BTCUSDT", "scope-missing"),
        ((Scope.READ,), "ann", "market.NOSUCH", "unknown-channel"),
        ((Scope.READ,), "ann", "nonsense", "unknown-channel"),
        ((Scope.READ, Scope.ADMIN), "", "account.ann", None),
        ((Scope.READ,), "ann", "market.BTCUSDT", None),
    ],
)
def test_who_may_subscribe_to_what(desk, scopes, account, channel, name):
    key = desk.key(account, *scopes)

    async def story(line):
        await line.login(key)
        line.say(do="subscribe", id="1", channels=[channel])
        return await line.next()

    found = talk(desk, story)

    assert name == found.get("error", {}).get("name")
    assert ("snapshot" in found) is (name is None)


def test_of_several_channels_all_are_subscribed_to_or_none(desk):
    async def story(line):
        await line.login(desk.ann)
        line.say(do="subscribe", id="1", channels=["market.BTCUSDT", "account.bob"])
        refused = await line.next()
        line.say(do="ping", id="p")
        return refused["error"]["name"], await line.next()

    assert ("unknown-channel", {"done": "ping", "id": "p"}) == talk(desk, story)


def test_the_key_is_asked_for_again_at_each_subscription(desk):
    async def story(line):
        await line.login(desk.ann)
        await line.follow("market.BTCUSDT")
        desk.keys.revoke(desk.ann.id)
        line.say(do="subscribe", id="2", channels=["account.ann"])
        return await line.next()

    found = talk(desk, story)

    assert ("websocket.close", 1008, "the key is none any more") == (
        found["type"],
        found["code"],
        found["reason"],
    )


def test_a_key_that_is_revoked_hears_nothing_more(desk):
    async def story(line):
        await line.login(desk.bob)
        await line.follow("market.BTCUSDT")
        desk.keys.revoke(desk.bob.id)
        await order(desk, "o-1", "0.5", "99.9")
        return await line.next()

    assert "the key is none any more" == talk(desk, story)["reason"]


def test_what_is_not_wanted_any_more_is_not_told(desk):
    async def story(line):
        await line.login(desk.ann)
        await line.follow("market.BTCUSDT")
        line.say(do="unsubscribe", id="2", channels=["market.BTCUSDT", "market.NEVER"])
        assert {"done": "unsubscribe", "id": "2"} == await line.next()
        await order(desk, "o-1", "0.5", "99.9")
        line.say(do="ping")
        return await line.next()

    assert {"done": "ping", "id": None} == talk(desk, story)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"do": "subscribe", "channels": ["market.BTCUSDT"]}', "not-authenticated"),
        ('{"do": "authenticate", "key_id": "x"}', "malformed-body"),
        ("{", "malformed-body"),
        ("", "malformed-body"),
        ('{"do": "withdraw"}', "malformed-body"),
        ("[" * 10_000, "malformed-body"),
        ("x" * 20_000, "malformed-body"),
    ],
)
def test_the_first_message_says_whose_it_is_or_it_was_the_last(desk, text, name):
    async def story(line):
        line.raw(text)
        return await line.next(), await line.next()

    refused, closed = talk(desk, story)

    assert name == refused["error"]["name"]
    assert {"code", "name", "message", "where"} == set(refused["error"])
    assert (1008, "not authenticated") == (closed["code"], closed["reason"])


@pytest.mark.parametrize("change", ["signature", "timestamp", "nonce", "key_id"])
def test_a_tampered_authentication_is_refused(desk, change):
    async def story(line):
        said = line.credentials(desk.ann)
        said[change] = said[change][:-1] + ("0" if said[change][-1] != "0" else "1")
        line.say(do="authenticate", **said)
        return await line.next()

    assert "not-authentic" == talk(desk, story)["error"]["name"]


def test_an_authentication_is_taken_once(desk):
    async def story(line):
        said = line.credentials(desk.ann)
        line.say(do="authenticate", **said)
        await line.next()
        async with Line(desk) as other:
            other.say(do="authenticate", **said)
            return await other.next()

    assert "replayed" == talk(desk, story)["error"]["name"]


def test_who_a_connection_is_and_what_it_asks_is_noted(desk, tmp_path):
    path = tmp_path / "audit.jsonl"
    desk.context.gate.audit = Audit(path)

    async def story(line):
        await line.login(desk.ann)
        await line.follow("account.ann")
        line.say(do="subscribe", channels=["account.bob"])
        await line.next()
        async with Line(desk) as other:
            said = other.credentials(desk.bob, "w2")
            other.say(do="authenticate", **said | {"signature": "0" * 64})
            await other.next()
        async with Line(desk) as nobody:
            nobody.raw("{")
            await nobody.next()

    talk(desk, story)
    stream = "WEBSOCKET /api/v1/stream"
    content = path.read_text()
    lines = [json.loads(one) for one in content.splitlines()]

    assert [
        (f"{stream} authenticate", 200, desk.ann.id, "ann", ""),
        (f"{stream} subscribe", 200, desk.ann.id, "ann", ""),
        (f"{stream} subscribe", 404, desk.ann.id, "ann", "unknown-channel"),
        (f"{stream} authenticate", 401, "", "", "not-authentic"),
        (f"{stream} ?", 400, "", "", "malformed-body"),
    ] == [tuple(one[name] for name in ("what", "result", "key", "account", "why")) for one in lines]
    assert {"127.0.0.1"} == {one["address"] for one in lines}


def test_after_the_first_message_nonsense_is_answered_and_forgiven(desk):
    async def story(line):
        await line.login(desk.ann)
        line.raw('{"do": "subscribe", "id": "7", "channels": [], "more": 1}')
        refused = await line.next()
        line.say(do="authenticate", id="8", **line.credentials(desk.bob, "w2"))
        again = await line.next()
        line.say(do="ping")
        return refused["error"]["name"], again["error"]["name"], await line.next()

    assert ("malformed-body", "authenticated-already", {"done": "ping", "id": None}) == talk(
        desk, story
    )


@pytest.mark.parametrize(
    "more",
    [
        {"headers": [("origin", "http://evil.example")]},
        {"headers": [("host", "evil.example")]},
        {"headers": [("sec-fetch-site", "cross-site")]},
        {"query": b"key_id=x&signature=y"},
    ],
)
def test_a_foreign_page_or_a_secret_in_the_address_does_not_get_in(desk, more):
    async def story(line):
        return line.opened

    assert "websocket.close" == talk(desk, story, **more)["type"]


def test_a_reader_who_does_not_read_is_dropped_and_others_are_not(tmp_path):
    desk = Desk(tmp_path, Settings(stream_queue_max=5))

    async def story():
        async with Line(desk) as good, Line(desk, is_stuck=True) as stuck:
            await good.login(desk.ann)
            await good.follow("market.BTCUSDT")
            stuck.say(do="authenticate", **stuck.credentials(desk.bob))
            stuck.say(do="subscribe", channels=["market.BTCUSDT"])
            await asyncio.sleep(0.01)
            for n in range(10):
                await order(desk, f"o-{n}", "0.5", "99.8" if n % 2 else "99.9")
                await good.next()
            async with asyncio.timeout(2):
                await stuck.task
            return await stuck.next()

    closed = desk.run(story())
    desk.close()

    assert (1013, "too slow a reader") == (closed["code"], closed["reason"])


def test_two_readers_of_a_channel_have_the_same_numbers(desk):
    async def story(line):
        await line.login(desk.ann)
        await line.follow("market.BTCUSDT")
        await order(desk, "o-1", "0.5", "99.9")
        first = await line.next()
        async with Line(desk) as other:
            await other.login(desk.bob)
            [snapshot] = await other.follow("market.BTCUSDT")
            await order(desk, "o-2", "0.5", "99.8")
            return first, snapshot, await line.next(), await other.next()

    first, snapshot, second, same = talk(desk, story)

    assert first["number"] == snapshot["number"]
    assert second == same
    assert second["number"] == first["number"] + 1
