"""Laws 17 and 22: money is neither made nor lost, and moves between purses for a reason only."""

from fractions import Fraction

from crossmargin.venue import event as happened
from tests.simulation.facts import FUND, POSTED, ZERO

WALLET = "account/"
ROUTES = {
    # why: from, to; `*` any wallet, `fund*` the wallet of the fund's account.
    "deposit": {("outside", "*")},
    "withdraw": {("*", "outside")},
    "transfer": {("*", "*")},
    "feed-fund": {("outside", FUND)},
    "insurance": {(FUND, "*")},
    "takeover": {("*", FUND)},
    "fund": {("fund*", FUND), (FUND, "fund*")},
    "exchange": {("*", "exchange"), ("exchange", "*")},
    "auto-exchange": {("*", "exchange"), ("exchange", "*")},
    "convert": {("*", "exchange"), ("exchange", "*")},
    "interest": {("*", "interest")},
    "rounding": {("rounding", "*"), ("clearing", "rounding"), ("rounding", "clearing")},
}
"""What `MoneyMoved` may move, by its reason: the fund has no other door."""
OTHER_ROUTES = {
    happened.Filled: {
        ("*", "clearing"),
        ("clearing", "*"),
        ("*", "fees"),
        ("fees", "*"),
        ("*", FUND),
    },
    happened.PositionChanged: {("*", "clearing"), ("clearing", "*")},
    happened.FundingSettled: {
        ("*", "funding"),
        ("funding", "*"),
        ("funding", "rounding"),
        ("rounding", "funding"),
    },
    happened.LossShared: {("*", "*")},
}


class Purses:
    """Watches every posting."""

    def __init__(self, facts):
        self.facts = facts

    def look(self, event):
        """Yield what is wrong with the money in an event, and let it have moved."""
        facts = self.facts
        if isinstance(event, happened.MoneyMoved):
            routes = ROUTES.get(event.why, set())
        else:
            routes = OTHER_ROUTES.get(type(event), set())
        for one in event.postings:
            amount = Fraction(one.amount)
            if amount <= 0 or amount % POSTED:
                yield f"law 17: {one.amount} {one.asset} is posted"
            if not self._is_allowed(one, routes):
                name = getattr(event, "why", type(event).__name__)
                yield f"law 22: {name} moves money from {one.source} to {one.target}"
            facts.purses[one.source, one.asset] -= amount
            facts.purses[one.target, one.asset] += amount
            if facts.purses[FUND, one.asset] < 0:
                yield f"law 22: the fund is at {facts.purses[FUND, one.asset]} {one.asset}"
            is_taken = getattr(event, "why", "") in ("withdraw", "transfer")
            if is_taken and facts.purses[one.source, one.asset] < 0:
                yield f"law 17: {event.why} leaves {one.source} below zero"

    def _is_allowed(self, posting, routes):
        source, target = (self._kinds(purse) for purse in (posting.source, posting.target))
        return any((one, other) in routes for one in source for other in target)

    def _kinds(self, purse):
        if purse.startswith(WALLET):
            name = purse.removeprefix(WALLET)
            if name not in self.facts.owners:
                return ("nobody's",)
            return ("fund*", "*") if name == FUND else ("*",)
        return (purse.partition("/")[0],)

    def settle(self):
        """Yield what is wrong once a command is done."""
        sums = {}
        for (_, asset), amount in self.facts.purses.items():
            sums[asset] = sums.get(asset, ZERO) + amount
        for asset, total in sums.items():
            if total:
                yield f"law 17: {asset} sums to {total}"
