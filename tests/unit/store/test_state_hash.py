"""A hash that is brought up to date is the hash of the whole, whatever has happened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.store.canonical import canonical_bytes, parts
from crossmargin.store.state_hash import RULE, StateHash, is_comparable, is_due, shown, state_hash
from crossmargin.venue import event
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from tests.unit.store import markets
from tests.unit.store.stores import fresh


@given(
    seed=st.integers(0, 10_000),
    steps=st.integers(1, 25),
    every=st.integers(1, 40),
)
def test_the_hash_of_what_changed_is_the_hash_of_the_whole(seed, steps, every):
    state = markets.fresh()
    whole = StateHash(state)
    for number, command in enumerate(markets.Market(seed).commands(steps)):
        decide(state, command)
        if number % every == 0:
            assert state_hash(state) == whole.current()

    assert state_hash(state) == whole.current() == whole.current()


@given(seed=st.integers(0, 10_000), steps=st.integers(1, 25))
def test_a_refusal_changes_nothing_but_the_time(seed, steps):
    state = markets.fresh()
    for command in markets.Market(seed).commands(steps):
        before, at_ms = parts(state), state.at_ms
        events = decide(state, command)
        if any(isinstance(one, event.Refused) for one in events):
            assert max(at_ms, command.at_ms) == state.at_ms
            state.at_ms, now_ms = at_ms, state.at_ms
            assert before == parts(state)
            state.at_ms = now_ms


def test_the_markets_reach_what_they_are_for():
    reached = set()
    for seed in range(12):
        state = markets.fresh()
        for command in markets.Market(seed).commands(40):
            reached |= {type(one) for one in decide(state, command)}

    assert {
        *(event.Filled, event.OrderTriggered, event.OrderTrailed, event.OrderResized),
        *(event.OrderGone, event.LiquidationStep, event.Deleveraged, event.Refused),
        *(event.PremiumSampled, event.AssetPriceSet, event.PositionModeSet, event.BreakerSet),
    } <= reached


def test_a_sum_does_not_depend_on_the_order():
    one, other = fresh(), fresh()
    for state, names in ((one, "ab"), (other, "ba")):
        for name in names:
            fold(state, event.AccountOpened(account=name))

    assert state_hash(one) == state_hash(other)
    assert canonical_bytes(one) == canonical_bytes(other)


def test_a_change_that_is_taken_back_leaves_the_hash_as_it_was():
    state = fresh()
    fold(state, event.AccountOpened(account="ann"))
    whole = StateHash(state)
    before = whole.current()
    fold(state, event.Halted(reason="tired"))
    between = whole.current()
    fold(state, event.Resumed())

    assert before == whole.current() != between


@pytest.mark.parametrize(
    ("sequence", "due"), [(1, False), (999, False), (1000, True), (3000, True)]
)
def test_every_thousandth_record_has_one(sequence, due):
    assert due is is_due(sequence)


def test_a_hash_of_another_rule_is_not_compared():
    own = state_hash(fresh())

    assert (RULE, 33) == (own[:1], len(own))
    assert is_comparable(own)
    assert not is_comparable(b"\x01" + own[1:])
    assert not is_comparable(None)
    assert own[1:].hex() == shown(own)
