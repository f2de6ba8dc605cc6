"""What the venue believes of what sources say, and whether it may be acted upon.

The index is the median of the fresh sources, outliers left out; the mark is the median of the
marks observed, where as many sources as an index takes give one, else the index. Too few sources,
or a price that jumps until it is seen again, degrade the symbol: its prices stay as they were and
are not acted upon, after a while they are taken away and trading halts. One judge for all of it.

This does not weigh sources or repair what they say. No single source moves a price that
enough others agree on, and what is no price (zero, below, NaN, infinite) never becomes one.

What sources said is kept by the state under `index:`, `mark:` and `last:` before the source's
name; `jump:` is a price waiting to be seen again, `degraded` since when the symbol is unusable.
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.errors import UnitError
from crossmargin.money import ONE, exact, number
from crossmargin.venue.command import Observe, ObserveAsset
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import AssetPriceSet, Breaker, BreakerSet, PriceSet, SourceSeen
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State, SymbolState

INDEX, MARK, LAST, JUMP = "index:", "mark:", "last:", "jump:"
DEGRADED_SINCE = "degraded"
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


@exact
def observe(decision: Decision, command: Observe) -> None:
    """Take in what a source saw of a symbol.

    Raises
    ------
    Refusal
        If the rulebook has no such symbol, or the source says no name or nothing.
    """
    if command.symbol not in decision.state.rulebook.contracts:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"there is no symbol {command.symbol!r}")
    said = {INDEX: command.index, MARK: command.mark, LAST: command.last}
    if not command.source or all(value is None for value in said.values()):
        text = f"an observation of {command.symbol} needs a source and at least one price"
        raise decision.refuse(Code.MISSING_PRICE, text)
    seen = decision.state.symbol(command.symbol).seen
    for prefix, value in said.items():
        if value is not None:
            _see(decision, command.symbol, seen, prefix + command.source, value, is_symbol=True)
    _judge(decision, command.symbol, is_seen=True, is_last_seen=command.last is not None)


@exact
def observe_asset(decision: Decision, command: ObserveAsset) -> None:
    """Take in what a source saw of a collateral asset; same rules as an index.

    An asset has no breaker: while its price cannot be trusted it has none.

    Raises
    ------
    Refusal
        If the asset or the source has no name.
    """
    if not command.asset or not command.source:
        text = "an observation of an asset needs the names of asset and source"
        raise decision.refuse(Code.MISSING_PRICE, text)
    seen = decision.state.asset_seen_of(command.asset)
    source = INDEX + command.source
    _see(decision, command.asset, seen, source, command.price, is_symbol=False)
    _judge_asset(decision, command.asset, is_seen=True)


@exact
def check_freshness(decision: Decision) -> None:
    """Judge all prices again without anything new: what was said grows old."""
    state = decision.state
    for symbol in sorted(state.symbols):
        if _is_fed(state.symbols[symbol]):
            _judge(decision, symbol, is_seen=False, is_last_seen=False)
    for asset in sorted(state.asset_seen):
        if state.asset_seen[asset]:
            _judge_asset(decision, asset, is_seen=False)


def is_usable(state: State, symbol: str) -> bool:
    """Return whether triggers and liquidations may act on the symbol's prices.

    What has grown old since the breaker was last judged is not usable either: after a long pause
    an order may come before the clock's tick does.
    """
    market = state.symbol(symbol)
    if market.breaker is not Breaker.USABLE:
        return False
    if not _is_fed(market):
        return True
    prefix = MARK if _is_mark_observed(market, state.settings) else INDEX
    fresh = _fresh(market.seen, prefix, state.at_ms, state.settings)
    return len(fresh) >= state.settings.sources_min


def set_last_price(decision: Decision, symbol: str, price: Decimal) -> None:
    """Let a trade on the venue's own book be the last price, above zero."""
    market = decision.state.symbol(symbol)
    _set_prices(decision, symbol, market.index, market.mark, price)


def _median(ordered: list[Decimal]) -> Decimal:
    middle, is_odd = divmod(len(ordered), 2)
    if is_odd:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / TWO


def _see(
    decision: Decision,
    name: str,
    seen: Mapping[str, tuple[Decimal, int]],
    source: str,
    value: Decimal,
    *,
    is_symbol: bool,
) -> None:
    if is_price(value):
        _remember(decision, name, source, value, decision.at_ms, is_symbol=is_symbol)
    elif source in seen:
        # The source is not forgotten, or its silence would look like one that never spoke; what
        # it said before just counts no more.
        old_ms = decision.at_ms - decision.state.settings.stale_ms - 1
        _remember(decision, name, source, seen[source][0], old_ms, is_symbol=is_symbol)
    else:
        _remember(decision, name, source, None, decision.at_ms, is_symbol=is_symbol)


def _remember(
    decision: Decision,
    name: str,
    source: str,
    price: Decimal | None,
    at_ms: int,
    *,
    is_symbol: bool,
) -> None:
    decision.emit(
        SourceSeen(name=name, is_symbol=is_symbol, source=source, price=price, at_ms=at_ms)
    )


def _fresh(
    seen: Mapping[str, tuple[Decimal, int]], prefix: str, at_ms: int, settings: VenueSettings
) -> list[Decimal]:
    return [
        price
        for source, (price, seen_ms) in seen.items()
        if source.startswith(prefix) and at_ms - seen_ms <= settings.stale_ms
    ]


def _is_mark_observed(market: SymbolState, settings: VenueSettings) -> bool:
    count = sum(source.startswith(MARK) for source in market.seen)
    return count >= max(1, settings.sources_min)


def _is_jump(price: Decimal, before: Decimal | None, settings: VenueSettings) -> bool:
    limit = settings.jump_fraction
    return limit is not None and before is not None and abs(price - before) > limit * before


def _is_accepted(
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
        is_still = not _is_jump(price, before, settings)
        is_again = False
    else:
        is_still = before is not None and not _is_jump(price, before, settings)
        is_near = not _is_jump(price, waiting[0], settings)
        # At a later moment, by an observation: a jump does not confirm itself.
        is_again = is_seen and is_near and decision.at_ms > waiting[1]
        if not (is_still or is_again) and is_near:
            return False
    if is_still or is_again:
        if waiting is not None:
            _remember(decision, name, key, None, decision.at_ms, is_symbol=is_symbol)
        return True
    _remember(decision, name, key, price, decision.at_ms, is_symbol=is_symbol)
    return False


def _judge(decision: Decision, symbol: str, *, is_seen: bool, is_last_seen: bool) -> None:
    state, settings = decision.state, decision.state.settings
    market = state.symbol(symbol)
    found: dict[str, Decimal | None] = {}
    why = ""
    known = [prefix for prefix in (INDEX, MARK) if _is_known(market, prefix)]
    for prefix in known:
        before = market.index if prefix == INDEX else market.mark
        price = agreed_price(_fresh(market.seen, prefix, decision.at_ms, settings), settings)
        if prefix == MARK and not _is_mark_observed(market, settings):
            continue
        key = JUMP + prefix
        if price is None:
            why = why or f"too few fresh sources agree on the {prefix[:-1]}"
        elif not _is_accepted(
            decision, symbol, market.seen, key, price, before, is_seen=is_seen, is_symbol=True
        ):
            why = why or f"the {prefix[:-1]} jumped"
        found[prefix] = price
    index, mark = found.get(INDEX), found.get(MARK)
    if MARK not in found and not _is_option(state, symbol):
        mark = index
    if not why and mark is None:
        why = "no source gives a mark"
    if why:
        _degrade(decision, symbol, why)
        return
    last = market.last
    if is_last_seen:
        seen_last = agreed_price(_fresh(market.seen, LAST, decision.at_ms, settings), settings)
        if seen_last is not None and not _is_jump(seen_last, mark, settings):
            last = seen_last
    if market.breaker is Breaker.USABLE:
        _set_prices(decision, symbol, index, mark, last)
        return
    if DEGRADED_SINCE in market.seen:
        _remember(decision, symbol, DEGRADED_SINCE, None, decision.at_ms, is_symbol=True)
    decision.emit(BreakerSet(symbol=symbol, state=Breaker.USABLE, why="enough sources agree"))
    # Even if no price differs: what was not acted upon before may be now.
    decision.emit(PriceSet(symbol=symbol, index=index, mark=mark, last=last))


def _is_known(market: SymbolState, prefix: str) -> bool:
    return any(source.startswith(prefix) for source in market.seen)


def _is_fed(market: SymbolState) -> bool:
    return _is_known(market, INDEX) or _is_known(market, MARK)


def _is_option(state: State, symbol: str) -> bool:
    # An option's index is its underlying's, which is no price of the option.
    return state.rulebook.contracts[symbol].instrument.kind.is_option


def _set_prices(
    decision: Decision,
    symbol: str,
    index: Decimal | None,
    mark: Decimal | None,
    last: Decimal | None,
) -> None:
    market = decision.state.symbol(symbol)
    if (index, mark, last) != (market.index, market.mark, market.last):
        decision.emit(PriceSet(symbol=symbol, index=index, mark=mark, last=last))


def _degrade(decision: Decision, symbol: str, why: str) -> None:
    market = decision.state.symbol(symbol)
    since = market.seen.get(DEGRADED_SINCE)
    if since is None:
        since = (ONE, decision.at_ms)
        _remember(decision, symbol, DEGRADED_SINCE, *since, is_symbol=True)
        if market.breaker is Breaker.USABLE:
            decision.emit(BreakerSet(symbol=symbol, state=Breaker.DEGRADED, why=why))
    is_long = decision.at_ms - since[1] >= decision.state.settings.degraded_ms
    if is_long and market.breaker is not Breaker.HALTED:
        decision.emit(BreakerSet(symbol=symbol, state=Breaker.HALTED, why=why))
        # Too old to margin anything with, and to say what a jump from it would be.
        _set_prices(decision, symbol, None, None, market.last)


def _judge_asset(decision: Decision, asset: str, *, is_seen: bool) -> None:
    state, settings = decision.state, decision.state.settings
    seen = state.asset_seen_of(asset)
    before = state.asset_prices.get(asset)
    price = agreed_price(_fresh(seen, INDEX, decision.at_ms, settings), settings)
    key = JUMP + INDEX
    if price is not None and not _is_accepted(
        decision, asset, seen, key, price, before, is_seen=is_seen, is_symbol=False
    ):
        price = None
    if price != before:
        decision.emit(AssetPriceSet(asset=asset, price=price))
        _touch_all(decision)


def _touch_all(decision: Decision) -> None:
    # Collateral counts in accounts with positions only; there is no list of who holds an asset.
    for symbol in sorted(decision.state.symbols):
        decision.touched.update(decision.state.symbols[symbol].holders)
