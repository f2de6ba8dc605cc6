"""Cases about funding rates: premiums, interest, caps, windows, and funding that is continuous."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from crossmargin.margin.pnl import notional, unrealised_pnl
from crossmargin.margin.returns import profit_with_funding
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import Funding
from crossmargin.venue.funding import funding_payment, funding_rate
from crossmargin.venue.funding_rate import (
    accrued_rate,
    averaging_window,
    cap_from_margin_rates,
    continuous_funding_paid,
    impact_premium,
    interest_rate,
    interest_share,
    premium,
)
from tests.cases.accounts import is_short
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal

MILLISECOND = timedelta(milliseconds=1)
HOUR_MS = timedelta(hours=1) // MILLISECOND
MINUTE_MS = timedelta(minutes=1) // MILLISECOND
EIGHT_HOURS_MS = timedelta(hours=8) // MILLISECOND
SOME_DAY = "2024-03-02"
"""Windows are given as times of a day."""


@exact
def rate_from_premium(_case: Case, inputs: Inputs) -> Answer:
    """Return the premium of impact prices and the rate it makes, for eight hours and for one."""
    found = impact_premium(
        inputs.number("impact_bid", None),
        inputs.number("impact_ask", None),
        inputs.number("oracle"),
    )
    rules = _rules(inputs.number("clamp"), inputs.number("interest_rate_8h"))
    rate = funding_rate(found, rules, None)
    hourly = accrued_rate(rate, HOUR_MS, EIGHT_HOURS_MS)
    return answers(
        {
            "premium": found,
            "funding_rate_8h": rate,
            "funding_rate": rate,
            "funding_rate_1h": hourly,
            "funding_rate_hourly": hourly,
        }
    )


@exact
def interest_by_difference(_case: Case, inputs: Inputs) -> Answer:
    """Return the interest of an interval from the quote's and the base's daily rates."""
    rate = interest_rate(
        inputs.number("quote_index"),
        inputs.number("base_index"),
        inputs.number("intervals_per_day"),
    )
    return answers({"interest_rate": rate})


@exact
def interest_by_interval(_case: Case, inputs: Inputs) -> Answer:
    """Return the interest of an interval from one daily rate."""
    rate = interest_share(inputs.number("daily_interest"), _ms(inputs, "interval_hours", HOUR_MS))
    return answers(dict.fromkeys(("interest_rate", "interest", "funding_rate"), rate))


@exact
def cap(_case: Case, inputs: Inputs) -> Answer:
    """Return the bounds that a symbol's first tier sets to its rate."""
    upper = cap_from_margin_rates(
        inputs.number("imr_tier1"), inputs.number("mmr_tier1"), inputs.number("factor")
    )
    uppers = ("upper_funding_rate", "funding_cap", "cap")
    lowers = ("lower_funding_rate", "funding_floor", "floor")
    found = dict.fromkeys(uppers, upper) | dict.fromkeys(lowers, upper.copy_negate())
    return answers(found)


@exact
def window(_case: Case, inputs: Inputs) -> Answer:
    """Return the minutes over which premiums are averaged, as times of the day."""
    now = datetime.fromisoformat(f"{SOME_DAY}T{inputs.word('now_utc')}+00:00")
    epoch = datetime.fromtimestamp(0, UTC)
    found = averaging_window((now - epoch) // MILLISECOND, _ms(inputs, "interval_hours", HOUR_MS))
    return answers(
        {
            "window_start": _clock(found.start_ms),
            "window_end": _clock(found.end_ms),
            "samples": Decimal(found.samples),
        }
    )


@exact
def continuous(_case: Case, inputs: Inputs) -> Answer:
    """Return what continuous funding with a damper comes to over some time."""
    index = inputs.number("index")
    rules = _rules(inputs.number("damper"), ZERO)
    if inputs.has("marks_per_minute"):
        marks = [literal(mark) for mark in inputs.value("marks_per_minute")]
        elapsed_ms = _ms(inputs, "minutes_per_mark", MINUTE_MS)
    else:
        marks = [inputs.number("mark_price")]
        unit = "hours" if inputs.has("hours") else "minutes"
        scale = HOUR_MS if unit == "hours" else MINUTE_MS
        elapsed_ms = _ms(inputs, unit, scale) if inputs.has(unit) else None
    premiums = [premium(mark, index) for mark in marks]
    rates = [funding_rate(one, rules, None) for one in premiums]
    found: dict[str, object] = {}
    if len(rates) == 1:
        found |= {"premium": premiums[0], "funding_rate_pct_8h": rates[0], "funding_rate": rates[0]}
    if elapsed_ms is not None:
        whole = continuous_funding_paid(rates, elapsed_ms, EIGHT_HOURS_MS, ONE)
        found |= {"funding_rate_pct_period": whole}
    if elapsed_ms is not None and inputs.has("quantity"):
        size = inputs.number("quantity")
        size = -size if is_short(inputs) else size
        paid = continuous_funding_paid(rates, elapsed_ms, EIGHT_HOURS_MS, size)
        found |= {"payment": paid, "funding_received": paid.copy_negate(), "funding_paid": paid}
    return answers(found)


@exact
def inverse_round_trip(_case: Case, inputs: Inputs) -> Answer:
    """Return what an inverse position is worth, pays at one funding, and earns until it is shut."""
    inputs.units |= {"xbt"}
    contract = Instrument(
        "XBTUSD",
        Kind.INVERSE_PERPETUAL,
        "XBT",
        "XBT",
        inputs.number("contract_multiplier", ONE),
    )
    size = inputs.number("quantity")
    size = -size if is_short(inputs) else size
    entry = inputs.number("entry_price")
    rate = interest_rate(
        inputs.number("quote_rate_per_day"),
        inputs.number("base_rate_per_day"),
        inputs.number("fundings_per_day"),
    )
    value = notional(size, inputs.number("mark_at_funding"), contract)
    received = funding_payment(value.copy_sign(size), rate)
    pnl = unrealised_pnl(size, entry, inputs.number("exit"), contract)
    return answers(
        {
            "entry_value": notional(size, entry, contract),
            "funding_rate": rate,
            "funding_received": received,
            "funding_paid": received.copy_negate(),
            "unrealised_pnl": pnl,
            "net": profit_with_funding(pnl, received),
        }
    )


def _rules(damper: Decimal, interest: Decimal) -> Funding:
    return Funding(EIGHT_HOURS_MS, interest, damper, cap_multiple=ZERO)


def _ms(inputs: Inputs, name: str, unit_ms: int) -> int:
    time_ms = inputs.number(name) * unit_ms
    if time_ms != int(time_ms):
        raise UnknownShape(f"{name} is {time_ms} ms, no whole number")
    return int(time_ms)


def _clock(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%H:%M")
