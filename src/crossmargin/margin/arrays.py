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
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.margin.columns import Basis, Columns, Leg, OrderGroup, Purse, Terms
from crossmargin.margin.fractions import PART_PER_MILLION
from crossmargin.margin.requirement import initial_rate
from crossmargin.model.tiers import Tiers
from crossmargin.rulebooks.margin_rule import ClosingFee, InitialMargin

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

ERROR_FRACTION = 1e-13
"""Bound on |float − exact| ÷ Σ|terms|: room for 900 roundings of 2^-53 in every term."""

STEPS_LOST = 4
"""How many money steps the rounded amounts of a position can be away, all together."""


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


@dataclass(frozen=True, eq=False)
class Requirements:
    """Initial and maintenance margin, and the sum of what they were computed from."""

    initial: Floats
    maintenance: Floats
    scale: Floats


class At(NamedTuple):
    """Exposures to one contract: their notional, not negative, at a price."""

    value: Floats
    price: Floats

    def coins(self, terms: Terms) -> Floats:
        """Return the notional in the base asset."""
        return self.value if terms.is_inverse else self.value / self.price


def requirements(kept: At, opened: At, mark: Floats, terms: Terms) -> Requirements:
    """Return what is asked to keep and to open, each at a price of its own.

    The float twin of `margin.requirement`: the same formulas, without what is fixed, and not
    rounded to a step. The tier is that of `kept`. NaN where the ladder is not known.
    """
    tiers, rule = terms.tiers, terms.rule
    if tiers is None:
        unknown = np.full_like(kept.value, np.nan)
        return Requirements(unknown, unknown, unknown)
    measure = _measure(kept, tiers, terms)
    index, is_known = _pieces(measure, tiers)
    maintenance = _maintenance(kept, index, tiers, terms)
    initial, doubt = _initial(opened, index, mark, tiers, terms)
    if is_known is not None:
        maintenance = np.where(is_known, maintenance, np.nan)
        initial = np.where(is_known, initial, np.nan)
    fixed = float(tiers.pieces[-1].deduction) * _worth_of_deductions(kept, tiers, terms)
    scale = initial + doubt / ERROR_FRACTION + fixed
    growth = float(tiers.pieces[-1].growth)
    for at in (kept,) if kept is opened else (kept, opened):
        scale = scale + (at.value * (1 + growth * at.coins(terms)) if growth else at.value)
    if rule.money_step is not None:
        # Rounding to a step moves all amounts of a position by less than a few of it.
        scale = scale + STEPS_LOST * float(rule.money_step) / ERROR_FRACTION
    return Requirements(initial, maintenance, scale + _jump(measure, kept, opened, terms, tiers))


def _measure(at: At, tiers: Tiers, terms: Terms) -> Floats:
    if not tiers.is_by_size:
        return at.value
    quantity = at.value * at.price if terms.is_inverse else at.value / at.price
    return quantity / terms.contract_size


def _maintenance(at: At, index: Places, tiers: Tiers, terms: Terms) -> Floats:
    rule = terms.rule
    rate = _rates(tiers)[index]
    if tiers.pieces[0].growth:
        rate = rate + float(tiers.pieces[0].growth) * at.coins(terms)
    if rule.closing_fee is ClosingFee.MARK:
        rate = rate + float(rule.closing_fee_rate)
    deduction = _deductions(tiers)[index] * _worth_of_deductions(at, tiers, terms)
    asked: Floats = at.value * rate - deduction
    return asked


def _worth_of_deductions(at: At, tiers: Tiers, terms: Terms) -> Floats | float:
    # Those of a ladder by size are sizes, at what one unit of it is worth.
    if not tiers.is_by_size:
        return 1.0
    return terms.contract_size / at.price if terms.is_inverse else terms.contract_size * at.price


def _initial(
    at: At, index: Places, mark: Floats, tiers: Tiers, terms: Terms
) -> tuple[Floats, Floats]:
    # What opening asks, and by how much a cut on the wrong side of a part per million changes it.
    rule, doubt = terms.rule, np.zeros_like(at.value)
    if rule.initial is InitialMargin.MULTIPLE:
        return float(rule.initial_multiple or 0) * _maintenance(at, index, tiers, terms), doubt
    asked = np.zeros_like(at.value) if terms.leverage is None else at.value / terms.leverage
    if rule.initial is InitialMargin.LADDER or terms.leverage is None:
        rate = _initial_rates(tiers)[index]
        if terms.open_interest is not None and terms.caps is not None:
            rate, is_near = _crowded(rate, mark, terms.open_interest, terms.caps, terms)
            doubt = np.where(is_near, at.value * float(PART_PER_MILLION), 0.0)
        growth = float(tiers.pieces[0].growth) * at.coins(terms)
        asked = np.maximum(asked, at.value * (rate + growth))
    return asked, doubt


def _crowded(
    base: Floats, mark: Floats, size: float, caps: tuple[float, float], terms: Terms
) -> tuple[Floats, NDArray[np.bool_]]:
    # Twin of `fractions.scaled_initial_fraction`, and where rounding may have missed the cut.
    lower, upper = caps
    value = notional(size, mark, is_inverse=terms.is_inverse)
    part = (value - lower) / (upper - lower) if upper > lower else (value >= upper) * 1.0
    parts = (base + (1 - base) * np.clip(part, 0.0, 1.0)) / float(PART_PER_MILLION)
    # The difference of two large amounts of nearly the same size: caps may be close together.
    room = 10 * ERROR_FRACTION * (1 + upper / (upper - lower if upper > lower else 1.0))
    is_near = np.abs(parts - np.rint(parts)) <= room / float(PART_PER_MILLION)
    cut = np.where(part >= 1, 1.0, np.floor(parts) * float(PART_PER_MILLION))
    return np.where(part <= 0, base, np.maximum(base, cut)), is_near


def _rates(tiers: Tiers) -> Floats:
    return np.array([float(piece.rate) for piece in tiers.pieces])


def _initial_rates(tiers: Tiers) -> Floats:
    return np.array([float(initial_rate(piece)) for piece in tiers.pieces])


def _deductions(tiers: Tiers) -> Floats:
    return np.array([float(piece.deduction) for piece in tiers.pieces])


def _pieces(measure: Floats, tiers: Tiers) -> tuple[Places, NDArray[np.bool_] | None]:
    # Which piece holds, and whether the ladder is known there; None where it always is.
    floors = np.array([float(piece.floor) for piece in tiers.pieces])
    side: Literal["left", "right"] = "right" if tiers.is_floor_included else "left"
    index = np.searchsorted(floors[1:], measure, side=side)
    return index, None if tiers.known_to is None else ~(measure > float(tiers.known_to))


def _jump(measure: Floats, kept: At, opened: At, terms: Terms, tiers: Tiers) -> Floats:
    # How much the wrong side of a floor changes the requirements, where rounding may have crossed
    # it, as a term of the scale. Maintenance of marginal ladders is continuous: nothing.
    jump = np.zeros_like(measure)
    if len(tiers.pieces) == 1:
        return jump
    multiple = float(terms.rule.initial_multiple or 0)
    is_by_tier = terms.rule.initial is InitialMargin.LADDER or terms.leverage is None
    for low, high in pairwise(tiers.pieces):
        if low.deduction_above(high.floor, high.rate) == high.deduction and not is_by_tier:
            continue
        rise, fixed = float(high.rate - low.rate), float(high.deduction - low.deduction)
        step = np.abs(kept.value * rise - fixed * _worth_of_deductions(kept, tiers, terms))
        after = opened.value * rise - fixed * _worth_of_deductions(opened, tiers, terms)
        step = step + multiple * np.abs(after)
        if is_by_tier:
            step = step + opened.value * abs(float(initial_rate(high) - initial_rate(low)))
        is_near = np.abs(measure - float(high.floor)) <= 10 * ERROR_FRACTION * float(high.floor)
        jump += np.where(is_near, step / ERROR_FRACTION, 0.0)
    return jump


def worth(amount: Floats, price: Floats, purse: Purse) -> Floats:
    """Return what amounts of collateral count for: the lower of both conversions, or by slices.

    NaN above what the slices are known for.
    """
    amount = np.where(amount > purse.known_to, np.nan, amount)
    if not purse.pieces:
        return np.minimum(amount * price * purse.bid_factor, amount * price * purse.ask_factor)
    floors, rates, additions = (np.array(column) for column in zip(*purse.pieces, strict=True))
    piece = np.searchsorted(floors, amount, side="right") - 1
    piece = np.clip(piece, 0, len(floors) - 1)
    held = price * (amount * rates[piece] + additions[piece])
    return np.where(amount < 0, amount * price * purse.ask_factor, held)


@dataclass(frozen=True, eq=False)
class HealthArrays:
    """Health of every unit at every observation, each of shape (n_observations, n_units).

    `initial_margin` includes open orders, as in `Assessment`. `error` bounds how far equity,
    the requirements and their differences may be from the exact core's. NaN where unknown, all
    of them at once; but orders in a market without a mark keep only `initial_margin` and
    `open_loss` from being known.
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
    netted: dict[tuple[int, tuple[str, str]], list[tuple[Leg, Requirements]]] = {}
    for leg in columns.legs:
        if leg.quantity:
            asked = _add_leg(purses[leg.purse], leg, marks[:, leg.symbol])
            if leg.group is not None:
                netted.setdefault((leg.purse, leg.group), []).append((leg, asked))
    for (number, _), members in netted.items():
        _net(purses[number], members)
    for group in columns.groups:
        _add_orders(purses[group.purse], group, marks[:, group.symbol])
    units = [_Sums(count) for _ in columns.units]
    for purse, sums in zip(columns.purses, purses, strict=True):
        unit = units[purse.unit]
        if purse.asset is None:
            _add_sums(unit, sums, np.ones(count), sums.equity, purse)
            continue
        if not (sums.scale.any() or np.isnan(sums.initial).any()):
            continue
        price = np.full(count, np.nan) if index is None else index[:, purse.asset]
        price = np.where(np.isfinite(price) & (price > 0), price, np.nan)
        _add_sums(unit, sums, price * purse.ask_factor, worth(sums.equity, price, purse), purse)
    # What keeps one number of a unit from being known keeps all of it, as in `assess`; only what
    # opening asks can lack something alone.
    for unit in units:
        unknown = np.isnan(unit.equity + unit.maintenance + unit.scale)
        for amounts in (unit.equity, unit.maintenance, unit.scale):
            amounts[unknown] = np.nan
        unknown |= np.isnan(unit.initial + unit.open_loss)
        for amounts in (unit.initial, unit.open_loss):
            amounts[unknown] = np.nan
    return HealthArrays(
        np.stack([unit.equity for unit in units], axis=1),
        np.stack([unit.initial for unit in units], axis=1),
        np.stack([unit.maintenance for unit in units], axis=1),
        np.stack([unit.open_loss for unit in units], axis=1),
        ERROR_FRACTION * np.stack([unit.scale for unit in units], axis=1),
    )


def _add_sums(unit: _Sums, sums: _Sums, ask: Floats, held: Floats, purse: Purse) -> None:
    debt = np.where(held < 0, -held, 0.0)
    unit.equity += held
    unit.initial += sums.initial * ask + debt * purse.borrow_initial
    unit.initial += np.where(held > 0, held, 0.0) * (1 - purse.initial_scale)
    unit.maintenance += sums.maintenance * ask + debt * purse.borrow_maintenance
    unit.open_loss += sums.open_loss * ask
    unit.scale += sums.scale * ask


def _add_leg(sums: _Sums, leg: Leg, mark: Floats) -> Requirements:
    value = notional(leg.quantity, mark, is_inverse=leg.is_inverse)
    cost = abs(leg.quantity) * (1 / leg.entry_price if leg.is_inverse else leg.entry_price)
    sums.equity += unrealised_pnl(leg.quantity, leg.entry_price, mark, is_inverse=leg.is_inverse)
    kept = _at(leg.kept, leg, mark)
    opened = kept if leg.opened == leg.kept else _at(leg.opened, leg, mark)
    asked = requirements(kept, opened, mark, leg.terms)
    asked = Requirements(
        asked.initial + leg.reserve, asked.maintenance + leg.reserve, asked.scale + leg.reserve
    )
    sums.initial += asked.initial
    sums.maintenance += asked.maintenance
    sums.scale += value + cost + asked.scale
    return asked


def _at(basis: Basis, leg: Leg, mark: Floats) -> At:
    price = mark * basis.factor
    if basis.price is not None:
        price = np.where(np.isnan(mark), np.nan, basis.price)
    return At(notional(leg.quantity, price, is_inverse=leg.is_inverse), price)


def _net(sums: _Sums, members: list[tuple[Leg, Requirements]]) -> None:
    for name in ("initial", "maintenance"):
        sides = [np.zeros_like(sums.equity), np.zeros_like(sums.equity)]
        for leg, asked in members:
            sides[leg.quantity < 0] += getattr(asked, name)
        setattr(sums, name, getattr(sums, name) - np.minimum(*sides))


def _add_orders(sums: _Sums, group: OrderGroup, mark: Floats) -> None:
    held = np.sign(group.held) * notional(group.held, mark, is_inverse=group.is_inverse)
    bids, asks, scale = np.zeros_like(mark), np.zeros_like(mark), np.zeros_like(mark)
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
        scale += value + at_mark
        if not order.is_reduce_only:
            gain = unrealised_pnl(order.quantity, price, mark, is_inverse=group.is_inverse)
            sums.open_loss -= np.minimum(gain, 0.0)
    # A held position counts here too: an isolated one adds to another purse's scale.
    scale += np.abs(held)
    most = np.maximum(np.abs(held + bids), np.abs(held - asks))
    after, before = (_order_margin(At(value, mark), group.terms) for value in (most, np.abs(held)))
    sums.initial += after.initial - before.initial
    scale += after.scale + before.scale
    # Without a mark there is no number of the orders that could be off.
    sums.scale += np.where(np.isnan(mark), 0.0, scale)


def _order_margin(at: At, terms: Terms) -> Requirements:
    # Twin of `open_orders`: where no tier is known, all of it.
    if terms.is_flat and terms.leverage is not None:
        return Requirements(at.value / terms.leverage, at.value, at.value)
    if terms.tiers is None:
        return Requirements(at.value, at.value, at.value)
    asked = requirements(at, at, at.price, terms)
    is_known = ~np.isnan(asked.initial)
    return Requirements(
        np.where(is_known, asked.initial, at.value),
        asked.maintenance,
        np.where(is_known, asked.scale, at.value),
    )
