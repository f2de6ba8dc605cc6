"""The market a story plays in: prices that go where they are told, and makers who go along.

Whatever moves a price here moves the makers first, who trade with whoever rests beyond it, so that
a price never stands where the book does not. Makers fill up after trades as far as their capital
goes, and if the story gives trades an impact the price goes after them: that is how one
liquidation can cause the next.
"""

from collections.abc import Mapping
from decimal import Decimal

from crossmargin.errors import UsageError
from crossmargin.files.story_tables import Story
from crossmargin.money import down_to, plain, up_to
from crossmargin.runtime.facts import History
from crossmargin.runtime.market_maker import MAKER, MarketMaker, tick_of
from crossmargin.runtime.underlying import moved_market, surface_seen
from crossmargin.runtime.words import sentence
from crossmargin.venue import command
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import Decide
from crossmargin.venue.event import AnyEvent, Filled, Refused
from crossmargin.venue.state import State

SOURCE = "story"
FOLLOWS_MAX = 200
"""How often in one step prices follow trades that follow prices."""


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
        self.maker = MarketMaker(story.liquidity)
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
            for asked in self.maker.move(self.state, self.at_ms, symbol, price):
                self.do(asked)
            self.observe(symbol, price)

    def observe(self, symbol: str, price: Decimal) -> None:
        """Let index, mark and last price of a symbol be `price`."""
        self.do(self._seen(symbol, price))

    def _seen(self, symbol: str, price: Decimal) -> command.Observe:
        # The index of an option is its underlying's, which is no price of the option.
        is_option = self.state.rulebook.contracts[symbol].instrument.option is not None
        index = None if is_option else price
        return command.Observe(
            at_ms=self.at_ms, symbol=symbol, source=SOURCE, index=index, mark=price, last=price
        )

    def move_underlying(
        self, asset: str, price: Decimal, volatility: Decimal
    ) -> dict[str, Decimal]:
        """Let an asset and all that is quoted on it move, seen at one moment; return the marks.

        Raises
        ------
        UsageError
            If the asset has no index, or a volatility would be below zero.
        """
        at = self.at_ms
        there = moved_market(self.state, at, self.story.options, asset, price, volatility)
        for symbol, mark in there.marks.items():
            if self.state.symbol(symbol).mark is None:
                self.observe(symbol, mark)  # nothing is quoted before there is a price
            for asked in self.maker.move(self.state, at, symbol, mark):
                self.do(asked)
        self.do(
            command.ObserveTogether(
                at_ms=at,
                seen=(
                    command.ObserveAsset(at_ms=at, asset=asset, source=SOURCE, price=price),
                    *(surface_seen(at, asset, smile) for smile in there.smiles),
                    *(self._seen(symbol, mark) for symbol, mark in there.marks.items()),
                ),
            )
        )
        return there.marks

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
                price = (up_to if price < mark else down_to)(tick_of(self.state, symbol), price)
                if price == mark:
                    self.do(self.maker.quote(self.state, self.at_ms, symbol, mark))
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


def in_words(prices: Mapping[str, Decimal]) -> str:
    """Return prices by symbol as people read them."""
    return ", ".join(f"{symbol} {plain(price)}" for symbol, price in prices.items())
