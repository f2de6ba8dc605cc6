"""One account through a path of prices, funding and orders.

Between two scheduled moments (a funding time, a bar of the strategy) nothing changes the account
but what the path itself touches: a resting order, or a liquidation. So each stretch is screened
as arrays (`margin.arrays`), which finds the first point where an order is touched or where the
surplus comes within its error of zero; everything before it is certainly alive. What happens at
that point is decided by the exact core, the ladder is the venue's (`venue.execution`), and the
screening goes on behind it with the account as it then is.

Where a price is missing, the health of what needs it is unknown, and no liquidation of it is
decided until the price is back.

At a point that both touches an order and condemns the account, the price reached the order's
level on its way to the mark: if the account would already be liquidatable at that level, the
liquidation comes first, else the order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from crossmargin.durations import HOUR_MS
from crossmargin.errors import UnknownError, UsageError
from crossmargin.feeds.funding import FundingRates
from crossmargin.feeds.path import PricePath
from crossmargin.feeds.series import exact as exact_price
from crossmargin.margin.arrays import HealthArrays, health
from crossmargin.margin.assess import assess
from crossmargin.margin.assessment import Assessment
from crossmargin.margin.columns import columns
from crossmargin.margin.lookup import collateral_rates, contract_of
from crossmargin.model.account import Account, AccountMode, AssetsMode
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.money import plain
from crossmargin.replay.index import IndexPath, market_at
from crossmargin.replay.orders import first_touch, level_of, refusal, trade
from crossmargin.replay.result import Event, EventKind, ReplayResult, Track, liquidation_events
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.execution import liquidate
from crossmargin.venue.posting import post_funding

STRETCH_POINTS_MAX = 200_000
"""Points screened at once, which bounds memory and is how often progress is told."""


class Bar(Struct, frozen=True):
    """What a strategy sees at the open of a bar."""

    at_ms: int
    marks: dict[str, Decimal]
    assessment: Assessment


Strategy: TypeAlias = Callable[[Bar], Sequence[Order] | None]
"""Gives the orders it wants open from now on, in place of all that are; None leaves them."""


@dataclass(frozen=True)
class Setup:
    """What a replay is run with, beside the account.

    Attributes
    ----------
    path : marks of every symbol the account holds or may trade.
    funding : rates per symbol; a symbol without any pays none.
    index : price per collateral asset at the start of the path, in multi-assets mode.
    strategy : asked at each multiple of `bar_ms`; None trades nothing.
    progress : told how many points are done, of how many.
    """

    path: PricePath
    rulebook: Rulebook
    funding: tuple[FundingRates, ...] = ()
    index: dict[str, Decimal] = field(default_factory=dict)
    liquidity: Liquidity = field(default_factory=Liquidity)
    strategy: Strategy | None = None
    bar_ms: int = HOUR_MS
    progress: Callable[[int, int], None] | None = None


def replay(account: Account, setup: Setup) -> ReplayResult:
    """Return what becomes of `account` along the path.

    Raises
    ------
    UnknownError
        If there are no prices, margin tiers or, in multi-assets mode, collateral rates of
        something the account has.
    UsageError
        If the account is in portfolio mode, a symbol is not in the rulebook, or an order is of a
        kind that is not replayed.
    """
    _require_known(account, setup)
    run = _Run(account, setup)
    for point, at_ms, change in _schedule(setup):
        run.advance(point)
        change(run, at_ms)
    run.advance(len(setup.path.at_ms))
    return run.result()


def _require_known(account: Account, setup: Setup) -> None:
    # A gap in prices ends; what is refused here would be missing at every point.
    if account.mode is AccountMode.PORTFOLIO:
        raise UsageError(
            "accounts in portfolio mode are not replayed: candles hold neither volatility nor the "
            "index; a story plays them"
        )
    rulebook = setup.rulebook
    symbols = sorted(account.symbols)
    absent = [symbol for symbol in symbols if symbol not in setup.path.symbols]
    if absent:
        raise UnknownError(f"there are no prices of {', '.join(absent)}")
    contracts = {symbol: contract_of(symbol, rulebook) for symbol in symbols}
    missing = [f"margin tiers of {s}" for s in symbols if contracts[s].tiers is None]
    if account.assets_mode is AssetsMode.MULTI:
        assets = [asset for asset, amount in account.balances.items() if amount]
        assets += [contracts[symbol].instrument.settle for symbol in symbols]
        market = Market(index=setup.index)
        rates = [collateral_rates(asset, market, rulebook) for asset in dict.fromkeys(assets)]
        missing += [rate for rate in rates if isinstance(rate, str)]
    if missing:
        raise UnknownError(f"health is unknown without {', '.join(missing)}")


Change: TypeAlias = Callable[["_Run", int], None]


def _schedule(setup: Setup) -> list[tuple[int, int, Change]]:
    # What happens at which time, and the point before which it does; funding before bars.
    at_ms = setup.path.at_ms
    found: list[tuple[int, int, int, Change]] = []
    for rates in setup.funding:
        for time, rate in zip(rates.at_ms.tolist(), rates.rates, strict=True):
            found.append((time, 0, len(found), _funding_change(rates.symbol, rate)))
    if setup.strategy is not None:
        start = -(-setup.path.from_ms // setup.bar_ms) * setup.bar_ms
        for time in range(start, setup.path.to_ms, setup.bar_ms):
            found.append((time, 1, len(found), _Run.ask_strategy))
    found.sort()
    points = np.searchsorted(at_ms, [time for time, *_ in found], side="left")
    return [
        (point, time, change)
        for point, (time, _, _, change) in zip(points.tolist(), found, strict=True)
    ]


def _funding_change(symbol: str, rate: Decimal) -> Change:
    return lambda run, at_ms: run.pay_funding(symbol, rate, at_ms)


class _Run:
    """The account on its way: everything before `point` is settled."""

    def __init__(self, account: Account, setup: Setup) -> None:
        self.setup = setup
        self.path = setup.path
        self.rulebook = setup.rulebook
        self.account = account
        self.point = 0
        self.placed_at = 0
        self.decisions = 0
        self.events: list[Event] = []
        self.accounts: list[tuple[int, Account]] = [(0, account)]
        self.tracks: dict[str, Track] = {}
        self.start = account
        self.index_path = IndexPath(setup.path, setup.rulebook, setup.index)

    def advance(self, stop: int) -> None:
        """Screen the path up to, not including, the point `stop`."""
        while self.point < stop:
            end = min(stop, self.point + STRETCH_POINTS_MAX)
            screened, units = self._screen(self.point, end)
            touches = [
                touch
                for order in self.account.orders
                if (touch := first_touch(order, self._marks_of(order.symbol)[self.point : end]))
                is not None
            ]
            doubtful = np.flatnonzero(screened.must_be_decided().any(axis=1))
            first = min([*touches, *doubtful[:1].tolist()], default=None)
            calm = end - self.point if first is None else first
            self._record(screened, units, self.point, calm)
            self.point += calm
            if first is not None:
                self._decide()
            if self.setup.progress is not None:
                self.setup.progress(self.point, len(self.path.at_ms))

    def pay_funding(self, symbol: str, rate: Decimal, at_ms: int) -> None:
        """Post one funding payment, at the last mark there was."""
        if all(position.symbol != symbol for position in self.account.positions):
            return
        last = int(np.searchsorted(self.path.at_ms, at_ms, side="right")) - 1
        mark = float(self._marks_of(symbol)[last]) if last >= 0 else float("nan")
        if not np.isfinite(mark):
            text = f"funding of {symbol} is unknown: it had no price then"
            self.events.append(Event(at_ms, EventKind.FUNDING_UNKNOWN, text, symbol=symbol))
            return
        instrument = contract_of(symbol, self.rulebook).instrument
        posted = post_funding(self.account, instrument, exact_price(mark), rate)
        self._become(posted.account)
        verb = "received" if posted.funding >= 0 else "paid"
        amount = plain(abs(posted.funding))
        self.events.append(
            Event(
                at_ms,
                EventKind.FUNDING,
                f"{verb} {amount} {instrument.settle} of funding on {symbol} at rate {plain(rate)}",
                asset=instrument.settle,
                symbol=symbol,
                funding=posted.funding,
            )
        )

    def ask_strategy(self, at_ms: int) -> None:
        """Let the strategy say which orders it wants open, and check each as the venue would.

        Raises
        ------
        UnknownError
            If it wants to trade a symbol the path has no prices of.
        """
        if self.setup.strategy is None or self.point >= len(self.path.at_ms):
            return
        market = self._market(self.point)
        assessment = assess(self.account, market, self.rulebook)
        wanted = self.setup.strategy(Bar(at_ms, market.marks, assessment))
        if wanted is None:
            return
        self._become(replace(self.account, orders=()))
        self.placed_at = self.point
        for order in wanted:
            if order.symbol not in self.path.symbols:
                raise UnknownError(f"there are no prices of {order.symbol}")
            reason = refusal(self.account, order, market, self.rulebook)
            if reason is None:
                self._become(replace(self.account, orders=(*self.account.orders, order)))
            else:
                text = f"order on {order.symbol} refused: {reason}"
                self.events.append(Event(at_ms, EventKind.ORDER_REFUSED, text, symbol=order.symbol))

    def result(self) -> ReplayResult:
        """Return what there is to tell."""
        first = assess(self.start, self._market(0), self.rulebook)
        said = [
            *self.path.choice,
            *(sentence for rates in self.setup.funding for sentence in rates.choice),
            *first.assumptions,
            *self.index_path.assumptions,
        ]
        traded = [event for event in self.events if event.size is not None or event.is_liquidation]
        if traded:
            said += [self.setup.liquidity.sentence(), self.rulebook.notes.get("fees", "")]
        if any(event.is_liquidation for event in self.events):
            said.append(self.rulebook.notes.get("liquidation", ""))
        return ReplayResult(
            self.start,
            self.rulebook,
            self.path,
            self.index_path,
            tuple(self.accounts),
            self.tracks,
            tuple(self.events),
            self.decisions,
            tuple(dict.fromkeys(sentence for sentence in said if sentence)),
        )

    def _decide(self) -> None:
        # The exact core judges one point: orders that were touched, then the liquidation trigger.
        point = self.point
        market = self._market(point)
        at_ms = int(self.path.at_ms[point])
        self.decisions += 1
        for order in self.account.orders:
            if order not in self.account.orders:
                continue  # cancelled by a liquidation meanwhile
            if first_touch(order, self._marks_of(order.symbol)[point : point + 1]) is None:
                continue
            is_new = point == self.placed_at
            level = level_of(order, market.marks[order.symbol])
            on_the_way = replace(market, marks={**market.marks, order.symbol: level})
            condemned = [u for u in self._assess(on_the_way).units if u.is_liquidatable]
            if condemned and not is_new:
                self._liquidate(market, at_ms)
            if order in self.account.orders:
                traded = trade(
                    self.account,
                    order,
                    market,
                    self.rulebook,
                    self.setup.liquidity,
                    at_ms,
                    is_new=is_new,
                )
                self._become(traded.account)
                self.events.append(traded.event)
        self._liquidate(market, at_ms)
        screened, units = self._screen(point, point + 1)
        self._record(screened, units, point, 1)
        self.point += 1

    def _liquidate(self, market: Market, at_ms: int) -> None:
        before = self.account
        done = liquidate(before, market, self.rulebook, self.setup.liquidity)
        self._become(done.account)
        self.events += liquidation_events(before, done.receipts, at_ms)

    def _become(self, account: Account) -> None:
        if account is self.account:
            return
        self.account = account
        if self.accounts[-1][0] == self.point:
            self.accounts.pop()
        self.accounts.append((self.point, account))

    def _assess(self, market: Market) -> Assessment:
        return assess(self.account, market, self.rulebook)

    def _screen(self, start: int, end: int) -> tuple[HealthArrays, dict[str, str]]:
        laid_out = columns(self.account, self.rulebook)
        order = [self.path.symbols.index(symbol) for symbol in laid_out.symbols]
        index = self.index_path.rows(laid_out.assets, start, end) if laid_out.is_multi else None
        screened = health(laid_out, self.path.marks[start:end, order], index)
        return screened, dict(zip(laid_out.units, laid_out.unit_assets, strict=True))

    def _record(
        self, screened: HealthArrays, units: dict[str, str], start: int, count: int
    ) -> None:
        stretch = slice(start, start + count)
        for column, (name, asset) in enumerate(units.items()):
            track = self.tracks.get(name)
            if track is None:
                empty = [np.full(len(self.path.at_ms), np.nan) for _ in range(3)]
                track = self.tracks.setdefault(name, Track(asset, *empty))
            track.equity[stretch] = screened.equity[:count, column]
            track.initial_margin[stretch] = screened.initial_margin[:count, column]
            track.maintenance_margin[stretch] = screened.maintenance_margin[:count, column]

    def _marks_of(self, symbol: str) -> NDArray[np.float64]:
        return self.path.marks[:, self.path.symbols.index(symbol)]

    def _market(self, point: int) -> Market:
        return market_at(self.path, self.index_path, point)
