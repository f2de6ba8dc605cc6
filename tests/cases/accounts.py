"""From what a case gives to an account, a market and a rulebook: no margin arithmetic.

A case names positions one by one, or one position or a hedged pair by flat keys. Ladders are
full tables or a single (rate, amount) pair that holds for the position wherever it goes. What a
case gives only as a sum (the margin of "other" contracts, an asset's profit) becomes a stand-in
position that has this sum and nothing else.

Decided here and nowhere else: a position whose mark is not given has just been opened, so its
mark is its entry price, and the other way round.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from crossmargin.margin.orders import initial_margin
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Collateral, Contract, Rulebook
from tests.cases.reader import Case, Inputs, Unanswered, UnknownShape, unit_of
from tests.toys import LEVERAGE_MAX, RULEBOOK

INVERSE = ("binance-coinm",)
SETTLES = ("FDUSD", "USDT", "USDC", "BUSD", "USD1", "BTC", "ETH", "BNB")
LONG, SHORT = ("long", "buy", "1", "+1"), ("short", "sell", "-1")
SIDES = ("long", "short")
SIZES = "quantity|qty|size|position|position_amt|contracts|notional|position_notional"
MULTIPLIERS, MULTIPLIER = {"BTC": Decimal(100)}, Decimal(10)
"""USD a COIN-M contract is worth where a case does not say: of BTC 100, of any other coin 10.

From Binance's FAQ "coin-margined futures contract specifications", as in our COIN-M rulebook.
"""
FLAT_FREE = Decimal("Infinity")
"""The leverage of a stand-in that asks for no initial margin."""

OF_POSITION = frozenset(
    (
        *(
            "quantity",
            "notional",
            "entry_price",
            "mark_price",
            "entry_and_mark",
            "side",
            "symbol",
            "leverage",
        ),
        *("mmr", "maintenance_amount", "tiers", "boundary", "contract_multiplier"),
        *("margin_mode", "wallet_balance", "extra_margin"),
    )
)
"""What may be said of one position by keys that begin or end with its symbol or side."""

# Cases ask for the price before it is put on the venue's tick.
TICK = Decimal("1e-18")


NO_LADDER = Tiers.of((Tier(ZERO, ZERO, ZERO, LEVERAGE_MAX),))
NEED_LADDER = frozenset(
    (
        *("mmr", "maintenance_amount", "tier", "maintenance_margin", "account_maintenance_margin"),
        *("margin_ratio", "buffer", "liquidation_price", "is_liquidatable", "tmm_other"),
    )
)
"""What a case cannot ask of a position whose ladder it does not give."""


class Held(NamedTuple):
    """One position as a case gives it, with what it needs of a market and a rulebook."""

    position: Position
    mark: Decimal
    leverage: Decimal | None
    instrument: Instrument
    tiers: Tiers | None


def is_inverse(case: Case) -> bool:
    """Return whether the venue's contracts are paid in the coin."""
    return case.venue in INVERSE


def instrument_of(case: Case, inputs: Inputs, symbol: str = "") -> Instrument:
    """Return the contract that the inputs are about; the multiplier as given, else the venue's."""
    name = symbol or inputs.word("symbol").upper() or asked_for(inputs)[0]
    if not is_inverse(case):
        name = name or "BTCUSDT"
        root = name.partition("_")[0]
        settle = next((s for s in SETTLES if root.endswith(s) and root != s), "USDT")
        multiplier = inputs.number("contract_multiplier", ONE)
        base = root.removesuffix(settle)
        return Instrument(name, Kind.LINEAR_PERPETUAL, settle, base, multiplier, TICK)
    name = name or "BTCUSD_PERP"
    base = name.partition("USD")[0]
    multiplier = inputs.number("contract_multiplier", MULTIPLIERS.get(base, MULTIPLIER))
    if is_in_usd(case, inputs):
        multiplier = ONE
    return Instrument(name, Kind.INVERSE_PERPETUAL, base, base, multiplier, TICK)


def is_short(inputs: Inputs, *, of: str = "side") -> bool | None:
    """Return whether the side given is the short one; None where no side is given."""
    word = inputs.word(of)
    if word and word not in (*LONG, *SHORT, "both"):
        raise UnknownShape(f"{of} is {word!r}")
    return None if word in ("", "both") else word in SHORT


def is_said_short(case: Case, inputs: Inputs) -> bool:
    """Return whether the side is short: as given, else as topic or mode say."""
    short = is_short(inputs)
    if short is not None:
        return short
    said = f"{case.topic} {case.mode}".lower()
    return "short" in said and "long" not in said


def is_in_usd(case: Case, inputs: Inputs) -> bool:
    """Return whether the size of an inverse contract is given in USD and not in contracts."""
    found = inputs.key(size_name(case, inputs))
    return is_inverse(case) and found is not None and unit_of(found[1]) == "usd"


def size_name(case: Case, inputs: Inputs) -> str:
    """Return what the size is given as: what an inverse position is worth in USD is a size too."""
    worth = inputs.key("notional")
    is_size = is_inverse(case) and worth is not None and unit_of(worth[1]) == "usd"
    return "notional" if is_size and not inputs.has("quantity") else "quantity"


def signed_size(inputs: Inputs, name: str = "quantity") -> Decimal:
    """Return the size, negative if it is printed so or the side is short."""
    size = inputs.number(name)
    short = is_short(inputs)
    if short is None:
        short = is_short(inputs, of="position_side")
    if short is None:
        return size
    if size < 0 and not short:
        raise UnknownShape(f"{name} is below zero, but the side is long")
    return abs(size).copy_sign(-1 if short else 1)


def ladder_of(inputs: Inputs, symbol: str = "") -> Tiers | None:
    """Return the ladder given as a table, or as one rate and amount; None if neither is."""
    is_included = inputs.word("boundary") == "upper"
    if inputs.has("tiers"):
        rows = inputs.value("tiers")
        if isinstance(rows, dict):
            rows = rows.get(symbol) or rows[symbol.lower()]
        leverages = inputs.value("max_leverage_by_tier", [])
        return _table([inputs.child(row) for row in rows], leverages, is_included=is_included)
    if not inputs.has("mmr"):
        return None
    amount = inputs.number("maintenance_amount", ZERO)
    return Tiers.of((Tier(ZERO, inputs.number("mmr"), amount, LEVERAGE_MAX),))


def _table(rows: list[Inputs], leverages: list[str], *, is_included: bool) -> Tiers:
    pieces: list[Tier] = []
    cap: Decimal | None = ZERO
    for index, row in enumerate(rows):
        floor = row.number("floor", cap, is_own=True)
        cap = row.number("cap", None, is_own=True)
        rate = row.number("mmr", is_own=True)
        followed = pieces[-1].deduction_above(floor, rate) if pieces else ZERO
        amount = row.number("maintenance_amount", followed, is_own=True)
        leverage = row.number("max_leverage", LEVERAGE_MAX, is_own=True)
        pieces.append(
            Tier(floor, rate, amount, Decimal(leverages[index]) if leverages else leverage)
        )
    return Tiers.of(tuple(pieces), cap, is_floor_included=is_included)


def prices_of(inputs: Inputs) -> tuple[Decimal, Decimal]:
    """Return entry and mark price; the one that is not given is the other."""
    both = inputs.number("entry_and_mark", None)
    entry = inputs.number("entry_price", both)
    mark = inputs.number("mark_price", entry)
    if mark is None:
        mark = inputs.number("price", inputs.number("order_price", None))
    if mark is None:
        raise UnknownShape(f"no mark_price among {', '.join(inputs.values)}")
    return (mark if entry is None else entry), mark


def asked_for(inputs: Inputs) -> tuple[str, str]:
    """Return the symbol, and the side of it if it is named, whose price is asked for."""
    symbol, side = inputs.word("solve_for"), inputs.word("solve_for_side")
    match = re.fullmatch(r"(.+)[ _:-](long|short)", symbol)
    return (match[1].upper(), match[2]) if match else (symbol.upper(), side)


def mode_of(case: Case, inputs: Inputs) -> MarginMode:
    """Return the margin mode the inputs name, else the case; cross where neither does."""
    word = inputs.word("margin_mode") or case.mode.partition(",")[0].strip().lower()
    return MarginMode.ISOLATED if word == "isolated" else MarginMode.CROSS


def position_rows(case: Case, inputs: Inputs) -> list[tuple[str, Inputs]]:
    """Return the inputs of each position and the symbol or side its keys name, if they do."""
    if inputs.has("positions"):
        return [("", row) for row in inputs.rows("positions")]
    rows = []
    for word in SIDES:
        found = inputs.about(word, OF_POSITION) if _names_position(inputs, word) else None
        if found is not None:
            found.values.setdefault("side", word)
            rows.append(("", found))
    name = r"[a-z0-9]{2,}(?:usdt|usdc|busd|fdusd|usd(?:_perp|_\d{6})?)"
    symbols = [match[1] for match, _ in inputs.matching(rf"({name})_(?:{SIZES})")]
    nested = list(inputs.matching(name, is_raw=True))
    symbols += [match[0] for match, key in nested if isinstance(inputs.values[key], dict)]
    for symbol in dict.fromkeys(symbols):
        found = inputs.about(symbol, OF_POSITION)
        if found is not None:
            rows.append((symbol.upper(), found))
    prices = ("mark_price", "entry_price", "entry_and_mark", "price", "order_price")
    in_usd = size_name(case, inputs) == "notional" and any(inputs.has(name) for name in prices)
    if not rows and (inputs.has("quantity") or in_usd):
        rows.append(("", inputs))
    return rows


def _names_position(inputs: Inputs, word: str) -> bool:
    if isinstance(inputs.values.get(word), dict):
        return True
    keys = inputs.matching(f"{word}|{word}_(?:{SIZES})|(?:{SIZES})_{word}")
    return any(not isinstance(inputs.values[key], dict | list) for _, key in keys)


@exact
def held(case: Case, inputs: Inputs) -> list[Held]:
    """Return the positions a case gives."""
    rows = position_rows(case, inputs)
    found = []
    for symbol, row in rows:
        instrument = instrument_of(case, row, symbol)
        size = signed_size(row, size_name(case, row))
        entry, mark = prices_of(row)
        leverage = row.number("leverage", None)
        mode = mode_of(case, row)
        margin = ZERO
        if mode is MarginMode.ISOLATED:
            margin = _bucket(row, inputs, instrument, size, entry, leverage, is_only=len(rows) == 1)
        position = Position(instrument.symbol, size, entry, mode, margin)
        tiers = ladder_of(row, instrument.symbol)
        found.append(Held(position, mark, leverage, instrument, tiers))
    contracts = {one.instrument.symbol: one.instrument for one in found}
    if any(one.instrument != contracts[one.instrument.symbol] for one in found):
        raise UnknownShape("sizes of one symbol in USD and in contracts")
    return found


def refuse_without_ladder(name: str, positions: list[Held]) -> None:
    """Raise Unanswered where `name` needs a ladder that the case does not give."""
    lacking = [one.position.symbol for one in positions if one.position.size and not one.tiers]
    if lacking and name in NEED_LADDER:
        raise Unanswered(f"{name} needs the mmr or tiers of {', '.join(lacking)}")


def flat(case: Case, inputs: Inputs) -> Held:
    """Return the position of no size that orders without a position add to."""
    instrument = instrument_of(case, inputs)
    entry, mark = prices_of(inputs)
    position = Position(instrument.symbol, ZERO, entry, mode_of(case, inputs))
    return Held(position, mark, inputs.number("leverage", None), instrument, None)


def _bucket(
    row: Inputs,
    inputs: Inputs,
    instrument: Instrument,
    size: Decimal,
    entry: Decimal,
    leverage: Decimal | None,
    *,
    is_only: bool,
) -> Decimal:
    # A bucket's wallet: as given for the position, or for the one that is solved for; else what
    # opening it moved there.
    extra = row.number("extra_margin", ZERO)
    if row.has("wallet_balance", is_own=True):
        return row.number("wallet_balance", is_own=True) + extra
    is_asked = is_only or asked_for(inputs)[0] == instrument.symbol
    if is_asked and inputs.has("wallet_balance"):
        return inputs.number("wallet_balance") + extra
    if leverage is None:
        if is_asked and not extra:
            raise UnknownShape(f"neither wallet_balance nor leverage of {instrument.symbol}")
        return extra
    return initial_margin(notional(size, entry, instrument), leverage) + extra


def stand_in(
    name: str,
    settle: str,
    *,
    pnl: Decimal = ZERO,
    maintenance: Decimal = ZERO,
    initial: Decimal = ZERO,
) -> list[Held]:
    """Return positions with these sums in the settle asset, and nothing else."""

    def one(what: str, size: Decimal, mark: Decimal, leverage: Decimal, amount: Decimal) -> Held:
        symbol = f"{name} {what}"
        instrument = Instrument(symbol, Kind.LINEAR_PERPETUAL, settle, settle, ONE, TICK)
        tiers = Tiers.of((Tier(ZERO, ZERO, amount, LEVERAGE_MAX),))
        return Held(Position(symbol, size, ONE), mark, leverage, instrument, tiers)

    return [
        one("profit", pnl, ONE + ONE, FLAT_FREE, ZERO),
        one("maintenance", ONE, ONE, FLAT_FREE, -maintenance),
        one("initial", initial, ONE, ONE, ZERO),
    ]


class Parts(NamedTuple):
    """What `assess` takes."""

    account: Account
    market: Market
    rulebook: Rulebook


@exact
def parts(
    case: Case,
    positions: list[Held],
    wallets: dict[str, Decimal],
    *,
    orders: tuple[Order, ...] = (),
    index: dict[str, Decimal] | None = None,
    collateral: dict[str, Collateral] | None = None,
    is_multi: bool = False,
) -> Parts:
    """Return the account with these positions; `wallets` are cross, buckets come on top."""
    balances = dict(wallets)
    for one in positions:
        settle = one.instrument.settle
        balances[settle] = balances.get(settle, ZERO) + one.position.margin
    is_paired = is_hedge(case, [one.position for one in positions], orders)
    account = Account(
        balances=balances,
        positions=tuple(one.position for one in positions),
        orders=orders,
        leverage={
            one.position.symbol: one.leverage for one in positions if one.leverage is not None
        },
        assets_mode=AssetsMode.MULTI if is_multi else AssetsMode.SINGLE,
        position_mode=PositionMode.HEDGE if is_paired else PositionMode.ONE_WAY,
    )
    market = Market({one.position.symbol: one.mark for one in positions}, index or {})
    contracts = {
        one.position.symbol: Contract(one.instrument, one.tiers or NO_LADDER) for one in positions
    }
    rulebook = RULEBOOK.with_contracts(contracts).with_collateral(collateral or {})
    return Parts(account, market, rulebook)


def is_hedge(case: Case, positions: list[Position], orders: Sequence[Order] = ()) -> bool:
    """Return whether longs and shorts are held beside each other."""
    symbols = [position.symbol for position in positions]
    is_paired = len(set(symbols)) < len(symbols)
    return "hedge" in case.mode.lower() or is_paired or any(order.side for order in orders)
