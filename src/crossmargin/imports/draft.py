"""An account in the making: what replies say, put together, and what could not be.

Several replies may speak of one thing: a position is in the account's reply and in the list of
positions. What one leaves out the other fills in; where they contradict each other the draft
refuses, because replies of different moments make an account that never was.

Nothing disappears silently: whatever is left out, missing, derived or not used is a `Line`.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ONE, ZERO, plain


class Worth(StrEnum):
    """How much a line matters; the first means that the file is not the whole account."""

    LEFT_OUT = "left out"
    MISSING = "missing"
    DERIVED = "derived"
    UNUSED = "not used"


class Line(Struct, frozen=True):
    """One thing to say about an import: where, what, why."""

    worth: Worth
    where: str
    what: str
    why: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.worth}: {self.where}: {self.what}: {self.why}"


class Holding(Struct):
    """One position, as far as replies say; what they do not say is None.

    Attributes
    ----------
    size : signed, long positive, in the venue's own unit.
    margin : an isolated bucket's wallet without unrealised profit.
    unrealised_pnl, notional : as reported at the mark, in the settle asset; None where the
        venue reports them in another way than the file's prices imply.
    per_unit : base units that one unit of `size` stands for; None if not known or inverse.
    kind, settle, base : for an [instruments] table, where the rulebook does not know the symbol;
        base is None where it is the symbol without the settle asset.
    notes : by key of the file, how the number was derived.
    """

    where: str
    symbol: str
    size: Decimal
    side: Side | None = None
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    leverage: Decimal | None = None
    mode: MarginMode | None = None
    margin: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    notional: Decimal | None = None
    per_unit: Decimal | None = None
    settle: str | None = None
    kind: Kind | None = None
    base: str | None = None
    notes: dict[str, str] = {}


class OpenOrder(Struct):
    """One order that rests, sizes signed, buy positive."""

    where: str
    symbol: str
    size: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    side: Side | None = None


_TIME_MAX_MS = Decimal("1e14")
_FILLED_IN = (
    *("entry_price", "mark_price", "leverage", "mode", "margin", "unrealised_pnl", "notional"),
    *("per_unit", "settle", "kind", "base"),
)


class Draft:
    """What has been read so far."""

    def __init__(self, venue: str) -> None:
        """Start with nothing."""
        self.venue = venue
        self.at_ms: int | None = None
        self.assets_mode: AssetsMode | None = None
        self.position_mode: PositionMode | None = None
        self.balances: dict[str, Decimal] = {}
        self.index: dict[str, Decimal] = {}
        self.marks: dict[str, Decimal] = {}
        self.open_interest: dict[str, Decimal] = {}
        self.leverage: dict[str, Decimal] = {}
        self.margin_mode: dict[str, MarginMode] = {}
        self.holdings: dict[tuple[str, Side | None], Holding] = {}
        self.orders: list[OpenOrder] = []
        self.lines: list[Line] = []
        self.notes: dict[str, str] = {}
        self.facts: dict[str, Decimal] = {}
        self._words: dict[str, str] = {}
        self._places: dict[str, str] = {}

    def say(self, worth: Worth, where: str, what: str, why: str) -> None:
        """Note that something is left out, missing, derived or not used."""
        line = Line(worth, where, what, why)
        if line not in self.lines:
            self.lines.append(line)

    def fact(self, name: str, value: Decimal, where: str) -> None:
        """Keep a number for the venue's own finish, under `name`.

        Raises
        ------
        UsageError
            If another reply says something else.
        """
        self._once(name, self.facts.get(name), value, where)
        self.facts[name] = value

    def same(self, what: str, word: str, where: str) -> None:
        """Check that every reply says the same `word` for `what`, such as which account it is of.

        Raises
        ------
        UsageError
            If another reply says something else.
        """
        self._once(what, self._words.get(what), word, where)
        self._words[what] = word

    def take_time(self, at_ms: Decimal | None) -> None:
        """Take a moment that a reply's row is of, in milliseconds UTC; the latest is kept."""
        if at_ms is not None and 0 < at_ms < _TIME_MAX_MS:
            self.at_ms = max(self.at_ms or 0, int(at_ms))

    def balance(self, asset: str, amount: Decimal, where: str, note: str = "") -> None:
        """Take `amount` for the whole wallet of `asset`.

        Raises
        ------
        UsageError
            If another reply says something else.
        """
        self._once(f"balances.{asset}", self.balances.get(asset), amount, where)
        self.balances[asset] = amount
        if note:
            self.notes[f"balances.{asset}"] = note

    def put_index(self, asset: str, price: Decimal | None, where: str, note: str = "") -> None:
        """Take `price` for the index of `asset` in USD, unless one is known or it is no price."""
        if price is not None and price > 0 and asset not in self.index:
            self.index[asset] = price
            if note:
                self.notes[f"index.{asset}"] = note
                self.say(Worth.DERIVED, where, f"index of {asset}", note)

    def put_mark(self, symbol: str, price: Decimal | None) -> None:
        """Take `price` for the mark of `symbol`, unless one is known or it is no price."""
        if price is not None and price > 0:
            self.marks.setdefault(symbol, price)

    def put_leverage(self, symbol: str, leverage: Decimal | None, where: str) -> None:
        """Take the leverage setting of `symbol`; of two, the lower, which asks for more margin."""
        if leverage is None or leverage < ONE:
            return
        known = self.leverage.setdefault(symbol, leverage)
        if known != leverage:
            self.leverage[symbol] = min(known, leverage)
            what = f"leverage of {symbol}"
            why = f"{plain(known)} and {plain(leverage)} are given; the lower is taken"
            self.say(Worth.DERIVED, where, what, why)

    def put_margin_mode(self, symbol: str, mode: MarginMode | None) -> None:
        """Take the margin mode that `symbol` is set to."""
        if mode is not None:
            self.margin_mode[symbol] = mode

    def set_assets_mode(self, mode: AssetsMode, where: str) -> None:
        """Take what the venue says of the account's pools.

        Raises
        ------
        UsageError
            If another reply says something else.
        """
        self._once("assets_mode", self.assets_mode, mode, where)
        self.assets_mode = mode

    def set_position_mode(self, mode: PositionMode, where: str) -> None:
        """Take the position mode; where symbols differ it is hedge, which holds both.

        Parameters
        ----------
        where : kept for messages.
        """
        if self.position_mode not in (None, mode):
            mode = PositionMode.HEDGE
            why = "some symbols are in hedge mode, so all are written with sides"
            self.say(Worth.DERIVED, where, "position_mode", why)
        self.position_mode = mode

    def add(self, holding: Holding) -> None:
        """Take a position; one that another reply has told of is filled in.

        Raises
        ------
        UsageError
            If the two tell of different sizes, entry prices, modes or margins.
        """
        if not holding.size:
            # Of a flat position only the settings matter, and only if there are orders.
            self.put_mark(holding.symbol, holding.mark_price)
            self.put_leverage(holding.symbol, holding.leverage, holding.where)
            if holding.mode is not None:
                self.margin_mode.setdefault(holding.symbol, holding.mode)
            return
        key = (holding.symbol, holding.side)
        known = self.holdings.setdefault(key, holding)
        if known is holding:
            return
        for name in ("size", "entry_price", "mode"):
            old, new = getattr(known, name), getattr(holding, name)
            if old is not None and new is not None and old != new:
                raise UsageError(
                    f"{holding.where}: {name} of {holding.symbol} is {_shown(new)}, but "
                    f"{known.where} says {_shown(old)}; give replies of one moment"
                )
        for name in _FILLED_IN:
            if getattr(known, name) is None:
                setattr(known, name, getattr(holding, name))
        known.notes = {**holding.notes, **known.notes}

    def symbols(self) -> set[str]:
        """Return the symbols that have a position or an order."""
        held = {holding.symbol for holding in self.holdings.values()}
        return held | {order.symbol for order in self.orders}

    def money_in_buckets(self, holdings: Iterable[Holding]) -> Decimal:
        """Return the sum of the margins of `holdings` that are isolated."""
        margins = (
            holding.margin
            for holding in holdings
            if holding.mode is MarginMode.ISOLATED and holding.margin is not None
        )
        return sum(margins, ZERO)

    def _once(self, what: str, old: object, new: object, where: str) -> None:
        place = self._places.setdefault(what, where)
        if old is not None and old != new:
            raise UsageError(
                f"{where}: {what} is {_shown(new)}, but {place} says {_shown(old)}; "
                "give replies of one moment and one account"
            )


def _shown(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
