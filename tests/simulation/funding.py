"""Law 18: what longs pay at a funding time is what shorts get, and the rate is the samples'."""

from fractions import Fraction

from crossmargin.venue import event as happened
from tests.simulation.facts import ZERO, floored, is_same, value


class Funding:
    """Watches samples, rates and payments."""

    def __init__(self, facts):
        self.facts = facts
        self.samples = {}
        self.settled_ms = {}

    def look(self, event):
        """Yield what is wrong with an event."""
        if isinstance(event, happened.PremiumSampled):
            self.samples.setdefault(event.symbol, []).append(Fraction(event.premium))
        elif isinstance(event, happened.FundingSettled):
            yield from self._settled(event)

    def settle(self):
        """Yield what is wrong once a command is done: money that waits to be paid."""
        for (purse, asset), amount in self.facts.purses.items():
            if amount and purse.startswith("funding/"):
                yield f"law 18: {float(amount)} {asset} is left in {purse}"

    def _settled(self, event):
        symbol, rules = event.symbol, self.facts.rulebook.funding
        samples = self.samples.pop(symbol, [])
        before_ms = self.settled_ms.get(symbol)
        if event.at_ms % rules.interval_ms:
            yield f"law 18: {symbol} is settled at {event.at_ms}, between two funding times"
        if before_ms is not None and event.at_ms <= before_ms:
            yield f"law 18: {symbol} is settled again at {event.at_ms}"
        self.settled_ms[symbol] = event.at_ms
        if event.rate is None:
            if event.postings:
                yield f"law 18: {symbol} pays funding without a rate"
            return
        if not samples:
            yield f"law 18: {symbol} pays funding without a sample"
            return
        rate = self._rate(symbol, sum(samples, ZERO) / len(samples))
        if not is_same(event.rate, rate):
            yield f"law 18: the rate of {symbol} is {event.rate} where it is {float(rate)}"
        yield from self._payments(event)

    def _rate(self, symbol, premium):
        rules, tiers = self.facts.rulebook.funding, self.facts.rulebook.contracts[symbol].tiers
        damper = Fraction(rules.damper)
        rate = premium + _within(Fraction(rules.interest_rate) - premium, damper)
        if tiers is not None and rules.cap_multiple is not None:
            rate = _within(rate, Fraction(rules.cap_multiple) * Fraction(tiers.pieces[0].rate))
        if rules.cap_rate is not None:
            rate = _within(rate, Fraction(rules.cap_rate))
        return rate * rules.interval_ms / (rules.period_ms or rules.interval_ms)

    def _payments(self, event):
        facts, rate, mark = self.facts, Fraction(event.rate), Fraction(event.mark)
        if mark != facts.prices[event.symbol].mark:
            yield f"law 18: {event.symbol} pays funding at {event.mark}, which is not its mark"
        instrument = facts.instrument(event.symbol)
        due = {}
        for (account, symbol, _), held in facts.held.items():
            if symbol == event.symbol:
                notional = value(instrument, held.size, mark) * (1 if held.size > 0 else -1)
                due[account] = due.get(account, ZERO) + floored(-rate * notional)
        paid = {}
        for one in event.postings:
            for purse, sign in ((one.source, -1), (one.target, 1)):
                if purse.startswith("account/"):
                    name = purse.removeprefix("account/")
                    paid[name] = paid.get(name, ZERO) + sign * Fraction(one.amount)
        due = {name: amount for name, amount in due.items() if amount}
        if due != paid:
            wrong = {name for name in due.keys() | paid.keys() if due.get(name) != paid.get(name)}
            yield f"law 18: funding of {event.symbol} is not what is due to {sorted(wrong)}"


def _within(amount, bound):
    return max(-bound, min(bound, amount))
