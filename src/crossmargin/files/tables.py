"""The tables of an account file, as people write them: keys, types and defaults.

What the numbers may be is checked where they are read (`files.account`), because only there the
place in the file is known.
"""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from crossmargin.model.account import AccountMode, AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Kind
from crossmargin.model.order import OrderType, Side
from crossmargin.money import ZERO


class PositionRow(Struct, forbid_unknown_fields=True):
    """One [[positions]] table."""

    symbol: str
    size: Decimal
    entry_price: Decimal
    mode: MarginMode = MarginMode.CROSS
    margin: Decimal | None = None
    side: Side | None = None


class OrderRow(Struct, forbid_unknown_fields=True):
    """One [[orders]] table."""

    symbol: str
    size: Decimal
    price: Decimal | None = None
    type: OrderType | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    side: Side | None = None


class TierRow(Struct, forbid_unknown_fields=True):
    """One [[tiers.SYMBOL]] table."""

    floor: Decimal
    rate: Decimal
    max_leverage: Decimal
    deduction: Decimal | None = None
    initial_rate: Decimal | None = None


class InstrumentTable(Struct, forbid_unknown_fields=True):
    """One [instruments.SYMBOL] table.

    `open_interest_caps` : lower and upper, see `rulebooks.schema.OpenInterestCaps`.
    """

    kind: Kind
    settle: str
    base: str | None = None
    multiplier: Decimal | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None
    open_interest_caps: tuple[Decimal, Decimal] | None = None


class CollateralTable(Struct, forbid_unknown_fields=True):
    """One [collateral.ASSET] table."""

    bid_buffer: Decimal
    ask_buffer: Decimal
    stable: bool = False


class SmileTable(Struct, forbid_unknown_fields=True):
    """One [[surfaces.ASSET]] table: what was observed of one expiry.

    `volatilities` are by strike.
    """

    expires: datetime
    volatilities: dict[str, Decimal]
    forward: Decimal | None = None
    interest_rate: Decimal = ZERO


class AccountTable(Struct, forbid_unknown_fields=True):
    """The whole file."""

    venue: str
    schema: int = 1
    edition: date | None = None
    at: datetime | None = None
    mode: AccountMode | None = None
    assets_mode: AssetsMode | None = None
    position_mode: PositionMode = PositionMode.ONE_WAY
    balances: dict[str, Decimal] = {}
    marks: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    open_interest: dict[str, Decimal] = {}
    leverage: dict[str, Decimal] = {}
    margin_mode: dict[str, MarginMode] = {}
    positions: list[PositionRow] = []
    orders: list[OrderRow] = []
    tiers: dict[str, list[TierRow]] = {}
    instruments: dict[str, InstrumentTable] = {}
    collateral: dict[str, CollateralTable] = {}
    surfaces: dict[str, list[SmileTable]] = {}
