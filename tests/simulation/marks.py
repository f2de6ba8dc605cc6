"""What a seed has reached: a set of seeds that never gets somewhere has not tested it."""

from collections import Counter

from crossmargin.model.order import OrderType
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.venue import event as happened
from crossmargin.venue.event import Breaker

REDUCTIONS = {
    LadderStep.REDUCE_TO_LOWER_TIER,
    LadderStep.REDUCE_BY_TWO_TIERS,
    LadderStep.REDUCE_BY_FRACTION,
    LadderStep.CLOSE_POSITION,
}
MUST_REACH = (
    "partial liquidation",
    "takeover",
    "fund payment",
    "deleveraging",
    "bankruptcy",
    "orders cancelled by a liquidation",
    "socialised loss",
    "isolated bucket liquidated",
    "fund sells into the book",
    "funding paid",
    "expiry",
    "degraded",
    "halted market",
    "usable again",
    "halt",
    "resume",
    "self-trade prevented",
    "reduce-only ended",
    "stop fired",
    "trailing fired",
    "exit resized",
    "exit fired",
    "repeated by client id",
    "id of another command",
    "disk failed",
    "process died",
    "bug halted it",
    "clock went back",
    "clock jumped",
    "queue full",
    "snapshot used",
)
"""What the set of seeds in the test suite must reach together."""
RARE = (
    "fund gives positions up",
    "long closed against short",
    "exchange",
    "auto-exchange",
    "convert",
    "interest",
)
"""What only larger sets reach; the table shows whether they do."""


class Marks:
    """What was reached, and how often."""

    def __init__(self):
        self.counts = Counter()
        self.codes = Counter()
        self.types = {}

    def reach(self, mark, times=1):
        """Note that something was reached."""
        self.counts[mark] += times

    def hear(self, _, events):
        """Note what a record's events have reached."""
        for event in events:
            for mark in self._of(event):
                self.counts[mark] += 1

    def _of(self, event):
        if isinstance(event, happened.Refused):
            self.codes[event.code] += 1
        elif isinstance(event, happened.LiquidationStep):
            yield from _liquidated(event)
        elif isinstance(event, happened.OrderAccepted):
            kind = "exit" if event.parent_id is not None else event.order.type
            self.types[event.order_id] = kind
        elif isinstance(event, happened.OrderTriggered):
            yield from self._triggered(event)
        elif isinstance(event, happened.MoneyMoved):
            yield from _MONEY.get(event.why, [])
        elif isinstance(event, happened.Filled):
            if event.why == "unwind":
                yield "fund sells into the book"
        elif isinstance(event, happened.FundingSettled):
            yield "funding paid" if event.postings else "funding not paid"
        elif isinstance(event, happened.PositionChanged):
            if event.why == "expiry":
                yield "expiry"
        elif isinstance(event, happened.BreakerSet):
            yield {
                Breaker.DEGRADED: "degraded",
                Breaker.HALTED: "halted market",
                Breaker.USABLE: "usable again",
            }[event.state]
        elif isinstance(event, happened.OrderGone):
            yield from {
                "self-trade": ["self-trade prevented"],
                "reduce-only": ["reduce-only ended"],
            }.get(event.why, [])
        else:
            yield from _PLAIN.get(type(event), [])

    def _triggered(self, event):
        kind = self.types.get(event.order_id)
        if kind == "exit":
            yield "exit fired"
        elif kind is OrderType.TRAILING_STOP_MARKET:
            yield "trailing fired"
        else:
            yield "stop fired"


_MONEY = {
    "insurance": ["fund payment"],
    "exchange": ["exchange"],
    "auto-exchange": ["auto-exchange"],
    "convert": ["convert"],
    "interest": ["interest"],
}
_PLAIN = {
    happened.Deleveraged: ["deleveraging"],
    happened.LossShared: ["socialised loss"],
    happened.Halted: ["halt"],
    happened.Resumed: ["resume"],
    happened.OrderResized: ["exit resized"],
}


def _liquidated(event):
    if event.before.equity < 0:
        yield "bankruptcy"
    if event.step in REDUCTIONS:
        is_netted = event.action.startswith("closed long against short")
        yield "long closed against short" if is_netted else "partial liquidation"
    if event.step == LadderStep.TAKE_OVER:
        yield "fund gives positions up" if event.account == "fund" else "takeover"
    if event.step == LadderStep.CANCEL_ORDERS:
        yield "orders cancelled by a liquidation"
    if event.unit not in ("USD", "USDT", "USDC", "BTC", "XBT", "ETH"):
        yield "isolated bucket liquidated"
