"""Cases about OKX's portfolio margin: its risks one by one, a unit, an account.

Shocks, rates and bounds are the case's own where it gives them, else the packaged rulebook's.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.margin.collateral import rates, worth
from crossmargin.margin.scenarios.grouping import leg_of
from crossmargin.margin.scenarios.leg import Leg, PortfolioUnit
from crossmargin.margin.scenarios.okx import (
    Risks,
    extreme_cells,
    initial_margin,
    maintenance_margin,
    moves_of,
    spot_shock_cells,
)
from crossmargin.margin.scenarios.okx_account import DebtRates, account_totals
from crossmargin.margin.scenarios.okx_charges import exit_cost, maturity_charge, multiplied
from crossmargin.margin.scenarios.okx_depeg import column_at, hedges, sliced
from crossmargin.margin.scenarios.requirement import Cell, worst_case
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.portfolio.okx import OkxPortfolio
from crossmargin.rulebooks.schema import Collateral
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, unit_of

COIN = r"[a-z0-9]{2,8}"
STABLE = ("usd", "usdt", "usdc")
OPEN_PROFIT = r"(?:float|open)_pnl(?:_\w+)?|upl(?:_\w+)?"
FACES = ("contract_value_base", "contract_multiplier", "ct_val", "face", "face_value")
PRICES = ("shock_reference_price", "index", "index_price")
RATES = ("rate", "mr4_rate", "mr7_rate", "charge_rate")
ENTRY = ("instrument", "symbol")
CONTEXT = (
    r"(?!mr\d)(?:\w+_)?(?:spot|perp|perpetual|future|order|buy|sell|contracts|option)(?:_\w+)?"
)
"""What a book holds whose risks are given: it says what they belong to and enters nothing."""

SECONDS_PER_DAY = 86_400


def _rule() -> OkxPortfolio:
    rule = load_rulebook("okx").portfolio
    if not isinstance(rule, OkxPortfolio):
        raise UnknownShape("OKX's rulebook has no portfolio margin")
    return rule


def _first(inputs: Inputs, names: tuple[str, ...], default: Decimal | None = None) -> Decimal:
    for name in names:
        if inputs.has(name):
            return Decimal(inputs.number(name))
    if default is None:
        raise UnknownShape(f"none of {', '.join(names)} among {', '.join(sorted(inputs.values))}")
    return default


@exact
def _unit(inputs: Inputs) -> PortfolioUnit:
    # One position, or rows of them, on one underlying.
    reference = _first(inputs, PRICES)
    rows = next((inputs.rows(name) for name in ("positions", "legs") if inputs.has(name)), None)
    dollars = {
        key.split("_")[0].upper(): inputs.at(key)
        for _, key in inputs.matching(r"usd[tc]_usd(?:_implied|_index)?", is_raw=True)
    }
    found = [_leg(row, reference) for row in (rows or [inputs])]
    names = {base for base, _ in found}
    if len(names) != 1:
        raise UnknownShape(f"positions of {', '.join(sorted(names))} are no one unit")
    quoted = {leg.settle for _, leg in found if not leg.is_inverse}
    # The index is quoted in the coin that the positions settle in.
    rate = dollars.get(next(iter(quoted)), ONE) if len(quoted) == 1 else ONE
    return PortfolioUnit(
        names.pop(),
        "USD",
        reference * rate,
        tuple(leg for _, leg in found),
        {settle: dollars.get(settle, ONE) for settle in quoted},
    )


def _leg(row: Inputs, reference: Decimal) -> tuple[str, Leg]:
    # The underlying and the leg of one position: so many coins, or contracts.
    symbol = next((row.word(name) for name in ENTRY if row.has(name)), "X-USDT-SWAP").upper()
    base, quote, *_ = (*symbol.split("-"), "USDT")
    mark, is_inverse = row.number("mark_price", reference), quote == "USD"
    settle = base if is_inverse else quote
    if row.has("position_base"):
        return base, Leg(symbol, row.number("position_base"), mark, settle, is_inverse)
    kind = Kind.INVERSE_PERPETUAL if is_inverse else Kind.LINEAR_PERPETUAL
    instrument = Instrument(symbol, kind, settle, base, _first(row, FACES, ONE))
    leg = leg_of(instrument, row.number("quantity"), reference, Market({symbol: mark}), {})
    if isinstance(leg, str):
        raise UnknownShape(leg)
    return base, leg


@exact
def spot_shock(_case: Case, inputs: Inputs) -> Answer:
    """Return the profit of every move of MR1's grid, and the worst loss."""
    unit = _unit(inputs)
    name = next((name for name in ("spot_shocks", "shocks", "moves") if inputs.has(name)), None)
    rule = _rule()
    moves = inputs.numbers(name) if name else moves_of(rule.spot_shock(unit.name).steps)
    cells = spot_shock_cells(unit, moves, rule.volatility)
    loss = worst_case(cell.outcome for cell in cells)
    profits = [cell.outcome for cell in cells]
    return answers({"unrealised_pnl": profits, "profits": profits, "mr1": loss, "worst_loss": loss})


@exact
def extreme(_case: Case, inputs: Inputs) -> Answer:
    """Return MR6, and the profit at the move that is given; else the worse of both."""
    unit, rule = _unit(inputs), _rule()
    given = inputs.number("shock", inputs.number("extreme_move", None))
    move = rule.move(unit.name).extreme_move if given is None else abs(given)
    fraction = inputs.number("fraction", inputs.number("factor", rule.extreme_fraction))
    cells = extreme_cells(unit, move, fraction)

    def whole(cell: Cell) -> Decimal:
        return sum(cell.shares, ZERO)

    at = min(map(whole, cells))
    if given is not None:
        at = next(whole(cell) for cell in cells if cell.scenario.move == given)
    return answers(
        {
            **dict.fromkeys(("mr6_pnl", "unrealised_pnl"), at),
            "mr6": worst_case(cell.outcome for cell in cells),
        }
    )


@exact
def basis(_case: Case, inputs: Inputs) -> Answer:
    """Return MR4 of a lone perpetual or expiry, with spot beside it where it is given."""
    days = inputs.number("days_to_expiry", ZERO)
    annual = _first(inputs, ("annualised_move_risk", "annualized_move_risk"), ZERO)
    risk = replace(
        _rule().move("BTC"), basis_perpetual=_first(inputs, RATES, ZERO), basis_annual=annual
    )
    spot = inputs.number("spot_cash_delta", ZERO)
    deltas = {days * SECONDS_PER_DAY: inputs.number("cash_delta")}
    return answers({"mr4": maturity_charge(spot, deltas, risk)})


@exact
def minimum(_case: Case, inputs: Inputs) -> Answer:
    """Return MR7: the raw charge, times the multiplier given or found by its bounds."""
    raw = exit_cost(inputs.number("cash_delta"), _first(inputs, RATES))
    cost = _rule().exit("BTC")
    bounds, multipliers = list(cost.bounds), list(cost.multipliers)
    if inputs.has("tier_bounds"):
        bounds, multipliers = inputs.numbers("tier_bounds"), inputs.numbers("multipliers")
    if inputs.has("tier_multiplier"):
        bounds, multipliers = [], [inputs.number("tier_multiplier")]
    return answers({"mr7": multiplied(raw, bounds, multipliers), "mr7_raw": raw, "raw_charge": raw})


@exact
def unit_margins(_case: Case, inputs: Inputs) -> Answer:
    """Return a unit's margins from its risks; MR8 is repeated with each and is no unit's."""
    risks = Risks(**{name: inputs.number(name, ZERO) for name in Risks.__struct_fields__})
    inputs.value("mr8", None)
    for _, key in inputs.matching(CONTEXT):
        inputs.used.add(key)
    factor = inputs.number("imr_factor", inputs.number("im_factor", _rule().initial_to_maintenance))
    maintenance = maintenance_margin(risks)
    initial = initial_margin(maintenance, factor)
    return answers(
        {
            **dict.fromkeys(("mmr", "maintenance_margin"), maintenance),
            **dict.fromkeys(("imr", "initial_margin"), initial),
        }
    )


class _Cash(NamedTuple):
    """What an account has in one currency, at its price in USD; `profit` is part of `amount`."""

    amount: Decimal
    profit: Decimal
    price: Decimal
    counted: Decimal


def _cash(inputs: Inputs) -> list[_Cash]:
    # Each currency's balance with the open profit in it; one that stands alone has all of it.
    balances = {
        key.split("_")[0]: inputs.at(key)
        for _, key in inputs.matching(rf"({COIN})_balance", is_raw=True)
    }
    if not balances:
        raise UnknownShape(f"no balance among {', '.join(sorted(inputs.values))}")
    profits = dict.fromkeys(balances, ZERO)
    for _, key in inputs.matching(OPEN_PROFIT, is_raw=True):
        coin = next(iter(balances)) if len(balances) == 1 else unit_of(key)
        if coin not in balances:
            raise UnknownShape(f"{key} is of no currency that has a balance")
        profits[coin] += inputs.at(key)
    return [
        _Cash(
            amount + profits[coin],
            profits[coin],
            _price_of(coin, inputs),
            inputs.number(f"discount_rate_{coin}", inputs.number("discount_rate", ONE)),
        )
        for coin, amount in balances.items()
    ]


def _price_of(coin: str, inputs: Inputs) -> Decimal:
    keys = [key for _, key in inputs.matching(rf"{coin}_usd(?:_\w+)?", is_raw=True)]
    if keys:
        return inputs.at(keys[0])
    if coin in STABLE:
        return ONE
    raise UnknownShape(f"no {coin}_usd among {', '.join(sorted(inputs.values))}")


@exact
def account(_case: Case, inputs: Inputs) -> Answer:
    """Return the totals of an account; what is available only of one in one currency."""
    cash = _cash(inputs)
    totals = account_totals(
        [worth(one.amount, rates(one.price, Collateral(ONE - one.counted, ZERO))) for one in cash],
        inputs.numbers("unit_imr"),
        inputs.numbers("unit_mmr"),
        inputs.numbers("notional") if inputs.has("notional") else [],
        DebtRates(
            inputs.number("borrow_imr_rate"),
            inputs.number("borrow_mmr_rate"),
            inputs.number("taker_fee_rate", inputs.number("taker_fee", ZERO)),
        ),
    )
    available = {"avail_eq": cash[0].amount} if len(cash) == 1 else {}
    return answers(
        {
            **available,
            "eq": totals.equity,
            "adj_eq": totals.equity,
            "upl": sum((one.profit * one.price for one in cash), ZERO),
            "deriv_mmr": totals.unit_maintenance,
            "borrow_mmr": totals.debt_maintenance,
            "borrow_imr": totals.debt_initial,
            "mr8": totals.debt_maintenance,
            "total_mmr": totals.maintenance_margin,
            "total_imr": totals.initial_margin,
            "margin_ratio": totals.margin_ratio,
            "acct_lever": totals.leverage,
        }
    )


@exact
def depeg(_case: Case, inputs: Inputs) -> Answer:
    """Return MR9 of a hedge, or of the cash deltas that make hedges."""
    rule = _rule()
    bounds = inputs.numbers("tier_bounds") if inputs.has("tier_bounds") else rule.depeg_bounds
    index = next(
        (
            inputs.at(k)
            for _, k in inputs.matching(r"(?:stablecoin_index|usd[tc]_usd).*", is_raw=True)
        ),
        ONE,
    )
    shares = (
        inputs.numbers("tier_rates")
        if inputs.has("tier_rates")
        else column_at(index, rule.depeg).rates
    )
    if inputs.has("hedged_size") or inputs.has("hedge_size"):
        size = _first(inputs, ("hedged_size", "hedge_size"))
        return answers({"mr9": sliced(size, bounds, shares)})
    deltas = {
        unit_of(key).upper(): inputs.at(key)
        for _, key in inputs.matching(r"cash_delta_usd[tc]?", is_raw=True)
    }
    found = hedges(deltas, rule.depeg_pairs)
    sizes = {f"hedge_{one.first}_{one.second}".lower(): one.size for one in found}
    inputs.units = frozenset()
    charge = sum((sliced(one.size, bounds, shares) for one in found), ZERO)
    return answers({"mr9": charge, "mr9_usd": charge, **sizes})


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "MR1 spot shock scenario P&L, delta-one position": spot_shock,
    "MR6 extreme move = half of worst loss": extreme,
    "MR4 basis risk, single perpetual": basis,
    "MR7 minimum charge": minimum,
    "risk-unit MMR and IMR": unit_margins,
    "MMR of a spot/perp/spot-order book, rule before June 2024": unit_margins,
    "MMR of a spot/perp/spot-order book, MR4 now covers spot-vs-derivative basis": unit_margins,
    "account totals, borrowing margin, margin ratio with liquidation fee": account,
    "MR9 stablecoin-depeg charge is marginal by tier": depeg,
}
STEMS: Mapping[str, str] = {
    r"MR1\b.*": "MR1 spot shock scenario P&L, delta-one position",
    r"MR4\b.*": "MR4 basis risk, single perpetual",
    r"MR6\b.*": "MR6 extreme move = half of worst loss",
    r"MR7\b.*": "MR7 minimum charge",
    r"MR9\b.*": "MR9 stablecoin-depeg charge is marginal by tier",
    r"risk[- ]unit (?:MMR|IMR)\b.*": "risk-unit MMR and IMR",
    r"MMR of (?:a|an)\b.*\bbook\b.*": "risk-unit MMR and IMR",
    r"account totals\b.*": "account totals, borrowing margin, margin ratio with liquidation fee",
}
