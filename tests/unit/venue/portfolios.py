"""Portfolios in books that give a price: scenes for the tests of their liquidation."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.model.account import AccountMode, AssetsMode, Position
from crossmargin.model.surface import Smile
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.options import option_contract
from crossmargin.rulebooks.schema import Fees
from crossmargin.venue import command, event
from crossmargin.venue.decide import decide
from tests.unit.venue.stage import Stage

D = Decimal
NOW_MS = 1_795_248_000_000
"""21 November 2026, 08:00 UTC."""
DAYS = 86_400_000
EXPIRES_MS = NOW_MS + 34 * DAYS


def rules_of(venue, *options, **liquidation):
    """Return a venue's rules without fees, with options listed."""
    rules = load_rulebook(venue)
    listed = rules.with_contracts({name: option_contract(name, rules) for name in options})
    return replace(
        listed,
        fees=Fees(D(0), D(0), D(0)),
        liquidation=replace(rules.liquidation, **liquidation),
    )


class Scene(Stage):
    """A venue in which a deep book stands at the mark of every symbol, of makers who never fail."""

    def __init__(self, rules, index, marks, *, asset="USDC", volatility="0.5", fund="1000000"):
        super().__init__(rules)
        self.at_ms = NOW_MS
        self.state.advance(NOW_MS)
        self.emit(event.AccountOpened(account="fund", is_maker=True))
        self.emit(event.AccountOpened(account="maker", is_maker=True))
        self.pay("account/maker", D("1e12"), asset)
        if D(fund):
            self.pay("fund", D(fund), asset)
        self.asset, self.volatility, self.marks = asset, D(volatility), dict(marks)
        self.seen(index)

    def pay(self, purse, amount, asset):
        """Bring money in from outside."""
        posting = event.Posting("outside", purse, asset, D(amount))
        why = "feed-fund" if purse == "fund" else "deposit"
        self.emit(event.MoneyMoved(why=why, postings=(posting,)))

    def seen(self, index):
        """Let prices be these, without anybody looked at."""
        points = ((D(1000), self.volatility), (D(10**6), self.volatility))
        smile = Smile(EXPIRES_MS, points, D(index))
        self.emit(
            event.AssetPriceSet(asset="BTC", price=D(index)),
            event.AssetPriceSet(asset=self.asset, price=D(1) if self.asset != "BTC" else D(index)),
            event.SurfaceSet(asset="BTC", smile=smile, at_ms=NOW_MS),
        )
        for symbol, mark in self.marks.items():
            self.emit(
                event.PriceSet(symbol=symbol, index=D(index), mark=D(mark), last=D(mark)),
                event.BreakerSet(symbol=symbol, state=event.Breaker.USABLE, why="test"),
            )

    def hold(self, name, balance, positions):
        """Open an account in portfolio mode, with the makers on the other side."""
        self.emit(
            event.AccountOpened(account=name),
            event.AccountModeSet(account=name, mode=AccountMode.PORTFOLIO),
        )
        self.pay(f"account/{name}", balance, self.asset)
        for symbol, size, price in positions:
            for owner, signed in ((name, D(size)), ("maker", -D(size))):
                held = Position(symbol, signed, D(price))
                self.emit(
                    event.PositionChanged(account=owner, position=held, side=held.side, why="test")
                )
        return self.state.accounts[name]

    def multi(self, *names):
        """Let accounts have one pool for all collateral."""
        for name in names:
            self.emit(event.AssetsModeSet(account=name, mode=AssetsMode.MULTI))

    def quoted(self, size="1000000"):
        """Let the maker buy and sell at the marks."""
        for symbol, mark in self.marks.items():
            for signed in (D(size), -D(size)):
                order = command.PlaceOrder(
                    at_ms=NOW_MS, account="maker", symbol=symbol, size=signed, price=D(mark)
                )
                number = self.state.next_order_id
                self.emit(event.OrderAccepted(order_id=number, order=order))

    def looked_at(self):
        """Let the venue look at everybody; return what the steps of liquidations were."""
        events = decide(
            self.state,
            command.ObserveSurface(
                at_ms=NOW_MS,
                asset="BTC",
                expires_ms=EXPIRES_MS,
                points=((D(1000), self.volatility), (D(10**6), self.volatility)),
                forward=self.state.asset_prices["BTC"],
            ),
        )
        return [one for one in events if isinstance(one, event.LiquidationStep)]
