"""What the operator sees and does: liquidations, the journal, keys, halt and resume."""

from typing import Any, TypeAlias

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec.structs import asdict

from crossmargin.api.context import Context
from crossmargin.api.guard import key_of
from crossmargin.api.keys import Key, Limits, Scope
from crossmargin.api.native import bodies
from crossmargin.api.native.accounts import done
from crossmargin.api.native.answers import (
    Done,
    JournalPage,
    JournalRow,
    KeyIssued,
    KeyRevoked,
    KeyView,
    key_view,
)
from crossmargin.api.native.asking import account_of, asked, maybe
from crossmargin.api.native.once import Once
from crossmargin.api.native.parameters import LimitQuery, PageQuery, StartQuery
from crossmargin.api.native.route import changes, reads
from crossmargin.api.problem import Problem
from crossmargin.durations import DAY_MS
from crossmargin.errors import UsageError
from crossmargin.history.records import DeleveragingRecord, LiquidationRecord
from crossmargin.store.entry import Entry
from crossmargin.venue import command

Asking: TypeAlias = Request[Any, Any, Any]


def venue(context: Context) -> list[HTTPRouteHandler]:
    """Return what is told of the whole venue, and what stops it."""
    history = context.history

    @reads("/liquidations", Scope.ADMIN, "limit")
    async def list_liquidations(limit: LimitQuery = 100) -> list[LiquidationRecord]:
        """Return the receipts of all liquidations."""
        return [*history.liquidations()[-limit:]]

    @reads("/deleveragings", Scope.ADMIN, "limit")
    async def list_deleveragings(limit: LimitQuery = 100) -> list[DeleveragingRecord]:
        """Return who was made to close against whom."""
        return [*history.deleveragings()[-limit:]]

    @reads("/journal", Scope.ADMIN, "start", "limit", weight=5)
    async def read_journal(
        start: StartQuery = 1,
        limit: PageQuery = 100,
    ) -> JournalPage:
        """Return a page of the journal."""
        journal = context.service.writer.journal
        last = journal.sequence
        rows: list[JournalRow] = []
        if start <= last:
            for entry in journal.read(start):
                rows.append(_row(entry))
                if len(rows) == limit:
                    break
        following = start + len(rows)
        return JournalPage(rows, following if rows and following <= last else None, last)

    @changes("/halt", Scope.ADMIN, bodies.HaltAsked)
    async def halt(request: Asking, data: JSONBody[bodies.HaltAsked]) -> Done:
        """Stop everything but reading; a halted venue goes on seeing prices and time."""
        asking = command.Halt(
            at_ms=0,
            client_id=data.client_id,
            reason=data.reason,
            is_cancel_only=data.is_cancel_only,
        )
        return done(await asked(context, request, asking))

    @changes("/resume", Scope.ADMIN, bodies.ResumeAsked)
    async def resume(request: Asking, data: JSONBody[bodies.ResumeAsked]) -> Done:
        """Go on, if prices are fresh and the books balance."""
        asking = command.Resume(at_ms=0, client_id=data.client_id)
        return done(await asked(context, request, asking))

    return [list_liquidations, list_deleveragings, read_journal, halt, resume]


def keys(context: Context) -> list[HTTPRouteHandler]:
    """Return what issues, lists and revokes keys."""
    issued: Once[Key] = Once()

    @reads("/keys", Scope.ADMIN)
    async def list_keys() -> list[KeyView]:
        """Return all keys, without their secrets."""
        return [key_view(key) for key in context.keys]

    @changes("/keys", Scope.ADMIN, bodies.NewKey, status=201)
    async def issue_key(request: Asking, data: JSONBody[bodies.NewKey]) -> KeyIssued:
        """Issue a key; its secret is shown in this answer and nowhere else."""
        if data.account is not None:
            account_of(context, data.account, "body.account")
        limits = _limits(data.limits)

        async def issue() -> Key:
            try:
                return context.keys.issue(
                    data.account or "",
                    context.service.wall_ms() + data.days * DAY_MS,
                    data.scopes,
                    data.symbols,
                    limits,
                    data.label,
                )
            except UsageError as error:
                raise Problem(422, "too-many-keys", str(error)) from None

        key, is_repeat = await issued.do(key_of(request).id, data, issue)
        return KeyIssued(
            **asdict(key_view(key)), secret=context.keys.secret(key.id), is_repeat=is_repeat
        )

    @changes("/keys/revoke", Scope.ADMIN, bodies.KeyRevocation)
    async def revoke_key(data: JSONBody[bodies.KeyRevocation]) -> KeyRevoked:
        """Let a key be none any more, at once."""
        return KeyRevoked(context.keys.revoke(data.key_id))

    return [list_keys, issue_key, revoke_key]


def _limits(given: bodies.KeyLimits) -> Limits:
    return Limits(
        order_notional_max=maybe(given.order_notional_max, "limits.order_notional_max"),
        open_orders_max=given.open_orders_max,
        loss_per_day_max=maybe(given.loss_per_day_max, "limits.loss_per_day_max"),
    )


def _row(entry: Entry) -> JournalRow:
    return JournalRow(
        sequence=entry.sequence,
        at_ms=entry.at_ms,
        command=msgspec.json.decode(entry.command),
        events=msgspec.json.decode(entry.events),
        engine=entry.engine,
        rulebook=entry.rulebook,
        previous=entry.previous.hex(),
        hash=entry.hash.hex(),
    )
