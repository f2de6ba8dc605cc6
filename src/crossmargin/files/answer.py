"""Answers as other programs read them: an assessment as plain JSON values.

This is the only place where money in JSON answers is rounded: to 8 places, requirements up,
everything that is the account's down. Health rounds up, boundaries as `margin.boundary` says.
What is unknown is null, and `missing` names what it would take.

The fields are described in docs/reference/answer.md; `SCHEMA` changes with them.
"""

from decimal import Decimal

from crossmargin.files.answer_portfolio import portfolio_answer
from crossmargin.files.json_value import Json
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
)
from crossmargin.margin.boundary import JointBoundary, PositionBoundary
from crossmargin.margin.health import Health
from crossmargin.money import EIGHT_PLACES, down_to, exact, plain, quotient_down, up_to
from crossmargin.rulebooks.schema import RatioConvention, Rulebook

SCHEMA = 1


@exact
def answer(assessment: Assessment) -> dict[str, Json]:
    """Return everything that is known about the account, numbers as decimal strings."""
    rulebook = assessment.rulebook
    boundaries = assessment.boundaries
    pool, worst = assessment.pool, assessment.worst
    return {
        "schema": SCHEMA,
        "venue": rulebook.venue,
        "edition": rulebook.edition.isoformat(),
        "ratio_convention": rulebook.ratio_convention.value,
        "asset": pool.asset,
        **_unit_fields(pool, rulebook),
        "status": assessment.status.value,
        "joint_liquidation": _joint(boundaries.joint),
        "pools": [
            {"asset": unit.asset, **_unit_fields(unit, rulebook), **_unit_joint(assessment, unit)}
            for unit in assessment.pools
        ],
        "buckets": [
            {
                "symbol": unit.symbol,
                "side": unit.side and unit.side.value,
                "asset": unit.asset,
                **_unit_fields(unit, rulebook),
                **_unit_joint(assessment, unit),
            }
            for unit in assessment.buckets
        ],
        "positions": [
            _position(position, boundary)
            for position, boundary in zip(assessment.positions, boundaries.positions, strict=True)
        ],
        **_portfolio(assessment),
        "worst": {"kind": worst.kind.value, "name": worst.name, "health": health_text(worst)},
        "warnings": list(assessment.warnings),
        "missing": [*assessment.missing, *boundaries.missing],
        "assumptions": list(assessment.assumptions),
    }


def _portfolio(assessment: Assessment) -> dict[str, Json]:
    mode: dict[str, Json] = {"mode": assessment.account.mode.value}
    # Standard accounts have no units.
    return mode if assessment.judge is None else {**mode, "units": portfolio_answer(assessment)}


def held(amount: Decimal | None) -> str | None:
    """Return money the account has (or may use): to 8 places, rounded down."""
    return None if amount is None else plain(down_to(EIGHT_PLACES, amount))


def asked(amount: Decimal | None) -> str | None:
    """Return money that is asked of the account: to 8 places, rounded up."""
    return None if amount is None else plain(up_to(EIGHT_PLACES, amount))


def health_text(unit: UnitAssessment) -> str | None:
    """Return maintenance margin ÷ equity, rounded up at 8 places; None where it means nothing."""
    fraction = unit.health.fraction() if unit.health else None
    return None if fraction is None else plain(fraction)


@exact
def venue_ratio(health: Health | None, rulebook: Rulebook) -> Decimal | None:
    """Return the venue's own margin ratio as a fraction, to 8 places, against the account.

    None where it is unknown, or means nothing: no maintenance margin to compare with, or equity
    that is gone where equity divides.
    """
    if health is None:
        return None
    if rulebook.ratio_convention is RatioConvention.MAINTENANCE_OVER_EQUITY:
        return health.fraction()
    if not health.maintenance_margin:
        return None
    return down_to(EIGHT_PLACES, quotient_down(health.equity, health.maintenance_margin))


def distance(position: PositionAssessment, boundary: PositionBoundary | None) -> Decimal | None:
    """Return how far the mark may move, as a fraction of it, before the nearer liquidation price.

    Of an option: how far its underlying's forward may. Rounded towards zero at 8 places; zero
    where it is already beyond.
    """
    mark = position.mark_price
    if boundary is not None and boundary.reference is not None:
        mark = boundary.reference
    if boundary is None or mark is None:
        return None
    ends = []
    if boundary.lower is not None:
        ends.append(mark - boundary.lower)
    if boundary.upper is not None:
        ends.append(boundary.upper - mark)
    if not ends:
        return None
    return down_to(EIGHT_PLACES, max(Decimal(0), quotient_down(min(ends), mark)))


def _unit_fields(unit: UnitAssessment, rulebook: Rulebook) -> dict[str, Json]:
    health = unit.health
    ratio = venue_ratio(health, rulebook)
    return {
        "status": unit.status.value,
        "wallet_balance": held(unit.wallet_balance),
        "equity": held(health.equity if health else None),
        "initial_margin": asked(unit.initial_margin),
        "order_initial_margin": asked(unit.order_initial_margin),
        "open_loss": asked(unit.open_loss),
        "maintenance_margin": asked(health.maintenance_margin if health else None),
        "buffer": held(health.buffer if health else None),
        "free_margin": held(unit.free_margin),
        "withdrawable": held(unit.withdrawable),
        "health": health_text(unit),
        "venue_ratio": None if ratio is None else plain(ratio),
    }


def _unit_joint(assessment: Assessment, unit: UnitAssessment) -> dict[str, Json]:
    return {"joint_liquidation": _joint(assessment.boundaries.units[unit.name])}


def _joint(joint: JointBoundary | None) -> Json:
    if joint is None:
        return None
    unknown = {"down": joint.is_down_known, "up": joint.is_up_known}
    return {
        "down": None if joint.down is None else plain(joint.down),
        "up": None if joint.up is None else plain(joint.up),
        # Where no side is known to liquidate, nothing is known to break first.
        "first": None if joint.down is None and joint.up is None else joint.first,
        **_unknown(unknown),
    }


def _unknown(is_known: dict[str, bool]) -> dict[str, Json]:
    # Only where a null is not an answer: a ladder that is known in part.
    names: list[Json] = [name for name, known in is_known.items() if not known]
    return {"unknown": names} if names else {}


def _position(position: PositionAssessment, boundary: PositionBoundary | None) -> Json:
    far = distance(position, boundary)
    return {
        "symbol": position.symbol,
        "side": position.side.value,
        "mode": position.mode.value,
        "size": plain(position.size),
        "notional": asked(position.notional),
        "entry_price": plain(position.entry_price),
        "mark_price": None if position.mark_price is None else plain(position.mark_price),
        "unrealised_pnl": held(position.unrealised_pnl),
        "initial_margin": asked(position.initial_margin),
        "maintenance_margin": asked(position.maintenance_margin),
        "tier": position.tier,
        "liquidation_price": None
        if boundary is None
        else {
            "lower": _price(boundary.lower),
            "upper": _price(boundary.upper),
            **_unknown({"lower": boundary.is_lower_known, "upper": boundary.is_upper_known}),
        },
        "roots": [plain(root) for root in boundary.roots] if boundary else [],
        "bankruptcy_price": _price(boundary.bankruptcy_price) if boundary else None,
        "distance": None if far is None else plain(far),
    }


def _price(price: Decimal | None) -> str | None:
    return None if price is None else plain(price)
