"""Everything the venue knows, as the events so far have made it.

Only `fold` changes a state. It is mutable because a venue of a hundred thousand accounts is not
copied for every order; nobody outside the writer's thread holds it.

What margin needs of an account is a frozen view (`AccountState.bare`), made again only after the
account has changed, and sums over its orders, kept up to date (`AccountState.resting`).
"""

from decimal import Decimal

from msgspec import Struct, field

from crossmargin.durations import DAY_MS
from crossmargin.margin.lookup import contract_of
from crossmargin.margin.open_orders import Resting, RestingKey
from crossmargin.model.account import (
    Account,
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.model.surface import Smile, Surface
from crossmargin.money import ZERO
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.book import Book
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.event import Breaker, OrderStatus
from crossmargin.venue.resting import RestingGroup
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.trigger_index import TriggerIndex

PositionKey = tuple[str, Side | None]
"""A symbol and, in hedge mode, a side."""


class TrustedAccount(Account, frozen=True):
    """An account put together from what was checked when it came in."""

    def __post_init__(self) -> None:
        """Check nothing: orders are margined thousands of times a second."""


class OpenOrder(Struct):
    """An order that is not over.

    Attributes
    ----------
    size : what is left, signed.
    type, price : as they are now; a triggered stop is a limit or market order.
    best_price : the best a trailing stop has seen; None before it is activated.
    rank : its place in time among all that ever came to rest in a book, from 1; zero before. A
        stop rests when it is triggered, so the id does not say who came first at a price.
    """

    id: int
    account: str
    placed: PlaceOrder
    size: Decimal
    status: OrderStatus
    type: OrderType
    price: Decimal | None
    parent_id: int | None = None
    filled: Decimal = ZERO
    best_price: Decimal | None = None
    rank: int = 0

    @property
    def symbol(self) -> str:
        """Return the symbol."""
        return self.placed.symbol

    @property
    def is_waiting(self) -> bool:
        """Return whether it waits for its trigger."""
        return self.status is OrderStatus.WAITING


class AccountState:
    """One account."""

    __slots__ = (
        "_bare",
        "_resting",
        "_view",
        "assets_mode",
        "balances",
        "client_orders",
        "is_maker",
        "leverage",
        "margin_mode",
        "mode",
        "name",
        "orders",
        "parent",
        "position_mode",
        "positions",
        "warned",
    )

    def __init__(
        self,
        name: str,
        parent: str,
        *,
        is_maker: bool,
        assets_mode: AssetsMode,
        mode: AccountMode = AccountMode.STANDARD,
    ) -> None:
        """Start with nothing."""
        self.name, self.parent, self.is_maker = name, parent, is_maker
        self.balances: dict[str, Decimal] = {}
        self.positions: dict[PositionKey, Position] = {}
        self.orders: dict[int, OpenOrder] = {}
        self.client_orders: dict[str, int] = {}
        self.leverage: dict[str, Decimal] = {}
        self.margin_mode: dict[str, MarginMode] = {}
        self.assets_mode, self.mode = assets_mode, mode
        self.position_mode = PositionMode.ONE_WAY
        self.warned: dict[str, None] = {}
        self._view: Account | None = None
        self._bare: Account | None = None
        self._resting: dict[RestingKey, RestingGroup] = {}

    def key(self, symbol: str, side: Side | None) -> PositionKey:
        """Return where a position is kept: by side in hedge mode only."""
        return symbol, side if self.position_mode is PositionMode.HEDGE else None

    def position(self, symbol: str, side: Side | None) -> Position | None:
        """Return a position; None where nothing is held."""
        return self.positions.get(self.key(symbol, side))

    def bare(self) -> Account:
        """Return the account as the margin core reads it, without orders; see `resting`."""
        if self._bare is None:
            self._bare = self._viewed(())
        return self._bare

    def held(self, placed: PlaceOrder) -> Decimal:
        """Return the signed size of the position an order belongs to; zero where there is none."""
        found = self.position(placed.symbol, placed.side)
        return found.size if found else ZERO

    def view(self) -> Account:
        """Return the account with its orders; those that wait hold no margin and are left out.

        What it costs grows with the orders: for reports, and for accounts that have failed.
        """
        if self._view is None:
            held = (self.margined(one) for one in self.orders.values())
            self._view = self._viewed(tuple(one for one in held if one is not None))
        return self._view

    def _viewed(self, orders: tuple[Order, ...]) -> Account:
        return TrustedAccount(
            self.balances.copy(),
            tuple(self.positions.values()),
            orders,
            self.leverage,
            self.margin_mode,
            self.assets_mode,
            self.position_mode,
            self.mode,
        )

    @staticmethod
    def margined(one: OpenOrder) -> Order | None:
        """Return an order as the margin core reads it; None where it holds no margin."""
        if one.status is OrderStatus.WAITING or not one.size:
            return None
        placed = one.placed
        reduces = placed.reduce_only or placed.is_close_position
        return Order(
            placed.symbol, one.size, one.price, OrderType.LIMIT, None, reduces, placed.side
        )

    @property
    def is_debtor(self) -> bool:
        """Return whether any of its wallets is below zero."""
        return any(amount < 0 for amount in self.balances.values())

    def changed(self) -> None:
        """Forget the views: money, a position or a setting is different now."""
        self._view = self._bare = None

    def order_changed(self, one: OpenOrder) -> None:
        """Take note of what an order of the account is now."""
        self._view = None
        key = one.placed.symbol, one.placed.side
        group = self._resting.get(key)
        if group is None:
            group = self._resting[key] = RestingGroup()
        group.put(one.id, self.margined(one) if one.id in self.orders else None)
        if not group.orders:
            del self._resting[key]

    def resting_size(self, symbol: str, side: Side | None, size: Decimal) -> Decimal:
        """Return the signed size that rests on the side of `size`; waiting orders do not."""
        group = self._resting.get((symbol, side))
        return group.towards(size) if group is not None else ZERO

    def resting(self, state: "State") -> dict[RestingKey, Resting]:
        """Return the sums of what rests, at the venue's marks; to read only."""
        return {
            key: group.sums(
                state.symbol(key[0]).mark,
                contract_of(key[0], state.rulebook).instrument,
                state.rulebook,
            )
            for key, group in self._resting.items()
        }


class SymbolState:
    """One market: its book, its prices, what is open and what funding is worked out from."""

    __slots__ = (
        "_triggers",
        "book",
        "breaker",
        "fund_day",
        "fund_result",
        "funding_at_ms",
        "holders",
        "index",
        "last",
        "mark",
        "open_interest",
        "premiums",
        "seen",
        "waiting",
    )

    def __init__(self) -> None:
        """Start without prices: nothing can be traded before there are some."""
        self.book = Book()
        self.index: Decimal | None = None
        self.mark: Decimal | None = None
        self.last: Decimal | None = None
        self.breaker = Breaker.DEGRADED
        self.seen: dict[str, tuple[Decimal, int]] = {}
        self.premiums: list[Decimal] = []
        self.funding_at_ms: int | None = None
        self.open_interest = ZERO
        self.fund_result, self.fund_day = ZERO, 0
        self.holders: dict[str, None] = {}
        self.waiting: dict[int, None] = {}
        self._triggers = TriggerIndex()

    @property
    def triggers(self) -> TriggerIndex:
        """Return where the waiting orders fire."""
        return self._triggers

    def fund_result_on(self, day: int) -> Decimal:
        """Return what the insurance fund has realised and paid here on a day, in the settle asset.

        Gains are above zero. Days are counted from 1970, UTC.
        """
        return self.fund_result if self.fund_day == day else ZERO


class Unhashed(Struct):
    """Keys of what events have changed since the state was last hashed."""

    accounts: set[str] = field(default_factory=set)
    orders: set[int] = field(default_factory=set)
    symbols: set[str] = field(default_factory=set)
    purses: set[tuple[str, str]] = field(default_factory=set)


class State:
    """The whole venue.

    Attributes
    ----------
    rested : how many orders have come to rest in a book, which ranks them.
    debtors : accounts that owe something, whatever they hold.
    surfaces : what was last seen of each expiry of an underlying, and when.
    unhashed : kept for whoever hashes the state; None where nobody does.
    """

    def __init__(self, rulebook: Rulebook, settings: VenueSettings) -> None:
        """Start an empty venue under a rulebook."""
        self.rulebook, self.settings = rulebook, settings
        self.at_ms = 0
        self.halted: str | None = None
        self.is_cancel_only = False
        self.accounts: dict[str, AccountState] = {}
        self.debtors: set[str] = set()
        self.symbols: dict[str, SymbolState] = {}
        self.asset_prices: dict[str, Decimal] = {}
        self.asset_seen: dict[str, dict[str, tuple[Decimal, int]]] = {}
        self.surfaces: dict[str, dict[int, tuple[Smile, int]]] = {}
        self.purses: dict[tuple[str, str], Decimal] = {}
        self.orders: dict[int, OpenOrder] = {}
        self.next_order_id = 1
        self.next_trade_id = 1
        self.rested = 0
        self.unhashed: Unhashed | None = None
        self._market: Market | None = None
        # Where initial margin grows with what is open, that is part of the market.
        self._crowding = tuple(
            name for name, one in rulebook.contracts.items() if one.open_interest is not None
        )

    def advance(self, at_ms: int) -> None:
        """Let time be `at_ms`, never earlier; the journal's times do the same at recovery."""
        if at_ms > self.at_ms and (self.rulebook.options or self.rulebook.portfolio is not None):
            # How far an expiry is, and how old a surface, is judged by the market's time.
            self._market = None
        self.at_ms = max(self.at_ms, at_ms)

    @property
    def day(self) -> int:
        """Return the day it is, counted from 1970, UTC."""
        return self.at_ms // DAY_MS

    def symbol(self, name: str) -> SymbolState:
        """Return a market, made when it is first asked for."""
        found = self.symbols.get(name)
        if found is None:
            found = self.symbols[name] = SymbolState()
        return found

    def asset_seen_of(self, asset: str) -> dict[str, tuple[Decimal, int]]:
        """Return what sources said of a collateral asset, by source."""
        return self.asset_seen.setdefault(asset, {})

    def market(self) -> Market:
        """Return the prices that margin is worked out at; symbols without a mark are missing."""
        if self._market is None:
            marks = {name: one.mark for name, one in self.symbols.items() if one.mark is not None}
            interest = {name: self.symbol(name).open_interest for name in self._crowding}
            prices, surfaces = dict(self.asset_prices), self._fresh_surfaces()
            self._market = Market(marks, prices, self.at_ms, interest, surfaces)
        return self._market

    def _fresh_surfaces(self) -> dict[str, Surface]:
        since_ms = self.at_ms - self.settings.stale_ms
        found = {}
        for asset, expiries in self.surfaces.items():
            smiles = tuple(
                smile
                for smile, seen_ms in expiries.values()
                if seen_ms >= since_ms and smile.expires_ms > self.at_ms
            )
            if smiles:
                found[asset] = Surface(smiles)
        return found

    def prices_changed(self) -> None:
        """Forget the market: a price is different now."""
        self._market = None

    def opened(self, symbol: str, change: Decimal) -> None:
        """Let `change` more be open in a market, counted in what is long."""
        self.symbol(symbol).open_interest += change
        if symbol in self._crowding:
            self._market = None

    def purse(self, name: str, asset: str) -> Decimal:
        """Return what is in a purse; wallets of accounts too."""
        if name.startswith("account/"):
            account = self.accounts.get(name.removeprefix("account/"))
            return account.balances.get(asset, ZERO) if account else ZERO
        return self.purses.get((name, asset), ZERO)
