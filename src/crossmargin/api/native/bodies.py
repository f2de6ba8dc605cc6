"""What requests say: strict records, numbers as text, nothing that is not known.

A JSON number is refused where a decimal is meant, because it has been through somebody's binary
float; so are exponents, NaN and infinity.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from crossmargin.api.keys import Scope
from crossmargin.model.account import AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.venue.command import SelfTrade, TimeInForce, Trigger

END = r"$(?!\n)"
"""The end of a text. In Python `$` alone would let a line feed follow."""
NAME = rf"^[A-Za-z0-9._-]{{1,64}}{END}"
CLIENT_ID = rf"^[A-Za-z0-9._:/-]{{1,64}}{END}"

Number: TypeAlias = Annotated[
    str,
    Meta(
        pattern=rf"^-?[0-9]{{1,18}}(\.[0-9]{{1,18}})?{END}",
        description="A decimal number as text, without exponent.",
        examples=["0.5"],
    ),
]
ClientId: TypeAlias = Annotated[
    str,
    Meta(
        pattern=CLIENT_ID,
        description="Chosen by the client, once for each request that changes something.",
        examples=["order-17"],
    ),
]
AccountName: TypeAlias = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9][A-Za-z0-9._-]{{0,63}}{END}",
        description="The name of an account.",
        examples=["alice"],
    ),
]
Name: TypeAlias = Annotated[
    str,
    Meta(
        pattern=NAME,
        description="A symbol or an asset.",
        examples=["BTCUSDT"],
    ),
]
OrderId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1, description="The venue's id.")]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request that changes something says."""

    client_id: ClientId


class NewAccount(Body, frozen=True):
    """An account to be opened, empty; a sub-account names its `parent`."""

    account: AccountName
    parent: AccountName | None = None


class Money(Body, frozen=True):
    """Money that comes in or goes out; amounts are above zero."""

    asset: Name
    amount: Number


class NewTransfer(Money, frozen=True):
    """Free money for another account of the same family."""

    to: AccountName


class NewConversion(Money, frozen=True):
    """An amount of an asset to be exchanged for another, `to`, at the index."""

    to: Name


class NewLeverage(Body, frozen=True):
    """The leverage of a symbol."""

    symbol: Name
    leverage: Number


class NewMarginMode(Body, frozen=True):
    """Whether a symbol is cross or isolated."""

    symbol: Name
    mode: MarginMode


class NewPositionMode(Body, frozen=True):
    """Whether a symbol holds one net position, or a long and a short."""

    mode: PositionMode


class NewAssetsMode(Body, frozen=True):
    """Whether every settle asset is a pool of its own, or all collateral is one."""

    mode: AssetsMode


class NewAccountMode(Body, frozen=True):
    """Whether requirements add up by position, or follow from scenarios for the portfolio."""

    mode: AccountMode


class MarginMove(Body, frozen=True):
    """Money for an isolated position (amount above zero), or taken back from it (below).

    `side` names the position in hedge mode.
    """

    symbol: Name
    amount: Number
    side: Side | None = None


class NewOrder(Body, frozen=True):
    """An order; what the fields mean is said of `PlaceOrder`.

    `size` is signed, buying above zero; "0" with `is_close_position`. `side` names the position in
    hedge mode. The `client_id` of the request is that of the order.
    """

    symbol: Name
    size: Number
    type: OrderType = OrderType.LIMIT
    price: Number | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger_price: Number | None = None
    trigger: Trigger = Trigger.LAST
    callback_fraction: Number | None = None
    reduce_only: bool = False
    is_close_position: bool = False
    side: Side | None = None
    self_trade: SelfTrade = SelfTrade.EXPIRE_TAKER
    stop_loss_price: Number | None = None
    take_profit_price: Number | None = None


class OrderCancel(Body, frozen=True):
    """Which order is cancelled: by the venue's id, else by the client's id of the order."""

    order_id: OrderId | None = None
    order_client_id: ClientId | None = None


class CancelEverything(Body, frozen=True):
    """All orders are cancelled, or those of a symbol."""

    symbol: Name | None = None


class KeyLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a key may do at most.

    `order_notional_max` is of one order, in the quote asset; `open_orders_max` of the account;
    `loss_per_day_max` is what the account may lose in a day (UTC) before the key opens nothing
    any more, in USD.
    """

    order_notional_max: Number | None = None
    open_orders_max: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    loss_per_day_max: Number | None = None


class NewKey(Body, frozen=True, kw_only=True):
    """A key to be issued; it ends after `days`.

    `account` is left out for a key that is nobody's (an admin's). `symbols` are those it may
    trade; left out: all.
    """

    account: AccountName | None = None
    scopes: Annotated[list[Scope], Meta(min_length=1, max_length=3)]
    days: Annotated[int, Meta(ge=1, le=366)] = 90
    symbols: Annotated[list[Name], Meta(max_length=1_000)] | None = None
    limits: KeyLimits = KeyLimits()
    label: Annotated[str, Meta(max_length=64, pattern=rf"^[ -~]*{END}")] = ""


class KeyRevocation(Body, frozen=True):
    """The key that is none any more."""

    key_id: Annotated[str, Meta(pattern=rf"^[0-9a-f]{{64}}{END}")]


class HaltAsked(Body, frozen=True):
    """Everything stops but reading; with `is_cancel_only` orders can still be cancelled."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=rf"^[ -~]+{END}")]
    is_cancel_only: bool = False


class ResumeAsked(Body, frozen=True):
    """It goes on, if prices are fresh and the books balance."""


class EdgeAsked(Body, frozen=True):
    """Prices go until an account is `distance` (a fraction: "0.01" is 1 %) from liquidation.

    With a `symbol` its price alone, else all the account holds by one percentage. Below zero is
    beyond.
    """

    account: AccountName
    distance: Number
    direction: Literal["down", "up"] = "down"
    symbol: Name | None = None


EXAMPLES: dict[type[Body], dict[str, object]] = {
    NewAccount: {"client_id": "a-1", "account": "carol"},
    Money: {"client_id": "a-2", "asset": "USDT", "amount": "10000"},
    NewTransfer: {"client_id": "a-3", "to": "carol-2", "asset": "USDT", "amount": "500.5"},
    NewConversion: {"client_id": "a-17", "asset": "BTC", "to": "USDT", "amount": "0.1"},
    NewLeverage: {"client_id": "a-4", "symbol": "BTCUSDT", "leverage": "10"},
    NewMarginMode: {"client_id": "a-5", "symbol": "SOLUSDT", "mode": "isolated"},
    NewPositionMode: {"client_id": "a-6", "mode": "hedge"},
    NewAssetsMode: {"client_id": "a-7", "mode": "multi"},
    MarginMove: {"client_id": "a-8", "symbol": "SOLUSDT", "amount": "-25"},
    NewOrder: {
        "client_id": "a-9",
        "symbol": "BTCUSDT",
        "size": "-0.5",
        "price": "95710",
        "time_in_force": "GTX",
    },
    OrderCancel: {"client_id": "a-10", "order_client_id": "a-9"},
    CancelEverything: {"client_id": "a-11", "symbol": "BTCUSDT"},
    NewKey: {
        "client_id": "a-12",
        "account": "carol",
        "scopes": ["read", "trade"],
        "days": 30,
        "symbols": ["BTCUSDT"],
        "limits": {"order_notional_max": "1000"},
    },
    KeyRevocation: {"client_id": "a-13", "key_id": "0f" * 32},
    HaltAsked: {"client_id": "a-14", "reason": "maintenance", "is_cancel_only": True},
    ResumeAsked: {"client_id": "a-15"},
    EdgeAsked: {"client_id": "a-16", "account": "carol", "distance": "0.01"},
}
"""One of each, for the document."""
