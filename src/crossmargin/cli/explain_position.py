"""The formulas of one position with the numbers in, by its rulebook's method."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.cli.numbers import full
from crossmargin.margin.assessment import Assessment, PositionAssessment
from crossmargin.margin.lookup import index_of, leverage_of, leverage_setting
from crossmargin.margin.requirement import (
    Exposure,
    closing_reserve,
    fraction_with_open_interest,
    initial_rate,
    price_of,
)
from crossmargin.model.account import MarginMode
from crossmargin.model.tiers import Tier
from crossmargin.money import ZERO, plain
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
    if contract.option is not None:
        yield from _option(position)
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
        yield _initial(assessment, position, contract, tier)
        yield _maintenance(assessment, position, contract, tier)


def _option(position: PositionAssessment) -> Iterator[str]:
    if position.maintenance_margin is None:
        yield f"its requirements are unknown without the {position.missing}"
    elif position.size > 0:
        yield "a long option is paid for: it asks for nothing, and is no collateral"
    else:
        yield f"initial margin = {full(position.initial_margin or ZERO)} (the mark within it)"
        yield f"maintenance margin = {full(position.maintenance_margin)} (the mark within it)"


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
    rounded = ", rounded up" if rule.money_step is not None else ""
    return (
        f"maintenance margin = {full(exposure.value)}{_at(rule.maintenance_price)} × {rate} − "
        f"{full(tier.deduction)}{_reserve(assessment, position, contract)} = "
        f"{full(position.maintenance_margin or ZERO)}{rounded}   "
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
