"""The resting orders of a case: as rows, or by keys such as `buy_limit_price`."""

from msgspec.structs import replace

from crossmargin.model.order import Order, OrderType, Side
from tests.cases.accounts import SHORT, SIDES, Held, is_hedge, is_inverse
from tests.cases.reader import Case, Inputs, UnknownShape, unit_of

ORDER_TYPES = {
    "limit": OrderType.LIMIT,
    "market": OrderType.MARKET,
    "order": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "stop_limit": OrderType.STOP,
    "stop_market": OrderType.STOP_MARKET,
    "take_profit": OrderType.TAKE_PROFIT,
    "take_profit_market": OrderType.TAKE_PROFIT_MARKET,
    "trailing_stop": OrderType.TRAILING_STOP_MARKET,
    "trailing_stop_market": OrderType.TRAILING_STOP_MARKET,
}
TYPE = "|".join(sorted(ORDER_TYPES, key=len, reverse=True))
ORDER_KEY = (
    rf"(?:(?P<side>long|short)_)?(?P<verb>buy|sell)_(?P<type>{TYPE})(?P<number>_\d+)?"
    r"(?:_(?P<after>long|short))?(?:_qty|_quantity|_size|_contracts)?"
)
LISTS = {"bids": "buy", "buy_orders": "buy", "asks": "sell", "sell_orders": "sell"}


def has_orders(inputs: Inputs) -> bool:
    """Return whether a case gives resting orders."""
    lists = any(inputs.has(name) for name in ("orders", *LISTS))
    return lists or any(True for _ in inputs.matching(ORDER_KEY))


def orders_of(case: Case, inputs: Inputs, positions: list[Held]) -> tuple[Order, ...]:
    """Return the resting orders a case gives, as rows or by keys such as `buy_limit_price`."""
    symbol = positions[0].position.symbol if positions else ""
    found = [_order_of_row(row, symbol, "") for row in inputs.rows("orders")]
    for name, verb in LISTS.items():
        found += [_order_of_row(row, symbol, verb) for row in inputs.rows(name)]
    for match, key in list(inputs.matching(ORDER_KEY)):
        side = match["side"] or match["after"] or ""
        stem = rf"(?:{side}_)?{match['verb']}_{match['type']}{match['number'] or ''}(?:_{side})?"
        prices = [k for _, k in inputs.matching(rf"{stem}(?:_limit|_order)?_price(?:_{side})?")]
        size = inputs.at(key)
        _refuse_other_unit(case, key, positions)
        found.append(
            Order(
                symbol,
                -abs(size) if match["verb"] == "sell" else size,
                inputs.at(prices[0]) if prices else None,
                ORDER_TYPES[match["type"]],
                side=Side(side) if side else None,
            )
        )
    if not is_hedge(case, [one.position for one in positions], found):
        return tuple(found)
    return tuple(_with_side(order, positions) for order in found)


def _with_side(order: Order, positions: list[Held]) -> Order:
    # An order without a side belongs to the only position there is; where there is none it can
    # but open one.
    if order.side is not None:
        return order
    mine = [one.position for one in positions if one.position.symbol == order.symbol]
    sides = {position.side for position in mine if position.size}
    if len(sides) > 1:
        raise UnknownShape(f"an order of {order.symbol} for which side?")
    return replace(
        order, side=sides.pop() if sides else Side.LONG if order.size > 0 else Side.SHORT
    )


def _order_of_row(row: Inputs, symbol: str, verb: str) -> Order:
    size = row.number("quantity", is_own=True)
    verb = verb or row.word("order_side", row.word("side", is_own=True), is_own=True)
    position_side = row.word("position_side", is_own=True)
    kind = row.word("order_type", row.word("type", "limit", is_own=True), is_own=True)
    return Order(
        row.word("symbol", symbol).upper(),
        -abs(size) if verb in SHORT else size,
        row.number("order_price", row.number("price", None, is_own=True), is_own=True),
        ORDER_TYPES[kind.replace("-", "_")],
        reduce_only=row.word("reduce_only", "false", is_own=True) == "true",
        side=Side(position_side) if position_side in SIDES else None,
    )


def _refuse_other_unit(case: Case, key: str, positions: list[Held]) -> None:
    # Sizes in USD go with a multiplier of 1, sizes in contracts with the contract's.
    if is_inverse(case) and positions:
        is_in_usd = unit_of(key) == "usd"
        if is_in_usd != (positions[0].instrument.multiplier == 1):
            raise UnknownShape(f"{key} and the position are not in one unit")
