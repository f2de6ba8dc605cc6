"""Each formula of an assessment with the numbers in, and its boundaries put to the test."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.cli.explain_position import position_lines
from crossmargin.cli.numbers import full, percent
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
from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.market import Market
from crossmargin.money import ONE, ZERO, exact, quotient_up
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
    name = _unit_name(assessment, position)
    for label, level in (("lower", boundary.lower), ("upper", boundary.upper)):
        if level is None:
            continue
        market = _market_at(level, assessment, position)
        there = assess(assessment.account, market, assessment.rulebook)
        health = next(unit.health for unit in there.units if unit.name == name)
        if health is not None:
            yield (
                f"{label} liquidation price = {full(level)}: there the {name} equity is "
                f"{full(health.equity)}, its maintenance margin {full(health.maintenance_margin)}"
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
    profit = "unrealised profit, converted" if is_multi else "unrealised profit"
    wallet, equity = full(unit.wallet_balance), full(health.equity)
    maintenance = full(health.maintenance_margin)
    yield f"equity = wallet {wallet} + {profit} {full(gain)} = {equity}"
    yield (
        f"initial margin = positions {full(health.initial_margin - _orders(unit))} + "
        f"open orders {full(_orders(unit))} = {full(health.initial_margin)}"
    )
    yield from _apart(assessment, unit, health)
    yield f"buffer = {equity} − maintenance margin {maintenance} = {full(health.buffer)}"
    loss = unit.open_loss or ZERO
    yield (
        f"free margin = max(0, {equity} − {full(health.initial_margin)} − open loss "
        f"{full(loss)}) = {full(unit.free_margin or ZERO)}"
    )
    fraction = health.fraction()
    yield f"health = {maintenance} ÷ {equity} = {percent(fraction, up=True)}"


def _apart(assessment: Assessment, unit: UnitAssessment, health: Health) -> Iterator[str]:
    # What is asked of a pool is not always the sum over its positions.
    if unit.kind is UnitKind.BUCKET:
        return
    total = ZERO
    for position in assessment.positions:
        if position.mode is MarginMode.CROSS and _unit_name(assessment, position) == unit.name:
            settle = assessment.rulebook.contracts[position.symbol].instrument.settle
            rates = collateral_rates(settle, assessment.market, assessment.rulebook)
            rate = ONE if unit.asset == settle or isinstance(rates, str) else rates.ask
            total += (position.maintenance_margin or ZERO) * rate
    rest = health.maintenance_margin - total
    if rest:
        sign, why = ("+", "for debts") if rest > 0 else ("−", "that opposite positions net")
        yield (
            f"maintenance margin = positions {full(total)} {sign} {full(abs(rest))} {why} = "
            f"{full(health.maintenance_margin)}"
        )


def _orders(unit: UnitAssessment) -> Decimal:
    return unit.order_initial_margin or ZERO


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
