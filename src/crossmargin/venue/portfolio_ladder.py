"""The steps of a portfolio's liquidation: what to trade so that hedges are not torn apart.

A position of a portfolio may be what keeps another one safe, so which goes first is a matter of
what the account would be asked for without it. Every step here is tried on the account first, at
the prices its trades would get and with their fee; one that would not bring equity nearer to
maintenance margin is not taken, and the next step of the venue's ladder is asked.

How large a part a round closes no venue says: a tenth of what there is, or as many tenths as are
just enough (`reduce-slice`: hundredths).

Sources: Deribit, "Liquidations" (futures before options, so as to reduce delta; portfolio margin
accounts may be hedged by new futures, which stay); OKX, liquidation in portfolio margin mode, as
third parties tell it (opposite positions, delta-neutral reduction, then the largest reduction of
risk). Deltas are Black's, at the venue's own volatilities.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, PositionAssessment, UnitAssessment
from crossmargin.margin.scenarios.grouping import units_of
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.maturities import leg_delta
from crossmargin.model.account import Account
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.order import Side
from crossmargin.money import EIGHT_PLACES, ONE, ZERO, down_to, exact, quotient_down, up_to
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.venue.actions import (
    FillPrice,
    Reduce,
    Trades,
    is_healthy,
    liquidation_fill,
    positions_of,
)

TENTHS, HUNDREDTHS = Decimal(10), Decimal(100)
PERPETUALS = (Kind.LINEAR_PERPETUAL, Kind.INVERSE_PERPETUAL)


class _Ladder(Struct, frozen=True):
    """A failed unit, and what one step may do to it."""

    assessment: Assessment
    unit: UnitAssessment
    fill_price: FillPrice
    dry: Collection[str]
    step: LadderStep

    def positions(self) -> list[PositionAssessment]:
        """Return the positions that can be traded, the largest requirement of its own first."""
        held = positions_of(self.assessment, self.unit)
        there = [one for one in held if one.symbol not in self.dry]
        return sorted(there, key=lambda one: one.maintenance_margin or ZERO, reverse=True)

    def instrument(self, symbol: str) -> Instrument:
        """Return a symbol's instrument."""
        return self.assessment.rulebook.contracts[symbol].instrument

    def part(self, position: PositionAssessment, fraction: Decimal) -> Reduce:
        """Return the trade that closes a fraction of a position, rounded up to its lot."""
        held = abs(position.size)
        lot = self.instrument(position.symbol).lot or EIGHT_PLACES
        size = min(held, up_to(lot, held * fraction))
        signed = -size if position.size > 0 else size
        return Reduce(position.symbol, position.side, signed, self.step)

    def mark(self, symbol: str) -> Decimal:
        """Return the mark of what is held or may be traded."""
        own = (one.mark_price for one in self.assessment.positions if one.symbol == symbol)
        return self.assessment.market.marks.get(symbol) or next(own, None) or ZERO

    def after(self, parts: Iterable[Reduce]) -> Account:
        """Return the account once parts are traded at the prices they would get."""
        account, rulebook = self.assessment.account, self.assessment.rulebook
        for part in parts:
            instrument = self.instrument(part.symbol)
            price = self.fill_price(part.size, self.mark(part.symbol), instrument)
            account = liquidation_fill(account, rulebook, part, price).account
        return account

    def is_enough(self, parts: Iterable[Reduce]) -> bool:
        """Return whether parts, traded, bring the unit to where reductions stop."""
        market, rulebook = self.assessment.market, self.assessment.rulebook
        return is_healthy(self.after(parts), market, rulebook, self.unit.name)

    def lacking(self, parts: Iterable[Reduce]) -> Decimal | None:
        """Return how much more is required than there is once parts are traded; None if unknown."""
        account = self.after(parts)
        units = assess(account, self.assessment.market, self.assessment.rulebook).units
        for unit in units:
            if unit.name == self.unit.name and unit.health is not None:
                return unit.health.maintenance_margin - unit.health.equity
        return None

    def improves(self, parts: tuple[Reduce, ...]) -> bool:
        """Return whether parts, traded, leave less lacking than there is now."""
        health, after = self.unit.health, self.lacking(parts)
        if health is None or after is None:
            return False
        return after < health.maintenance_margin - health.equity


@exact
def portfolio_trades(
    assessment: Assessment,
    unit: UnitAssessment,
    fill_price: FillPrice,
    step: LadderStep,
    dry: Collection[str] = (),
) -> Trades | None:
    """Return what a step of a portfolio's ladder trades; None where it has nothing to do.

    Parameters
    ----------
    dry : symbols whose book gives nothing: they cannot be traded.
    """
    ladder = _Ladder(assessment, unit, fill_price, dry, step)
    parts = STEPS[step](ladder)
    return Trades(parts, step) if parts else None


def _slice(ladder: _Ladder) -> tuple[Reduce, ...]:
    positions = ladder.positions()
    if not positions:
        return ()
    parts = _just_enough(
        ladder, HUNDREDTHS, lambda part: tuple(ladder.part(one, part) for one in positions)
    )
    return parts if parts and ladder.is_enough(parts) else ()


def _reduce_delta(ladder: _Ladder) -> tuple[Reduce, ...]:
    # A future on the side of its underlying's delta, and no more of it than that.
    fraction = ladder.assessment.rulebook.liquidation.fraction or ONE
    for unit, delta in _by_delta(ladder):
        coins = {leg.symbol: leg.size for leg in unit.legs if leg.option is None}
        for position in ladder.positions():
            size = coins.get(position.symbol, ZERO)
            if size * delta <= 0:
                continue
            most = min(ONE, quotient_down(abs(delta), abs(size)))
            parts = (ladder.part(position, min(fraction, most)),)
            if ladder.improves(parts):
                return parts
    return ()


def _hedge_delta(ladder: _Ladder) -> tuple[Reduce, ...]:
    # A future against what the options make; the most that helps, or what is just enough.
    for unit, delta in _by_delta(ladder):
        symbol = _hedge_of(ladder, unit)
        parts = _hedged(ladder, symbol, delta) if symbol is not None and delta else ()
        if parts and ladder.improves(parts):
            return parts
    return ()


def _hedged(ladder: _Ladder, symbol: str, delta: Decimal) -> tuple[Reduce, ...]:
    instrument = ladder.instrument(symbol)
    value = delta * ladder.mark(symbol) if instrument.kind.is_inverse else delta
    whole = quotient_down(abs(value), instrument.multiplier)
    side = Side.SHORT if delta > 0 else Side.LONG

    def traded(part: Decimal) -> tuple[Reduce, ...]:
        size = down_to(instrument.lot or EIGHT_PLACES, whole * part).copy_sign(-delta)
        return (Reduce(symbol, side, size, ladder.step),) if size else ()

    return _just_enough(ladder, TENTHS, traded)


def _hedge_of(ladder: _Ladder, unit: PortfolioUnit) -> str | None:
    # The perpetual with a price and a book that settles as the legs do; by name.
    settles = {leg.settle for leg in unit.legs}
    contracts = ladder.assessment.rulebook.contracts
    return next(
        (
            symbol
            for symbol in sorted(ladder.assessment.market.marks)
            if symbol in contracts
            and symbol not in ladder.dry
            and contracts[symbol].instrument.kind in PERPETUALS
            and contracts[symbol].instrument.base == unit.name
            and contracts[symbol].instrument.settle in settles
        ),
        None,
    )


def _neutral(ladder: _Ladder) -> tuple[Reduce, ...]:
    # Of each side what is as much delta as the smaller side has.
    for unit, _ in _by_delta(ladder):
        deltas = {leg.symbol: leg_delta(leg) for leg in unit.legs}
        there = [one for one in ladder.positions() if deltas.get(one.symbol)]
        longs = sum((max(ZERO, deltas[one.symbol]) for one in there), ZERO)
        shorts = sum((max(ZERO, -deltas[one.symbol]) for one in there), ZERO)
        if not (longs and shorts):
            continue
        less = min(longs, shorts)
        sides = [(one, longs if deltas[one.symbol] > 0 else shorts) for one in there]
        parts = _in_proportion(ladder, [(one, quotient_down(less, all_)) for one, all_ in sides])
        if ladder.improves(parts):
            return parts
    return ()


def _in_proportion(
    ladder: _Ladder, shares: list[tuple[PositionAssessment, Decimal]]
) -> tuple[Reduce, ...]:
    def traded(part: Decimal) -> tuple[Reduce, ...]:
        return tuple(ladder.part(one, share * part) for one, share in shares)

    return _just_enough(ladder, TENTHS, traded)


def _reduce_risk(ladder: _Ladder) -> tuple[Reduce, ...]:
    # Of the position without which least is lacking; the first of equals.
    found: list[tuple[Decimal, PositionAssessment]] = []
    for position in ladder.positions():
        lacking = ladder.lacking((ladder.part(position, ONE),))
        if lacking is not None:
            found.append((lacking, position))
    if not found:
        return ()
    _, best = min(found, key=lambda row: row[0])
    parts = _just_enough(ladder, TENTHS, lambda part: (ladder.part(best, part),))
    return parts if ladder.improves(parts) else ()


def _just_enough(
    ladder: _Ladder, count: Decimal, traded: Callable[[Decimal], tuple[Reduce, ...]]
) -> tuple[Reduce, ...]:
    # The fewest of so many parts that are enough; all, where not even they are.
    low, high = 0, int(count)
    while high - low > 1:
        middle = (low + high) // 2
        if ladder.is_enough(traded(quotient_down(Decimal(middle), count))):
            high = middle
        else:
            low = middle
    return traded(quotient_down(Decimal(high), count))


def _by_delta(ladder: _Ladder) -> Iterator[tuple[PortfolioUnit, Decimal]]:
    # The unit's underlyings with their deltas in coins, the largest worth of delta first.
    account = ladder.assessment.account
    held = {one.symbol for one in positions_of(ladder.assessment, ladder.unit)}
    found = []
    for unit in units_of(account, ladder.assessment.market, ladder.assessment.rulebook).units:
        legs: list[Leg] = [leg for leg in unit.legs if leg.symbol in held]
        if legs:
            found.append((unit, sum((leg_delta(leg) for leg in legs), ZERO)))
    yield from sorted(found, key=lambda row: abs(row[1]) * row[0].index, reverse=True)


STEPS: dict[LadderStep, Callable[[_Ladder], tuple[Reduce, ...]]] = {
    LadderStep.REDUCE_SLICE: _slice,
    LadderStep.REDUCE_DELTA: _reduce_delta,
    LadderStep.HEDGE_DELTA: _hedge_delta,
    LadderStep.REDUCE_NEUTRAL: _neutral,
    LadderStep.REDUCE_RISK: _reduce_risk,
}
"""What each step that trades a portfolio decides."""
