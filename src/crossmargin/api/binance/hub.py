"""Everything that is listened to: who hears what, told record by record and by the beat.

What happens is told as it happens: trades, forced orders, best quotes, and all of an account. What
is a state and not a happening (books, candles, tickers, marks) is told by a beat of a tenth of a
second of the machine's time while somebody listens, however fast the venue's own time goes, because
it is people and their bots who listen.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from crossmargin.api.binance import market_events, market_shapes, user_events
from crossmargin.api.binance.beat import Beat
from crossmargin.api.binance.desk import Desk
from crossmargin.api.binance.follower import Follower
from crossmargin.api.binance.listen_keys import ListenKey
from crossmargin.api.binance.listener import Listener
from crossmargin.api.binance.stream_names import Kind, Stream, stream_named
from crossmargin.api.logs import log
from crossmargin.store.entry import Entry
from crossmargin.venue.book import Level
from crossmargin.venue.event import AnyEvent

BEAT_S = 0.1
NAMES_MAX = 200
"""Streams that one connection may listen to, as at Binance."""
_ENCODER = msgspec.json.Encoder()


class Hub:
    """Who listens to what."""

    def __init__(self, desk: Desk) -> None:
        """Tell what happens at `desk`'s venue."""
        self.desk = desk
        self._heard: dict[Stream, set[Listener]] = {}
        self._owners: dict[str, dict[Listener, str]] = {}
        self._followers: dict[str, Follower] = {}
        self._best: dict[str, tuple[Level, Level]] = {}
        self._beat = Beat(desk)
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, listener: Listener, name: str) -> bool:
        """Let a connection hear a stream, or an account by its listen key.

        Returns
        -------
        bool
            False if the name is of neither, or the connection hears enough.
        """
        if name in listener.heard:
            return True
        if len(listener.heard) >= NAMES_MAX:
            return False
        key = self.desk.listen_keys.named(name, self.desk.service.wall_ms())
        stream = None if key is not None else stream_named(name)
        if key is not None:
            self._follow(listener, key)
        elif stream is not None:
            listener.heard[name] = stream
            self._heard.setdefault(stream, set()).add(listener)
            if stream.kind is Kind.DEPTH and stream.symbol in self.desk.state.symbols:
                self.desk.books.watch(stream.symbol, self.desk.state)
        else:
            return False
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._beats())
        return True

    def unsubscribe(self, listener: Listener, name: str) -> None:
        """Let a connection hear a stream or an account no more."""
        heard = listener.heard.pop(name, None)
        if isinstance(heard, Stream):
            self._leave(listener, heard)
        elif heard is not None:
            self._unfollow(listener, heard)

    def leave(self, listener: Listener) -> None:
        """Let a connection hear nothing any more."""
        for name in tuple(listener.heard):
            self.unsubscribe(listener, name)

    def take(self, entry: Entry, events: Sequence[AnyEvent]) -> None:
        """Tell what a record of the venue says."""
        changed = self.desk.books.take(events)
        for account, follower in self._followers.items():
            for message in follower.told(events, entry.at_ms):
                self._tell_owner(account, message)
        if self._heard:
            self._tell_trades(events, entry.at_ms)
            for symbol in sorted(changed):
                self._tell_best(symbol, entry.at_ms)

    def _tell_trades(self, events: Sequence[AnyEvent], at_ms: int) -> None:
        takers = market_events.book_trades(events)
        for one in takers:
            self._tell(Kind.TRADE, one.symbol, market_events.trade(one, at_ms))
        for symbol, body in market_events.aggregates(takers, at_ms):
            self._tell(Kind.AGGREGATE, symbol, body)
        for symbol, body in market_events.forced(events, at_ms):
            self._tell(Kind.FORCED, symbol, body)

    def _tell_best(self, symbol: str, at_ms: int) -> None:
        if self._is_heard(Kind.BOOK_TICKER, symbol):
            number = self.desk.books.last_id(symbol)
            pair = market_shapes.best(self.desk.state.symbol(symbol).book)
            if self._best.get(symbol) != pair:
                self._best[symbol] = pair
                body = market_events.best(symbol, *pair, number, at_ms)
                self._tell(Kind.BOOK_TICKER, symbol, body)

    def _is_heard(self, kind: Kind, symbol: str) -> bool:
        return any(one.kind is kind and one.symbol in ("", symbol) for one in self._heard)

    def _tell(self, kind: Kind, symbol: str, body: dict[str, Any]) -> None:
        wanted = [one for one in self._heard if one.kind is kind and one.symbol in ("", symbol)]
        if wanted:
            self._send(wanted, _ENCODER.encode(body))

    def _send(self, streams: Sequence[Stream], body: bytes) -> None:
        for stream in streams:
            for listener in self._heard[stream]:
                listener.hear(stream.name, body)

    def _tell_owner(self, account: str, message: dict[str, Any]) -> None:
        body = _ENCODER.encode(message)
        for listener, name in self._owners[account].items():
            listener.hear(name, body)

    def _follow(self, listener: Listener, key: ListenKey) -> None:
        listener.heard[key.name] = key.account
        self._owners.setdefault(key.account, {})[listener] = key.name
        if key.account not in self._followers:
            follower = Follower(key.account, self.desk.history, lambda: self.desk.state)
            self._followers[key.account] = follower

    def _unfollow(self, listener: Listener, account: str) -> None:
        heard = self._owners[account]
        del heard[listener]
        if not heard:
            del self._owners[account], self._followers[account]

    def _leave(self, listener: Listener, stream: Stream) -> None:
        heard = self._heard[stream]
        heard.discard(listener)
        if heard:
            return
        del self._heard[stream]
        self._beat.forget(stream)
        is_last = not any(
            one.kind is Kind.DEPTH and one.symbol == stream.symbol for one in self._heard
        )
        if stream.kind is Kind.DEPTH and is_last:
            self.desk.books.unwatch(stream.symbol)

    async def _beats(self) -> None:
        while self._heard or self._followers:
            await asyncio.sleep(BEAT_S)
            try:
                self._tell_beat()
            except Exception:  # A bug in one beat is said, and does not silence the next.
                log("a beat of the streams failed", logging.ERROR, exc_info=True)
        self._task = None

    def _tell_beat(self) -> None:
        for streams, body in self._beat.told(tuple(self._heard)):
            self._send(streams, _ENCODER.encode(body))
        self._expire()

    def _expire(self) -> None:
        now_ms = self.desk.service.now_ms()
        wall_ms, keys = self.desk.service.wall_ms(), self.desk.context.keys

        def is_held(key_id: str) -> bool:
            return keys.valid(key_id, wall_ms) is not None

        for key in self.desk.listen_keys.expired(wall_ms, is_held):
            body = _ENCODER.encode(user_events.listen_key_expired(key.name, now_ms))
            for listener, name in tuple(self._owners.get(key.account, {}).items()):
                if name == key.name:
                    listener.hear(name, body)
                    self.unsubscribe(listener, name)
