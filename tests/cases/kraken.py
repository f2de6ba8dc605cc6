"""Cases about Kraken Futures: an inverse position in its single-collateral wallet.

The method is the packaged rulebook's; contract, rates and money are the case's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.model.account import Account, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.margin_rule import InitialMargin
from crossmargin.rulebooks.schema import Contract
from tests.cases.accounts import TICK, prices_of, signed_size
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape
from tests.toys import LEVERAGE_MAX

VENUE = "kraken"
SYMBOL = "PI_XBTUSD"


@exact
def values(_case: Case, inputs: Inputs) -> Answer:
    """Return what a position is worth and what is asked for it."""
    [position] = _assessed(inputs).positions
    return answers(
        {
            "value": position.notional,
            "notional": position.notional,
            "initial_margin": position.initial_margin,
            "maintenance_margin": position.maintenance_margin,
            "unrealised_pnl": position.unrealised_pnl,
        }
    )


@exact
def prices(_case: Case, inputs: Inputs) -> Answer:
    """Return where a position is liquidated and where its wallet is empty."""
    assessment = _assessed(inputs)
    [position], [boundary] = assessment.positions, assessment.boundaries.positions
    if boundary is None:
        raise UnknownShape(f"missing: {', '.join(assessment.missing)}")
    found: dict[str, object] = {"bankruptcy_price": boundary.bankruptcy_price}
    if inputs.has("mmr"):
        is_long = position.side is Side.LONG
        found["liquidation_price"] = boundary.lower if is_long else boundary.upper
    return answers(found)


def _assessed(inputs: Inputs) -> Assessment:
    instrument = Instrument(
        SYMBOL,
        Kind.INVERSE_PERPETUAL,
        "XBT",
        "XBT",
        inputs.number("contract_multiplier", ONE),
        TICK,
    )
    entry, mark = prices_of(inputs)
    position = Position(SYMBOL, signed_size(inputs), entry)
    contract = Contract(instrument, _schedule(inputs))
    # A wallet that is not given asks nothing of it.
    wallet = inputs.number("margin", inputs.number("wallet_balance", ZERO))
    book = load_rulebook(VENUE).with_contracts({SYMBOL: contract})
    if inputs.has("im_rate"):
        book = replace(book, margin=replace(book.margin, initial=InitialMargin.LADDER))
    return assess(Account({"XBT": wallet}, (position,)), Market({SYMBOL: mark}), book)


def _schedule(inputs: Inputs) -> Tiers:
    # Without a rate nothing is asked but that equity lasts.
    maintenance: Decimal = inputs.number("mmr", ZERO)
    initial: Decimal | None = inputs.number("im_rate", None)
    return Tiers.of((Tier(ZERO, maintenance, ZERO, LEVERAGE_MAX, initial),))


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "position value, IM and MM at entry": values,
    "liquidation price": prices,
    "bankruptcy (0-equity) price, limit of the IOC order": prices,
}
