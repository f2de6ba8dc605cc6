"""Law 8: prices are what enough sources agree on, and what is not known triggers and kills nobody.

Index and mark are worked out again from what sources said. Whether a symbol's prices may be acted
upon is worked out, too, when an order fires or an account is liquidated.
"""

from fractions import Fraction
from statistics import median

from crossmargin.model.account import AssetsMode, MarginMode
from crossmargin.model.order import OrderType
from crossmargin.venue import event as happened
from crossmargin.venue.command import Trigger
from crossmargin.venue.event import Breaker
from tests.simulation.facts import ONE, ZERO

INDEX, MARK = "index:", "mark:"
LIQUIDATING = ("liquidation", "takeover", "adl", "close-out", "unwind")
STOPS = (OrderType.STOP, OrderType.STOP_MARKET)


class Sources:
    """Watches prices, and who acts on them."""

    def __init__(self, facts):
        self.facts = facts

    def look(self, event):
        """Yield what is wrong with an event, and let prices be what it says."""
        facts = self.facts
        if isinstance(event, happened.SourceSeen):
            known = facts.prices[event.name].sources if event.is_symbol else None
            known = facts.asset_sources[event.name] if known is None else known
            known.pop(event.source, None)
            if event.price is not None:
                known[event.source] = (Fraction(event.price), event.at_ms)
        elif isinstance(event, happened.PriceSet):
            yield from self._price(event)
        elif isinstance(event, happened.BreakerSet):
            facts.prices[event.symbol].breaker = event.state
        elif isinstance(event, happened.AssetPriceSet):
            yield from self._asset_price(event)
        elif isinstance(event, happened.OrderTriggered):
            yield from self._fired(event)
        elif isinstance(event, happened.Filled):
            yield from self._acted_on(event)

    def settle(self):
        """Yield nothing: a command need not leave prices in any state."""
        return iter(())

    def _fresh(self, known, prefix):
        settings, at_ms = self.facts.settings, self.facts.at_ms
        return [
            price
            for source, (price, seen_ms) in known.items()
            if source.startswith(prefix) and at_ms - seen_ms <= settings.stale_ms
        ]

    def _agreed(self, known, prefix):
        prices = self._fresh(known, prefix)
        if not prices:
            return None
        settings, middle = self.facts.settings, median(prices)
        width = Fraction(settings.outlier_fraction) * middle
        near = [one for one in prices if abs(one - middle) <= width]
        return median(near) if near and len(near) >= settings.sources_min else None

    def _has_marks(self, known):
        count = sum(source.startswith(MARK) for source in known)
        return count >= max(1, self.facts.settings.sources_min)

    def _price(self, event):
        own = self.facts.prices[event.symbol]
        index, mark, last = (
            None if one is None else Fraction(one) for one in (event.index, event.mark, event.last)
        )
        for name, price in (("index", index), ("mark", mark), ("last", last)):
            if price is not None and price <= 0:
                yield f"law 8: the {name} of {event.symbol} is {float(price)}"
        if (index, mark) != (own.index, own.mark) and mark is not None:
            agreed = self._agreed(own.sources, INDEX)
            if index != agreed:
                yield f"law 8: the index of {event.symbol} is {event.index}, agreed is {agreed}"
            if self._has_marks(own.sources):
                agreed = self._agreed(own.sources, MARK)
            if mark != agreed:
                yield f"law 8: the mark of {event.symbol} is {event.mark}, agreed is {agreed}"
        own.index, own.mark, own.last = index, mark, last

    def _asset_price(self, event):
        facts = self.facts
        if event.price is None:
            facts.assets.pop(event.asset, None)
            return
        price = facts.assets[event.asset] = Fraction(event.price)
        agreed = self._agreed(facts.asset_sources[event.asset], INDEX)
        if price != agreed:
            yield f"law 8: {event.asset} is at {event.price}, agreed is {agreed}"

    def _is_usable(self, symbol):
        own, settings = self.facts.prices[symbol], self.facts.settings
        if own.breaker is not Breaker.USABLE:
            return False
        prefix = MARK if self._has_marks(own.sources) else INDEX
        return len(self._fresh(own.sources, prefix)) >= settings.sources_min

    def _acted_on(self, event):
        if event.why in LIQUIDATING and not self._is_usable(event.symbol):
            yield f"law 8: a {event.why} in {event.symbol}, whose prices cannot be acted upon"
        if event.why != "liquidation" or event.is_maker:
            return
        # What backs a position in multi-assets mode is other assets, at prices that may be old.
        held = self.facts.position(event.account, event.symbol, event.side)
        is_pool = held is not None and held.mode is MarginMode.CROSS
        if is_pool and self.facts.owners[event.account].assets_mode is AssetsMode.MULTI:
            purse, least = f"account/{event.account}", self.facts.settings.sources_min
            for (name, asset), amount in self.facts.purses.items():
                known = self.facts.asset_sources[asset] if name == purse and amount else {}
                is_fed = any(source.startswith(INDEX) for source in known)
                if is_fed and len(self._fresh(known, INDEX)) < least:
                    yield f"law 8: {event.account} is liquidated at an old price of {asset}"

    def _fired(self, event):
        ticket = self.facts.tickets.get(event.order_id)
        if ticket is None:
            return
        placed, own = ticket.placed, self.facts.prices[ticket.placed.symbol]
        if not self._is_usable(placed.symbol):
            yield f"law 8: the order {ticket.id} fires while prices cannot be acted upon"
        watched = {Trigger.MARK: own.mark, Trigger.LAST: own.last, Trigger.INDEX: own.index}
        price = watched[placed.trigger]
        if price is None or price != Fraction(event.price):
            yield f"law 8: the order {ticket.id} fires at {event.price}, the price is {price}"
            return
        is_buy = event.size > 0
        if placed.type is OrderType.TRAILING_STOP_MARKET:
            away = Fraction(placed.callback_fraction)
            stop = (ticket.best or ZERO) * (ONE + away if is_buy else ONE - away)
            is_reached = price >= stop if is_buy else price <= stop
        else:
            stop = Fraction(placed.trigger_price)
            is_rising = is_buy is (placed.type in STOPS)
            is_reached = price >= stop if is_rising else price <= stop
        if not is_reached:
            yield f"law 8: the order {ticket.id} of {float(stop)} fires at {event.price}"
