"""What is remembered of a venue in a crash, beside its state: who failed and who paid.

The log is told every command with its events, in order, and looks at the venue whenever the clock
ticks. It decides nothing and works nothing out that the venue has not said: fills, receipts and
postings are added up, that is all. A receipt comes after what it is a receipt of, so the fills and
payments between two receipts of one command belong to the later one.
"""

from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256

import msgspec
from msgspec import Struct

from crossmargin.margin.health import Health
from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.money import ZERO
from crossmargin.runtime.market_maker import MAKER
from crossmargin.venue import event
from crossmargin.venue.command import AnyCommand, Tick
from crossmargin.venue.event import AnyEvent, Posting
from crossmargin.venue.ledger import FUND
from crossmargin.venue.state import State

WAYS = {
    "liquidation": "book",
    "takeover": FUND,
    "adl": "winners",
    "close-out": "mark",
}
"""Where a failed position went, by why it was filled."""

_ENCODER = msgspec.json.Encoder(order="deterministic")


class Receipt(Struct, frozen=True):
    """One step of a ladder.

    Attributes
    ----------
    unit : the pool's asset or the bucket's name; `is_bucket` says which.
    closed_usd : notional that went to each of `WAYS`' values, at the prices it went at.
    symbols : what was closed.
    fund_gained, fund_paid : by the insurance fund in this step: money, and what positions it
        took over were worth more or less than it gave for them, at the mark.
    shared : what winners gave up of their money.
    """

    at_ms: int
    account: str
    unit: str
    is_bucket: bool
    step: str
    action: str
    before: Health
    after: Health | None
    closed_usd: dict[str, Decimal]
    symbols: tuple[str, ...]
    fund_gained: Decimal
    fund_paid: Decimal
    shared: Decimal


class Deleveraging(Struct, frozen=True):
    """One auto-deleveraging: of whom, and what the venue said of it."""

    at_ms: int
    account: str
    said: event.Deleveraged


class Look(Struct, frozen=True):
    """The venue at a tick.

    Attributes
    ----------
    marks : by symbol.
    open_usd : open interest at the mark: what all longs hold.
    bids_usd : notional the market maker still offers to buy of a symbol, after everything that has
        happened at this moment.
    fund : the insurance fund's money by asset.
    fund_equity, maker_equity : their money with unrealised profit, settle assets added up.
    """

    at_ms: int
    marks: dict[str, Decimal]
    open_usd: dict[str, Decimal]
    bids_usd: dict[str, Decimal]
    fund: dict[str, Decimal]
    fund_equity: Decimal
    maker_equity: Decimal


class CrashLog:
    """What has happened so far.

    Attributes
    ----------
    commands : how many there were.
    refused : by whom, and what the venue said.
    counts : events by kind.
    fund_flows : what came into the fund (above zero) and went out, by reason and asset.
    looks : at the ticks, in order.
    broken : laws that did not hold after a command.
    """

    def __init__(self) -> None:
        """Start before anything has happened."""
        self.commands = 0
        self.refused: list[tuple[str, event.Refused]] = []
        self.counts: dict[str, int] = {}
        self.receipts: list[Receipt] = []
        self.deleveragings: list[Deleveraging] = []
        self.fund_flows: dict[tuple[str, str], Decimal] = {}
        self.fundings: list[event.FundingSettled] = []
        self.looks: list[Look] = []
        self.broken: list[str] = []
        self._hash = sha256()

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of all commands and events so far, hexadecimal."""
        return self._hash.hexdigest()

    def add(self, asked: AnyCommand, events: Sequence[AnyEvent], state: State) -> None:
        """Remember a command and what came of it; `state` is the venue after it."""
        self.commands += 1
        self._hash.update(_ENCODER.encode((asked, events)))
        since: list[AnyEvent] = []
        for happened in events:
            kind = str(type(happened).__struct_config__.tag)
            self.counts[kind] = self.counts.get(kind, 0) + 1
            for posting in happened.postings:
                self._flow(posting, happened)
            if isinstance(happened, event.LiquidationStep):
                self._receive(asked.at_ms, happened, since, state)
                since = []
                continue
            since.append(happened)
            if isinstance(happened, event.Refused):
                self.refused.append((asked.account, happened))
            elif isinstance(happened, event.FundingSettled):
                self.fundings.append(happened)
        if isinstance(asked, Tick):
            self.looks.append(_look(asked.at_ms, state))

    def _flow(self, posting: Posting, happened: AnyEvent) -> None:
        for amount in _of_fund(posting):
            key = (_reason(posting, happened), posting.asset)
            self.fund_flows[key] = self.fund_flows.get(key, ZERO) + amount

    def _receive(
        self,
        at_ms: int,
        step: event.LiquidationStep,
        since: Sequence[AnyEvent],
        state: State,
    ) -> None:
        closed: dict[str, Decimal] = {}
        symbols: dict[str, None] = {}
        fund: list[Decimal] = []
        shared = ZERO
        for one in since:
            if isinstance(one, event.Filled) and one.account == step.account and one.why in WAYS:
                instrument = state.rulebook.contracts[one.symbol].instrument
                way = WAYS[one.why]
                worth = notional(one.size, one.price, instrument)
                closed[way] = closed.get(way, ZERO) + worth
                symbols[one.symbol] = None
                if way == FUND:
                    fund.append(_at_mark(-one.size, one.price, one.symbol, state))
            elif isinstance(one, event.LossShared):
                shared += one.amount
            elif isinstance(one, event.Deleveraged):
                self.deleveragings.append(Deleveraging(at_ms, step.account, one))
            fund += [
                amount
                for posting in one.postings
                for amount in _of_fund(posting)
                if _reason(posting, one) not in ("own positions", "fed")
            ]
        self.receipts.append(
            Receipt(
                at_ms=at_ms,
                account=step.account,
                unit=step.unit,
                is_bucket=step.unit.partition("-")[0] in state.rulebook.contracts,
                step=step.step,
                action=step.action,
                before=step.before,
                after=step.after,
                closed_usd=closed,
                symbols=tuple(symbols),
                fund_gained=sum((one for one in fund if one > 0), ZERO),
                fund_paid=-sum((one for one in fund if one < 0), ZERO),
                shared=shared,
            )
        )


def _of_fund(posting: Posting) -> list[Decimal]:
    # What a posting brings the fund's purse, signed.
    sides = ((posting.target, posting.amount), (posting.source, -posting.amount))
    return [amount for purse, amount in sides if purse == FUND]


def _at_mark(size: Decimal, price: Decimal, symbol: str, state: State) -> Decimal:
    # What a position (signed size) bought at `price` is worth more than that; 50 digits.
    mark = state.symbol(symbol).mark
    if mark is None:
        return ZERO
    return unrealised_pnl(size, price, mark, state.rulebook.contracts[symbol].instrument)


def _reason(posting: Posting, happened: AnyEvent) -> str:
    # Why money of the fund moved, in the report's words.
    if isinstance(happened, event.Filled):
        return "liquidation fee"
    if posting.source == "outside":
        return "fed"
    if isinstance(happened, event.MoneyMoved):
        return "own positions" if happened.why == FUND else happened.why
    return str(type(happened).__struct_config__.tag)


def _look(at_ms: int, state: State) -> Look:
    maker = state.accounts.get(MAKER)
    bids = dict.fromkeys(state.symbols, ZERO)
    for order in maker.orders.values() if maker is not None else ():
        if order.price is not None and order.size > 0:
            instrument = state.rulebook.contracts[order.symbol].instrument
            bids[order.symbol] += notional(order.size, order.price, instrument)
    marks = {name: one.mark for name, one in state.symbols.items() if one.mark is not None}
    return Look(
        at_ms=at_ms,
        marks=marks,
        open_usd={name: _open(state, name, mark) for name, mark in marks.items()},
        bids_usd=bids,
        fund={asset: amount for (purse, asset), amount in state.purses.items() if purse == FUND},
        fund_equity=_equity(state, FUND),
        maker_equity=_equity(state, MAKER),
    )


def _open(state: State, symbol: str, mark: Decimal) -> Decimal:
    instrument = state.rulebook.contracts[symbol].instrument
    return notional(state.symbol(symbol).open_interest, mark, instrument)


def _equity(state: State, name: str) -> Decimal:
    # The fund's money is in its purse, the market maker's in its wallet.
    account = state.accounts.get(name)
    money = [amount for (purse, _), amount in state.purses.items() if purse == name]
    if account is not None:
        money += account.balances.values()
        money += [
            _at_mark(held.size, held.entry_price, held.symbol, state)
            for held in account.positions.values()
        ]
    return sum(money, ZERO)
