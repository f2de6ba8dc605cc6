"""Making winners close against a bankrupt position, and who has won how much.

`adl` ranks and sizes; here the candidates are found in the state, kept from closing more than
their own equity bears, and made to trade. A winner who is closed at a price worse than the mark
gives up part of a profit; he is never brought below zero by it, so he closes no more than that,
and a bucket all or nothing, because what it loses beyond its margin would be the pool's.

Nothing here decides when; a position may be left (the policy touches nobody else, or nobody
bears more). What is left closes at the mark, which costs its counterparties nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import InvariantBroken
from crossmargin.margin.assessment import Assessment, PositionAssessment, UnitAssessment, UnitKind
from crossmargin.margin.lookup import collateral_rates
from crossmargin.margin.pnl import proceeds, unrealised_pnl
from crossmargin.margin.takeover import Takeover
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, quotient_down, quotient_up
from crossmargin.venue import adl, event, matching
from crossmargin.venue.actions import positions_of
from crossmargin.venue.backstop import money_behind
from crossmargin.venue.decision import Decision
from crossmargin.venue.judging import judged
from crossmargin.venue.ledger import FUND
from crossmargin.venue.state import State


class Winner(Struct, frozen=True):
    """A pool or bucket with a profit, in one asset.

    Attributes
    ----------
    profit : sum of its positions' unrealised profits, losses left out.
    room : what it can bear without falling below zero; rounded down at 8 places.
    bucket : symbol and side, if it is one.
    """

    account: str
    profit: Decimal
    room: Decimal
    bucket: tuple[str, Side] | None = None


def instrument_of(state: State, symbol: str) -> Instrument:
    """Return a symbol's instrument."""
    return state.rulebook.contracts[symbol].instrument


def mark_of(state: State, symbol: str) -> Decimal:
    """Return a mark that is known to be there.

    Raises
    ------
    InvariantBroken
        If it is not: nothing is liquidated without a mark.
    """
    mark = state.symbol(symbol).mark
    if mark is None:
        raise InvariantBroken(f"{symbol} is liquidated without a mark price")
    return mark


def deleverage(decision: Decision, name: str, takeover: Takeover, means: Decimal) -> None:
    """Close an account's position against winners at its takeover price, as the policy says.

    Where no price above zero takes as much, it is the mark, and what is missing is shared later.

    Parameters
    ----------
    means : what the fund could have paid of the shortfall, in the settle asset; a queue that
        closes everything at the takeover price takes it from the winners all the same, and the
        event says so as its overshoot.
    """
    state, symbol, size = decision.state, takeover.symbol, takeover.size
    instrument, mark = instrument_of(state, symbol), mark_of(state, symbol)
    price = mark if takeover.price is None else takeover.price
    unit_haircut = unrealised_pnl(ONE.copy_sign(-size), price, mark, instrument)
    candidates = candidates_against(state, name, size, max(ZERO, unit_haircut), instrument)
    policy = adl.POLICIES[state.settings.adl_policy]
    lot = instrument.lot or EIGHT_PLACES
    closing = adl.deleveraged(candidates, size, policy, lot=lot)
    if not closing:
        return
    closed = sum((abs(one.closed) for one in closing), ZERO)
    haircut = max(ZERO, closed * unit_haircut)
    # The fair benchmark of arXiv 2512.01112: pro rata of profits takes the shortfall and no more,
    # and nothing beyond the profits there are.
    profits = sum((max(ZERO, one.unrealised_pnl) for one in candidates), ZERO)
    shortfall = max(ZERO, -takeover.share - max(ZERO, means))
    decision.emit(
        event.Deleveraged(
            symbol=symbol,
            size=size,
            price=price,
            by_account={one.account: abs(one.closed) for one in closing},
            shortfall=shortfall,
            haircut=haircut,
            overshoot=max(ZERO, haircut - min(shortfall, profits)),
            policy=state.settings.adl_policy,
        )
    )
    for one in closing:
        hand_over(
            decision, name, symbol, abs(one.closed).copy_sign(size), one.account, price, "adl"
        )


def close_at_mark(decision: Decision, name: str, symbol: str, side: Side) -> None:
    """Close what is left of a position against anybody on the other side, at the mark.

    Largest profits first, then by name; the fund as far as its money pays what it realises; last
    the account's own opposite position, in hedge mode. Nobody's equity changes by it.
    """
    state = decision.state
    mark = mark_of(state, symbol)
    others = _opposite(state, symbol, side)
    own = [row for row in others if row[0] == name]
    last = [row for row in others if row[0] == FUND != name]
    others = [row for row in others if row[0] not in (name, FUND)]
    instrument = instrument_of(state, symbol)

    def profit(row: tuple[str, Decimal, Decimal]) -> Decimal:
        return unrealised_pnl(row[1], row[2], mark, instrument)

    others.sort(key=lambda row: (-profit(row), row[0]))
    for other, size, entry in (*others, *last, *own):
        held = state.accounts[name].position(symbol, side)
        if held is None or held.side is not side:
            return
        part = min(abs(size), abs(held.size)).copy_sign(held.size)
        if other == FUND:
            realised = proceeds(-part, entry, mark, instrument)
            if money_behind(state, symbol) + realised < 0:
                continue
        hand_over(decision, name, symbol, part, other, mark, "close-out")


def net_out(decision: Decision, name: str, symbols: Sequence[str]) -> list[str]:
    """Let the long and the short that an account holds of a symbol close each other, at the mark.

    In hedge mode, cross positions only. It costs nothing. Return the symbols it was done for.
    """
    state = decision.state
    account = decision.account(name)
    done = []
    for symbol in dict.fromkeys(symbols):
        long, short = account.position(symbol, Side.LONG), account.position(symbol, Side.SHORT)
        if long is None or short is None or long.size * short.size >= 0:
            continue
        if MarginMode.ISOLATED in (long.mode, short.mode):
            continue
        size = min(long.size, -short.size)
        hand_over(decision, name, symbol, size, name, mark_of(state, symbol), "close-out")
        done.append(symbol)
    return done


def hand_over(
    decision: Decision,
    name: str,
    symbol: str,
    size: Decimal,
    to: str,
    price: Decimal,
    why: str,
) -> None:
    """Let `to` have (part of) a failed position, signed `size`, at a price."""
    state = decision.state
    side = Side.LONG if size > 0 else Side.SHORT
    opposite = Side.SHORT if size > 0 else Side.LONG
    theirs = side if why == "takeover" else opposite
    own_side, their_side = _hedge_side(state, name, side), _hedge_side(state, to, theirs)
    is_long = size > 0
    matching.cross(
        decision,
        symbol,
        price,
        abs(size),
        to if is_long else name,
        name if is_long else to,
        why=why,
        buyer_side=their_side if is_long else own_side,
        seller_side=own_side if is_long else their_side,
        is_liquidation_of=name,
    )


def winners(state: State, asset: str, apart: str, realised: Mapping[str, Decimal]) -> list[Winner]:
    """Return all pools and buckets with a profit in `asset`, by account; not `apart`, not the fund.

    Units whose health is unknown bear nothing: nobody knows what they can.

    Parameters
    ----------
    realised : what accounts have just been made to realise, which is in their pools now.
    """
    names = dict.fromkeys(
        holder
        for symbol, market in state.symbols.items()
        if market.holders and instrument_of(state, symbol).settle == asset
        for holder in market.holders
    )
    found = []
    for name in sorted({**names, **dict.fromkeys(realised)}):
        if name in (apart, FUND):
            continue
        assessment = judged(state, name)
        for unit in assessment.units:
            profit = sum(
                (
                    max(ZERO, position.unrealised_pnl or ZERO)
                    for position in positions_of(assessment, unit)
                    if instrument_of(state, position.symbol).settle == asset
                ),
                ZERO,
            )
            if unit.kind is UnitKind.POOL:
                profit += max(ZERO, realised.get(name, ZERO))
            room = down_to(EIGHT_PLACES, max(ZERO, _equity_in(assessment, unit, asset) or ZERO))
            if not profit or not room:
                continue
            bucket = None
            if unit.kind is UnitKind.BUCKET and unit.symbol and unit.side:
                bucket = (unit.symbol, unit.side)
            found.append(Winner(name, profit, room, bucket))
    return found


def _opposite(state: State, symbol: str, side: Side) -> list[tuple[str, Decimal, Decimal]]:
    # Who holds the other side: name, signed size, entry price.
    return [
        (name, position.size, position.entry_price)
        for name in sorted(state.symbol(symbol).holders)
        for (held, _), position in state.accounts[name].positions.items()
        if held == symbol and position.side is not side
    ]


def _hedge_side(state: State, name: str, side: Side) -> Side | None:
    return side if state.accounts[name].position_mode is PositionMode.HEDGE else None


def _equity_in(assessment: Assessment, unit: UnitAssessment, asset: str) -> Decimal | None:
    # What a unit is worth, counted in `asset`, never too much; None if unknown.
    if unit.health is None:
        return None
    if unit.kind is UnitKind.BUCKET or assessment.account.assets_mode is AssetsMode.SINGLE:
        return unit.health.equity if unit.asset == asset else None
    rates = collateral_rates(asset, assessment.market, assessment.rulebook)
    return None if isinstance(rates, str) else quotient_down(unit.health.equity, rates.ask)


def candidates_against(
    state: State, name: str, size: Decimal, unit_haircut: Decimal, instrument: Instrument
) -> list[adl.Candidate]:
    """Return everybody opposite a position of `name` whose health is known.

    Parameters
    ----------
    size : of the position that is to be closed, signed.
    unit_haircut : what a winner gives up for one unit of size; his size is cut to what his equity
        bears of it.
    """
    found = []
    for other in sorted(state.symbol(instrument.symbol).holders):
        if other in (name, FUND):
            continue
        assessment = judged(state, other)
        for unit in assessment.units:
            equity = _equity_in(assessment, unit, instrument.settle)
            if equity is None or unit.health is None:
                continue
            for position in positions_of(assessment, unit):
                if position.symbol != instrument.symbol or position.size * size >= 0:
                    continue
                borne = _borne(position, unit, equity, unit_haircut, instrument)
                mark = position.mark_price
                if not borne or mark is None:
                    continue
                # Scores look at the whole position, so only its size is cut.
                whole = adl.candidate(
                    other, position.size, position.entry_price, mark, equity, instrument
                )
                health = unit.health
                ratio = quotient_up(health.maintenance_margin, health.equity)
                found.append(
                    replace(
                        whole,
                        size=borne.copy_sign(position.size),
                        wallet_balance=unit.wallet_balance,
                        maintenance_margin_ratio=ratio,
                    )
                )
    return found


def _borne(
    position: PositionAssessment,
    unit: UnitAssessment,
    equity: Decimal,
    unit_haircut: Decimal,
    instrument: Instrument,
) -> Decimal:
    size = abs(position.size)
    if equity <= 0:
        return ZERO
    if equity >= unit_haircut * size:
        return size
    if unit.kind is UnitKind.BUCKET:
        return ZERO
    return down_to(instrument.lot or EIGHT_PLACES, quotient_down(equity, unit_haircut))
