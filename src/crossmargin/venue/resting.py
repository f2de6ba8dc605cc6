"""What rests of an account in one symbol, kept up to date order by order.

Every order is margined together with all that the account has open. Summing those anew for each
next one would make the thousandth order cost a thousand times the first, so the sums are kept at
the mark they were last asked at, and orders are counted in and out of them. Sums are exact
(`margin.open_orders.Resting`): keeping them changes no answer.

This is memory, not state: a venue that is read back from its journal makes it anew.
"""

from decimal import Decimal

from crossmargin.margin.open_orders import Resting
from crossmargin.model.instrument import Instrument
from crossmargin.model.order import Order
from crossmargin.money import ZERO
from crossmargin.rulebooks.schema import Rulebook


class RestingGroup:
    """The orders of one account, symbol and (in hedge mode) side that hold margin.

    Attributes
    ----------
    buys, sells : summed signed sizes; sells below zero.
    orders : by id, as the margin core reads them.
    """

    __slots__ = ("_of", "_sums", "buys", "orders", "sells")

    def __init__(self) -> None:
        """Start without orders."""
        self.buys = self.sells = ZERO
        self.orders: dict[int, Order] = {}
        self._sums: Resting | None = None
        self._of: tuple[Instrument, Rulebook] | None = None

    def put(self, order_id: int, order: Order | None) -> None:
        """Let an order be this now; None takes it out."""
        before = self.orders.pop(order_id, None)
        if before is not None:
            self._count(before, is_out=True)
        if order is not None:
            self.orders[order_id] = order
            self._count(order, is_out=False)

    def _count(self, order: Order, *, is_out: bool) -> None:
        size = -order.size if is_out else order.size
        if order.size > 0:
            self.buys += size
        else:
            self.sells += size
        if self._sums is not None and self._of is not None:
            self._sums.count(order, *self._of, is_out=is_out)

    def towards(self, size: Decimal) -> Decimal:
        """Return the signed sum of what rests on the side of `size`."""
        return self.buys if size > 0 else self.sells

    def sums(self, mark: Decimal | None, instrument: Instrument, rulebook: Rulebook) -> Resting:
        """Return the sums at a mark, to read; they change with the orders."""
        if self._sums is None or self._sums.mark != mark:
            self._sums, self._of = Resting(mark), (instrument, rulebook)
            for order in self.orders.values():
                self._sums.count(order, instrument, rulebook)
        return self._sums
