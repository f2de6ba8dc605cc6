"""What was closed by force is one order wherever it is told of, and meets no other order."""

from crossmargin.api.binance.forced import as_order
from crossmargin.history.records import TradeRecord
from crossmargin.model.order import Side
from tests.unit.api.binance.booth import BTC, D

ORDERS_END = 1 << 52


def liquidated(booth):
    """Let ann lose nine bitcoin at fifty times; return what is said of it while it happens."""
    booth.post("/fapi/v1/leverage", symbol=BTC, leverage=50)
    booth.order(quantity="9")
    _, socket = booth.user_stream()
    with socket as opened:
        booth.price(49_000)
        return [one["o"] for one in opened.rest() if one["e"] == "ORDER_TRADE_UPDATE"]


def test_a_liquidation_is_the_same_order_everywhere(booth):
    (told,) = liquidated(booth)
    forced = booth.get("/fapi/v1/forceOrders").json
    bought, listed = booth.get("/fapi/v1/allOrders", symbol=BTC).json

    assert [listed] == forced
    assert ("CALCULATED", "FILLED", "SELL", "9") == (told["x"], told["X"], told["S"], told["z"])
    assert (told["i"], told["c"]) == (listed["orderId"], listed["clientOrderId"])
    assert (told["ap"], told["q"]) == (listed["avgPrice"], listed["origQty"])
    assert ("FILLED", "SELL", "9", "LIMIT", "IOC") == tuple(
        listed[name] for name in ("status", "side", "executedQty", "type", "timeInForce")
    )
    trades = booth.get("/fapi/v1/userTrades", symbol=BTC).json
    assert [bought["orderId"], listed["orderId"]] == [one["orderId"] for one in trades]
    by_id = booth.get("/fapi/v1/order", symbol=BTC, orderId=listed["orderId"]).json
    by_name = booth.get(
        "/fapi/v1/order", symbol=BTC, origClientOrderId=listed["clientOrderId"]
    ).json
    assert by_id == by_name == listed


def test_a_forced_order_meets_no_real_one(booth):
    liquidated(booth)
    (forced,) = booth.get("/fapi/v1/forceOrders").json

    assert forced["orderId"] >= ORDERS_END
    # The trade's own number is that of an order of somebody else, or of none.
    trade_id = booth.get("/fapi/v1/userTrades", symbol=BTC).json[-1]["id"]
    assert -2013 == booth.get("/fapi/v1/order", symbol=BTC, orderId=trade_id).code
    assert -2013 == booth.get("/fapi/v1/openOrder", symbol=BTC, orderId=forced["orderId"]).code
    assert -2013 == booth.get("/fapi/v1/order", symbol=BTC, orderId=forced["orderId"] + 2).code
    other = {"symbol": "ETHUSDT", "orderId": forced["orderId"]}
    assert -2013 == booth.get("/fapi/v1/order", **other).code
    assert -2011 == booth.delete("/fapi/v1/order", symbol=BTC, orderId=forced["orderId"]).code


def test_who_was_made_to_close_reads_another_name_and_both_sides_have_ids_of_their_own():
    sides = [
        as_order(trade(size), is_hedge=True, is_deleveraging=size > 0) for size in (D(-2), D(2))
    ]

    assert ["LONG", "SHORT"] == [one.position_side.name for one in sides]
    assert ["SELL", "BUY"] == [one.side.name for one in sides]
    assert (f"autoclose-{sides[0].id}", "adl_autoclose") == tuple(one.client_id for one in sides)
    assert sides[0].id != sides[1].id
    # A third of a cent is cut at 8 places.
    assert (D("0.33333333"), D("0.66666666")) == (sides[0].price, sides[0].cost)


def trade(size):
    """Return one side of a trade that the venue made."""
    return TradeRecord(
        id=7,
        order_id=None,
        account="ann",
        symbol=BTC,
        size=size,
        price=D(1) / 3,
        quote=D(1),
        fee=D(0),
        fee_asset="USDT",
        realised_pnl=D(0),
        is_maker=False,
        position_side=Side.LONG if size < 0 else Side.SHORT,
        at_ms=1,
        why="close-out",
    )
