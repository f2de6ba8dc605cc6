"""Liquidating into the order book at a price that others can fill, and who bears what is left.

A position is offered at a limit that walks from the oracle price to beyond bankruptcy as the
account's health falls. What the fill leaves above the bankruptcy amount pays a fee to the
insurance fund; what it lacks the fund pays; and a fund that cannot pay blocks the fill. The rules
are those of dYdX v4 (x/clob/keeper/liquidations.go).

This does not choose the position, match a whole book or net positions against other accounts
(`venue.deleverage` does the last). Equity belongs to positions by maintenance margin, even if an
account is long one market and short another. Invariant: closing at the bankruptcy amount never
draws on the fund.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.fractions import stepped_notional
from crossmargin.margin.health import Health
from crossmargin.money import ZERO, down_to, exact, quotient_down, quotient_up, up_to
from crossmargin.venue.stepped_account import (
    SteppedAccount,
    SteppedPosition,
    account_health,
    after_reduction,
    held,
    position_health,
    reduced,
)


class NotionalBounds(Struct, frozen=True):
    """Least and most of a position that one liquidation may close, in the quote asset."""

    least: Decimal
    most: Decimal


class Offer(Struct, frozen=True):
    """A maker's order: signed size in the base asset (a seller's is negative), limit in quote."""

    size: Decimal
    price: Decimal


class BookOutcome(StrEnum):
    """What became of a liquidation order against one offer."""

    FILLED = "filled"
    NOT_CROSSING = "not_crossing"
    FUND_TOO_SMALL = "fund_too_small"


class BookFill(Struct, frozen=True):
    """A liquidation order against one offer; without a fill nothing has changed.

    Attributes
    ----------
    size_delta : change of the position, signed, in the base asset.
    proceeds : received for it before the fee, in the quote asset; negative if paid.
    fund_delta : positive if the account paid the insurance fund, negative if the fund paid.
    account, insurance_fund : after the fill.
    """

    outcome: BookOutcome
    size_delta: Decimal
    proceeds: Decimal
    fund_delta: Decimal
    account: SteppedAccount
    insurance_fund: Decimal


def is_liquidatable(health: Health) -> bool:
    """Return whether equity is strictly below a maintenance margin that is not zero.

    Unlike `Health.is_liquidatable`, debt without a position is not: there is nothing to sell.
    """
    return ZERO < health.maintenance_margin > health.equity


@exact
def bankruptcy_quote_delta(account: SteppedAccount, symbol: str, size_delta: Decimal) -> Decimal:
    """Return the change of the quote balance at which closing `size_delta` costs its equity.

    −Δnotional − floor(equity × |Δmaintenance margin| ÷ maintenance margin), so the result is
    rounded up; Δ is the position's rounded figure after less that before. Positive is the least
    that must be received, negative the most that may be paid, in the quote asset.

    Raises
    ------
    UsageError
        If `size_delta` does not close all or part of a position, or the account has no
        maintenance margin to share its equity by.
    """
    after = position_health(reduced(account, symbol, size_delta), account.step)
    before = position_health(held(account, symbol), account.step)
    whole = _with_maintenance(account)
    freed = before.maintenance_margin - after.maintenance_margin
    share = down_to(account.step, quotient_down(whole.equity * freed, whole.maintenance_margin))
    return before.equity - after.equity - share


@exact
def fillable_price(
    account: SteppedAccount,
    symbol: str,
    *,
    bankruptcy_adjustment: Decimal,
    spread_to_maintenance: Decimal,
) -> Decimal:
    """Return the limit price of a liquidation, in the quote asset, before it is put on a tick.

    (notional − rating × spread × maintenance margin) ÷ size of the whole position, with rating =
    adjustment × (1 − equity ÷ maintenance margin of the account), between 0 and 1. One division,
    to 50 digits, rounded up for a long and down for a short, like the venue's ticks.

    Parameters
    ----------
    bankruptcy_adjustment : at least 1; how early the full spread is reached.
    spread_to_maintenance : full spread as a multiple of the position's maintenance margin.

    Raises
    ------
    UsageError
        If there is no such position, the account has no maintenance margin, or no positive price
        is that far from the oracle.
    """
    position = held(account, symbol)
    own = position_health(position, account.step)
    whole = _with_maintenance(account)
    total = whole.maintenance_margin
    # Everything times the account's maintenance margin, so that only the last step divides.
    rating = max(ZERO, min(total, bankruptcy_adjustment * (total - whole.equity)))
    worth = own.equity * total - rating * spread_to_maintenance * own.maintenance_margin
    quotient = quotient_up if position.size > 0 else quotient_down
    price = quotient(worth, position.size * total)
    if price <= 0:
        raise UsageError(f"{symbol}: the spread to the oracle price leaves no positive price")
    return price


@exact
def limit_price_on_tick(price: Decimal, position_size: Decimal, tick: Decimal) -> Decimal:
    """Return a fillable price on the tick: up for a long, down for a short, at least one tick.

    All in the quote asset, the signed size in the base asset.
    """
    return max(tick, (up_to if position_size > 0 else down_to)(tick, price))


@exact
def liquidation_bounds(
    notional: Decimal, *, least_notional: Decimal, largest_portion: Decimal, step: Decimal
) -> NotionalBounds:
    """Return how much of a position one liquidation closes, in the quote asset.

    Least: the venue's least notional, or the whole position if that is smaller. Most: the largest
    portion of |notional|, floored to whole `step`s, but not below the least.
    """
    magnitude = abs(notional)
    least = min(least_notional, magnitude)
    return NotionalBounds(least, max(least, down_to(step, largest_portion * magnitude)))


@exact
def liquidation_size(
    position: SteppedPosition, *, notional_max: Decimal, lot: Decimal, step: Decimal
) -> Decimal:
    """Return the signed change of the position that one liquidation may make, in the base asset.

    Parameters
    ----------
    notional_max : the most that may be closed, in the quote asset: of the bounds' most and what
        the block's limit leaves, the smaller.
    lot : smallest size step, in the base asset; at least one is closed.
    step : smallest amount of the quote asset.

    Returns
    -------
    Decimal
        notional_max ÷ price, rounded down to the lot; a position within the limit, or of one lot,
        goes whole.
    """
    size = abs(position.size)
    notional = stepped_notional(size, position.oracle_price, step)
    if notional > notional_max and size > lot:
        fitting = down_to(lot, quotient_down(notional_max, position.oracle_price))
        size = min(size, max(lot, fitting))
    return -size if position.size > 0 else size


@exact
def insurance_fund_delta(
    account: SteppedAccount,
    symbol: str,
    size_delta: Decimal,
    *,
    fill_price: Decimal,
    fee_rate_max: Decimal | None,
) -> Decimal:
    """Return what the account pays the insurance fund for a fill; negative: the fund pays it.

    What the proceeds leave above the bankruptcy amount, at most the fee rate × |proceeds|
    (floored); what they lack, whole. In the quote asset.

    Parameters
    ----------
    size_delta : signed change of the position, in the base asset.
    fill_price : of the fill, not the limit, in the quote asset.
    fee_rate_max : of the proceeds; None if unknown, which matters only where something is left.

    Raises
    ------
    UnknownError
        If something is left and the fee rate is not known.
    UsageError
        As `bankruptcy_quote_delta` raises it.
    """
    proceeds = stepped_notional(-size_delta, fill_price, account.step)
    left = proceeds - bankruptcy_quote_delta(account, symbol, size_delta)
    if left <= 0:
        return left
    if fee_rate_max is None:
        raise UnknownError(f"{symbol}: the largest liquidation fee rate is not known")
    return min(down_to(account.step, fee_rate_max * abs(proceeds)), left)


@exact
def book_fill(
    account: SteppedAccount,
    symbol: str,
    offer: Offer,
    *,
    limit_price: Decimal,
    fee_rate_max: Decimal | None,
    insurance_fund: Decimal,
    size_max: Decimal | None = None,
) -> BookFill:
    """Return what becomes of liquidating a position against one maker's offer, at its price.

    A fill for which the fund would have to pay more than it holds does not happen at all.

    Parameters
    ----------
    offer : only one on the other side of the closing order, at its limit or better, is taken.
    limit_price : of the liquidation order, in the quote asset.
    fee_rate_max : as for `insurance_fund_delta`.
    insurance_fund : what the fund holds, in the quote asset.
    size_max : magnitude of the most to close, in the base asset; None is the whole position.

    Raises
    ------
    UnknownError
        If a fee is due and its rate is not known.
    UsageError
        If there is no such position, or the account has no maintenance margin.
    """
    position = held(account, symbol)
    is_long = position.size > 0
    worse = offer.price < limit_price if is_long else offer.price > limit_price
    wanted = abs(position.size) if size_max is None else min(abs(position.size), size_max)
    filled = min(abs(offer.size), wanted)
    nothing = BookFill(BookOutcome.NOT_CROSSING, ZERO, ZERO, ZERO, account, insurance_fund)
    if worse or not filled or is_long != (offer.size > 0):
        return nothing
    size_delta = -filled if is_long else filled
    fund_delta = insurance_fund_delta(
        account, symbol, size_delta, fill_price=offer.price, fee_rate_max=fee_rate_max
    )
    if fund_delta < 0 and insurance_fund + fund_delta < 0:
        return BookFill(BookOutcome.FUND_TOO_SMALL, ZERO, ZERO, ZERO, account, insurance_fund)
    proceeds = stepped_notional(-size_delta, offer.price, account.step)
    after = after_reduction(account, symbol, size_delta, proceeds - fund_delta)
    return BookFill(
        BookOutcome.FILLED, size_delta, proceeds, fund_delta, after, insurance_fund + fund_delta
    )


def _with_maintenance(account: SteppedAccount) -> Health:
    health = account_health(account)
    if not health.maintenance_margin:
        raise UsageError("the account has no maintenance margin to share its equity by")
    return health
