"""Random markets in which everything that a venue does may happen, for laws of what is stored."""

import random

from msgspec.structs import replace

from crossmargin.model.account import AssetsMode, MarginMode, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.venue import command as asked
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State
from tests.toys import marginal
from tests.unit.venue.stage import RULES as FLAT
from tests.unit.venue.stage import D

SYMBOLS = {"BTCUSDT": D(50000), "ETHUSDT": D(2500)}
LOTS = {"BTCUSDT": D("0.001"), "ETHUSDT": D("0.01")}
# Tiers low enough for these accounts to climb them.
STEEP = marginal(("0", "0.01"), ("1000", "0.02"), ("4000", "0.05"))
RULES = replace(
    FLAT.with_contracts({name: replace(one, tiers=STEEP) for name, one in FLAT.contracts.items()}),
    assets_modes=("single", "multi"),
)
NAMES = ("ann", "bob", "cy", "di")


def fresh():
    """Return the venue before anything has happened."""
    return State(RULES, VenueSettings())


class Market:
    """A maker that quotes, traders that do this and that, prices that wander."""

    def __init__(self, seed):
        self.chance = random.Random(seed)  # noqa: S311 - a market, not a secret
        self.at_ms, self.number = 0, 0
        self.prices = dict(SYMBOLS)

    def opening(self):
        """Yield what makes the venue one that can be traded at."""
        yield asked.FeedFund(at_ms=0, asset="USDT", amount=D(self.chance.choice([1, 500])))
        yield asked.OpenAccount(at_ms=0, account="maker", is_maker=True)
        yield asked.Deposit(at_ms=0, account="maker", asset="USDT", amount=D("1e6"))
        for name in NAMES:
            yield asked.OpenAccount(at_ms=0, account=name, client_id="open")
            yield asked.Deposit(at_ms=0, account=name, asset="USDT", amount=D("1000.50"))
        yield asked.OpenAccount(at_ms=0, account="ann-sub", parent="ann")
        yield asked.SetPositionMode(at_ms=0, account="cy", mode=PositionMode.HEDGE)
        yield asked.SetMarginMode(at_ms=0, account="di", symbol="ETHUSDT", mode=MarginMode.ISOLATED)
        yield asked.SetAssetsMode(at_ms=0, account="bob", mode=AssetsMode.MULTI)

    def commands(self, steps):
        """Yield the opening and then the commands of so many steps."""
        yield from self.opening()
        for _ in range(steps):
            self.at_ms += 1000
            for symbol in SYMBOLS:
                yield from self.price(symbol)
            for _ in range(self.chance.randrange(3)):
                yield self.something()
            if self.chance.random() < 0.1:
                yield asked.Tick(at_ms=self.at_ms)

    def price(self, symbol):
        """Yield a new price and the maker's new quotes."""
        move = 1 + D(self.chance.randint(-350, 300)) / 10_000
        price = self.prices[symbol] = (self.prices[symbol] * move).quantize(D("0.1"))
        source = self.chance.choice(["feed", "other"])
        yield asked.Observe(at_ms=self.at_ms, symbol=symbol, source=source, index=price, mark=price)
        levels = tuple(
            asked.Level(
                (price * (1 + D(side * level) / 1000)).quantize(D("0.1")), -side * LOTS[symbol] * 40
            )
            for level in range(1, self.chance.choice([1, 2, 4]))
            for side in (-1, 1)
        )
        yield asked.Quote(at_ms=self.at_ms, account="maker", symbol=symbol, levels=levels)

    def something(self):
        """Return one command of a trader, not always one that is taken."""
        self.number += 1
        name = self.chance.choice(NAMES)
        common = {
            "at_ms": self.at_ms,
            "account": name,
            "client_id": self.chance.choice(["", f"c{self.number}"]),
        }
        kind = self.chance.random()
        if kind < 0.1:
            amount = D(self.chance.choice(["0.10", "5", "99999"]))
            return asked.Withdraw(**common, asset="USDT", amount=amount)
        if kind < 0.15:
            return asked.ObserveAsset(
                at_ms=self.at_ms, asset="BTC", source="feed", price=self.prices["BTCUSDT"]
            )
        if kind < 0.25:
            return asked.CancelAll(**common)
        return self.order(common, name)

    def order(self, common, name):
        """Return an order of any type."""
        symbol = self.chance.choice(list(SYMBOLS))
        size = LOTS[symbol] * self.chance.randint(1, 200) * self.chance.choice([-1, 1])
        side = (Side.LONG if size > 0 else Side.SHORT) if name == "cy" else None
        common |= {"symbol": symbol, "size": size, "side": side}
        price = self.prices[symbol]
        near = (price * (1 + D(self.chance.randint(-9, 9)) / 1000)).quantize(D("0.1"))
        kind = self.chance.choice(["market", "market", "limit", "limit", "stop", "trail", "exits"])
        if kind == "limit":
            return asked.PlaceOrder(**common, price=near)
        if kind == "stop":
            return asked.PlaceOrder(**common, type=OrderType.STOP, price=price, trigger_price=near)
        if kind == "trail":
            common["size"] = -size if name == "cy" else size
            return asked.PlaceOrder(
                **common, type=OrderType.TRAILING_STOP_MARKET, callback_fraction=D("0.01")
            )
        sign = 1 if size > 0 else -1
        stop = (price * (1 - sign * D("0.01"))).quantize(D("0.1"))
        if kind == "exits":
            return asked.PlaceOrder(**common, price=near, stop_loss_price=stop)
        return asked.PlaceOrder(**common, type=OrderType.MARKET)
