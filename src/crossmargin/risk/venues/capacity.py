"""How many times its positions an account could carry.

A venue's rules decide how large the same portfolio may be on the same money. So all sizes, of
positions and open orders, are multiplied by one number, at the prices of now: what is added is
opened at the mark price, what is taken off is closed at it, both without fees. Equity therefore
stays what it is, and only requirements change. The answer is the largest multiple at which

- every pool's initial margin and the open loss of its orders fit its equity, where buckets that
  need more than they have are filled up from the wallet, to 8 places,
- nothing is liquidatable, and
- no position is above the largest notional its ladder allows.

Leverage is the setting, or what the tier of the larger position allows, if that is less.

The search halves the interval over exact assessments on a grid of `STEP`: the account at the
answer fits, and at the next step it does not. Where a ladder ends in the unknown, so does the
search: the answer is then a lower bound.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.account import (
    Account,
    MarginMode,
    Position,
    merged,
)
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, exact, quotient_down, quotient_up, up_to
from crossmargin.risk.venues.leverage import fitting_leverage
from crossmargin.rulebooks.schema import Rulebook

STEP = Decimal("0.0001")
"""The grid of multiples."""
MULTIPLE_MAX = Decimal(1_000_000)
"""Where the search stops: who could carry this much is not limited by margin."""


class Limit(StrEnum):
    """What keeps the multiple from being larger."""

    MARGIN = "margin"
    CAP = "cap"
    UNKNOWN_LADDER = "unknown-ladder"
    NONE = "none"


class Capacity(Struct, frozen=True):
    """The largest multiple of all sizes that fits, on a grid of `STEP`, and what ends it.

    With Limit.UNKNOWN_LADDER it is a lower bound; with Limit.NONE it is `MULTIPLE_MAX`.
    """

    multiple: Decimal
    limit: Limit


@exact
def capacity(account: Account, market: Market, rulebook: Rulebook) -> Capacity | None:
    """Return how many times its positions and orders the account could carry, rounded down.

    None where nothing is held, an option is (what it was sold for is in the wallet already), or
    prices or ladders are missing.

    Raises
    ------
    UsageError
        As `margin.assess`.
    """
    contracts = rulebook.contracts
    held = [position for position in account.positions if position.size]
    if not held or any(contracts[position.symbol].instrument.option for position in held):
        return None
    if any(position.symbol not in market.marks for position in held):
        return None

    def limit_at(steps: int) -> Limit:
        return _limit(account, market, rulebook, steps * STEP)

    low, high = 0, int(MULTIPLE_MAX / STEP)
    reason = limit_at(high)
    if reason is Limit.NONE:
        return Capacity(MULTIPLE_MAX, Limit.NONE)
    if limit_at(1) is Limit.UNKNOWN_LADDER:
        return None
    return _last_fitting(limit_at, low, high, reason)


def _last_fitting(limit_at: Callable[[int], Limit], low: int, high: int, reason: Limit) -> Capacity:
    # `high` does not fit; nothing at all is taken to.
    while high - low > 1:
        middle = (low + high) // 2
        found = limit_at(middle)
        if found is Limit.NONE:
            low = middle
        else:
            high, reason = middle, found
    return Capacity(low * STEP, reason)


def _limit(account: Account, market: Market, rulebook: Rulebook, multiple: Decimal) -> Limit:
    larger = multiplied(account, market, rulebook, multiple)
    for position in larger.positions:
        contract = rulebook.contracts[position.symbol]
        tiers, mark = contract.tiers, market.marks[position.symbol]
        if tiers is None or tiers.cap is None:
            continue
        value = notional(position.size, mark, contract.instrument)
        if (abs(position.size) if tiers.is_by_size else value) > tiers.cap:
            return Limit.CAP
    found = assess(larger, market, rulebook)
    if found.buckets and not found.missing:
        found = _filled_up(found)
    if found.missing or found.initial_missing:
        return Limit.UNKNOWN_LADDER
    return Limit.NONE if _fits(found) else Limit.MARGIN


def _fits(assessment: Assessment) -> bool:
    for unit in assessment.units:
        health = unit.health
        if health is None or unit.open_loss is None or unit.is_liquidatable:
            return False
        if health.equity < health.initial_margin + unit.open_loss:
            return False
    return True


@exact
def multiplied(account: Account, market: Market, rulebook: Rulebook, multiple: Decimal) -> Account:
    """Return the account with all sizes × `multiple` (not negative), traded at the mark price.

    Entry prices average where sizes grow; where they shrink, profit moves into the wallet (of a
    bucket, into its margin), and so does what an average entry loses by rounding at 50 digits.
    Equity is therefore the same. Leverage is the setting, or what the tier of the larger position
    allows.

    Raises
    ------
    KeyError
        If a position has no mark price.
    """
    balances = dict(account.balances)
    positions: list[Position] = []
    for position in account.positions:
        mark = market.marks[position.symbol]
        instrument = rulebook.contracts[position.symbol].instrument
        larger = _traded(position, multiple, mark, instrument)
        before, after = (
            unrealised_pnl(one.size, one.entry_price, mark, instrument)
            for one in (position, larger)
        )
        realised = before - after
        settle = instrument.settle
        if realised:
            balances[settle] = balances.get(settle, ZERO) + realised
            if position.mode is MarginMode.ISOLATED:
                larger = replace(larger, margin=larger.margin + realised)
        positions.append(larger)
    orders = tuple(
        replace(order, size=multiple * order.size) for order in account.orders if multiple
    )
    larger_account = replace(account, balances=balances, positions=tuple(positions), orders=orders)
    leverage = fitting_leverage(larger_account, market, rulebook)
    return replace(larger_account, leverage={**account.leverage, **leverage})


def _traded(
    position: Position, multiple: Decimal, mark_price: Decimal, instrument: Instrument
) -> Position:
    if multiple < ONE:
        return replace(position, size=multiple * position.size)
    size = (multiple - ONE) * position.size
    added = replace(position, size=size, entry_price=mark_price, margin=ZERO)
    inverse = {position.symbol} if instrument.kind.is_inverse else set()
    (larger,) = merged((position, added), is_hedge=False, inverse=inverse)
    return larger


def _filled_up(assessment: Assessment) -> Assessment:
    # Each bucket with at least its initial margin; the wallet pays, as every venue lets it.
    #
    # Where the fee of closing at bankruptcy is kept back, what is put into a bucket moves its
    # bankruptcy price, and so what it is asked for, by a fixed part of what was put in. That part
    # is read off a first fill, and the second one is the fixed point, to a whole unit of the
    # wallet. Where nothing is kept back the part is zero, and the first fill is the second.
    lacking = _lacking(assessment)
    if not any(lacking.values()):
        return assessment
    first = _with_more(assessment, lacking)
    more = {}
    for key, after in _lacking(first, at_least=None).items():
        before = lacking[key]
        share = ONE - quotient_down(after, before) if before else ONE
        more[key] = up_to(EIGHT_PLACES, quotient_up(before, share)) if share > 0 else before
    return _with_more(assessment, more)


def _lacking(
    assessment: Assessment, *, at_least: Decimal | None = ZERO
) -> dict[tuple[str | None, Side | None], Decimal]:
    found = {}
    for bucket in assessment.buckets:
        if bucket.health is not None:
            short = bucket.health.initial_margin - bucket.health.equity
            found[bucket.symbol, bucket.side] = short if at_least is None else max(at_least, short)
    return found


def _with_more(
    assessment: Assessment, more: Mapping[tuple[str | None, Side | None], Decimal]
) -> Assessment:
    account = assessment.account

    def filled(position: Position) -> Position:
        if position.mode is not MarginMode.ISOLATED:
            return position
        added = more.get((position.symbol, position.side), ZERO)
        return replace(position, margin=position.margin + added)

    larger = replace(account, positions=tuple(filled(position) for position in account.positions))
    return assess(larger, assessment.market, assessment.rulebook)
