"""Account files: what people write, read into an account, a market and a rulebook.

The file is TOML (docs/reference/account-file.md). Numbers are strings or plain numbers and are
read exactly, never through a binary float. Anything wrong with it is one sentence that says
where, what and why; a file is read whole or not at all.
"""

from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import CrossmarginError, UsageError
from crossmargin.files.complaint import in_words
from crossmargin.files.own_rules import LEVERAGE, RULE_BOUNDS, with_own_rules
from crossmargin.files.surfaces import surfaces_of
from crossmargin.files.tables import AccountTable, OrderRow, PositionRow
from crossmargin.files.toml import (
    NOT_NEGATIVE,
    POSITIVE,
    Bound,
    check_head,
    check_numbers,
    text_of,
    tree_of,
)
from crossmargin.files.unknown import unknown_symbol
from crossmargin.margin.lookup import cross_wallets
from crossmargin.margin.modes import can_borrow, check_modes, default_assets_mode
from crossmargin.model.account import (
    Account,
    AccountMode,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
    merged,
)
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType
from crossmargin.money import ZERO, exact, plain
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Rulebook

SCHEMA = 1
"""The version of the file format."""


class AccountFile(Struct, frozen=True):
    """What a file says: an account, the prices around it and the rules it is judged by.

    `table` is the file as written, `name` what messages call it.
    """

    account: Account
    market: Market
    rulebook: Rulebook
    table: AccountTable
    name: str

    def in_force_at(self, at: datetime) -> "AccountFile":
        """Return the same under the rules in force at `at`, if the file itself names no date.

        Raises
        ------
        UsageError
            If it does not hold under those rules; one sentence with file, place and reason.
        """
        if self.table.edition is not None or self.table.at is not None:
            return self
        return _resolve(replace(self.table, at=at), self.name)


def read_account_file(path: str | Path) -> AccountFile:
    """Return what the account file at `path` says.

    Raises
    ------
    UsageError
        One sentence with file, place and reason.
    """
    return parse_account(text_of(path), str(path))


def parse_account(text: str, name: str) -> AccountFile:
    """Return what the account file `text` says; `name` is what messages call it.

    Raises
    ------
    UsageError
        One sentence with file, place and reason.
    """
    try:
        table = _table(text)
    except CrossmarginError as error:
        raise type(error)(f"{name}: {error}") from None
    return _resolve(table, name)


def _table(text: str) -> AccountTable:
    tree = tree_of(text)
    try:
        table = msgspec.convert(tree, AccountTable)
    except msgspec.ValidationError as error:
        raise UsageError(in_words(error, tree, AccountTable)) from None
    check_head(table.schema, SCHEMA, table.at)
    check_numbers(table, "", _BOUNDS)
    return table


_BOUNDS: dict[str, Bound] = {
    **RULE_BOUNDS,
    "marks": POSITIVE,
    "index": POSITIVE,
    "leverage": LEVERAGE,
    "entry_price": POSITIVE,
    "price": POSITIVE,
    "trigger_price": POSITIVE,
    "margin": NOT_NEGATIVE,
    "open_interest": NOT_NEGATIVE,
    "forward": POSITIVE,
    "volatilities": NOT_NEGATIVE,
}


@exact
def _resolve(table: AccountTable, name: str) -> AccountFile:
    try:
        account, market, rulebook = _judged(table)
    except CrossmarginError as error:
        raise type(error)(f"{name}: {error}") from None
    return AccountFile(account, market, rulebook, table, name)


def _judged(table: AccountTable) -> tuple[Account, Market, Rulebook]:
    rulebook = with_own_rules(
        load_rulebook(table.venue, edition=table.edition, at=table.at),
        table.instruments,
        table.tiers,
        table.collateral,
        _symbols(table),
    )
    mode = table.mode or AccountMode(rulebook.modes[0])
    assets_mode = table.assets_mode or default_assets_mode(rulebook, mode)
    if assets_mode not in rulebook.assets_modes:
        raise UsageError(f"assets_mode: {rulebook.venue} has no {assets_mode}-assets mode")
    _check_symbols(table, rulebook)
    is_hedge = table.position_mode is PositionMode.HEDGE
    inverse = {
        symbol
        for symbol in {row.symbol for row in table.positions}
        if rulebook.contracts[symbol].instrument.kind.is_inverse
    }
    for place, row in enumerate(table.positions):
        setting = table.margin_mode.get(row.symbol, row.mode)
        if setting is not row.mode:
            raise UsageError(
                f"margin_mode.{row.symbol}: is {setting}, but positions[{place}] is {row.mode}"
            )
    lots = tuple(_position(row, f"positions[{i}]") for i, row in enumerate(table.positions))
    orders = tuple(
        _order(row, f"orders[{i}]", is_hedge=is_hedge) for i, row in enumerate(table.orders)
    )
    account = Account(
        balances=table.balances,
        positions=merged(lots, is_hedge=is_hedge, inverse=inverse),
        orders=orders,
        leverage=table.leverage,
        margin_mode=table.margin_mode,
        assets_mode=assets_mode,
        position_mode=table.position_mode,
        mode=mode,
    )
    if not (account.balances or account.positions or account.orders):
        raise UsageError("the account has neither balances nor positions nor orders")
    if account.assets_mode is AssetsMode.SINGLE:
        _check_wallets(account, rulebook)
    at_ms = None if table.at is None else int(table.at.timestamp() * 1000)
    check_modes(account, rulebook)
    market = Market(
        table.marks, table.index, at_ms, table.open_interest, surfaces_of(table.surfaces)
    )
    return account, market, rulebook


def _check_wallets(account: Account, rulebook: Rulebook) -> None:
    for position in account.positions:
        settle = rulebook.contracts[position.symbol].instrument.settle
        if position.size and settle not in account.balances:
            close = get_close_matches(settle, account.balances, n=1)
            hint = f" (there is {close[0]})" if close else ""
            raise UsageError(
                f"balances.{settle}: is missing, and {position.symbol} settles in it{hint}; "
                "write 0 if there is none"
            )
    may_borrow = can_borrow(account, rulebook)
    for asset, wallet in cross_wallets(account, rulebook).items():
        if wallet < 0 and not may_borrow:
            raise UsageError(
                f"balances.{asset}: the cross wallet (balance less the margins of isolated "
                f"buckets) is {plain(wallet)}; only multi-assets mode can borrow"
            )


def _symbols(table: AccountTable) -> dict[str, str]:
    # Every symbol the account itself names, and where.
    places = {symbol: f"marks.{symbol}" for symbol in table.marks}
    places |= {symbol: f"open_interest.{symbol}" for symbol in table.open_interest}
    places |= {symbol: f"leverage.{symbol}" for symbol in table.leverage}
    places |= {symbol: f"margin_mode.{symbol}" for symbol in table.margin_mode}
    places |= {row.symbol: f"orders[{i}].symbol" for i, row in enumerate(table.orders)}
    places |= {row.symbol: f"positions[{i}].symbol" for i, row in enumerate(table.positions)}
    return places


def _check_symbols(table: AccountTable, rulebook: Rulebook) -> None:
    for symbol, where in _symbols(table).items():
        if symbol not in rulebook.contracts:
            raise UsageError(f"{where}: {unknown_symbol(symbol, rulebook)}")


def _position(row: PositionRow, where: str) -> Position:
    is_isolated = row.mode is MarginMode.ISOLATED
    if is_isolated and row.margin is None:
        raise UsageError(f"{where}.margin: an isolated position needs the margin in its bucket")
    if not is_isolated and row.margin is not None:
        raise UsageError(f"{where}.margin: a cross position has no margin of its own")
    position = Position(row.symbol, row.size, row.entry_price, row.mode, row.margin or ZERO)
    if row.side is not None and row.size and row.side is not position.side:
        raise UsageError(
            f"{where}.side: {row.side} does not agree with size {plain(row.size)}; "
            "long sizes are positive, short ones negative"
        )
    return position


def _order(row: OrderRow, where: str, *, is_hedge: bool) -> Order:
    kind = row.type or (OrderType.MARKET if row.price is None else OrderType.LIMIT)
    if not row.size:
        raise UsageError(f"{where}.size: must not be zero")
    if is_hedge and row.side is None:
        raise UsageError(f"{where}.side: an order in hedge mode needs the side it belongs to")
    if not is_hedge and row.side is not None:
        raise UsageError(f"{where}.side: orders in one-way mode have no side")
    if kind is OrderType.LIMIT and row.price is None:
        raise UsageError(f"{where}.price: a limit order needs a price")
    if kind.is_conditional and row.trigger_price is None:
        raise UsageError(f"{where}.trigger_price: a {kind} order needs one")
    return Order(
        row.symbol, row.size, row.price, kind, row.trigger_price, row.reduce_only, row.side
    )
