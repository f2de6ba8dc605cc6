"""What a server starts with: where it listens, where things are kept, and who has which key."""

import asyncio
import json
import stat

import pytest
from msgspec.structs import replace

from crossmargin.api.keys import Scope
from crossmargin.api.places import places_of
from crossmargin.api.startup import (
    Wanted,
    check_address,
    hosts_of,
    opened,
)
from crossmargin.durations import DAY_MS
from crossmargin.errors import UsageError
from crossmargin.model.order import OrderType
from crossmargin.venue.command import PlaceOrder, Tick
from tests.unit.runtime.served import MARKET, RULEBOOK, START_MS, D, fed
from tests.unit.runtime.served import opened as trading

LOOPBACK = ("127.0.0.1", "127.8.9.1", "::1", "localhost")
REACHABLE = ("192.0.2.1", "2001:db8::1", "10.0.0.5")


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("is_allowed", [True, False])
@pytest.mark.parametrize("has_key", [True, False])
def test_this_machine_may_always_be_served(host, is_allowed, has_key):
    assert check_address(host, is_remote_allowed=is_allowed, has_master_key=has_key) is None


@pytest.mark.parametrize("host", REACHABLE)
@pytest.mark.parametrize(
    ("is_allowed", "has_key", "words"),
    [
        (False, False, "add --allow-remote"),
        (False, True, "add --allow-remote"),
        (True, False, "--master-key-file"),
        (True, True, None),
    ],
)
def test_others_are_served_only_if_that_is_said_twice(host, is_allowed, has_key, words):
    if words is None:
        check_address(host, is_remote_allowed=is_allowed, has_master_key=has_key)
        return
    with pytest.raises(UsageError, match=words):
        check_address(host, is_remote_allowed=is_allowed, has_master_key=has_key)


def test_a_name_is_no_address():
    with pytest.raises(UsageError, match="is no address"):
        check_address("example.org", is_remote_allowed=True, has_master_key=True)


@pytest.mark.parametrize(
    ("host", "port", "names", "expected"),
    [
        (
            "127.0.0.1",
            8480,
            (),
            {"127.0.0.1:8480", "localhost:8480", "[::1]:8480"},
        ),
        (
            "192.0.2.1",
            80,
            ("Bots.Example",),
            {
                *("192.0.2.1:80", "127.0.0.1:80", "localhost:80", "[::1]:80", "bots.example:80"),
                *("192.0.2.1", "127.0.0.1", "localhost", "[::1]", "bots.example"),
            },
        ),
        (
            # Behind a proxy that speaks TLS, clients name no port.
            "127.0.0.1",
            8480,
            ("bots.example",),
            {
                *("127.0.0.1:8480", "localhost:8480", "[::1]:8480"),
                *("bots.example:8480", "bots.example"),
            },
        ),
        (
            "2001:db8::1",
            5,
            (),
            {"[2001:db8::1]:5", "127.0.0.1:5", "localhost:5", "[::1]:5"},
        ),
    ],
)
def test_the_names_a_server_goes_by(host, port, names, expected):
    assert expected == hosts_of(host, port, names)


@pytest.fixture
def wanted(tmp_path):
    places = places_of(str(tmp_path / "venue.db"), tmp_path / "unused", None)
    return Wanted(places, RULEBOOK, MARKET, None, frozenset({"127.0.0.1:1"}))


def close(one):
    """Let one record be written and go."""
    asyncio.run(one.context.service.ask(Tick(at_ms=0)))
    one.context.service.close()
    one.context.gate.audit.close()


def test_a_new_venue_hands_out_three_keys_that_last_and_are_the_same_again(wanted):
    first = opened(wanted)
    close(first)
    again = opened(wanted)
    close(again)

    assert (True, False) == (first.is_new, again.is_new)
    assert ["alice", "bob"] == [key.account for key in first.demo]
    assert {frozenset({Scope.READ, Scope.TRADE})} == {key.scopes for key in first.demo}
    assert ("", frozenset({Scope.READ, Scope.ADMIN})) == (first.admin.account, first.admin.scopes)
    assert (first.demo, first.admin) == (again.demo, again.admin)
    assert all(
        89 * DAY_MS < key.expires_ms - first.context.service.wall_ms() <= 90 * DAY_MS
        for key in (*first.demo, first.admin)
    )


def test_keys_in_their_last_day_are_made_anew(wanted):
    first = opened(wanted)
    close(first)
    kept = json.loads(wanted.places.keys.read_text())
    soon = first.context.service.wall_ms() + DAY_MS
    for one in kept["keys"]:
        one["expires_ms"] = soon
    wanted.places.keys.write_text(json.dumps(kept))
    again = opened(wanted)
    close(again)

    assert {key.id for key in first.demo}.isdisjoint(key.id for key in again.demo)
    assert 6 == len(list(again.context.keys))


def test_another_venue_is_refused_the_store(wanted):
    close(opened(wanted))
    settings = replace(MARKET.settings, stale_ms=1)
    other = replace(wanted, market=replace(MARKET, settings=settings))

    with pytest.raises(UsageError, match="venue"):
        opened(other)
    close(opened(wanted))  # and it has been let go of


def test_time_goes_on_from_what_is_recorded(wanted):
    first = opened(wanted)
    start_ms = first.context.service.now_ms()
    close(first)
    later = replace(wanted, market=replace(MARKET, start_ms=START_MS + 5_000))
    again = opened(later)
    now_ms = again.context.service.now_ms()
    close(again)

    assert (START_MS, START_MS + 5_000) == (start_ms, now_ms)


def test_what_was_signed_before_a_restart_is_not_taken(wanted):
    first = opened(wanted)
    close(first)
    again = opened(wanted)
    close(again)
    wall_ms = again.context.service.wall_ms()

    assert 0 == first.not_before_ms
    assert wall_ms < again.not_before_ms <= wall_ms + 1_000


def test_everything_kept_beside_the_store_is_its_owners(wanted):
    close(opened(wanted))
    places = wanted.places

    assert {0o600} == {
        stat.S_IMODE(path.stat().st_mode) for path in (places.master_key, places.keys, places.audit)
    }


def test_what_was_lost_today_is_known_after_a_restart(wanted):
    one = opened(wanted)

    async def play():
        await trading(one.context.service, alice=10_000)
        await fed(one.context.service)
        bought = PlaceOrder(
            at_ms=0, account="alice", symbol="BTCUSDT", size=D("0.1"), type=OrderType.MARKET
        )
        await one.context.service.ask(bought)

    asyncio.run(play())
    state = one.context.service.state
    lost = one.context.results.lost("alice", state)
    close(one)
    again = opened(wanted)
    known = again.context.results.lost("alice", again.context.service.state)
    close(again)

    # The fee, 0.05 % of some 9,500; money that was brought in is no gain.
    assert D(4) < lost < D(6)
    assert lost == known


def test_a_store_whose_keys_others_may_read_is_let_go_of(wanted):
    close(opened(wanted))
    wanted.places.keys.chmod(0o644)

    with pytest.raises(UsageError, match="others may read it"):
        opened(wanted)
    wanted.places.keys.chmod(0o600)
    close(opened(wanted))


def test_a_venue_in_a_database_is_served_and_its_password_is_not_said(tmp_path, postgres):
    address = f"{postgres.place()}&password=hunter2"
    places = places_of(address, tmp_path / "default.db", None)
    wanted = Wanted(places, RULEBOOK, MARKET, None, frozenset({"127.0.0.1:1"}))
    first = opened(wanted)
    close(first)
    again = opened(wanted)
    close(again)

    assert (True, False) == (first.is_new, again.is_new)
    assert first.demo == again.demo
    assert "hunter2" not in first.store
    assert "hunter2" not in str(list(tmp_path.iterdir()))
