"""Auto-deleveraging: who closes against a bankrupt position that nobody else takes.

When neither the book nor the insurance fund absorbs a bankrupt position, the venue closes it
against holders of the opposite side. Venues differ in two choices, and both are in a `Policy`:
a score that says who bears it first, and whether the first bears all he can (a queue) or all
bear it in proportion to their scores.

This decides sizes only. When it happens is in `venue.waterfall`; who the candidates are and how
they trade is in `venue.deleveraging`.

Kept whatever the policy: nobody closes more than he holds, the closed sizes sum to the bankrupt
size or to all that the policy may touch, and the result does not depend on the order in which
candidates are given (equal scores go by account name).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.instrument import Instrument
from crossmargin.money import (
    EIGHT_PLACES,
    ONE,
    ZERO,
    down_to,
    exact,
    quotient_down,
    quotient_up,
    up_to,
)

BOUNDLESS = Decimal("Infinity")
"""The leverage of a position that nothing backs."""
QUINTILE = Decimal("0.2")


class Candidate(Struct, frozen=True):
    """One account's position in the symbol; money in the settle asset, prices in the quote asset.

    Attributes
    ----------
    account : its name; settles equal scores, smallest first.
    size : signed, long positive, not zero.
    entry_price, mark_price : above zero.
    notional, entry_notional : absolute, at the mark and at entry.
    unrealised_pnl : signed.
    equity : what backs the position: the bucket's or pool's, as at the venue; equal to
        mark value − bankrupt value.
    wallet_balance : of the account; needed by Binance's score alone.
    maintenance_margin_ratio : maintenance margin ÷ equity of the account; likewise.
    """

    account: str
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal
    notional: Decimal
    entry_notional: Decimal
    unrealised_pnl: Decimal
    equity: Decimal
    wallet_balance: Decimal | None = None
    maintenance_margin_ratio: Decimal | None = None


Score: TypeAlias = Callable[[Candidate], Decimal | None]
"""The higher, the sooner (or the more); None where the policy never touches the candidate."""


class Policy(Struct, frozen=True):
    """Who is deleveraged: down the queue of `score`, or pro rata to it (scores above zero)."""

    score: Score
    is_pro_rata: bool = False


class Deleveraged(Struct, frozen=True):
    """What an account closes and keeps, both signed like its position."""

    account: str
    closed: Decimal
    remaining: Decimal


@exact
def candidate(
    account: str,
    size: Decimal,
    entry_price: Decimal,
    mark_price: Decimal,
    equity: Decimal,
    instrument: Instrument,
) -> Candidate:
    """Return the candidate that a position is; notionals rounded up and profit down, 50 digits."""
    return Candidate(
        account,
        size,
        entry_price,
        mark_price,
        notional(size, mark_price, instrument),
        notional(size, entry_price, instrument),
        unrealised_pnl(size, entry_price, mark_price, instrument),
        equity,
    )


@exact
def profit_times_leverage(one: Candidate) -> Decimal:
    """Return profit ÷ entry notional × leverage, or ÷ leverage where the profit is not above 0.

    Leverage is notional ÷ equity, without bound where equity is not above zero. Losers come
    last, but do come. Source: BitMEX, support article 18589621443357.
    """
    profit_fraction = quotient_down(one.unrealised_pnl, one.entry_notional)
    leverage = _leverage(one)
    if profit_fraction > 0:
        return profit_fraction * leverage
    return quotient_down(profit_fraction, leverage)


@exact
def price_gain_times_leverage(one: Candidate) -> Decimal | None:
    """Return mark ÷ entry × notional ÷ equity; None for a position that is not in profit.

    Source: Hyperliquid, "Auto-deleveraging". It does not say what becomes of mark ÷ entry for a
    short; we assume entry ÷ mark.
    """
    if one.unrealised_pnl <= 0:
        return None
    above, below = one.mark_price, one.entry_price
    if one.size < 0:
        above, below = below, above
    return quotient_down(above, below) * _leverage(one)


def profit(one: Candidate) -> Decimal | None:
    """Return the unrealised profit; None for a position that is not in profit."""
    return one.unrealised_pnl if one.unrealised_pnl > 0 else None


@exact
def profit_over_wallet(pnl_usd: Decimal, wallet_balance_usd: Decimal) -> Decimal:
    """Return max(0, profit) ÷ max(1 USD, wallet balance), rounded down at 50 digits.

    Source: Binance, FAQ 360033525471.
    """
    return quotient_down(max(ZERO, pnl_usd), max(ONE, wallet_balance_usd))


@exact
def profit_over_wallet_times_margin_ratio(one: Candidate) -> Decimal:
    """Return `profit_over_wallet` × maintenance margin ratio; a ratio below zero counts as 0.

    Source: Binance, FAQ 360033525471.

    Raises
    ------
    UnknownError
        If the candidate's wallet balance or maintenance margin ratio is not given.
    """
    if one.wallet_balance is None or one.maintenance_margin_ratio is None:
        raise UnknownError(
            f"the ADL score of {one.account} needs its wallet balance and maintenance margin ratio"
        )
    gain = profit_over_wallet(one.unrealised_pnl, one.wallet_balance)
    return gain * max(ZERO, one.maintenance_margin_ratio)


POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "profit-times-leverage": Policy(profit_times_leverage),
        "price-gain-times-leverage": Policy(price_gain_times_leverage),
        "profit-over-wallet-times-margin-ratio": Policy(profit_over_wallet_times_margin_ratio),
        "profit": Policy(profit),
        "pro-rata-of-profits": Policy(profit, is_pro_rata=True),
    }
)
"""By the names that data files use: BitMEX, Hyperliquid, Binance, and two of the field's own."""


def queue(candidates: Sequence[Candidate], score: Score) -> tuple[Candidate, ...]:
    """Return those whom `score` touches, highest score first, equal ones by account name."""
    scored = [(one, score(one)) for one in candidates]
    ranked = [(-points, one.account, one) for one, points in scored if points is not None]
    return tuple(one for *_, one in sorted(ranked, key=lambda row: row[:2]))


@exact
def quintile_fractions(queued: Sequence[Candidate]) -> tuple[Decimal, ...]:
    """Return each place's quintile as 0.2, 0.4 … 1, in the order of the queue; exact.

    Quantity up to and including one's own ÷ quantity of all, rounded up to a fifth. 0.2 is
    closed first. Source: BitMEX, "Auto-Deleveraging Further Information".
    """
    total = sum((abs(one.size) for one in queued), ZERO)
    passed = ZERO
    found = []
    for one in queued:
        passed += abs(one.size)
        found.append(up_to(QUINTILE, quotient_up(passed, total)))
    return tuple(found)


@exact
def deleveraged(
    candidates: Sequence[Candidate],
    bankrupt_size: Decimal,
    policy: Policy,
    *,
    lot: Decimal = EIGHT_PLACES,
) -> tuple[Deleveraged, ...]:
    """Return who closes how much against a bankrupt position, in the order of the queue.

    Accounts that close nothing are left out. What is beyond all that the policy may touch stays
    with the venue: bankrupt size + Σ closed = 0 if nothing is.

    Parameters
    ----------
    candidates : of the symbol; those on the bankrupt position's own side are passed over.
    bankrupt_size : signed, of the position that is to be closed.
    lot : pro rata shares are rounded down to it; the lots left over go one by one down the
        queue. Above zero.

    Raises
    ------
    UsageError
        If an account stands among the counterparties twice, the lot is not above zero, or
        shares are to be pro rata to a score without bound.
    UnknownError
        If the policy's score lacks what it needs.
    """
    if lot <= 0:
        raise UsageError(f"the lot of a deleveraging is {lot}, which is not above zero")
    against = [one for one in candidates if one.size * bankrupt_size < 0]
    names = [one.account for one in against]
    if len(set(names)) != len(names):
        raise UsageError("an account stands among the ADL counterparties twice")
    queued = queue(against, policy.score)
    size = abs(bankrupt_size)
    if policy.is_pro_rata:
        weights = [max(ZERO, policy.score(one) or ZERO) for one in queued]
        if not all(weight.is_finite() for weight in weights):
            raise UsageError("nothing is pro rata to a score without bound")
        closed = shares(size, [abs(one.size) for one in queued], weights, lot)
    else:
        closed = _down_the_queue(queued, size)
    return tuple(
        Deleveraged(one.account, part.copy_sign(one.size), one.size - part.copy_sign(one.size))
        for one, part in zip(queued, closed, strict=True)
        if part
    )


@exact
def bankruptcy_price(
    size: Decimal, entry_price: Decimal, position_margin: Decimal, wallet_balance: Decimal
) -> Decimal | None:
    """Return the price of a linear position at which its margin and the wallet are used up.

    Long: (entry × size − margin − wallet) ÷ size; short: with plus signs. At 50 digits, rounded
    down for a long and up for a short; None where the price would not be above zero. Source:
    Bybit, "Auto-Deleveraging (ADL)".

    Parameters
    ----------
    size : signed, in the base asset, not zero.
    wallet_balance : what else backs the position, in the settle asset.
    """
    value = entry_price * size - position_margin - wallet_balance
    price = (quotient_down if size > 0 else quotient_up)(value, size)
    return price if price > 0 else None


@exact
def settlement_price(
    price_bankruptcy: Decimal | None, mark_price: Decimal, distance_max_fraction: Decimal | None
) -> Decimal:
    """Return the price both sides of an ADL trade at: the bankruptcy price if near the mark.

    Further from the mark than the given fraction of it, or where there is no bankruptcy price,
    it is the mark. Source: Bybit, "Auto-Deleveraging (ADL)", with 5 %.

    Parameters
    ----------
    distance_max_fraction : of the mark; None where the bankruptcy price always holds (BitMEX).
    """
    if price_bankruptcy is None:
        return mark_price
    if distance_max_fraction is None:
        return price_bankruptcy
    is_far = abs(price_bankruptcy - mark_price) > distance_max_fraction * mark_price
    return mark_price if is_far else price_bankruptcy


def _leverage(one: Candidate) -> Decimal:
    return quotient_up(one.notional, one.equity) if one.equity > 0 else BOUNDLESS


def _down_the_queue(queued: Sequence[Candidate], size: Decimal) -> list[Decimal]:
    closed = []
    for one in queued:
        closed.append(min(size, abs(one.size)))
        size -= closed[-1]
    return closed


@exact
def shares(
    amount: Decimal, rooms: Sequence[Decimal], weights: Sequence[Decimal], lot: Decimal
) -> list[Decimal]:
    """Return how `amount` is split in proportion to `weights`, nobody bearing above his room.

    Whose share is all his room gives all of it, and what is left is shared anew among the others.
    Shares are rounded down to `lot`; the lots left over go one by one, first come first. The sum
    is the amount, or all the room of those with a weight, whichever is less.

    Parameters
    ----------
    weights : not below zero; who has none bears nothing.
    lot : above zero.
    """
    room = [one if weight else ZERO for one, weight in zip(rooms, weights, strict=True)]
    closed = [ZERO for _ in room]
    left = min(amount, sum(room, ZERO))
    sharing = [index for index, weight in enumerate(weights) if weight]
    while True:
        total = sum((weights[index] for index in sharing), ZERO)
        full = [index for index in sharing if left * weights[index] >= room[index] * total]
        if not full:
            break
        for index in full:
            closed[index] = room[index]
            left -= room[index]
        sharing = [index for index in sharing if index not in full]
    for index in sharing:
        closed[index] = down_to(lot, quotient_down(left * weights[index], total))
    left -= sum((closed[index] for index in sharing), ZERO)
    while left:
        for index in sharing:
            more = min(lot, left, room[index] - closed[index])
            closed[index] += more
            left -= more
    return closed
