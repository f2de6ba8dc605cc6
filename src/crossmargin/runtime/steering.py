"""An operator's hand on a fed market: prices go where they are told, and the feed on from there.

The feed keeps its moves: from then on each of its prices is multiplied by what it takes to have
come where the market was put. The venue sees nothing of it but prices, which are recorded like any.
After a restart the feed is as it comes.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from crossmargin.feeds.moments import Moment
from crossmargin.money import ONE, down_to, exact, quotient_down
from crossmargin.runtime.feed_pump import commands_of
from crossmargin.runtime.market_maker import MarketMaker, tick_of
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.state import State


class Steering:
    """What a served market is multiplied by, symbol by symbol.

    Attributes
    ----------
    factors : of symbols that were put elsewhere.
    """

    def __init__(self, maker: MarketMaker, collateral: Mapping[str, str | None]) -> None:
        """Leave the feed as it comes; for `collateral` see `feed_pump.commands_of`."""
        self.maker, self.collateral = maker, collateral
        self.factors: dict[str, Decimal] = {}

    def commands(self, moment: Moment, look: Callable[[], State]) -> Iterator[AnyCommand]:
        """Yield what happens at a moment of the feed; see `feed_pump.commands_of`.

        Prices are where the market was put by the time this is begun, down to the tick.
        """
        steered = self._moved(moment, look()) if self.factors else moment
        yield from commands_of(steered, look, self.maker, self.collateral)

    @exact
    def put(
        self, prices: Mapping[str, Decimal], look: Callable[[], State], at_ms: int
    ) -> Iterator[AnyCommand]:
        """Return the commands that take the market to `prices`, each decided before the next.

        Symbols without a price yet are left alone.
        """
        state, wanted = look(), {}
        for symbol, price in prices.items():
            mark = state.symbol(symbol).mark
            if mark is not None:
                before = self.factors.get(symbol, ONE)
                self.factors[symbol] = quotient_down(before * price, mark)
                wanted[symbol] = price
        return commands_of(Moment(at_ms, wanted), look, self.maker, self.collateral)

    @exact
    def _moved(self, moment: Moment, state: State) -> Moment:
        def moved(prices: Mapping[str, Decimal]) -> dict[str, Decimal]:
            return {
                symbol: down_to(tick_of(state, symbol), price * self.factors[symbol])
                if symbol in self.factors
                else price
                for symbol, price in prices.items()
            }

        return replace(
            moment,
            marks=moved(moment.marks),
            lasts=moved(moment.lasts),
            indexes=moved(moment.indexes),
        )
