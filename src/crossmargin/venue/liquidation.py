"""The liquidation ladder: what a venue does next to a pool or bucket that has failed.

`next_action` decides one step and changes nothing; somebody else carries it out (the paper venue
through its book, `venue.execution` over a stated liquidity model), looks again, and asks again.
So there is one ladder, and a partial fill or a price that moves meanwhile needs no special case.

Which steps there are is the rulebook's. Binance's ladder: cancel the open orders; reduce through
lower tiers while that can restore health, because a smaller position is charged a lower rate;
otherwise the insurance fund takes everything at prices that use up the equity exactly. A
reduction that its own fee and slippage would make useless is not tried: small accounts in the
first tier are taken over whole. Other venues cut two tiers at once, close a fixed part or a whole
position at a time, and take over as soon as equity is too small a part of what is required.

Which position goes first most venues do not publish; the rulebook names the assumption.
"""

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
    worst_of,
)
from crossmargin.margin.collateral import amount_of, worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import collateral_rates, leverage_of
from crossmargin.margin.takeover import Takeover, takeovers
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Order, Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down, quotient_up
from crossmargin.rulebooks.procedure import LadderStep, Liquidation, PositionChoice
from crossmargin.rulebooks.schema import Contract, Rulebook
from crossmargin.venue.posting import Posted, post_fill
from crossmargin.venue.reduction import first_order_size

FillPrice: TypeAlias = Callable[[Decimal, Decimal, Instrument], Decimal]
"""Signed size, mark price and instrument in; the average price a market order would get out."""


TIERS_AT_ONCE = {LadderStep.REDUCE_TO_LOWER_TIER: 1, LadderStep.REDUCE_BY_TWO_TIERS: 2}
"""How many tiers a step that reduces by tiers goes down at least."""


class CancelOrders(Struct, frozen=True):
    """Cancel these orders; their margin is released."""

    orders: tuple[Order, ...]


class Reduce(Struct, frozen=True):
    """Trade `size` (signed, against the position) at market.

    Attributes
    ----------
    tier : the one it leads into, where that is what the step is for.
    limit : the worst price it may trade at; None takes any. An isolated position is traded no
        further than its bucket pays loss and fee: what is beyond that is a takeover's.
    """

    symbol: str
    side: Side
    size: Decimal
    step: LadderStep
    tier: int | None = None
    limit: Decimal | None = None

    def may_trade_at(self, price: Decimal) -> bool:
        """Return whether a price is no worse than the limit."""
        if self.limit is None:
            return True
        return price <= self.limit if self.size > 0 else price >= self.limit


class TakeOver(Struct, frozen=True):
    """Hand these positions to the insurance fund at these prices."""

    takeovers: tuple[Takeover, ...]


Action: TypeAlias = CancelOrders | Reduce | TakeOver


def failed_unit(assessment: Assessment, left_alone: Collection[str] = ()) -> UnitAssessment | None:
    """Return the least healthy unit that the trigger condemns; None if there is none.

    A unit whose health is unknown is never liquidated, but does not protect the others, nor do
    those whose names are in `left_alone` (their prices are not to be acted upon).
    """
    failed = tuple(
        unit for unit in assessment.units if unit.is_liquidatable and unit.name not in left_alone
    )
    return worst_of(failed) if failed else None


def health_of(assessment: Assessment, name: str) -> Health | None:
    """Return the health of the pool or bucket called `name`; None if there is none, or unknown."""
    return next((unit.health for unit in assessment.units if unit.name == name), None)


@exact
def next_action(
    assessment: Assessment,
    unit: UnitAssessment,
    fill_price: FillPrice,
    dry: Collection[str] = (),
) -> Action:
    """Return the ladder's next step for a failed pool or bucket of `assessment`.

    Parameters
    ----------
    dry : symbols whose book gives nothing: their positions cannot be reduced.
    """
    rules = assessment.rulebook.liquidation
    if LadderStep.CANCEL_ORDERS in rules.steps:
        orders = _orders_of(unit, assessment)
        if orders:
            return CancelOrders(orders)
    if not _is_beyond_backstop(unit, rules):
        for step in rules.steps:
            reduction = None
            if step in TIERS_AT_ONCE:
                reduction = _reduction(assessment, unit, fill_price, step, dry)
            elif step in (LadderStep.REDUCE_BY_FRACTION, LadderStep.CLOSE_POSITION):
                reduction = _part(assessment, unit, step, dry)
            if reduction is not None:
                return replace(reduction, limit=_limit(assessment, unit))
    return TakeOver(_takeovers(assessment, unit))


def positions_of(assessment: Assessment, unit: UnitAssessment) -> tuple[PositionAssessment, ...]:
    """Return the open positions that `unit` backs."""
    if unit.kind is UnitKind.BUCKET:
        return tuple(
            p for p in assessment.positions if (p.symbol, p.side) == (unit.symbol, unit.side)
        )
    is_multi = assessment.account.assets_mode is AssetsMode.MULTI
    contracts = assessment.rulebook.contracts
    return tuple(
        p
        for p in assessment.positions
        if p.mode is MarginMode.CROSS
        and p.size
        and (is_multi or contracts[p.symbol].instrument.settle == unit.asset)
    )


def liquidation_fill(
    account: Account, rulebook: Rulebook, reduction: Reduce, price: Decimal
) -> Posted:
    """Return the account after a reduction filled at `price`, the liquidation fee paid."""
    is_hedge = account.position_mode is PositionMode.HEDGE
    return post_fill(
        account,
        rulebook.contracts[reduction.symbol].instrument,
        reduction.size,
        price,
        fee_fraction=rulebook.fees.liquidation,
        leverage=leverage_of(reduction.symbol, account, rulebook),
        side=reduction.side if is_hedge else None,
        is_liquidation=True,
    )


def _orders_of(unit: UnitAssessment, assessment: Assessment) -> tuple[Order, ...]:
    account = assessment.account
    if unit.kind is UnitKind.BUCKET:
        return tuple(
            order
            for order in account.orders
            if order.symbol == unit.symbol and order.side in (None, unit.side)
        )
    # A pool holds the margin of isolated symbols' orders too, so they go with the others.
    if account.assets_mode is AssetsMode.MULTI:
        return account.orders
    contracts = assessment.rulebook.contracts
    return tuple(
        order for order in account.orders if contracts[order.symbol].instrument.settle == unit.asset
    )


def _is_beyond_backstop(unit: UnitAssessment, rules: Liquidation) -> bool:
    if unit.health is None:
        return False
    if unit.health.equity <= 0:
        return True  # Nothing of the owner's is left that a smaller position could keep.
    if rules.backstop_health is None:
        return False
    return unit.health.maintenance_margin > rules.backstop_health * unit.health.equity


def _part(
    assessment: Assessment, unit: UnitAssessment, step: LadderStep, dry: Collection[str]
) -> Reduce | None:
    # A fixed part of the first position, or all of it; rounded up to the lot.
    rulebook = assessment.rulebook
    for position in _in_order(positions_of(assessment, unit), rulebook):
        if position.symbol in dry:
            continue
        instrument = rulebook.contracts[position.symbol].instrument
        size = abs(position.size)
        if step is LadderStep.REDUCE_BY_FRACTION:
            size = first_order_size(
                size,
                position.notional or ZERO,
                whole_up_to_usd=rulebook.liquidation.whole_below or ZERO,
                part_fraction=rulebook.liquidation.fraction or ONE,
                lot=instrument.lot or EIGHT_PLACES,
            )
        signed = -size if position.size > 0 else size
        return Reduce(position.symbol, position.side, signed, step)
    return None


def _reduction(
    assessment: Assessment,
    unit: UnitAssessment,
    fill_price: FillPrice,
    step: LadderStep,
    dry: Collection[str],
) -> Reduce | None:
    # The first step of the shortest plan that restores health: position by position in the
    # rulebook's order, tier by tier (or two by two) downwards. Positions passed on the way stay
    # reduced as far as their lowest tier. Without such a plan nothing is reduced.
    account, market, rulebook = assessment.account, assessment.market, assessment.rulebook
    first = None
    for position in _in_order(positions_of(assessment, unit), rulebook):
        if position.symbol in dry:
            continue
        contract = rulebook.contracts[position.symbol]
        mark = market.marks[position.symbol]
        reached, lowest = account, None
        at_once = TIERS_AT_ONCE[step]
        for target in range((position.tier or 1) - at_once, 0, -at_once):
            size = _size_down_to(target, position, contract)
            if size == -position.size:
                break  # Not one lot fits into the tier: that would be a close, not a reduction.
            lowest = Reduce(position.symbol, position.side, size, step, target)
            price = fill_price(size, mark, contract.instrument)
            reached = liquidation_fill(account, rulebook, lowest, price).account
            if _is_healthy(reached, market, rulebook, unit.name):
                return first or lowest
        first, account = first or lowest, reached
    return None


def _limit(assessment: Assessment, unit: UnitAssessment) -> Decimal | None:
    # Where closing a bucket's position leaves nothing of it: its takeover price, less the fee.
    if unit.kind is UnitKind.POOL:
        return None
    rulebook = assessment.rulebook
    (takeover,) = _takeovers(assessment, unit)
    if takeover.price is None:
        return None  # No price above zero costs as much.
    fee = rulebook.fees.liquidation.copy_sign(takeover.size)
    if rulebook.contracts[takeover.symbol].instrument.kind.is_inverse:
        return takeover.price * (ONE + fee)
    return (quotient_up if takeover.size > 0 else quotient_down)(takeover.price, ONE - fee)


def _in_order(
    positions: tuple[PositionAssessment, ...], rulebook: Rulebook
) -> list[PositionAssessment]:
    def weight(position: PositionAssessment) -> Decimal:
        if rulebook.liquidation.first_position is PositionChoice.LARGEST_LOSS:
            return -(position.unrealised_pnl or ZERO)
        return position.maintenance_margin or ZERO

    return sorted(positions, key=weight, reverse=True)


def _size_down_to(tier: int, position: PositionAssessment, contract: Contract) -> Decimal:
    # The smallest signed size whose trade leaves the notional inside `tier` (counted from 1).
    tiers, mark, instrument = contract.tiers, position.mark_price, contract.instrument
    if tiers is None or mark is None:
        raise InvariantBroken(f"{position.symbol} is liquidated without a mark price or ladder")
    ceiling = tiers.floors[tier]
    if tiers.is_by_size:
        exact_size = ceiling
    elif instrument.kind.is_inverse:
        exact_size = quotient_down(ceiling * mark, instrument.multiplier)
    else:
        exact_size = quotient_down(ceiling, mark * instrument.multiplier)
    lot = instrument.lot or EIGHT_PLACES
    kept = down_to(lot, exact_size)
    if tiers.is_floor_included and kept == exact_size:
        kept -= lot
    cut = abs(position.size) - kept
    return -cut if position.size > 0 else cut


def _is_healthy(account: Account, market: Market, rulebook: Rulebook, name: str) -> bool:
    stop = rulebook.liquidation.stop_health
    units = assess(account, market, rulebook).units
    return all(
        unit.health
        and not unit.is_liquidatable
        and (stop == ONE or unit.health.maintenance_margin <= stop * unit.health.equity)
        for unit in units
        if unit.name == name
    )


def _takeovers(assessment: Assessment, unit: UnitAssessment) -> tuple[Takeover, ...]:
    # In multi-assets mode each settle asset's positions take its part of the equity in USD.
    if unit.health is None:
        raise InvariantBroken(f"{unit.name} is taken over while its health is unknown")
    positions = positions_of(assessment, unit)
    if not positions:
        return ()  # Debt is all that is left; the fund takes that over.
    contracts = assessment.rulebook.contracts
    instruments = [contracts[position.symbol].instrument for position in positions]
    if unit.kind is UnitKind.POOL and assessment.account.assets_mode is AssetsMode.MULTI:
        return _takeovers_in_usd(assessment, unit.health, positions, instruments)
    return takeovers(positions, instruments, unit.health.equity)


def _takeovers_in_usd(
    assessment: Assessment,
    health: Health,
    positions: tuple[PositionAssessment, ...],
    instruments: list[Instrument],
) -> tuple[Takeover, ...]:
    found: list[Takeover] = []
    settles = list(dict.fromkeys(instrument.settle for instrument in instruments))
    left = health.equity
    for settle in settles:
        rates = collateral_rates(settle, assessment.market, assessment.rulebook)
        if isinstance(rates, str):
            raise InvariantBroken(f"{settle} positions are taken over without {rates}")
        own = [(p, i) for p, i in zip(positions, instruments, strict=True) if i.settle == settle]
        part = left
        if settle != settles[-1]:
            asked = sum((p.maintenance_margin or ZERO for p, _ in own), ZERO) * rates.ask
            part = quotient_down(health.equity * asked, health.maintenance_margin)
        left -= part
        # What is held converts at another rate than what is owed, and a share may turn one into
        # the other: it is what brings the worth of the asset down by its part.
        held = assessment.account.balances.get(settle, ZERO)
        held += sum((p.unrealised_pnl or ZERO for p, _ in own), ZERO)
        share = held - amount_of(worth(held, rates) - part, rates)
        found += takeovers([p for p, _ in own], [i for _, i in own], share)
    return tuple(found)
