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
    SYMBOL,
    WS_URL,
    decimal,
    eventually,
    refused,
    same,
    to_the_edge,
)


def bot(rest):
    names = {one.symbol for one in rest.exchange_information().data().symbols}
    same({"BTCUSDT", "ETHUSDT"}, names)
    assert rest.notional_and_leverage_brackets(symbol=SYMBOL).data()
    same(10, rest.change_initial_leverage(symbol=SYMBOL, leverage=10).data().leverage)
    rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED")
    isolated = {"symbol": SYMBOL, "margin_type": "ISOLATED"}
    refused("No need to change margin type.", BadRequestError, rest.change_margin_type, **isolated)
    rest.change_margin_type(symbol=SYMBOL, margin_type="CROSSED")
    rest.change_multi_assets_mode(multi_assets_margin="true")
    assert rest.get_current_multi_assets_mode().data().multi_assets_margin
    rest.change_multi_assets_mode(multi_assets_margin="false")

    order = {"symbol": SYMBOL, "side": "BUY", "new_order_resp_type": "RESULT"}
    refused(
        "Margin is insufficient.",
        BadRequestError,
        rest.new_order,
        **order,
        type="MARKET",
        quantity=50.0,
    )
    book = rest.order_book(symbol=SYMBOL, limit=5).data()
    price, size = book.asks[0]
    limit = {"type": "LIMIT", "time_in_force": "GTC"}
    wanted = {"quantity": float(size) + 1, "price": float(price)}
    part = rest.new_order(**order, **limit, **wanted).data()
    same(("PARTIALLY_FILLED", decimal(size)), (part.status, decimal(part.executed_qty)))
    rest.cancel_all_open_orders(symbol=SYMBOL)
    held = float(rest.position_information_v3(symbol=SYMBOL).data()[0].position_amt)
    sell = {**order, "side": "SELL", "reduce_only": "true", "type": "MARKET"}
    same("FILLED", rest.new_order(**sell, quantity=held).data().status)

    rest.change_margin_type(symbol=SYMBOL, margin_type="ISOLATED")
    rest.new_order(**order, type="MARKET", quantity=0.1)
    rest.modify_isolated_position_margin(symbol=SYMBOL, amount=200.0, type="1")
    stop = {"algo_type": "CONDITIONAL", "symbol": SYMBOL, "side": "SELL", "type": "STOP_MARKET"}
    stopped = rest.new_algo_order(
        **stop, quantity=0.1, trigger_price=97000.0, reduce_only="true", working_type="MARK_PRICE"
    ).data()
    to_the_edge("0.08")
    found = rest.query_algo_order(algo_id=stopped.algo_id).data()
    same("FINISHED", found.algo_status)
    rest.new_order(**order, type="MARKET", quantity=0.1)
    paid = eventually(lambda: rest.get_income_history(income_type="FUNDING_FEE").data())
    assert decimal(paid[0].income) < 0
    to_the_edge("-0.001")
    same([], rest.position_information_v3(symbol=SYMBOL).data())
    assert rest.users_force_orders(auto_close_type="LIQUIDATION").data()
    assert decimal(rest.account_information_v3().data().total_wallet_balance) > 0


async def listener(client):
    rest = client.rest_api
    key = rest.start_user_data_stream().data().listen_key
    connection = await client.websocket_streams.create_connection()
    heard, done = [], asyncio.Event()

    def told(message):
        said = message if isinstance(message, dict) else message.to_dict()
        said = said.get("actual_instance", said)
        order = said.get("o") if isinstance(said, dict) else getattr(said, "o", None)
        if order is not None:
            heard.append(order["X"] if isinstance(order, dict) else order.X)
        if heard[-1:] == ["FILLED"]:
            done.set()

    try:
        stream = await connection.user_data(key)
        stream.on("message", told)
        marks = await connection.mark_price_stream(symbol=SYMBOL.lower())
        marks.on("message", lambda _: None)
        await asyncio.sleep(1)
        rest.new_order(symbol="ETHUSDT", side="BUY", type="MARKET", quantity=0.1)
        await asyncio.wait_for(done.wait(), 20)
        same(["NEW", "FILLED"], heard)
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
bot(client.rest_api)
asyncio.run(listener(client))
