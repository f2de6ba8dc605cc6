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
from tests.cases.accounts import TICK, ladder_of, prices_of, signed_size
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape
from tests.toys import LEVERAGE_MAX

VENUE = "kraken"
SYMBOL = "PI_XBTUSD"
RATES = {
    "mmr": ("mmr", "maintenance_margin"),
    "im_rate": ("im_rate", "imr", "initial_rate", "initial_margin"),
}
"""What the rates of a schedule's row are called."""


@exact
def values(_case: Case, inputs: Inputs) -> Answer:
    """Return what a position is worth and what is asked for it."""
    [position] = _assessed(inputs).positions
    initial = position.initial_margin
    if inputs.has("tiers"):
        # What a ladder of the initial rates asks for is the initial margin, slice by slice.
        initial = _assessed(inputs, "im_rate").positions[0].maintenance_margin
    return answers(
        {
            "value": position.notional,
            "notional": position.notional,
            "initial_margin": initial,
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


def _assessed(inputs: Inputs, rate: str = "mmr") -> Assessment:
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
    contract = Contract(instrument, _schedule(inputs, rate))
    # A wallet that is not given asks nothing of it.
    wallet = inputs.number("margin", inputs.number("wallet_balance", ZERO))
    book = load_rulebook(VENUE).with_contracts({SYMBOL: contract})
    if inputs.has("im_rate"):
        book = replace(book, margin=replace(book.margin, initial=InitialMargin.LADDER))
    return assess(Account({"XBT": wallet}, (position,)), Market({SYMBOL: mark}), book)


def _schedule(inputs: Inputs, rate: str) -> Tiers:
    if inputs.has("tiers"):
        return _slices(inputs, rate)
    # Without a rate nothing is asked but that equity lasts.
    maintenance: Decimal = inputs.number("mmr", ZERO)
    initial: Decimal | None = inputs.number("im_rate", None)
    return Tiers.of((Tier(ZERO, maintenance, ZERO, LEVERAGE_MAX, initial),))


def _slices(inputs: Inputs, rate: str) -> Tiers:
    # The schedule of inverse contracts is bounded in contracts.
    rows = []
    for row in inputs.rows("tiers"):
        names = [name for name in RATES[rate] if row.has(name, is_own=True)]
        if len(names) != 1:
            raise UnknownShape(f"no {rate} among {', '.join(sorted(row.values))}")
        found = {"mmr": row.number(names[0], is_own=True)}
        found |= {name: row.number(name) for name in ("cap", "floor") if row.has(name, is_own=True)}
        rows.append(found)
        # What the other look at the same schedule takes.
        for name in (*RATES["mmr"], *RATES["im_rate"]):
            row.value(name, None, is_own=True)
    ladder = ladder_of(inputs.child({"tiers": rows}))
    if ladder is None:
        raise UnknownShape("no tiers")
    return Tiers.of(ladder.pieces, ladder.cap, is_by_size=True)


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "position value, IM and MM at entry": values,
    "liquidation price": prices,
    "bankruptcy (0-equity) price, limit of the IOC order": prices,
}
