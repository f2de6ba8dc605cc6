"""A rulebook small enough to work out by hand: no fees, ladders and collateral as a test says.

And accounts as small.
"""

from datetime import date
from decimal import Decimal

from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.rulebooks.procedure import LadderStep, Liquidation, PositionChoice
from crossmargin.rulebooks.schema import (
    AssumedPrice,
    Collateral,
    Contract,
    Fees,
    Funding,
    RatioConvention,
    Rulebook,
)

D = Decimal
LEVERAGE_MAX = D(1_000_000)
"""No toy tier limits leverage, unless it says so."""

RULEBOOK = Rulebook(
    venue="toy",
    edition=date(2025, 1, 1),
    sha256="",
    assets_modes=("single", "multi"),
    ratio_convention=RatioConvention.MAINTENANCE_OVER_EQUITY,
    leverage_default=D(20),
    is_floor_included=False,
    assumed_price=AssumedPrice.ORDER,
    market_buffer=D("0.0005"),
    fees=Fees(D(0), D(0), D(0)),
    funding=Funding(8 * 3_600_000, D("0.0001"), D("0.0005"), D(1)),
    liquidation=Liquidation(
        is_trigger_strict=False,
        steps=(LadderStep.CANCEL_ORDERS, LadderStep.REDUCE_TO_LOWER_TIER, LadderStep.TAKE_OVER),
        first_position=PositionChoice.LARGEST_MAINTENANCE_MARGIN,
    ),
    switches=(),
    contracts={},
    collateral={},
    sources={},
)


def linear(symbol: str, *, settle: str = "USDT", multiplier: str = "1") -> Instrument:
    """Return a perpetual counted in its base asset and paid in `settle`."""
    base = symbol.removesuffix(settle)
    return Instrument(symbol, Kind.LINEAR_PERPETUAL, settle, base, D(multiplier))


def inverse(symbol: str, *, multiplier: str = "100") -> Instrument:
    """Return a perpetual counted in contracts of `multiplier` USD and paid in its coin."""
    base = symbol.partition("USD")[0]
    return Instrument(symbol, Kind.INVERSE_PERPETUAL, base, base, D(multiplier))


def marginal(*rows: tuple[str, str], is_floor_included: bool = False) -> Tiers:
    """Return the ladder of (floor, rate) rows whose deductions make it continuous."""
    pieces: list[Tier] = []
    for floor, rate in rows:
        deduction = pieces[-1].deduction_above(D(floor), D(rate)) if pieces else D(0)
        pieces.append(Tier(D(floor), D(rate), deduction, LEVERAGE_MAX))
    return Tiers.of(tuple(pieces), is_floor_included=is_floor_included)


def one_tier(rate: str, deduction: str = "0") -> Tiers:
    """Return a ladder of one piece."""
    return Tiers.of((Tier(D(0), D(rate), D(deduction), LEVERAGE_MAX),))


def book(
    *contracts: tuple[Instrument, Tiers | None], collateral: dict[str, Collateral] | None = None
) -> Rulebook:
    """Return the toy rulebook with these contracts and collateral."""
    named = {instrument.symbol: Contract(instrument, tiers) for instrument, tiers in contracts}
    return RULEBOOK.with_contracts(named).with_collateral(collateral or {})


def held(symbol, size, entry="100", margin=None) -> Position:
    """Return a position, isolated if it has a margin."""
    if margin is None:
        return Position(symbol, D(size), D(entry))
    return Position(symbol, D(size), D(entry), MarginMode.ISOLATED, D(margin))


def account(wallet, *positions, **more) -> Account:
    """Return an account with a wallet of USDT."""
    return Account({"USDT": D(wallet)}, positions, **more)
