"""The peer's side of `benchmarks.venue`; run by the peer's own Python, knows nothing of ours.

    python nautilus.py WORKLOAD COUNT

A back-test venue with a margin account and one strategy. `resting`: the strategy submits limit
buys below the market. `fills`: the market comes down to them, one price a tick. `cancels`: it
cancels them one by one. `takers`: market orders, buying and selling in turn, nothing resting.
Its rate limit is off (set beyond reach), logs are off, no statistics are made. Timed is from the
first of those orders to the last event it brings about, without loading and start.
"""

import json
import sys
from decimal import Decimal
from time import perf_counter
from typing import Any

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common.component import TimeEvent
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.events import OrderFilled
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.instruments import Instrument
from nautilus_trader.model.objects import Money
from nautilus_trader.model.orders import Order
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

NO_LIMIT = "1000000000/00:00:01"
TICK_NS = 1_000_000
BID, ASK = 49_999, 50_000


class Trader(Strategy):
    """Does one workload and notes when."""

    def __init__(self, instrument: Instrument, workload: str, count: int) -> None:
        """Start without orders."""
        super().__init__(StrategyConfig())
        self.instrument, self.workload, self.count = instrument, workload, count
        self.orders: list[Order] = []
        self.started: float | None = None
        self.ended: float | None = None

    def on_start(self) -> None:
        """Ask for the market."""
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, tick: QuoteTick) -> None:
        """Submit at the first price; from the second on the market comes down."""
        if not self.orders:
            self._submit(tick)
        elif self.workload == "fills" and self.started is None:
            self.started = perf_counter()

    def _submit(self, tick: QuoteTick) -> None:
        make, instrument = self.order_factory, self.instrument
        size = instrument.make_qty(0.01)
        if self.workload == "takers":
            sides = (OrderSide.BUY, OrderSide.SELL)
            self.orders = [
                make.market(instrument.id, sides[i % 2], size) for i in range(self.count)
            ]
        else:
            self.orders = [
                make.limit(instrument.id, OrderSide.BUY, size, instrument.make_price(BID - 1 - i))
                for i in range(self.count)
            ]
        if self.workload in ("resting", "takers"):
            self.started = perf_counter()
        for order in self.orders:
            self.submit_order(order)
        # The venue works its queue off after this returns; the alert comes after that.
        self.clock.set_time_alert_ns("submitted", tick.ts_event + 1000, self._submitted)

    def _submitted(self, event: TimeEvent) -> None:
        if self.workload in ("resting", "takers"):
            self.ended = perf_counter()
        elif self.workload == "cancels":
            self.started = perf_counter()
            for order in self.orders:
                self.cancel_order(order)
            self.clock.set_time_alert_ns("cancelled", event.ts_event + 1000, self._cancelled)

    def _cancelled(self, _event: TimeEvent) -> None:
        self.ended = perf_counter()

    def on_order_filled(self, _event: OrderFilled) -> None:
        """Note when the last one was."""
        if self.workload == "fills":
            self.ended = perf_counter()


def run(workload: str, count: int) -> dict[str, Any]:
    """Return orders a second and what has become of them."""
    engine = BacktestEngine(
        config=BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(
                max_order_submit_rate=NO_LIMIT, max_order_modify_rate=NO_LIMIT
            ),
            run_analysis=False,
        )
    )
    venue = Venue("BINANCE")
    engine.add_venue(
        venue=venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=None,
        starting_balances=[Money(10_000_000, USDT)],
        default_leverage=Decimal(10),
    )
    instrument = TestInstrumentProvider.btcusdt_perp_binance()
    engine.add_instrument(instrument)
    steps = range(count + 2) if workload == "fills" else [0] * 10
    engine.add_data(
        [
            QuoteTick(
                instrument.id,
                instrument.make_price(BID - step),
                instrument.make_price(ASK - step),
                instrument.make_qty(900_000),
                instrument.make_qty(900_000),
                (place + 1) * TICK_NS,
                (place + 1) * TICK_NS,
            )
            for place, step in enumerate(steps)
        ]
    )
    trader = Trader(instrument, workload, count)
    engine.add_strategy(trader)
    engine.run()
    states: dict[str, int] = {}
    for order in trader.orders:
        states[order.status_string()] = states.get(order.status_string(), 0) + 1
    return {"rate": count / (trader.ended - trader.started), "orders": states}


print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
