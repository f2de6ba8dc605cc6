"""Cases of Deribit's former portfolio margin: volatility changes and contingencies."""

from collections.abc import Callable, Mapping

from crossmargin.margin.scenarios import deribit_legacy
from crossmargin.margin.scenarios.volatility import shifted
from crossmargin.model.scenario import Direction
from crossmargin.money import ZERO, exact
from crossmargin.rulebooks.portfolio.volatility import TermShift
from tests.cases.deribit_given import Given
from tests.cases.deribit_legs import SECONDS
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, literal


@exact
def legacy_volatility(_case: Case, inputs: Inputs) -> Answer:
    """Return by how many points volatility changed in the first version."""
    [key] = [key for _, key in inputs.matching(r"(?:max_)?iv_change\w*|range")]
    seconds = inputs.number("days") * SECONDS["days"]
    change = deribit_legacy.volatility_change(seconds, inputs.at(key), inputs.number("power"))
    return answers({"iv_change": change})


@exact
def relative_volatility(_case: Case, inputs: Inputs) -> Answer:
    """Return volatility shifted relatively, up and down."""
    given = Given(inputs)
    shift = TermShift(
        given.get("volatility_range_up", ZERO),
        given.get("volatility_range_down", ZERO),
        given["short_term_vega_power"],
        given["long_term_vega_power"],
        up_floor=given.get("min_volatility_for_shock_up", ZERO),
    )
    seconds, iv = inputs.number("days") * SECONDS["days"], inputs.number("iv")
    up, down = (shifted(iv, seconds, to, shift) for to in (Direction.UP, Direction.DOWN))
    one = down if shift.range_down and not shift.range_up else up
    return answers({"shocked_iv": one, "shocked_iv_up": up, "shocked_iv_down": down})


@exact
def option_contingency(_case: Case, inputs: Inputs) -> Answer:
    """Return what options add: all of them, or those a strike is net short of."""
    rate = inputs.number("rate")
    strikes = [key for _, key in inputs.matching(r"net_(?:short_)?\w*strike\w*")]
    if strikes:
        nets = inputs.value(strikes[0])
        values = nets.values() if isinstance(nets, dict) else nets
        found = deribit_legacy.strike_contingency(map(literal, values), rate)
    else:
        pattern = r"(?:long|short)_options|(?:options|option_count)\w*"
        keys = [key for _, key in inputs.matching(pattern)]
        found = deribit_legacy.option_contingency(map(inputs.at, keys), rate)
    return answers({"contingency": found})


@exact
def futures_contingency(_case: Case, inputs: Inputs) -> Answer:
    """Return what futures that offset each other add."""
    long, short = inputs.number("long"), inputs.number("short")
    found = deribit_legacy.spread_contingency(long, short, inputs.number("rate"))
    return answers({"contingency": found})


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "implied-vol shock scaling": legacy_volatility,
    "vol shock is relative": relative_volatility,
    "option contingency": option_contingency,
    "futures spread contingency": futures_contingency,
}
STEMS: Mapping[str, str] = {
    r"(?:implied-)?vol(?:atility)? shock scaling.*": "implied-vol shock scaling",
    r"(?:implied-)?vol(?:atility)? shock is relative.*": "vol shock is relative",
    r"option contingency.*": "option contingency",
    r"futures? (?:spread )?contingency.*": "futures spread contingency",
}
