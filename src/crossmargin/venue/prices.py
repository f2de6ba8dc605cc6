"""What the venue believes of a symbol's prices, and whether they may be acted upon.

The index is what sources agree on; the mark is what they agree on of the marks observed, where as
many of them as an index takes give one, else the index. Too few sources, or a price that jumps
until it is seen again, degrade the symbol: its prices stay as they were and are not acted upon,
after a while they are taken away and trading halts. One judge for all of it.

What sources said is kept by `observations`; `degraded` is since when the symbol is unusable.
"""

from decimal import Decimal

from crossmargin.money import ONE, exact
from crossmargin.venue.command import Observe
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import Breaker, BreakerSet, PriceSet
from crossmargin.venue.observations import (
    INDEX,
    JUMP,
    LAST,
    MARK,
    agreed_price,
    fresh_prices,
    is_accepted,
    is_jump,
    remember,
    see,
)
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State, SymbolState

DEGRADED_SINCE = "degraded"


@exact
def observe(decision: Decision, command: Observe) -> None:
    """Take in what a source saw of a symbol.

    Raises
    ------
    Refusal
        If the rulebook has no such symbol, or the source says no name or nothing.
    """
    check_observation(decision, command)
    take_in(decision, command)


def check_observation(decision: Decision, command: Observe) -> None:
    """Refuse an observation of nothing.

    Raises
    ------
    Refusal
        If the rulebook has no such symbol, or the source says no name or nothing.
    """
    if command.symbol not in decision.state.rulebook.contracts:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"there is no symbol {command.symbol!r}")
    if not command.source or all(value is None for value in _said(command).values()):
        text = f"an observation of {command.symbol} needs a source and at least one price"
        raise decision.refuse(Code.MISSING_PRICE, text)


def _said(command: Observe) -> dict[str, Decimal | None]:
    return {INDEX: command.index, MARK: command.mark, LAST: command.last}


def take_in(decision: Decision, command: Observe) -> None:
    """Let an observation that was checked be seen, and judge the symbol's prices by it."""
    market = decision.state.symbol(command.symbol)
    seen, was_usable = market.seen, is_usable(decision.state, command.symbol)
    for prefix, value in _said(command).items():
        if value is not None:
            source = prefix + command.source
            settings = decision.state.settings
            see(decision, command.symbol, seen, source, value, settings, is_symbol=True)
    _judge(decision, command.symbol, is_seen=True, is_last_seen=command.last is not None)
    if not was_usable and is_usable(decision.state, command.symbol):
        # The same price as before a silence, too, may now be acted upon.
        decision.moved[command.symbol] = None
        decision.touched.update(market.holders)


@exact
def check_freshness(decision: Decision) -> None:
    """Judge the prices of all symbols again without anything new: what was said grows old."""
    state = decision.state
    for symbol in sorted(state.symbols):
        if _is_fed(state.symbols[symbol]):
            _judge(decision, symbol, is_seen=False, is_last_seen=False)


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
    fresh = fresh_prices(market.seen, prefix, state.at_ms, state.settings)
    return len(fresh) >= state.settings.sources_min


def is_trading_halted(state: State, symbol: str) -> bool:
    """Return whether trading in a symbol has stopped for want of prices.

    Also where the breaker has not been judged since: after a long pause or a restart an order may
    come before the clock's tick does.
    """
    market, settings = state.symbol(symbol), state.settings
    if market.breaker is Breaker.HALTED:
        return True
    newest_ms = _newest_ms(market)
    if newest_ms is None:
        return False
    return state.at_ms - newest_ms > settings.stale_ms + settings.degraded_ms


def set_last_price(decision: Decision, symbol: str, price: Decimal) -> None:
    """Let a trade on the venue's own book be the last price, above zero."""
    market = decision.state.symbol(symbol)
    _set_prices(decision, symbol, market.index, market.mark, price)


def _is_mark_observed(market: SymbolState, settings: VenueSettings) -> bool:
    count = sum(source.startswith(MARK) for source in market.seen)
    return count >= max(1, settings.sources_min)


def _judge(decision: Decision, symbol: str, *, is_seen: bool, is_last_seen: bool) -> None:
    state, settings = decision.state, decision.state.settings
    market = state.symbol(symbol)
    found: dict[str, Decimal | None] = {}
    why = ""
    known = [prefix for prefix in (INDEX, MARK) if _is_known(market, prefix)]
    for prefix in known:
        before = market.index if prefix == INDEX else market.mark
        price = agreed_price(fresh_prices(market.seen, prefix, decision.at_ms, settings), settings)
        if prefix == MARK and not _is_mark_observed(market, settings):
            continue
        key = JUMP + prefix
        if price is None:
            why = why or f"too few fresh sources agree on the {prefix[:-1]}"
        elif not is_accepted(
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
        seen_last = agreed_price(
            fresh_prices(market.seen, LAST, decision.at_ms, settings), settings
        )
        if seen_last is not None and not is_jump(seen_last, mark, settings):
            last = seen_last
    if market.breaker is Breaker.USABLE:
        _set_prices(decision, symbol, index, mark, last)
        return
    if DEGRADED_SINCE in market.seen:
        remember(decision, symbol, DEGRADED_SINCE, None, decision.at_ms, is_symbol=True)
    decision.emit(BreakerSet(symbol=symbol, state=Breaker.USABLE, why="enough sources agree"))
    # Even if no price differs: what was not acted upon before may be now.
    decision.emit(PriceSet(symbol=symbol, index=index, mark=mark, last=last))


def _is_known(market: SymbolState, prefix: str) -> bool:
    return any(source.startswith(prefix) for source in market.seen)


def _is_fed(market: SymbolState) -> bool:
    return _is_known(market, INDEX) or _is_known(market, MARK)


def _newest_ms(market: SymbolState) -> int | None:
    # When a source last said an index or a mark.
    times = [at for source, (_, at) in market.seen.items() if source.startswith((INDEX, MARK))]
    return max(times, default=None)


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
        # Since when prices are too old, not since somebody noticed.
        newest_ms = _newest_ms(market)
        stale_ms = decision.state.settings.stale_ms
        old_ms = decision.at_ms if newest_ms is None else newest_ms + stale_ms + 1
        since = (ONE, min(old_ms, decision.at_ms))
        remember(decision, symbol, DEGRADED_SINCE, *since, is_symbol=True)
        if market.breaker is Breaker.USABLE:
            decision.emit(BreakerSet(symbol=symbol, state=Breaker.DEGRADED, why=why))
    is_long = decision.at_ms - since[1] >= decision.state.settings.degraded_ms
    if is_long and market.breaker is not Breaker.HALTED:
        decision.emit(BreakerSet(symbol=symbol, state=Breaker.HALTED, why=why))
        # Too old to margin anything with, and to say what a jump from it would be.
        _set_prices(decision, symbol, None, None, market.last)
