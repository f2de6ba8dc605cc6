"""The venue on an event loop: one order of things, one time, and nothing before its turn."""

import asyncio
import sqlite3
import time

import pytest
from msgspec.structs import replace

from crossmargin.errors import StoreError
from crossmargin.model.order import OrderType
from crossmargin.runtime import service as module
from crossmargin.runtime.venue_clock import VenueClock
from crossmargin.venue.command import AmendOrder, Deposit, PlaceOrder, Tick
from crossmargin.venue.event import MoneyMoved, OrderAccepted, Refused
from crossmargin.venue.refusal import Code
from tests.unit.runtime.served import (
    START_MS,
    D,
    by_time,
    fed,
    opened,
    real_service,
    small_service,
)
from tests.unit.store.stores import deposit, open_account
from tests.unit.store.test_sqlite import FailingLink

BUY = PlaceOrder(at_ms=0, account="alice", symbol="BTCUSDT", size=D("0.01"), type=OrderType.MARKET)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "venue.db"


def played(play):
    """Run what a test plays, to its end."""
    return asyncio.run(play())


def refusal(answer):
    [event] = answer.events
    assert isinstance(event, Refused)
    return answer.sequence, event.code


class CountingLink(sqlite3.Connection):
    """A connection that counts what it commits."""

    commits = 0

    def execute(self, statement, *values):
        CountingLink.commits += statement == "COMMIT"
        return super().execute(statement, *values)


def test_what_comes_in_together_is_written_together_in_the_order_of_asking(path):
    async def play():
        service = small_service(path, factory=CountingLink)
        before = CountingLink.commits
        answers = await asyncio.gather(
            service.ask(open_account()), service.ask(deposit(5)), service.ask(deposit(6))
        )
        service.writer.close()
        return [one.sequence for one in answers], CountingLink.commits - before

    sequences, commits = played(play)

    assert [1, 2, 3] == sequences
    assert 2 == commits  # the batch, and the snapshot at the end


def test_subscribers_hear_of_every_record_in_order_before_the_answer(path):
    async def play():
        service, heard = small_service(path), []
        service.subscribe(lambda entry, events: heard.append((entry.sequence, len(events))))
        await service.ask(open_account())
        told = list(heard)
        await service.ask(deposit(1))
        return told, heard

    assert ([(1, 1)], [(1, 1), (2, 1)]) == played(play)


def test_commands_are_stamped_with_the_venues_time_whatever_they_say(path):
    async def play():
        clock = VenueClock(1_000)
        service, times = small_service(path, clock), []
        service.subscribe(lambda entry, events: times.append(entry.at_ms))
        await service.ask(replace(open_account(), at_ms=5_000_000))
        clock.reached(2_000)
        await service.ask(deposit(1))
        return times, service.now_ms()

    assert ([1_000, 2_000], 2_000) == played(play)


def test_time_does_not_go_back_between_a_feed_and_those_who_ask(path):
    async def play():
        service, times = small_service(path, VenueClock(100)), []
        service.subscribe(lambda entry, events: times.append(entry.at_ms))
        feed = asyncio.create_task(
            service.run_feed(by_time([open_account(at_ms=200), deposit(1, at_ms=900)]))
        )
        asking = [asyncio.create_task(service.ask(deposit(2))) for _ in range(3)]
        await asyncio.gather(feed, *asking)
        await service.run_feed(by_time([deposit(1, at_ms=300)]))
        return times

    times = played(play)

    assert sorted(times) == times
    assert [900, 900] == times[-2:]


def test_a_feed_goes_at_its_speed_and_each_command_sees_what_became_of_the_one_before(path):
    async def play():
        start = time.monotonic()
        service, balances, times = small_service(path, VenueClock(0, D(1_000))), [], []
        service.subscribe(lambda entry, events: times.append(time.monotonic() - start))

        def told():
            yield open_account(at_ms=0)
            for at_ms in (0, 40_000, 80_000):
                balances.append(service.state.accounts["ann"].balances.get("USDT"))
                yield deposit(1, at_ms=at_ms)

        await service.run_feed(by_time(told()))
        return balances, times, service.now_ms()

    balances, times, now_ms = played(play)

    assert [None, D(1), D(2)] == balances
    # Of one moment, and 40 and 80 simulated seconds later at 1000 a second.
    assert times[1] - times[0] < 0.03
    assert times[2] >= 0.04
    assert times[3] >= 0.08
    assert now_ms >= 80_000


def test_who_gives_up_before_their_turn_has_not_asked(path):
    async def play():
        service = small_service(path)
        await service.ask(open_account())
        asking = asyncio.create_task(service.ask(deposit(5)))
        after = asyncio.create_task(service.ask(deposit(7)))
        await asyncio.sleep(0)
        asking.cancel()
        await after
        return service.state.accounts["ann"].balances["USDT"]

    assert D(7) == played(play)


def test_where_nobody_else_fits_in_what_makes_accounts_safer_does_and_goes_first(path, monkeypatch):
    monkeypatch.setattr(module, "WAITING_MAX", 100)

    async def play():
        service, order = small_service(path), []
        await service.ask(open_account())
        service.subscribe(lambda entry, events: order.append(type(entry.decoded_command())))
        floods = [asyncio.create_task(service.ask(open_account(f"b{n}"))) for n in range(150)]
        safer = asyncio.create_task(service.ask(deposit(1)))
        answers = await asyncio.gather(*floods)
        assert (await safer).sequence is not None
        refused = [one for one in answers if one.sequence is None]
        assert {(None, Code.QUEUE_FULL)} == {refusal(one) for one in refused}
        return len(refused), order.index(Deposit)

    refused, place = played(play)

    assert 50 == refused
    assert place < module.BATCH_MAX


def test_a_failed_write_is_an_error_for_who_asked_and_a_halt_for_who_asks_next(path):
    async def play():
        link = type("Failing", (FailingLink,), {})
        service = small_service(path, factory=link)
        await service.ask(open_account())
        link.countdown = 1
        with pytest.raises(StoreError):
            await service.ask(deposit(5))
        return refusal(await service.ask(deposit(6))), service.halted, service.state.accounts

    (sequence, code), halted, accounts = played(play)

    assert (None, Code.HALTED) == (sequence, code)
    assert halted
    assert ["ann"] == list(accounts)


def test_a_feed_ends_when_the_venue_halts(path):
    async def play():
        service = small_service(path)
        feed = by_time([open_account(at_ms=200), Tick(at_ms=300), Tick(at_ms=400)])
        await service.run_feed(feed)
        return service.halted, service.state.at_ms

    assert ("a bug: KeyError: 300", 200) == played(play)


def test_what_waits_at_the_end_is_answered_and_recorded(path):
    async def play():
        service = small_service(path)
        asking = [asyncio.create_task(service.ask(open_account(f"a{n}"))) for n in range(200)]
        await asyncio.sleep(0)
        service.close()
        return await asyncio.gather(*asking)

    assert list(range(1, 201)) == [one.sequence for one in played(play)]


def test_a_venue_that_starts_again_takes_no_orders_before_there_are_prices(path):
    async def play():
        service = real_service(path)
        await opened(service, alice=10_000)
        before_any = refusal(await service.ask(BUY))[1]
        await fed(service)
        bought = (await service.ask(BUY)).events[0]
        service.close()
        # Two minutes: the prices are stale, and not old enough for the venue to halt trading.
        again = real_service(path, START_MS + 120_000, is_fed=False)
        unfed = refusal(await again.ask(BUY))
        amending = AmendOrder(at_ms=0, account="alice", order_id=1, size=D(1), price=D(1))
        unamended = refusal(await again.ask(amending))
        deposited = await again.ask(Deposit(at_ms=0, account="alice", asset="USDT", amount=D(1)))
        position = again.state.accounts["alice"].position("BTCUSDT", None)
        await fed(again)
        fresh = (await again.ask(BUY)).events[0]
        again.close()
        return before_any, bought, unfed, unamended, deposited.events, position.size, fresh

    before_any, bought, unfed, unamended, deposited, size, fresh = played(play)

    assert Code.PRICES_UNUSABLE == before_any
    assert isinstance(bought, OrderAccepted)
    assert (None, Code.PRICES_UNUSABLE) == unfed == unamended
    assert isinstance(deposited[0], MoneyMoved)
    assert D("0.01") == size
    assert isinstance(fresh, OrderAccepted)
