"""Played with a journal as without one; what cannot be written or contradicts itself raises."""

import pytest

from crossmargin.errors import InvariantBroken, StoreError, UsageError
from crossmargin.files.story import read_story
from crossmargin.runtime.recording import Recorder, header_of
from crossmargin.runtime.story import play
from crossmargin.store.canonical import canonical_bytes
from crossmargin.store.places import reader_at
from crossmargin.store.verify import verify
from crossmargin.venue import decide as venue
from crossmargin.venue.state import State
from tests.postgres import change
from tests.source import ROOT
from tests.unit.store.stores import HEADER, decide, deposit, fresh, open_account

STORY = read_story(ROOT / "examples/stories/cascade.toml")


def empty():
    return State(STORY.rulebook, STORY.settings)


def test_a_story_is_the_same_with_a_store_as_without(place):
    header = header_of(STORY.rulebook, STORY.settings, STORY.start_ms, "story")
    recorder = Recorder(place, header, empty, venue.decide)
    recorded = play(STORY, recorder.decide, recorder.state)
    recorder.close()
    played = play(STORY, venue.decide)

    assert recorded.is_as_expected
    assert (played.moments, played.outcomes) == (recorded.moments, recorded.outcomes)
    assert canonical_bytes(played.state) == canonical_bytes(recorded.state)
    reader = reader_at(place)
    verdict = verify(reader, empty(), venue.decide)
    assert (None, 1) == (verdict.damage, verdict.snapshots)
    assert verdict.entries == verdict.decided_again == reader.sequence
    reader.close()


@pytest.fixture
def recorder(place):
    recorder = Recorder(place, HEADER, fresh, decide)
    yield recorder
    recorder.close()


def test_a_place_that_is_taken_is_refused(place, recorder):
    recorder.decide(recorder.state, open_account())
    recorder.close()

    with pytest.raises(UsageError, match="is there already; a new store is asked for"):
        Recorder(place, HEADER, fresh, decide)


def test_a_broken_law_raises_and_is_recorded_as_a_halt(place, recorder):
    recorder.decide(recorder.state, open_account())
    with pytest.raises(InvariantBroken, match="a law of the venue failed: thirteen"):
        recorder.decide(recorder.state, deposit(1313))
    recorder.close()
    reader = reader_at(place)

    assert ["open-account", "halt"] == [
        one.decoded_command().__struct_config__.tag for one in reader.read()
    ]
    reader.close()


def test_a_store_that_takes_nothing_raises(place, recorder):
    recorder.decide(recorder.state, open_account())
    change(place, "UPDATE head SET hash = ?", b"x" * 32)

    with pytest.raises(StoreError, match="entries were not written: another writer was here"):
        recorder.decide(recorder.state, deposit(1))
