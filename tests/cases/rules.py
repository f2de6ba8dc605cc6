"""Cases about the small rules around liquidation; and all topics of small rules, by venue."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.money import ONE, ZERO, exact
from crossmargin.venue.adl import (
    Candidate,
    Policy,
    bankruptcy_price,
    deleveraged,
    profit_over_wallet,
    profit_over_wallet_times_margin_ratio,
    queue,
    quintile_fractions,
    settlement_price,
)
from crossmargin.venue.insurance import (
    Drawdown,
    DrawdownRule,
    adl_loss,
    adl_threshold,
    is_adl_started,
    is_adl_started_below,
    is_adl_stopped,
)
from crossmargin.venue.mark_price import clamped_mark_price
from crossmargin.venue.reduction import assigned_size, contracts_for_tier, size_down_to_first_tier
from tests.cases import loans, rates
from tests.cases.accounts import is_short
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape

Topics = Mapping[str, Callable[[Case, Inputs], Answer]]

# Bybit, "Auto-Deleveraging (ADL)": further from the mark than 5 %, the mark is used.
DISTANCE_MAX = Decimal("0.05")
# Bybit, API documentation, adl-alert: ADL ends above −25 %.
STOP = Decimal("-0.25")
EXPIRIES = (
    r"(bi_|next_|this_|current_)?(dai|week|month|quarter|year)ly|(this_|next_)?(week|quarter)"
)


@exact
def adl_queue(_case: Case, inputs: Inputs) -> Answer:
    """Return who stands where in the queue of given scores, and who closes how much."""
    given = list(inputs.matching("bankrupt_(long|short)_size"))
    if len(given) != 1:
        raise UnknownShape("not one bankrupt_long_size or bankrupt_short_size")
    [(match, key)] = given
    bankrupt = inputs.at(key) if match[1] == "long" else -inputs.at(key)
    scores, candidates = {}, []
    for name, values in inputs.value("accounts").items():
        row = inputs.child(values)
        scores[name] = row.number("score", is_own=True)
        size = row.number("quantity", is_own=True)
        candidates.append(_candidate(name, size.copy_sign(-bankrupt)))
    price = inputs.number("bankruptcy_price", None)

    def score(one: Candidate) -> Decimal:
        return scores[one.account]

    queued = queue(candidates, score)
    closed = deleveraged(candidates, bankrupt, Policy(score))
    # Keys are asked for in lower case.
    remaining = {one.account.lower(): abs(one.size) for one in queued}
    remaining |= {one.account.lower(): abs(one.remaining) for one in closed}
    taken = dict.fromkeys(remaining, ZERO)
    taken |= {one.account.lower(): abs(one.closed) for one in closed}

    def answer(key: str) -> object:
        if key == "queue":
            return [one.account for one in queued]
        if key == "quintile":
            return list(quintile_fractions(queued))
        if key in ("fill_price", "execution_price") and price is not None:
            return price
        match = re.fullmatch(r"closed_by_account_(\w+)|account_(\w+)_remaining", key)
        if match is None or (match[1] or match[2]) not in taken:
            raise Unanswered(key)
        return taken[match[1]] if match[1] else remaining[match[2]]

    return answer


@exact
def wallet_score(_case: Case, inputs: Inputs) -> Answer:
    """Return the parts of Binance's ADL score."""
    pnl, wallet = inputs.number("unrealised_pnl"), inputs.number("wallet_balance")
    one = _candidate("one", ONE, pnl, wallet, inputs.number("margin_ratio"))
    return answers(
        {
            "pnl_percent": profit_over_wallet(pnl, wallet),
            "leverage_pnl": profit_over_wallet_times_margin_ratio(one),
        }
    )


@exact
def adl_price(_case: Case, inputs: Inputs) -> Answer:
    """Return the bankruptcy price of a cross position, and the price that ADL settles at."""
    size = abs(inputs.number("quantity"))
    price = bankruptcy_price(
        -size if is_short(inputs) else size,
        inputs.number("entry_price"),
        inputs.number("position_margin"),
        inputs.number("wallet_balance"),
    )
    found: dict[str, object] = {"bankruptcy_price": price}
    if inputs.has("mark_price"):
        settled = settlement_price(price, inputs.number("mark_price"), DISTANCE_MAX)
        found |= {"settlement_price": settled, "adl_price": settled}
    return answers(found)


@exact
def pool_drawdown(_case: Case, inputs: Inputs) -> Answer:
    """Return how far a symbol has drawn its pool down, and what that sends to ADL."""
    highest = inputs.number("pool_8h_max_balance")
    # A pool whose balance is not given is one the rule holds for.
    drawdown = Drawdown(
        inputs.number("pool_balance", highest),
        highest,
        inputs.number("symbol_pnl_now"),
        inputs.number("symbol_pnl_8h_max"),
    )
    rule = DrawdownRule(
        inputs.number("insurance_pnl_ratio"),
        inputs.number("adl_stop_ratio", STOP),
        inputs.number("adl_trigger_threshold", ZERO),
    )
    return answers(
        {
            "pnl_ratio": drawdown.fraction(),
            "adl_triggered": is_adl_started(drawdown, rule),
            "adl_stopped": is_adl_stopped(drawdown, rule),
            "closed_by_adl": adl_loss(drawdown, rule),
        }
    )


@exact
def fund_threshold(_case: Case, inputs: Inputs) -> Answer:
    """Return the level of the fund below which ADL starts."""
    threshold = adl_threshold(
        inputs.number("fund_8h_average"),
        inputs.number("drop_fraction"),
        inputs.number("absolute_floor"),
    )
    found: dict[str, object] = {"threshold": threshold}
    if inputs.has("fund_now"):
        found["adl_triggered"] = is_adl_started_below(inputs.number("fund_now"), threshold)
    return answers(found)


@exact
def partial_liquidation(_case: Case, inputs: Inputs) -> Answer:
    """Return how many contracts a forced partial liquidation closes."""
    closed = size_down_to_first_tier(
        inputs.number("contracts_held"),
        inputs.number("tier1_max"),
        inputs.number("tier3_starts_at"),
    )
    return answers({"contracts_closed": closed})


@exact
def tier_contracts(_case: Case, inputs: Inputs) -> Answer:
    """Return the contracts that decide the tier of an underlying."""
    sizes = [inputs.at(key) for _, key in inputs.matching(EXPIRIES)]
    return answers({"contracts_for_tier": contracts_for_tier(sizes)})


@exact
def assignment(_case: Case, inputs: Inputs) -> Answer:
    """Return what of each position goes to position assignment."""
    filled = {
        match[1] or "": inputs.at(key)
        for match, key in inputs.matching(r"(\w+_)?filled(?:_by_ioc)?")
    }
    found = {}
    for match, key in inputs.matching(r"(\w+_)?position"):
        which = match[1] or ""
        if which not in filled:
            raise UnknownShape(f"nothing says what of {key} was filled")
        found[f"{which}assigned"] = assigned_size(inputs.at(key), filled[which])
    return answers(found)


@exact
def mark_from_last(_case: Case, inputs: Inputs) -> Answer:
    """Return the mark price that the last price makes."""
    mark = clamped_mark_price(
        inputs.number("last_price"),
        inputs.number("bid"),
        inputs.number("ask"),
        inputs.number("index"),
        inputs.number("band", None),
    )
    return answers({"mark_price": mark})


def _candidate(
    name: str,
    size: Decimal,
    pnl: Decimal = ZERO,
    wallet: Decimal | None = None,
    ratio: Decimal | None = None,
) -> Candidate:
    # A stand-in: of what a score is made of, these cases give the score or its two parts.
    return Candidate(name, size, ONE, ONE, ONE, ONE, pnl, ONE, wallet, ratio)


OKX_TOPICS: Topics = {
    "maintenance margin, margin ratio, liquidation price": loans.isolated_spot,
    "margin and borrow when opening": loans.isolated_spot_opened,
    "averaging window of the premium index, 8 h cycle": rates.window,
    "contracts closed by forced partial liquidation": partial_liquidation,
    "insurance-fund drop that triggers ADL": fund_threshold,
    "tier is decided by contracts summed over expiries": tier_contracts,
}
BYBIT_TOPICS: Topics = {
    "ADL trigger": pool_drawdown,
    "bankruptcy price used for ADL": adl_price,
    "funding interest component (2020)": rates.interest_by_difference,
    "funding interest component": rates.interest_by_interval,
    "funding cap": rates.cap,
}
HYPERLIQUID_TOPICS: Topics = {
    "portfolio margin ratio, no borrowing": loans.ratio_without_borrowing,
    "USDC free = spot total - hold": loans.spot_available,
    "borrowing power from collateral": loans.borrowing_power,
    "cash-and-carry: automatic borrow after a rise": loans.carry,
    "cash-and-carry: price at which the borrow reaches the LTV": loans.carry,
    "8h funding rate from premium": rates.rate_from_premium,
    "return on equity": loans.equity_return,
}
DERIBIT_TOPICS: Topics = {"last price clamped into the spread": mark_from_last}
DERIBIT_STYLE_TOPICS: Topics = {
    "continuous funding with damper, 1 minute": rates.continuous,
    "continuous funding, full 8 hours": rates.continuous,
    "opposite premiums cancel": rates.continuous,
    "inside the damper the rate is zero": rates.continuous,
}
KRAKEN_TOPICS: Topics = {
    "liquidation: IOC fill, rest goes to position assignment": assignment,
    "margin level of a short": loans.spot_short_level,
}
BITMEX_TOPICS: Topics = {
    "ranking, quintiles and fill of a 20-lot bankrupt short": adl_queue,
    "entry value, funding and P&L": rates.inverse_round_trip,
}
BINANCE_TOPICS: Topics = {"ADL ranking": wallet_score}
