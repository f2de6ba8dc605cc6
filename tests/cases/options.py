"""Cases about options: margin of short ones, their orders, what they pay at expiry, and fees."""

import re
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.options import (
    OptionOrder,
    OptionQuote,
    option_fee,
    option_margin,
    order_margin,
    out_of_the_money,
    profit,
    settlement_value,
)
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.option import Right
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from tests.cases.accounts import is_short
from tests.cases.derive import answers, right_of
from tests.cases.reader import Answer, Case, Inputs, UnknownShape

D = Decimal
DERIBIT, OKX, BYBIT = (
    load_rulebook(venue).options[0].method.rule for venue in ("deribit", "okx", "bybit")
)
DERIBIT_FEE_CAP = D("0.125")


def _first(inputs: Inputs, *names: str, default: Decimal | None = None) -> Decimal:
    """Return the number given under the first of `names` there is; with none, `default`."""
    for name in names:
        if inputs.has(name):
            return inputs.number(name)
    if default is None:
        raise UnknownShape(f"no {names[0]} among {', '.join(sorted(inputs.values))}")
    return default


def _right(case: Case, inputs: Inputs) -> Right:
    """Return the right that is given, or that the topic or the strike's key names."""
    word = inputs.word("option_type")
    if word:
        return right_of(word)
    said = " ".join([case.topic, *inputs.values]).lower()
    found = set(re.findall(r"(?<![a-z])(?:call|put)(?![a-z])", said))
    if len(found) != 1:
        raise UnknownShape(f"neither call nor put among {', '.join(sorted(inputs.values))}")
    return right_of(found.pop())


def _short(inputs: Inputs) -> Decimal:
    # A case about short options gives their number with or without the sign.
    return -abs(_first(inputs, "quantity", default=ONE))


def _distance(right: Right, underlying: Decimal, inputs: Inputs) -> Decimal:
    given = _first(inputs, "otm_amount", "otm", default=Decimal(-1))
    if given >= 0:
        return given
    strike = _first(inputs, "strike", f"strike_short_{right}", "strike_price")
    return out_of_the_money(right, strike, underlying)


@exact
def okx_position(case: Case, inputs: Inputs) -> Answer:
    """Return what a short position asks for, coin-margined."""
    right = _right(case, inputs)
    names = ("underlying_mark", "underlying_mark_price", "future_mark", "forward", "index")
    is_maintenance = "maintenance" in case.topic
    # Maintenance margin does not ask for moneyness: any forward stands in for one not given.
    has_forward = any(inputs.has(name) for name in names) or not is_maintenance
    forward = _first(inputs, *names) if has_forward else ONE
    quote = OptionQuote(
        _distance(right, forward, inputs) if has_forward else ZERO,
        forward,
        _first(inputs, "option_mark", "option_mark_price", "mark_price"),
    )
    size = _short(inputs) * inputs.number("contract_multiplier", ONE)
    factor = _first(inputs, "margin_factor", "factor", default=ONE)
    margin = option_margin(OKX, size, right, quote, factor=factor)
    found = {"maintenance_margin": margin.maintenance_margin, "mmr": margin.maintenance_margin}
    found["position_margin"] = margin.maintenance_margin
    if not is_maintenance:
        initial = margin.initial_margin
        found |= dict.fromkeys(("position_margin", "initial_margin", "imr"), initial)
    return answers(found)


@exact
def okx_order(case: Case, inputs: Inputs) -> Answer:
    """Return what an order holds; the topic ends in its side and whether it opens or closes."""
    match = re.search(r"(buy|sell) to (open|close)", case.topic)
    if match is None:
        raise UnknownShape(f"{case.topic!r} does not say buy or sell, to open or to close")
    contracts = abs(_first(inputs, "quantity", "order", default=ONE))
    multiplier = inputs.number("contract_multiplier", ONE)
    if inputs.has("fee_per_unit"):
        fee = inputs.number("fee_per_unit") * multiplier
    else:
        fee = _first(inputs, "fee_per_contract", "fee", default=ZERO)
    order = OptionOrder(
        contracts if match[1] == "buy" else -contracts,
        _first(inputs, "order_price", "price"),
        fee,
        multiplier,
        is_closing=match[2] == "close",
    )
    floor = inputs.number("min_open_order_margin", OKX.order_floor_fraction)
    rule = replace(OKX, order_floor_fraction=floor)
    short = match.group() in ("sell to open", "buy to close")
    freed = inputs.number("position_margin") if short else inputs.number("position_margin", ZERO)
    return answers({"order_margin": order_margin(rule, order, position_margin=freed)})


@exact
def bybit_position(case: Case, inputs: Inputs) -> Answer:
    """Return what a short position asks for in cross margin."""
    right = _right(case, inputs)
    underlying = _first(inputs, "underlying", "underlying_price", "index")
    quote = OptionQuote(
        _distance(right, underlying, inputs),
        underlying,
        inputs.number("mark_price"),
        underlying,
        # Without it the premium is the mark's.
        _first(inputs, "entry_premium", "entry_price", "premium", default=ZERO),
    )
    size = _short(inputs)
    if is_short(inputs) is False:
        size = abs(size)
    margin = option_margin(BYBIT, size, right, quote)
    return answers(
        {
            **dict.fromkeys(("position_im", "initial_margin"), margin.initial_margin),
            **dict.fromkeys(("position_mm", "maintenance_margin"), margin.maintenance_margin),
        }
    )


@exact
def settlement(case: Case, inputs: Inputs) -> Answer:
    """Return what an inverse option pays at expiry, per coin, and what its position made."""
    right = _right(case, inputs)
    strike = _first(inputs, "strike", "strike_price")
    settled_at = _first(inputs, "delivery_price", "settlement_price")
    size = inputs.number("quantity", ONE)
    if is_short(inputs):
        size = -abs(size)
    received = settlement_value(size, right, strike, settled_at, is_inverse=True)
    found: dict[str, object] = {
        "payoff": settlement_value(ONE, right, strike, settled_at, is_inverse=True)
    }
    if inputs.has("premium"):
        found["profit"] = profit(size, inputs.number("premium"), received)
        found["unrealised_pnl"] = found["profit"]
    return answers(found)


@exact
def fee(_case: Case, inputs: Inputs) -> Answer:
    """Return the fee per unit, in the coin."""
    flat, premium = (
        _first(inputs, "flat_fee", "fee_rate"),
        _first(inputs, "option_price", "premium"),
    )
    cap = _first(inputs, "cap_fraction", "cap", default=DERIBIT_FEE_CAP)
    return answers({"fee": option_fee(flat, premium, cap)})


@exact
def linear_future(_case: Case, inputs: Inputs) -> Answer:
    """Return the profit of a closed linear future."""
    entry, left = _first(inputs, "entry_price", "entry"), _first(inputs, "exit_price", "exit")
    if inputs.has("quantity"):
        size = inputs.number("quantity")
    else:
        # The base asset need not be one whose name the reader knows: size_paxg.
        keys = [key for _, key in inputs.matching(r"(?:size|amount|quantity|qty)_[a-z0-9]+")]
        if len(keys) != 1:
            raise UnknownShape(f"no size among {', '.join(sorted(inputs.values))}")
        size = inputs.at(keys[0])
    if is_short(inputs):
        size = -abs(size)
    future = Instrument("", Kind.LINEAR_FUTURE, "USDC", "")
    return answers({"unrealised_pnl": unrealised_pnl(size, entry, left, future)})


OKX_TOPICS = {
    "short call position margin (initial)": okx_position,
    "short put position margin (initial)": okx_position,
    "order margin, buy to open": okx_order,
    "order margin, sell to open": okx_order,
    "order margin, sell to close": okx_order,
    "order margin, buy to close": okx_order,
}
BYBIT_TOPICS = {"option short margin": bybit_position}
DERIBIT_TOPICS = {
    "inverse call payoff": settlement,
    "inverse put payoff": settlement,
    "short call expires worthless": settlement,
    "short put expires worthless": settlement,
    "P&L of a linear future": linear_future,
    "option fee cap 12.5 % of premium": fee,
}
