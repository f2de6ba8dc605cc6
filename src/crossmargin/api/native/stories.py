"""Story control: stories by name, and an account taken to the edge of liquidation.

A story needs a venue of its own, because it is that venue's only outside world: it is played beside
the one that is served, in another thread, and its outcome is the answer. Taking an account to the
edge is done here, at the served venue: its prices go there, and its feed goes on from there.
"""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from crossmargin.api.context import Context
from crossmargin.api.guard import key_of
from crossmargin.api.keys import Scope
from crossmargin.api.native import bodies
from crossmargin.api.native.answers import (
    EdgeReached,
    StoryMoment,
    StoryOutcome,
    StoryPlayed,
    StoryView,
)
from crossmargin.api.native.asking import account_of, amount, refused, unknown_outcome
from crossmargin.api.native.once import Once
from crossmargin.api.native.parameters import StoryPath
from crossmargin.api.native.route import changes, reads
from crossmargin.api.problem import Problem
from crossmargin.errors import CrossmarginError, StoreError, UsageError
from crossmargin.files.story import read_story
from crossmargin.files.story_tables import Edge, Story
from crossmargin.runtime.edge import edge_prices
from crossmargin.runtime.market_maker import MAKER
from crossmargin.runtime.story import Played, play
from crossmargin.venue.decide import decide

Asking: TypeAlias = Request[Any, Any, Any]
Steered: TypeAlias = tuple[int | None, dict[str, Decimal]]


def stories(context: Context) -> list[HTTPRouteHandler]:
    """Return what lists and plays stories."""
    folder = context.settings.stories
    stage = asyncio.Lock()

    @reads("/stories", Scope.ADMIN)
    async def list_stories() -> list[StoryView]:
        """Return the stories in the folder of the server's settings."""
        return [_view(name, path) for name, path in _paths(folder).items()]

    @reads("/stories/{story:str}/outcome", Scope.ADMIN, weight=50)
    async def play_story(story: StoryPath) -> StoryPlayed:
        """Play a story in a venue of its own, and return what came of it."""
        path = _paths(folder).get(story)
        if path is None:
            raise Problem(404, "unknown-story", f"there is no story {story}", where="path")
        told = _read(path)
        if stage.locked():
            raise Problem(503, "stage-busy", "another story is being played", retry_after_s=1)
        async with stage:
            try:
                played = await asyncio.to_thread(play, told, decide)
            except CrossmarginError as error:
                raise Problem(422, "story-impossible", str(error)) from None
        return _played(story, played)

    return [list_stories, play_story]


def steering(context: Context) -> list[HTTPRouteHandler]:
    """Return what takes the served market somewhere."""
    steered: Once[Steered] = Once()

    @changes("/edge", Scope.ADMIN, bodies.EdgeAsked, weight=5)
    async def go_to_edge(request: Asking, data: JSONBody[bodies.EdgeAsked]) -> EdgeReached:
        """Let prices go until an account is so far from liquidation; the feed goes on there."""
        account_of(context, data.account, "body.account")
        wanted = Edge(
            at_ms=0,
            account=data.account,
            distance=amount(data.distance, "distance"),
            direction=data.direction,
            symbol=data.symbol or "",
        )

        async def steer() -> Steered:
            return await _steer(context, wanted)

        (sequence, prices), is_repeat = await steered.do(key_of(request).id, data, steer)
        return EdgeReached(sequence, is_repeat, prices)

    return [go_to_edge]


async def _steer(context: Context, wanted: Edge) -> Steered:
    service = context.service
    if MAKER not in service.state.accounts:
        raise Problem(422, "no-such-edge", "there is no market maker to go along with a price")
    # Worked out before it is asked for: what fails inside a batch halts the venue.
    try:
        prices = edge_prices(service.state, wanted)
    except UsageError as error:
        raise Problem(422, "no-such-edge", str(error)) from None
    put = context.steering.put(prices, lambda: service.state, service.now_ms())
    try:
        answer = await service.ask_each(put)
    except StoreError as error:
        raise unknown_outcome(error) from None
    refused(answer)
    return answer.sequence, prices


def _paths(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _view(name: str, path: Path) -> StoryView:
    try:
        return StoryView(name, read_story(path).title, None)
    except CrossmarginError as error:
        return StoryView(name, "", str(error))


def _read(path: Path) -> Story:
    try:
        return read_story(path)
    except CrossmarginError as error:
        raise Problem(422, "story-impossible", str(error)) from None


def _played(name: str, played: Played) -> StoryPlayed:
    return StoryPlayed(
        name=name,
        is_as_expected=played.is_as_expected,
        moments=[StoryMoment(one.after_ms, one.what, list(one.receipts)) for one in played.moments],
        outcomes=[
            StoryOutcome(one.expect.path, one.expect.value, one.found, one.is_met)
            for one in played.outcomes
        ],
        broken=list(played.broken),
    )
