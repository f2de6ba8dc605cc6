"""The independent oracle: fed by published records alone, it says which laws they break.

Each subject has a watcher that looks at an event with what was true before it, and lets it have
happened. Order matters: whoever judges an account looks before its money or positions move.
"""

from crossmargin.model.account import AssetsMode
from crossmargin.venue import event as happened
from tests.simulation.distress import Distress
from tests.simulation.facts import Facts, Owner
from tests.simulation.funding import Funding
from tests.simulation.loans import Loans
from tests.simulation.orders import Orders
from tests.simulation.purses import Purses
from tests.simulation.queue import Queue
from tests.simulation.sources import Sources
from tests.simulation.trades import Trades

WATCHERS = (Distress, Queue, Sources, Trades, Orders, Funding, Loans, Purses)
WHILE_HALTED = (
    happened.Refused,
    happened.ClockSet,
    happened.SourceSeen,
    happened.PriceSet,
    happened.AssetPriceSet,
    happened.BreakerSet,
    happened.PremiumSampled,
    happened.FundingSettled,
    happened.PositionChanged,
    happened.MoneyMoved,
    happened.OrderGone,
    happened.Halted,
    happened.Resumed,
)
"""What happens while all is halted: prices and time go on, funding and expiry with them, and
orders may be cancelled where the halt allows."""
SETTINGS = (
    happened.AccountOpened,
    happened.LeverageSet,
    happened.MarginModeSet,
    happened.PositionModeSet,
    happened.AssetsModeSet,
)


class Auditor:
    """Everything that was published, and what is wrong with it.

    Attributes
    ----------
    sequence : number of the last record.
    recorded : the events of every record, by number.
    asked : numbers of the records by account and client id; `commands` the commands.
    """

    def __init__(self, rulebook, settings):
        self.facts = Facts(rulebook, settings)
        self.watchers = [kind(self.facts) for kind in WATCHERS]
        self.sequence = 0
        self.recorded = {}
        self.commands = {}
        self.asked = {}
        self.broken = []

    def hear(self, entry, events):
        """Take in a record; what is wrong is added to `broken`."""
        command, said = entry.decoded_command(), self.broken.append
        if entry.sequence != self.sequence + 1:
            said(f"law 30: entry {entry.sequence} is published after {self.sequence}")
        self.sequence = entry.sequence
        self.recorded[entry.sequence], self.commands[entry.sequence] = events, command
        if command.client_id:
            numbers = self.asked.setdefault((command.account, command.client_id), [])
            numbers.append(entry.sequence)
            if len(numbers) > 1:
                said(f"law 4: {command.client_id} of {command.account} happened twice: {numbers}")
        if entry.at_ms < self.facts.at_ms and not isinstance(events[0], happened.Refused):
            said(f"law 4: entry {entry.sequence} goes back in time")
        self.facts.at_ms = max(self.facts.at_ms, entry.at_ms)
        if len(events) > 1 and any(isinstance(one, happened.Refused) for one in events):
            said(f"law 27: entry {entry.sequence} is refused, and something has happened")
        for event in events:
            self._happened(event)
        for watcher in self.watchers:
            self.broken += watcher.settle()

    def _happened(self, event):
        facts = self.facts
        if facts.halted is not None and not isinstance(event, WHILE_HALTED):
            self.broken.append(f"law 20: while all is halted, {type(event).__name__}")
        for watcher in self.watchers:
            self.broken += watcher.look(event)
        if isinstance(event, SETTINGS):
            self._set(event)
        elif isinstance(event, happened.Halted):
            facts.halted, facts.is_cancel_only = event.reason, event.is_cancel_only
        elif isinstance(event, happened.Resumed):
            facts.halted, facts.is_cancel_only = None, False

    def _set(self, event):
        facts = self.facts
        if isinstance(event, happened.AccountOpened):
            if event.account in facts.owners:
                self.broken.append(f"law 17: the account {event.account} is opened twice")
            mode = AssetsMode(facts.rulebook.assets_modes[0])
            facts.owners[event.account] = Owner(
                event.account, event.parent, event.is_maker, assets_mode=mode
            )
            return
        owner = facts.owners[event.account]
        if isinstance(event, happened.LeverageSet):
            owner.leverage[event.symbol] = event.leverage
        elif isinstance(event, happened.MarginModeSet):
            owner.margin_mode[event.symbol] = event.mode
        elif isinstance(event, happened.PositionModeSet):
            owner.position_mode = event.mode
        else:
            owner.assets_mode = event.mode
