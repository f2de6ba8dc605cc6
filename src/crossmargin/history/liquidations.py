"""Receipts of liquidations, with what each step closed and who paid.

A receipt comes after what it is a receipt of, so the fills and payments between two receipts of one
record belong to the later one.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.history.income import of_fund
from crossmargin.history.records import ClosedRecord, DeleveragingRecord, LiquidationRecord
from crossmargin.model.order import Side
from crossmargin.money import ZERO
from crossmargin.venue.event import AnyEvent, Deleveraged, Filled, LiquidationStep, LossShared
from crossmargin.venue.ledger import FUND

CLOSING = ("liquidation", "takeover", "adl", "close-out")
"""Why a failed position was filled."""


def is_forced(fill: Filled) -> bool:
    """Return whether a fill closed its account's position by force."""
    return fill.order_id is None and fill.why in CLOSING and fill.account != FUND


def deleveraged(events: Sequence[AnyEvent]) -> frozenset[tuple[int, str]]:
    """Return who was made to close against somebody else's failed position: trade and account."""
    found: list[tuple[int, str]] = []
    waiting: list[tuple[int, str]] = []
    for one in events:
        if isinstance(one, Filled) and is_forced(one):
            waiting.append((one.trade_id, one.account))
        elif isinstance(one, LiquidationStep):
            found += [row for row in waiting if row[1] != one.account]
            waiting = []
    return frozenset(found)


def receipt(
    record_id: int,
    sequence: int,
    at_ms: int,
    step: LiquidationStep,
    before: Sequence[AnyEvent],
    symbols: Collection[str],
) -> LiquidationRecord:
    """Return the receipt of a step; `before` are the events since the last one of its record."""
    closed: dict[tuple[str, Side, str], ClosedRecord] = {}
    received: dict[str, Decimal] = {}
    paid: dict[str, Decimal] = {}
    shared: dict[str, Decimal] = {}
    for one in before:
        if isinstance(one, Filled) and one.account == step.account and one.why in CLOSING:
            key = (one.symbol, one.side, one.why)
            closed[key] = _more(closed.get(key), one)
        if isinstance(one, LossShared):
            shared[one.asset] = shared.get(one.asset, ZERO) + one.amount
        for posting in one.postings:
            amount = of_fund(posting, step.account)
            if amount:
                flow = received if amount > 0 else paid
                flow[posting.asset] = flow.get(posting.asset, ZERO) + abs(amount)
    # A bucket is called after its symbol, in hedge mode with its side.
    name = step.unit.partition(" ")[0]
    return LiquidationRecord(
        id=record_id,
        sequence=sequence,
        account=step.account,
        unit=step.unit,
        symbol=name if name in symbols else "",
        step=step.step,
        rule=step.rule,
        action=step.action,
        before=step.before,
        after=step.after,
        closed=tuple(closed.values()),
        fund_received=received,
        fund_paid=paid,
        shared=shared,
        at_ms=at_ms,
    )


def deleveraging(
    record_id: int, sequence: int, at_ms: int, said: Deleveraged, account: str
) -> DeleveragingRecord:
    """Return the record of winners made to close against a position of `account`."""
    return DeleveragingRecord(
        id=record_id,
        sequence=sequence,
        account=account,
        symbol=said.symbol,
        size=said.size,
        price=said.price,
        by_account=said.by_account,
        shortfall=said.shortfall,
        haircut=said.haircut,
        overshoot=said.overshoot,
        policy=said.policy,
        at_ms=at_ms,
    )


def _more(found: ClosedRecord | None, fill: Filled) -> ClosedRecord:
    if found is None:
        found = ClosedRecord(
            fill.symbol, fill.side, ZERO, ZERO, ZERO, ZERO, fill.why, fill.trade_id
        )
    return replace(
        found,
        size=found.size + fill.size,
        cost=found.cost + abs(fill.size) * fill.price,
        realised_pnl=found.realised_pnl + fill.realised_pnl,
        fee=found.fee + fill.fee,
    )
