"""The official SDK: a bot's day over REST, its three sockets at once, and its WebSocket API."""

import asyncio

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import BadRequestError
from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
    DerivativesTradingUsdsFutures,
)
from venue import (
    API_KEY,
    API_SECRET,
    BASE_URL,
    BETWEEN_S,
    CHANGES,
    FIRST_TIERS,
    LIFE,
    POOLED,
    SYMBOL,
    WS_URL,
    charged,
    decimal,
    eventually,
    goes_on,
    near,
    owed,
    refused,
    same,
    to_the_edge,
)

BUY = {"symbol": SYMBOL, "side": "BUY", "new_order_resp_type": "RESULT"}
ISOLATED = {"symbol": SYMBOL, "margin_type": "ISOLATED"}


def chooses(rest):
    """Markets, tiers, leverage, margin mode, multi-assets mode."""
    names = {one.symbol for one in rest.exchange_information().data().symbols}
    same({"BTCUSDT", "ETHUSDT"}, names)
    ladder = rest.notional_and_leverage_brackets(symbol=SYMBOL).data()
    ladder = (getattr(ladder, "actual_instance", None) or ladder)[0].brackets
    found = [(one.notional_floor, str(one.maint_margin_ratio)) for one in ladder[:2]]
    same(FIRST_TIERS, found)
    same(10, rest.change_initial_leverage(symbol=SYMBOL, leverage=10).data().leverage)
    rest.change_margin_type(**ISOLATED)
    refused("No need to change margin type.", BadRequestError, rest.change_margin_type, **ISOLATED)
    rest.change_margin_type(symbol=SYMBOL, margin_type="CROSSED")
    rest.change_multi_assets_mode(multi_assets_margin="true")
    assert rest.get_current_multi_assets_mode().data().multi_assets_margin
    near(POOLED, rest.account_information_v3().data().total_margin_balance, 1)
    rest.change_multi_assets_mode(multi_assets_margin="false")


def enters_and_leaves(rest):
    """Entry, a typed refusal, a partial fill, exit, reading back."""
    large = {**BUY, "type": "MARKET", "quantity": 50.0}
    refused("Margin is insufficient.", BadRequestError, rest.new_order, **large)
    book = rest.order_book(symbol=SYMBOL, limit=5).data()
    price, size = book.asks[0]
    limit = {"type": "LIMIT", "time_in_force": "GTC"}
    wanted = {"quantity": float(size) + 1, "price": float(price)}
    part = rest.new_order(**BUY, **limit, **wanted).data()
    same(("PARTIALLY_FILLED", decimal(size)), (part.status, decimal(part.executed_qty)))
    rest.cancel_all_open_orders(symbol=SYMBOL)
    held = float(rest.position_information_v3(symbol=SYMBOL).data()[0].position_amt)
    sell = {**BUY, "side": "SELL", "reduce_only": "true", "type": "MARKET"}
    sold = rest.new_order(**sell, quantity=held).data()
    same("FILLED", sold.status)
    trades = rest.account_trade_list(symbol=SYMBOL, order_id=sold.order_id).data()
    charged((one.quote_qty for one in trades), (one.commission for one in trades))
    read = rest.query_order(symbol=SYMBOL, order_id=sold.order_id).data()
    same(("FILLED", sold.executed_qty), (read.status, read.executed_qty))


def leaves_by_orders(rest):
    """An isolated position with margin added, a stop that is taken, then a take-profit."""
    rest.change_margin_type(**ISOLATED)
    rest.new_order(**BUY, type="MARKET", quantity=0.1)
    before = rest.position_information_v3(symbol=SYMBOL).data()[0]
    rest.modify_isolated_position_margin(symbol=SYMBOL, amount=200.0, type="1")
    after = rest.position_information_v3(symbol=SYMBOL).data()[0]
    same(200, decimal(after.isolated_wallet) - decimal(before.isolated_wallet))
    assert decimal(after.liquidation_price) < decimal(before.liquidation_price)
    waits = {"algo_type": "CONDITIONAL", "symbol": SYMBOL, "side": "SELL", "close_position": "true"}
    stop = {**waits, "type": "STOP_MARKET", "working_type": "MARK_PRICE"}
    gain = {**stop, "type": "TAKE_PROFIT_MARKET"}
    stopped = rest.new_algo_order(**stop, trigger_price=97000.0).data()
    later = rest.new_algo_order(**gain, trigger_price=110000.0).data()
    same(2, len(rest.current_all_algo_open_orders(symbol=SYMBOL).data()))
    to_the_edge("0.08")
    same("FINISHED", rest.query_algo_order(algo_id=stopped.algo_id).data().algo_status)
    rest.cancel_all_algo_open_orders(symbol=SYMBOL)
    same("CANCELED", rest.query_algo_order(algo_id=later.algo_id).data().algo_status)

    # A tenth of margin is gone at 0.9036 of the entry; a quarter above that is 1.13 of it.
    rest.new_order(**BUY, type="MARKET", quantity=0.1)
    entry = float(rest.position_information_v3(symbol=SYMBOL).data()[0].entry_price)
    profit = rest.new_algo_order(**gain, trigger_price=float(round(entry * 1.05))).data()
    to_the_edge("0.2")
    same([], rest.position_information_v3(symbol=SYMBOL).data())
    same("FINISHED", rest.query_algo_order(algo_id=profit.algo_id).data().algo_status)
    taken = rest.account_trade_list(symbol=SYMBOL, order_id=profit.algo_id).data()
    assert sum(decimal(one.realized_pnl) for one in taken) > 0


def is_paid_funding(rest):
    """A position over midnight, and what it paid."""
    rest.new_order(**BUY, type="MARKET", quantity=0.1)
    paid = eventually(lambda: rest.get_income_history(income_type="FUNDING_FEE").data())[0]
    rates = rest.get_funding_rate_history(symbol=SYMBOL).data()
    rate = next(one for one in rates if one.funding_time == paid.time)
    owed(decimal("0.1"), rate.mark_price, rate.funding_rate, paid.income)


def is_liquidated(rest):
    """Prices go beyond what the bucket stands, and all of it can be read."""
    to_the_edge("-0.001")
    same([], rest.position_information_v3(symbol=SYMBOL).data())
    forced = rest.users_force_orders(auto_close_type="LIQUIDATION").data()
    same(decimal("0.1"), sum(decimal(one.executed_qty) for one in forced))
    kinds = {one.income_type for one in rest.get_income_history().data()}
    assert {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE"} <= kinds, kinds


async def listener(client):
    rest = client.rest_api
    key = rest.start_user_data_stream().data().listen_key
    connection = await client.websocket_streams.create_connection()
    heard, done = [], asyncio.Event()
    numbers, enough = [], asyncio.Event()

    def told(message):
        said = message if isinstance(message, dict) else message.to_dict()
        said = said.get("actual_instance", said)
        order = said.get("o") if isinstance(said, dict) else getattr(said, "o", None)
        if order is None:
            return
        kind, status = (order["o"], order["X"]) if isinstance(order, dict) else (order.o, order.X)
        if kind == "MARKET":
            heard.append(status)
        if heard[-1:] == ["FILLED"]:
            done.set()

    def changed(message):
        numbers.append((message.U, message.u, message.pu))
        if len(numbers) > 2:
            enough.set()

    try:
        stream = await connection.user_data(key)
        stream.on("message", told)
        books = await connection.diff_book_depth_streams(symbol="ethusdt")
        books.on("message", changed)
        await asyncio.sleep(1)
        for number in range(CHANGES):
            limit = {"type": "LIMIT", "time_in_force": "GTC", "quantity": 0.1}
            rest.new_order(symbol="ETHUSDT", side="BUY", price=3000.0 + number, **limit)
            await asyncio.sleep(BETWEEN_S)
        size = rest.order_book(symbol="ETHUSDT", limit=5).data().asks[0][1]
        order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET"}
        rest.new_order(**order, quantity=float(size) + 0.1)
        await asyncio.wait_for(done.wait(), 20)
        same(LIFE, heard)
        await asyncio.wait_for(enough.wait(), 20)
        goes_on(numbers)
    finally:
        await connection.close_connection(close_session=True)
    socket = await client.websocket_api.create_connection()
    try:
        placed = await socket.new_order(symbol="ETHUSDT", side="SELL", type="MARKET", quantity=0.1)
        assert placed.data().result.order_id
        assert (await socket.account_information_v2()).data().result.assets
    finally:
        await socket.close_connection(close_session=True)


client = DerivativesTradingUsdsFutures(
    config_rest_api=ConfigurationRestAPI(
        api_key=API_KEY, api_secret=API_SECRET, base_path=BASE_URL
    ),
    config_ws_api=ConfigurationWebSocketAPI(
        api_key=API_KEY, api_secret=API_SECRET, stream_url=f"{WS_URL}/ws-fapi/v1"
    ),
    config_ws_streams=ConfigurationWebSocketStreams(stream_url=WS_URL),
)
for chapter in (chooses, enters_and_leaves, leaves_by_orders, is_paid_funding, is_liquidated):
    chapter(client.rest_api)
asyncio.run(listener(client))
