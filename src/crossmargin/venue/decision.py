"""One command being decided: events as they happen, each folded at once.

What a liquidation or a match does next depends on what has just happened, so an event is folded
the moment it is emitted. A command is refused before its first event or not at all.
"""

from decimal import Decimal

from crossmargin.errors import InvariantBroken
from crossmargin.venue.event import (
    AnyEvent,
    BreakerSet,
    Filled,
    OrderGone,
    OrderStatus,
    PositionChanged,
    Posting,
    PriceSet,
)
from crossmargin.venue.fold import fold
from crossmargin.venue.refusal import Refusal
from crossmargin.venue.state import AccountState, State


class Decision:
    """What has come of a command so far.

    Attributes
    ----------
    at_ms : the command's time.
    touched : accounts whose money, positions or prices have changed: those that may have failed.
    moved : symbols that traded or whose prices have changed: those whose triggers are looked at.
    """

    __slots__ = ("at_ms", "events", "moved", "state", "touched")

    def __init__(self, state: State, at_ms: int) -> None:
        """Start without events."""
        self.state, self.at_ms = state, at_ms
        self.events: list[AnyEvent] = []
        self.touched: dict[str, None] = {}
        self.moved: dict[str, None] = {}

    def emit(self, event: AnyEvent) -> None:
        """Let `event` have happened."""
        before = None
        if isinstance(event, PriceSet):
            before = self.state.symbol(event.symbol).mark
        fold(self.state, event)
        self.events.append(event)
        for posting in event.postings:
            for purse in (posting.source, posting.target):
                if purse.startswith("account/"):
                    self.touched[purse.removeprefix("account/")] = None
        if isinstance(event, Filled):
            self.moved[event.symbol] = self.touched[event.account] = None
        elif isinstance(event, PositionChanged):
            self.touched[event.account] = None
        elif isinstance(event, BreakerSet) or (
            isinstance(event, PriceSet) and event.mark != before
        ):
            # A last price that moves alone hurts nobody; prices that are usable again may.
            self.moved[event.symbol] = None
            self.touched.update(self.state.symbol(event.symbol).holders)
        elif isinstance(event, PriceSet):
            self.moved[event.symbol] = None

    def end(self, order_id: int, status: OrderStatus, why: str) -> None:
        """Let an open order be over without (all of) its fill; `why` in a few words.

        Raises
        ------
        InvariantBroken
            If there is no such order.
        """
        order = self.state.orders.get(order_id)
        if order is not None and self.state.symbol(order.symbol).triggers.has_exits(order_id):
            self.moved[order.symbol] = None  # They may have nothing to wait for any more.
        self.emit(OrderGone(order_id=order_id, status=status, why=why))

    def refuse(self, code: int, reason: str) -> Refusal:
        """Return the refusal to raise.

        Raises
        ------
        InvariantBroken
            If something has happened already.
        """
        if self.events:
            raise InvariantBroken(f"refused after {self.events[-1]!r}: {reason}")
        return Refusal(code, reason)

    def account(self, name: str) -> AccountState:
        """Return an account that is known to be there.

        Raises
        ------
        InvariantBroken
            If it is not.
        """
        found = self.state.accounts.get(name)
        if found is None:
            raise InvariantBroken(f"there is no account {name}")
        return found


def moved(source: str, target: str, asset: str, amount: Decimal) -> tuple[Posting, ...]:
    """Return the posting of a signed amount from one purse to another; none of zero."""
    if amount > 0:
        return (Posting(source, target, asset, amount),)
    return (Posting(target, source, asset, -amount),) if amount else ()
