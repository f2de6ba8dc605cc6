"""Cases about requirements in whole money steps, liquidation into a book, and netting."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from crossmargin.margin.fractions import (
    funding_rate_cap,
    initial_margin,
    scaled_initial_fraction,
    stepped_notional,
)
from crossmargin.margin.health import Health
from crossmargin.margin.transition import risk_order, update_result, update_result_below_initial
from crossmargin.money import ZERO
from crossmargin.venue.deleverage import book_then_netting, netting
from crossmargin.venue.fillable import (
    Offer,
    bankruptcy_quote_delta,
    book_fill,
    fillable_price,
    insurance_fund_delta,
    is_liquidatable,
    liquidation_bounds,
)
from crossmargin.venue.funding_index import funding_index_increment
from crossmargin.venue.stepped_account import (
    MILLIONTH,
    OpenInterestScaling,
    SteppedAccount,
    SteppedPosition,
    account_health,
    position_health,
)
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape


def margins(_case: Case, inputs: Inputs) -> Answer:
    """Return the requirements of one position."""
    health = position_health(_position(inputs.number("position_base"), inputs), MILLIONTH)
    return _answers(
        initial_margin=health.initial_margin,
        maintenance_margin=health.maintenance_margin,
        notional=abs(health.equity),
        signed_notional=health.equity,
    )


def fraction(_case: Case, inputs: Inputs) -> Answer:
    """Return a market's initial fraction at an open notional, and the margin of a notional."""
    lower, upper = _caps(inputs)
    is_scaled = lower is not None and bool(upper)
    open_notional = inputs.number("open_notional", *([] if is_scaled else [ZERO]))
    scaled = scaled_initial_fraction(_base(inputs), open_notional, lower, upper)
    if not inputs.has("notional"):
        return _answers(effective_imf=scaled)
    margin = initial_margin(inputs.number("notional"), scaled, MILLIONTH)
    return _answers(effective_imf=scaled, initial_margin=margin)


def trigger(_case: Case, inputs: Inputs) -> Answer:
    """Return whether an account is liquidated."""
    health = account_health(_account(inputs))
    return _answers(
        is_liquidatable=is_liquidatable(health),
        net_collateral=health.equity,
        initial_margin=health.initial_margin,
        maintenance_margin=health.maintenance_margin,
    )


def bankruptcy(_case: Case, inputs: Inputs) -> Answer:
    """Return the quote amount of a close that takes its share of the equity."""
    account = _account(inputs)
    delta = inputs.number("position_delta_base")
    return _answers(
        bankruptcy_quote_delta=bankruptcy_quote_delta(account, _market(inputs, account), delta)
    )


def fillable(_case: Case, inputs: Inputs) -> Answer:
    """Return the limit price of a liquidation order."""
    account = _account(inputs)
    return _answers(fillable_price=_fillable_price(inputs, account, _market(inputs, account)))


def bounds(_case: Case, inputs: Inputs) -> Answer:
    """Return the least and most notional that a liquidation closes."""
    size, price = inputs.number("position_base"), inputs.number("oracle_price")
    found = liquidation_bounds(
        stepped_notional(size, price, MILLIONTH),
        least_notional=inputs.number("min_position_notional_liquidated"),
        largest_portion=inputs.number("max_position_portion_liquidated"),
        step=MILLIONTH,
    )
    return _answers(min_notional=found.least, max_notional=found.most)


def fee(_case: Case, inputs: Inputs) -> Answer:
    """Return what a fill pays the insurance fund."""
    account = _account(inputs)
    delta = insurance_fund_delta(
        account,
        _market(inputs, account),
        inputs.number("position_delta_base"),
        fill_price=inputs.number("fill_price"),
        fee_rate_max=inputs.number("max_liquidation_fee_rate", None),
    )
    return _answers(insurance_fund_delta=delta)


def book(_case: Case, inputs: Inputs) -> Answer:
    """Return a liquidation against one offer, then, where one is given, another account."""
    account = _account(inputs)
    market = _market(inputs, account)
    offer = _offer(inputs)
    limit = inputs.number("liquidation_limit_price", None)
    if limit is None:
        limit = _fillable_price(inputs, account, market)
    fee_rate = inputs.number("max_liquidation_fee_rate", None)
    fund = inputs.number("insurance_fund")
    terms = {"limit_price": limit, "fee_rate_max": fee_rate, "insurance_fund": fund}
    others: dict[str, object] = {}
    if inputs.has("offsetting"):
        offsetting = _account(inputs.child(inputs.value("offsetting")))
        both = book_then_netting(account, offsetting, market, offer, **terms)
        fill, after = both.fill, both.account
        others["offsetting_usdc_after"] = both.offsetting.quote_balance
        others["accepted"] = both.netting is not None and both.netting.is_accepted
    else:
        fill = book_fill(account, market, offer, **terms)
        after = fill.account
    return _answers(
        filled_base=abs(fill.size_delta),
        liquidated_usdc_after=after.quote_balance,
        insurance_fund_delta=fill.fund_delta,
        insurance_fund_after=fill.insurance_fund,
        **others,
    )


def deleveraging(_case: Case, inputs: Inputs) -> Answer:
    """Return whether two accounts are netted, and their balances."""
    rows = [inputs.value(name) for name in ("liquidated", "offsetting")]
    # The markets that one of the two names hold for the other too.
    shared = next(({"markets": row["markets"]} for row in rows if "markets" in row), {})
    bankrupt, offsetting = (_account(inputs.child(shared | row)) for row in rows)
    delta = inputs.number("liquidated_position_delta_base")
    found = netting(bankrupt, offsetting, _market(inputs, bankrupt), delta)
    return _answers(
        accepted=found.is_accepted,
        liquidated_usdc_after=found.bankrupt.quote_balance,
        offsetting_usdc_after=found.offsetting.quote_balance,
    )


def transition(_case: Case, inputs: Inputs) -> Answer:
    """Return whether an update passes; below initial margin after it where that is not given."""

    def state(when: str, initial: Decimal) -> Health:
        equity = inputs.number(f"net_collateral_{when}")
        return Health(equity, initial, inputs.number(f"maintenance_margin_{when}"))

    before = state("before", inputs.number("initial_margin_before"))
    if inputs.has("initial_margin_after"):
        after = state("after", inputs.number("initial_margin_after"))
        return _answers(result=update_result(before, after))
    return _answers(result=update_result_below_initial(before, state("after", ZERO)))


def ordering(_case: Case, inputs: Inputs) -> Answer:
    """Return which of two accounts is riskier."""
    one, other = (inputs.child(inputs.value(name)) for name in ("a", "b"))

    def health(row: Inputs) -> Health:
        row.number("initial_margin", None)
        return Health(
            row.number("net_collateral"), maintenance_margin=row.number("maintenance_margin")
        )

    return _answers(cmp=Decimal(risk_order(health(one), health(other))))


def funding_cap(_case: Case, inputs: Inputs) -> Answer:
    """Return the largest funding rate of eight hours."""
    share = inputs.number("maintenance_fraction_of_im")
    cap = funding_rate_cap(inputs.number("clamp_factor"), _base(inputs), share)
    return _answers(max_abs_8h_rate=cap)


def funding_index(_case: Case, inputs: Inputs) -> Answer:
    """Return by how much a funding index grows."""
    names = (
        "funding_rate_8h_ppm",
        "seconds",
        "oracle_price_mantissa",
        "oracle_price_exponent",
        "base_atomic_resolution_exponent",
    )
    numbers = [inputs.number(name) for name in names]
    if any(one != int(one) for one in numbers):
        raise UnknownShape(f"not whole: {', '.join(names)}")
    increment = funding_index_increment(*map(int, numbers))
    return _answers(index_delta_ppm_quote_quantums_per_base_quantum=Decimal(increment))


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "initial / maintenance margin with open-interest scaling": margins,
    "open-interest margin fraction": fraction,
    "initial margin of a notional": fraction,
    "liquidation trigger": trigger,
    "bankruptcy price (quote amount)": bankruptcy,
    "fillable price (liquidation order limit price)": fillable,
    "partial liquidation size": bounds,
    "liquidation fee / insurance fund delta": fee,
    "liquidation against the book, then fee": book,
    "deleverage because the insurance fund is empty": book,
    "deleveraging at the bankruptcy price": deleveraging,
    "allowed update while under-collateralised": transition,
    "ordering accounts by riskiness": ordering,
    "8h funding rate cap": funding_cap,
    "funding index delta": funding_index,
}


def _answers(**known: object) -> Answer:
    def answer(key: str) -> object:
        if key not in known:
            raise Unanswered(key)
        return known[key]

    return answer


def _account(row: Inputs) -> SteppedAccount:
    # Balance and positions are the row's own; prices and fractions may be given for all.
    sizes = row.value("positions_base", None, is_own=True)
    if not isinstance(sizes, dict):
        raise UnknownShape(f"no positions_base among {', '.join(sorted(row.values))}")
    printed = row.child(sizes)
    markets = row.value("markets", None)
    positions = {}
    for symbol in sizes:
        market = row
        if markets is not None:
            if not isinstance(markets, dict) or not isinstance(markets.get(symbol), dict):
                raise UnknownShape(f"markets says nothing of {symbol}")
            market = row.child(markets[symbol])
        elif len(sizes) > 1:
            raise UnknownShape(f"several positions but no markets among {', '.join(row.values)}")
        positions[symbol] = _position(printed.at(symbol), market)
    return SteppedAccount(row.number("usdc_balance", is_own=True), positions)


def _position(size: Decimal, market: Inputs) -> SteppedPosition:
    lower, upper = _caps(market)
    share = market.number("maintenance_fraction_of_im")
    open_interest = market.number("open_interest_base", None)
    scaling = None
    if lower is not None and upper:
        if open_interest is None:
            raise UnknownShape(f"no open_interest_base among {', '.join(sorted(market.values))}")
        scaling = OpenInterestScaling(open_interest, lower, upper)
    return SteppedPosition(size, market.number("oracle_price"), _base(market), share, scaling)


def _caps(inputs: Inputs) -> tuple[Decimal | None, Decimal | None]:
    return inputs.number("oi_lower_cap", None), inputs.number("oi_upper_cap", None)


def _base(inputs: Inputs) -> Decimal:
    fraction_of_notional: Decimal = inputs.number("base_imf" if inputs.has("base_imf") else "imf")
    return fraction_of_notional


def _market(inputs: Inputs, account: SteppedAccount) -> str:
    only = next(iter(account.positions)) if len(account.positions) == 1 else None
    symbol = str(inputs.value("market", only))
    if symbol not in account.positions:
        raise UnknownShape(f"market is {symbol}, positions are {', '.join(account.positions)}")
    return symbol


def _fillable_price(inputs: Inputs, account: SteppedAccount, market: str) -> Decimal:
    return fillable_price(
        account,
        market,
        bankruptcy_adjustment=inputs.number("bankruptcy_adjustment"),
        spread_to_maintenance=inputs.number("spread_to_maintenance_margin_ratio"),
    )


def _offer(inputs: Inputs) -> Offer:
    price = inputs.number("maker_price")
    if inputs.has("maker_sells_base"):
        return Offer(-inputs.number("maker_sells_base"), price)
    return Offer(inputs.number("maker_buys_base"), price)
