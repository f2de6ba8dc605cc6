"""The market of a served venue: what its prices are, and what is there before anybody trades.

A feed is either synthetic, which goes on for ever and from where it was after a restart, or candles
from a moment on. Settings of the venue follow from the feed alone, so that the same feed finds the
store it made again. Everything here yields commands; handing them over is `Service`'s.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct, structs

from crossmargin.durations import DAY_MS, HOUR_MS
from crossmargin.errors import FeedError, UnknownError
from crossmargin.feeds.moments import Feed, Moment, load_feed
from crossmargin.feeds.series import utc
from crossmargin.feeds.synthetic import Walk, synthetic_path
from crossmargin.files.story_tables import LiquidityTable
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.runtime.feed_pump import replay_settings
from crossmargin.runtime.market_maker import MAKER, MarketMaker
from crossmargin.runtime.population import coins_of
from crossmargin.runtime.service import Fed
from crossmargin.runtime.steering import Steering
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.settings import Filters, VenueSettings
from crossmargin.venue.state import State

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
STARTS = {"BTCUSDT": Decimal(95_000), "ETHUSDT": Decimal(3_500), "SOLUSDT": Decimal(180)}
"""Where synthetic prices begin; chosen, nobody's quotes."""
FILTERS = {
    "BTCUSDT": Filters(Decimal("0.1"), Decimal("0.001")),
    "ETHUSDT": Filters(Decimal("0.01"), Decimal("0.001")),
    "SOLUSDT": Filters(Decimal("0.01"), Decimal("0.01")),
}
NOTIONAL_MIN = Decimal(5)
BAND_FRACTION = Decimal("0.05")
STEP_MS = 1_000
"""How far apart synthetic prices are."""
CHUNK = 3_600
"""How many of them are drawn at once."""
SEED = 7
SYNTHETIC_STALE_MS = 60_000
CANDLES_STALE_MS = 300_000
"""Candles are looked at every minute; a gap of five degrades the symbol."""
TERMS = LiquidityTable(
    spread=Decimal("0.0001"), step=Decimal("0.0001"), depth=Decimal(2_000_000), levels=5
)
PLAY_DOLLARS, PLAY_COINS = Decimal(100_000), Decimal(10)
"""What an account starts with, in every settle asset."""
FUND = Decimal(1_000_000)
"""The insurance fund at the start, in every settle asset."""


class Market(Struct, frozen=True):
    """What a served venue trades, and from when on.

    Attributes
    ----------
    name : of the feed, for people and for the default store's name.
    start_ms : the venue's time at the start of a new store, milliseconds UTC.
    settings : of a venue with this market.
    moments : the prices from a time on, given the venue as it is then.
    choice : sentences that say what the prices are.
    """

    name: str
    symbols: tuple[str, ...]
    start_ms: int
    settings: VenueSettings
    moments: Callable[[int, State], Iterator[Moment]]
    choice: tuple[str, ...]


def synthetic_market(start_ms: int, rulebook: Rulebook, symbols: Sequence[str] = SYMBOLS) -> Market:
    """Return a market whose prices nobody has seen, from `start_ms` on.

    Raises
    ------
    UnknownError
        If there is no price to begin a symbol with, or it is not in the rulebook.
    """
    _check_symbols(symbols, rulebook)
    unknown = [symbol for symbol in symbols if symbol not in STARTS]
    if unknown:
        raise UnknownError(
            f"{', '.join(unknown)}: no synthetic price to begin with; there are those of "
            f"{', '.join(STARTS)}"
        )
    filters = {symbol: FILTERS[symbol] for symbol in symbols}
    settings = VenueSettings(stale_ms=SYNTHETIC_STALE_MS, filters=_bounded(filters))

    def moments(from_ms: int, state: State) -> Iterator[Moment]:
        starts = {symbol: state.symbol(symbol).mark or STARTS[symbol] for symbol in symbols}
        ticks = {symbol: one.tick for symbol, one in filters.items() if one.tick is not None}
        while True:
            # The same venue at the same time goes on in the same way.
            seed = (SEED, from_ms // STEP_MS)
            for prices in synthetic_path(starts, CHUNK, STEP_MS, Walk(), seed, ticks):
                yield Moment(from_ms, dict(prices))
                from_ms += STEP_MS
                starts = prices

    choice = (
        f"Synthetic prices, one a second: a random walk of {Walk().volatility * 100} % a year, "
        f"correlated by {Walk().correlation}; no model of any market.",
    )
    return Market("synthetic", tuple(symbols), start_ms, settings, moments, choice)


def candles_market(
    where: Path, start_ms: int, rulebook: Rulebook, symbols: Sequence[str] | None = None
) -> Market:
    """Return the market that candles tell of, from `start_ms` on.

    Parameters
    ----------
    symbols : all must be there at the start; None takes those of `SYMBOLS` that are.

    Raises
    ------
    FeedError
        If a file is bad.
    UnknownError
        If a symbol has no prices then, or is not in the rulebook.
    """
    if symbols is None:
        symbols = [name for name in SYMBOLS if _day(where, [name], start_ms, rulebook) is not None]
        if not symbols:
            raise UnknownError(
                f"{where}: no prices of {', '.join(SYMBOLS)} at {utc(start_ms)}; name others"
            )
    _check_symbols(symbols, rulebook)
    first = _day(where, symbols, start_ms, rulebook)
    if first is None:
        raise UnknownError(f"{where}: no prices of all {', '.join(symbols)} at {utc(start_ms)}")
    settings = replay_settings(first.moments[0].marks, CANDLES_STALE_MS, VenueSettings().adl_policy)
    settings = structs.replace(settings, filters=_bounded(settings.filters))
    names = tuple(symbols)

    def moments(from_ms: int, state: State) -> Iterator[Moment]:
        def read(day_from_ms: int) -> Future[Feed | None]:
            return reader.submit(_day, where, names, day_from_ms, rulebook)

        with ThreadPoolExecutor(1) as reader:
            ahead = read(from_ms)
            while (feed := ahead.result()) is not None:
                # A day takes long to read: nobody should wait for it when its time has come.
                ahead = read(feed.to_ms)
                yield from feed.moments

    day = datetime.fromtimestamp(start_ms / 1000, UTC).strftime("%Y-%m-%dT%H%M")
    return Market(f"candles-{day}", names, start_ms, settings, moments, first.choice)


class Money(Struct, frozen=True):
    """Play money an account starts with."""

    account: str
    balances: Mapping[str, Decimal]


def play_money(market: Market, rulebook: Rulebook, accounts: Iterable[str]) -> tuple[Money, ...]:
    """Return what accounts start with: the same in every settle asset, less where it is a coin."""
    kinds = {
        instrument.settle: PLAY_COINS if instrument.kind.is_inverse else PLAY_DOLLARS
        for instrument in (rulebook.contracts[symbol].instrument for symbol in market.symbols)
    }
    return tuple(Money(name, dict(sorted(kinds.items()))) for name in accounts)


def opening(
    market: Market, state: State, at_ms: int, accounts: Iterable[Money]
) -> Iterator[AnyCommand]:
    """Yield what has to be there and is not: the market maker, the fund's money, the accounts."""
    if MAKER not in state.accounts:
        yield from MarketMaker(TERMS).enter(state, at_ms, market.symbols)
        for asset in _settles(market, state.rulebook):
            yield command.FeedFund(at_ms=at_ms, asset=asset, amount=FUND)
    for one in accounts:
        if one.account not in state.accounts:
            yield command.OpenAccount(at_ms=at_ms, account=one.account)
            for asset, amount in one.balances.items():
                yield command.Deposit(at_ms=at_ms, account=one.account, asset=asset, amount=amount)


def steering_of(market: Market, rulebook: Rulebook) -> Steering:
    """Return the operator's hand on a market, which leaves it as it comes."""
    at_par: dict[str, str | None] = dict.fromkeys(_settles(market, rulebook))
    return Steering(MarketMaker(TERMS), at_par | coins_of(market.symbols, rulebook))


def prices_of(
    market: Market,
    look: Callable[[], State],
    from_ms: int,
    steering: Steering,
    *,
    is_timed: bool,
    say: Callable[[str], None],
) -> Iterator[Fed]:
    """Yield the moments of the feed from a time on, and what it makes the world do at each.

    What that is, is asked for when its time has come: until then the market may be put elsewhere.

    Parameters
    ----------
    steering : puts the market elsewhere than the feed has it.
    is_timed : whether time goes on when the feed has ended, so that prices grow stale; else the
        venue stands still.
    say : told why, in one sentence, if the feed cannot be read any further; it has ended then.
    """
    for moment in _readable(market.moments(from_ms, look()), say):
        yield moment.at_ms, steering.commands(moment, look)
    at_ms = look().at_ms
    while is_timed:
        at_ms += STEP_MS
        yield at_ms, iter((command.Tick(at_ms=at_ms),))


def _readable(moments: Iterator[Moment], say: Callable[[str], None]) -> Iterator[Moment]:
    try:
        yield from moments
    except FeedError as error:
        say(str(error))


def _day(where: Path, symbols: Sequence[str], from_ms: int, rulebook: Rulebook) -> Feed | None:
    """Return the feed from a moment to the end of its day, or as far as it goes.

    What is read begins before the moment where it can: in the middle of a candle prices are what
    they have come to, and the next candle may be an hour away. None where there is nothing.
    """
    day_ms, hour_ms = from_ms // DAY_MS * DAY_MS, from_ms // HOUR_MS * HOUR_MS
    ends = [day_ms + DAY_MS, *(hour_ms + HOUR_MS * hours for hours in (12, 6, 3, 2, 1))]
    for start_ms in dict.fromkeys((day_ms, hour_ms, from_ms)):
        for end_ms in (one for one in ends if one <= day_ms + DAY_MS):
            try:
                feed = load_feed(where, symbols, start_ms, end_ms, venue=rulebook.venue)
            except UnknownError:
                continue
            return _from(feed, from_ms)
    return None


def _from(feed: Feed, from_ms: int) -> Feed:
    """Return a feed from a moment on, at which prices are the last ones there were."""
    later = tuple(one for one in feed.moments if one.at_ms >= from_ms)
    known = [one for one in feed.moments if one.at_ms <= from_ms]
    if known and known[-1].at_ms < from_ms:
        later = (structs.replace(known[-1], at_ms=from_ms), *later)
    return dataclasses.replace(feed, moments=later, from_ms=from_ms)


def _check_symbols(symbols: Sequence[str], rulebook: Rulebook) -> None:
    absent = [name for name in symbols if name not in rulebook.contracts]
    if absent:
        raise UnknownError(f"{', '.join(absent)}: not in the rulebook of {rulebook.venue}")


def _settles(market: Market, rulebook: Rulebook) -> list[str]:
    return sorted({rulebook.contracts[symbol].instrument.settle for symbol in market.symbols})


def _bounded(filters: Mapping[str, Filters]) -> dict[str, Filters]:
    return {
        symbol: structs.replace(one, notional_min=NOTIONAL_MIN, band_fraction=BAND_FRACTION)
        for symbol, one in filters.items()
    }
