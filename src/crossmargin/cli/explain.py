"""Each formula of an assessment with the numbers in, and its boundaries put to the test."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.cli.explain_portfolio import portfolio_lines
from crossmargin.cli.explain_position import position_lines
from crossmargin.cli.numbers import full, percent
from crossmargin.cli.pool_sums import Sum, pool_sums
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import (
    Assessment,
    PositionAssessment,
    UnitAssessment,
    UnitKind,
)
from crossmargin.margin.boundary import PositionBoundary
from crossmargin.margin.collateral import worth
from crossmargin.margin.health import Health
from crossmargin.margin.lookup import POOL_USD, collateral_rates
from crossmargin.margin.scenarios.path import anchored, moved
from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.market import Market
from crossmargin.money import ZERO, exact, quotient_up
from crossmargin.rulebooks.margin_rule import PriceBasis


@exact
def explanation(assessment: Assessment) -> list[str]:
    """Return the lines; numbers with up to 12 places, rounded half to even for display."""
    lines: list[str] = []
    for position, boundary in zip(
        assessment.positions, assessment.boundaries.positions, strict=True
    ):
        lines += [f"{position.symbol} {position.side}, {position.mode}"]
        lines += [f"  {line}" for line in position_lines(assessment, position)]
        lines += [f"  {line}" for line in _proofs(assessment, position, boundary)]
    if assessment.judge is not None:
        lines += portfolio_lines(assessment)
    for unit in assessment.units:
        lines += [f"{unit.name} {unit.kind}"]
        lines += [f"  {line}" for line in _unit(assessment, unit)]
    return lines


def _proofs(
    assessment: Assessment, position: PositionAssessment, boundary: PositionBoundary | None
) -> Iterator[str]:
    # A liquidation price is shown by putting it in: equity meets maintenance margin there.
    if boundary is None:
        return
    yield from _unknown_ends(boundary)
    name = _unit_name(assessment, position)
    for label, level in (("lower", boundary.lower), ("upper", boundary.upper)):
        if level is None:
            continue
        health = _health_at(level, name, assessment, position, boundary)
        if health is not None:
            yield (
                f"{label} liquidation price = {full(level)}: there the {name} equity is "
                f"{full(health.equity)}, its maintenance margin {full(health.maintenance_margin)}"
            )


def _health_at(
    level: Decimal,
    pool: str,
    assessment: Assessment,
    position: PositionAssessment,
    boundary: PositionBoundary,
) -> Health | None:
    account, rulebook = assessment.account, assessment.rulebook
    if assessment.judge is None:
        market = _market_at(level, assessment, position)
        there = assess(account, market, rulebook)
        return next(unit.health for unit in there.units if unit.name == pool)
    now = boundary.reference or assessment.market.marks[position.symbol]
    base = rulebook.contracts[position.symbol].instrument.base
    start = anchored(account, assessment.market, rulebook)
    return assessment.judge(moved(start, {base: quotient_up(level, now)}))[pool]


def _unknown_ends(boundary: PositionBoundary) -> Iterator[str]:
    for label, is_known in (("lower", boundary.is_lower_known), ("upper", boundary.is_upper_known)):
        if not is_known:
            yield (
                f"{label} liquidation price: unknown, it would be beyond what is known of the "
                "margin tiers"
            )


def _market_at(level: Decimal, assessment: Assessment, position: PositionAssessment) -> Market:
    # Where requirements are at the index, it moves with the mark, as the boundary assumes.
    market, rulebook = assessment.market, assessment.rulebook
    index, mark = dict(market.index), market.marks[position.symbol]
    base = rulebook.contracts[position.symbol].instrument.base
    if rulebook.margin.maintenance_price is PriceBasis.INDEX and base in index:
        index[base] = quotient_up(index[base] * level, mark)
    marks = {**market.marks, position.symbol: level}
    return Market(marks, index, market.at_ms, market.open_interest)


def _unit_name(assessment: Assessment, position: PositionAssessment) -> str:
    if position.mode is MarginMode.ISOLATED:
        return next(
            unit.name
            for unit in assessment.buckets
            if (unit.symbol, unit.side) == (position.symbol, position.side)
        )
    if assessment.account.assets_mode is AssetsMode.MULTI:
        return POOL_USD
    return assessment.rulebook.contracts[position.symbol].instrument.settle


def _unit(assessment: Assessment, unit: UnitAssessment) -> Iterator[str]:
    health = unit.health
    if health is None or unit.wallet_balance is None:
        yield f"unknown without {', '.join(unit.missing)}"
        return
    if unit.kind is UnitKind.POOL:
        if assessment.account.assets_mode is AssetsMode.MULTI:
            yield from _collateral(assessment)
        else:
            yield from _wallet(assessment, unit.name)
    gain = health.equity - unit.wallet_balance
    is_multi = assessment.account.assets_mode is AssetsMode.MULTI and unit.kind is UnitKind.POOL
    profit = (
        "unrealised profit" if not assessment.has_scenarios else "open profit and worth of options"
    )
    profit += ", converted" if is_multi else ""
    wallet, equity = full(unit.wallet_balance), full(health.equity)
    maintenance = full(health.maintenance_margin)
    yield f"equity = wallet {wallet} + {profit} {full(gain)} = {equity}"
    yield from _required(assessment, unit, health)
    yield f"buffer = {equity} − maintenance margin {maintenance} = {full(health.buffer)}"
    loss = unit.open_loss or ZERO
    if not unit.initial_missing:
        yield (
            f"free margin = max(0, {equity} − {full(health.initial_margin)} − open loss "
            f"{full(loss)}) = {full(unit.free_margin or ZERO)}"
        )
    fraction = health.fraction()
    yield f"health = {maintenance} ÷ {equity} = {percent(fraction, up=True)}"


def _required(assessment: Assessment, unit: UnitAssessment, health: Health) -> Iterator[str]:
    # What is asked of a pool is not always the sum over its positions.
    sums = pool_sums(assessment, unit)
    orders = unit.order_initial_margin or ZERO
    alone = Sum(health.initial_margin - orders) if sums is None else sums.initial
    if unit.initial_missing:
        yield f"initial margin is unknown without {', '.join(unit.initial_missing)}"
    else:
        yield (
            f"initial margin = {_terms(alone)} + open orders {full(orders)} = "
            f"{full(health.initial_margin)}"
        )
    if sums is not None and not sums.maintenance.is_plain:
        yield (
            f"maintenance margin = {_terms(sums.maintenance)} = {full(health.maintenance_margin)}"
        )


def _terms(of: Sum) -> str:
    text = f"positions {full(of.positions)}"
    if of.netted:
        text += (
            f" − {full(of.netted)} saved by offsetting"
            if of.netted > 0
            else f" + {full(-of.netted)} more together"
        )
    if of.debts:
        text += f" + debts {full(of.debts)}"
    if of.collateral:
        text += f" + {full(of.collateral)} by which collateral counts less for opening"
    return text


def _wallet(assessment: Assessment, asset: str) -> Iterator[str]:
    account = assessment.account
    contracts = assessment.rulebook.contracts
    buckets = [
        position.margin
        for position in account.positions
        if position.mode is MarginMode.ISOLATED
        and contracts[position.symbol].instrument.settle == asset
    ]
    if buckets:
        whole = account.balances.get(asset, ZERO)
        less = " − ".join(full(margin) for margin in buckets)
        yield f"wallet = balance {full(whole)} − buckets {less} = {full(whole - sum(buckets))}"


def _collateral(assessment: Assessment) -> Iterator[str]:
    for asset, amount in assessment.account.balances.items():
        rates = collateral_rates(asset, assessment.market, assessment.rulebook)
        if isinstance(rates, str):
            continue
        counts = f"counts at {full(rates.bid)} USD while positive"
        if rates.pieces and amount > 0:
            counts = f"counts for {full(worth(amount, rates))} USD by its slices"
        yield f"{asset}: {full(amount)} held; {counts}, at {full(rates.ask)} while negative"
