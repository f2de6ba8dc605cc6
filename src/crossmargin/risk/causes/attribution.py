"""What ate the buffer between two moments, line by line, summing exactly to the change.

Of two moments nothing is known but how the account and the market were. So every thing that
differs is changed alone, from how it was, and what that does to equity and to maintenance margin is
its line: a price, an index, a position, a wallet, the orders. Things that change together do more
or less than each alone (a position that grew while its price moved): that is a line of its own, the
cross terms, and with it the lines add up to the change, to the last digit.

Of every step between two moments more is known: `summed` takes what each step was and how the
account stood after it, and adds up by name. There are no cross terms then.

Everything is in the asset of the pool or bucket asked about, judged by the exact core.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from crossmargin.errors import UnknownError, UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.health import Health
from crossmargin.model.account import Account, Position
from crossmargin.model.market import Market
from crossmargin.money import ZERO, exact


class Cause(StrEnum):
    """What changed."""

    PRICE = "price"
    COLLATERAL = "collateral price"
    VOLATILITY = "volatility"
    TIME = "time"
    MARKET = "open interest"
    POSITION = "position"
    WALLET = "wallet"
    FUNDING = "funding"
    FEE = "fee"
    TRADE = "trade"
    LIQUIDATION = "liquidation"
    TRANSFER = "transfer"
    ORDERS = "orders"
    SETTINGS = "settings"
    RULES = "rules"
    CROSS = "cross terms"
    OTHER = "other"


class Line(Struct, frozen=True):
    """What one thing did: to equity, to maintenance margin, to free margin.

    Attributes
    ----------
    name : the symbol or asset; empty where there is none.
    tier : of maintenance margin, what a position asks because it came into another tier; part of
        `maintenance`.
    """

    cause: Cause
    name: str
    equity: Decimal = ZERO
    maintenance: Decimal = ZERO
    initial: Decimal = ZERO
    tier: Decimal = ZERO

    @property
    @exact
    def buffer(self) -> Decimal:
        """Return what it added to the buffer; below zero it ate some."""
        return self.equity - self.maintenance


class Attribution(Struct, frozen=True):
    """The change of one pool's or bucket's buffer, taken apart; money in `asset`.

    `lines` are in the order they ate, the largest loss first, cross terms last.
    """

    unit: str
    asset: str
    before: Health
    after: Health
    lines: tuple[Line, ...]

    @property
    @exact
    def change(self) -> Decimal:
        """Return by how much the buffer grew; it is the sum of the lines' buffers."""
        return self.after.buffer - self.before.buffer


class Step(Struct, frozen=True):
    """Something that happened, and how the account stood after it."""

    cause: Cause
    name: str
    after: Health


@exact
def attributed(before: Assessment, after: Assessment, unit: str | None = None) -> Attribution:
    """Return what changed the buffer of a pool or bucket between two moments of one account.

    Parameters
    ----------
    unit : its name; None for the pool that the headline was about before.

    Raises
    ------
    UnknownError
        If health is unknown at either moment, or with one thing changed alone.
    UsageError
        If the account has no such pool or bucket at either moment.
    """
    name = before.pool.name if unit is None else unit
    start, end = _health(before, name), _health(after, name)
    asset = next(one.asset for one in before.units if one.name == name)
    lines = [line for line in _alone(before, after, name, start) if _is_something(line)]
    cross = Line(
        Cause.CROSS,
        "",
        end.equity - start.equity - sum((line.equity for line in lines), ZERO),
        end.maintenance_margin
        - start.maintenance_margin
        - sum((line.maintenance for line in lines), ZERO),
        end.initial_margin - start.initial_margin - sum((line.initial for line in lines), ZERO),
    )
    return Attribution(name, asset, start, end, _ordered([*lines, cross]))


@exact
def summed(unit: str, asset: str, before: Health, steps: Iterable[Step]) -> Attribution:
    """Return what steps did one after the other, those of one cause and name together."""
    found: dict[tuple[Cause, str], Line] = {}
    last = before
    for step in steps:
        now = step.after
        key = step.cause, step.name
        line = found.get(key, Line(*key))
        found[key] = replace(
            line,
            equity=line.equity + now.equity - last.equity,
            maintenance=line.maintenance + now.maintenance_margin - last.maintenance_margin,
            initial=line.initial + now.initial_margin - last.initial_margin,
        )
        last = now
    lines = [line for line in found.values() if _is_something(line)]
    return Attribution(unit, asset, before, last, _ordered(lines))


def _is_something(line: Line) -> bool:
    return bool(line.equity or line.maintenance or line.initial)


def _ordered(lines: list[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (line.cause is Cause.CROSS, line.buffer)))


def _alone(before: Assessment, after: Assessment, unit: str, start: Health) -> Iterator[Line]:
    account, market, rulebook = before.account, before.market, before.rulebook
    for cause, name, there in _markets(market, after.market):
        found = assess(account, there, rulebook)
        tier = _tier_change(before, found, name) if cause is Cause.PRICE else ZERO
        yield _line(cause, name, found, unit, start, tier)
    for cause, name, changed in _accounts(account, after.account):
        yield _line(cause, name, assess(changed, market, rulebook), unit, start)
    if after.rulebook != rulebook:
        yield _line(Cause.RULES, "", assess(account, market, after.rulebook), unit, start)


def _line(
    cause: Cause, name: str, found: Assessment, unit: str, start: Health, tier: Decimal = ZERO
) -> Line:
    there = _health(found, unit, f" after {cause} {name} alone".rstrip())
    return Line(
        cause,
        name,
        there.equity - start.equity,
        there.maintenance_margin - start.maintenance_margin,
        there.initial_margin - start.initial_margin,
        tier,
    )


def _tier_change(before: Assessment, found: Assessment, symbol: str) -> Decimal:
    # What its maintenance margin is more than at the rate of the tier that it was in.
    total = ZERO
    for old, new in zip(before.positions, found.positions, strict=True):
        tiers = before.rulebook.contracts[old.symbol].tiers
        if old.symbol != symbol or tiers is None or None in (old.tier, new.tier):
            continue
        if old.tier == new.tier or new.notional is None or old.tier is None:
            continue
        piece = tiers.pieces[old.tier - 1]
        total += (new.maintenance_margin or ZERO) - (new.notional * piece.rate - piece.deduction)
    return total


def _markets(before: Market, after: Market) -> Iterator[tuple[Cause, str, Market]]:
    for symbol in dict.fromkeys((*before.marks, *after.marks)):
        if before.marks.get(symbol) != after.marks.get(symbol):
            marks = {**before.marks}
            _put(marks, symbol, after.marks.get(symbol))
            yield Cause.PRICE, symbol, replace(before, marks=marks)
    for asset in dict.fromkeys((*before.index, *after.index)):
        if before.index.get(asset) != after.index.get(asset):
            index = {**before.index}
            _put(index, asset, after.index.get(asset))
            yield Cause.COLLATERAL, asset, replace(before, index=index)
    if before.surfaces != after.surfaces:
        yield Cause.VOLATILITY, "", replace(before, surfaces=after.surfaces)
    if before.at_ms != after.at_ms and before.surfaces:
        yield Cause.TIME, "", replace(before, at_ms=after.at_ms)
    if before.open_interest != after.open_interest:
        yield Cause.MARKET, "", replace(before, open_interest=after.open_interest)


def _put(prices: dict[str, Decimal], name: str, price: Decimal | None) -> None:
    if price is None:
        prices.pop(name, None)
    else:
        prices[name] = price


def _accounts(before: Account, after: Account) -> Iterator[tuple[Cause, str, Account]]:
    for symbol in dict.fromkeys((*before.symbols, *after.symbols)):
        old, new = _of(before.positions, symbol), _of(after.positions, symbol)
        if old != new:
            others = tuple(one for one in before.positions if one.symbol != symbol)
            yield Cause.POSITION, symbol, replace(before, positions=(*others, *new))
    for asset in dict.fromkeys((*before.balances, *after.balances)):
        amount = after.balances.get(asset, ZERO)
        if before.balances.get(asset, ZERO) != amount:
            balances = {**before.balances, asset: amount}
            yield Cause.WALLET, asset, replace(before, balances=balances)
    if before.orders != after.orders:
        yield Cause.ORDERS, "", replace(before, orders=after.orders)
    if before.mode is not after.mode:
        yield Cause.SETTINGS, "mode", replace(before, mode=after.mode)
    if before.leverage != after.leverage:
        yield Cause.SETTINGS, "leverage", replace(before, leverage=after.leverage)


def _of(positions: tuple[Position, ...], symbol: str) -> tuple[Position, ...]:
    return tuple(one for one in positions if one.symbol == symbol)


def _health(assessment: Assessment, unit: str, where: str = "") -> Health:
    found = next((one for one in assessment.units if one.name == unit), None)
    if found is None:
        names = ", ".join(one.name for one in assessment.units)
        raise UsageError(f"there is no pool or bucket {unit}{where}, only {names}")
    if found.health is None:
        raise UnknownError(f"the buffer is unknown{where} without {', '.join(found.missing)}")
    return found.health
