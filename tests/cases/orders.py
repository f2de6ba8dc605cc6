"""Cases about single orders: what they cost, what price they are assumed at, whether they open."""

import re
from collections.abc import Callable
from decimal import Decimal

from crossmargin.margin.orders import (
    Quote,
    assumed_price,
    initial_margin,
    is_opening,
    open_loss,
    order_cost,
)
from crossmargin.margin.pnl import notional
from crossmargin.money import ONE, ZERO, exact
from crossmargin.rulebooks.schema import AssumedPrice
from tests.cases.accounts import instrument_of, is_short
from tests.cases.reader import Answer, Case, Inputs, Unanswered, UnknownShape, canonical

# Binance, "Cost required to open a position": the wording of 2020–24, and the later one.
OLDER = (AssumedPrice.ORDER, Decimal("0.0005"))
LATER = (AssumedPrice.HIGHEST_FOR_SELLS, Decimal("0.0015"))


def cost(rule: tuple[AssumedPrice, Decimal]) -> Callable[[Case, Inputs], Answer]:
    """Return the adapter for what an order costs under one wording of the rule."""

    @exact
    def adapter(case: Case, inputs: Inputs) -> Answer:
        instrument = instrument_of(case, inputs)
        limit = inputs.number("order_price", inputs.number("price", None))
        quote = Quote(
            *(inputs.number(name, None) for name in ("mark_price", "last_price", "bid", "ask"))
        )
        buffer = inputs.number("buffer", inputs.number("market_buffer", rule[1]))
        quantity = abs(inputs.number("quantity", ONE))
        leverage = inputs.number("leverage", None)
        sides = {"long": quantity, "short": -quantity}
        short = is_short(inputs)
        if short is not None:
            sides = {"short": -quantity} if short else {"long": quantity}
        inputs.value("symbol", None)
        inputs.value("order_type", None)

        def one(size: Decimal) -> dict[str, Callable[[], object]]:
            price = assumed_price(rule[0], buffer, size, limit, quote)

            def margin() -> Decimal:
                return initial_margin(notional(size, price, instrument), leverage)

            def loss() -> Decimal:
                return open_loss(size, limit or price, quote.mark, instrument)

            def total() -> Decimal:
                own = limit or price
                return order_cost(size, own, quote.mark, leverage, instrument, assumed=price).total

            return {
                "assumed_price": lambda: price,
                "notional": lambda: notional(size, price, instrument),
                "initial_margin": margin,
                "open_loss": loss,
                "cost": total,
            }

        readings = {side: one(size) for side, size in sides.items()}

        def answer(key: str) -> object:
            key = re.sub(r"(?<![a-z])buy(?![a-z])", "long", key)
            key = re.sub(r"(?<![a-z])sell(?![a-z])", "short", key)
            for side, names in readings.items():
                for rest in (key.removesuffix(f"_{side}"), key.removeprefix(f"{side}_")):
                    name = canonical(rest, inputs.units)
                    if rest != key and name in names:
                        return _known(names[name], inputs)
            found = {_known(names[key], inputs) for names in readings.values() if key in names}
            if len(found) != 1:
                raise Unanswered(key)
            return found.pop()

        return answer

    return adapter


def _known(reading: Callable[[], object], inputs: Inputs) -> object:
    try:
        return exact(reading)()
    except TypeError:
        raise UnknownShape(f"a price or leverage is missing: {', '.join(inputs.values)}") from None


@exact
def classification(_case: Case, inputs: Inputs) -> Answer:
    """Return whether an order must pass the margin check."""
    size = inputs.number("quantity", ZERO)
    if inputs.has("position_side"):
        size = abs(size) * (-1 if is_short(inputs, of="position_side") else 1)
    is_sell = is_short(inputs, of="order_side")
    if is_sell is None:
        raise UnknownShape(f"no order_side among {', '.join(sorted(inputs.values))}")
    order = abs(inputs.number("order", inputs.number("order_quantity", None)))
    mine = "resting_sells" if is_sell else "resting_buys"
    resting = inputs.number("resting_same_side", inputs.number(mine, ZERO))
    for context in ("resting_buys", "resting_sells", "resting_opposite_side", "reduce_only"):
        inputs.value(context, None)
    opens = is_opening(size, -order if is_sell else order, abs(resting))
    answers = {"is_opening_order": opens, "is_closing_order": not opens, "margin_check": opens}

    def answer(key: str) -> object:
        if key not in answers:
            raise Unanswered(key)
        return answers[key]

    return answer
