"""Records of what has happened: an order's life, a trade, money that moved, a candle.

All are frozen. Sizes are signed, buying above zero; money, prices and sizes are exact; times are
the venue's, milliseconds UTC. Ids of our own (of income, margin changes and receipts) are made of
the number of the journal's record, so that they are the same after a restart, and only grow.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from crossmargin.margin.health import Health
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO
from crossmargin.venue.command import SelfTrade, TimeInForce, Trigger
from crossmargin.venue.event import OrderStatus


class OrderSide(StrEnum):
    """What an order does."""

    BUY = "buy"
    SELL = "sell"


class OrderRecord(Struct, frozen=True):
    """An order as it is now, or as it ended.

    Attributes
    ----------
    side : of an order that closes its position without a size, what that asked for when it came in.
    size : signed, of the whole order; zero until an order that closes its position is triggered.
    filled : signed.
    cost : Σ price × |size| of its fills, in the quote asset.
    type, price : as placed; the price and size of one that was amended as they are since.
    position_side : in hedge mode, the position it belongs to.
    parent_id : of an attached exit, the order whose position it closes.
    triggered_ms : when a waiting order's price was reached.
    why : why it was cancelled or has expired, in a few words; empty otherwise.
    """

    id: int
    client_id: str
    account: str
    symbol: str
    side: OrderSide
    size: Decimal
    filled: Decimal
    cost: Decimal
    type: OrderType
    price: Decimal | None
    trigger_price: Decimal | None
    trigger: Trigger
    callback_fraction: Decimal | None
    time_in_force: TimeInForce
    reduce_only: bool
    is_close_position: bool
    position_side: Side | None
    status: OrderStatus
    parent_id: int | None
    triggered_ms: int | None
    created_ms: int
    updated_ms: int
    why: str
    self_trade: SelfTrade
    stop_loss_price: Decimal | None = None
    take_profit_price: Decimal | None = None


class TradeRecord(Struct, frozen=True):
    """One account's side of a trade.

    Attributes
    ----------
    id : the trade's; both sides have the same.
    order_id : None for trades without an order (liquidation, takeover, deleveraging).
    quote : what was traded, in the settle asset; absolute.
    fee : paid by the account (below zero: a rebate), in `fee_asset`.
    position_side : the side of the position it changed.
    why : `trade`, `trigger`, `liquidation`, `takeover`, `adl`, `close-out`, `unwind`.
    """

    id: int
    order_id: int | None
    account: str
    symbol: str
    size: Decimal
    price: Decimal
    quote: Decimal
    fee: Decimal
    fee_asset: str
    realised_pnl: Decimal
    is_maker: bool
    position_side: Side
    at_ms: int
    why: str


class ForcedRecord(Struct, frozen=True):
    """A trade that closed an account's position by force; there is no order behind it.

    Attributes
    ----------
    is_deleveraging : whether the position that had failed was somebody else's.
    """

    trade: TradeRecord
    is_deleveraging: bool


class IncomeKind(StrEnum):
    """Why money of an account moved."""

    REALISED_PNL = "realised-pnl"
    FEE = "fee"
    LIQUIDATION_FEE = "liquidation-fee"
    FUNDING = "funding"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    INSURANCE = "insurance"
    LOSS_SHARED = "loss-shared"
    SETTLEMENT = "settlement"
    INTEREST = "interest"
    EXCHANGE = "exchange"
    ROUNDING = "rounding"


class IncomeRecord(Struct, frozen=True):
    """Money that came into an account's wallet (amount above zero) or left it.

    Attributes
    ----------
    symbol : the market it is about; empty where it is about none.
    info : the other account of a transfer or shared loss; else the venue's word for why.
    """

    id: int
    account: str
    symbol: str
    kind: IncomeKind
    asset: str
    amount: Decimal
    at_ms: int
    info: str
    trade_id: int | None


class MarginChangeRecord(Struct, frozen=True):
    """Money the owner added to an isolated position (amount above zero) or took from it."""

    id: int
    account: str
    symbol: str
    position_side: Side
    amount: Decimal
    asset: str
    at_ms: int


class ClosedRecord(Struct, frozen=True):
    """What one step of a liquidation closed of one position.

    Attributes
    ----------
    size : signed, what the account bought or sold.
    cost : Σ price × |size|, in the quote asset.
    realised_pnl, fee : in the settle asset.
    why : where it went: `liquidation` (the book), `takeover` (the fund), `adl` (winners),
        `close-out` (others, at the mark).
    trade_id : of the first trade.
    """

    symbol: str
    position_side: Side
    size: Decimal
    cost: Decimal
    realised_pnl: Decimal
    fee: Decimal
    why: str
    trade_id: int


class LiquidationRecord(Struct, frozen=True):
    """The receipt of one step of a liquidation.

    Attributes
    ----------
    sequence : the journal's record that holds it.
    unit : the pool's asset, or the bucket's name; `symbol` is the bucket's, empty for a pool.
    step, rule, action : the step of the ladder, the rule that applied and what was done, in words.
    before, after : health; None where nothing of the unit is left.
    fund_received, fund_paid : money between the account and the insurance fund, by asset.
    shared : what winners gave up for it, by asset.
    """

    id: int
    sequence: int
    account: str
    unit: str
    symbol: str
    step: str
    rule: str
    action: str
    before: Health
    after: Health | None
    closed: tuple[ClosedRecord, ...]
    fund_received: dict[str, Decimal]
    fund_paid: dict[str, Decimal]
    shared: dict[str, Decimal]
    at_ms: int


class DeleveragingRecord(Struct, frozen=True):
    """Winners who were made to close against a bankrupt position of `account`.

    Attributes
    ----------
    size : of the bankrupt position, signed; `price` is what it was closed at.
    by_account : what each of them closed, absolute.
    shortfall, haircut, overshoot : what was missing, what winners gave up against the mark, and how
        much more that is, in the settle asset.
    """

    id: int
    sequence: int
    account: str
    symbol: str
    size: Decimal
    price: Decimal
    by_account: dict[str, Decimal]
    shortfall: Decimal
    haircut: Decimal
    overshoot: Decimal
    policy: str
    at_ms: int


class MarketTradeRecord(Struct, frozen=True):
    """A trade in the book, as everybody sees it; `size` is the taker's, buying above zero."""

    id: int
    symbol: str
    price: Decimal
    size: Decimal
    quote: Decimal
    at_ms: int

    @property
    def is_buyer_maker(self) -> bool:
        """Return whether the buyer's order rested."""
        return self.size < 0


class AggregateTradeRecord(Struct, frozen=True):
    """All that one incoming order traded at one price; `id` is that of its first trade."""

    id: int
    symbol: str
    price: Decimal
    size: Decimal
    first_id: int
    last_id: int
    at_ms: int

    @property
    def is_buyer_maker(self) -> bool:
        """Return whether the buyer's orders rested."""
        return self.size < 0


class CandleRecord(Struct, frozen=True):
    """Prices over one interval, the last one still open.

    Attributes
    ----------
    open_ms, close_ms : the first and the last millisecond of the interval.
    volume, quote_volume : traded in the venue's book, in the instrument's unit and in the settle
        asset; zero for marks and indexes.
    taker_buy_volume, taker_buy_quote : of that, what incoming orders bought.
    """

    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote_volume: Decimal = ZERO
    trades: int = 0
    taker_buy_volume: Decimal = ZERO
    taker_buy_quote: Decimal = ZERO


class TickerRecord(Struct, frozen=True):
    """Last prices and trades of the last 24 hours, to the minute.

    `last_size`, `first_id` and `last_id` are None where there was no trade.
    """

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    last: Decimal
    last_size: Decimal | None
    volume: Decimal
    quote_volume: Decimal
    trades: int
    first_id: int | None
    last_id: int | None


class FundingRecord(Struct, frozen=True):
    """One funding time; `rate` and `mark` are None where nothing was paid."""

    symbol: str
    rate: Decimal | None
    mark: Decimal | None
    at_ms: int
