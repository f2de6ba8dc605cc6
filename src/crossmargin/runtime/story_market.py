"""The market a story plays in: prices that go where they are told, and makers who go along.

Whatever moves a price here moves the makers first, who trade with whoever rests beyond it, so that
a price never stands where the book does not. Makers fill up after trades as far as their capital
goes, and if the story gives trades an impact the price goes after them: that is how one
liquidation can cause the next.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

from crossmargin.errors import UsageError
from crossmargin.files.story_tables import Story
from crossmargin.margin.assess import assess
from crossmargin.money import EIGHT_PLACES, ZERO, down_to, plain, up_to
from crossmargin.runtime.facts import History
from crossmargin.runtime.liquidity import Makers, affordable, quotes
from crossmargin.runtime.words import sentence
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand, TimeInForce
from crossmargin.venue.event import AnyEvent, Filled, Refused
from crossmargin.venue.state import State

MAKER = "maker"
"""The account that quotes."""
SOURCE = "story"
FOLLOWS_MAX = 200
"""How often in one step prices follow trades that follow prices."""

Decide: TypeAlias = Callable[[State, AnyCommand], tuple[AnyEvent, ...]]


class StoryMarket:
    """The venue and the world around it, at one moment of a story.

    Attributes
    ----------
    at_ms : now.
    receipts : what has happened since it was last looked at, in words.
    trades : prices at which makers were met since prices last followed, by symbol.
    """

    def __init__(self, story: Story, decide: Decide, state: State) -> None:
        """Start before anything has happened."""
        self.story, self.decide, self.state = story, decide, state
        self.at_ms = story.start_ms
        self.history = History()
        self.receipts: list[str] = []
        self.trades: dict[str, Decimal] = {}

    def do(self, asked: AnyCommand) -> tuple[AnyEvent, ...]:
        """Let the venue decide a command, and remember what came of it."""
        events = self.decide(self.state, asked)
        for happened in events:
            self.history.add(happened)
            said = sentence(happened, self.state)
            if said is not None:
                is_makers = asked.account == MAKER and isinstance(happened, Refused)
                self.receipts.append(f"the makers: {said}" if is_makers else said)
            if isinstance(happened, Filled) and happened.is_maker and happened.account == MAKER:
                self.trades[happened.symbol] = happened.price
        return events

    def must(self, where: str, asked: AnyCommand) -> None:
        """Let the venue decide a command without which the story cannot begin.

        Raises
        ------
        UsageError
            If it is refused.
        """
        for happened in self.do(asked):
            if isinstance(happened, Refused):
                raise UsageError(f"{self.story.name}: {where}: refused: {happened.reason}")

    def move(self, prices: Mapping[str, Decimal]) -> None:
        """Let prices move: makers first, who trade with whoever rests beyond the new price."""
        for symbol, price in prices.items():
            if self.state.symbol(symbol).mark is None:
                self.observe(symbol, price)  # nothing is quoted before there is a price
            self.do(command.Quote(at_ms=self.at_ms, account=MAKER, symbol=symbol, levels=()))
            self._meet(symbol, price)
            self._quote(symbol, price)
            self.observe(symbol, price)

    def observe(self, symbol: str, price: Decimal) -> None:
        """Let index, mark and last price of a symbol be `price`."""
        seen = command.Observe(
            at_ms=self.at_ms, symbol=symbol, source=SOURCE, index=price, mark=price, last=price
        )
        self.do(seen)

    def _meet(self, symbol: str, price: Decimal) -> None:
        bids, asks = self.state.symbol(symbol).book.depth()
        bought = sum((size for limit, size in bids if limit >= price), ZERO)
        sold = sum((size for limit, size in asks if limit <= price), ZERO)
        for size in (-bought, sold):
            if size:
                self.do(
                    command.PlaceOrder(
                        at_ms=self.at_ms,
                        account=MAKER,
                        symbol=symbol,
                        size=size,
                        price=price,
                        time_in_force=TimeInForce.IOC,
                    )
                )

    def _quote(self, symbol: str, price: Decimal) -> None:
        given, filters = self.story.liquidity, self.story.settings.filters_of(symbol)
        lot = filters.lot or EIGHT_PLACES
        makers = Makers(given.spread, given.step, given.depth, given.levels, self.tick(symbol), lot)
        instrument = self.story.rulebook.contracts[symbol].instrument
        account = self.state.accounts[MAKER]
        assessment = assess(account.view(), self.state.market(), self.story.rulebook)
        pool = next((one for one in assessment.pools if one.asset == instrument.settle), None)
        equity = account.balances.get(instrument.settle, ZERO)
        if pool is not None and pool.health is not None:
            equity = pool.health.equity
        if instrument.kind.is_inverse:
            equity *= price  # capital is in the coin, notional in the quote asset
        others = sum(
            (
                held.notional or ZERO
                for held in assessment.positions
                if held.symbol != symbol
                and self.story.rulebook.contracts[held.symbol].instrument.settle
                == instrument.settle
            ),
            ZERO,
        )
        position = account.position(symbol, None)
        levels = affordable(
            quotes(price, makers, instrument),
            ZERO if position is None else position.size,
            equity * given.leverage - others,
            price,
            instrument,
            lot,
        )
        self.do(command.Quote(at_ms=self.at_ms, account=MAKER, symbol=symbol, levels=levels))

    def follow(self) -> None:
        """Let makers fill up what was taken, and prices go after trades if the story says so."""
        for _ in range(FOLLOWS_MAX):
            trades, self.trades = self.trades, {}
            prices: dict[str, Decimal] = {}
            for symbol, traded in trades.items():
                mark = self.state.symbol(symbol).mark
                if mark is None:
                    continue
                price = mark + self.story.liquidity.impact * (traded - mark)
                # Towards the mark, so that following comes to an end.
                price = (up_to if price < mark else down_to)(self.tick(symbol), price)
                if price == mark:
                    self._quote(symbol, mark)
                else:
                    prices[symbol] = price
            if not prices:
                return
            self.receipts.append(f"prices follow the trades: {in_words(prices)}")
            self.move(prices)

    def mark(self, symbol: str, where: str) -> Decimal:
        """Return a symbol's mark.

        Raises
        ------
        UsageError
            If it has none.
        """
        mark = self.state.symbol(symbol).mark
        if mark is None:
            raise UsageError(f"{self.story.name}: {where}: {symbol} has no price yet")
        return mark

    def tick(self, symbol: str) -> Decimal:
        """Return the step of a symbol's prices; 8 places where the story gives none."""
        return self.story.settings.filters_of(symbol).tick or EIGHT_PLACES


def in_words(prices: Mapping[str, Decimal]) -> str:
    """Return prices by symbol as people read them."""
    return ", ".join(f"{symbol} {plain(price)}" for symbol, price in prices.items())
