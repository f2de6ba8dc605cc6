"""Plays a story at the paper venue and says what came of it.

A story is the venue's only outside world: its prices, its market makers, its clock. Each step
becomes commands; each command goes through the venue's one entrance, given as a function, so that
the same story can be played with or without a journal. There is no chance but the story's seed and
no clock but its times: a story always ends the same way.

The player does no margin arithmetic: how far an account is from liquidation it asks the assessment.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.feeds.synthetic import Walk, synthetic_path
from crossmargin.files.story import offset_ms
from crossmargin.files.story_tables import (
    Edge,
    Expect,
    FundingUntil,
    Index,
    Mark,
    OwnStep,
    Step,
    Story,
    Underlying,
)
from crossmargin.files.story_tables import Walk as WalkStep
from crossmargin.money import exact, plain
from crossmargin.runtime.edge import edge_prices
from crossmargin.runtime.facts import fact, is_met
from crossmargin.runtime.market_maker import tick_of
from crossmargin.runtime.story_market import SOURCE, StoryMarket, in_words
from crossmargin.runtime.story_opening import open_story
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import Decide
from crossmargin.venue.ledger import audit
from crossmargin.venue.state import State


class Moment(Struct, frozen=True):
    """One line of the log: when (milliseconds since the start), what was done, what came of it."""

    after_ms: int
    what: str
    receipts: tuple[str, ...]


class Outcome(Struct, frozen=True):
    """An expectation and what was found in its place."""

    expect: Expect
    found: str
    is_met: bool


class Played(Struct, frozen=True):
    """How a story went.

    Attributes
    ----------
    broken : laws of the books that do not hold at the end, in words; none if all is well.
    """

    story: Story
    moments: tuple[Moment, ...]
    outcomes: tuple[Outcome, ...]
    broken: tuple[str, ...]
    state: State

    @property
    def is_as_expected(self) -> bool:
        """Return whether every expectation was met and the books balance."""
        return not self.broken and all(outcome.is_met for outcome in self.outcomes)


@exact
def play(story: Story, decide: Decide, state: State | None = None) -> Played:
    """Return how `story` goes at an empty venue.

    Parameters
    ----------
    decide : the venue's entrance; it folds what it decides into the state it is given.
    state : an empty venue under the story's rulebook and settings; None makes one.

    Raises
    ------
    UsageError
        If the story cannot begin (a deposit or position is refused), an expectation's path leads
        nowhere, or a step asks for what is not known.
    InvariantBroken
        If the venue contradicts itself.
    """
    market = StoryMarket(story, decide, state or State(story.rulebook, story.settings))
    open_story(market)
    player = _Player(market)
    player.note("the story begins")
    outcomes: dict[int, Outcome] = {}

    def look(until_ms: int | None) -> None:
        for place, expect in enumerate(story.expects):
            is_due = until_ms is None or (expect.at_ms is not None and expect.at_ms < until_ms)
            if is_due and place not in outcomes:
                try:
                    found = fact(expect.path, market.state, market.history)
                except UsageError as error:
                    raise UsageError(f"{story.name}: expect[{place}].path: {error}") from None
                outcomes[place] = Outcome(expect, found, is_met(expect, found))

    for place, step in enumerate(story.steps):
        look(step.at_ms)
        player.step(step, place)
    look(None)
    return Played(
        story,
        tuple(player.moments),
        tuple(outcomes[place] for place in sorted(outcomes)),
        tuple(audit(market.state)),
        market.state,
    )


class _Player:
    def __init__(self, market: StoryMarket) -> None:
        self.market, self.story, self.state = market, market.story, market.state
        self.moments: list[Moment] = []

    def step(self, step: Step, place: int) -> None:
        """Play one step of the story."""
        start_ms, self.market.at_ms = self.market.at_ms, step.at_ms
        if isinstance(step, OwnStep):
            what = self._own(step, place, start_ms)
        else:
            what = _said(step)
            self.market.do(step)
        self.market.follow()
        self.note(what)

    def _own(self, step: OwnStep, place: int, start_ms: int) -> str:
        match step:
            case Mark():
                prices = step.prices
                if step.price is not None:
                    prices = {step.symbol: step.price}
                self.market.move(prices)
                return f"mark {in_words(prices)}"
            case Index(symbol="", asset=asset, price=price):
                seen = command.ObserveAsset(
                    at_ms=self.market.at_ms, asset=asset, source=SOURCE, price=price
                )
                self.market.do(seen)
                return f"index {asset} {plain(price)}"
            case Index(symbol=symbol, price=price):
                mark = self.state.symbol(symbol).mark
                observed = command.Observe(
                    at_ms=self.market.at_ms, symbol=symbol, source=SOURCE, index=price, mark=mark
                )
                self.market.do(observed)
                return f"index {symbol} {plain(price)}"
            case Underlying(asset=asset, price=price, volatility_shift=shift):
                try:
                    marks = self.market.move_underlying(asset, price, shift)
                except UsageError as error:
                    raise UsageError(f"{self.story.name}: step[{place}]: {error}") from None
                return f"{asset} to {plain(price)}: {in_words(marks)}"
            case Edge():
                prices = self._edge(step)
                self.market.move(prices)
                left = plain(step.distance * 100)
                return f"{step.account} to {left} % from liquidation: {in_words(prices)}"
            case FundingUntil():
                every = self.story.settings.premium_sample_ms
                for at_ms in (*range(start_ms + every, step.at_ms, every), step.at_ms):
                    self.market.do(command.Tick(at_ms=at_ms))
                return "the clock runs on, funding included"
            case WalkStep():
                return self._walk(step, place, start_ms)

    def _walk(self, step: WalkStep, place: int, start_ms: int) -> str:
        every_ms = offset_ms(step.every, f"step[{place}].every")
        starts = {symbol: self.market.mark(symbol, f"step[{place}]") for symbol in step.symbols}
        moments = (step.at_ms - start_ms) // every_ms if every_ms else 0
        walk = Walk(step.volatility, step.correlation, step.jumps_per_day, step.jump)
        ticks = {symbol: tick_of(self.state, symbol) for symbol in step.symbols}
        seed = (self.story.seed, place)
        path = synthetic_path(starts, moments, every_ms, walk, seed, ticks)
        for count, prices in enumerate(path, 1):
            self.market.at_ms = start_ms + count * every_ms
            self.market.move(prices)
            self.market.follow()
        self.market.at_ms = step.at_ms
        return f"a walk of {moments} moves to {in_words(path[-1]) if path else 'nowhere'}"

    def _edge(self, step: Edge) -> dict[str, Decimal]:
        try:
            return edge_prices(self.state, step)
        except UsageError as error:
            raise UsageError(f"{self.story.name}: {error}") from None

    def note(self, what: str) -> None:
        """Write a line of the log."""
        after_ms = self.market.at_ms - self.story.start_ms
        self.moments.append(Moment(after_ms, what, tuple(self.market.receipts)))
        self.market.receipts = []


def _said(asked: AnyCommand) -> str:
    words = [str(type(asked).__struct_config__.tag), asked.account]
    if isinstance(asked, command.PlaceOrder):
        price = "" if asked.price is None else f"at {plain(asked.price)}"
        words += [asked.symbol, plain(asked.size), asked.type.value, price]
        return " ".join(word for word in words if word)
    told = ("asset", "symbol", "amount", "leverage", "mode", "order_client_id", "to")
    for name in (*told, "source", "price"):
        value = getattr(asked, name, "")
        words.append(plain(value) if isinstance(value, Decimal) else str(value or ""))
    return " ".join(word for word in words if word)
