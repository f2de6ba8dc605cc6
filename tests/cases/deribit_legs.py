"""What cases of Deribit's portfolio margin hold: one position, a mapping of them, or a table.

What is said once holds for all of them; what is said by symbol, under any name, for that one.
"""

import re
from decimal import Decimal

from crossmargin.margin.scenarios.leg import Leg, OptionPart, PortfolioUnit
from crossmargin.model.option import Right
from crossmargin.money import ONE, ZERO, exact
from tests.cases.accounts import is_short
from tests.cases.derive import right_of
from tests.cases.reader import Case, Inputs, UnknownShape, literal, unit_of

SECONDS = {"days": Decimal(86_400), "hours": Decimal(3_600), "seconds": ONE}
TABLES = ("positions", "legs", "instruments", "options", "futures", "portfolio", "deltas")
SIZE = r"(?:position|size|contracts|quantity|amount|delta)(?:_contracts)?(?:_(?!shock)[a-z0-9]+)?"
OPTION_NAME = re.compile(
    r"(?P<base>[A-Z0-9]+)(?:_\w+)?-[0-9A-Z]+-(?P<strike>[\d.]+)-(?P<right>[CP])"
)
VOLATILITIES = ("iv", "mark_iv", "implied_vol", "implied_volatility", "volatility", "vol", "sigma")
FORWARDS = (
    *("forward", "forward_price", "future_price", "futures_price", "future_mark"),
    *("underlying_price", "underlying", "spot"),
)
NAMES = ("symbol", "instrument", "instrument_name", "name")
USD = "USD"


@exact
def unit_in(case: Case, inputs: Inputs) -> PortfolioUnit:
    """Return the case's positions as a unit, in what they settle in if it is one asset."""
    base = _base(inputs)
    inputs.units |= {base.lower()}
    index = _first(inputs, "index")
    rows = [row for table in TABLES for row in _rows(inputs, table)]
    if not rows and any(inputs.matching(SIZE, is_raw=True)):
        rows = [(_word(inputs, *NAMES), inputs)]
    legs = tuple(_leg(case, row, symbol, base, index) for symbol, row in rows)
    settles = {leg.settle for leg in legs}
    asset = settles.pop() if len(settles) == 1 else USD
    return PortfolioUnit(base, asset, index or ONE, legs)


def _rows(inputs: Inputs, table: str) -> list[tuple[str, Inputs]]:
    if not inputs.has(table):
        return []
    value = inputs.value(table)
    if isinstance(value, list):
        rows = [inputs.child(row) for row in value]
        return [(_word(row, *NAMES, default=f"{table} {n}"), row) for n, row in enumerate(rows)]
    if not isinstance(value, dict):
        raise UnknownShape(f"{table} is neither a table nor by symbol")
    by_symbol = [
        key
        for key, other in inputs.values.items()
        if isinstance(other, dict) and other is not value and set(other) <= set(value)
    ]
    found = []
    for symbol, size in value.items():
        own = dict(size) if isinstance(size, dict) else {"position": size}
        for key in by_symbol:
            if symbol in inputs.values[key]:
                own[key] = inputs.values[key][symbol]
            inputs.used.add(key)
        found.append((str(symbol), inputs.child(own)))
    return found


def _leg(case: Case, row: Inputs, symbol: str, base: str, index: Decimal | None) -> Leg:
    said = f"{symbol} {case.topic} {case.mode} {_word(row, 'type', 'kind', 'instrument_type')}"
    is_inverse = "linear" not in said.lower() and f"{base}_" not in symbol
    settle = base if is_inverse else "USDC"
    size = _size(row, is_inverse=is_inverse)
    option = _option(row, symbol, said)
    price = _first(row, *FORWARDS)
    mark = _first(row, "mark_price", "price")
    if option is not None:
        price = index if price is None else price
    else:
        price = price if mark is None else mark
        price = index if price is None else price
    if price is None:
        if option is not None or not is_inverse:
            raise UnknownShape(f"no price of {symbol or 'the position'}")
        # Levels cancel: the coins are given, and moves are relative.
        price = ONE
    return Leg(symbol or base, size, price, settle, is_inverse, _seconds(row), option)


def _size(row: Inputs, *, is_inverse: bool) -> Decimal:
    # In coins; of inverse contracts also what so many USD are at the mark.
    keys = [key for _, key in row.matching(SIZE, is_raw=True)]
    if len(keys) != 1:
        raise UnknownShape(f"no position among {', '.join(sorted(row.values))}")
    size = row.at(keys[0])
    if unit_of(keys[0]) == "usd":
        mark = _first(row, "mark_price")
        if mark is None or not is_inverse:
            raise UnknownShape(f"{keys[0]} is not in coins, and there is no mark to count it at")
        size /= mark
    return -abs(size) if is_short(row) else size


def _option(row: Inputs, symbol: str, said: str) -> OptionPart | None:
    named = OPTION_NAME.fullmatch(symbol)
    strike = _first(row, "strike", "strike_price")
    word = _word(row, "option_type", "right")
    if strike is None and named is None:
        return None
    volatility = _first(row, *VOLATILITIES)
    if volatility is None:
        raise UnknownShape(f"no volatility of {symbol or 'the option'}")
    if named is not None:
        right = right_of({"C": "call", "P": "put"}[named["right"]])
        return OptionPart(right, strike or Decimal(named["strike"]), volatility)
    return OptionPart(_right(word or said), strike or ZERO, volatility)


def _right(said: str) -> Right:
    found = set(re.findall(r"(?<![a-z])(call|put)s?(?![a-z])", said.lower()))
    if len(found) != 1:
        raise UnknownShape("neither call nor put is said")
    return right_of(found.pop())


def _seconds(row: Inputs) -> Decimal | None:
    # A perpetual's time is given as none, or not given.
    for unit, seconds in SECONDS.items():
        for name in (f"{unit}_to_expiry", f"time_to_expiry_{unit}", unit):
            if row.has(name):
                given = row.value(name)
                times = list(given.values()) if isinstance(given, dict) else [given]
                if len(times) == 1:
                    return literal(times[0]) * seconds or None
    return None


def _base(inputs: Inputs) -> str:
    symbols = [
        str(symbol)
        for table in TABLES
        if inputs.has(table) and isinstance(inputs.value(table), dict)
        for symbol in inputs.value(table)
    ]
    if isinstance(days := inputs.value("days_to_expiry", None), dict):
        symbols += map(str, days)
    bases = {re.split(r"[-_]", symbol)[0] for symbol in symbols if "-" in symbol}
    if len(bases) == 1:
        return bases.pop()
    units = {
        unit_of(key)
        for _, key in inputs.matching(rf"(?:{SIZE}|(?:positions|legs)_[a-z0-9]+)", is_raw=True)
    }
    units -= {"", "position", "size", "quantity", "contracts", "amount", "delta", "usd"}
    if len(bases) > 1 or len(units) > 1:
        raise UnknownShape(f"several underlyings: {', '.join(sorted(bases | units))}")
    return units.pop().upper() if units else "BTC"


def _first(inputs: Inputs, *names: str) -> Decimal | None:
    for name in names:
        if inputs.has(name) and not isinstance(inputs.value(name), dict):
            return inputs.number(name)
    return None


def _word(inputs: Inputs, *names: str, default: str = "") -> str:
    for name in names:
        if inputs.has(name, is_own=True):
            return str(inputs.value(name, is_own=True)).strip()
    return default
