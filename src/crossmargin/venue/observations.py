"""What sources have said: taken in, kept with its time, and what they agree on.

The price that sources agree on is their median, outliers left out. A price that jumps waits until
it is seen again. No single source moves a price that enough others agree on, and what is no price
(zero, below, NaN, infinite) never becomes one. Sources are not weighed, nor is what they say
repaired.

The state keeps what they said under `index:`, `mark:` and `last:` before the source's name;
`jump:` is a price waiting to be seen again.
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.errors import UnitError
from crossmargin.money import number
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import SourceSeen
from crossmargin.venue.settings import VenueSettings

INDEX, MARK, LAST, JUMP = "index:", "mark:", "last:", "jump:"
TWO = Decimal(2)


def agreed_price(prices: list[Decimal], settings: VenueSettings) -> Decimal | None:
    """Return the median of the prices that are near the median of all; exact, not rounded.

    None where fewer than `sources_min` are left. An even number of them has the mean of the
    middle two.
    """
    if not prices:
        return None
    middle = _median(sorted(prices))
    width = settings.outlier_fraction * middle
    near = sorted(one for one in prices if abs(one - middle) <= width)
    return _median(near) if near and len(near) >= settings.sources_min else None


def is_price(value: Decimal) -> bool:
    """Return whether a value can be a price at all: a `number`, and above zero.

    More digits than that the exact arithmetic does not carry, and no market has.
    """
    try:
        return number(value) > 0
    except UnitError:
        return False


def _median(ordered: list[Decimal]) -> Decimal:
    middle, is_odd = divmod(len(ordered), 2)
    if is_odd:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / TWO


def see(
    decision: Decision,
    name: str,
    seen: Mapping[str, tuple[Decimal, int]],
    source: str,
    value: Decimal,
    settings: VenueSettings,
    *,
    is_symbol: bool,
) -> None:
    """Take in what a source said; what is no price makes what it said before count no more."""
    if is_price(value):
        remember(decision, name, source, value, decision.at_ms, is_symbol=is_symbol)
    elif source in seen:
        # The source is not forgotten, or its silence would look like one that never spoke.
        old_ms = decision.at_ms - settings.stale_ms - 1
        remember(decision, name, source, seen[source][0], old_ms, is_symbol=is_symbol)
    else:
        remember(decision, name, source, None, decision.at_ms, is_symbol=is_symbol)


def remember(
    decision: Decision,
    name: str,
    source: str,
    price: Decimal | None,
    at_ms: int,
    *,
    is_symbol: bool,
) -> None:
    """Let the state keep a price and its time under a name; None forgets it."""
    decision.emit(
        SourceSeen(name=name, is_symbol=is_symbol, source=source, price=price, at_ms=at_ms)
    )


def fresh_prices(
    seen: Mapping[str, tuple[Decimal, int]], prefix: str, at_ms: int, settings: VenueSettings
) -> list[Decimal]:
    """Return what was said under a prefix and is not older than `stale_ms`."""
    return [
        price
        for source, (price, seen_ms) in seen.items()
        if source.startswith(prefix) and at_ms - seen_ms <= settings.stale_ms
    ]


def is_jump(price: Decimal, before: Decimal | None, settings: VenueSettings) -> bool:
    """Return whether a price is further from the one before than `jump_fraction` of that."""
    limit = settings.jump_fraction
    return limit is not None and before is not None and abs(price - before) > limit * before


def is_accepted(
    decision: Decision,
    name: str,
    seen: Mapping[str, tuple[Decimal, int]],
    key: str,
    price: Decimal,
    before: Decimal | None,
    *,
    is_seen: bool,
    is_symbol: bool,
) -> bool:
    """Return whether a price does not jump, or has jumped there before; keeps what waits."""
    settings = decision.state.settings
    waiting = seen.get(key)
    if waiting is None:
        is_still = not is_jump(price, before, settings)
        is_again = False
    else:
        is_still = before is not None and not is_jump(price, before, settings)
        is_near = not is_jump(price, waiting[0], settings)
        # At a later moment, by an observation: a jump does not confirm itself.
        is_again = is_seen and is_near and decision.at_ms > waiting[1]
        if not (is_still or is_again) and is_near:
            return False
    if is_still or is_again:
        if waiting is not None:
            remember(decision, name, key, None, decision.at_ms, is_symbol=is_symbol)
        return True
    remember(decision, name, key, price, decision.at_ms, is_symbol=is_symbol)
    return False
