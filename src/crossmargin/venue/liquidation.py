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

from collections.abc import Collection, Iterable
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
    worst_of,
)
from crossmargin.margin.collateral import amount_of, worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import collateral_rates
from crossmargin.margin.takeover import Takeover, takeovers
from crossmargin.model.account import AccountMode, AssetsMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Order
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down, quotient_up
from crossmargin.rulebooks.procedure import LadderStep, Liquidation, PositionChoice
from crossmargin.rulebooks.schema import Contract, Rulebook
from crossmargin.venue.actions import (
    Action,
    Auction,
    CancelOrders,
    FillPrice,
    Reduce,
    TakeOver,
    is_healthy,
    liquidation_fill,
    positions_of,
)
from crossmargin.venue.auction import AuctionedAccount, sufficient_fraction
from crossmargin.venue.portfolio_ladder import STEPS as PORTFOLIO_STEPS
from crossmargin.venue.portfolio_ladder import portfolio_trades
from crossmargin.venue.reduction import first_order_size

TIERS_AT_ONCE = {LadderStep.REDUCE_TO_LOWER_TIER: 1, LadderStep.REDUCE_BY_TWO_TIERS: 2}
"""How many tiers a step that reduces by tiers goes down at least."""


def failed_unit(assessment: Assessment, left_alone: Collection[str] = ()) -> UnitAssessment | None:
    """Return the least healthy unit that the trigger condemns; None if there is none.

    A unit whose health is unknown is never liquidated, but does not protect the others, nor do
    those whose names are in `left_alone` (their prices are not to be acted upon).
    """
    failed = tuple(
        unit for unit in assessment.units if unit.is_liquidatable and unit.name not in left_alone
    )
    return worst_of(failed) if failed else None


def steps_of(assessment: Assessment) -> tuple[LadderStep, ...]:
    """Return the steps of the venue's ladder for an account of this mode."""
    rules = assessment.rulebook.liquidation
    if assessment.account.mode is AccountMode.PORTFOLIO and rules.portfolio_steps:
        return rules.portfolio_steps
    return rules.steps


def health_of(assessment: Assessment, name: str) -> Health | None:
    """Return the health of the pool or bucket called `name`; None if there is none, or unknown."""
    return next((unit.health for unit in assessment.units if unit.name == name), None)


@exact
def next_action(
    assessment: Assessment,
    unit: UnitAssessment,
    fill_price: FillPrice,
    dry: Collection[str] = (),
    *,
    is_auctioned: bool = False,
) -> Action:
    """Return the ladder's next step for a failed pool or bucket of `assessment`.

    Parameters
    ----------
    dry : symbols whose book gives nothing: their positions cannot be reduced.
    is_auctioned : whether there may be a bidder for portfolios, where the ladder has auctions;
        else all is taken over.
    """
    rules = assessment.rulebook.liquidation
    steps, is_portfolio = steps_of(assessment), assessment.account.mode is AccountMode.PORTFOLIO
    if LadderStep.CANCEL_ORDERS in steps:
        orders = _orders_of(unit, assessment)
        if orders:
            return CancelOrders(orders)
    if not _is_beyond_backstop(unit, rules):
        for step in steps:
            reduction = None
            if step in TIERS_AT_ONCE:
                reduction = _reduction(assessment, unit, fill_price, step, dry)
            elif step in (LadderStep.REDUCE_BY_FRACTION, LadderStep.CLOSE_POSITION):
                reduction = _part(assessment, unit, step, dry)
            elif step in PORTFOLIO_STEPS:
                trades = portfolio_trades(assessment, unit, fill_price, step, dry)
                if trades is not None:
                    return trades
            elif step is LadderStep.AUCTION and is_auctioned and is_portfolio:
                auction = _auction(unit, rules)
                if auction is not None:
                    return auction
            if reduction is not None:
                return replace(reduction, limit=_limit(assessment, unit))
    return TakeOver(_takeovers(assessment, unit))


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
            if is_healthy(reached, market, rulebook, unit.name):
                return first or lowest
        first, account = first or lowest, reached
    return None


def _auction(unit: UnitAssessment, rules: Liquidation) -> Auction | None:
    # The slice that is enough at what an auction asks as it begins. What is worth nothing nobody
    # buys: it is given away with money on top, which is what a takeover does.
    if unit.health is None or unit.health.equity <= 0:
        return None
    equity, maintenance = unit.health.equity, unit.health.maintenance_margin
    account = AuctionedAccount(equity - maintenance, equity)
    fraction = sufficient_fraction(
        account, rules.auction_buffer_fraction, rules.auction_price_fraction
    )
    return Auction(fraction, rules.auction_price_fraction) if fraction else None


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


def _takeovers(assessment: Assessment, unit: UnitAssessment) -> tuple[Takeover, ...]:
    # In multi-assets mode each settle asset's positions take its part of the equity in USD.
    if unit.health is None:
        raise InvariantBroken(f"{unit.name} is taken over while its health is unknown")
    positions = positions_of(assessment, unit)
    if not positions:
        return ()  # Debt is all that is left; the fund takes that over.
    contracts = assessment.rulebook.contracts
    instruments = [contracts[position.symbol].instrument for position in positions]
    equity = unit.health.equity
    if unit.kind is UnitKind.POOL and assessment.account.assets_mode is AssetsMode.MULTI:
        return _takeovers_in_usd(assessment, unit.health, positions, instruments)
    if assessment.account.mode is AccountMode.STANDARD:
        # Options are no equity there, but whoever takes them over is given what they are worth.
        equity += _worth_of_options(positions, instruments)
    return takeovers(positions, instruments, equity)


def _worth_of_options(
    positions: Iterable[PositionAssessment], instruments: Iterable[Instrument]
) -> Decimal:
    return sum(
        (
            position.size * instrument.multiplier * (position.mark_price or ZERO)
            for position, instrument in zip(positions, instruments, strict=True)
            if instrument.option is not None
        ),
        ZERO,
    )


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
        held += sum((p.unrealised_pnl or ZERO for p, i in own if i.option is None), ZERO)
        if assessment.account.mode is AccountMode.PORTFOLIO:
            held += _worth_of_options([p for p, _ in own], [i for _, i in own])
        share = held - amount_of(worth(held, rates) - part, rates)
        found += takeovers([p for p, _ in own], [i for _, i in own], share)
    return tuple(found)
