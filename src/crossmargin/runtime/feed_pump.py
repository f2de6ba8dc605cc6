"""From prices to commands: what a feed makes the outside world do to the venue.

A plain iterator. At each moment, symbol by symbol, the market maker goes to the new price and the
venue is told it; then collateral, funding that is on record, and the clock. Commands carry the
moments' own times: how fast they are handed over (as fast as they are decided, or so many
simulated seconds a second) is the business of whoever iterates.

What the market maker does depends on what the venue has made of the command before. So a command
must have been decided before the next one is asked for, and the venue is looked at again each time.

A price that is missing is not observed; it grows stale at the venue, whose breaker then decides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal

from crossmargin.feeds.moments import Moment
from crossmargin.money import ONE, ZERO, plain
from crossmargin.runtime.market_maker import MarketMaker
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.settings import Filters, VenueSettings
from crossmargin.venue.state import State

SOURCE = "replay"
"""What the one source of a replay is called."""

TICK_DIGITS = 6
"""A price step is one in the sixth digit of the price."""
LOT_WORTH_MAX = Decimal(100)
"""A lot is the largest power of ten that costs no more, in the quote asset."""


def pump(
    moments: Iterable[Moment],
    look: Callable[[], State],
    maker: MarketMaker,
    collateral: Mapping[str, str | None],
) -> Iterator[AnyCommand]:
    """Yield the commands of all moments; see `commands_of`."""
    for moment in moments:
        yield from commands_of(moment, look, maker, collateral)


def commands_of(
    moment: Moment,
    look: Callable[[], State],
    maker: MarketMaker,
    collateral: Mapping[str, str | None],
) -> Iterator[AnyCommand]:
    """Yield what happens at one moment; the last command is the clock's.

    The market maker quotes around the last price, around the mark where there is none. Where a
    last price or an index is missing the mark stands in for it.

    Parameters
    ----------
    look : gives the venue as it is now.
    collateral : assets, each with the symbol whose index is its price in USD; None for those
        that are a dollar.
    """
    at_ms = moment.at_ms
    for symbol, mark in moment.marks.items():
        last = moment.lasts.get(symbol, mark)
        seen = command.Observe(
            at_ms=at_ms,
            symbol=symbol,
            source=SOURCE,
            index=moment.indexes.get(symbol, mark),
            mark=mark,
            last=last,
        )
        if look().symbol(symbol).mark is None:
            yield seen  # nothing is quoted before there is a price
        yield from maker.move(look(), at_ms, symbol, last)
        yield seen
    for asset, source in collateral.items():
        price = ONE
        if source is not None:
            price = moment.indexes.get(source) or moment.marks.get(source, ZERO)
        if price:
            yield command.ObserveAsset(at_ms=at_ms, asset=asset, source=SOURCE, price=price)
    for symbol, rate in moment.fundings.items():
        yield command.SettleFunding(at_ms=at_ms, symbol=symbol, rate=rate)
    yield command.Tick(at_ms=at_ms)


def replay_settings(prices: Mapping[str, Decimal], stale_ms: int, adl_policy: str) -> VenueSettings:
    """Return the settings of a venue that a replay feeds: one source, and no jump rule.

    A replay's only source cannot be outvoted, and its jumps are the record. Steps of price and
    size, which rulebooks may not know, follow from the first prices.

    Parameters
    ----------
    prices : the first of each symbol.
    stale_ms : how long a price holds; not below the longest time between two moments.
    """
    return VenueSettings(
        sources_min=1,
        jump_fraction=None,
        stale_ms=stale_ms,
        adl_policy=adl_policy,
        filters={symbol: _filters(price) for symbol, price in prices.items()},
    )


def in_words(settings: VenueSettings) -> tuple[str, ...]:
    """Return the settings of a feed as sentences, for whoever reads what came of it."""
    jump = "no jump rule"
    if settings.jump_fraction is not None:
        jump = f"a jump of more than {plain(settings.jump_fraction * 100)} % must be seen twice"
    steps = ", ".join(
        f"{symbol} {plain(one.tick or ZERO)} and {plain(one.lot or ZERO)}"
        for symbol, one in settings.filters.items()
    )
    return (
        f"Feed: sources_min {settings.sources_min}, {jump}; a price holds for "
        f"{settings.stale_ms // 1000} s, and trading in a symbol halts after "
        f"{settings.degraded_ms // 1000} s without one.",
        f"Steps of price and size: {steps}.",
    )


def _filters(price: Decimal) -> Filters:
    tick = Decimal(1).scaleb(price.adjusted() - TICK_DIGITS + 1)
    lot = Decimal(1).scaleb((LOT_WORTH_MAX / price).adjusted())
    return Filters(tick=tick, lot=lot)
