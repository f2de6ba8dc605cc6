"""Laws 14 and 17 of borrowed and exchanged money: interest on what is owed, no profit at the desk.

Interest is the rate × the hours since it was last charged × what an account owes, rounded up.
Converting brings no more than what is given is worth.
"""

from fractions import Fraction

from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.venue import event as happened
from tests.simulation.facts import FUND, ZERO, raised

HOUR_MS = 3_600_000
INTEREST = "interest"
AT_THE_INDEX = ("convert",)


class Loans:
    """Watches interest and the conversion desk."""

    def __init__(self, facts):
        self.facts = facts
        self.charged_ms = {}
        self.due = {}

    def look(self, event):
        """Yield what is wrong with an event."""
        if isinstance(event, happened.SourceSeen) and event.source == INTEREST:
            self._hours_passed(event)
        elif isinstance(event, happened.MoneyMoved) and event.why == INTEREST:
            yield from self._charged(event)
        elif isinstance(event, happened.MoneyMoved) and event.why in AT_THE_INDEX:
            yield from self._converted(event)

    def settle(self):
        """Yield what is wrong once a command is done: who owes interest and was not asked."""
        for asset, due in self.due.items():
            yield f"law 17: interest on {asset} is due of {sorted(due)}"
        self.due.clear()

    def _hours_passed(self, event):
        facts, asset = self.facts, event.name
        before_ms = self.charged_ms.get(asset)
        self.charged_ms[asset] = event.at_ms
        if before_ms is None:
            return
        rate = Fraction(event.price) * ((event.at_ms - before_ms) // HOUR_MS)
        due = {}
        for name, owner in facts.owners.items():
            if owner.assets_mode is AssetsMode.MULTI and name != FUND:
                owed = self._owed(name, asset)
                if owed > 0:
                    due[name] = raised(owed * rate)
        if due and rate:
            self.due[asset] = due

    def _owed(self, name, asset):
        facts, money = self.facts, self.facts.purses[f"account/{name}", asset]
        if money >= 0:
            return ZERO
        buckets = [
            held.margin
            for symbol, held in facts.positions(name)
            if held.mode is MarginMode.ISOLATED and facts.instrument(symbol).settle == asset
        ]
        return sum(buckets, ZERO) - money

    def _charged(self, event):
        for one in event.postings:
            name = one.source.removeprefix("account/")
            due = self.due.get(one.asset, {}).pop(name, ZERO)
            if Fraction(one.amount) != due:
                yield f"law 14: {name} pays {one.amount} {one.asset} of interest, not {float(due)}"
            if not self.due.get(one.asset, True):
                del self.due[one.asset]

    def _converted(self, event):
        values = [
            Fraction(one.amount) * self.facts.assets.get(one.asset, ZERO) for one in event.postings
        ]
        if len(values) != 2 or values[1] > values[0]:
            yield f"law 14: converting {event.postings} is a profit"
