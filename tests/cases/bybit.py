"""Cases of Bybit, and of venues that copy its classic method."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.account_rates import account_rates
from crossmargin.margin.bankruptcy import bankruptcy_price, on_tick
from crossmargin.margin.classic_cross import (
    Holding,
    available_balance,
    available_beside,
    position_margin,
    sustainable_loss,
    wallet_behind,
)
from crossmargin.margin.order_reserve import order_reserve, tier_exposure, trading_fee
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.model.account import MarginMode
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Rulebook
from tests.cases.accounts import is_short, ladder_of
from tests.cases.bybit_positions import (
    BY_BASIS,
    BY_FORMULA,
    CLASSIC,
    MOONXBT,
    NOW,
    TICK,
    Adapter,
    Given,
    by_side,
    by_word,
    given,
    instrument_of,
    named,
    reply,
    without_closing_fee,
)
from tests.cases.ladders import ladder
from tests.cases.reader import Answer, Case, Inputs, UnknownShape

COLLATERAL = ("equity", "margin_balance")
"""What portfolio margin, and what cross margin divides by."""


def margin_of(case: Case, inputs: Inputs, *, short: bool) -> dict[str, object]:
    """Return requirements with and without the fee of closing."""
    rulebook = by_word(inputs, "im_price_basis", BY_BASIS)
    has_fee = inputs.value("include_fee_to_close", inputs.has("taker_fee"))
    one = given(case, inputs, rulebook if has_fee else without_closing_fee(rulebook), short=short)
    bare = one._replace(rulebook=without_closing_fee(one.rulebook))
    whole, _ = one.assessed(MarginMode.CROSS, ZERO)
    base, _ = bare.assessed(MarginMode.CROSS, ZERO)
    return {
        "initial_margin": whole.initial_margin,
        "im_base": base.initial_margin,
        "maintenance_margin": whole.maintenance_margin,
        "mm_base": base.maintenance_margin,
        "closing_fee": one.closing_fee(),
        "notional": notional(one.size, one.entry_price, one.instrument),
        "unrealised_pnl": whole.unrealised_pnl,
    }


def cost_of(case: Case, inputs: Inputs, *, short: bool) -> dict[str, object]:
    """Return what an order holds."""
    size = abs(inputs.number("quantity")).copy_sign(-1 if short else 1)
    instrument = instrument_of(case, inputs)
    price = inputs.number("order_price", inputs.number("entry_price", inputs.number("price", ONE)))
    found = order_reserve(
        size, price, inputs.number("leverage"), inputs.number("taker_fee"), instrument
    )
    return {
        "notional": notional(size, price, instrument),
        "initial_margin": found.initial_margin,
        "opening_fee": found.opening_fee,
        "closing_fee": found.closing_fee,
        "bankruptcy_price": found.bankruptcy_price,
        "cost": found.total,
    }


def liquidation_of(case: Case, inputs: Inputs, *, short: bool) -> dict[str, object]:
    """Return the prices of a position on its own, and its requirements at the mark."""
    if inputs.has("available_balance"):
        return classic_of(case, inputs, short=short)
    # A bankruptcy price that is given is one we work out.
    is_classic = inputs.value("bankruptcy_price", None) is not None or _has_margin(inputs)
    rulebook = CLASSIC if is_classic else by_word(inputs, "formula_version", BY_FORMULA)
    return _alone(case, inputs, rulebook, short=short)


def bankruptcy_of(case: Case, inputs: Inputs, *, short: bool) -> dict[str, object]:
    """Return bankruptcy prices: with the fee of closing where a classic account's margin is."""
    if _has_margin(inputs):
        return _alone(case, inputs, CLASSIC, short=short)
    return _alone(case, inputs, without_closing_fee(NOW), short=short)


def _alone(case: Case, inputs: Inputs, rulebook: Rulebook, *, short: bool) -> dict[str, object]:
    inputs.value("margin_mode", None)
    one = given(case, inputs, rulebook, short=short)
    margin = _margin(inputs, one)
    assessed, boundary = one.assessed(MarginMode.ISOLATED, margin)
    raw = bankruptcy_price(one.size, one.entry_price, margin, one.instrument, one.fee_kept())
    tick = one.instrument.tick or TICK
    return {
        "liquidation_price": boundary.upper if short else boundary.lower,
        "bankruptcy_price": None if raw is None else on_tick(raw, one.size, tick),
        "bankruptcy_price_raw": raw,
        "notional": notional(one.size, one.entry_price, one.instrument),
        "unrealised_pnl": assessed.unrealised_pnl,
        "initial_margin": assessed.initial_margin,
        "maintenance_margin": assessed.maintenance_margin,
        "closing_fee": one.closing_fee(),
    }


def _has_margin(inputs: Inputs) -> bool:
    return any(inputs.has(name) for name in ("account_balance", "position_im", "position_margin"))


def _margin(inputs: Inputs, one: Given) -> Decimal:
    # What is behind the position: the account's, the position's, else what opening it bound.
    moved = (
        inputs.number("extra_margin", ZERO),
        inputs.number("funding_fee_paid_from_position_margin", ZERO).copy_negate(),
        inputs.number("order_margin", ZERO).copy_negate(),
    )
    for name in ("account_balance", "position_im", "position_margin"):
        if inputs.has(name):
            return sum((inputs.number(name), *moved), ZERO)
    if one.leverage is None:
        raise UnknownShape("neither leverage nor a margin")
    held = order_reserve(one.size, one.entry_price, one.leverage, one.fee_kept(), one.instrument)
    return sum((held.position_margin, *moved), ZERO)


def classic_of(
    case: Case, inputs: Inputs, *, short: bool, rulebook: Rulebook = CLASSIC
) -> dict[str, object]:
    """Return what a cross position can lose where open profit is not available, and its price."""
    for context in ("unrealised_pnl", "margin_mode", "formula_version"):
        inputs.value(context, None)
    one = given(case, inputs, rulebook, short=short)
    available = inputs.number("available_balance")
    judged, _ = one.assessed(MarginMode.CROSS, available)
    initial, maintenance = judged.initial_margin or ZERO, judged.maintenance_margin or ZERO
    pnl = judged.unrealised_pnl or ZERO
    wallet = wallet_behind(available, initial, pnl)
    _, boundary = one.assessed(MarginMode.CROSS, wallet)
    return {
        "initial_margin": initial,
        "maintenance_margin": maintenance,
        "unrealised_pnl": pnl,
        "total_sustainable_loss": sustainable_loss(available, initial, maintenance),
        "liquidation_price": boundary.upper if short else boundary.lower,
    }


def moonxbt_of(case: Case, inputs: Inputs, *, short: bool) -> dict[str, object]:
    """Return the same under MoonXBT's rulebook."""
    return classic_of(case, inputs, short=short, rulebook=MOONXBT)


@exact
def tiered(case: Case, inputs: Inputs) -> Answer:
    """Return the deductions of a ladder, and the margin of a position on it."""
    tiers = ladder_of(inputs)
    if tiers is None:
        raise UnknownShape(f"no tiers among {', '.join(sorted(inputs.values))}")
    deductions = [piece.deduction for piece in tiers.pieces]
    found: dict[str, object] = {"maintenance_amount": deductions}
    found |= {f"mm_deduction_tier{place}": one for place, one in enumerate(deductions, start=1)}
    inputs.value("symbol", None)
    if inputs.has("quantity") or inputs.has("notional"):
        found |= margin_of(case, inputs, short=bool(is_short(inputs)))
    return reply(named(found))


@exact
def risk_limit(case: Case, inputs: Inputs) -> Answer:
    """Return the exposure that decides a symbol's tier."""
    instrument = instrument_of(case, inputs)

    def worth(name: str) -> Decimal:
        if not inputs.has(name):
            return ZERO
        values = inputs.value(name)
        rows = [inputs.child(row) for row in (values if isinstance(values, list) else [values])]
        return sum(
            (notional(row.number("quantity"), _price(row), instrument) for row in rows), ZERO
        )

    exposure = tier_exposure(
        worth("long_position"), worth("short_position"), worth("open_buy"), worth("open_sell")
    )
    return reply(dict.fromkeys(("risk_limit_value", "cap_value", "exposure"), exposure))


def _price(row: Inputs) -> Decimal:
    price: Decimal = row.number("price", row.number("entry_price", row.number("order_price", None)))
    return price


@exact
def available(case: Case, inputs: Inputs) -> Answer:
    """Return what is available beside a hedged pair of a classic account."""
    leverage, fee_rate = inputs.number("leverage"), inputs.number("taker_fee", ZERO)
    instrument = instrument_of(case, inputs)
    wallet, fees = inputs.number("wallet_balance"), inputs.number("fees", ZERO)
    orders = inputs.number("order_margin", ZERO)
    is_later = "after" in case.mode.lower()
    sizes = {"long": _size_of(inputs, "long"), "short": _size_of(inputs, "short").copy_negate()}
    entries = {side: _entry_of(inputs, side) for side in sizes if sizes[side]}
    held = {
        side: order_reserve(sizes[side], entry, leverage, fee_rate, instrument)
        for side, entry in entries.items()
    }
    holdings = {
        side: Holding(abs(sizes[side]), entries[side], held[side].initial_margin) for side in held
    }

    def profits(mark: Decimal) -> dict[str, Decimal]:
        return {
            side: unrealised_pnl(sizes[side], entry, mark, instrument)
            for side, entry in entries.items()
        }

    def left(mark: Decimal) -> Decimal:
        if not is_later:
            long, short = (holdings.get(side, Holding()) for side in sizes)
            return available_balance(wallet, long, short, mark, fees)
        margins = [
            position_margin(held[side].initial_margin, held[side].closing_fee, pnl)
            for side, pnl in profits(mark).items()
        ]
        return available_beside(wallet, margins, orders)

    mark = inputs.number("mark_price")
    found: dict[str, object] = {"available": left(mark), "available_balance": left(mark)}
    for side, pnl in profits(mark).items():
        found |= {f"unrealised_{side}": pnl, f"{side}_im": held[side].initial_margin}
        found["position_im"] = found["initial_margin"] = held[side].initial_margin
    if len(held) > 1:
        del found["position_im"], found["initial_margin"]
    if inputs.has("later_mark"):
        found["available_at_later_mark"] = left(inputs.number("later_mark"))
    return reply(found)


def _size_of(inputs: Inputs, side: str) -> Decimal:
    size: Decimal = inputs.number(f"{side}_qty", inputs.number(f"{side}_size", ZERO))
    return abs(size)


def _entry_of(inputs: Inputs, side: str) -> Decimal:
    price: Decimal = inputs.number(f"{side}_entry", inputs.number(f"{side}_entry_price", None))
    return price


@exact
def rates(case: Case, inputs: Inputs) -> Answer:
    """Return the account's rates: over equity in portfolio margin, else over margin balance."""
    # Both are called equity by the reader: here the very names matter.
    bases = {match[0]: inputs.at(key) for match, key in inputs.matching("|".join(COLLATERAL))}
    first, second = COLLATERAL if "portfolio" in case.mode.lower() else COLLATERAL[::-1]
    collateral = bases.get(first, bases.get(second))
    if collateral is None:
        raise UnknownShape(f"no {first} among {', '.join(sorted(inputs.values))}")
    found = account_rates(
        collateral,
        inputs.number("account_im", inputs.number("account_initial_margin", None)),
        inputs.number("account_mm", inputs.number("account_maintenance_margin", None)),
        haircut_loss=inputs.number("haircut_loss", ZERO),
        order_loss=inputs.number("order_loss", ZERO),
    )
    return reply(
        {
            "account_im_rate": found.initial_rate,
            "account_mm_rate": found.maintenance_rate,
            "available_balance": found.available,
        }
    )


@exact
def fee(case: Case, inputs: Inputs) -> Answer:
    """Return the fee of a trade."""
    value = inputs.number("exec_value", inputs.number("notional", None))
    if value is None and inputs.has("quantity"):
        value = notional(inputs.number("quantity"), _price(inputs), instrument_of(case, inputs))
    rate = inputs.number("fee_rate", inputs.number("taker_fee", inputs.number("maker_fee", None)))
    if value is None or rate is None:
        raise UnknownShape(f"no value or rate among {', '.join(sorted(inputs.values))}")
    return reply(dict.fromkeys(("exec_fee", "fee"), trading_fee(value, rate)))


def _keyed(find: Callable[..., dict[str, object]]) -> Adapter:
    return by_side(lambda case, inputs, short: find(case, inputs, short=short))


TOPICS: Mapping[str, Adapter] = {
    "initial margin": _keyed(margin_of),
    "initial margin incl. fee to close": _keyed(margin_of),
    "maintenance margin incl. fee to close": _keyed(margin_of),
    "position value and UPnL": _keyed(margin_of),
    "order cost": _keyed(cost_of),
    "order cost (inverse)": _keyed(cost_of),
    "liquidation price": _keyed(liquidation_of),
    "liquidation price (inverse)": _keyed(liquidation_of),
    "liquidation price with added margin": _keyed(liquidation_of),
    "liquidation price after funding taken from position margin": _keyed(liquidation_of),
    "liquidation and bankruptcy price after adding margin": _keyed(liquidation_of),
    "liquidation distance": _keyed(classic_of),
    "bankruptcy price": _keyed(bankruptcy_of),
    "bankruptcy price (inverse)": _keyed(bankruptcy_of),
    "maintenance margin deduction table": tiered,
    "tiered maintenance margin": tiered,
    "tier lookup": ladder,
    "risk-limit exposure": risk_limit,
    "available balance": available,
    "account IM/MM rate": rates,
    "trading fee": fee,
}
MOONXBT_TOPICS: Mapping[str, Adapter] = {
    "liquidation price": _keyed(moonxbt_of),
    "liquidation distance": _keyed(moonxbt_of),
}
