"""The account file that a finished draft makes, as text.

Every number is a string with at most 18 digits after the point, as the file's reader wants them.
Longer ones are rounded against the account: what it owns down, what it pays up. How a number was
derived stands beside it as a comment, and what was left out stands at the top: a file travels
further than what was printed when it was made.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.imports.draft import Draft, Holding, OpenOrder, Worth
from crossmargin.model.account import MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.money import DIGITS_FRACTION_MAX, DIGITS_INTEGER_MAX, down_to, plain, up_to
from crossmargin.rulebooks.encode import key_text, quoted

_STEP = Decimal(1).scaleb(-DIGITS_FRACTION_MAX)
_MAY_VANISH = ("balances.", "margin of ", "open_interest.")  # Money may; a price may not.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def account_text(draft: Draft, made_by: str) -> str:
    """Return the account file of a finished `draft`.

    Parameters
    ----------
    made_by : the command that makes it, for the first line.

    Raises
    ------
    UsageError
        If a number has more digits before the point than the file holds.
    """
    parts = [
        *_head(draft, made_by),
        *_table("balances", draft.balances, draft, down_to),
        *_table("marks", draft.marks, draft, _nearest),
        *_table("index", draft.index, draft, down_to),
        *_table("open_interest", draft.open_interest, draft, up_to),
        *_table("leverage", draft.leverage, draft, down_to),
        *_modes(draft.margin_mode),
    ]
    is_hedge = draft.position_mode is PositionMode.HEDGE
    for holding in draft.holdings.values():
        parts += ["", *_position(holding, draft, is_hedge=is_hedge)]
    for order in draft.orders:
        parts += ["", *_order(order, draft, is_hedge=is_hedge)]
    parts += _instruments(draft)
    return "\n".join(parts) + "\n"


def instant(at_ms: int) -> str:
    """Return the moment `at_ms` as account files write it."""
    moment = EPOCH + timedelta(milliseconds=at_ms)
    text = moment.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def _head(draft: Draft, made_by: str) -> Iterator[str]:
    yield f"# Written by `{_comment(made_by)}`."
    left_out = [line for line in draft.lines if line.worth is Worth.LEFT_OUT]
    if left_out:
        yield "# NOT THE WHOLE ACCOUNT. Left out:"
        yield from (_comment(f"#   {line.what}: {line.why}") for line in left_out)
    yield f"venue = {quoted(draft.venue)}"
    if draft.at_ms is not None:
        yield f'at = "{instant(draft.at_ms)}"'
    for key, mode in (("assets_mode", draft.assets_mode), ("position_mode", draft.position_mode)):
        if mode is not None:
            yield _noted(f"{key} = {quoted(mode.value)}", draft.notes.get(key))


def _table(
    name: str,
    values: Mapping[str, Decimal],
    draft: Draft,
    rounding: Callable[[Decimal, Decimal], Decimal],
) -> Iterator[str]:
    if values:
        yield ""
        yield f"[{name}]"
    for key, value in values.items():
        text = _number(value, rounding, f"{name}.{key}", draft)
        yield _noted(f"{key_text(key)} = {text}", draft.notes.get(f"{name}.{key}"))


def _modes(modes: Mapping[str, MarginMode]) -> Iterator[str]:
    if modes:
        yield ""
        yield "[margin_mode]"
    for symbol, mode in modes.items():
        yield f"{key_text(symbol)} = {quoted(mode.value)}"


def _position(holding: Holding, draft: Draft, *, is_hedge: bool) -> Iterator[str]:
    symbol = holding.symbol
    is_long = holding.size > 0
    numbers = {
        "size": (holding.size, up_to if is_long else down_to),
        "entry_price": (holding.entry_price, up_to if is_long else down_to),
        "margin": (holding.margin, down_to),
    }
    written = {
        key: _noted(
            f"{key} = {_number(value, rounding, f'{key} of {symbol}', draft)}",
            holding.notes.get(key),
        )
        for key, (value, rounding) in numbers.items()
        if value is not None
    }
    yield "[[positions]]"
    yield f"symbol = {quoted(symbol)}"
    yield written["size"]
    yield written["entry_price"]
    if is_hedge:
        yield f'side = "{(Side.LONG if is_long else Side.SHORT).value}"'
    if holding.mode is MarginMode.ISOLATED:
        yield _noted('mode = "isolated"', holding.notes.get("mode"))
        yield written["margin"]
    else:
        yield _noted('mode = "cross"', holding.notes.get("mode"))


def _order(order: OpenOrder, draft: Draft, *, is_hedge: bool) -> Iterator[str]:
    symbol = order.symbol
    yield "[[orders]]"
    yield f"symbol = {quoted(symbol)}"
    yield f"size = {_number(order.size, _nearest, f'order size of {symbol}', draft)}"
    if order.type is not OrderType.LIMIT:
        yield f'type = "{order.type.value}"'
    if order.price is not None:
        yield f"price = {_number(order.price, _nearest, f'order price of {symbol}', draft)}"
    if order.trigger_price is not None:
        text = _number(order.trigger_price, _nearest, f"trigger price of {symbol}", draft)
        yield f"trigger_price = {text}"
    if order.reduce_only:
        yield "reduce_only = true"
    if is_hedge and order.side is not None:
        yield f'side = "{order.side.value}"'


def _instruments(draft: Draft) -> Iterator[str]:
    for holding in draft.holdings.values():
        key = f"instruments.{holding.symbol}"
        if key in draft.notes and holding.kind is not None and holding.settle is not None:
            yield ""
            yield _noted(f"[instruments.{key_text(holding.symbol)}]", draft.notes.pop(key))
            yield f'kind = "{holding.kind.value}"'
            yield f"settle = {quoted(holding.settle)}"
            if holding.base is not None:
                yield f"base = {quoted(holding.base)}"


def _number(
    value: Decimal, rounding: Callable[[Decimal, Decimal], Decimal], what: str, draft: Draft
) -> str:
    if value and value.adjusted() >= DIGITS_INTEGER_MAX:
        raise UsageError(f"{what}: has more than {DIGITS_INTEGER_MAX} digits before the point")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DIGITS_FRACTION_MAX:
        rounded = rounding(_STEP, value)
        if not rounded and not what.startswith(_MAY_VANISH):
            raise UsageError(f"{what}: is nothing at {DIGITS_FRACTION_MAX} places after the point")
        if rounded != value:
            why = f"rounded to {DIGITS_FRACTION_MAX} places, all that an account file holds"
            draft.say(Worth.DERIVED, "the account file", what, why)
            value = rounded
    return f'"{plain(value)}"'


def _nearest(step: Decimal, value: Decimal) -> Decimal:
    return value.quantize(step)


def _noted(text: str, note: str | None) -> str:
    return f"{text}  # {_comment(note)}" if note else text


def _comment(text: str) -> str:
    # Venues name things; a line break in a name must not become a line of the file.
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def names_of(files: Sequence[str]) -> str:
    """Return `files` as they would be typed."""
    return " ".join(files)
