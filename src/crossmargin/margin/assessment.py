"""The record every face shows: command line, API, cockpit, reports.

Money fields are exact; rounding belongs to whoever prints. What cannot be known is None, and
`missing` names what it would take. Boundaries (liquidation prices and the like) are worked out
when first asked for, because a venue asks for health a thousand times for each time a person
asks for a liquidation price.
"""

from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from crossmargin.margin.boundary import Boundaries, boundaries
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import leverage_setting, section_notes
from crossmargin.margin.scenarios.boundaries import Judge, portfolio_boundaries
from crossmargin.margin.scenarios.requirement import UnitRequirement
from crossmargin.model.account import Account, MarginMode, Position
from crossmargin.model.market import Market
from crossmargin.model.order import Side
from crossmargin.money import ZERO, plain
from crossmargin.rulebooks.portfolio.pooled import PooledPortfolio
from crossmargin.rulebooks.schema import Rulebook


class Status(StrEnum):
    """Whether something lives; unknown is never ok."""

    OK = "ok"
    LIQUIDATABLE = "liquidatable"
    UNKNOWN = "unknown"


class UnitKind(StrEnum):
    """What stands or falls together: a shared pool, or one isolated position."""

    POOL = "pool"
    BUCKET = "bucket"


class PositionAssessment(Struct, frozen=True, gc=False):
    """One position at the mark; money in the settle asset, None where a price or ladder lacks.

    Attributes
    ----------
    tier : counts from 1, lowest first; None of options.
    is_collateral : whether the profit counts as equity. Of an option only the premium does, which
        is in the wallet, and what a short one is worth is part of its requirement.
    missing : what lacks, where it is neither mark nor ladder.
    transfer_floor : what must stay for it where money leaves, if initial margin is less.
    initial_missing : what lacks for its initial margin alone.
    """

    position: Position
    mark_price: Decimal | None
    notional: Decimal | None = None
    unrealised_pnl: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    tier: int | None = None
    is_collateral: bool = True
    missing: str | None = None
    transfer_floor: Decimal = ZERO
    initial_missing: str | None = None

    @property
    def symbol(self) -> str:
        """Return the position's symbol."""
        return self.position.symbol

    @property
    def side(self) -> Side:
        """Return the position's side."""
        return self.position.side

    @property
    def mode(self) -> MarginMode:
        """Return the position's margin mode."""
        return self.position.mode

    @property
    def size(self) -> Decimal:
        """Return the signed size, long positive."""
        return self.position.size

    @property
    def entry_price(self) -> Decimal:
        """Return the average price paid."""
        return self.position.entry_price


class UnitAssessment(Struct, frozen=True, gc=False):
    """A pool or a bucket: one body of collateral and what is asked of it, in `asset`.

    Attributes
    ----------
    name : the asset of a pool; the symbol of a bucket, with its side in hedge mode.
    health : None if anything in `missing` keeps it from being known. Its initial margin is that
        of positions and of open orders together.
    order_initial_margin : the part of it that open orders add.
    open_loss : what those orders would lose at mark the moment they fill.
    is_liquidatable : by the venue's own trigger; False where unknown.
    transfer_floor : what must stay where money leaves, if initial margin is less.
    initial_missing : what lacks for initial margin alone. Health is known without it, but its
        initial margin is then only what is known of it, and nothing is free for sure.
    """

    kind: UnitKind
    name: str
    asset: str
    symbol: str | None
    side: Side | None
    wallet_balance: Decimal | None
    health: Health | None
    order_initial_margin: Decimal | None
    open_loss: Decimal | None
    is_liquidatable: bool
    missing: tuple[str, ...] = ()
    transfer_floor: Decimal = ZERO
    initial_missing: tuple[str, ...] = ()

    @property
    def initial_margin(self) -> Decimal | None:
        """Return what opening asks for, orders included; None where that is not known."""
        if self.health is None or self.initial_missing:
            return None
        return self.health.initial_margin

    @property
    def status(self) -> Status:
        """Return unknown where health is, else what the trigger says."""
        if self.health is None:
            return Status.UNKNOWN
        return Status.LIQUIDATABLE if self.is_liquidatable else Status.OK

    @property
    def free_margin(self) -> Decimal | None:
        """Return what may still back new positions: equity − initial margin − open loss, or 0.

        Unrealised profit counts. Source: Binance, "available to trade".
        """
        if self.health is None or self.open_loss is None or self.initial_missing:
            return None
        return max(ZERO, self.health.equity - self.health.initial_margin - self.open_loss)

    @property
    def withdrawable(self) -> Decimal | None:
        """Return what may leave: free margin, but never unrealised profit."""
        free = self.free_margin
        if free is None or self.health is None or self.wallet_balance is None:
            return None
        return max(ZERO, min(free, self.wallet_balance, self.health.equity - self.transfer_floor))

    def is_worse_than(self, other: "UnitAssessment") -> bool:
        """Return whether this is the unit to worry about first; unknown before all known."""
        if self.health is None or other.health is None:
            return self.health is None and other.health is not None
        return self.health.is_riskier_than(other.health)


class Assessment(Struct, frozen=True, dict=True):
    """An account judged at one market by one rulebook.

    Attributes
    ----------
    pools : one per settle asset in single-asset mode, else one in USD; in order of arrival.
    buckets : one per isolated position.
    remarks : what the account did not say, and what was taken instead.
    portfolio : in portfolio mode, what is asked of each unit of positions that offset each other;
        a position's own requirements are then those it would have alone.
    judge : in portfolio mode, the pools' health at another market.
    """

    account: Account
    market: Market
    rulebook: Rulebook
    pools: tuple[UnitAssessment, ...]
    buckets: tuple[UnitAssessment, ...]
    positions: tuple[PositionAssessment, ...]
    remarks: tuple[str, ...] = ()
    portfolio: tuple[UnitRequirement, ...] = ()
    judge: Judge | None = None

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """Return what the rulebook or the account did not say, and what was taken instead."""
        notes = section_notes(self.account, self.rulebook)
        return (*self.rulebook.assumptions, *notes, *self.remarks)

    @property
    def has_scenarios(self) -> bool:
        """Return whether requirements follow from a grid of scenarios, unit by unit."""
        rule = self.rulebook.portfolio
        return self.judge is not None and not isinstance(rule, PooledPortfolio)

    @property
    def units(self) -> tuple[UnitAssessment, ...]:
        """Return pools, then buckets."""
        return self.pools + self.buckets

    @property
    def pool(self) -> UnitAssessment:
        """Return the least healthy pool: the one the headline is about."""
        return worst_of(self.pools)

    @property
    def worst(self) -> UnitAssessment:
        """Return the least healthy pool or bucket."""
        return worst_of(self.units)

    @property
    def status(self) -> Status:
        """Return unknown if anything is missing, else liquidatable if any unit is."""
        if self.missing:
            return Status.UNKNOWN
        if any(unit.is_liquidatable for unit in self.units):
            return Status.LIQUIDATABLE
        return Status.OK

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what would have to be known, each once; empty if everything is."""
        return tuple(dict.fromkeys(name for unit in self.units for name in unit.missing))

    @property
    def initial_missing(self) -> tuple[str, ...]:
        """Return what would have to be known for initial margin alone, each once."""
        return tuple(dict.fromkeys(name for unit in self.units for name in unit.initial_missing))

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Return what is unusual but allowed: leverage or notional above what the tiers allow.

        Real accounts drift there when marks move or the venue changes its tables.
        """
        found: dict[str, None] = {}
        for position in self.positions:
            tiers = self.rulebook.contracts[position.symbol].tiers
            if tiers is None or position.tier is None or position.notional is None:
                continue
            allowed = tiers.pieces[position.tier - 1].leverage_max
            leverage = leverage_setting(position.symbol, self.account, self.rulebook)
            if leverage is not None and leverage > allowed:
                found[
                    f"leverage {plain(leverage)} of {position.symbol} is above the "
                    f"{plain(allowed)} that tier {position.tier} allows"
                ] = None
            held = abs(position.size) if tiers.is_by_size else position.notional
            if tiers.cap is not None and held > tiers.cap:
                what = "size" if tiers.is_by_size else "notional"
                found[
                    f"{what} {plain(held)} of {position.symbol} is above the {plain(tiers.cap)} "
                    "that the venue allows at all"
                ] = None
        return tuple(found)

    @cached_property
    def boundaries(self) -> Boundaries:
        """Return liquidation and bankruptcy prices and the joint liquidation point."""
        if self.judge is not None:
            return portfolio_boundaries(
                self.account, self.market, self.rulebook, self.judge, self.portfolio
            )
        return boundaries(self.account, self.market, self.rulebook)


def worst_of(units: tuple[UnitAssessment, ...]) -> UnitAssessment:
    """Return the least healthy of `units` (at least one); the first of equals."""
    worst = units[0]
    for unit in units[1:]:
        if unit.is_worse_than(worst):
            worst = unit
    return worst
