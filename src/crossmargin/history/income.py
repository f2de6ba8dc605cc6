"""Why an account's money moved, read off the postings of an event."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.history.records import IncomeKind
from crossmargin.venue.event import (
    AnyEvent,
    Filled,
    FundingSettled,
    LossShared,
    MoneyMoved,
    PositionChanged,
    Posting,
)
from crossmargin.venue.ledger import FUND

WALLET = "account/"
OF_PURSE = {
    "fees": IncomeKind.FEE,
    "interest": IncomeKind.INTEREST,
    "exchange": IncomeKind.EXCHANGE,
    "rounding": IncomeKind.ROUNDING,
}


def moves(event: AnyEvent) -> Iterator[tuple[str, IncomeKind, str, Decimal, str]]:
    """Yield what an event brought accounts: account, kind, asset, signed amount, info."""
    for posting in event.postings:
        for purse, other, amount in (
            (posting.source, posting.target, -posting.amount),
            (posting.target, posting.source, posting.amount),
        ):
            if purse.startswith(WALLET):
                kind = _kind(event, other, amount)
                info = other.removeprefix(WALLET) if other.startswith(WALLET) else _why(event)
                yield purse.removeprefix(WALLET), kind, posting.asset, amount, info


def symbol_of(event: AnyEvent) -> str:
    """Return the market an event's money is about; empty where it is about none."""
    if isinstance(event, PositionChanged):
        return event.position.symbol
    if isinstance(event, Filled | FundingSettled | MoneyMoved):
        return event.symbol
    return ""


def of_fund(posting: Posting, account: str) -> Decimal:
    """Return what a posting moved from an account to the insurance fund, signed; else zero."""
    purse = WALLET + account
    if (posting.source, posting.target) == (purse, FUND):
        return posting.amount
    if (posting.source, posting.target) == (FUND, purse):
        return -posting.amount
    return Decimal(0)


def _kind(event: AnyEvent, other: str, amount: Decimal) -> IncomeKind:
    if other in OF_PURSE:
        return OF_PURSE[other]
    if other == "outside":
        return IncomeKind.DEPOSIT if amount > 0 else IncomeKind.WITHDRAWAL
    if other == FUND:
        is_fee = isinstance(event, Filled)
        return IncomeKind.LIQUIDATION_FEE if is_fee else IncomeKind.INSURANCE
    if other.startswith("funding/"):
        return IncomeKind.FUNDING
    if other.startswith("clearing/"):
        is_fill = isinstance(event, Filled)
        return IncomeKind.REALISED_PNL if is_fill else IncomeKind.SETTLEMENT
    return IncomeKind.LOSS_SHARED if isinstance(event, LossShared) else IncomeKind.TRANSFER


def _why(event: AnyEvent) -> str:
    if isinstance(event, Filled | MoneyMoved | PositionChanged):
        return event.why
    return str(type(event).__struct_config__.tag)
