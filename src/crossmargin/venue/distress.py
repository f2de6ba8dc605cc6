"""Looking after accounts that have failed: down the ladder, through the book, receipt by receipt.

`liquidation.next_action` decides each step; here it is carried out at the venue: orders cancelled,
reductions sold into the book (which is how one liquidation brings about the next), the rest handed
down the waterfall. A book that gives nothing is not asked twice; the next step is the takeover.

A pool or bucket with a position whose prices are not usable is left alone, and so is one with
collateral whose price has grown old, or whose health is unknown. Steps per account and command are
bounded; what is left over goes on with the next command that touches the account.
"""

from collections.abc import Sequence
from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.pnl import proceeds
from crossmargin.model.account import AssetsMode, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain, posted_text, quotient_down
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.venue import matching
from crossmargin.venue.actions import Auction, CancelOrders, Reduce, Trades, positions_of
from crossmargin.venue.asset_prices import usable_index
from crossmargin.venue.auctioning import AUCTION_RULE, sell_slice
from crossmargin.venue.backstop import money_behind
from crossmargin.venue.decision import Decision
from crossmargin.venue.deleveraging import instrument_of, net_out
from crossmargin.venue.event import ClockSet, Filled, LiquidationStep, OrderStatus, PriceSet
from crossmargin.venue.execution import CANCEL_RULE, REDUCTION_RULES
from crossmargin.venue.fund import square_fund
from crossmargin.venue.judging import judged, judged_with_orders
from crossmargin.venue.ledger import FUND
from crossmargin.venue.liquidation import failed_unit, health_of, next_action
from crossmargin.venue.prices import is_usable
from crossmargin.venue.state import State
from crossmargin.venue.warning import warn
from crossmargin.venue.waterfall import rescue, take_over

STEPS_MAX = 500
"""How many steps of its ladder an account goes down in one command."""

NETTING_RULE = "a long and a short of one symbol close each other at the mark, which costs nothing"
"""Why both sides of a hedge are closed, in words."""


def look_after(decision: Decision) -> None:
    """Let the fund sell what it took over earlier, at prices and ticks; then `attend`."""
    if any(isinstance(one, (PriceSet, ClockSet)) for one in decision.events):
        unwind(decision)
    attend(decision)


def attend(decision: Decision) -> None:
    """Take every touched account that has failed down its venue's ladder, by name.

    Those whom a liquidation touches in turn are looked at too, until nobody has failed; last, the
    fund is looked at itself.
    """
    touched: dict[str, None] = {}
    steps: dict[str, int] = {}
    while decision.touched:
        batch, decision.touched = decision.touched, {}
        touched |= batch
        for name in sorted(batch):
            if name != FUND and name in decision.state.accounts:
                _look_at(decision, name, steps)
        if FUND in decision.state.accounts:
            square_fund(decision)  # Funding and settlement were of its account.
            rescue(decision)
    decision.touched = touched


def unwind(decision: Decision) -> None:
    """Let the fund sell its inventory into the book, as far as its money pays the losses.

    Symbols whose prices are not usable wait. Price by price, best first: no more than what the
    money behind the market can realise is sold, so it never falls below zero.
    """
    state = decision.state
    fund = state.accounts.get(FUND)
    if fund is None:
        return
    for held in tuple(fund.positions.values()):
        if not is_usable(state, held.symbol):
            continue
        size = _affordable(state, held.symbol, held.size, held.entry_price)
        if size:
            matching.sweep(
                decision,
                FUND,
                held.symbol,
                -size,
                None,
                fee_fraction=ZERO,
                is_liquidation=False,
                why="unwind",
            )
            square_fund(decision)


def _affordable(state: State, symbol: str, size: Decimal, entry_price: Decimal) -> Decimal:
    # How much of the fund's position (signed) the book takes at losses the purse can pay.
    instrument = instrument_of(state, symbol)
    purse = money_behind(state, symbol)
    lot = instrument.lot or EIGHT_PLACES
    left, sold = abs(size), ZERO
    for _, price, resting in state.symbol(symbol).book.opposite(-size, None):
        part = min(left, abs(resting))
        pnl = proceeds(part.copy_sign(size), entry_price, price, instrument)
        # Rounded as the trade will be.
        pnl = down_to(EIGHT_PLACES, pnl)
        if purse + pnl < 0:
            return (sold + down_to(lot, quotient_down(part * purse, -pnl))).copy_sign(size)
        purse += pnl
        left, sold = left - part, sold + part
        if not left:
            break
    return sold.copy_sign(size)


def _look_at(decision: Decision, name: str, steps: dict[str, int]) -> None:
    state = decision.state
    left_alone: set[str] = set()
    dry: set[str] = set()
    is_auctioned = True
    while steps.get(name, 0) < STEPS_MAX:
        # Most accounts are well, and then their orders need not be listed.
        now = judged(state, name)
        if failed_unit(now, left_alone) is None:
            warn(decision, name, now)
            return
        assessment = judged_with_orders(state, name)
        unit = failed_unit(assessment, left_alone)
        if unit is None:
            raise InvariantBroken(f"the sums of what rests of {name} are not those of its orders")
        positions = positions_of(assessment, unit)
        is_known = all(is_usable(state, position.symbol) for position in positions)
        if not (is_known and _is_collateral_known(state, assessment, unit)):
            left_alone.add(unit.name)
            continue
        steps[name] = steps.get(name, 0) + 1

        def price(size: Decimal, mark: Decimal, instrument: Instrument) -> Decimal:
            return matching.fill_price(state, instrument.symbol, size) or mark

        action = next_action(assessment, unit, price, dry, is_auctioned=is_auctioned)
        if isinstance(action, CancelOrders):
            _cancel(decision, name, assessment, unit, action)
        elif isinstance(action, Reduce):
            dry |= _reduce(decision, name, unit, (action,))
        elif isinstance(action, Trades):
            dry |= _reduce(decision, name, unit, action.parts)
        elif isinstance(action, Auction):
            is_auctioned = _auction(decision, name, positions, unit, action)
        elif not _net_out(decision, name, unit, [one.symbol for one in action.takeovers]):
            take_over(decision, name, unit, action.takeovers)
            # Nothing comes after the waterfall: what is left of the unit nobody can bear.
            left_alone.add(unit.name)


def _is_collateral_known(state: State, assessment: Assessment, unit: UnitAssessment) -> bool:
    # What other assets count for may have grown old since somebody looked.
    account = assessment.account
    if unit.kind is UnitKind.BUCKET or account.assets_mode is AssetsMode.SINGLE:
        return True
    held = [asset for asset, amount in account.balances.items() if amount]
    return all(usable_index(state, asset) is not None for asset in held)


def _cancel(
    decision: Decision,
    name: str,
    assessment: Assessment,
    unit: UnitAssessment,
    action: CancelOrders,
) -> None:
    # The view lists the orders that hold margin, in the account's order.
    account = decision.account(name)
    ids = [one.id for one in account.orders.values() if not one.is_waiting and one.size]
    wanted = {id(order) for order in action.orders}
    listed = zip(ids, assessment.account.orders, strict=True)
    for order_id in [one for one, order in listed if id(order) in wanted]:
        decision.end(order_id, OrderStatus.CANCELLED, "liquidation")
    count = len(action.orders)
    _receive(
        decision,
        name,
        unit,
        LadderStep.CANCEL_ORDERS,
        CANCEL_RULE,
        f"cancelled {count} open order{'s' if count > 1 else ''}",
    )


def _reduce(
    decision: Decision, name: str, unit: UnitAssessment, parts: tuple[Reduce, ...]
) -> set[str]:
    # Trade in the book, and leave a receipt if it gave anything; the symbols that gave nothing.
    told = {part.symbol: _sweep(decision, name, part) for part in parts}
    said = [words for words in told.values() if words]
    if said:
        step = parts[0].step
        _receive(decision, name, unit, step, REDUCTION_RULES[step], "; ".join(said))
    return {symbol for symbol, words in told.items() if not words}


def _sweep(decision: Decision, name: str, part: Reduce) -> str:
    # What was traded, in words; none where nothing was, or prices are not to be acted upon.
    state = decision.state
    if not is_usable(state, part.symbol):
        return ""
    start = len(decision.events)
    is_hedge = decision.account(name).position_mode is PositionMode.HEDGE
    filled = matching.sweep(
        decision,
        name,
        part.symbol,
        part.size,
        part.side if is_hedge else None,
        limit=part.limit,
        fee_fraction=state.rulebook.fees.liquidation,
        is_liquidation=True,
        why="liquidation",
    )
    if not filled:
        return ""
    fills = [
        one for one in decision.events[start:] if isinstance(one, Filled) and one.account == name
    ]
    price = quotient_down(sum((abs(one.size) * one.price for one in fills), ZERO), abs(filled))
    fee = sum((one.fee for one in fills), ZERO)
    asset = instrument_of(state, part.symbol).settle
    verb = "bought" if filled > 0 else "sold"
    words = f"{verb} {plain(abs(filled))} {part.symbol} at {posted_text(price)}"
    if abs(filled) < abs(part.size):
        words += f" of the {plain(abs(part.size))} wanted"
    elif part.tier:
        words += f", down to tier {part.tier}"
    return f"{words}; liquidation fee {plain(fee)} {asset}"


def _auction(
    decision: Decision,
    name: str,
    positions: Sequence[PositionAssessment],
    unit: UnitAssessment,
    action: Auction,
) -> bool:
    # Whether there was a bidder.
    told = sell_slice(decision, name, positions, unit, action)
    if told:
        _receive(decision, name, unit, LadderStep.AUCTION, AUCTION_RULE, told)
    return bool(told)


def _net_out(decision: Decision, name: str, unit: UnitAssessment, symbols: list[str]) -> bool:
    # Before a takeover, what a hedged account holds of both sides; it may be enough.
    if decision.account(name).position_mode is not PositionMode.HEDGE:
        return False
    if unit.kind is UnitKind.BUCKET:
        return False
    done = net_out(decision, name, symbols)
    if done:
        words = f"closed long against short at the mark: {', '.join(done)}"
        _receive(decision, name, unit, LadderStep.CLOSE_POSITION, NETTING_RULE, words)
    return bool(done)


def _receive(
    decision: Decision,
    name: str,
    unit: UnitAssessment,
    step: LadderStep,
    rule: str,
    action: str,
) -> None:
    if unit.health is None:
        raise InvariantBroken(f"{unit.name} of {name} is liquidated while its health is unknown")
    decision.emit(
        LiquidationStep(
            account=name,
            unit=unit.name,
            step=str(step),
            rule=rule,
            action=action,
            before=unit.health,
            # Not by the sums that are kept: their digits tell of orders that are long gone.
            after=health_of(judged_with_orders(decision.state, name), unit.name),
        )
    )
