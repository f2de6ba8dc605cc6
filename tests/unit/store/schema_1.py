"""A store that a version of schema 1 wrote, and how that version hashed the state it made.

`schema_1.db.gz` holds a market of 177 entries in which 25 of the 26 kinds of events happen. What
`verify` of that version printed stands here, and its way to hash a state, so that what is recovered
today can be held against it.
"""

import gzip
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from pathlib import Path

import msgspec

from crossmargin.model.account import Position
from crossmargin.venue.book import Book
from crossmargin.venue.command import PlaceOrder
from crossmargin.venue.state import AccountState, OpenOrder, State, SymbolState

ENTRIES = 177
LAST_HASH = "b57dfec69013d56f4ab98f31409f4e15968a8a7738cc925ff9f24f516cc58ae1"
STATE_HASH = "3f4e2078c54ea209e27094c2a19a72bb1ce38d2cc99504178430fafe39a5f6bd"

_FIELDS = {
    State: "accounts asset_prices asset_seen at_ms halted is_cancel_only next_order_id "
    "next_trade_id orders purses symbols",
    AccountState: "assets_mode balances client_orders is_maker leverage margin_mode name orders "
    "parent position_mode positions",
    SymbolState: "book breaker funding_at_ms holders index last mark premiums seen waiting",
    OpenOrder: "account best_price filled id parent_id placed price size status type",
    PlaceOrder: "account at_ms callback_fraction client_id is_close_position price reduce_only "
    "self_trade side size stop_loss_price symbol take_profit_price time_in_force trigger "
    "trigger_price type",
    Position: "entry_price margin mode size symbol",
}


def unpacked(path):
    """Write the store at `path` and return that."""
    path.write_bytes(gzip.decompress(Path(__file__).with_suffix(".db.gz").read_bytes()))
    return path


def state_hash(state):
    """Return the hash of a state as schema 1 had it, hexadecimal."""
    return sha256(msgspec.json.encode(_plain(state))).hexdigest()


def _plain(value):
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Book):
        return [_plain([*value.opposite(size, None)]) for size in (Decimal(-1), Decimal(1))]
    if isinstance(value, dict):
        pairs = [[_plain(key), _plain(one)] for key, one in value.items() if one != {}]
        pairs = [pair for pair in pairs if pair[1] != _plain(SymbolState())]
        return sorted(pairs, key=lambda pair: msgspec.json.encode(pair[0]))
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return [[name, _plain(getattr(value, name))] for name in _FIELDS[type(value)].split()]
