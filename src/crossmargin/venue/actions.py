"""What a liquidation may do next, and what that makes of an account.

Records only, and the arithmetic that whoever decides a step shares with whoever carries it out;
`liquidation` and `portfolio_ladder` decide.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.lookup import leverage_of
from crossmargin.margin.takeover import Takeover
from crossmargin.model.account import Account, AssetsMode, MarginMode, PositionMode
from crossmargin.model.instrument import Instrument
from crossmargin.model.market import Market
from crossmargin.model.order import Order, Side
from crossmargin.money import ONE
from crossmargin.rulebooks.procedure import LadderStep
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.posting import Posted, post_fill

FillPrice: TypeAlias = Callable[[Decimal, Decimal, Instrument], Decimal]
"""Signed size, mark price and instrument in; the average price a market order would get out."""


class CancelOrders(Struct, frozen=True):
    """Cancel these orders; their margin is released."""

    orders: tuple[Order, ...]


class Reduce(Struct, frozen=True):
    """Trade `size` (signed, against the position) at market.

    Attributes
    ----------
    tier : the one it leads into, where that is what the step is for.
    limit : the worst price it may trade at; None takes any. An isolated position is traded no
        further than its bucket pays loss and fee: what is beyond that is a takeover's.
    """

    symbol: str
    side: Side
    size: Decimal
    step: LadderStep
    tier: int | None = None
    limit: Decimal | None = None

    def may_trade_at(self, price: Decimal) -> bool:
        """Return whether a price is no worse than the limit."""
        if self.limit is None:
            return True
        return price <= self.limit if self.size > 0 else price >= self.limit


class TakeOver(Struct, frozen=True):
    """Hand these positions to the insurance fund at these prices."""

    takeovers: tuple[Takeover, ...]


class Trades(Struct, frozen=True):
    """Trade several positions at market, in one step: what hedges goes with what it hedges."""

    parts: tuple[Reduce, ...]
    step: LadderStep


class Auction(Struct, frozen=True):
    """Let a bidder have a fraction of everything, at a fraction of what it is worth."""

    fraction: Decimal
    price_fraction: Decimal


Action: TypeAlias = CancelOrders | Reduce | Trades | Auction | TakeOver


def positions_of(assessment: Assessment, unit: UnitAssessment) -> tuple[PositionAssessment, ...]:
    """Return the open positions that `unit` backs."""
    if unit.kind is UnitKind.BUCKET:
        return tuple(
            p for p in assessment.positions if (p.symbol, p.side) == (unit.symbol, unit.side)
        )
    is_multi = assessment.account.assets_mode is AssetsMode.MULTI
    contracts = assessment.rulebook.contracts
    return tuple(
        p
        for p in assessment.positions
        if p.mode is MarginMode.CROSS
        and p.size
        and (is_multi or contracts[p.symbol].instrument.settle == unit.asset)
    )


def liquidation_fill(
    account: Account, rulebook: Rulebook, reduction: Reduce, price: Decimal
) -> Posted:
    """Return the account after a reduction filled at `price`, the liquidation fee paid."""
    is_hedge = account.position_mode is PositionMode.HEDGE
    return post_fill(
        account,
        rulebook.contracts[reduction.symbol].instrument,
        reduction.size,
        price,
        fee_fraction=rulebook.fees.liquidation,
        leverage=leverage_of(reduction.symbol, account, rulebook),
        side=reduction.side if is_hedge else None,
        is_liquidation=True,
    )


def is_healthy(account: Account, market: Market, rulebook: Rulebook, name: str) -> bool:
    """Return whether the pool or bucket called `name` is where reductions stop (`stop_health`)."""
    stop = rulebook.liquidation.stop_health
    units = assess(account, market, rulebook).units
    return all(
        unit.health
        and not unit.is_liquidatable
        and (stop == ONE or unit.health.maintenance_margin <= stop * unit.health.equity)
        for unit in units
        if unit.name == name
    )
