"""Whatever is asked wrongly is refused by its name, and the venue is as it was.

One table of commands against one busy venue under a packaged rulebook, each with the code it must
get; and every code there is must be in the table.
"""

from decimal import Decimal

import pytest

from crossmargin.model.account import AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.order import OrderType, Side
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.store.canonical import canonical_bytes
from crossmargin.venue import command, event
from crossmargin.venue.command import TimeInForce, Trigger
from crossmargin.venue.decide import decide
from crossmargin.venue.fold import fold
from crossmargin.venue.refusal import Code
from crossmargin.venue.settings import Filters, Limits, VenueSettings
from crossmargin.venue.state import State
from tests.unit.venue.stage import RULES

D = Decimal
BTC, NOW = "BTCUSDT", 1000
RULEBOOK = load_rulebook("binance-usdm")
SETTINGS = VenueSettings(
    filters={
        BTC: Filters(tick=D("0.1"), lot=D("0.001"), notional_min=D(100), band_fraction=D("0.5"))
    },
    limits={BTC: Limits(open_interest_max=D(1_000_000))},
)
CODES_OF_THE_RUNTIME = {Code.DUPLICATE_OTHER_CONTENT, Code.QUEUE_FULL}
"""Given before the venue is asked: tests/unit/runtime/test_loop.py."""


def by(account, kind, **fields):
    return kind(at_ms=fields.pop("at_ms", NOW), account=account, **fields)


def order(size="0.01", price="49000", *, account="alice", **fields):
    return by(
        account,
        command.PlaceOrder,
        symbol=fields.pop("symbol", BTC),
        size=D(size),
        price=None if price is None else D(price),
        **fields,
    )


def funding(rate, symbol=BTC):
    return command.SettleFunding(at_ms=NOW, symbol=symbol, rate=D(rate))


def money(kind, amount, asset="USDT", account="alice", **fields):
    return by(account, kind, asset=asset, amount=D(amount), **fields)


@pytest.fixture
def busy():
    """Alice is long 0.1 and has a bid, bob is short, carol has isolated, the maker quotes."""
    state = State(RULEBOOK, SETTINGS)
    seen = {"source": "feed", "index": D(50_000), "mark": D(50_000), "last": D(50_000)}
    for asked in (
        *(by(name, command.OpenAccount) for name in ("alice", "bob", "carol")),
        by("maker", command.OpenAccount, is_maker=True),
        *(money(command.Deposit, 3000, account=name) for name in ("alice", "bob", "carol")),
        money(command.Deposit, 1_000_000, account="maker"),
        command.Observe(at_ms=NOW, symbol=BTC, **seen),
        command.ObserveAsset(at_ms=NOW, asset="USDT", source="feed", price=D(1)),
        by(
            "maker",
            command.Quote,
            symbol=BTC,
            levels=(command.Level(D(49_990), D(5)), command.Level(D(50_010), D(-5))),
        ),
        by("carol", command.SetMarginMode, symbol=BTC, mode=MarginMode.ISOLATED),
        order("0.1", None, type=OrderType.MARKET),
        order("-0.1", None, type=OrderType.MARKET, account="bob"),
        order("0.01", None, type=OrderType.MARKET, account="carol"),
        order(client_id="mine"),
    ):
        assert not any(isinstance(one, event.Refused) for one in decide(state, asked)), asked
    return state


BAD = {
    "a size that is no number": (order("NaN"), Code.BAD_NUMBER),
    "a size without end": (order("Infinity"), Code.BAD_NUMBER),
    "an absurd size": (order("1E+30"), Code.BAD_NUMBER),
    "a size of nothing": (order("0"), Code.BAD_NUMBER),
    "a price below zero": (order(price="-1"), Code.BAD_NUMBER),
    "a deposit below zero": (money(command.Deposit, -1), Code.BAD_NUMBER),
    "a withdrawal of nothing": (money(command.Withdraw, 0), Code.BAD_NUMBER),
    "a time before now": (order(at_ms=NOW - 1), Code.TIME_GOES_BACK),
    "an account that is not there": (order(account="nobody"), Code.UNKNOWN_ACCOUNT),
    "an account that is there": (by("alice", command.OpenAccount), Code.ACCOUNT_EXISTS),
    "a stranger's money": (money(command.Transfer, 1, to="bob"), Code.NOT_FAMILY),
    "quotes of no maker": (
        by("alice", command.Quote, symbol=BTC, levels=()),
        Code.NOT_A_MAKER,
    ),
    "a leverage above the limit": (
        by("bob", command.SetLeverage, symbol=BTC, leverage=D(1000)),
        Code.LEVERAGE_TOO_HIGH,
    ),
    "margin of a position that is not there": (
        by("carol", command.MoveMargin, symbol="ETHUSDT", amount=D(1)),
        -4049,
    ),
    "a symbol that is not there": (order(symbol="NOSUCHUSDT"), Code.UNKNOWN_SYMBOL),
    "an order that is not there": (
        by("alice", command.CancelOrder, order_id=999),
        Code.UNKNOWN_ORDER,
    ),
    "somebody else's order": (
        by("bob", command.CancelOrder, order_client_id="mine"),
        Code.UNKNOWN_ORDER,
    ),
    "a price between ticks": (order(price="49000.05"), Code.BAD_PRICE_STEP),
    "a size between lots": (order("0.0005"), Code.BAD_SIZE_STEP),
    "too small a notional": (order("0.001", "49000"), Code.NOTIONAL_TOO_SMALL),
    "a price far away": (order(price="500000"), Code.PRICE_OUT_OF_BAND),
    "a side in one-way mode": (order(side=Side.LONG), Code.WRONG_SIDE),
    "a reduction that adds": (order(reduce_only=True), Code.REDUCE_ONLY_REJECTED),
    "post-only that trades": (
        order(price="50010", time_in_force=TimeInForce.GTX),
        Code.WOULD_TRADE_AT_ONCE,
    ),
    "fill-or-kill that cannot": (
        order("0.2", "49995", time_in_force=TimeInForce.FOK),
        Code.CANNOT_FILL_WHOLE,
    ),
    "a stop that is reached": (
        order(
            "-0.01",
            None,
            type=OrderType.STOP_MARKET,
            trigger_price=D(51_000),
            trigger=Trigger.MARK,
        ),
        Code.WOULD_TRIGGER_AT_ONCE,
    ),
    "a limit order without a price": (order(price=None), Code.MISSING_PRICE),
    "a client's id in use": (order(client_id="mine"), Code.DUPLICATE_CLIENT_ID),
    "more than the ladder allows at the leverage": (order("5000"), Code.NOTIONAL_TOO_LARGE),
    "more than may be open": (order("21", account="maker"), Code.OPEN_INTEREST_TOO_LARGE),
    "more than can be afforded": (order("5"), Code.MARGIN_INSUFFICIENT),
    "money that margin holds": (money(command.Withdraw, 2900), Code.MARGIN_INSUFFICIENT),
    "more than there is": (money(command.Withdraw, 4000), Code.BALANCE_INSUFFICIENT),
    "an asset one has not": (
        money(command.Withdraw, 1, asset="BTC"),
        Code.BALANCE_INSUFFICIENT,
    ),
    "an asset for itself": (money(command.Convert, 1, to="USDT"), Code.NOTHING_TO_CONVERT),
    "a funding rate of more than all": (funding("1"), Code.BAD_NUMBER),
    "a funding rate that is no number": (funding("NaN"), Code.BAD_NUMBER),
    "funding of no perpetual": (funding("0.01", "BTCUSDT_261225"), Code.UNKNOWN_SYMBOL),
    "resuming what runs": (command.Resume(at_ms=NOW), Code.NOT_HALTED),
    # The venue's own words for switching, as its rulebook has them.
    "isolated with a position": (
        by("alice", command.SetMarginMode, symbol=BTC, mode=MarginMode.ISOLATED),
        -4047,
    ),
    "hedge mode with a position": (
        by("bob", command.SetPositionMode, mode=PositionMode.HEDGE),
        -4068,
    ),
    "margin of a cross position": (
        by("alice", command.MoveMargin, symbol=BTC, amount=D(1)),
        -4049,
    ),
    "multi-assets with isolated": (
        by("carol", command.SetAssetsMode, mode=AssetsMode.MULTI),
        -4167,
    ),
}


LATER = NOW + 1_000_000
"""So much later that trading has halted for want of prices."""


def paused(_state):
    """Nobody has said anything since, not even the clock."""


def blind(state):
    decide(state, command.Tick(at_ms=LATER))


def priceless(state):
    fold(state, event.PriceSet(symbol=BTC, index=None, mark=None, last=None))


def paid(state):
    decide(state, funding("0.0001"))


def halted(state):
    decide(state, command.Halt(at_ms=NOW, reason="a drill"))


def cancelling(state):
    decide(state, command.Halt(at_ms=NOW, reason="a drill", is_cancel_only=True))


def cooked(state):
    halted(state)
    state.purses["fees", "USDT"] += 1


def unmarked(state):
    # By hand, because a market that had prices is never without a mark again.
    state.accounts["alice"].balances["NOSUCH"] = D(1)
    assert not decide(state, by("alice", command.CancelAll))[1:]
    state.accounts["alice"].assets_mode = AssetsMode.MULTI
    state.accounts["alice"].changed()


IN_TROUBLE = {
    "an order after a long pause": (paused, order(at_ms=LATER), Code.HALTED),
    "an order once the pause was noticed": (blind, order(at_ms=LATER), Code.HALTED),
    "an order without a mark": (priceless, order(), Code.PRICES_UNUSABLE),
    "an order while halted": (halted, order(), Code.HALTED),
    "an order while cancel-only": (cancelling, order(), Code.CANCEL_ONLY),
    "funding twice": (paid, funding("0.0001"), Code.ALREADY_SETTLED),
    "funding without a mark": (priceless, funding("0.0001"), Code.PRICES_UNUSABLE),
    "resuming at old prices": (halted, command.Resume(at_ms=LATER), Code.PRICES_UNUSABLE),
    "resuming with cooked books": (cooked, command.Resume(at_ms=NOW), Code.BOOKS_DO_NOT_BALANCE),
    "an order of unknown health": (unmarked, order(), Code.HEALTH_UNKNOWN),
}


def refused_of(state, asked):
    before = canonical_bytes(state)
    [refused] = decide(state, asked)
    assert isinstance(refused, event.Refused), refused
    assert refused.reason
    if asked.at_ms == NOW:
        assert before == canonical_bytes(state)
    return refused.code


@pytest.mark.parametrize(("asked", "code"), BAD.values(), ids=BAD)
def test_it_is_refused_by_name_and_nothing_has_changed(busy, asked, code):
    assert code == refused_of(busy, asked)


@pytest.mark.parametrize(("trouble", "asked", "code"), IN_TROUBLE.values(), ids=IN_TROUBLE)
def test_so_it_is_when_the_venue_is_in_trouble(busy, trouble, asked, code):
    trouble(busy)
    assert code == refused_of(busy, asked)


def test_modes_that_a_venue_lacks_or_blocks_without_a_code_of_its_own():
    deribit = State(load_rulebook("deribit"), VenueSettings())
    decide(deribit, by("alice", command.OpenAccount))
    symbol = next(iter(deribit.rulebook.contracts))
    isolate = by("alice", command.SetMarginMode, symbol=symbol, mode=MarginMode.ISOLATED)
    assert refused_of(deribit, isolate) == Code.NO_SUCH_MODE

    toy = State(RULES, VenueSettings())
    held = event.PositionChanged(
        account="alice", position=Position(BTC, D(1), D(100)), side=Side.LONG, why="given"
    )
    decide(toy, by("alice", command.OpenAccount))
    fold(toy, held)
    isolate = by("alice", command.SetMarginMode, symbol=BTC, mode=MarginMode.ISOLATED)
    assert refused_of(toy, isolate) == Code.MODE_BLOCKED
    add = by("alice", command.MoveMargin, symbol=BTC, amount=D(1))
    assert refused_of(toy, add) == Code.NO_ISOLATED_POSITION


def test_every_code_there_is_is_in_the_tables():
    tried = {code for _, code in BAD.values()} | {code for *_, code in IN_TROUBLE.values()}
    tried |= {Code.NO_SUCH_MODE, Code.MODE_BLOCKED, Code.NO_ISOLATED_POSITION}
    assert tried >= set(Code) - CODES_OF_THE_RUNTIME
