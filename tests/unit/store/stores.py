"""A store of a venue so small that every number in it is plain: accounts and deposits."""

from decimal import Decimal
from itertools import count

from crossmargin.errors import InvariantBroken
from crossmargin.store.entry import Decided
from crossmargin.store.journal import Header
from crossmargin.store.places import journal_at
from crossmargin.venue.command import Deposit, Halt, OpenAccount, Tick
from crossmargin.venue.decision import Decision
from crossmargin.venue.event import AccountOpened, Halted, MoneyMoved, Posting, Refused
from crossmargin.venue.refusal import Refusal
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
HEADER = Header(
    created_at_ms=1, venue=RULES.venue, edition=str(RULES.edition), rulebook=RULES.sha256
)


def fresh():
    """Return the venue before anything has happened."""
    return State(RULES, VenueSettings())


def decide(state, command):
    """Decide deposits and new accounts; a tick is a bug, 1313 breaks a law half way."""
    state.advance(command.at_ms)
    decision = Decision(state, command.at_ms)
    try:
        _handle(decision, command)
    except Refusal as refusal:
        return (Refused(code=refusal.code, reason=refusal.reason),)
    return tuple(decision.events)


def _handle(decision, command):
    match command:
        case OpenAccount():
            if command.account in decision.state.accounts:
                raise decision.refuse(2002, f"there is an account {command.account}")
            decision.emit(AccountOpened(account=command.account))
        case Deposit():
            if command.account not in decision.state.accounts:
                raise decision.refuse(2001, f"there is no account {command.account}")
            if command.amount <= 0:
                raise decision.refuse(1001, "an amount is above zero")
            purse = f"account/{command.account}"
            posting = Posting("outside", purse, command.asset, command.amount)
            decision.emit(MoneyMoved(why="deposit", postings=(posting,)))
            if command.amount == 1313:
                raise InvariantBroken("thirteen")
        case Halt():
            decision.emit(Halted(reason=command.reason))
        case Tick():
            raise KeyError(command.at_ms)


def open_account(name="ann", at_ms=1, client_id=""):
    """Return the command."""
    return OpenAccount(at_ms=at_ms, account=name, client_id=client_id)


def deposit(amount, name="ann", at_ms=2, client_id=""):
    """Return the command."""
    return Deposit(at_ms=at_ms, account=name, asset="USDT", amount=D(amount), client_id=client_id)


def some_commands(how_many):
    """Return an account's opening and deposits of 1, 2, …, every other with a client's id."""
    ids = count(1)
    return [
        open_account(client_id="open"),
        *(
            deposit(n, at_ms=1 + n, client_id=f"d{next(ids)}" if n % 2 else "")
            for n in range(1, how_many)
        ),
    ]


def filled(place, how_many=8, batch=3):
    """Make a store of `how_many` entries, `batch` to a transaction; return the state they make."""
    journal, state = journal_at(str(place), HEADER), fresh()
    decided = [Decided(one, decide(state, one)) for one in some_commands(how_many)]
    for start in range(0, how_many, batch):
        journal.append(decided[start : start + batch])
    journal.close()
    return state
