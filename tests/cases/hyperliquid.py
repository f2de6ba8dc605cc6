"""Cases about Hyperliquid: pots, cash legs and what a cross account is asked for.

The method is the packaged rulebook's; ladders and leverage are the case's own. A position of which
only the value is given is so many coins at a price of one.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.cash_leg import (
    account_value,
    liquidation_price,
    maintenance_rate,
    signed_value,
)
from crossmargin.margin.pnl import notional
from crossmargin.model.account import Account, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from tests.cases.accounts import (
    NO_LADDER,
    TICK,
    is_said_short,
    is_short,
    signed_size,
    stand_in,
)
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape

SETTLE = "USDC"
LINEAR = Instrument("COIN", Kind.LINEAR_PERPETUAL, SETTLE, "COIN", ONE, TICK)


def _contract(symbol: str, leverage_max: Decimal | None) -> Contract:
    instrument = Instrument(symbol, Kind.LINEAR_PERPETUAL, SETTLE, symbol, ONE, TICK)
    if leverage_max is None:
        return Contract(instrument, NO_LADDER)
    rate = maintenance_rate(leverage_max)
    return Contract(instrument, Tiers.of((Tier(ZERO, rate, ZERO, leverage_max),)))


def _laddered(symbol: str, inputs: Inputs) -> Contract:
    # From a table of lower bounds and largest leverages, else from the one leverage.
    if not inputs.has("tiers"):
        return _contract(symbol, inputs.number("max_leverage"))
    pieces: list[Tier] = []
    for row in inputs.rows("tiers"):
        floor = row.number("floor", ZERO, is_own=True)
        leverage = row.number("max_leverage", is_own=True)
        rate = maintenance_rate(leverage)
        followed = pieces[-1].deduction_above(floor, rate) if pieces else ZERO
        pieces.append(Tier(floor, rate, followed, leverage))
    return replace(_contract(symbol, None), tiers=Tiers.of(tuple(pieces)))


def _assessment(
    positions: tuple[Position, ...],
    marks: dict[str, Decimal],
    leverages: dict[str, Decimal],
    contracts: dict[str, Contract],
    cross_wallet: Decimal = ZERO,
) -> Assessment:
    # What buckets hold is the whole wallet unless the case has one beside them.
    wallet = sum((position.margin for position in positions), cross_wallet)
    account = Account(
        {SETTLE: wallet},
        positions,
        leverage=leverages,
        position_mode=PositionMode.ONE_WAY,
    )
    rulebook = replace(load_rulebook("hyperliquid"), contracts=contracts)
    return assess(account, Market(marks), rulebook)


def _liquidation_price(assessment: Assessment) -> Decimal | None:
    boundary = assessment.boundaries.positions[0]
    if boundary is None:
        raise UnknownShape(f"missing: {', '.join(assessment.missing)}")
    is_long = assessment.positions[0].side is Side.LONG
    return boundary.lower if is_long else boundary.upper


def _coin_of(inputs: Inputs) -> str:
    # Where a topic's formula symbols are spelled out, a key that is only a unit gets a stroke.
    for _, key in inputs.matching("_?coin", is_raw=True):
        inputs.used.add(key)
        return str(inputs.values[key]).upper()
    return "COIN"


@exact
def isolated(_case: Case, inputs: Inputs) -> Answer:
    """Return where one isolated position is liquidated; its margin is that at the price given."""
    coin = _coin_of(inputs)
    size, price = signed_size(inputs), _price(inputs)
    margin = inputs.number("isolated_margin")
    position = Position(coin, size, price, MarginMode.ISOLATED, margin)
    leverage = inputs.number("leverage_set", None)
    assessment = _assessment(
        (position,),
        {coin: price},
        {} if leverage is None else {coin: leverage},
        {coin: _laddered(coin, inputs)},
    )
    one = assessment.positions[0]
    return answers(
        {
            "liquidation_price": _liquidation_price(assessment),
            "maintenance_margin": one.maintenance_margin,
            "notional": one.notional,
        }
    )


@exact
def liquidation(case: Case, inputs: Inputs) -> Answer:
    """Return where a position is liquidated: on its own margin, else on the account's value."""
    if inputs.has("isolated_margin"):
        return isolated(case, inputs)
    for context in ("margin_mode", "leverage_set", "leverage"):
        inputs.value(context, None)
    coin = _coin_of(inputs)
    own, beside = _rows(inputs, coin)
    price = _price(own)
    # What the account is worth at this price: profit until here is in it.
    entry = price
    wallet = inputs.number("account_value", inputs.number("equity", None))
    if wallet is None:
        entry, wallet = own.number("entry_price", price), inputs.number("wallet_balance")
    others = stand_in("other", SETTLE, maintenance=inputs.number("tmm_other", ZERO))
    size = signed_size(own)
    size = -size if size > 0 and is_said_short(case, own) else size
    positions = [Position(coin, size, entry), *(one.position for one in others)]
    contracts = {coin: _laddered(coin, own)} | {
        one.position.symbol: Contract(one.instrument, one.tiers) for one in others
    }
    marks = {coin: price} | {one.position.symbol: one.mark for one in others}
    for symbol, row in beside.items():
        positions.append(Position(symbol, _signed_value(row), ONE))
        contracts[symbol], marks[symbol] = _laddered(symbol, row), ONE
    assessment = _assessment(tuple(positions), marks, {}, contracts, wallet)
    one = assessment.positions[0]
    return answers(
        {
            "liquidation_price": _liquidation_price(assessment),
            "maintenance_margin": one.maintenance_margin,
            "notional": one.notional,
        }
    )


def _price(inputs: Inputs) -> Decimal:
    for name in ("price", "mark_price", "entry_price"):
        if inputs.has(name):
            price: Decimal = inputs.number(name)
            return price
    raise UnknownShape(f"no price among {', '.join(sorted(inputs.values))}")


def _rows(inputs: Inputs, coin: str) -> tuple[Inputs, dict[str, Inputs]]:
    # The position that is asked about, and those beside it by coin.
    if not inputs.has("positions"):
        return inputs, {}
    rows = {row.word("coin").upper(): row for row in inputs.rows("positions")}
    if coin not in rows and len(rows) == 1:
        coin = next(iter(rows))
    if coin not in rows:
        raise UnknownShape(f"no position in {coin}")
    own = rows.pop(coin)
    # Its price says as much.
    own.value("notional", None)
    for row in rows.values():
        row.value("quantity", None, is_own=True)
    return own, rows


@exact
def from_cash_leg(_case: Case, inputs: Inputs) -> Answer:
    """Return the worth and the liquidation price of a position given by its cash leg."""
    size, cash = inputs.number("quantity"), inputs.number("raw")
    rate = maintenance_rate(inputs.number("max_leverage"))
    value = signed_value(inputs.number("notional"), size)
    return answers(
        {
            "isolated_margin_value": account_value(cash, [value]),
            "liquidation_price": liquidation_price(cash, size, rate),
        }
    )


@exact
def cross_sums(_case: Case, inputs: Inputs) -> Answer:
    """Return what positions are asked for together."""
    positions: list[Position] = []
    leverages: dict[str, Decimal] = {}
    contracts: dict[str, Contract] = {}
    is_every_tier_known = True
    for number, row in enumerate(inputs.rows("positions")):
        symbol = row.word("coin", str(number)).upper()
        value, size = abs(row.number("notional")), row.number("quantity", ONE)
        is_sold = bool(is_short(row)) or size < 0
        positions.append(Position(symbol, value.copy_negate() if is_sold else value, ONE))
        if row.has("leverage_set", is_own=True):
            leverages[symbol] = row.number("leverage_set")
        leverage_max = row.number("max_leverage", None)
        is_every_tier_known &= leverage_max is not None
        contracts[symbol] = _contract(symbol, leverage_max)
    marks = dict.fromkeys(contracts, ONE)
    health = _assessment(tuple(positions), marks, leverages, contracts).pool.health
    if health is None or not positions:
        raise UnknownShape("no positions, or health is unknown")
    found: dict[str, object] = {}
    if is_every_tier_known:
        found["cross_maintenance_margin"] = health.maintenance_margin
    if len(leverages) == len(positions):
        found["total_margin_used"] = health.initial_margin
    return answers(found)


def _signed_value(row: Inputs) -> Decimal:
    # The venue prints values above zero; the sign is the size's, or the side's.
    row.value("coin", None, is_own=True)
    if not row.has("notional", is_own=True):
        return signed_value(notional(signed_size(row), _price(row), LINEAR), signed_size(row))
    value: Decimal = row.number("notional")
    if not row.has("quantity", is_own=True) and not row.has("side", is_own=True):
        return value
    return signed_value(value, signed_size(row) if row.has("quantity", is_own=True) else _sign(row))


def _sign(row: Inputs) -> Decimal:
    return -ONE if is_short(row) else ONE


@exact
def worth(_case: Case, inputs: Inputs) -> Answer:
    """Return what a perpetuals' account is worth: its cash and its positions, longs and shorts."""
    values = [
        inputs.at(key).copy_sign(-1 if match[1] == "short" else 1)
        for match, key in inputs.matching(r"total_position_value_all_(long|short)")
    ]
    values += [_signed_value(row) for row in inputs.rows("positions")]
    cash: Decimal = inputs.number("total_raw" if inputs.has("total_raw") else "raw")
    if not values:
        raise UnknownShape(f"no position values among {', '.join(sorted(inputs.values))}")
    return answers({"account_value": account_value(cash, values)})


@exact
def rate(_case: Case, inputs: Inputs) -> Answer:
    """Return the maintenance rate that belongs to a largest leverage."""
    return answers({"mmr": maintenance_rate(inputs.number("max_leverage"))})


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "liquidation price of one isolated position": isolated,
    "liquidation price": liquidation,
    "liquidation price of a cross position": liquidation,
    "isolated position from its signed cash leg": from_cash_leg,
    "cross maintenance margin = sum of value / (2 x max leverage)": cross_sums,
    "margin used = sum of value / leverage set": cross_sums,
    "perp account value = raw USD + net position value": worth,
    "maintenance margin rate": rate,
}
