"""What every handler is given: the venue, what has happened, who may ask, and how much."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from crossmargin.api.gate import BODY_MAX, DEPTH_MAX, Gate
from crossmargin.api.keys import Keys
from crossmargin.api.limits import DayResults
from crossmargin.api.signing import WINDOW_MS, Verifier
from crossmargin.runtime.service import Service
from crossmargin.runtime.steering import Steering

if TYPE_CHECKING:
    from crossmargin.history.history import History


class Settings(Struct, frozen=True):
    """What the operator of the server chooses.

    Attributes
    ----------
    window_ms : how old a signed request of our own API may be.
    body_max : bytes of a request's body.
    depth_max : how deep its JSON is nested.
    stream_queue_max : messages that may wait for one slow reader before it is dropped.
    stories : the folder of the stories that can be played.
    """

    window_ms: int = WINDOW_MS
    body_max: int = BODY_MAX
    depth_max: int = DEPTH_MAX
    stream_queue_max: int = 1_000
    stories: Path | None = None


class Context(Struct, frozen=True):
    """What every handler is given."""

    service: Service
    history: "History"
    keys: Keys
    gate: Gate
    verifier: Verifier
    steering: Steering
    settings: Settings = Settings()
    results: DayResults = field(default_factory=DayResults)
