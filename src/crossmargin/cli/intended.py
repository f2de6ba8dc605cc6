"""Intended trades as options take them: text in, the account after them out."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.files.account import AccountFile
    from crossmargin.risk.plan.intent import Intent
    from crossmargin.rulebooks.schema import Rulebook

With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        metavar="TRADE",
        help="After this trade: 'BTCUSDT +0.5 @ market stop 92000'. Repeatable.",
    ),
]


def intents_of(texts: Sequence[str], rulebook: "Rulebook") -> "tuple[Intent, ...]":
    """Return the trades that `texts` spell.

    Raises
    ------
    UsageError
        If one is no trade, or its symbol is not the venue's; the sentence begins with the option.
    """
    from crossmargin.risk.plan.intent import intent_of

    found = []
    for text in texts:
        try:
            intent = intent_of(text)
        except UsageError as error:
            raise UsageError(f"--with {error}") from None
        found.append(intent)
        check_symbol(intent.symbol, rulebook, "--with")
    return tuple(found)


def after_trades(file: "AccountFile", texts: Sequence[str] | None) -> "AccountFile":
    """Return `file` with the account and the prices as they are after the trades of `--with`.

    Raises
    ------
    UsageError
        As `intents_of`, and if a trade cannot be made.
    """
    from msgspec.structs import replace

    from crossmargin.risk.plan.intent import traded

    if not texts:
        return file
    intents = intents_of(texts, file.rulebook)
    done = traded(file.account, file.market, file.rulebook, intents)
    return replace(file, account=done.account, market=done.market)


def show_before_and_after(file: "AccountFile", texts: Sequence[str]) -> None:
    """Print what the trades of `--with` change: the account before and after, and their exits.

    Errors as of `after_trades`; UnknownError where health is unknown before or after.
    """
    from crossmargin.cli.console import console
    from crossmargin.cli.ticket_tables import show_ticket
    from crossmargin.risk.plan.ticket import ticket

    intents = intents_of(texts, file.rulebook)
    show_ticket(console(), ticket(file.account, file.market, file.rulebook, intents))


def check_symbol(symbol: str, rulebook: "Rulebook", option: str) -> None:
    """Refuse a symbol that the venue does not have.

    Raises
    ------
    UsageError
        With what may be meant; the sentence begins with `option`.
    """
    from crossmargin.files.unknown import unknown_symbol

    if symbol not in rulebook.contracts:
        raise UsageError(f"{option}: {unknown_symbol(symbol, rulebook)}")


def fraction_of(text: str, option: str) -> Decimal:
    """Return the fraction that `text` spells: 2% and 0.02 are the same.

    Raises
    ------
    UsageError
        If it is no number, or not between 0 and 1.
    """
    try:
        value = Decimal(text.strip().removesuffix("%"))
    except InvalidOperation:
        raise UsageError(f"{option}: {text!r} is neither a fraction nor a percentage") from None
    if text.strip().endswith("%"):
        value /= 100
    if not value.is_finite() or not 0 <= value <= 1:
        raise UsageError(f"{option}: {text} must be between 0 and 100%; write it as 2% or 0.02")
    return value


def number_of(text: str, option: str, *, is_zero_allowed: bool = False) -> Decimal:
    """Return the number that `text` spells.

    Raises
    ------
    UsageError
        If it is none, or not above zero.
    """
    from crossmargin.errors import UnitError
    from crossmargin.money import number

    try:
        value = number(text.strip())
    except UnitError as error:
        raise UsageError(f"{option}: {error}") from None
    if value < 0 or not (value or is_zero_allowed):
        raise UsageError(f"{option}: {text} must be above 0")
    return value
