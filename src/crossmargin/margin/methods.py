"""One position judged by a rulebook's method, whatever that is.

`assess` calls this for every method but the plain one, which it has inside its loop. The numbers
are worked out in `requirement`; here the account, the market and the rulebook are asked for what
it needs, and what they do not say becomes a remark.
"""

from crossmargin.margin.assessment import PositionAssessment
from crossmargin.margin.lookup import index_of, leverage_of, leverage_setting
from crossmargin.margin.option_positions import assess_option
from crossmargin.margin.pnl import notional_and_pnl
from crossmargin.margin.requirement import (
    Exposure,
    closing_reserve,
    fraction_with_open_interest,
    initial_margin,
    maintenance_margin,
    price_of,
    tier_number,
)
from crossmargin.margin.scenarios.path import mark_of
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.money import ZERO, down_to
from crossmargin.rulebooks.margin_rule import MarginRule, PriceBasis
from crossmargin.rulebooks.schema import Contract, Rulebook


def assess_position(
    position: Position,
    contract: Contract,
    account: Account,
    market: Market,
    rulebook: Rulebook,
    remarks: dict[str, None],
) -> PositionAssessment:
    """Return what the rulebook's method makes of one position; money in the settle asset."""
    rule, instrument, size = rulebook.margin, contract.instrument, position.size
    mark = mark_of(instrument, market)
    if not size:
        return PositionAssessment(position, mark, ZERO, ZERO, ZERO, ZERO, None)
    if mark is None:
        return PositionAssessment(position, mark)
    if contract.option is not None:
        return assess_option(position, mark, contract, market, remarks)
    value, pnl = notional_and_pnl(size, position.entry_price, mark, instrument)
    if rule.money_step is not None:
        # A signed notional is cut towards zero, which a short gains and a long loses by.
        cut = value - down_to(rule.money_step, value)
        value, pnl = value - cut, pnl - cut if size > 0 else pnl + cut
    tiers = contract.tiers
    index = index_of(contract, mark, market)
    kept = price_of(rule.maintenance_price, position, mark, index)
    exposure = Exposure.of_size(size, kept, instrument)
    number = None if tiers is None else tier_number(exposure, tiers)
    if tiers is None or number is None:
        return PositionAssessment(position, mark, value, pnl)
    tier = tiers.pieces[number]
    reserve = closing_reserve(
        position, instrument, leverage_of(position.symbol, account, rulebook), rule
    )
    fraction = fraction_with_open_interest(tier, contract, mark, market)
    _remark(contract, market, rule, remarks)
    is_isolated = position.mode is MarginMode.ISOLATED
    basis = rule.initial_price_isolated if is_isolated else rule.initial_price_cross
    opened = exposure
    if basis is not rule.maintenance_price:
        opened = Exposure.of_size(size, price_of(basis, position, mark, index), instrument)
    leverage = leverage_setting(position.symbol, account, rulebook, remarks)
    by_size = tiers.is_by_size
    initial = None
    if not isinstance(fraction, str):
        initial = initial_margin(opened, tier, rule, leverage, fraction, is_by_size=by_size)
        initial += reserve
    return PositionAssessment(
        position,
        mark,
        value,
        pnl,
        initial,
        maintenance_margin(exposure, tier, rule, is_by_size=by_size) + reserve,
        number + 1,
        transfer_floor=rule.transfer_floor * value,
        initial_missing=fraction if isinstance(fraction, str) else None,
    )


def _remark(contract: Contract, market: Market, rule: MarginRule, remarks: dict[str, None]) -> None:
    # What the account does not say and what is taken instead.
    instrument = contract.instrument
    if rule.maintenance_price is PriceBasis.INDEX and instrument.base not in market.index:
        remarks[
            f"The index of {instrument.base} is not given: {instrument.symbol} is margined at its "
            "mark price."
        ] = None
