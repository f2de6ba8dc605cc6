"""What answers say, where it is not a record of the history."""

from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct

from crossmargin.api.keys import Key, Scope
from crossmargin.history.records import OrderRecord, TradeRecord
from crossmargin.model.account import AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import Side
from crossmargin.venue.event import Breaker


class ErrorDetail(Struct, frozen=True):
    """What is wrong.

    `name` is for programs and does not change, `code` is the venue's own where the venue refused,
    `where` is the place in the request.
    """

    code: int | None
    name: Annotated[str, Meta(examples=["not-authentic"])]
    message: str
    where: str


class ErrorAnswer(Struct, frozen=True):
    """The one shape of answers that refuse."""

    error: ErrorDetail


class Done(Struct, frozen=True):
    """What has happened, and the number of its record in the journal.

    `is_repeat`: the request was sent before, and this is the first answer again.
    """

    sequence: int | None
    is_repeat: bool


class OrderDone(Done, frozen=True):
    """What became of an order at once: as it was then, and what it traded."""

    order: OrderRecord
    trades: list[TradeRecord]


class CancelDone(Done, frozen=True):
    """Which orders were cancelled."""

    order_ids: list[int]


class TimeView(Struct, frozen=True):
    """The venue's time and the machine's, and how far the venue is.

    `halted` is why nothing but reading goes on; null while all is well.
    """

    at_ms: int
    wall_ms: int
    sequence: int
    halted: str | None


class SymbolView(Struct, frozen=True):
    """What is traded, and what orders must keep to; null where there is no such rule."""

    symbol: str
    kind: Kind
    settle: str
    base: str
    multiplier: Decimal
    tick: Decimal | None
    lot: Decimal | None
    notional_min: Decimal | None
    band_fraction: Decimal | None
    leverage_max: Decimal | None


class PricesView(Struct, frozen=True):
    """A market's prices now, and whether they may be acted upon.

    `open_interest` is what all longs hold.
    """

    symbol: str
    index: Decimal | None
    mark: Decimal | None
    last: Decimal | None
    breaker: Breaker
    open_interest: Decimal
    funding_at_ms: int | None


Levels: TypeAlias = list[Annotated[list[Decimal], Meta(min_length=2, max_length=2)]]


class BookView(Struct, frozen=True):
    """Price and size of each level, best first, as of a record of the journal."""

    symbol: str
    sequence: int
    bids: Levels
    asks: Levels


class PositionView(Struct, frozen=True):
    """A position; size signed, `margin` an isolated bucket's own money."""

    symbol: str
    side: Side
    size: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    mode: MarginMode
    margin: Decimal | None


class SettingsView(Struct, frozen=True):
    """What an account has set; symbols that are not there have the venue's defaults."""

    mode: AccountMode
    assets_mode: AssetsMode
    position_mode: PositionMode
    leverage: dict[str, Decimal]
    margin_mode: dict[str, MarginMode]


class AccountView(Struct, frozen=True):
    """An account: whole wallets, isolated margins included."""

    account: str
    parent: str
    is_maker: bool
    balances: dict[str, Decimal]
    settings: SettingsView
    positions: list[PositionView]
    open_orders: int


class JournalRow(Struct, frozen=True):
    """One record of the journal; hashes are hexadecimal."""

    sequence: int
    at_ms: int
    command: dict[str, Any]
    events: list[dict[str, Any]]
    engine: str
    rulebook: str
    previous: str
    hash: str


class JournalPage(Struct, frozen=True):
    """Records in order, where the next page starts (null at the end), and the last there is."""

    entries: list[JournalRow]
    next: int | None
    last: int


class KeyView(Struct, frozen=True):
    """A key, but for its secret."""

    key_id: str
    account: str
    scopes: list[Scope]
    expires_ms: int
    symbols: list[str] | None
    order_notional_max: Decimal | None
    open_orders_max: int | None
    loss_per_day_max: Decimal | None
    label: str


class KeyIssued(KeyView, frozen=True):
    """A new key with its secret, which is shown here alone."""

    secret: str
    is_repeat: bool


class KeyRevoked(Struct, frozen=True):
    """Whether there was such a key."""

    was_there: bool


class StoryView(Struct, frozen=True):
    """A story that can be played; `fault` is why it cannot."""

    name: str
    title: str
    fault: str | None


class StoryMoment(Struct, frozen=True):
    """What was done in a story, and what came of it, in words."""

    after_ms: int
    what: str
    receipts: list[str]


class StoryOutcome(Struct, frozen=True):
    """An expectation, what was found, and whether that is it."""

    path: str
    expected: str
    found: str
    is_met: bool


class StoryPlayed(Struct, frozen=True):
    """How a story went, in a venue of its own; `broken` are laws that do not hold at its end."""

    name: str
    is_as_expected: bool
    moments: list[StoryMoment]
    outcomes: list[StoryOutcome]
    broken: list[str]


class EdgeReached(Struct, frozen=True):
    """Where prices went."""

    sequence: int | None
    is_repeat: bool
    prices: dict[str, Decimal]


def key_view(key: Key) -> KeyView:
    """Return a key without its secret."""
    return KeyView(
        key_id=key.id,
        account=key.account,
        scopes=sorted(key.scopes),
        expires_ms=key.expires_ms,
        symbols=None if key.symbols is None else sorted(key.symbols),
        order_notional_max=key.limits.order_notional_max,
        open_orders_max=key.limits.open_orders_max,
        loss_per_day_max=key.limits.loss_per_day_max,
        label=key.label,
    )
