"""Cases about Derive v2's portfolio manager: whole portfolios under PMRM v2."""

from decimal import Decimal

from crossmargin.margin.scenarios.expiry_grid import Expiry
from crossmargin.margin.scenarios.portfolio_manager import (
    Collateral,
    Portfolio,
    portfolio_margin,
)
from crossmargin.margin.standard_manager import OptionLeg, Perpetual
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.money import ONE, ZERO
from crossmargin.rulebooks.portfolio.derive import (
    Basis,
    CollateralTerms,
    Contingency,
    DeriveManager,
    Skew,
    StaticDiscount,
)
from crossmargin.rulebooks.portfolio.volatility import TermShift
from tests.cases.derive import answers, right_of
from tests.cases.reader import Answer, Case, Inputs, UnknownShape, literal

SCENARIOS = "scenarios_spot_multiplier_vol_direction_damping"
SETTLEMENT_SECONDS = literal("1800")
"""The contract's own, which no case gives: settlement prices average the last half hour."""


def portfolio(_case: Case, inputs: Inputs) -> Answer:
    """Return the balances of a portfolio, and what they are made of."""
    found = portfolio_margin(_portfolio(inputs), _manager(inputs))
    return answers(
        {
            "initial_margin_balance": found.initial_margin_balance,
            "maintenance_margin_balance": found.maintenance_margin_balance,
            "mark_to_market": found.mark_to_market,
            "basis_contingency": found.basis_contingency,
            "worst": found.worst,
            "worst_loss": found.worst,
            "worst_scenario_pnl": min(found.outcomes),
            "scenario_pnl": found.outcomes,
            "mm_contingency": found.maintenance.total,
            "im_contingency": found.initial_on_top.total,
        }
    )


def _portfolio(inputs: Inputs) -> Portfolio:
    perpetual = inputs.child(inputs.value("perp", {}))
    legs: dict[Decimal, list[OptionLeg]] = {}
    for row in inputs.rows("options"):
        leg = OptionLeg(
            right=right_of(row.word("type", is_own=True)),
            strike=row.number("strike", is_own=True),
            size=row.number("amount", is_own=True),
            volatility=row.number("mark_vol", is_own=True),
        )
        legs.setdefault(row.number("seconds_to_expiry", is_own=True), []).append(leg)
    expiries = tuple(_expiry(row, legs) for row in inputs.rows("expiry_feeds"))
    if legs:
        raise UnknownShape(f"options expire in {', '.join(map(str, legs))} seconds without a feed")
    return Portfolio(
        spot_price=inputs.number("spot_price"),
        stable_price_usd=inputs.number("stable_price"),
        spot_confidence=inputs.number("spot_confidence", ONE),
        cash=inputs.number("cash", ZERO),
        perpetual=Perpetual(
            size=perpetual.number("quantity", ZERO, is_own=True),
            mark_price=perpetual.number("mark_price", ZERO, is_own=True),
            unrealised_pnl=perpetual.number("unrealised_pnl", ZERO, is_own=True)
            + perpetual.number("unrealised_funding", ZERO, is_own=True),
            confidence=perpetual.number("confidence", ONE, is_own=True),
        ),
        expiries=expiries,
        collateral=tuple(map(_collateral, inputs.rows("collaterals"))),
    )


def _expiry(row: Inputs, legs: dict[Decimal, list[OptionLeg]]) -> Expiry:
    seconds = row.number("seconds_to_expiry", is_own=True)
    return Expiry(
        seconds=seconds,
        forward_price=row.number("forward", is_own=True),
        legs=tuple(legs.pop(seconds, ())),
        rate=row.number("rate", ZERO, is_own=True),
        forward_confidence=row.number("forward_confidence", ONE, is_own=True),
        rate_confidence=row.number("rate_confidence", ONE, is_own=True),
        volatility_confidence=row.number("vol_confidence", ONE, is_own=True),
    )


def _collateral(row: Inputs) -> Collateral:
    return Collateral(
        CollateralTerms(
            str(row.value("name", is_own=True)),
            row.number("mm_haircut", is_own=True),
            row.number("im_haircut_on_top_of_mm", is_own=True),
            row.word("risk_cancelling", "false", is_own=True) == "true",
        ),
        row.number("amount", is_own=True),
        row.number("price", is_own=True),
        row.number("confidence", ONE, is_own=True),
    )


def _scenario(row: list[str]) -> Scenario:
    multiplier, direction, damping = row
    return Scenario(literal(multiplier) - ONE, Direction(direction.lower()), literal(damping))


def _manager(inputs: Inputs) -> DeriveManager:
    params = inputs.child(inputs.value("params"))
    number = params.number
    return DeriveManager(
        bases="",
        scenarios=tuple(map(_scenario, inputs.value(SCENARIOS))),
        volatility=TermShift(
            range_up=number("vol_range_up"),
            range_down=number("vol_range_down"),
            short_power=number("short_term_power"),
            long_power=number("long_term_power"),
            days_floor=number("dte_floor_days"),
            up_floor=number("min_vol_when_shocked_up"),
        ),
        skew=Skew(
            linear_cap=number("skew_linear_cap"),
            linear_slope=number("skew_linear_cbase"),
            absolute_cap=number("skew_abs_cap"),
            absolute_slope=number("skew_abs_cbase"),
            width_floor=number("skew_min_kstar"),
            width_scale=number("skew_width_scale"),
            width_volatility=number("skew_vol_param_static"),
            width_volatility_slope=number("skew_vol_param_scale"),
        ),
        basis=Basis(
            up=number("basis_spot_up") - ONE,
            down=number("basis_spot_down") - ONE,
            add=number("basis_add_factor"),
            multiple=number("basis_mult_factor"),
        ),
        long_discount=_static_discount(params, "long"),
        short_discount=_static_discount(params, "short"),
        perpetual=_contingency(params, "perp"),
        option=_contingency(params, "option"),
        initial_loss_factor=number("im_loss_factor"),
        maintenance_loss_factor=number("mm_loss_factor"),
        peg_threshold=number("peg_loss_threshold"),
        peg_factor=number("peg_loss_factor"),
        confidence_threshold=number("confidence_threshold"),
        confidence_factor=number("confidence_margin"),
        settlement_seconds=SETTLEMENT_SECONDS,
    )


def _static_discount(params: Inputs, side: str) -> StaticDiscount:
    return StaticDiscount(
        base=params.number(f"{side}_static_discount"),
        rate_multiple=params.number(f"{side}_rate_mult"),
        rate_add=params.number(f"{side}_rate_add"),
    )


def _contingency(params: Inputs, what: str) -> Contingency:
    # Named _pct, but printed as fractions: read as printed.
    return Contingency(
        literal(params.value(f"mm_{what}")), literal(params.value(f"im_{what}_pct_on_top"))
    )


TOPICS = {"portfolio margin (PMRM v2)": portfolio}
STEMS = {r"portfolio margin \(PMRM v2\)(?:: .*)?": "portfolio margin (PMRM v2)"}
