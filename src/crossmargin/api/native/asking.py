"""From a request to the venue and back: commands asked for, refusals turned into problems."""

from decimal import Decimal
from typing import Any, cast

from litestar.connection import Request

from crossmargin.api.asgi import Scope, asked_of
from crossmargin.api.context import Context
from crossmargin.api.problem import Problem
from crossmargin.errors import StoreError, UnitError
from crossmargin.model.instrument import Instrument
from crossmargin.money import number
from crossmargin.runtime.loop import Answer
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.event import Refused
from crossmargin.venue.refusal import Code
from crossmargin.venue.state import AccountState

STATUS = {
    Code.DUPLICATE_OTHER_CONTENT: 409,
    Code.ACCOUNT_EXISTS: 409,
    Code.DUPLICATE_CLIENT_ID: 409,
    Code.UNKNOWN_ACCOUNT: 404,
    Code.UNKNOWN_ORDER: 404,
    Code.UNKNOWN_SYMBOL: 404,
    Code.HALTED: 503,
    Code.CANCEL_ONLY: 503,
    Code.QUEUE_FULL: 503,
}
"""HTTP statuses of refusals; of all others 422."""
VENUE_RULE = "venue-rule"
"""The name of refusals with a code of the imitated venue's own."""


async def asked(context: Context, request: Request[Any, Any, Any], command: AnyCommand) -> Answer:
    """Return what came of a command.

    Raises
    ------
    Problem
        If the venue refuses it, or it is not known what came of it.
    """
    try:
        answer = await context.service.ask(command)
    except StoreError as error:
        raise unknown_outcome(error) from None
    asked_of(cast("Scope", request.scope)).sequence = answer.sequence
    refused(answer)
    return answer


def refused(answer: Answer) -> None:
    """Raise the problem that a refusal is; do nothing where there was none.

    Raises
    ------
    Problem
        If the venue has refused.
    """
    first = answer.events[0] if answer.events else None
    if not isinstance(first, Refused):
        return
    try:
        code = Code(first.code)
    except ValueError:
        raise Problem(422, VENUE_RULE, first.reason, code=first.code) from None
    retry_after_s = 1 if code is Code.QUEUE_FULL else None
    raise Problem(
        STATUS.get(code, 422),
        name_of(code),
        first.reason,
        code=first.code,
        retry_after_s=retry_after_s,
    )


def unknown_outcome(error: StoreError) -> Problem:
    """Return the problem of a write that failed."""
    return Problem(
        503,
        "outcome-unknown",
        "writing failed, and whether it has happened is unknown until the venue is started again; "
        f"then send it again with the same client id ({error})",
    )


def name_of(code: Code) -> str:
    """Return the name of a refusal's code."""
    return code.name.lower().replace("_", "-")


def amount(text: str, where: str) -> Decimal:
    """Return the number that a body spells.

    Raises
    ------
    Problem
        If it has too many digits.
    """
    try:
        return number(text)
    except UnitError as error:
        raise Problem(400, "malformed-body", f"the body: {error}", where=f"body.{where}") from None


def maybe(text: str | None, where: str) -> Decimal | None:
    """Return the number that a body spells, if it does; see `amount`."""
    return None if text is None else amount(text, where)


def account_of(context: Context, name: str, where: str = "path") -> AccountState:
    """Return an account; `where` is where the request names it.

    Raises
    ------
    Problem
        If there is none.
    """
    found = context.service.state.accounts.get(name)
    if found is None:
        raise Problem(404, "unknown-account", f"there is no account {name}", where=where)
    return found


def instrument_of(context: Context, symbol: str) -> Instrument:
    """Return what is traded under a symbol that has had a price.

    Raises
    ------
    Problem
        If there is none.
    """
    state = context.service.state
    contract = state.rulebook.contracts.get(symbol)
    if contract is None or symbol not in state.symbols:
        raise Problem(404, "unknown-symbol", f"there is no symbol {symbol}", where="symbol")
    return contract.instrument
