"""What comes of time going on: prices grow old, interest and funding are paid, contracts expire.

A perpetual's premium is sampled on a fixed grid, and at every boundary of the funding interval
the average of the samples becomes a rate that longs pay shorts. Each interval is settled once,
however late the tick; one that was not seen, or whose prices cannot be trusted, pays nothing and
says so. Whoever feeds the venue may know the rate itself, and have it settled in place of that.

After funding the symbol's funding purse is empty: payments are rounded against the accounts at 8
places, and what that leaves goes to `rounding`.
"""

from decimal import Decimal

from crossmargin.errors import UnitError
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.money import ZERO, exact, number, quotient_down
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.asset_prices import check_asset_freshness
from crossmargin.venue.command import SettleFunding, Tick
from crossmargin.venue.decision import Decision, moved
from crossmargin.venue.event import (
    ClockSet,
    FundingSettled,
    PositionChanged,
    Posting,
    PremiumSampled,
    SourceSeen,
)
from crossmargin.venue.expiry import settle_expired
from crossmargin.venue.funding import funding_rate
from crossmargin.venue.funding_rate import mid_premium, premium
from crossmargin.venue.interest import charge_interest
from crossmargin.venue.posting import post_funding
from crossmargin.venue.prices import check_freshness, is_usable
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import State, SymbolState

PREMIUM = "premium"
"""Under this name the state keeps the index and time of the last sample."""
SAMPLES_NEEDED_DIVISOR = 2
"""An interval has a rate where at least half of its samples were taken; venues do not say what
they do about gaps, so this is an assumption."""
PERPETUALS = (Kind.LINEAR_PERPETUAL, Kind.INVERSE_PERPETUAL)


@exact
def tick(decision: Decision, command: Tick) -> None:
    """Let time be the command's.

    Raises
    ------
    Refusal
        If that is before the venue's time.
    """
    state = decision.state
    if command.at_ms < state.at_ms:
        text = f"time is {state.at_ms} ms already and does not go back to {command.at_ms} ms"
        raise decision.refuse(Code.TIME_GOES_BACK, text)
    decision.emit(ClockSet(at_ms=command.at_ms))
    check_freshness(decision)
    check_asset_freshness(decision)
    charge_interest(decision)
    for symbol in sorted(state.symbols):
        contract = state.rulebook.contracts.get(symbol)
        if contract is not None and contract.instrument.kind in PERPETUALS:
            _look_at_funding(decision, contract)
    settle_expired(decision)


def settle_funding(decision: Decision, command: SettleFunding) -> None:
    """Let holders pay each other at a rate that is given, at the mark; at most once a moment.

    Raises
    ------
    Refusal
        UNKNOWN_SYMBOL if it is no perpetual here, BAD_NUMBER, ALREADY_SETTLED, PRICES_UNUSABLE.
    """
    state, symbol = decision.state, command.symbol
    contract = state.rulebook.contracts.get(symbol)
    if contract is None or contract.instrument.kind not in PERPETUALS:
        raise decision.refuse(Code.UNKNOWN_SYMBOL, f"{symbol!r} is no perpetual of this venue")
    try:
        is_rate = abs(number(command.rate)) < 1
    except UnitError:
        is_rate = False
    if not is_rate:
        raise decision.refuse(
            Code.BAD_NUMBER, f"{command.rate} is no funding rate: a fraction between -1 and 1"
        )
    market = state.symbol(symbol)
    if market.funding_at_ms is not None and market.funding_at_ms >= decision.at_ms:
        raise decision.refuse(
            Code.ALREADY_SETTLED, f"funding of {symbol} was settled at {market.funding_at_ms}"
        )
    if market.mark is None or not is_usable(state, symbol):
        raise decision.refuse(Code.PRICES_UNUSABLE, f"{symbol} has no mark to settle funding at")
    _pay(decision, contract.instrument, decision.at_ms, market.mark, command.rate)


def sampled_premium(state: State, symbol: str) -> Decimal | None:
    """Return the premium now: the middle of the book, else the last price, over the index.

    A fraction, cut at 50 digits; None where a price is missing or cannot be trusted.
    """
    market = state.symbol(symbol)
    if market.index is None or not is_usable(state, symbol):
        return None
    bid, ask = market.book.best_bid, market.book.best_ask
    if bid is not None and ask is not None:
        return mid_premium(bid, ask, market.index)
    return None if market.last is None else premium(market.last, market.index)


def _look_at_funding(decision: Decision, contract: Contract) -> None:
    """Sample and settle in the order of time; a boundary's own sample belongs to its interval."""
    state, symbol = decision.state, contract.instrument.symbol
    market = state.symbol(symbol)
    interval_ms = state.rulebook.funding.interval_ms
    boundary_ms = decision.at_ms // interval_ms * interval_ms
    if market.funding_at_ms is None and market.mark is None:
        return
    if market.funding_at_ms is None:
        # The count of intervals begins; the one that has just ended was not seen.
        decision.emit(FundingSettled(symbol=symbol, at_ms=boundary_ms, rate=None, mark=None))
        _sample(decision, symbol)
        return
    sample_ms = state.settings.premium_sample_ms
    is_before = decision.at_ms // sample_ms * sample_ms <= boundary_ms
    # What belongs to the last boundary is of the interval to settle only if that is the next one.
    if is_before and market.funding_at_ms + interval_ms == boundary_ms:
        _sample(decision, symbol)
    if market.funding_at_ms < boundary_ms:
        _settle_until(decision, contract, market, boundary_ms)
    _sample(decision, symbol)


def _sample(decision: Decision, symbol: str) -> None:
    """Take the sample of this step of the grid, unless it has been taken."""
    market = decision.state.symbol(symbol)
    sample_ms = decision.state.settings.premium_sample_ms
    step_ms = decision.at_ms // sample_ms * sample_ms
    taken = market.seen.get(PREMIUM)
    if taken is not None and step_ms <= taken[1]:
        return
    found = sampled_premium(decision.state, symbol)
    if found is None or market.index is None:
        return
    decision.emit(PremiumSampled(symbol=symbol, premium=found))
    decision.emit(
        SourceSeen(name=symbol, is_symbol=True, source=PREMIUM, price=market.index, at_ms=step_ms)
    )


def _settle_until(
    decision: Decision, contract: Contract, market: SymbolState, boundary_ms: int
) -> None:
    """Settle the interval that was sampled, and all later ones that nobody saw in one."""
    interval_ms = decision.state.rulebook.funding.interval_ms
    first_ms = (market.funding_at_ms or 0) + interval_ms
    _settle(decision, contract, min(first_ms, boundary_ms))
    if first_ms < boundary_ms:
        symbol = contract.instrument.symbol
        decision.emit(FundingSettled(symbol=symbol, at_ms=boundary_ms, rate=None, mark=None))


def _settle(decision: Decision, contract: Contract, at_ms: int) -> None:
    state, symbol = decision.state, contract.instrument.symbol
    mark = state.symbol(symbol).mark if is_usable(state, symbol) else None
    rate = _rate(state, contract)
    if mark is None or rate is None:
        decision.emit(FundingSettled(symbol=symbol, at_ms=at_ms, rate=None, mark=None))
        return
    _pay(decision, contract.instrument, at_ms, mark, rate)


def _pay(
    decision: Decision, instrument: Instrument, at_ms: int, mark: Decimal, rate: Decimal
) -> None:
    postings, changes = _payments(decision, instrument, mark, rate)
    decision.emit(
        FundingSettled(
            symbol=instrument.symbol, at_ms=at_ms, rate=rate, mark=mark, postings=postings
        )
    )
    for change in changes:
        decision.emit(change)


def _rate(state: State, contract: Contract) -> Decimal | None:
    samples = state.symbol(contract.instrument.symbol).premiums
    rules = state.rulebook.funding
    expected = max(1, rules.interval_ms // state.settings.premium_sample_ms)
    if not samples or SAMPLES_NEEDED_DIVISOR * len(samples) < expected:
        return None
    average = quotient_down(sum(samples, ZERO), Decimal(len(samples)))
    first_tier_rate = contract.tiers.pieces[0].rate if contract.tiers else None
    return funding_rate(average, rules, first_tier_rate)


def _payments(
    decision: Decision, instrument: Instrument, mark: Decimal, rate: Decimal
) -> tuple[tuple[Posting, ...], list[PositionChanged]]:
    """Return every holder's posting, the residue's, and the isolated buckets that change."""
    symbol, settle = instrument.symbol, instrument.settle
    purse = f"funding/{symbol}"
    postings: list[Posting] = []
    changes: list[PositionChanged] = []
    left = decision.state.purse(purse, settle)
    for name in sorted(decision.state.symbol(symbol).holders):
        before = decision.account(name).view()
        posted = post_funding(before, instrument, mark, rate)
        postings += moved(purse, f"account/{name}", settle, posted.funding)
        left -= posted.funding
        changes += [
            PositionChanged(account=name, position=after, side=after.side, why="funding")
            for held, after in zip(before.positions, posted.account.positions, strict=True)
            if after.margin != held.margin
        ]
    postings += moved(purse, "rounding", settle, left)
    return tuple(postings), changes
