"""What holding and closing cost along paths: funding, step by step, and the fee of getting out.

Funding moves the wallet, and with it every surplus. Rates are what is expected over the horizon,
one per symbol, accrued at the price of each step: 0.01 % every 8 hours is an eighth of it every
hour. Receiving is a negative cost. That rates rise and fall with prices is not in it, nor what a
haircut would take of a payment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from crossmargin.errors import UnknownError
from crossmargin.margin.assessment import UnitKind
from crossmargin.model.account import AssetsMode, MarginMode, Position
from crossmargin.model.instrument import Kind
from crossmargin.money import exact, quotient_down
from crossmargin.risk.chance.paths import Floats
from crossmargin.risk.situation import Situation
from crossmargin.rulebooks.schema import Rulebook


@dataclass(frozen=True)
class Cost:
    """What one position pays: `amount` × (its price ÷ the price now) ^ `power`.

    Attributes
    ----------
    unit, column : places among the account's units, and among what moves.
    amount : in the unit's asset.
    """

    unit: int
    column: int
    amount: float
    power: int


@exact
def funding(
    situation: Situation, rates: Mapping[str, Decimal], per_ms: int, step_ms: int
) -> tuple[Cost, ...]:
    """Return what funding costs each step of paths.

    Parameters
    ----------
    rates : by symbol of a perpetual that is held: fraction of notional every `per_ms`; positive:
        longs pay shorts.

    Raises
    ------
    UnknownError
        If a perpetual that is held has no rate.
    """
    found = []
    for position in situation.account.positions:
        if not is_perpetual(position.symbol, situation.rulebook) or not position.size:
            continue
        if position.symbol not in rates:
            raise UnknownError(f"{position.symbol}: its funding rate is not known")
        share = rates[position.symbol] * step_ms / per_ms
        found.append(_cost(situation, position, position.size * share))
    return tuple(found)


@exact
def closing(situation: Situation, fee_rate: Decimal) -> tuple[Cost, ...]:
    """Return what closing everything costs at a fee of `fee_rate` of the notional."""
    return tuple(
        _cost(situation, position, abs(position.size) * fee_rate)
        for position in situation.account.positions
        if position.size
        and not situation.rulebook.contracts[position.symbol].instrument.kind.is_option
    )


def due(costs: tuple[Cost, ...], moves: Floats, units: int) -> Floats:
    """Return what each unit pays at each row of `moves`, shape (…, n_units).

    `moves` of shape (…, n_assets), relative to now.
    """
    found = np.zeros((*moves.shape[:-1], units))
    for one in costs:
        found[..., one.unit] += one.amount * (1.0 + moves[..., one.column]) ** one.power
    return found


def is_perpetual(symbol: str, rulebook: Rulebook) -> bool:
    """Return whether a contract pays funding."""
    kind = rulebook.contracts[symbol].instrument.kind
    return kind in (Kind.LINEAR_PERPETUAL, Kind.INVERSE_PERPETUAL)


def _cost(situation: Situation, position: Position, size: Decimal) -> Cost:
    # The notional of `size`, in the asset of the unit that pays.
    instrument = situation.rulebook.contracts[position.symbol].instrument
    mark = situation.market.marks[position.symbol]
    quantity = size * instrument.multiplier
    amount = quotient_down(quantity, mark) if instrument.kind.is_inverse else quantity * mark
    power = -1 if instrument.kind.is_inverse else 1
    is_cross = position.mode is MarginMode.CROSS
    if is_cross and situation.account.assets_mode is AssetsMode.MULTI:
        amount *= situation.market.index[instrument.settle]
        power += instrument.settle in situation.assets
    column = situation.assets.index(instrument.base)
    return Cost(_unit(position, situation), column, float(amount), power)


def _unit(position: Position, situation: Situation) -> int:
    # The bucket, or the pool of its settle asset; in multi-assets mode there is one pool.
    settle = situation.rulebook.contracts[position.symbol].instrument.settle
    units = situation.now.units
    if position.mode is MarginMode.ISOLATED:
        own = [
            place
            for place, unit in enumerate(units)
            if unit.kind is UnitKind.BUCKET and unit.symbol == position.symbol
        ]
        sided = [place for place in own if units[place].side is position.side]
        return (sided or own)[0]
    pools = [place for place, unit in enumerate(units) if unit.kind is UnitKind.POOL]
    return next((place for place in pools if units[place].asset == settle), pools[0])
