"""A venue full of people through a crash, from the first deposit to the last tick.

The people (`population`) come in during the hour before, through orders that the market maker
fills, and the feed then drives the venue to the end of the window. One iterator of commands
(`happening`) says all that the outside world does; `run` hands them to the venue's entrance one by
one and keeps a log. There is no chance but the seed and no clock but the feed's, so the same
arguments give the same commands and the same state, with a journal or without.

Liquidations do not move the prices, which are the record's; they eat the book, which the market
maker fills up at every moment as far as its capital goes, and that is how it runs dry.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from crossmargin.durations import HOUR_MS
from crossmargin.errors import UnknownError
from crossmargin.feeds.moments import Feed, Moment
from crossmargin.feeds.series import utc
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.runtime.arrivals import arrive
from crossmargin.runtime.crash_log import CrashLog, Look
from crossmargin.runtime.feed_pump import LOT_WORTH_MAX, commands_of, pump, replay_settings
from crossmargin.runtime.market_maker import MarketMaker
from crossmargin.runtime.population import Person, coins_of, open_interest_usd
from crossmargin.venue import command, event
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import Decide
from crossmargin.venue.judging import judged
from crossmargin.venue.ledger import audit, event_audit
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State

LEAD_MS = HOUR_MS
"""How long before the window people come in."""
LEAD_STEP_MS = 300_000
"""How often prices are looked at while they do; a price must hold as long."""

LEVELS = 5
"""Of the market maker's quotes, on each side."""
MOVING = (
    event.MoneyMoved,
    event.Filled,
    event.PositionChanged,
    event.FundingSettled,
    event.LossShared,
)
"""Events with which money or positions move."""


class Scale(Struct, frozen=True):
    """How large the rest of the venue is, as fractions of the open interest of all symbols.

    Attributes
    ----------
    depth : what the market maker quotes on each side, of the symbol's open interest.
    capital : the market maker's.
    leverage : how many times its equity it holds at most.
    fund : the insurance fund's money before the crash.
    """

    depth: Decimal = Decimal("0.02")
    capital: Decimal = Decimal("0.08")
    leverage: Decimal = Decimal(3)
    fund: Decimal = Decimal("0.01")


class Crash(Struct, frozen=True):
    """What is to be run.

    Attributes
    ----------
    feed : from `LEAD_MS` before the window to its end.
    start_ms : where the window begins.
    people : in the order they come in.
    """

    rulebook: Rulebook
    feed: Feed
    start_ms: int
    people: tuple[Person, ...]
    scale: Scale
    settings: VenueSettings


class Ending(Struct, frozen=True):
    """How an account stands at the end; money in USD.

    Attributes
    ----------
    put_in : deposits, coins at the price of the moment they came in.
    equity : wallets at index prices, before haircuts, with unrealised profit; None if unknown.
    """

    person: Person
    put_in: Decimal
    equity: Decimal | None


class Ran(Struct, frozen=True):
    """How it went.

    Attributes
    ----------
    endings : of the people, in the order they came in.
    state : the venue at the end.
    """

    crash: Crash
    log: CrashLog
    endings: tuple[Ending, ...]
    state: State


def crash_of(
    rulebook: Rulebook,
    feed: Feed,
    start_ms: int,
    people: Sequence[Person],
    adl_policy: str,
    scale: Scale | None = None,
) -> Crash:
    """Return what is to be run.

    Raises
    ------
    UnknownError
        If the feed has no price of a symbol to begin with.
    """
    first = feed.moments[0]
    absent = [symbol for symbol in feed.symbols if symbol not in first.marks]
    if absent:
        raise UnknownError(f"{', '.join(absent)}: no price at {utc(first.at_ms)}")
    settings = replay_settings(first.marks, LEAD_STEP_MS, adl_policy)
    return Crash(rulebook, feed, start_ms, tuple(people), scale or Scale(), settings)


def happening(crash: Crash, look: Callable[[], State]) -> Iterator[AnyCommand]:
    """Yield all that the outside world does; each command is decided before the next."""
    maker = market_maker(crash)
    coins = _collateral(crash)
    lead = thinned([one for one in crash.feed.moments if one.at_ms < crash.start_ms])
    start_ms = lead[0].at_ms
    yield from maker.enter(look(), start_ms, crash.feed.symbols)
    total = sum(open_interest_usd(crash.people).values(), ZERO)
    for asset in _settles(crash):
        amount = round(total * crash.scale.fund)
        yield command.FeedFund(at_ms=start_ms, asset=asset, amount=Decimal(amount))
    for place, moment in enumerate(lead):
        yield from commands_of(moment, look, maker, coins)
        # Evenly spread, the last of them at the last moment.
        first = len(crash.people) * place // len(lead)
        after = len(crash.people) * (place + 1) // len(lead)
        for person in crash.people[first:after]:
            yield from arrive(person, look, moment.at_ms, maker)
    window = (one for one in crash.feed.moments if one.at_ms >= crash.start_ms)
    yield from pump(window, look, maker, coins)
    # Whatever falls due at the end of the window belongs to it.
    yield command.Tick(at_ms=crash.feed.to_ms)


@exact
def run(
    crash: Crash,
    decide: Decide,
    state: State | None = None,
    watch: Callable[[AnyCommand], None] | None = None,
) -> Ran:
    """Return how it goes at an empty venue.

    The money in every event is audited, and the books after every command that moved money or a
    position and after every tick.

    Parameters
    ----------
    decide : the venue's entrance; it folds what it decides into the state it is given.
    state : an empty venue under the rulebook and settings; None makes one.
    watch : told every command before it is decided, to show how far it has come.

    Raises
    ------
    InvariantBroken
        If the venue contradicts itself.
    """
    venue = state or State(crash.rulebook, crash.settings)
    log = CrashLog()
    for asked in happening(crash, lambda: venue):
        if watch is not None:
            watch(asked)
        events = decide(venue, asked)
        log.add(asked, events, venue)
        log.broken += [law for one in events for law in event_audit(one)]
        # Neither money nor a position moves without one of these; the clock is for the rest.
        if isinstance(asked, command.Tick) or any(isinstance(one, MOVING) for one in events):
            log.broken += audit(venue)
    endings = tuple(_ending(person, venue, crash) for person in crash.people)
    return Ran(crash, log, endings, venue)


def window(ran: Ran) -> list[Look]:
    """Return the looks of the window, without those of the hour before."""
    return [one for one in ran.log.looks if one.at_ms >= ran.crash.start_ms]


def market_maker(crash: Crash) -> MarketMaker:
    """Return the market maker that the scale asks for."""
    held = open_interest_usd(crash.people)
    total = sum(held.values(), ZERO)
    terms = LiquidityTable(
        spread=Decimal("0.0002"),
        step=Decimal("0.0005"),
        levels=LEVELS,
        capital=Decimal(max(1, round(total * crash.scale.capital))),
        leverage=crash.scale.leverage,
    )
    least = LEVELS * LOT_WORTH_MAX  # A lot on every level, however few people there are.
    depths = {
        symbol: max(least, held.get(symbol, ZERO) * crash.scale.depth)
        for symbol in crash.feed.symbols
    }
    return MarketMaker(terms, depths)


def thinned(moments: Sequence[Moment]) -> list[Moment]:
    """Return the first moment and those at least `LEAD_STEP_MS` after the one before."""
    kept: list[Moment] = []
    for one in moments:
        if not kept or one.at_ms - kept[-1].at_ms >= LEAD_STEP_MS:
            kept.append(one)
    return kept


def _settles(crash: Crash) -> list[str]:
    contracts = crash.rulebook.contracts
    return sorted({contracts[symbol].instrument.settle for symbol in crash.feed.symbols})


def _collateral(crash: Crash) -> dict[str, str | None]:
    # Settle assets are dollars here, as the quote asset is.
    at_par: dict[str, str | None] = dict.fromkeys(_settles(crash))
    return at_par | coins_of(crash.feed.symbols, crash.rulebook)


def _ending(person: Person, state: State, crash: Crash) -> Ending:
    account = state.accounts[person.name]
    coins = coins_of(crash.feed.symbols, crash.rulebook)
    worth: Decimal | None = ZERO
    for asset, amount in account.balances.items():
        price = state.asset_prices.get(asset) if asset in coins else ONE
        worth = None if price is None or worth is None else worth + amount * price
    for position in judged(state, person.name).positions if account.positions else ():
        pnl = position.unrealised_pnl
        worth = None if pnl is None or worth is None else worth + pnl
    return Ending(person, person.wealth_usd, worth)
