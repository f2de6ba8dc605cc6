"""Options one by one: margin of short ones, what they pay, fees, and what their orders hold.

One family of formulas serves the venues that margin without scenarios (Deribit standard, OKX
single and multi-currency, Bybit cross, Derive's isolated legs); which one is a matter of the
numbers in `OptionRule`. Per unit of the underlying, U its value in the margin asset (one coin is
one coin for inverse options; the index price for linear ones), F the price moneyness is measured
against:

    initial part  = max(initial_fraction × U − out of the money × U ÷ F, floor_fraction × U)
    maintenance   = max(maintenance_fraction × U, mark_fraction × mark) × factor + mark + fee × U
    initial       = max(initial part × factor + mark, initial_to_maintenance × maintenance)

The factor (at least 1) grows with the tier of the whole short position, at OKX. A long option
cannot lose more than its premium, which is paid, so it asks for nothing.

This does not net options against each other or against futures and makes no marks. Requirements
are rounded up and what an option pays to its holder down, at 50 digits, never in the account's
favour; everything but the quotients is exact.

Sources: Deribit, "Standard margin" (support 25944811528477); OKX, "II. Option margin"
(okx.com/help/ii-option-margin); Bybit, "Comparison of Spread Strategies in Cross Margin and
Portfolio Margin"; derivexyz/v2-core `StandardManager.sol`.
"""

from decimal import Decimal

from msgspec import Struct

from crossmargin.errors import UnitError
from crossmargin.model.option import OptionRule, Right
from crossmargin.money import ONE, ZERO, exact, quotient_down


class OptionQuote(Struct, frozen=True):
    """What one unit of a short option is margined on.

    Attributes
    ----------
    out_of_the_money : how far, in the quote asset; zero in and at the money.
    forward : price that moneyness is measured against, in the quote asset, above zero.
    mark : the option's mark price, in the margin asset per unit.
    unit_value : of one unit of the underlying in the margin asset: 1 (inverse), index (linear).
    entry : premium received when it was sold, in the margin asset per unit; None where not asked.
    """

    out_of_the_money: Decimal
    forward: Decimal
    mark: Decimal
    unit_value: Decimal = ONE
    entry: Decimal | None = None


class OptionMargin(Struct, frozen=True):
    """Requirements of an option position, in its margin asset; never below zero."""

    initial_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO


class OptionOrder(Struct, frozen=True):
    """An order for options.

    Attributes
    ----------
    size : signed number of contracts, buy positive.
    limit_price : premium per unit of the underlying, in the margin asset.
    fee : an amount (not a rate) per contract, in the margin asset.
    multiplier : units of the underlying in a contract.
    is_closing : whether it takes back a position of the other side.
    """

    size: Decimal
    limit_price: Decimal
    fee: Decimal = ZERO
    multiplier: Decimal = ONE
    is_closing: bool = False


@exact
def out_of_the_money(right: Right, strike: Decimal, underlying_price: Decimal) -> Decimal:
    """Return how far the underlying must move before the option pays; zero if it would pay."""
    return payoff(right.other, strike, underlying_price)


@exact
def payoff(right: Right, strike: Decimal, settlement_price: Decimal) -> Decimal:
    """Return what one unit pays its holder at expiry, in the quote asset; exact."""
    gain = settlement_price - strike if right is Right.CALL else strike - settlement_price
    return max(gain, ZERO)


@exact
def settlement_value(
    size: Decimal, right: Right, strike: Decimal, settlement_price: Decimal, *, is_inverse: bool
) -> Decimal:
    """Return what the account receives at expiry, negative if it pays, in the margin asset.

    Linear: size × payoff, exact. Inverse: size × payoff ÷ settlement price, in the coin, rounded
    down; a put's is without limit as the price falls. `size` is signed, in units of the
    underlying.

    Raises
    ------
    UnitError
        If an inverse option is settled at a price that is not above zero.
    """
    quote_amount = size * payoff(right, strike, settlement_price)
    if not is_inverse:
        return quote_amount
    if settlement_price <= 0:
        raise UnitError(f"the settlement price is {settlement_price}, must be above zero")
    return quotient_down(quote_amount, settlement_price)


@exact
def profit(size: Decimal, premium: Decimal, received: Decimal) -> Decimal:
    """Return what an option made from its trade to its end, in the margin asset; exact.

    Parameters
    ----------
    size : signed, in units of the underlying.
    premium : price it was traded at, per unit: a long paid it, a short received it.
    received : at the end: `settlement_value`, or the signed worth at which it was closed.
    """
    return received - size * premium


@exact
def option_fee(flat_fee: Decimal, premium: Decimal, cap_fraction: Decimal | None) -> Decimal:
    """Return the fee per unit: the flat one, but at most a fraction of the premium; exact.

    `cap_fraction` is None where the venue sets no cap. Source: Deribit, "Fees".
    """
    return flat_fee if cap_fraction is None else min(flat_fee, cap_fraction * premium)


@exact
def short_margin(
    rule: OptionRule, right: Right, quote: OptionQuote, *, factor: Decimal = ONE
) -> OptionMargin:
    """Return what one unit of a short option asks for; rounded up.

    Raises
    ------
    UnitError
        If the forward is not above zero.
    """
    if quote.forward <= 0:
        raise UnitError(f"the forward price is {quote.forward}, must be above zero")
    mine = rule.of(right)
    unit, mark = quote.unit_value, quote.mark
    base = max(mine.maintenance_fraction * unit, mine.maintenance_mark_fraction * mark)
    maintenance = base * factor + mark + rule.fee_reserve_fraction * unit
    # Taken off the requirement, so rounded down.
    relief = quotient_down(quote.out_of_the_money * unit, quote.forward)
    part = max(rule.initial_fraction * unit - relief, rule.initial_floor_fraction * unit)
    premium = max(mark, quote.entry or ZERO) if rule.is_entry_counted else mark
    initial = max(part * factor + premium, mine.initial_to_maintenance * maintenance)
    return OptionMargin(initial, maintenance)


@exact
def option_margin(
    rule: OptionRule, size: Decimal, right: Right, quote: OptionQuote, *, factor: Decimal = ONE
) -> OptionMargin:
    """Return what a position of `size` signed units asks for: nothing if long; rounded up.

    Parameters
    ----------
    size : signed, in units of the underlying (contracts × multiplier).
    factor : at least 1, from the tier of all short positions and sell orders.

    Raises
    ------
    UnitError
        If the forward is not above zero.
    """
    if size >= 0:
        return OptionMargin()
    unit = short_margin(rule, right, quote, factor=factor)
    return OptionMargin(-size * unit.initial_margin, -size * unit.maintenance_margin)


@exact
def order_margin(
    rule: OptionRule,
    order: OptionOrder,
    *,
    position_margin: Decimal = ZERO,
    unit_value: Decimal = ONE,
) -> Decimal:
    """Return what an order for options holds, in the margin asset; exact, never below zero.

    Per contract, premium = limit price × multiplier: buying to open holds premium + fee; selling
    to open the initial margin − premium + fee, at least the rule's floor; selling to close
    fee − premium; buying to close premium − the margin it sets free + fee.

    Parameters
    ----------
    position_margin : initial margin of one contract of the short position that a sale opens or a
        purchase closes.
    unit_value : of one unit of the underlying in the margin asset: 1 (inverse), index (linear).

    Source: OKX, "II. Option margin" (okx.com/help/ii-option-margin), with fees as in its older
    version.
    """
    premium = order.limit_price * order.multiplier
    if order.size > 0:
        freed = position_margin if order.is_closing else ZERO
        held = max(premium - freed + order.fee, ZERO)
    elif order.is_closing:
        held = max(order.fee - premium, ZERO)
    else:
        floor = rule.order_floor_fraction * unit_value * order.multiplier
        held = max(position_margin - premium + order.fee, floor)
    return held * abs(order.size)
