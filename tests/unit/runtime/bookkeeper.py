"""A second set of books, kept from events alone and in another way than the venue's own.

Nothing of `fold`, `ledger` or `crash_log` is used: money is summed from postings, positions from
the sizes of fills, the fund's money from fees, takeovers and payments one by one.
"""

from collections import Counter


class Bookkeeper:
    """Wraps a venue's entrance and writes down what comes out of it."""

    def __init__(self, decide):
        self._decide = decide
        self.commands = 0
        self.money = Counter()
        self.sizes = Counter()
        self.traded = Counter()
        self.deposited = Counter()
        self.fund = Counter()
        self.receipts = []
        self.struck = []
        self.deleveraged = []
        self.kinds = Counter()

    def decide(self, state, asked):
        """Decide, and keep the books."""
        events = self._decide(state, asked)
        self.commands += 1
        closing = set()
        for one in events:
            kind = one.__struct_config__.tag
            self.kinds[kind] += 1
            for source, target, asset, amount in map(tuple_of, one.postings):
                self.money[source, asset] -= amount
                self.money[target, asset] += amount
                if source == "outside":
                    self.deposited[asset] += amount
            if kind == "filled":
                self._fill(one, closing)
            elif kind == "liquidation-step":
                self.receipts.append((asked.at_ms, one))
                closing.discard(one.account)
            elif kind == "deleveraged":
                self.deleveraged.append(one)
            elif kind == "money-moved":
                self._fund(one)
            elif kind == "loss-shared":
                self.fund["shared"] += one.amount
        assert not closing, f"closed without a receipt: {closing}"
        return events

    def _fill(self, one, closing):
        self.sizes[one.account, one.symbol] += one.size
        self.traded[one.symbol] += one.size
        if one.why == "liquidation" and not one.is_maker:
            self.fund["fees"] += one.fee
        if one.why == "takeover" and one.account != "fund":
            closing.add(one.account)
            self.struck.append(one.account)

    def _fund(self, one):
        for source, target, _, amount in map(tuple_of, one.postings):
            name = "own" if one.why == "fund" else one.why
            if target == "fund":
                self.fund["fed" if source == "outside" else name] += amount
            if source == "fund":
                self.fund[name] -= amount


def tuple_of(posting):
    """Return source, target, asset and amount of a posting."""
    return posting.source, posting.target, posting.asset, posting.amount
