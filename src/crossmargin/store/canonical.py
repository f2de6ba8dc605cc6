"""A state as bytes that are the same on every platform, and back.

A state is a set of parts: the venue's own fields, each account, each open order, each market, each
purse. A part is one line of JSON that begins with its kind and holds its key; the state's bytes are
its lines, sorted. Two states are equal if their bytes are. Decimals keep their digits, and mappings
inside a part the order in which they came about: both can show in what the venue does next.

Not among the parts is what they say already, and what is only remembered to save work:

- Which orders an account has, which of them its clients named, which wait for a trigger, and who
  holds a position in a market or owes money follow from the orders and accounts.
- So does the book, its order within a price included. An order comes to rest behind all that rest
  at its price already, is given the next rank as it does, and keeps its place until it is gone. So
  orders by rank are orders by time, at every price at once, and putting them back by rank gives the
  same book. Their ids would not do: a stop rests when it is triggered.

Markets that are there only because somebody looked for them, and sources of assets likewise, are
left out. Rulebook and settings do not change; the store's header has them.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Struct

from crossmargin.errors import StoreError
from crossmargin.model.account import (
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.order import Side
from crossmargin.model.surface import Smile
from crossmargin.venue.event import Breaker
from crossmargin.venue.fold import admit
from crossmargin.venue.state import AccountState, OpenOrder, State, SymbolState

_Seen: TypeAlias = dict[str, tuple[Decimal, int]]


class Part(Struct, frozen=True, kw_only=True, array_like=True, tag_field="part"):
    """What every part has: a kind, which is its tag, and a key."""


class VenuePart(Part, frozen=True, tag="venue"):
    """The venue's own fields."""

    at_ms: int
    halted: str | None
    is_cancel_only: bool
    next_order_id: int
    next_trade_id: int
    rested: int
    asset_prices: dict[str, Decimal]
    asset_seen: dict[str, _Seen]
    surfaces: dict[str, dict[int, tuple[Smile, int]]]


class AccountPart(Part, frozen=True, tag="account"):
    """One account without its orders; positions with the side they are kept under."""

    name: str
    parent: str
    is_maker: bool
    balances: dict[str, Decimal]
    positions: tuple[tuple[Side | None, Position], ...]
    leverage: dict[str, Decimal]
    margin_mode: dict[str, MarginMode]
    assets_mode: AssetsMode
    position_mode: PositionMode
    warned: tuple[str, ...]
    mode: AccountMode


class SymbolPart(Part, frozen=True, tag="symbol"):
    """One market without its book."""

    symbol: str
    index: Decimal | None
    mark: Decimal | None
    last: Decimal | None
    breaker: Breaker
    open_interest: Decimal
    fund_day: int
    fund_result: Decimal
    seen: _Seen
    premiums: tuple[Decimal, ...]
    funding_at_ms: int | None


class PursePart(Part, frozen=True, tag="purse"):
    """What is in one purse of one asset."""

    purse: str
    asset: str
    amount: Decimal


class OrderPart(Part, frozen=True, tag="order"):
    """One open order."""

    order: OpenOrder


AnyPart: TypeAlias = VenuePart | AccountPart | SymbolPart | PursePart | OrderPart

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyPart] = msgspec.json.Decoder(AnyPart)


def venue_part(state: State) -> bytes:
    """Return the venue's own fields."""
    return _ENCODER.encode(
        VenuePart(
            at_ms=state.at_ms,
            halted=state.halted,
            is_cancel_only=state.is_cancel_only,
            next_order_id=state.next_order_id,
            next_trade_id=state.next_trade_id,
            rested=state.rested,
            asset_prices=state.asset_prices,
            # Looking at an asset makes it an entry, so neither that nor its place counts.
            asset_seen={name: seen for name, seen in sorted(state.asset_seen.items()) if seen},
            surfaces=state.surfaces,
        )
    )


def account_part(account: AccountState) -> bytes:
    """Return one account, without its orders."""
    positions = tuple((side, held) for (_, side), held in account.positions.items())
    return _ENCODER.encode(
        AccountPart(
            name=account.name,
            parent=account.parent,
            is_maker=account.is_maker,
            balances=account.balances,
            positions=positions,
            leverage=account.leverage,
            margin_mode=account.margin_mode,
            assets_mode=account.assets_mode,
            position_mode=account.position_mode,
            warned=tuple(account.warned),
            mode=account.mode,
        )
    )


def symbol_part(name: str, market: SymbolState) -> bytes:
    """Return one market, without its book."""
    return _ENCODER.encode(
        SymbolPart(
            symbol=name,
            index=market.index,
            mark=market.mark,
            last=market.last,
            breaker=market.breaker,
            open_interest=market.open_interest,
            fund_day=market.fund_day,
            fund_result=market.fund_result,
            seen=market.seen,
            premiums=tuple(market.premiums),
            funding_at_ms=market.funding_at_ms,
        )
    )


def purse_part(purse: str, asset: str, amount: Decimal) -> bytes:
    """Return what is in one purse."""
    return _ENCODER.encode(PursePart(purse=purse, asset=asset, amount=amount))


def order_part(order: OpenOrder) -> bytes:
    """Return one open order."""
    return _ENCODER.encode(OrderPart(order=order))


def is_untouched(name: str, part: bytes) -> bool:
    """Return whether a market is as it was made."""
    return part == symbol_part(name, _UNTOUCHED)


_UNTOUCHED = SymbolState()


def _parts(state: State) -> Iterator[bytes]:
    yield venue_part(state)
    for account in state.accounts.values():
        yield account_part(account)
    for name, market in state.symbols.items():
        part = symbol_part(name, market)
        if not is_untouched(name, part):
            yield part
    for (purse, asset), amount in state.purses.items():
        yield purse_part(purse, asset, amount)
    for order in state.orders.values():
        yield order_part(order)


def parts(state: State) -> list[bytes]:
    """Return the lines of a state, sorted."""
    return sorted(_parts(state))


def canonical_bytes(state: State) -> bytes:
    """Return the state as lines of JSON."""
    return b"\n".join(parts(state))


def restore(state: State, content: bytes) -> None:
    """Make the fresh `state` what `content` says, as `canonical_bytes` wrote it.

    Raises
    ------
    StoreError
        If that is no state of this version.
    InvariantBroken
        If its parts contradict each other.
    """
    orders: list[OpenOrder] = []
    try:
        for line in content.split(b"\n"):
            part = _DECODER.decode(line)
            if isinstance(part, OrderPart):
                orders.append(part.order)
            else:
                _restore_part(state, part)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise StoreError(f"is no state of this version: {error}") from error
    # By id as they were accepted, then into the books as they came to rest.
    for order in sorted(orders, key=lambda order: order.id):
        admit(state, order)
    for order in sorted(orders, key=lambda order: order.rank):
        if order.rank and order.price is not None:
            state.symbol(order.symbol).book.add(order.id, order.price, order.size)


def _restore_part(state: State, part: VenuePart | AccountPart | SymbolPart | PursePart) -> None:
    match part:
        case VenuePart():
            for name in part.__struct_fields__:
                setattr(state, name, getattr(part, name))
        case PursePart():
            state.purses[part.purse, part.asset] = part.amount
        case SymbolPart():
            market = state.symbol(part.symbol)
            for name in part.__struct_fields__[1:]:
                setattr(market, name, getattr(part, name))
            market.premiums = list(part.premiums)
        case AccountPart():
            _restore_account(state, part)


def _restore_account(state: State, part: AccountPart) -> None:
    account = AccountState(
        part.name,
        part.parent,
        is_maker=part.is_maker,
        assets_mode=part.assets_mode,
        mode=part.mode,
    )
    state.accounts[part.name] = account
    account.balances, account.leverage = part.balances, part.leverage
    if account.is_debtor:
        state.debtors.add(part.name)
    account.margin_mode, account.position_mode = part.margin_mode, part.position_mode
    account.warned = dict.fromkeys(part.warned)
    for side, held in part.positions:
        account.positions[held.symbol, side] = held
        state.symbol(held.symbol).holders[part.name] = None
