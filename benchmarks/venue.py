"""Margin-checked orders through the paper venue, durable, against a peer doing the same.

Orders go through the whole runtime: queue, decision, journal in a new SQLite store with one sync a
batch, answer. One account, 2,000 limit buys at a price each; then what the line's name says. Every
order is margined together with all that rest, at ours and at the peer's, so the peer's rate falls
as they pile up. `takers` has nothing resting and is what remains of the difference then.

The peer keeps everything in memory and nobody is on the other side of its fills; here every fill
has two sides, the other one's order being margin-checked too, and all of it is on disk.

The curve is what an order costs in a venue of 1,000 accounts after 1,000 orders have come and
gone, of ten and of a hundred times as many: it should stay as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.peers import PeerMissing, measured
from benchmarks.timing import line
from crossmargin.model.account import Position
from crossmargin.model.order import OrderType, Side
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Limits, Writer
from crossmargin.store.journal import Header
from crossmargin.store.sqlite import SqliteJournal
from crossmargin.venue import command, event
from crossmargin.venue.command import AnyCommand
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.settings import VenueSettings
from crossmargin.venue.state import State

PEER = "nautilus_trader==1.221.0"
SCRIPT = Path(__file__).with_name("nautilus.py")
ORDERS = 2_000
ROUNDS = 3
CURVE = (1_000, 10_000, 100_000)
BTC, BID, ASK, LOT = "BTCUSDT", 49_999, 50_000, Decimal("0.01")
RULEBOOK = load_rulebook("binance-usdm")
SETTINGS = VenueSettings()
GOALS = {"resting": 20, "fills": 10}


def bench() -> Iterator[str]:
    """Yield the lines."""
    for workload, measure in WORKLOADS.items():
        ours, theirs, why = 0.0, 0.0, ""
        for _ in range(ROUNDS):
            ours = max(ours, measure())
            try:
                found = measured(PEER, SCRIPT, workload, str(ORDERS))
                theirs = max(theirs, found["rate"])
            except PeerMissing as error:
                why = f"; {error}"
                break
        ratio = ours / theirs if theirs and not why else None
        goal = f"; the goal is {GOALS[workload]} times" if workload in GOALS else ""
        yield line(
            f"venue-{workload}",
            ours,
            "orders/s",
            f"{PEER}, a margin account in a back-test, rate limit off, logs off",
            ratio,
            f"{ORDERS:,} orders of one account, SQLite with full sync, batches of up to "
            f"{Limits().batch_max}{goal}{why}",
        )
    yield from _curve()


class Venue:
    """A started venue: one symbol with prices, a counterparty with money."""

    def __init__(self, folder: str, accounts: int = 0) -> None:
        """Start it with so many further accounts."""
        header = Header(
            created_at_ms=0,
            venue=RULEBOOK.venue,
            edition=RULEBOOK.edition.isoformat(),
            rulebook=RULEBOOK.sha256,
            settings=SETTINGS,
        )
        journal = SqliteJournal(Path(folder) / "store", header)
        self.writer = Writer(
            journal, lambda: _populated(accounts), decide, ManualClock(), Limits(queue_max=10**6)
        )
        price = Decimal(ASK)
        seen = command.Observe(
            at_ms=0, symbol=BTC, source="feed", index=price, mark=price, last=price
        )
        self.do([seen])
        for name in ("trader", "market"):
            self.do(entry(name))

    def do(self, commands: Sequence[AnyCommand]) -> float:
        """Return the seconds from the first command's asking to the last one's answer."""
        start = perf_counter()
        asked = [self.writer.submit(one) for one in commands]
        while self.writer.waiting:
            self.writer.run_once()
        seconds = perf_counter() - start
        for one in asked:
            first = one.result().events[0]
            assert not isinstance(first, event.Refused), first
        return seconds

    def close(self) -> None:
        """Let go of the store."""
        self.writer.close()


def entry(name: str) -> list[AnyCommand]:
    """Return what opens an account, with money and ten times leverage."""
    return [
        command.OpenAccount(at_ms=0, account=name),
        command.Deposit(at_ms=0, account=name, asset="USDT", amount=Decimal(10**7)),
        command.SetLeverage(at_ms=0, account=name, symbol=BTC, leverage=Decimal(10)),
    ]


def _populated(count: int) -> State:
    # Accounts with money and a position each, half long and half short, put there by events.
    state = State(RULEBOOK, SETTINGS)
    for number in range(count):
        name, is_long = f"a{number}", number % 2 == 0
        held = Position(BTC, LOT if is_long else -LOT, Decimal(ASK))
        money = event.Posting("outside", f"account/{name}", "USDT", Decimal(1000))
        for one in (
            event.AccountOpened(account=name),
            event.MoneyMoved(why="deposit", postings=(money,)),
            event.PositionChanged(
                account=name,
                position=held,
                side=Side.LONG if is_long else Side.SHORT,
                why="opened",
            ),
        ):
            fold(state, one)
    return state


def order(number: int, size: Decimal, price: int | None, account: str = "trader") -> AnyCommand:
    """Return an order of an account's, a market order without a price."""
    return command.PlaceOrder(
        at_ms=0,
        account=account,
        symbol=BTC,
        size=size,
        type=OrderType.MARKET if price is None else OrderType.LIMIT,
        price=None if price is None else Decimal(price),
        client_id=f"{account}-{number}",
    )


def _bids(first: int = 0) -> list[AnyCommand]:
    return [order(first + n, LOT, BID - 1 - n) for n in range(ORDERS)]


def _cancels(first: int = 0) -> list[AnyCommand]:
    return [
        command.CancelOrder(at_ms=0, account="trader", order_client_id=f"trader-{first + n}")
        for n in range(ORDERS)
    ]


def _rate(work: Callable[[Venue], float]) -> float:
    with TemporaryDirectory() as folder:
        venue = Venue(folder)
        try:
            return ORDERS / work(venue)
        finally:
            venue.close()


def _fills(venue: Venue) -> float:
    venue.do(_bids())
    return venue.do([order(n, -LOT, BID - 1 - n, "market") for n in range(ORDERS)])


def _cancelled(venue: Venue) -> float:
    venue.do(_bids())
    return venue.do(_cancels())


def _takers(venue: Venue) -> float:
    deep = LOT * ORDERS
    venue.do([order(-1, deep, BID, "market"), order(-2, -deep, ASK, "market")])
    return venue.do([order(n, LOT if n % 2 == 0 else -LOT, None) for n in range(ORDERS)])


WORKLOADS: dict[str, Callable[[], float]] = {
    "resting": lambda: _rate(lambda venue: venue.do(_bids())),
    "fills": lambda: _rate(_fills),
    "cancels": lambda: _rate(_cancelled),
    "takers": lambda: _rate(_takers),
}


def _curve() -> Iterator[str]:
    least: dict[int, float] = {}
    with TemporaryDirectory() as root:
        venues = {}
        for count in CURVE:
            folder = Path(root) / str(count)
            folder.mkdir()
            venues[count] = Venue(str(folder), count)
            for first in range(0, count, ORDERS):
                venues[count].do(_bids(first))
                venues[count].do(_cancels(first))
        for turn in range(ROUNDS * 2):
            for count, venue in venues.items():
                first = count * 2 + turn * ORDERS
                seconds = venue.do(_bids(first)) + venue.do(_cancels(first))
                least[count] = min(least.get(count, seconds), seconds)
        for venue in venues.values():
            venue.close()
    for count, seconds in least.items():
        yield line(
            f"venue-order-cost-{count}",
            seconds / ORDERS * 1e6,
            "µs/order",
            f"the same among {CURVE[0]:,} accounts and closed orders",
            seconds / least[CURVE[0]],
            f"one order placed and cancelled, among {count:,} accounts with a position each, "
            f"after {count:,} orders have come and gone",
            better="lower",
        )
