"""Volatility as it is observed: what is taken in, how long it holds, and who is looked at then."""

import pytest

from crossmargin.model.account import Position
from crossmargin.model.surface import Smile, Surface
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from crossmargin.venue.decision import Decision
from crossmargin.venue.moments import observe_together
from crossmargin.venue.refusal import Code, Refusal
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from crossmargin.venue.surfaces import observe_surface
from tests.unit.venue.stage import D, Stage

DERIBIT = load_rulebook("deribit")
PERPETUAL = "BTC_USDC-PERPETUAL"
EXPIRY = 1_000_000
POINTS = ((D(40_000), D("0.6")), (D(60_000), D("0.5")))


def seen(at_ms=1, **fields):
    given = {"asset": "BTC", "expires_ms": EXPIRY, "points": POINTS, "forward": D(50_100)}
    return command.ObserveSurface(at_ms=at_ms, **(given | fields))


def stage():
    return Stage(DERIBIT, VenueSettings(stale_ms=60_000))


def test_the_last_that_was_seen_of_an_expiry_counts():
    one = stage()
    one.do(observe_surface, seen(points=((D(50_000), D("0.9")),)))
    one.do(observe_surface, seen())
    one.do(observe_surface, seen(expires_ms=2 * EXPIRY))

    smiles = tuple(Smile(ms, POINTS, D(50_100)) for ms in (EXPIRY, 2 * EXPIRY))
    assert one.state.market().surfaces == {"BTC": Surface(smiles)}


@pytest.mark.parametrize(
    ("at_ms", "is_there"), [(60_001, True), (60_002, False), (999_999, False), (EXPIRY, False)]
)
def test_it_holds_as_long_as_any_observation(at_ms, is_there):
    one = stage()
    one.do(observe_surface, seen())
    one.state.advance(at_ms)

    assert bool(one.state.market().surfaces) is is_there


def test_what_has_expired_is_not_used():
    one = stage()
    one.do(observe_surface, seen(at_ms=EXPIRY - 1))
    assert one.state.market().surfaces
    one.state.advance(EXPIRY)

    assert not one.state.market().surfaces


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"asset": ""}, Code.MISSING_PRICE),
        ({"points": ()}, Code.BAD_NUMBER),
        ({"points": POINTS[::-1]}, Code.BAD_NUMBER),
        ({"points": ((D(40_000), D("-0.1")),)}, Code.BAD_NUMBER),
        ({"points": ((D(40_000), D("NaN")),)}, Code.BAD_NUMBER),
        ({"forward": D(0)}, Code.BAD_NUMBER),
        ({"rate": D("Infinity")}, Code.BAD_NUMBER),
    ],
)
def test_what_is_no_surface_is_refused(fields, code):
    one = stage()
    with pytest.raises(Refusal) as found:
        one.do(observe_surface, seen(**fields))

    assert found.value.code == code
    assert not one.state.surfaces


def test_whoever_holds_the_underlying_is_looked_at():
    one = stage()
    for name, base in (("ann", "BTC"), ("bob", "ETH")):
        one.funded(name, asset="USDC")
        held = Position(f"{base}_USDC-PERPETUAL", D(1), D(50_000))
        one.emit(event.PositionChanged(account=name, position=held, side=held.side, why="test"))
    decision = Decision(one.state, 1)
    observe_surface(decision, seen())

    assert list(decision.touched) == ["ann"]


def test_what_is_said_together_is_all_there_before_anybody_is_looked_at():
    asked = command.ObserveTogether(
        at_ms=1,
        seen=(
            seen(),
            command.Observe(at_ms=1, symbol=PERPETUAL, source="feed", mark=D(50_000)),
            command.ObserveAsset(at_ms=1, asset="BTC", source="feed", price=D(50_001)),
        ),
    )
    state = State(DERIBIT, VenueSettings())
    decide(state, asked)
    market = state.market()

    assert market.marks == {PERPETUAL: D(50_000)}
    assert market.index == {"BTC": D(50_001)}
    assert list(market.surfaces) == ["BTC"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (seen(at_ms=2), Code.BAD_NUMBER),
        (seen(points=()), Code.BAD_NUMBER),
        (command.Observe(at_ms=1, symbol="NOBODY", source="feed", mark=D(1)), Code.UNKNOWN_SYMBOL),
        (command.ObserveAsset(at_ms=1, asset="", source="feed", price=D(1)), Code.MISSING_PRICE),
    ],
)
def test_if_one_is_refused_all_are(bad, code):
    one = stage()
    with pytest.raises(Refusal) as found:
        one.do(observe_together, command.ObserveTogether(at_ms=1, seen=(seen(), bad)))

    assert found.value.code == code
    assert not one.events
