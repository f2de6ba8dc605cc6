"""What each position does to the account now, and what would free margin cheapest.

A position is judged by its absence: the account without it, closed at the mark without a fee, so
that equity stays what it is and only requirements and the way prices move it change. What it adds
to maintenance margin may be less than its own requirement (it hedges), or more. What it does to the
joint distance is how much further, or less far, all prices could move together without it.

Closing costs the taker fee. So the cheapest way to free margin is the position that sets free most
for each unit of fee. Exact but for the fee's quotient, which is rounded against the position.
"""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment, PositionAssessment
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, AssetsMode, MarginMode
from crossmargin.model.order import Side
from crossmargin.money import ZERO, exact, quotient_down
from crossmargin.risk.situation import Situation


class Contribution(Struct, frozen=True):
    """One position's part; money in the asset of its pool or bucket.

    Attributes
    ----------
    asset : of the pool or bucket.
    alone : the maintenance margin it is shown with.
    maintenance, initial : by how much the pool is asked for less without it.
    distance : joint distance (nearer side) without it, less what it is now: above zero the
        position brings liquidation nearer. None where either is unknown or unbounded.
    is_unbounded : whether without it no common move liquidates.
    fee : of closing it at the mark, in the settle asset.
    freed_per_fee : free margin that closing sets free for each unit of fee; None without a fee.
    """

    symbol: str
    side: Side
    asset: str
    alone: Decimal
    maintenance: Decimal
    initial: Decimal
    distance: Decimal | None
    is_unbounded: bool
    fee: Decimal
    freed_per_fee: Decimal | None


@exact
def contributions(situation: Situation) -> tuple[Contribution, ...]:
    """Return every position's part, the one that frees most margin for its fee first."""
    found = [
        _contribution(situation.now, position)
        for position in situation.now.positions
        if position.size
    ]
    return tuple(sorted(found, key=lambda one: -(one.freed_per_fee or ZERO)))


def _contribution(now: Assessment, position: PositionAssessment) -> Contribution:
    without = assess(closed(now.account, position, now), now.market, now.rulebook)
    settle = now.rulebook.contracts[position.symbol].instrument.settle
    before, after = _asked_of(now, settle), _asked_of(without, settle)
    kept = before.maintenance_margin - after.maintenance_margin
    opened = before.initial_margin - after.initial_margin
    if position.mode is MarginMode.ISOLATED:
        kept, opened = position.maintenance_margin or ZERO, position.initial_margin or ZERO
    fee = now.rulebook.fees.taker * (position.notional or ZERO)
    here, there = _nearest(now), _nearest(without)
    return Contribution(
        position.symbol,
        position.side,
        now.pool.asset if now.account.assets_mode is AssetsMode.MULTI else settle,
        position.maintenance_margin or ZERO,
        kept,
        opened,
        None if here is None or there is None else there - here,
        here is not None and there is None,
        fee,
        quotient_down(opened - fee, fee) if fee > 0 else None,
    )


def closed(account: Account, position: PositionAssessment, now: Assessment) -> Account:
    """Return the account with a position closed at its mark, without a fee.

    Its profit goes to the wallet it settles in; of an option, what it is worth.
    """
    instrument = now.rulebook.contracts[position.symbol].instrument
    gain = position.unrealised_pnl or ZERO
    if instrument.option is not None:
        gain = position.size * instrument.multiplier * (position.mark_price or ZERO)
    wallet = account.balances.get(instrument.settle, ZERO) + gain
    rest = tuple(one for one in account.positions if one is not position.position)
    return replace(
        account, positions=rest, balances={**account.balances, instrument.settle: wallet}
    )


def _asked_of(assessment: Assessment, settle: str) -> Health:
    # Of the pool that pays in `settle`; nothing where it went with the position.
    is_multi = assessment.account.assets_mode is AssetsMode.MULTI
    own = (one for one in assessment.pools if is_multi or one.asset == settle)
    return next((one.health for one in own if one.health is not None), Health())


def _nearest(assessment: Assessment) -> Decimal | None:
    joint = assessment.boundaries.joint
    if joint is None:
        return None
    return min((move for move in (joint.down, joint.up) if move is not None), default=None)
