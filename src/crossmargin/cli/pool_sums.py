"""Why what is asked of a pool is not the sum of what its positions are asked for alone.

Opposite positions, or options of one expiry, may be charged less together, debts are asked for
margin too, and collateral may count for less where something is opened. Nothing is decided here:
what nets and what debts ask is asked of the core's own rules, and what is left is the collateral's.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from crossmargin.cli.numbers import asked, held
from crossmargin.margin.assessment import Assessment, UnitAssessment, UnitKind
from crossmargin.margin.collateral import worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import POOL_USD, collateral_rates
from crossmargin.margin.netting import net_requirements
from crossmargin.margin.option_positions import net_expiries
from crossmargin.margin.tally import Tally
from crossmargin.margin.units import units_of
from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.money import ONE, ZERO, exact


class Sum(Struct, frozen=True):
    """A requirement of a pool: of its positions alone, less what nets, and what is added.

    `debts` is what debts are asked for, `collateral` by how much less it counts for opening.
    """

    positions: Decimal = ZERO
    netted: Decimal = ZERO
    debts: Decimal = ZERO
    collateral: Decimal = ZERO

    @property
    def is_plain(self) -> bool:
        """Return whether it is the sum of its positions."""
        return not (self.netted or self.debts or self.collateral)


class PoolSums(Struct, frozen=True):
    """Both requirements of a pool, taken apart; in the pool's asset, exact, without orders."""

    initial: Sum
    maintenance: Sum


@exact
def pool_sums(assessment: Assessment, unit: UnitAssessment) -> PoolSums | None:
    """Return what `unit` is asked for, taken apart; None of a bucket, or where it is unknown."""
    if unit.kind is UnitKind.BUCKET or unit.health is None:
        return None
    if assessment.has_scenarios:
        return _portfolio_sums(assessment, unit, unit.health)
    alone_initial = alone = net_initial = net = ZERO
    netted = _netted(assessment)
    for settle, rate in _rates(assessment, unit).items():
        for one in assessment.positions:
            if one.mode is not MarginMode.CROSS or _settle(assessment, one.symbol) != settle:
                continue
            alone_initial += (one.initial_margin or ZERO) * rate
            alone += (one.maintenance_margin or ZERO) * rate
        net_initial -= netted[settle].initial * rate
        net -= netted[settle].maintenance * rate
    opened = unit.health.initial_margin - (unit.order_initial_margin or ZERO)
    kept = unit.health.maintenance_margin
    more = opened - alone_initial + net_initial
    debts = _debts(assessment)
    return PoolSums(
        Sum(alone_initial, net_initial, debts, more - debts),
        Sum(alone, net, kept - alone + net),
    )


def _portfolio_sums(assessment: Assessment, unit: UnitAssessment, health: Health) -> PoolSums:
    # Requirements of positions and of units of them are in the pool's asset already.
    mine = [
        one
        for one in assessment.positions
        if unit.asset in (POOL_USD, _settle(assessment, one.symbol))
    ]
    units = [one for one in assessment.portfolio if one.asset == unit.asset]
    alone_initial = sum((one.initial_margin or ZERO for one in mine), ZERO)
    alone = sum((one.maintenance_margin or ZERO for one in mine), ZERO)
    initial = sum((one.initial_margin for one in units), ZERO)
    maintenance = sum((one.maintenance_margin for one in units), ZERO)
    opened = health.initial_margin - (unit.order_initial_margin or ZERO)
    debts = _debts(assessment)
    return PoolSums(
        Sum(alone_initial, alone_initial - initial, debts, opened - initial - debts),
        Sum(alone, alone - maintenance, health.maintenance_margin - maintenance),
    )


def sentences(assessment: Assessment) -> Iterator[str]:
    """Yield a line for each pool whose maintenance margin is not the sum of its positions'."""
    for unit in assessment.pools:
        sums = pool_sums(assessment, unit)
        is_pooled = assessment.judge is not None and not assessment.has_scenarios
        if sums is None or sums.maintenance.is_plain or is_pooled:
            continue
        found = sums.maintenance
        parts = []
        if found.netted > 0:
            parts.append(f"offsetting saves {held(found.netted, unit.asset)}")
        elif found.netted:
            parts.append(f"together {asked(-found.netted, unit.asset)} more")
        if found.debts:
            parts.append(f"debts ask {asked(found.debts, unit.asset)}")
        alone = asked(found.positions, unit.asset)
        yield f"{unit.name} pool: positions ask {alone} of maintenance margin, {', '.join(parts)}"


def _netted(assessment: Assessment) -> dict[str, Tally]:
    # Fresh tallies, so that all there is in them afterwards is what netting took out.
    rulebook = assessment.rulebook
    found = {_settle(assessment, one.symbol): Tally(ZERO) for one in assessment.positions}
    net_requirements(found, assessment.positions, rulebook)
    net_expiries(found, assessment.positions, assessment.market, rulebook)
    return found


def _debts(assessment: Assessment) -> Decimal:
    # What assets that are owed, after the profit in them, are asked for initially.
    rulebook = assessment.rulebook
    if assessment.account.assets_mode is not AssetsMode.MULTI:
        return ZERO
    wallets = next(one.wallets for one in units_of(assessment.account, rulebook) if one.is_multi)
    held = dict(wallets)
    for one in assessment.positions:
        if one.mode is MarginMode.CROSS and one.is_collateral:
            settle = _settle(assessment, one.symbol)
            held[settle] = held.get(settle, ZERO) + (one.unrealised_pnl or ZERO)
    total = ZERO
    for asset, amount in held.items():
        rates = collateral_rates(asset, assessment.market, rulebook)
        if amount < 0 and not isinstance(rates, str):
            total -= worth(amount, rates) * rulebook.collateral[asset].borrow_initial
    return total


def _rates(assessment: Assessment, unit: UnitAssessment) -> dict[str, Decimal]:
    # By settle asset of the pool's positions, what one of it is worth where it is asked for.
    settles = dict.fromkeys(_settle(assessment, one.symbol) for one in assessment.positions)
    if assessment.account.assets_mode is not AssetsMode.MULTI:
        return {unit.asset: ONE} if unit.asset in settles else {}
    found = {}
    for settle in settles:
        rates = collateral_rates(settle, assessment.market, assessment.rulebook)
        found[settle] = ONE if isinstance(rates, str) else rates.ask
    return found


def _settle(assessment: Assessment, symbol: str) -> str:
    return assessment.rulebook.contracts[symbol].instrument.settle
