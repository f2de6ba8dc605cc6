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
from crossmargin.model.account import Account, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from tests.cases.accounts import NO_LADDER, TICK, is_short, signed_size
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape

SETTLE = "USDC"


def _contract(symbol: str, leverage_max: Decimal | None) -> Contract:
    instrument = Instrument(symbol, Kind.LINEAR_PERPETUAL, SETTLE, symbol, ONE, TICK)
    if leverage_max is None:
        return Contract(instrument, NO_LADDER)
    rate = maintenance_rate(leverage_max)
    return Contract(instrument, Tiers.of((Tier(ZERO, rate, ZERO, leverage_max),)))


def _assessment(
    positions: tuple[Position, ...],
    marks: dict[str, Decimal],
    leverages: dict[str, Decimal],
    contracts: dict[str, Contract],
) -> Assessment:
    # What buckets hold is the whole wallet: nothing here asks for more.
    wallet = sum((position.margin for position in positions), ZERO)
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
    size, price = signed_size(inputs), inputs.number("price")
    margin = inputs.number("isolated_margin")
    position = Position(coin, size, price, MarginMode.ISOLATED, margin)
    leverage = inputs.number("leverage_set", None)
    assessment = _assessment(
        (position,),
        {coin: price},
        {} if leverage is None else {coin: leverage},
        {coin: _contract(coin, inputs.number("max_leverage"))},
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
def from_cash_leg(_case: Case, inputs: Inputs) -> Answer:
    """Return the worth and the liquidation price of a position given by its cash leg."""
    size, cash = inputs.number("size_signed"), inputs.number("raw")
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


@exact
def worth(_case: Case, inputs: Inputs) -> Answer:
    """Return what a perpetuals' account is worth: its cash and its positions, longs and shorts."""
    values = [
        inputs.at(key).copy_sign(-1 if match[1] == "short" else 1)
        for match, key in inputs.matching(r"total_position_value_all_(long|short)")
    ]
    values += [row.number("notional") for row in inputs.rows("positions")]
    if not values:
        raise UnknownShape(f"no position values among {', '.join(sorted(inputs.values))}")
    return answers({"account_value": account_value(inputs.number("total_raw"), values)})


@exact
def rate(_case: Case, inputs: Inputs) -> Answer:
    """Return the maintenance rate that belongs to a largest leverage."""
    return answers({"mmr": maintenance_rate(inputs.number("max_leverage"))})


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "liquidation price of one isolated position": isolated,
    "isolated position from its signed cash leg": from_cash_leg,
    "cross maintenance margin = sum of value / (2 x max leverage)": cross_sums,
    "margin used = sum of value / leverage set": cross_sums,
    "perp account value = raw USD + net position value": worth,
    "maintenance margin rate": rate,
}
