"""The dead-man switch: unless it is set again in time, orders of a symbol are cancelled.

Time is the venue's: a replay at ten times the speed has ten times fewer seconds of the machine's.
It is looked at whenever the venue has recorded something, ticks of the clock included.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from crossmargin.api.binance.desk import Desk, Request
from crossmargin.api.binance.params import required
from crossmargin.api.binance.symbols import contract_named
from crossmargin.store.entry import Entry
from crossmargin.venue.command import CancelAll
from crossmargin.venue.event import AnyEvent


class Watch:
    """Cancels what is due."""

    def __init__(self, desk: Desk) -> None:
        """Watch the countdowns of `desk`."""
        self._desk = desk
        self._tasks: set[asyncio.Task[Any]] = set()

    def take(self, entry: Entry, events: Sequence[AnyEvent]) -> None:
        """Take note of a record; what is due is asked for as soon as the venue may be asked."""
        for account, symbol in self._desk.countdowns.due(entry.at_ms):
            command = CancelAll(at_ms=0, account=account, symbol=symbol)
            task = asyncio.get_running_loop().create_task(self._desk.service.ask(command))
            self._tasks.add(task)  # The loop itself keeps tasks alive only weakly.
            task.add_done_callback(self._tasks.discard)


async def countdown(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `POST /fapi/v1/countdownCancelAll`; a countdown of 0 stops it."""
    symbol = request.params.text("symbol")
    contract_named(desk.state, symbol)
    length_ms = required(request.params.integer("countdownTime"), "countdownTime")
    desk.check_may_trade(request, symbol)
    due_ms = desk.service.now_ms() + length_ms if length_ms else None
    desk.countdowns.set(request.account, symbol, due_ms)
    return {"symbol": symbol, "countdownTime": str(length_ms)}
