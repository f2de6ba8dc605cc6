"""Cases about Bybit's portfolio margin: profits of the stress test, contingencies, margins.

What its replies print is put together here as they do; steps and factors are the packaged
rulebook's where a case does not give them.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from crossmargin.margin.scenarios.bybit import (
    Contingencies,
    future_contingency,
    initial_margin,
    maintenance_margin,
    point_outcome,
)
from crossmargin.margin.scenarios.requirement import worst_case
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.portfolio.bybit import BybitPortfolio
from tests.cases.loans import answers
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal

OPTIONS = r"option(?:s)?_(?:worst_(?:iv_)?)?pnl(?:_by_iv(?:_shocks?)?)?|worst_option_pnl"
BY_VOLATILITY = r"options?_pnl_(?:iv_|vol_)?(?:up|none|same|unchanged|down)"
COMPONENTS = {
    "option": ("option_contingency", "short_option_contingency"),
    "option_vega": ("option_vega_contingency", "vega_contingency"),
    "usdt_usdc": ("usdt_usdc_contingency",),
    "future_delta": ("future_delta_contingency", "delta_contingency"),
    "future": ("future_contingency", "perp_contingency"),
}
SCALES = ("price_scales", "price_scale", "price_moves", "price_move")
SHOCKS = ("iv_shocks", "iv_shock")
PERPETUALS = r"(?:perp|perpetual|future)s?_pnls?"
SPOT = r"spot_hedge_pnls?"


def _rule() -> BybitPortfolio:
    rule = load_rulebook("bybit").portfolio
    if not isinstance(rule, BybitPortfolio):
        raise UnknownShape("Bybit's rulebook has no portfolio margin")
    return rule


def _rows(inputs: Inputs, pattern: str) -> list[Any]:
    # What is given by price point, as printed; one point's number is a list of one.
    keys = [key for _, key in inputs.matching(pattern)]
    if len(keys) > 1:
        raise UnknownShape(f"several of {pattern}: {', '.join(keys)}")
    inputs.used.update(keys)
    if not keys:
        return []
    values = inputs.values[keys[0]]
    return values if isinstance(values, list) else [values]


def _options(inputs: Inputs) -> list[Any]:
    # By price point; where each volatility has a key of its own, put together.
    by_volatility = [
        values if isinstance(values := inputs.values[key], list) else [values]
        for _, key in inputs.matching(BY_VOLATILITY)
    ]
    inputs.used.update(key for _, key in inputs.matching(BY_VOLATILITY))
    if by_volatility:
        return [list(point) for point in zip(*by_volatility, strict=True)]
    return _rows(inputs, OPTIONS)


def _by_volatility(rows: Sequence[Any], points: int) -> list[list[Decimal]]:
    # One point's profits may stand alone; at many points each has a number or a list.
    nested = [rows] if points == 1 and not any(isinstance(row, list) for row in rows) else rows
    return [[literal(one) for one in (row if isinstance(row, list) else [row])] for row in nested]


@exact
def scenarios(_case: Case, inputs: Inputs) -> Answer:
    """Return the profit at one price point, or at each of many, and the maximum loss."""
    for name in ("base", *SHOCKS):
        inputs.value(name, None)
    name = next((name for name in SCALES if inputs.has(name)), None)
    scales = None if name is None else inputs.numbers(name)
    is_grid = name is not None and isinstance(inputs.value(name), list)
    perpetuals, spot = _rows(inputs, PERPETUALS), _rows(inputs, SPOT)
    options = _options(inputs)
    points = 1 if scales is None else len(scales)
    if not is_grid and scales is None:
        points = max(len(perpetuals), len(spot), 1)
        is_grid = points > 1
    columns = _by_volatility(options, points) if options else [[] for _ in range(points)]
    perpetuals, spot = perpetuals or ["0"] * points, spot or ["0"] * points
    step = _rule().money_step
    profits = [
        point_outcome([literal(perpetual)], column, literal(hedge), step)
        for perpetual, column, hedge in zip(perpetuals, columns, spot, strict=True)
    ]
    if len(profits) != points:
        raise UnknownShape(f"{len(profits)} profits at {points} price points")
    worst = [min(column, default=ZERO) for column in columns]
    loss = worst_case(profits)
    found: dict[str, object] = dict.fromkeys(("max_loss", "maximum_loss"), loss)
    found |= {
        "all_pnl": profits if is_grid else profits[0],
        "worst_option_pnl": worst if is_grid else worst[0],
    }
    if scales is not None:
        found["max_loss_price_move"] = scales[profits.index(min(profits))]
    return answers(found)


@exact
def contingency(_case: Case, inputs: Inputs) -> Answer:
    """Return the sum of the contingencies; that of futures also from what makes it."""
    inputs.value("base", None)
    parts = {
        name: next((inputs.number(key) for key in keys if inputs.has(key)), ZERO)
        for name, keys in COMPONENTS.items()
    }
    found: dict[str, object] = {}
    if inputs.has("quantity"):
        sizes = inputs.numbers("quantity")
        factor = inputs.number("future_factor", inputs.number("risk_factor", None))
        parts["future"] = future_contingency(sizes, factor, inputs.number("index"))
        found["future_contingency"] = parts["future"]
    total = Contingencies(**parts).total
    return answers({**found, **dict.fromkeys(("contingency_components", "contingency"), total)})


@exact
def margins(_case: Case, inputs: Inputs) -> Answer:
    """Return the margins of an asset: maintenance margin as given, or of loss and contingency."""
    coin = inputs.word("base", inputs.word("coin", "btc")).upper()
    factor = inputs.number("im_factor", inputs.number("initial_factor", None))
    if factor is None:
        factor = _rule().asset(coin).initial_factor
    maintenance = inputs.number("asset_mm", inputs.number("maintenance_margin", None))
    if maintenance is None:
        rate = next(
            (
                inputs.at(key)
                for _, key in inputs.matching(r"(?:coin|usdt|usdc)(?:_usd)?_?(?:rate|factor)?")
            ),
            ONE,
        )
        loss = abs(inputs.number("max_loss", inputs.number("maximum_loss", None)))
        extra = inputs.number("contingency_components", inputs.number("contingency", ZERO))
        maintenance = maintenance_margin(loss, Contingencies(future=extra), rate)
    initial = initial_margin(maintenance, factor)
    return answers(
        {
            **dict.fromkeys(("asset_mm", "maintenance_margin", "position_mm"), maintenance),
            **dict.fromkeys(("asset_im", "initial_margin", "position_im"), initial),
        }
    )


TOPICS: Mapping[str, Callable[[Case, Inputs], Answer]] = {
    "scenario aggregation": scenarios,
    "scenario grid": scenarios,
    "contingency": contingency,
    "PM initial margin": margins,
}
STEMS: Mapping[str, str] = {
    r"scenario (?:aggregation|grid|sum)\b.*": "scenario grid",
    r"(?:PM )?contingenc(?:y|ies)\b.*": "contingency",
    r"(?:PM|portfolio(?: margin)?) (?:initial|maintenance) margin\b.*": "PM initial margin",
}
