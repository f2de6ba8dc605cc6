"""Laws 7 to 9 and 21 of a liquidation: only who has failed, the fund before winners, by rank.

What an account is worth before the first thing a liquidation does to it is worked out by the
oracle, and must be what the receipt says and too little. Sharing a loss comes after the fund has
paid what it can.
"""

from fractions import Fraction

from crossmargin.venue import event as happened
from tests.simulation.facts import FUND, ONE, POSTED, ZERO, floored
from tests.simulation.margins import fund_money, is_alive, units

DONE_TO = ("liquidation", "takeover", "adl", "close-out")


class Distress:
    """Watches liquidations."""

    def __init__(self, facts):
        self.facts = facts
        self.before = {}

    def look(self, event):
        """Yield what is wrong with an event."""
        if isinstance(event, happened.LiquidationStep):
            yield from self._receipt(event)
            # The next step begins with what this one has left of everybody.
            self.before.clear()
        elif isinstance(event, happened.OrderGone) and event.why == "liquidation":
            ticket = self.facts.tickets.get(event.order_id)
            if ticket is not None:
                self._note(ticket.placed.account)
        elif isinstance(event, happened.Filled) and event.why in DONE_TO:
            self._note(event.account)
        elif isinstance(event, happened.MoneyMoved):
            yield from self._paid(event)
        elif isinstance(event, happened.LossShared):
            yield from self._shared(event)

    def settle(self):
        """Yield nothing; forget what accounts were worth."""
        self.before.clear()
        return iter(())

    def _note(self, account):
        if account not in self.before and account != FUND:
            self.before[account] = units(self.facts, account)

    def _receipt(self, event):
        if event.account == FUND:
            return
        found = self.before.get(event.account)
        if found is None:
            # A debt alone is taken over by money, which has moved already.
            return
        health = found.get(event.unit)
        if health is None:
            yield f"law 8: {event.account} is liquidated while {event.unit} is not known"
            return
        if is_alive(self.facts, health):
            yield f"law 9: {event.account} is liquidated, and {event.unit} is worth {_told(health)}"
        said = event.before.equity, event.before.initial_margin, event.before.maintenance_margin
        for name, one, exact in zip(("equity", "", "maintenance"), said, health, strict=True):
            if name and abs(Fraction(one) - exact) > POSTED * max(ONE, abs(exact)):
                yield f"law 16: the {name} of {event.account} is {one}, not {float(exact)}"

    def _means(self, asset):
        # What the fund can pay: of its money, what its positions have not lost already.
        money = self.facts.purses[FUND, asset]
        if FUND not in self.facts.owners:
            return money
        found = units(self.facts, FUND, extra=fund_money(self.facts))
        pool = found.get(asset, found.get("USD"))
        if pool is None:
            return None
        return max(ZERO, floored(min(money, pool[0])))

    def _paid(self, event):
        if event.why != "insurance":
            return
        [one] = event.postings
        means = self._means(one.asset)
        if means is not None and Fraction(one.amount) > means:
            yield f"law 22: the fund pays {one.amount} {one.asset} and has {float(means)}"

    def _shared(self, event):
        limits = [self.facts.settings.limits_default, *self.facts.settings.limits.values()]
        if any(one.fund_capital is not None for one in limits):
            return
        failed = {one.target for one in event.postings}
        means = self._means(event.asset)
        if means and failed != {f"account/{FUND}"}:
            yield f"law 21: a loss is shared while the fund has {float(means)} {event.asset}"
        for one in event.postings:
            if self.facts.purses[one.source, one.asset] < Fraction(one.amount):
                # In multi-assets mode other collateral stands behind it.
                name = one.source.removeprefix("account/")
                if self.facts.owners[name].assets_mode.value == "single":
                    worth = sum(
                        (found[0] for found in units(self.facts, name).values() if found), ZERO
                    )
                    if worth < Fraction(one.amount):
                        yield f"law 21: {name} shares a loss that it cannot bear"


def _told(health):
    return f"{float(health[0])} for a maintenance margin of {float(health[2])}"
