"""Laws 20 and 23: where an order is, where it may go from there, and whom it meets in the book.

The life of an order is a table. What rests is met best price first, then in the order of arrival,
at the price of whoever rests; nobody pays more than his limit.
"""

from fractions import Fraction

from msgspec.structs import replace

from crossmargin.venue import event as happened
from crossmargin.venue.command import TimeInForce
from crossmargin.venue.event import Breaker, OrderStatus
from tests.simulation.facts import ZERO, Ticket

WAITING, OPEN = OrderStatus.WAITING, OrderStatus.OPEN
PARTLY, FILLED = OrderStatus.PARTLY_FILLED, OrderStatus.FILLED
CANCELLED, EXPIRED = OrderStatus.CANCELLED, OrderStatus.EXPIRED
LIVES = {
    None: {WAITING, OPEN},
    WAITING: {WAITING, OPEN, CANCELLED, EXPIRED},
    OPEN: {PARTLY, FILLED, CANCELLED, EXPIRED},
    PARTLY: {PARTLY, FILLED, CANCELLED, EXPIRED},
}
"""Where an order may go from where it is; from where it is over, nowhere."""
RESTING = (TimeInForce.GTC, TimeInForce.GTX)


class Orders:
    """Watches orders and the book."""

    def __init__(self, facts):
        self.facts = facts
        self.last_id = 0
        self.arrivals = 0
        self.fresh = []

    def look(self, event):
        """Yield what is wrong with an event, and let the order be where it says."""
        if isinstance(event, happened.OrderAccepted):
            yield from self._accepted(event)
        elif isinstance(event, happened.OrderTriggered):
            ticket = yield from self._go(event.order_id, OPEN)
            if ticket:
                ticket.left = Fraction(event.size)
                self._rest(ticket)
                self.fresh.append(ticket)
        elif isinstance(event, happened.OrderTrailed):
            ticket = yield from self._go(event.order_id, WAITING)
            if ticket:
                ticket.best = Fraction(event.best_price)
        elif isinstance(event, happened.OrderResized):
            ticket = yield from self._go(event.order_id, WAITING)
            if ticket:
                ticket.left = Fraction(event.size)
        elif isinstance(event, happened.OrderAmended):
            yield from self._amended(event)
        elif isinstance(event, happened.OrderGone):
            yield from self._go(event.order_id, event.status)
        elif isinstance(event, happened.Filled):
            yield from self._filled(event)

    def settle(self):
        """Yield what is wrong once a command is done: what may not rest and does."""
        for ticket in self.fresh:
            placed, is_alive = ticket.placed, ticket.status in (OPEN, PARTLY)
            if is_alive and (placed.price is None or placed.time_in_force not in RESTING):
                yield f"law 20: the order {ticket.id} rests and may not"
            is_whole = placed.time_in_force is TimeInForce.FOK
            if is_whole and ticket.status is not FILLED and ticket.left != ticket.came_with:
                yield f"law 20: the order {ticket.id} is all or nothing and got a part"
        self.fresh.clear()
        if self.facts.halted is not None:
            return  # Orders may be cancelled; everything else is looked at when it is over.
        for ticket in self.facts.tickets.values():
            if ticket.is_attached and ticket.status is WAITING:
                yield from self._follows(ticket)

    def _follows(self, ticket):
        # An exit is as large as what it closes, and gone when that is.
        held = self.facts.position(ticket.placed.account, ticket.placed.symbol, ticket.placed.side)
        size = held.size if held else ZERO
        due = -size if size * Fraction(ticket.placed.size) < 0 else ZERO
        if ticket.left != due:
            yield f"law 20: the exit {ticket.id} is of {float(ticket.left)}, not {float(due)}"
        elif not due and ticket.parent not in self.facts.tickets:
            yield f"law 20: the exit {ticket.id} waits and its position is gone"

    def _accepted(self, event):
        facts, placed = self.facts, event.order
        if event.order_id <= self.last_id:
            yield f"law 20: the order {event.order_id} comes after {self.last_id}"
        self.last_id = event.order_id
        if placed.client_id and any(
            one.placed.client_id == placed.client_id and one.placed.account == placed.account
            for one in facts.tickets.values()
        ):
            yield f"law 20: two open orders of {placed.account} are called {placed.client_id}"
        if event.is_waiting is not placed.type.is_conditional:
            yield f"law 20: the order {event.order_id} waits, or should"
        if facts.prices[placed.symbol].breaker is Breaker.HALTED and event.parent_id is None:
            yield f"law 20: an order in {placed.symbol} is taken while that is halted"
        ticket = Ticket(
            event.order_id,
            placed,
            WAITING if event.is_waiting else OPEN,
            Fraction(placed.size),
            parent=event.parent_id,
        )
        facts.tickets[event.order_id] = ticket
        if not event.is_waiting:
            self._rest(ticket)
            self.fresh.append(ticket)

    def _amended(self, event):
        ticket = self.facts.tickets.get(event.order_id)
        if ticket is None or not ticket.is_resting:
            yield f"law 20: the order {event.order_id} is amended and does not rest"
            return
        left = Fraction(event.size)
        if left * ticket.left <= 0:
            yield f"law 20: the order {ticket.id} of {float(ticket.left)} is amended to {left}"
        ticket.placed = replace(ticket.placed, price=event.price)
        ticket.left = left
        self._rest(ticket)
        self.fresh.append(ticket)

    def _rest(self, ticket):
        self.arrivals += 1
        ticket.arrived = self.arrivals
        ticket.came_with = ticket.left

    def _go(self, order_id, status):
        ticket = self.facts.tickets.get(order_id)
        if ticket is None:
            yield f"law 20: the order {order_id} is {status} and is not there"
            return None
        if status not in LIVES[ticket.status]:
            yield f"law 20: the order {order_id} goes from {ticket.status} to {status}"
        ticket.status = status
        if status not in LIVES:
            del self.facts.tickets[order_id]
        return ticket

    def _filled(self, event):
        if event.is_maker:
            yield from self._meets(event)
        if event.order_id is None:
            return
        ticket = self.facts.tickets.get(event.order_id)
        if ticket is None:
            yield f"law 20: the order {event.order_id} fills and is not there"
            return
        placed, size, price = ticket.placed, Fraction(event.size), Fraction(event.price)
        if placed.account != event.account or placed.symbol != event.symbol:
            yield f"law 20: the order {ticket.id} fills for {event.account} in {event.symbol}"
        if size * ticket.left <= 0 or abs(size) > abs(ticket.left):
            yield f"law 20: the order {ticket.id} of {float(ticket.left)} fills {event.size}"
        if placed.price is not None and (price - Fraction(placed.price)) * size > 0:
            yield f"law 20: the order {ticket.id} pays {event.price}, worse than {placed.price}"
        if placed.time_in_force is TimeInForce.GTX and not event.is_maker:
            yield f"law 20: the post-only order {ticket.id} takes"
        ticket.left -= size
        yield from self._go(event.order_id, PARTLY if ticket.left else FILLED)

    def _meets(self, event):
        # Who rests is met in turn: nobody on that side has a better price, or came earlier to it.
        met = self.facts.tickets.get(event.order_id)
        if met is None or not met.is_resting:
            yield f"law 20: a trade meets the order {event.order_id}, which does not rest"
            return
        if Fraction(met.placed.price) != Fraction(event.price):
            yield f"law 20: who rests at {met.placed.price} trades at {event.price}"
        sign = 1 if met.left > 0 else -1
        turn = -sign * Fraction(met.placed.price), met.arrived
        for other in self.facts.tickets.values():
            is_beside = other.is_resting and other.placed.symbol == event.symbol
            if not is_beside or other.left * sign <= 0 or other is met:
                continue
            if (-sign * Fraction(other.placed.price), other.arrived) < turn:
                yield f"law 20: the order {met.id} is met before {other.id}, whose turn it is"
