"""From parameters to orders: what Binance's words ask of the venue.

What a type needs, what it must not have, and steps are refused here with Binance's codes, in the
order a client is told; everything else is the venue's own business and its refusals are translated.
"""

import secrets
from collections.abc import Mapping
from decimal import Decimal

from crossmargin.api.binance.errors import DialectError
from crossmargin.api.binance.params import CLIENT_ID, Params, required
from crossmargin.api.binance.symbols import contract_named, places, steps_of
from crossmargin.model.account import PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.schema import Contract
from crossmargin.venue.command import PlaceOrder, SelfTrade, TimeInForce, Trigger
from crossmargin.venue.filters import PRICED
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState, State

ORDER_SIDES = {"BUY": ONE, "SELL": -ONE}
POSITION_SIDES = {"BOTH": "", "LONG": Side.LONG, "SHORT": Side.SHORT}
TYPES = {one.name: one for one in OrderType}
TIMES_IN_FORCE = {one.name: one for one in TimeInForce}
WORKING_TYPES = {"MARK_PRICE": Trigger.MARK, "CONTRACT_PRICE": Trigger.LAST}
SELF_TRADES = {one.name: one for one in SelfTrade}
RESPONSES = {"ACK": True, "RESULT": False}
PRICE_MATCHES = {"NONE": False}
CALLBACK_MIN, CALLBACK_MAX = Decimal("0.1"), Decimal(10)
"""What a trailing stop's callback may be, in per cent."""
CLIENT_ID_LENGTH_MAX = 36
_ID_BYTES = 8
"""How many bytes of an id that is made up are random."""


def read_order(params: Params, state: State, account: AccountState) -> PlaceOrder:
    """Return the order that `POST /fapi/v1/order` asks for.

    Raises
    ------
    DialectError
        For the first thing that is wrong with it.
    """
    contract = contract_named(state, params.text("symbol"))
    sign = required(params.choice("side", ORDER_SIDES, -1117), "side")
    kind = required(params.choice("type", TYPES, -1116), "type")
    if kind.is_conditional:
        raise DialectError(-4120)
    if "stopPrice" in params:
        raise DialectError(-1106, "stopPrice")
    if params.flag("closePosition"):
        raise DialectError(-4136, kind.name)
    time_in_force = _time_in_force(params, kind)
    size = quantity(params, state, contract, sign)
    price = price_named(params, state, contract, "price") if kind is OrderType.LIMIT else None
    _refuse_extras(params, kind)
    return PlaceOrder(
        at_ms=0,
        account=account.name,
        client_id=client_id(params, "newClientOrderId", state.at_ms),
        symbol=contract.instrument.symbol,
        size=size,
        type=kind,
        price=price,
        time_in_force=time_in_force,
        reduce_only=_reduce_only(params, account),
        side=position_side(params, account),
        self_trade=_self_trade(params),
    )


def read_algo_order(params: Params, state: State, account: AccountState) -> PlaceOrder:
    """Return the order that `POST /fapi/v1/algoOrder` asks for.

    Raises
    ------
    DialectError
        For the first thing that is wrong with it.
    """
    required(params.choice("algoType", {"CONDITIONAL": True}), "algoType")
    contract = contract_named(state, params.text("symbol"))
    sign = required(params.choice("side", ORDER_SIDES, -1117), "side")
    kind = required(params.choice("type", TYPES, -1116), "type")
    if not kind.is_conditional:
        raise DialectError(-1116)
    side = position_side(params, account)
    is_closing = bool(params.flag("closePosition"))
    if is_closing:
        _check_closing(params, kind)
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    callback = _callback(params) if is_trailing else None
    size = ZERO if is_closing else quantity(params, state, contract, sign)
    trigger_name = "activatePrice" if is_trailing else "triggerPrice"
    trigger_price = None
    if trigger_name in params or not is_trailing:
        trigger_price = price_named(params, state, contract, trigger_name)
    is_priced = kind in PRICED
    _refuse_extras(params, kind)
    placed = PlaceOrder(
        at_ms=0,
        account=account.name,
        client_id=client_id(params, "clientAlgoId", state.at_ms),
        symbol=contract.instrument.symbol,
        size=size,
        type=kind,
        price=price_named(params, state, contract, "price") if is_priced else None,
        time_in_force=_algo_time_in_force(params),
        trigger_price=trigger_price,
        trigger=params.choice("workingType", WORKING_TYPES) or Trigger.LAST,
        callback_fraction=callback,
        reduce_only=_reduce_only(params, account) and not is_closing,
        is_close_position=is_closing,
        side=side,
        self_trade=_self_trade(params),
    )
    if is_closing:
        _check_direction(placed, account, sign)
    return placed


def client_id(params: Params, name: str, at_ms: int) -> str:
    """Return the client's id of an order, made up where there is none.

    Parameters
    ----------
    at_ms : the venue's time. Ids that are made up begin with it, so that those of one time are next
        to each other in the store: it writes a page for them, not one for each.

    Raises
    ------
    DialectError
        -4015 for one that is too long or has other signs than Binance takes.
    """
    given = params.optional(name)
    if given is None:
        return f"{at_ms:011x}{secrets.token_urlsafe(_ID_BYTES)}"
    if len(given) > CLIENT_ID_LENGTH_MAX:
        text = f"Client order id length should be less than {CLIENT_ID_LENGTH_MAX + 1} chars"
        raise DialectError(-4015, text=text)
    if not CLIENT_ID.fullmatch(given):
        raise DialectError(-4015)
    return given


def position_side(params: Params, account: AccountState) -> Side | None:
    """Return the position an order or a movement of margin is for; None in one-way mode.

    Raises
    ------
    DialectError
        -4060 for what is none, -4061 for one of the other mode.
    """
    asked = params.choice("positionSide", POSITION_SIDES, -4060)
    side = asked if isinstance(asked, Side) else None
    if (side is not None) is not (account.position_mode is PositionMode.HEDGE):
        raise DialectError(-4061)
    return side


def is_acknowledged(params: Params) -> bool:
    """Return whether a client wants to know no more than that its order is in.

    Raises
    ------
    DialectError
        -1136.
    """
    return params.choice("newOrderRespType", RESPONSES, -1136) is not False


def band_code(placed: PlaceOrder) -> Mapping[int, int]:
    """Return what a price beyond the band is called, which Binance says by side."""
    return {Code.PRICE_OUT_OF_BAND: -4016 if placed.size > 0 else -4024}


def quantity(params: Params, state: State, contract: Contract, sign: Decimal) -> Decimal:
    """Return the signed size that is asked for.

    Raises
    ------
    DialectError
        -1102, -4003 for zero, -1111 for one finer than the symbol's step.
    """
    size = required(params.decimal("quantity"), "quantity")
    if not size:
        raise DialectError(-4003)
    _check_places(size, steps_of(state, contract).lot)
    return size * sign


def price_named(params: Params, state: State, contract: Contract, name: str = "price") -> Decimal:
    """Return a price that is asked for.

    Raises
    ------
    DialectError
        -1102, -4001 (-4006 for what is no limit price) for zero, -1111 for one finer than the
        symbol's step.
    """
    price = required(params.decimal(name), name)
    if not price:
        raise DialectError(-4001 if name == "price" else -4006)
    _check_places(price, steps_of(state, contract).tick)
    return price


def _check_places(value: Decimal, step: Decimal | None) -> None:
    if step is not None and value and places(value) > places(step):
        raise DialectError(-1111)


def _time_in_force(params: Params, kind: OrderType) -> TimeInForce:
    found = params.choice("timeInForce", TIMES_IN_FORCE, -1115)
    if kind is OrderType.LIMIT:
        return required(found, "timeInForce")
    if found is not None:
        raise DialectError(-1106, "timeInForce")
    return TimeInForce.GTC


def _algo_time_in_force(params: Params) -> TimeInForce:
    return params.choice("timeInForce", TIMES_IN_FORCE, -1115) or TimeInForce.GTC


def _reduce_only(params: Params, account: AccountState) -> bool:
    is_reducing = bool(params.flag("reduceOnly"))
    if is_reducing and account.position_mode is PositionMode.HEDGE:
        raise DialectError(-4062)
    return is_reducing


def _self_trade(params: Params) -> SelfTrade:
    asked = params.choice("selfTradePreventionMode", SELF_TRADES, -5039)
    return SelfTrade.EXPIRE_MAKER if asked is None else asked


def _callback(params: Params) -> Decimal:
    rate = required(params.decimal("callbackRate"), "callbackRate")
    if not CALLBACK_MIN <= rate <= CALLBACK_MAX:
        raise DialectError(-1130, "callbackRate")
    return rate / 100


def _check_closing(params: Params, kind: OrderType) -> None:
    if "quantity" in params:
        raise DialectError(-4137)
    if params.flag("reduceOnly"):
        raise DialectError(-1106, "reduceonly")
    if kind in PRICED or kind is OrderType.TRAILING_STOP_MARKET:
        raise DialectError(-4136, kind.name)


def _check_direction(placed: PlaceOrder, account: AccountState, sign: Decimal) -> None:
    # The venue closes whatever is held; Binance says which way, and that has to be right.
    held = account.held(placed)
    if held * sign > 0:
        raise DialectError(-2022)


def _refuse_extras(params: Params, kind: OrderType) -> None:
    # What would be asked for and not be done is refused rather than forgotten.
    if kind not in PRICED and "price" in params:
        raise DialectError(-1106, "price")
    if params.choice("priceMatch", PRICE_MATCHES):
        raise DialectError(-1106, "priceMatch")
    if "goodTillDate" in params:
        raise DialectError(-1106, "goodTillDate")
