"""The formulas of one position with the numbers in, by its rulebook's method."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.cli.numbers import full
from crossmargin.margin.assessment import Assessment, PositionAssessment
from crossmargin.margin.lookup import index_of, leverage_of, leverage_setting
from crossmargin.margin.option_terms import forward_of
from crossmargin.margin.options import out_of_the_money
from crossmargin.margin.requirement import (
    Exposure,
    closing_reserve,
    fraction_with_open_interest,
    initial_rate,
    price_of,
)
from crossmargin.model.account import MarginMode
from crossmargin.model.instrument import Kind
from crossmargin.model.tiers import Tier
from crossmargin.money import ONE, ZERO, plain, quotient_down
from crossmargin.rulebooks.margin_rule import ClosingFee, InitialMargin, PriceBasis
from crossmargin.rulebooks.schema import Contract


def position_lines(assessment: Assessment, position: PositionAssessment) -> Iterator[str]:
    """Yield notional, profit and requirements; what is unknown says what it lacks."""
    contract = assessment.rulebook.contracts[position.symbol]
    instrument = contract.instrument
    mark, value, pnl = position.mark_price, position.notional, position.unrealised_pnl
    if mark is None or value is None or pnl is None:
        yield f"unknown without the mark price of {position.symbol}"
        return
    size, entry = plain(position.size), full(position.entry_price)
    count = "" if instrument.multiplier == 1 else f" × {full(instrument.multiplier)}"
    if instrument.kind.is_inverse:
        yield f"notional = |{size}|{count} ÷ {full(mark)} = {full(value)} {instrument.settle}"
        yield f"unrealised profit = {size}{count} × (1 ÷ {entry} − 1 ÷ {full(mark)}) = {full(pnl)}"
    else:
        yield f"notional = |{size}|{count} × {full(mark)} = {full(value)} {instrument.settle}"
        yield f"unrealised profit = {size}{count} × ({full(mark)} − {entry}) = {full(pnl)}"
    if assessment.has_scenarios:
        yield from _alone(position)
    elif contract.option is not None:
        yield from _option(assessment, position, contract)
    elif contract.tiers is None or position.tier is None or position.maintenance_margin is None:
        leverage = leverage_of(position.symbol, assessment.account, assessment.rulebook)
        if position.initial_margin is not None:
            yield (
                f"initial margin = {full(value)} ÷ {full(leverage)} = "
                f"{full(position.initial_margin)}"
            )
        yield f"maintenance margin is unknown without the tiers of {position.symbol}"
    else:
        tier = contract.tiers.pieces[position.tier - 1]
        if position.initial_margin is None:
            yield f"initial margin is unknown without the {position.initial_missing}"
        else:
            yield _initial(assessment, position, contract, tier)
        yield _maintenance(assessment, position, contract, tier)


def _option(
    assessment: Assessment, position: PositionAssessment, contract: Contract
) -> Iterator[str]:
    if position.maintenance_margin is None:
        yield f"its requirements are unknown without the {position.missing}"
    elif position.size > 0:
        yield "a long option is paid for: it asks for nothing, and is no collateral"
        yield "its profit is not in equity: what it was bought for has left the wallet"
    else:
        yield from _short_option(assessment, position, contract)
        yield (
            "its profit is not in equity: what it was sold for is in the wallet, and what it is "
            "worth is asked as margin"
        )


def _short_option(
    assessment: Assessment, position: PositionAssessment, contract: Contract
) -> Iterator[str]:
    # `margin.options.short_margin` with the numbers in.
    instrument, market = contract.instrument, assessment.market
    method, terms, mark = contract.option, instrument.option, position.mark_price
    if method is None or terms is None or mark is None:
        return
    index = market.index[instrument.base]
    forward = forward_of(instrument, index, market)
    unit = ONE if instrument.kind is Kind.INVERSE_OPTION else index
    rule, mine, value = method.rule, method.rule.of(terms.right), full(unit)
    away = out_of_the_money(terms.right, terms.strike, forward)
    relief = full(quotient_down(away * unit, forward))
    size = full(-position.size * instrument.multiplier)
    is_by_entry = rule.is_entry_counted and position.entry_price > mark
    premium = f"entry {full(position.entry_price)}" if is_by_entry else f"mark {full(mark)}"
    part = (
        f"max({_percent(rule.initial_fraction)} × {value} − {relief}, "
        f"{_percent(rule.initial_floor_fraction)} × {value}) + {premium}"
    )
    if mine.initial_to_maintenance:
        part = f"max({part}, {full(mine.initial_to_maintenance)} × its maintenance margin)"
    yield f"out of the money by {full(away)} of {full(forward)}, of one {value}: {relief}"
    yield f"initial margin = {size} × ({part}) = {full(position.initial_margin or ZERO)}"
    base = f"{_percent(mine.maintenance_fraction)} × {value}"
    if mine.maintenance_mark_fraction:
        base = f"max({base}, {_percent(mine.maintenance_mark_fraction)} × mark {full(mark)})"
    if rule.fee_reserve_fraction:
        base += f" + {_percent(rule.fee_reserve_fraction)} × {value} for fees"
    yield (
        f"maintenance margin = {size} × ({base} + mark {full(mark)}) = "
        f"{full(position.maintenance_margin or ZERO)}"
    )


def _alone(position: PositionAssessment) -> Iterator[str]:
    # In portfolio mode nothing is asked of a position: its unit is below.
    if position.initial_margin is None or position.maintenance_margin is None:
        yield "what it would be asked for alone is unknown: the missing is named below"
        return
    yield (
        f"alone it would be asked for {full(position.initial_margin)} initially and "
        f"{full(position.maintenance_margin)} to be kept"
    )
    if not position.is_collateral:
        yield "what it is worth is in equity: its premium has left or entered the wallet"


def _initial(
    assessment: Assessment, position: PositionAssessment, contract: Contract, tier: Tier
) -> str:
    rule = assessment.rulebook.margin
    asked = full(position.initial_margin or ZERO)
    if rule.initial is InitialMargin.MULTIPLE:
        maintenance = full(position.maintenance_margin or ZERO)
        return f"initial margin = {full(rule.initial_multiple or ZERO)} × {maintenance} = {asked}"
    is_isolated = position.mode is MarginMode.ISOLATED
    basis = rule.initial_price_isolated if is_isolated else rule.initial_price_cross
    exposure = _exposure(assessment, position, contract, basis)
    leverage = leverage_setting(position.symbol, assessment.account, assessment.rulebook)
    fraction = fraction_with_open_interest(
        tier, contract, position.mark_price or ZERO, assessment.market
    )
    rate = initial_rate(tier) if fraction is None or isinstance(fraction, str) else fraction
    rate += tier.growth * exposure.coins
    is_by_rate = leverage is None or (rule.initial is InitialMargin.LADDER and rate * leverage > 1)
    how = f"× {_percent(rate)}" if leverage is None or is_by_rate else f"÷ {full(leverage)}"
    reserve = _reserve(assessment, position, contract)
    return f"initial margin = {full(exposure.value)}{_at(basis)} {how}{reserve} = {asked}"


def _maintenance(
    assessment: Assessment, position: PositionAssessment, contract: Contract, tier: Tier
) -> str:
    rule = assessment.rulebook.margin
    exposure = _exposure(assessment, position, contract, rule.maintenance_price)
    rate = _percent(tier.rate + tier.growth * exposure.coins)
    if rule.closing_fee is ClosingFee.MARK:
        rate = f"({rate} + closing fee {_percent(rule.closing_fee_rate)})"
    deduction = tier.deduction
    if deduction and contract.tiers is not None and contract.tiers.is_by_size:
        # A size then, taken off at what that much is worth.
        deduction = quotient_down(deduction * exposure.value, exposure.size)
    asked = position.maintenance_margin or ZERO
    closing = rule.closing_fee_rate if rule.closing_fee is ClosingFee.MARK else ZERO
    unrounded = exposure.value * (tier.rate + tier.growth * exposure.coins + closing) - deduction
    rounded = ", rounded up" if rule.money_step is not None and asked > unrounded else ""
    return (
        f"maintenance margin = {full(exposure.value)}{_at(rule.maintenance_price)} × {rate} − "
        f"{full(deduction)}{_reserve(assessment, position, contract)} = {full(asked)}{rounded}   "
        f"(tier {position.tier}, from {full(tier.floor)})"
    )


def _exposure(
    assessment: Assessment, position: PositionAssessment, contract: Contract, basis: PriceBasis
) -> Exposure:
    mark = position.mark_price or position.entry_price
    index = index_of(contract, mark, assessment.market)
    price = price_of(basis, position.position, mark, index)
    return Exposure.of_size(position.size, price, contract.instrument)


def _reserve(assessment: Assessment, position: PositionAssessment, contract: Contract) -> str:
    leverage = leverage_of(position.symbol, assessment.account, assessment.rulebook)
    rule = assessment.rulebook.margin
    reserve = closing_reserve(position.position, contract.instrument, leverage, rule)
    return f" + closing fee {full(reserve)}" if reserve else ""


def _at(basis: PriceBasis) -> str:
    return "" if basis is PriceBasis.MARK else f" (at {basis})"


def _percent(rate: Decimal) -> str:
    return f"{full(rate * 100)} %"
