"""Cases about an account with positions: build it, assess it, read the expected values off.

One adapter for liquidation prices, position fields, profit and requirements of linear and
inverse contracts, cross and isolated, one-way and hedged, one tier or a ladder.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, PositionAssessment, UnitAssessment
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.lookup import contract_of
from crossmargin.margin.tiers import tier_of
from crossmargin.model.account import MarginMode
from crossmargin.model.order import Order, Side
from crossmargin.model.tiers import Tier
from crossmargin.money import ZERO, exact
from crossmargin.venue.funding import funding_payment
from tests.cases.accounts import (
    SIDES,
    Held,
    asked_for,
    flat,
    held,
    parts,
    position_rows,
    refuse_without_ladder,
    signed_size,
    stand_in,
)
from tests.cases.joint import Prices, apart_where_ladders_differ, joint_prices, nearest
from tests.cases.ladders import ladder
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, canonical
from tests.cases.resting import has_orders, orders_of


class View(NamedTuple):
    """One position of an assessed account, as the readings look at it."""

    assessment: Assessment
    others: Assessment
    unit: UnitAssessment
    position: PositionAssessment | None
    positions: tuple[PositionAssessment, ...]
    tier: Tier | None
    prices: Prices


def _health(name: str) -> Callable[[View], object]:
    return lambda view: getattr(view.unit.health, name, None)


def _of_position(name: str) -> Callable[[View], object]:
    return lambda view: getattr(view.position, name, None)


def _liquidation_price(view: View) -> Decimal | None:
    # A long is liquidated below, a short above; a hedged pair where there is an end, the nearest.
    lower, upper, _ = view.prices
    if len(view.positions) == 1:
        return lower if view.positions[0].side is Side.LONG else upper
    return nearest(lower, upper, view.positions[0].mark_price)


READINGS: dict[str, Callable[[View], object]] = {
    "notional": _of_position("notional"),
    "signed_notional": lambda view: view.position.notional.copy_sign(view.position.size),
    "unrealised_pnl": _of_position("unrealised_pnl"),
    "initial_margin": _of_position("initial_margin"),
    "maintenance_margin": _of_position("maintenance_margin"),
    "tier": _of_position("tier"),
    "mmr": lambda view: view.tier and view.tier.rate,
    "maintenance_amount": lambda view: view.tier and view.tier.deduction,
    "liquidation_price": _liquidation_price,
    "bankruptcy_price": lambda view: view.prices[2],
    "equity": _health("equity"),
    "account_maintenance_margin": _health("maintenance_margin"),
    "account_initial_margin": _health("initial_margin"),
    "margin_requirement": _health("initial_margin"),
    "margin_ratio": lambda view: view.unit.health and view.unit.health.fraction(),
    "buffer": _health("buffer"),
    "wallet_balance": lambda view: view.unit.wallet_balance,
    "order_initial_margin": lambda view: view.unit.order_initial_margin,
    "open_loss": lambda view: view.unit.open_loss,
    "available_for_order": lambda view: view.unit.free_margin,
    "available_balance": lambda view: view.unit.free_margin,
    "free_margin": lambda view: view.unit.free_margin,
    "is_liquidatable": lambda view: view.unit.is_liquidatable,
    "tmm_other": lambda view: (
        view.others.pool.health and view.others.pool.health.maintenance_margin
    ),
    "upnl_other": lambda view: view.others.pool.health and view.others.pool.health.equity,
}
"""From the name of an expected value to where it stands; the others' wallet is empty."""

OF_ONE = {"notional", "signed_notional", "unrealised_pnl", "initial_margin", "maintenance_margin"}
OF_ONE |= {"tier", "mmr", "maintenance_amount"}
OF_UNIT = READINGS.keys() - OF_ONE - {"liquidation_price", "bankruptcy_price"}
OF_UNIT -= {"tmm_other", "upnl_other"}
"""What belongs to one position; and what to its pool, whichever position is asked about."""


def _either_side(adapter: Callable[[Case, Inputs], Answer]) -> Callable[[Case, Inputs], Answer]:
    # One position without a side, and answers for a long and a short: each as if it were said.
    @exact
    def adapt(case: Case, inputs: Inputs) -> Answer:
        plain = adapter(case, inputs)
        # Looked at in a copy: rows that are made are rows to be read.
        copy = Inputs(inputs.values, inputs.units, inputs.parent)
        is_one = all(row is copy for _, row in position_rows(case, copy))
        if not is_one or inputs.has("side") or inputs.has("position_side"):
            return plain
        sided = {
            side: Inputs({**inputs.values, "side": side}, inputs.units, inputs.parent)
            for side in SIDES
        }

        def answer(key: str) -> object:
            for side, given in sided.items():
                for rest in (key.removeprefix(f"{side}_"), key.removesuffix(f"_{side}")):
                    if rest != key:
                        return adapter(case, given)(canonical(rest, inputs.units))
            return plain(key)

        return answer

    return adapt


@_either_side
@exact
def account(case: Case, inputs: Inputs) -> Answer:
    """Return the answers about an account in single-asset mode."""
    if "hedge" in inputs.word("position_mode"):
        case = case._replace(mode=f"{case.mode}, hedge")
    positions = held(case, inputs)
    if not positions and has_orders(inputs):
        positions = [flat(case, inputs)]
    orders = orders_of(case, inputs, positions)
    if not positions and inputs.has("notional"):
        return ladder(case, inputs)
    if not positions and not inputs.has("wallet_balance") and not inputs.has("equity"):
        raise UnknownShape(f"no positions among {', '.join(sorted(inputs.values))}")
    settle = positions[0].instrument.settle if positions else "USDT"
    symbol, side = asked_for(inputs)
    wallet = ZERO
    is_cross = any(one.position.mode is MarginMode.CROSS for one in positions) or not positions
    if is_cross and not inputs.is_read("wallet_balance"):
        wallet = inputs.number("wallet_balance", ZERO) + inputs.number("extra_margin", ZERO)
    pnl, maintenance = inputs.number("upnl_other", ZERO), inputs.number("tmm_other", ZERO)
    others = stand_in("OTHER", settle, pnl=pnl, maintenance=maintenance) if is_cross else []
    if not positions:
        others += _sums(inputs, settle)
        # Profit is in the margin balance already.
        wallet += inputs.number("equity", ZERO) if not inputs.has("wallet_balance") else ZERO
    views = _views(case, positions, others, orders, {settle: wallet})
    for context in ("position_mode", "assets_mode", "notional", "tick"):
        inputs.value(context, None)
    is_order_topic = "open orders" in case.topic

    def answer(key: str) -> object:
        name, word = _name_and_word(key, inputs, views)
        if is_order_topic and name == "initial_margin":
            name = "margin_requirement"
        refuse_without_ladder(name, positions)
        found = _chosen(views, word or f"{symbol} {side}".strip(), name)
        value = READINGS[name](found)
        return Decimal(value) if isinstance(value, int) and name == "tier" else value

    return answer


def _sums(inputs: Inputs, settle: str) -> list[Held]:
    # A whole account of which only sums are given.
    totals = ("account_maintenance_margin", "account_initial_margin")
    singles = ("maintenance_margin", "initial_margin")
    maintenance, initial = (
        inputs.number(total, inputs.number(single, ZERO))
        for total, single in zip(totals, singles, strict=True)
    )
    has_wallet = inputs.has("wallet_balance")
    pnl = inputs.number("unrealised_pnl", ZERO) if has_wallet else ZERO
    return stand_in("ALL", settle, pnl=pnl, maintenance=maintenance, initial=initial)


def _name_and_word(key: str, inputs: Inputs, views: dict[str, View]) -> tuple[str, str]:
    # The name of a reading, and the symbol or side that stands before or after it.
    if key in READINGS:
        return key, ""
    for word in (*views, "long", "short"):
        small = word.lower()
        for rest in (key.removeprefix(f"{small}_"), key.removesuffix(f"_{small}")):
            name = canonical(rest, inputs.units)
            if rest != key and name in READINGS:
                return name, word
    raise Unanswered(key)


def _chosen(views: dict[str, View], word: str, name: str) -> View:
    sides = [view for key, view in views.items() if key.endswith(f" {word}")]
    if word in SIDES and len(sides) == 1:
        return sides[0]
    symbols = [key for key in views if " " not in key]
    if word not in views:
        if len(symbols) != 1 and name not in OF_UNIT:
            raise UnknownShape(f"{name} of which of {', '.join(views)}? solve_for does not say")
        if word in SIDES and views[symbols[0]].position.side != word:
            raise Unanswered(f"{name} of the {word}: there is none")
        word = symbols[0]
    view = views[word]
    is_pair = f"{word} long" in views
    if is_pair and name not in OF_UNIT and (name in OF_ONE or len(view.positions) == 1):
        raise UnknownShape(f"{name} of which side of {word}? solve_for_side does not say")
    return view


def _views(
    case: Case,
    positions: list[Held],
    others: list[Held],
    orders: tuple[Order, ...],
    wallets: dict[str, Decimal],
) -> dict[str, View]:
    # By symbol, and in hedge mode also by "symbol side".
    positions, apart = apart_where_ladders_differ(positions)
    whole = parts(case, [*positions, *others], wallets, orders=orders)
    assessment = assess(*whole)
    bounds = assessment.boundaries.positions
    views: dict[str, View] = {}
    by_symbol: dict[str, list[int]] = {}
    for index, one in enumerate(positions):
        by_symbol.setdefault(one.position.symbol.partition(" ")[0], []).append(index)
    for symbol, indexes in by_symbol.items():
        is_cross = positions[indexes[0]].position.mode is MarginMode.CROSS
        rest = [
            one
            for index, one in enumerate(positions)
            if index not in indexes and one.position.mode is MarginMode.CROSS
        ]
        nobody = parts(case, [*rest, *others] if is_cross else [], dict.fromkeys(wallets, ZERO))
        prices = _prices(bounds[indexes[0]])
        if symbol in apart and is_cross:
            pair = [positions[index] for index in indexes]
            prices = joint_prices(case, pair, [*rest, *others], wallets)
        for index in indexes:
            group = indexes if is_cross else [index]
            one = assessment.positions[index]
            view = View(
                assessment,
                assess(*nobody),
                _unit_of(assessment, index, is_cross=is_cross),
                one,
                tuple(assessment.positions[i] for i in group),
                _tier(whole.rulebook, one),
                prices if is_cross else _prices(bounds[index]),
            )
            views.setdefault(symbol, view)
            if len(indexes) > 1:
                views[f"{symbol} {one.side}"] = view
    if not views:
        nobody = assess(*parts(case, others, dict.fromkeys(wallets, ZERO)))
        nothing = (None, None, None)
        views[""] = View(assessment, nobody, assessment.pool, None, (), None, nothing)
    return views


def _prices(boundary: PositionBoundary | None) -> Prices:
    if boundary is None:
        return None, None, None
    return boundary.lower, boundary.upper, boundary.bankruptcy_price


def _unit_of(assessment: Assessment, index: int, *, is_cross: bool) -> UnitAssessment:
    one = assessment.positions[index]
    if is_cross:
        settle = contract_of(one.symbol, assessment.rulebook).instrument.settle
        return next(unit for unit in assessment.pools if unit.asset == settle)
    return next(u for u in assessment.buckets if (u.symbol, u.side) == (one.symbol, one.side))


def _tier(rulebook: object, one: PositionAssessment) -> Tier | None:
    tiers = contract_of(one.symbol, rulebook).tiers
    return tier_of(one.notional, tiers) if tiers and one.notional is not None else None


@_either_side
@exact
def funding(case: Case, inputs: Inputs) -> Answer:
    """Return what a position receives (or pays) at a funding time."""
    positions = held(case, inputs)
    rate = inputs.number("funding_rate")
    assessed = assess(*parts(case, positions, {})).positions if positions else ()
    notionals = [one.notional.copy_sign(one.size) for one in assessed]
    if not positions:
        notionals = [signed_size(inputs, "notional")]
    payments = [funding_payment(notional, rate) for notional in notionals]
    received = sum(payments, ZERO)
    answers = {"funding_received": received, "funding_paid": received.copy_negate()}
    if len(notionals) == 1:
        answers |= {"notional": abs(notionals[0]), "signed_notional": notionals[0]}
    for one, payment in zip(assessed, payments, strict=False):
        answers[f"funding_received_{one.side}"] = payment
        answers[f"funding_paid_{one.side}"] = payment.copy_negate()
    for context in ("notional", "mark_price", "entry_price"):
        inputs.value(context, None)

    def answer(key: str) -> object:
        for side in SIDES:
            for rest in (key.removeprefix(f"{side}_"), key.removesuffix(f"_{side}")):
                if rest != key:
                    key = f"{canonical(rest, inputs.units)}_{side}"
        if key not in answers:
            raise Unanswered(key)
        return answers[key]

    return answer
