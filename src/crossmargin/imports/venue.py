"""What the import of one venue consists of."""

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from crossmargin.imports.draft import Draft, Holding, Worth
from crossmargin.imports.reply import Row, Shape
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO


def _nothing(_: Draft) -> None:
    """Finish nothing."""


class Venue(Struct, frozen=True):
    """One venue's replies.

    Attributes
    ----------
    shapes : the kinds of reply, the more telling first.
    finish : what only all replies together say.
    positions_from, balances_from, assets_mode_from : requests, for messages that ask for one
        more reply; the last is empty where the venue has one assets mode only.
    """

    name: str
    shapes: tuple[Shape[Draft], ...]
    positions_from: str
    balances_from: str
    finish: Callable[[Draft], None] = _nothing
    assets_mode_from: str = ""


def signed(amount: Decimal, *, is_short: bool) -> Decimal:
    """Return `amount` with the sign of its side, whichever sign it came with."""
    return -abs(amount) if is_short else abs(amount)


def side_of(word: str) -> Side | None:
    """Return the side that a venue's `word` for hedge mode names; None for one-way words."""
    word = word.lower()
    if word in ("long", "dual_long"):
        return Side.LONG
    return Side.SHORT if word in ("short", "dual_short") else None


def is_sell(row: Row, key: str = "side") -> bool:
    """Return whether the order or position in `row` is on the selling side."""
    return row.text(key).lower() in ("sell", "short", "a", "ask")


_TYPES = {
    "limit": OrderType.LIMIT,
    "market": OrderType.MARKET,
    "stop": OrderType.STOP,
    "stop_market": OrderType.STOP_MARKET,
    "take_profit": OrderType.TAKE_PROFIT,
    "take_profit_market": OrderType.TAKE_PROFIT_MARKET,
    "trailing_stop_market": OrderType.TRAILING_STOP_MARKET,
    "post_only": OrderType.LIMIT,
    "lmt": OrderType.LIMIT,
    "stop_limit": OrderType.STOP,
    "take_limit": OrderType.TAKE_PROFIT,
    "take_market": OrderType.TAKE_PROFIT_MARKET,
    "stop limit": OrderType.STOP,
    "stop market": OrderType.STOP_MARKET,
    "take profit limit": OrderType.TAKE_PROFIT,
    "take profit market": OrderType.TAKE_PROFIT_MARKET,
    "stoplimit": OrderType.STOP,
    "limitiftouched": OrderType.TAKE_PROFIT,
    "marketiftouched": OrderType.TAKE_PROFIT_MARKET,
}


def order_type(row: Row, word: str, draft: Draft, symbol: str) -> OrderType | None:
    """Return the type that a venue's `word` names; None, and a line that says so, if unknown."""
    found = _TYPES.get(word.lower())
    if found is None:
        why = f"its type {word or '(none)'} has no place in the account file"
        draft.say(Worth.LEFT_OUT, row.where(), f"order of {symbol}", why)
    return found


_OVER = {
    *("filled", "canceled", "cancelled", "rejected", "expired", "expired_in_match", "finished"),
    *("closed", "deactivated", "partiallyfilledcanceled", "best_effort_canceled", "live_canceled"),
}


def is_over(row: Row) -> bool:
    """Return whether the order in `row` says that it rests no more."""
    word = row.text("status", "orderStatus", "order_status", "order_state", "state", "ordStatus")
    return word.lower() in _OVER


def left(row: Row, size: str, *filled: str) -> Decimal:
    """Return what of an order's `size` is not filled yet, at least zero."""
    return max(ZERO, abs(row.needed(size)) - (row.number(*filled) or ZERO))


def price_of(row: Row, *keys: str) -> Decimal | None:
    """Return the first of `keys` as a price; None where it is absent, or zero for "none"."""
    found = row.number(*keys)
    return found if found is not None and found > 0 else None


def leave_out_option(row: Row, symbol: str, draft: Draft, size: Decimal) -> None:
    """Say that the option position `symbol` is not in the file, unless it is flat."""
    if size:
        why = "the account file has no options yet"
        draft.say(Worth.LEFT_OUT, row.where(), f"option position {symbol}", why)


def put_mark_row(symbol_key: str, *mark_keys: str) -> Callable[[Row, Draft], None]:
    """Return a reader of rows that give the mark of a symbol."""

    def read(row: Row, draft: Draft) -> None:
        draft.put_mark(row.name_of(symbol_key), row.number(*mark_keys))
        row.ignore(*row.fields)

    return read


def with_note(holding: Holding, key: str, note: str, draft: Draft) -> None:
    """Note beside `key` of the file, and among the lines, how its number was derived."""
    holding.notes[key] = note
    draft.say(Worth.DERIVED, holding.where, f"{key} of {holding.symbol}", note)
