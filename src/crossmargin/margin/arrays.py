"""The margin formulas over NumPy arrays: the one float twin of the exact core.

Watching many prices (a replay, a stress, a whole venue) needs speed that decimals do not have.
This module computes the same equity and requirements in float64, for one account along many
observations, and says how far it may be off, so that its user can send everything near the line
to `assess` for the decision: screen in floats, decide in decimals. A property test holds the two
together.

What is off: inputs are rounded to 53 bits and every term of a sum takes a handful of operations,
so the error of a sum stays below `ERROR_FRACTION` × the sum of its terms' absolute values, which
is returned beside the answer.

A NaN, infinite or non-positive price makes the units that need it NaN: unknown, never a number.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.margin.columns import Columns, Leg, OrderGroup
from crossmargin.model.tiers import Tiers

Floats: TypeAlias = NDArray[np.float64]

ERROR_FRACTION = 1e-13
"""Bound on |float − exact| ÷ Σ|terms|: room for 900 roundings of 2^-53 in every term."""


def notional(quantity: float, price: Floats, *, is_inverse: bool) -> Floats:
    """Return the absolute notional of `quantity` (size × multiplier) at each price."""
    return abs(quantity) / price if is_inverse else abs(quantity) * price


def unrealised_pnl(
    quantity: float, entry_price: float | Floats, mark: Floats, *, is_inverse: bool
) -> Floats:
    """Return the open profit in the settle asset at each mark."""
    if is_inverse:
        return quantity / entry_price - quantity / mark
    return quantity * (mark - entry_price)


def maintenance_margin(notional: Floats, tiers: Tiers) -> Floats:
    """Return the maintenance margin of each notional; NaN where NaN or the ladder is not known."""
    floors = np.array([float(piece.floor) for piece in tiers.pieces])
    rates = np.array([float(piece.rate) for piece in tiers.pieces])
    deductions = np.array([float(piece.deduction) for piece in tiers.pieces])
    side: Literal["left", "right"] = "right" if tiers.is_floor_included else "left"
    index = np.searchsorted(floors[1:], notional, side=side)
    asked: Floats = notional * rates[index] - deductions[index]
    if tiers.known_to is not None:
        asked = np.where(notional > float(tiers.known_to), np.nan, asked)
    return asked


def _jump(notional: Floats, tiers: Tiers) -> Floats:
    # How much the wrong side of a floor changes the margin, where rounding may have crossed it.
    # Marginal ladders are continuous: nothing.
    jump = np.zeros_like(notional)
    for low, high in pairwise(tiers.pieces):
        step = high.floor * (high.rate - low.rate) - (high.deduction - low.deduction)
        if step:
            floor = float(high.floor)
            jump += np.where(
                np.abs(notional - floor) <= ERROR_FRACTION * floor, abs(float(step)), 0.0
            )
    return jump


def worth(amount: Floats, bid: Floats, ask: Floats) -> Floats:
    """Return what amounts of collateral count for: the lower of both conversions."""
    return np.minimum(amount * bid, amount * ask)


@dataclass(frozen=True, eq=False)
class HealthArrays:
    """Health of every unit at every observation, each of shape (n_observations, n_units).

    `initial_margin` includes open orders, as in `Assessment`. `error` bounds how far equity,
    the requirements and their differences may be from the exact core's. NaN where unknown, all
    of them at once.
    """

    equity: Floats
    initial_margin: Floats
    maintenance_margin: Floats
    open_loss: Floats
    error: Floats

    @property
    def surplus(self) -> Floats:
        """Return equity − maintenance margin."""
        return self.equity - self.maintenance_margin

    def must_be_decided(self) -> NDArray[np.bool_]:
        """Return where only the exact core can say: within the error of the trigger, or beyond.

        Where nothing is at stake (no maintenance margin) the trigger is debt. Where health is
        unknown there is nothing to decide.
        """
        is_idle = self.maintenance_margin == 0
        return np.where(is_idle, self.equity < self.error, self.surplus <= self.error)


class _Sums:
    """Running sums of one purse or unit, each of shape (n_observations,)."""

    def __init__(self, count: int) -> None:
        self.equity = np.zeros(count)
        self.initial = np.zeros(count)
        self.maintenance = np.zeros(count)
        self.open_loss = np.zeros(count)
        self.scale = np.zeros(count)


def health(columns: Columns, marks: Floats, index: Floats | None = None) -> HealthArrays:
    """Return the health of the account's pools and buckets at every observation.

    Parameters
    ----------
    marks : shape (n_observations, n_symbols), columns as `columns.symbols`.
    index : shape (n_observations, n_assets), columns as `columns.assets`; multi-assets mode only.
    """
    count = len(marks)
    marks = np.where(np.isfinite(marks) & (marks > 0), marks, np.nan)
    purses = [_Sums(count) for _ in columns.purses]
    for purse, sums in zip(columns.purses, purses, strict=True):
        sums.equity += purse.wallet
        sums.scale += abs(purse.wallet)
    for leg in columns.legs:
        if leg.quantity:
            _add_leg(purses[leg.purse], leg, marks[:, leg.symbol])
    for group in columns.groups:
        _add_orders(purses[group.purse], group, marks[:, group.symbol])
    units = [_Sums(count) for _ in columns.units]
    for purse, sums in zip(columns.purses, purses, strict=True):
        unit = units[purse.unit]
        bid = ask = np.ones(count)
        if columns.is_multi:
            if not sums.scale.any():
                continue
            price = np.full(count, np.nan) if index is None else index[:, purse.asset]
            price = np.where(np.isfinite(price) & (price > 0), price, np.nan)
            bid, ask = price * purse.bid_factor, price * purse.ask_factor
        unit.equity += worth(sums.equity, bid, ask)
        unit.initial += sums.initial * ask
        unit.maintenance += sums.maintenance * ask
        unit.open_loss += sums.open_loss * ask
        unit.scale += sums.scale * ask
    # What one number of a unit lacks keeps all of it from being known, as in `assess`.
    for unit in units:
        numbers = (unit.equity, unit.initial, unit.maintenance, unit.open_loss, unit.scale)
        unknown = np.isnan(sum(numbers))
        for amounts in numbers:
            amounts[unknown] = np.nan
    return HealthArrays(
        np.stack([unit.equity for unit in units], axis=1),
        np.stack([unit.initial for unit in units], axis=1),
        np.stack([unit.maintenance for unit in units], axis=1),
        np.stack([unit.open_loss for unit in units], axis=1),
        ERROR_FRACTION * np.stack([unit.scale for unit in units], axis=1),
    )


def _add_leg(sums: _Sums, leg: Leg, mark: Floats) -> None:
    value = notional(leg.quantity, mark, is_inverse=leg.is_inverse)
    cost = abs(leg.quantity) * (1 / leg.entry_price if leg.is_inverse else leg.entry_price)
    sums.equity += unrealised_pnl(leg.quantity, leg.entry_price, mark, is_inverse=leg.is_inverse)
    sums.initial += value / leg.leverage
    sums.scale += value + cost
    if leg.tiers is None:
        sums.maintenance += np.nan
    else:
        sums.maintenance += maintenance_margin(value, leg.tiers)
        sums.scale += value + float(leg.tiers.pieces[-1].deduction)
        sums.scale += _jump(value, leg.tiers) / ERROR_FRACTION


def _add_orders(sums: _Sums, group: OrderGroup, mark: Floats) -> None:
    held = np.sign(group.held) * notional(group.held, mark, is_inverse=group.is_inverse)
    bids, asks = np.zeros_like(mark), np.zeros_like(mark)
    for order in group.orders:
        price = mark * order.mark_factor
        if order.limit_price is not None:
            price = np.where(np.isnan(mark), np.nan, order.limit_price)
        value = notional(order.quantity, price, is_inverse=group.is_inverse)
        if order.quantity > 0:
            bids += value
        else:
            asks += value
        at_mark = notional(order.quantity, mark, is_inverse=group.is_inverse)
        sums.scale += value + at_mark
        if not order.is_reduce_only:
            gain = unrealised_pnl(order.quantity, price, mark, is_inverse=group.is_inverse)
            sums.open_loss -= np.minimum(gain, 0.0)
    # A held position counts here too: an isolated one adds to another purse's scale.
    sums.scale += np.abs(held)
    asked = np.maximum(np.abs(held + bids), np.abs(held - asks))
    sums.initial += (asked - np.abs(held)) / group.leverage
