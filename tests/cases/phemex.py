"""Cases of Phemex: an isolated position whose margin includes the fee of closing at bankruptcy."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import MarginMode, Position
from crossmargin.money import exact, quotient_down
from crossmargin.rulebooks.margin_rule import ClosingFee
from tests.cases.accounts import Held, instrument_of, is_short, ladder_of
from tests.cases.reader import Answer, Case, Inputs, UnknownShape
from tests.cases.venues import from_table, rulebook_of, under

VENUE = "phemex"


@exact
def isolated(case: Case, inputs: Inputs) -> Answer:
    """Return the margin that opening assigns, and the liquidation price."""
    rulebook = rulebook_of(VENUE, inputs)
    one = _opened(case, inputs)
    # What opening asks for: notional ÷ leverage and the fee of closing at bankruptcy. What the
    # rulebook asks of an open position has the fee at the mark.
    opening = replace(rulebook.margin, closing_fee=ClosingFee.BANKRUPTCY)
    [opened] = under(replace(rulebook, margin=opening), case, one).positions
    assigned = inputs.number("assigned_balance", opened.initial_margin)
    bucket = replace(one.position, mode=MarginMode.ISOLATED, margin=assigned)
    assessment = under(rulebook, case, one._replace(position=bucket))
    [bounds] = assessment.boundaries.positions
    if bounds is None:
        raise UnknownShape("no boundary")
    is_long = bucket.size > 0
    return from_table(
        {
            "assigned_balance": assigned,
            "liquidation_price": bounds.lower if is_long else bounds.upper,
            "bankruptcy_price": bounds.bankruptcy_price,
        }
    )


def _opened(case: Case, inputs: Inputs) -> Held:
    instrument, size = instrument_of(case, inputs), abs(inputs.number("quantity"))
    short = is_short(inputs)
    if short is None:
        short = "short" in case.mode.lower()
    entry = inputs.number("entry_price", None)
    if entry is None:
        entry = quotient_down(inputs.number("open_value"), size)
    tiers = ladder_of(inputs)
    mark: Decimal = inputs.number("mark_price", entry)
    position = Position(instrument.symbol, -size if short else size, entry)
    return Held(position, mark, inputs.number("leverage"), instrument, tiers)


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {"liquidation price": isolated}
