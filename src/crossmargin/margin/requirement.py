"""What a position is asked for where the method is more than rates at the mark.

`assess` has the plain method (initial margin notional ÷ leverage, maintenance margin the
ladder's) inside its loop. Everything else that a `MarginRule` can say is here: initial rates of
the ladder's own, rates that grow with size or with the market's open interest, tiers by size,
requirements at the index or at entry, the fee of closing kept back, and rounding to a step.

Requirements round up, at 50 digits where a division does not end.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from msgspec import Struct

from crossmargin.errors import InvariantBroken
from crossmargin.margin.fractions import initial_margin as stepped_initial_margin
from crossmargin.margin.fractions import scaled_initial_fraction
from crossmargin.margin.pnl import notional
from crossmargin.model.account import MarginMode, Position
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, down_to, quotient_down, quotient_up, up_to
from crossmargin.rulebooks.margin_rule import ClosingFee, InitialMargin, MarginRule, PriceBasis
from crossmargin.rulebooks.schema import Contract

_AS_IT_WAS = Context(prec=40, rounding=ROUND_HALF_EVEN)


class Exposure(Struct, frozen=True):
    """How much of a contract requirements are computed on; none of them negative.

    Attributes
    ----------
    value : notional in the settle asset.
    coins : the same in the base asset.
    size : the same in the instrument's unit.
    """

    value: Decimal
    coins: Decimal
    size: Decimal

    @classmethod
    def of_size(cls, size: Decimal, price: Decimal, instrument: Instrument) -> "Exposure":
        """Return the exposure of a signed size at a price."""
        value = notional(size, price, instrument)
        is_inverse = instrument.kind.is_inverse
        coins = value if is_inverse else abs(size * instrument.multiplier)
        return cls(value, coins, abs(size))

    @classmethod
    def of_value(cls, value: Decimal, price: Decimal, instrument: Instrument) -> "Exposure":
        """Return the exposure that a notional is at a price; coins rounded up at 50 digits.

        Its size is rounded to the nearest at 40, so that a size which became a notional at the
        same price is itself again, and in its own tier where it is on a floor.
        """
        if instrument.kind.is_inverse:
            return cls(value, value, _AS_IT_WAS.divide(value * price, instrument.multiplier))
        coins = quotient_up(value, price)
        return cls(value, coins, _AS_IT_WAS.divide(coins, instrument.multiplier))


def tier_number(exposure: Exposure, tiers: Tiers) -> int | None:
    """Return the position in `tiers.pieces` of the piece that holds; None above `known_to`."""
    measure = exposure.size if tiers.is_by_size else exposure.value
    if tiers.known_to is not None and measure > tiers.known_to:
        return None
    return tiers.index(measure)


def maintenance_margin(
    exposure: Exposure, tier: Tier, rule: MarginRule, *, is_by_size: bool = False
) -> Decimal:
    """Return value × (rate + growth × coins + closing fee) − deduction, without what is fixed.

    On a ladder by size the deduction is a size, taken at what that much is worth, rounded down.

    With a money step the base initial margin is rounded up first, and then its share. Source:
    dYdX v4-chain, `x/perpetuals/lib`; Deribit, "Standard margin"; OKX, Bitget and Gate add the
    taker fee to the rate.
    """
    step = rule.money_step
    if step is not None and tier.initial_rate is not None:
        base = stepped_initial_margin(down_to(step, exposure.value), tier.initial_rate, step)
        # Divided last: a share that does not end must not add a step to a margin that does.
        return up_to(step, quotient_up(base * tier.rate, tier.initial_rate))
    rate = tier.rate + tier.growth * exposure.coins
    if rule.closing_fee is ClosingFee.MARK:
        rate += rule.closing_fee_rate
    deduction = tier.deduction
    if is_by_size and deduction:
        deduction = quotient_down(deduction * exposure.value, exposure.size)
    return exposure.value * rate - deduction


def initial_margin(
    exposure: Exposure,
    tier: Tier,
    rule: MarginRule,
    leverage: Decimal | None,
    initial_fraction: Decimal | None = None,
    *,
    is_by_size: bool = False,
) -> Decimal:
    """Return what opening `exposure` asks for, without what is fixed.

    Parameters
    ----------
    leverage : the setting; None where nobody chose one and the ladder alone says.
    initial_fraction : instead of the tier's initial rate, where open interest has raised it.
    """
    if rule.initial is InitialMargin.MULTIPLE:
        if rule.initial_multiple is None:
            raise InvariantBroken("a multiple of maintenance margin is asked, but not which")
        maintenance = maintenance_margin(exposure, tier, rule, is_by_size=is_by_size)
        return rule.initial_multiple * maintenance
    asked = ZERO
    value = exposure.value if rule.money_step is None else down_to(rule.money_step, exposure.value)
    if leverage is not None:
        asked = quotient_up(value, leverage)
    if rule.initial is InitialMargin.LADDER or leverage is None:
        rate = initial_rate(tier) if initial_fraction is None else initial_fraction
        asked = max(asked, value * (rate + tier.growth * exposure.coins))
    return asked if rule.money_step is None else up_to(rule.money_step, asked)


def initial_rate(tier: Tier) -> Decimal:
    """Return the tier's initial rate, else 1 ÷ its largest leverage; rounded up."""
    if tier.initial_rate is not None:
        return tier.initial_rate
    return quotient_up(ONE, tier.leverage_max)


def fraction_with_open_interest(
    tier: Tier, contract: Contract, price: Decimal, market: Market
) -> Decimal | str | None:
    """Return the initial fraction that the market's open interest asks for.

    None where the contract's does not depend on it, and the name of what is missing where it does
    and the market does not say it. Source: dYdX v4-chain, `x/perpetuals/types/liquidity_tier.go`.
    """
    caps = contract.open_interest
    if caps is None:
        return None
    symbol = contract.instrument.symbol
    size = market.open_interest.get(symbol)
    if size is None:
        return f"open interest of {symbol}"
    open_value = notional(size, price, contract.instrument)
    return scaled_initial_fraction(initial_rate(tier), open_value, caps.lower, caps.upper)


def closing_reserve(
    position: Position, instrument: Instrument, leverage: Decimal, rule: MarginRule
) -> Decimal:
    """Return the fee of closing at bankruptcy that requirements keep back; rounded up.

    The bankruptcy price is the one at which the margin is used up, the fee included: an isolated
    position's margin is its bucket's, a cross one's is its entry notional ÷ leverage. So it does
    not move with the mark. Source: Bybit, "Initial margin" and "Liquidation price" of the unified
    account.
    """
    if rule.closing_fee is not ClosingFee.BANKRUPTCY or not position.size:
        return ZERO
    fee = rule.closing_fee_rate
    opened = notional(position.size, position.entry_price, instrument)
    # A linear long is worth less at bankruptcy, an inverse one more coins.
    is_worth_less = (position.size > 0) != instrument.kind.is_inverse
    sign = ONE if is_worth_less else -ONE
    if position.mode is MarginMode.ISOLATED:
        at_bankruptcy = quotient_up(opened - sign * position.margin, ONE - sign * fee)
    else:
        # What is left of a falling value is rounded up as well.
        part = (quotient_down if is_worth_less else quotient_up)(opened, leverage)
        at_bankruptcy = opened - sign * part
    return max(ZERO, fee * at_bankruptcy)


def price_of(basis: PriceBasis, position: Position, mark: Decimal, index: Decimal) -> Decimal:
    """Return the price that `basis` names."""
    if basis is PriceBasis.ENTRY:
        return position.entry_price
    return index if basis is PriceBasis.INDEX else mark
