"""Derive v2's Dutch auctions: an account under water is sold in slices, hedges kept whole.

While the account is worth something (mark-to-market above zero) bidders pay a fraction of its
worth that falls with time, and each takes the same fraction of every position. Liquidation aims
at a buffer margin of zero, a little above the maintenance line:

    buffer margin  BM = MM + buffer_fraction × (MM − MtM)
    whole price       = (MtM − R) × d(t)
    max fraction      = min(BM, 0) ÷ (min(BM, 0) − MtM × d − R × (1 − d))

MM and MtM are the account's balances now, R the cash that earlier bidders paid, which is in both
and is not for sale. A slice f takes f × (BM − R) of buffer margin along and brings
f × (MtM − R) × d in cash, so f at its maximum leaves exactly BM = 0. An account worth nothing is
given away with cash on top, from the security module, that rises with time to −MM.

Not here: who may start an auction and under which scenario, the book-keeping of the cash, and how
a security module that runs dry is made up for (Derive socialises it over the cash asset).

Prices and payouts are rounded down and fractions sold up, at 50 digits: never in the account's
favour, and the payer of an insolvent auction never pays more than the ramp says.

Source: derivexyz/v2-core, `src/liquidation/DutchAuction.sol`.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError, UsageError
from crossmargin.money import ONE, ZERO, exact, quotient_down, quotient_up


class AuctionRule(Struct, frozen=True):
    """How a solvent auction's price falls and where it stops.

    Attributes
    ----------
    start_fraction, fast_fraction : of the worth, at the start and where the fast fall ends.
    fast_seconds, slow_seconds : how long the fall to `fast_fraction`, and from there to zero, take.
    buffer_fraction : of MtM − MM, how far above the maintenance line a liquidation aims.
    whole_below : an account worth less is sold whole, in the account's unit.

    Raises
    ------
    UnitError
        If the price would rise with time, a length is not above zero, or the buffer is negative.
    """

    start_fraction: Decimal
    fast_fraction: Decimal
    fast_seconds: Decimal
    slow_seconds: Decimal
    buffer_fraction: Decimal
    whole_below: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse a price that would rise, and lengths and buffers that are none."""
        if not ONE >= self.start_fraction >= self.fast_fraction >= 0:
            raise UnitError(
                f"the price fractions are {self.start_fraction} and {self.fast_fraction}, "
                "must be between 1 and 0 and not rise"
            )
        if self.fast_seconds <= 0 or self.slow_seconds <= 0:
            raise UnitError(
                f"the auction's lengths are {self.fast_seconds} and {self.slow_seconds} seconds, "
                "must be above zero"
            )
        if self.buffer_fraction < 0:
            raise UnitError(f"the buffer fraction is {self.buffer_fraction}, must not be negative")


class AuctionedAccount(Struct, frozen=True):
    """An account in an auction, as it is now, in its settle asset.

    Attributes
    ----------
    maintenance_margin_balance : under the auction's scenario; below zero.
    mark_to_market : worth at marks; both include the reserved cash.
    reserved_cash : paid by earlier bidders of this auction.
    """

    maintenance_margin_balance: Decimal
    mark_to_market: Decimal
    reserved_cash: Decimal = ZERO

    @property
    def is_auctionable(self) -> bool:
        """Return whether an auction may start: maintenance is no longer covered."""
        return self.maintenance_margin_balance < 0

    @property
    def is_solvent(self) -> bool:
        """Return which auction it gets: it is worth something."""
        return self.mark_to_market > 0

    @property
    def is_void(self) -> bool:
        """Return whether a solvent auction must start again: nothing but cash is worth anything."""
        return self.mark_to_market < 0 or self.reserved_cash >= self.mark_to_market


class Bid(Struct, frozen=True):
    """What a bid in a solvent auction comes to; amounts in the account's settle asset.

    Attributes
    ----------
    buffer_margin_balance : before the bid.
    price_fraction : of the worth, at the bid's time.
    whole_price : what everything but the reserved cash would cost.
    fraction_max : of the account as it is now, that may be bought.
    fraction : that is bought.
    cash_from_bidder : what it costs.
    cash_required : what the bidder must hold: the cost, and the buffer margin it takes over.
    """

    buffer_margin_balance: Decimal
    price_fraction: Decimal
    whole_price: Decimal
    fraction_max: Decimal
    fraction: Decimal
    cash_from_bidder: Decimal
    cash_required: Decimal


@exact
def buffer_margin_balance(account: AuctionedAccount, buffer_fraction: Decimal) -> Decimal:
    """Return MM + buffer_fraction × (MM − MtM), which a liquidation brings to zero; exact."""
    maintenance = account.maintenance_margin_balance
    return maintenance + buffer_fraction * (maintenance - account.mark_to_market)


@exact
def price_fraction(rule: AuctionRule, seconds: Decimal) -> Decimal:
    """Return which fraction of the worth is asked `seconds` after the start; rounded down.

    It falls from start to fast fraction, then more slowly to zero, and stays there; from then on
    the auction may be turned into an insolvent one.

    Raises
    ------
    UnitError
        If the time is before the start.
    """
    _refuse_before_start(seconds)
    if seconds < rule.fast_seconds:
        fall = (rule.start_fraction - rule.fast_fraction) * seconds
        return rule.start_fraction - quotient_up(fall, rule.fast_seconds)
    left = max(rule.fast_seconds + rule.slow_seconds - seconds, ZERO)
    return quotient_down(rule.fast_fraction * left, rule.slow_seconds)


@exact
def fraction_max(account: AuctionedAccount, rule: AuctionRule, price_fraction: Decimal) -> Decimal:
    """Return the fraction that brings the buffer margin to zero when bought; rounded up.

    Zero where the buffer margin is not negative, one where the account is worth less than
    `rule.whole_below`.

    Raises
    ------
    UsageError
        If the account is not solvent or the auction is void.
    """
    _refuse_unless_for_sale(account)
    if account.mark_to_market < rule.whole_below:
        return ONE
    return sufficient_fraction(account, rule.buffer_fraction, price_fraction)


@exact
def sufficient_fraction(
    account: AuctionedAccount, buffer_fraction: Decimal, price_fraction: Decimal
) -> Decimal:
    """Return the fraction that brings the buffer margin to zero when bought; rounded up.

    Zero where the buffer margin is not negative. The account must be solvent.
    """
    short = min(buffer_margin_balance(account, buffer_fraction), ZERO)
    if not short:
        return ZERO
    worth = account.mark_to_market * price_fraction
    kept = account.reserved_cash * (ONE - price_fraction)
    return quotient_up(short, short - worth - kept)


@exact
def solvent_bid(
    account: AuctionedAccount, rule: AuctionRule, seconds: Decimal, fraction_requested: Decimal
) -> Bid:
    """Return what bidding for a fraction of the account as it is now comes to.

    Raises
    ------
    UnitError
        If the time is before the start, or the fraction is not above 0 and at most 1.
    UsageError
        If the account is not solvent or the auction is void.
    """
    _refuse_no_fraction(fraction_requested)
    asked = price_fraction(rule, seconds)
    most = fraction_max(account, rule, asked)
    fraction = min(fraction_requested, most)
    whole = (account.mark_to_market - account.reserved_cash) * asked
    buffer = buffer_margin_balance(account, rule.buffer_fraction)
    cash = fraction * whole
    return Bid(
        buffer_margin_balance=buffer,
        price_fraction=asked,
        whole_price=whole,
        fraction_max=most,
        fraction=fraction,
        cash_from_bidder=cash,
        cash_required=cash + fraction * abs(buffer - account.reserved_cash),
    )


@exact
def after_bid(account: AuctionedAccount, bid: Bid) -> AuctionedAccount:
    """Return the account after a solvent bid, while prices and scenario stay; exact.

    A slice of every position takes the same slice of margin and worth, the reserved cash stays,
    and the bidder's cash joins it.
    """
    kept = ONE - bid.fraction
    cash = account.reserved_cash
    reserved = cash + bid.cash_from_bidder
    return AuctionedAccount(
        (account.maintenance_margin_balance - cash) * kept + reserved,
        (account.mark_to_market - cash) * kept + reserved,
        reserved,
    )


@exact
def start_fee(account: AuctionedAccount, rule: AuctionRule, fee_fraction: Decimal) -> Decimal:
    """Return what the security module takes when a solvent auction starts; exact.

    It is `fee_fraction` of the worth that would have to be sold at full price.

    Raises
    ------
    UsageError
        If the account is not solvent.
    """
    fresh = AuctionedAccount(account.maintenance_margin_balance, account.mark_to_market)
    return fraction_max(fresh, rule, ONE) * account.mark_to_market * fee_fraction


@exact
def insolvent_payout(
    account: AuctionedAccount,
    length_seconds: Decimal,
    seconds: Decimal,
    fraction_taken: Decimal,
) -> Decimal:
    """Return the cash that a taker of part of an insolvent account gets; rounded down.

    For the whole account it rises from −min(MtM, 0) at the start to −MM after `length_seconds`,
    and stays there. There is no limit on the fraction.

    Raises
    ------
    UnitError
        If the time is before the start, the length is not above zero, or the fraction is not
        above 0 and at most 1.
    UsageError
        If maintenance is covered, so that there is no auction.
    """
    _refuse_before_start(seconds)
    _refuse_no_fraction(fraction_taken)
    if length_seconds <= 0:
        raise UnitError(f"the auction's length is {length_seconds} seconds, must be above zero")
    if not account.is_auctionable:
        raise UsageError(
            f"the maintenance margin balance is {account.maintenance_margin_balance}: "
            "there is no auction"
        )
    first = -min(account.mark_to_market, ZERO)
    rise = -account.maintenance_margin_balance - first
    passed = min(seconds, length_seconds)
    return fraction_taken * (first + quotient_down(rise * passed, length_seconds))


@exact
def insolvent_cash_required(
    account: AuctionedAccount, fraction_taken: Decimal, payout: Decimal
) -> Decimal:
    """Return what a taker must hold: the margin it takes over less what it is paid; exact."""
    return max(abs(account.maintenance_margin_balance) * fraction_taken - payout, ZERO)


def _refuse_before_start(seconds: Decimal) -> None:
    if seconds < 0:
        raise UnitError(f"{seconds} seconds since the start: must not be negative")


def _refuse_no_fraction(fraction: Decimal) -> None:
    if not 0 < fraction <= 1:
        raise UnitError(f"the fraction is {fraction}, must be above 0 and at most 1")


def _refuse_unless_for_sale(account: AuctionedAccount) -> None:
    if not account.is_solvent:
        raise UsageError(
            f"the account is worth {account.mark_to_market}: its auction is an insolvent one"
        )
    if account.is_void:
        raise UsageError(
            f"bidders have paid {account.reserved_cash} for an account worth "
            f"{account.mark_to_market}: the auction must start again"
        )
