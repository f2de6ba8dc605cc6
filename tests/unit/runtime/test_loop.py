"""The single writer: durable before it is answered, once, in order, and halted when in doubt."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import StoreError
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.places import journal_at
from crossmargin.store.recovery import recover
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.store.state_hash import shown, state_hash
from crossmargin.store.verify import verify
from crossmargin.venue import decide as venue
from crossmargin.venue.command import CancelAll, Halt, Tick, Withdraw
from crossmargin.venue.event import MoneyMoved, Refused
from crossmargin.venue.refusal import Code
from tests.postgres import change
from tests.unit.store.stores import HEADER, D, decide, deposit, fresh, open_account, some_commands
from tests.unit.store.test_sqlite import FailingLink

NOTHING = Withdraw(at_ms=1, account="ann", asset="USDT", amount=D(1))


OPEN = []
"""Journals that a test has opened."""


@pytest.fixture(autouse=True)
def _closed():
    yield
    while OPEN:
        OPEN.pop().close()


def journal_of(place, factory=None):
    if factory is not None:
        journal = SqliteJournal(place, HEADER, factory=factory)
    else:
        journal = journal_at(str(place), HEADER)
    OPEN.append(journal)
    return journal


def writer_of(place, limits=None, factory=None):
    return Writer(journal_of(place, factory), fresh, decide, ManualClock(9), limits)


def asked(writer, *commands):
    """Return the answers to commands of one batch."""
    futures = [writer.submit(one) for one in commands]
    writer.run_once()
    return [one.result(0) for one in futures]


def refusal(answer):
    [event] = answer.events
    assert isinstance(event, Refused)
    return answer.sequence, event.code


def test_answers_carry_what_was_recorded(place):
    writer = writer_of(place)
    answers = asked(writer, open_account(), deposit(5), deposit(-1))

    assert [1, 2, 3] == [one.sequence for one in answers]
    assert isinstance(answers[1].events[0], MoneyMoved)
    assert (3, 1001) == refusal(answers[2])
    assert D(5) == writer.state.accounts["ann"].balances["USDT"]
    assert 3 == writer_again(writer, place)._journal.sequence


def writer_again(writer, place, **more):
    """Return the writer after a restart; its state is what it was."""
    before = state_hash(writer.state)
    writer.close()
    again = writer_of(place, **more)
    assert before == state_hash(again.state)
    return again


def test_nothing_is_answered_before_it_is_durable(tmp_path):
    seen = []

    class Watched(FailingLink):
        def execute(self, statement, *values):
            seen.append((statement, [one.done() for one in futures]))
            return super().execute(statement, *values)

    futures = []
    writer = writer_of(tmp_path / "venue.db", factory=Watched)
    futures += [writer.submit(one) for one in (open_account(), deposit(5))]
    seen.clear()
    writer.run_once()

    assert [False] == list({flag for _, flags in seen for flag in flags})
    assert ["COMMIT"] == [statement for statement, _ in seen if statement == "COMMIT"]
    assert all(one.done() for one in futures)


def test_a_batch_is_bounded_and_in_order(place):
    writer = writer_of(place, Limits(batch_max=3))
    futures = [writer.submit(one) for one in some_commands(8)]

    assert [3, 3, 2, 0] == [writer.run_once() for _ in range(4)]
    assert [*range(1, 9)] == [one.result(0).sequence for one in futures]


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_how_commands_are_batched_does_not_show(sizes, tmp_path_factory):
    writer = writer_of(tmp_path_factory.mktemp("batches") / "venue.db")
    commands = some_commands(sum(sizes))
    left = iter(commands)
    for size in sizes:
        asked(writer, *(next(left) for _ in range(size)))
    state = fresh()
    for one in commands:
        decide(state, one)

    assert state_hash(state) == state_hash(writer.state)
    assert state_hash(state) == state_hash(recover(fresh, writer._journal).state)
    writer.close()


@pytest.mark.parametrize("when", ["same batch", "next batch", "after a restart"])
def test_a_command_sent_again_happens_once(place, when):
    writer = writer_of(place)
    first, again, other = (
        deposit(5, client_id="x"),
        deposit(5, client_id="x", at_ms=7),
        deposit(6, client_id="x"),
    )
    if when == "same batch":
        _, one, two, three = asked(writer, open_account(), first, again, other)
    else:
        _, one = asked(writer, open_account(), first)
        writer = writer_again(writer, place) if when == "after a restart" else writer
        two, three = asked(writer, again, other)

    assert (2, False, True) == (one.sequence, one.is_repeat, two.is_repeat)
    assert (one.sequence, one.events) == (two.sequence, two.events)
    assert (None, Code.DUPLICATE_OTHER_CONTENT) == refusal(three)
    assert D(5) == writer.state.accounts["ann"].balances["USDT"]
    assert 2 == writer._journal.sequence


def test_a_refusal_sent_again_is_the_first_refusal(place):
    writer = writer_of(place)
    first, _, again = asked(
        writer, deposit(5, client_id="x"), open_account(), deposit(5, client_id="x")
    )

    assert (1, Code.UNKNOWN_ACCOUNT) == refusal(first) == refusal(again)


def test_two_accounts_may_use_one_client_id(place):
    writer = writer_of(place)
    answers = asked(writer, *(open_account(name, client_id="x") for name in ("ann", "bob")))

    assert [(1, False), (2, False)] == [(one.sequence, one.is_repeat) for one in answers]


def test_a_full_queue_refuses_but_for_what_makes_safer(place):
    writer = writer_of(place, Limits(queue_max=2, reserve=3))
    waiting = [writer.submit(open_account()), writer.submit(deposit(1))]

    assert (None, Code.QUEUE_FULL) == refusal(writer.submit(NOTHING).result(0))
    waiting += [
        writer.submit(one) for one in (deposit(2), CancelAll(at_ms=2, account="ann"), deposit(3))
    ]
    assert (None, Code.QUEUE_FULL) == refusal(writer.submit(deposit(4)).result(0))
    assert 5 == writer.waiting
    writer.run_once()
    assert [1, 2, 3, 4, 5] == [one.result(0).sequence for one in waiting]
    assert D(6) == writer.state.accounts["ann"].balances["USDT"]


def test_a_caller_that_gave_up_in_time_has_not_asked(place):
    writer = writer_of(place)
    futures = [writer.submit(open_account()), writer.submit(deposit(1))]
    futures[1].cancel()
    writer.run_once()

    assert 1 == writer._journal.sequence


def test_subscribers_get_everything_in_order_and_a_bad_one_is_dropped(place):
    writer = writer_of(place)
    seen, other = [], []

    def bad(entry, events):
        other.append(entry.sequence)
        raise ValueError("tired")

    writer.subscribe(bad)
    writer.subscribe(lambda entry, events: seen.append((entry.sequence, len(events))))
    asked(writer, open_account(), deposit(5), deposit(-1))

    assert [(1, 1), (2, 1), (3, 1)] == seen
    assert [1] == other
    assert ["entry 1: ValueError: tired"] == writer.lost


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        pytest.param(deposit(1313), "a law of the venue failed: thirteen", id="a law"),
        pytest.param(Tick(at_ms=8), "a bug: KeyError: 8", id="any bug"),
    ],
)
def test_a_broken_law_halts_for_good_and_shows_what_is_recorded(place, bug, words):
    writer = writer_of(place)
    published = []
    writer.subscribe(lambda entry, events: published.append(entry.sequence))
    good = [writer.submit(one) for one in (open_account(), deposit(5))]
    bad = [writer.submit(one) for one in (bug, deposit(7))]
    writer.run_once()

    assert [1, 2] == [one.result(0).sequence for one in good]
    assert [(None, Code.HALTED)] * 2 == [refusal(one.result(0)) for one in bad]
    assert words == writer.halted
    assert (None, Code.HALTED) == refusal(writer.submit(deposit(1)).result(0))
    assert D(5) == writer.state.accounts["ann"].balances["USDT"]
    assert [1, 2, 3] == published
    [*_, last] = writer._journal.read()
    assert Halt(at_ms=9, reason=words) == last.decoded_command()

    again = writer_again(writer, place)
    assert words == again.state.halted
    assert again.halted is None
    assert verify(again._journal, fresh(), decide).damage is None


def test_a_halt_is_recorded_though_the_clock_was_set_back(place):
    def buggy(state, command):
        if isinstance(command, CancelAll):
            raise KeyError(command.at_ms)
        return venue.decide(state, command)

    writer = Writer(journal_of(place), fresh, buggy, ManualClock(9))
    asked(writer, open_account(at_ms=5000))
    asked(writer, CancelAll(at_ms=5000, account="ann"))

    assert "a bug: KeyError: 5000" == writer.halted
    assert "a bug: KeyError: 5000" == writer_again(writer, place).state.halted


def test_what_waits_when_it_halts_is_refused(place):
    writer = writer_of(place, Limits(batch_max=1))
    futures = [writer.submit(one) for one in (Tick(at_ms=8), open_account())]
    writer.run_once()

    assert [(None, Code.HALTED)] * 2 == [refusal(one.result(0)) for one in futures]
    assert 0 == writer.run_once()


def test_a_failed_sync_halts_and_acknowledges_nothing(tmp_path):
    link = type("Failing", (FailingLink,), {})
    writer = writer_of(tmp_path / "venue.db", factory=link)
    asked(writer, open_account(), deposit(5))
    link.countdown = 1
    futures = [writer.submit(one) for one in (deposit(6), deposit(7, client_id="x"))]
    writer.run_once()

    for one in futures:
        with pytest.raises(StoreError, match="disk I/O error"):
            one.result(0)
    assert "disk I/O error" in writer.halted
    assert (None, Code.HALTED) == refusal(writer.submit(deposit(1)).result(0))
    assert D(5) == writer.state.accounts["ann"].balances["USDT"]
    again = writer_again(writer, tmp_path / "venue.db")
    assert again.state.halted is None
    assert asked(again, deposit(7, client_id="x"))[0].sequence == 3


def test_a_lookup_that_fails_halts(place):
    writer = writer_of(place)
    asked(writer, open_account())
    change(place, "DROP TABLE client_ids")
    [answer] = asked(writer, deposit(5, client_id="x"))

    assert (None, Code.HALTED) == refusal(answer)
    assert "client_ids" in writer.halted
    assert 1 == writer._journal.sequence


def test_an_interrupt_half_way_halts(place):
    def interrupted(state, command):
        raise KeyboardInterrupt

    writer = Writer(journal_of(place), fresh, interrupted, ManualClock())
    writer.submit(open_account())
    with pytest.raises(KeyboardInterrupt):
        writer.run_once()

    assert "interrupted: KeyboardInterrupt" == writer.halted
    assert 0 == writer._journal.sequence


def test_a_thread_runs_it_until_it_is_told_to_stop(place):
    writer, stop = writer_of(place), threading.Event()
    thread = threading.Thread(target=writer.run, args=(stop,))
    thread.start()
    answers = [writer.submit(one).result(10) for one in some_commands(5)]
    last = [writer.submit(deposit(1)) for _ in range(300)]
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
    assert [1, 2, 3, 4, 5] == [one.sequence for one in answers]
    assert [*range(6, 306)] == [one.result(0).sequence for one in last]
    writer.close()


def test_the_venue_itself_is_recovered_and_decided_again_the_same(place):
    commands = [
        open_account(),
        deposit(5, at_ms=3),
        # Refused before the venue has looked at the time, and yet time has passed.
        deposit(5, "nobody", at_ms=50),
        deposit(5, at_ms=40),
        Withdraw(at_ms=60, account="ann", asset="USDT", amount=D(99)),
        Withdraw(at_ms=60, account="ann", asset="USDT", amount=D(2)),
        Tick(at_ms=70),
    ]
    writer = Writer(journal_of(place), fresh, venue.decide, ManualClock())
    answers = asked(writer, *commands)

    assert writer.halted is None
    assert [2001, 1002] == [refusal(answers[n])[1] for n in (2, 3)]
    assert D(3) == writer.state.accounts["ann"].balances["USDT"]
    assert 70 == writer.state.at_ms
    assert state_hash(writer.state) == state_hash(recover(fresh, writer._journal).state)
    verdict = verify(writer._journal, fresh(), venue.decide)
    assert (None, len(commands)) == (verdict.damage, verdict.decided_again)
    assert shown(state_hash(writer.state)) == verdict.state


def test_commands_of_a_feed_share_a_batch_and_each_sees_what_became_of_the_one_before(place):
    writer = writer_of(place)

    def told():
        yield open_account("ann")
        # It can only be known by now if the first has been decided.
        assert "ann" in writer.state.accounts
        yield deposit(len(writer.state.accounts), "ann")
        yield deposit(-1, "ann")

    before = writer.submit(open_account("bob"))
    last = writer.submit_each(told())
    assert 2 == writer.run_once()

    assert 1 == before.result(0).sequence
    assert (4, 1001) == refusal(last.result(0))
    assert D(2) == writer.state.accounts["ann"].balances["USDT"]


def test_a_feed_that_fails_halts_and_what_it_said_before_is_recorded(place):
    writer = writer_of(place)

    def told():
        yield open_account("ann")
        raise ValueError("no such candle")

    last, after = writer.submit_each(told()), writer.submit(open_account("bob"))
    writer.run_once()

    assert (None, Code.HALTED) == refusal(last.result(0)) == refusal(after.result(0))
    assert "a bug: ValueError: no such candle" == writer.halted
    assert ["ann"] == list(writer.state.accounts)


def test_what_a_feed_says_has_room_where_an_order_has_none(place):
    writer = writer_of(place, Limits(queue_max=1, reserve=1))
    writer.submit(open_account())
    refused, taken = writer.submit(open_account("bob")), writer.submit_each(iter([deposit(1)]))
    writer.run_once()

    assert (None, Code.QUEUE_FULL) == refusal(refused.result(0))
    assert 2 == taken.result(0).sequence
