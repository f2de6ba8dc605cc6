"""Cases about BitMEX: risk limits, linear requirements, inverse profit, isolated against cross.

The method is the packaged rulebook's; limits, rates and money are the case's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.assess import assess
from crossmargin.margin.isolated import isolated_loss
from crossmargin.margin.pnl import unrealised_pnl
from crossmargin.margin.requirement import (
    Exposure,
    initial_margin,
    initial_rate,
    maintenance_margin,
    tier_number,
)
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Contract
from crossmargin.rulebooks.steps import RiskLimits, stepped_tiers, steps_above
from tests.cases.accounts import NO_LADDER, is_short, signed_size
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal
from tests.toys import LEVERAGE_MAX

VENUE = "bitmex"
SYMBOL = "XBTUSD"


@exact
def limit(_case: Case, inputs: Inputs) -> Answer:
    """Return the rates that the risk limit of one position has, and what they ask."""
    value = abs(inputs.number("quantity"))
    tier = _tier(value, _limits(inputs))
    rule = load_rulebook(VENUE).margin
    exposure = Exposure(value, value, value)
    return answers(
        {
            "mmr": tier.rate,
            "im_rate": initial_rate(tier),
            "maintenance_margin": maintenance_margin(exposure, tier, rule),
            "initial_margin": initial_margin(exposure, tier, rule, inputs.number("leverage", None)),
        }
    )


@exact
def limits(_case: Case, inputs: Inputs) -> Answer:
    """Return the rates of a table of positions."""
    given = _limits(inputs)
    tiers = [_tier(abs(literal(value)), given) for value in inputs.value("positions")]
    return answers(
        {
            "maintenance_margin": [tier.rate for tier in tiers],
            "mmr": [tier.rate for tier in tiers],
            "initial_margin": [initial_rate(tier) for tier in tiers],
            "im_rate": [initial_rate(tier) for tier in tiers],
        }
    )


@exact
def linear(case: Case, inputs: Inputs) -> Answer:
    """Return what a position is asked for at rates of its own."""
    instrument = _instrument(case, inputs)
    price = inputs.number("price", inputs.number("mark_price", None))
    if price is None:
        raise UnknownShape(f"no price among {', '.join(sorted(inputs.values))}")
    exposure = Exposure.of_size(signed_size(inputs), price, instrument)
    rule = load_rulebook(VENUE).margin
    tier = Tier(ZERO, inputs.number("mmr"), ZERO, LEVERAGE_MAX, inputs.number("im_rate"))
    return answers(
        {
            "value": exposure.value,
            "notional": exposure.value,
            "initial_margin": initial_margin(exposure, tier, rule, inputs.number("leverage", None)),
            "maintenance_margin": maintenance_margin(exposure, tier, rule),
        }
    )


@exact
def profit(case: Case, inputs: Inputs) -> Answer:
    """Return what a round trip earns."""
    instrument = _instrument(case, inputs)
    exit_price = inputs.number("exit", inputs.number("exit_price", None))
    if exit_price is None:
        raise UnknownShape(f"no exit among {', '.join(sorted(inputs.values))}")
    entry = inputs.number("entry_price")
    earned = unrealised_pnl(signed_size(inputs), entry, exit_price, instrument)
    return answers({"unrealised_pnl": earned})


@exact
def isolated_or_cross(case: Case, inputs: Inputs) -> Answer:
    """Return what one position loses in either mode, and what isolating it leaves in the pool."""
    instrument = _instrument(case, inputs)
    entry, later = inputs.number("entry_price"), inputs.number("later_price")
    size = Exposure.of_value(abs(inputs.number("quantity")), entry, instrument).size
    size = -size if is_short(inputs) else size
    margin, wallet = inputs.number("isolated_margin"), inputs.number("wallet_before")
    book = load_rulebook(VENUE).with_contracts({SYMBOL: Contract(instrument, NO_LADDER)})

    def assessed(position: Position) -> tuple[Decimal | None, Decimal | None]:
        account = Account({instrument.settle: wallet}, (position,))
        found = assess(account, Market({SYMBOL: later}), book)
        return found.positions[0].unrealised_pnl, found.pool.wallet_balance

    earned, left = assessed(Position(SYMBOL, size, entry, MarginMode.ISOLATED, margin))
    earned_in_cross, _ = assessed(Position(SYMBOL, size, entry))
    if earned is None or earned_in_cross is None:
        raise UnknownShape(f"no profit from {', '.join(sorted(inputs.values))}")
    return answers(
        {
            "isolated_loss": isolated_loss(earned, margin),
            "cross_unrealised_loss": earned_in_cross.copy_negate(),
            "margin_balance_after_isolating": left,
        }
    )


def _limits(inputs: Inputs) -> RiskLimits:
    return RiskLimits(
        inputs.number("base_limit"),
        inputs.number("step"),
        inputs.number("base_mm"),
        inputs.number("base_im"),
    )


def _tier(value: Decimal, given: RiskLimits) -> Tier:
    tiers: Tiers = stepped_tiers(given, steps_above(value, given))
    number = tier_number(Exposure(value, value, value), tiers)
    if number is None:
        raise UnknownShape(f"{value} is above the ladder of {given}")
    return tiers.pieces[number]


def _instrument(case: Case, inputs: Inputs) -> Instrument:
    # What the case says of the payoff, else what its mode says.
    payoff = inputs.word("payoff", "inverse" if "inverse" in case.mode.lower() else "linear")
    if payoff not in ("linear", "inverse"):
        raise UnknownShape(f"payoff is {payoff!r}")
    kind = Kind.INVERSE_PERPETUAL if payoff == "inverse" else Kind.LINEAR_PERPETUAL
    return Instrument(SYMBOL, kind, "XBT", "XBT", inputs.number("contract_multiplier", ONE))


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "maintenance margin below base risk limit": limit,
    "maintenance margin below base risk limit (newer table)": limit,
    "rates one step above the base limit": limit,
    "one step above (newer table)": limit,
    "risk-limit table": limits,
    "P&L formula": profit,
    "loss is capped at the isolated margin": isolated_or_cross,
    "initial and maintenance margin": linear,
}
