"""A portfolio manager with round numbers, for the tests of Derive's method."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.scenarios.expiry_grid import Expiry
from crossmargin.margin.standard_manager import OptionLeg
from crossmargin.model.option import Right
from crossmargin.model.scenario import Direction, Scenario
from crossmargin.rulebooks.portfolio.derive import (
    Basis,
    CollateralTerms,
    Contingency,
    DeriveManager,
    Skew,
    StaticDiscount,
)
from crossmargin.rulebooks.portfolio.volatility import TermShift

D = Decimal
YEAR = D(31_536_000)
SPOT = D(1000)
EVEN = StaticDiscount(D(1), D(0), D(0))
ROUND = DeriveManager(
    bases="ETH",
    scenarios=(
        Scenario(D("0.1"), Direction.UP),
        Scenario(D("0")),
        Scenario(D("-0.1"), Direction.DOWN),
        Scenario(D(1), Direction.UP, D("0.05")),
    ),
    volatility=TermShift(D("0.5"), D("0.25"), D("0.5"), D(2), D(1), D("0.4")),
    skew=Skew(
        linear_cap=D("0.15"),
        linear_slope=D("-0.05"),
        absolute_cap=D("0.25"),
        absolute_slope=D("-0.1"),
        width_floor=D("0.01"),
        width_scale=D(4),
        width_volatility=D("0.6"),
        width_volatility_slope=D("-0.1"),
    ),
    basis=Basis(D("0.05"), D("-0.05"), D("0.5"), D(2)),
    long_discount=EVEN,
    short_discount=EVEN,
    perpetual=Contingency(D("0.03"), D("0.01")),
    option=Contingency(D("0.003"), D("0.002")),
    initial_loss_factor=D(1),
    maintenance_loss_factor=D("0.8"),
    peg_threshold=D("0.99"),
    peg_factor=D(4),
    confidence_threshold=D("0.55"),
    confidence_factor=D(1),
    settlement_seconds=D(1800),
    collateral=(
        CollateralTerms("ETH", D("0.056"), D("0.014"), is_risk_cancelling=True),
        CollateralTerms("USDT", D("0.02"), D("0.0196")),
    ),
)
STILL = replace(ROUND, volatility=replace(ROUND.volatility, up_floor=D(0)))
"""The same, under which an option without volatility stays one: its mark is its intrinsic value."""


def legs(*words: str, volatility: str = "0") -> tuple[OptionLeg, ...]:
    """Return legs such as "-1 call 1500"."""
    parts = [word.split() for word in words]
    return tuple(OptionLeg(Right(r), D(k), D(size), D(volatility)) for size, r, k in parts)


def expiry(*words: str, years: str = "0.2", volatility: str = "0", **more) -> Expiry:
    """Return an expiry with the forward at spot."""
    return Expiry(D(years) * YEAR, SPOT, legs(*words, volatility=volatility), **more)
