"""What has happened, as an outsider knows it: rationals in dictionaries, made by events alone.

Nothing of the venue's own state is here, and no arithmetic of the package: what an instrument,
an order and an event are called is all that is shared. Checks look at these facts before an event
and let it happen after.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import Side
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import Breaker, OrderStatus

ZERO, ONE = Fraction(0), Fraction(1)
POSTED = Fraction(1, 10**8)
"""The unit in which money is posted."""
DIGITS = Fraction(1, 10**40)
"""How far a quotient of the venue's may be from the rational, relatively: it has 50 digits."""
FUND = "fund"


@dataclass
class Held:
    """A position."""

    size: Fraction
    entry: Fraction
    mode: MarginMode
    margin: Fraction


@dataclass
class Owner:
    """An account's settings."""

    name: str
    parent: str
    is_maker: bool
    assets_mode: AssetsMode
    position_mode: PositionMode = PositionMode.ONE_WAY
    leverage: dict = field(default_factory=dict)
    margin_mode: dict = field(default_factory=dict)


@dataclass(eq=False)
class Ticket:
    """An order: `left` is signed; `arrived` says when it came in, `came_with` how large it was."""

    id: int
    placed: PlaceOrder
    status: OrderStatus
    left: Fraction
    arrived: int = 0
    parent: int | None = None
    best: Fraction | None = None
    came_with: Fraction = ZERO

    @property
    def is_attached(self):
        """Return whether it is an exit of a position."""
        return self.parent is not None

    @property
    def is_resting(self):
        """Return whether others may meet it in the book."""
        alive = self.status in (OrderStatus.OPEN, OrderStatus.PARTLY_FILLED)
        return alive and self.placed.price is not None


@dataclass
class Prices:
    """A symbol's prices, None where there is none."""

    index: Fraction | None = None
    mark: Fraction | None = None
    last: Fraction | None = None
    breaker: Breaker = Breaker.DEGRADED
    sources: dict = field(default_factory=dict)


class Facts:
    """Everything that is known."""

    def __init__(self, rulebook, settings):
        self.rulebook, self.settings = rulebook, settings
        self.at_ms = 0
        self.halted = None
        self.is_cancel_only = False
        self.owners = {}
        self.purses = defaultdict(lambda: ZERO)
        self.held = {}
        self.tickets = {}
        self.prices = defaultdict(Prices)
        self.assets = {}
        self.asset_sources = defaultdict(dict)

    def instrument(self, symbol):
        """Return a symbol's contract."""
        return self.rulebook.contracts[symbol].instrument

    def is_hedged(self, account):
        """Return whether an account holds a long and a short beside each other."""
        return self.owners[account].position_mode is PositionMode.HEDGE

    def key(self, account, symbol, side):
        """Return where a position is kept."""
        return account, symbol, side if self.is_hedged(account) else None

    def position(self, account, symbol, side):
        """Return a position; None where nothing is held."""
        return self.held.get(self.key(account, symbol, side))

    def positions(self, account):
        """Return (symbol, position) of all that an account holds."""
        return [(key[1], held) for key, held in self.held.items() if key[0] == account]

    def leverage(self, account, symbol):
        """Return the leverage an isolated position is opened with."""
        rules, contract = self.rulebook, self.rulebook.contracts[symbol]
        setting = self.owners[account].leverage.get(symbol)
        first = contract.tiers.pieces[0].leverage_max if contract.tiers else None
        if setting is not None and rules.is_leverage_settable:
            return Fraction(setting)
        if rules.leverage_default is None or not rules.is_leverage_settable:
            return ONE if first is None else Fraction(first)
        default = Fraction(rules.leverage_default)
        return default if first is None else min(default, Fraction(first))


def value(instrument, size, price):
    """Return the notional of a size, not negative."""
    quantity = abs(size) * Fraction(instrument.multiplier)
    return quantity / price if instrument.kind.is_inverse else quantity * price


def profit(instrument, size, entry, price):
    """Return what a signed size that was entered at `entry` has made at `price`."""
    quantity = size * Fraction(instrument.multiplier)
    if instrument.kind.is_inverse:
        return quantity / entry - quantity / price
    return quantity * price - quantity * entry


def floored(amount, step=POSTED):
    """Return the amount cut to whole steps, downwards."""
    return amount // step * step


def raised(amount, step=POSTED):
    """Return the smallest number of whole steps that is not below the amount."""
    return -(-amount // step) * step


def is_same(found, exact):
    """Return whether a number of the venue's is the rational, but for its last digits."""
    return abs(Fraction(found) - exact) <= DIGITS * max(ONE, abs(exact))


def reduces(placed):
    """Return whether an order says that it only ever makes its position smaller."""
    if placed.is_close_position or (placed.side is None and placed.reduce_only):
        return True
    return placed.side is not None and (placed.size < 0) is (placed.side is Side.LONG)
