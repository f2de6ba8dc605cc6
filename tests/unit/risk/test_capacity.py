"""How many times its positions an account could carry: by hand, and by trying the next step."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.margin.assess import assess
from crossmargin.model.account import Account, Position
from crossmargin.model.instrument import Instrument, Kind, OptionTerms
from crossmargin.model.market import Market
from crossmargin.model.option import Right
from crossmargin.model.order import Order
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import exact
from crossmargin.risk.venues.capacity import STEP, Capacity, Limit, capacity, multiplied
from crossmargin.rulebooks.margin_rule import ClosingFee, MarginRule
from tests.toys import book, inverse, linear, one_tier
from tests.unit.risk.venues import isolated

D = Decimal

MARK = Market({"BTCUSDT": D(100)})
TEN = {"BTCUSDT": D(10)}


def ladder(*rows, **ends):
    """Return the ladder of (floor, rate, leverage) rows, each tier's rate for all of it."""
    return Tiers.of(
        tuple(Tier(D(floor), D(rate), D(0), D(leverage)) for floor, rate, leverage in rows), **ends
    )


PLAIN = one_tier("0.01")
STEEPER = ladder(("0", "0.01", "50"), ("500", "0.02", "5"))


def account(wallet, entry="100", *, size="1", orders=()):
    return Account({"USDT": D(wallet)}, (Position("BTCUSDT", D(size), D(entry)),), orders, TEN)


def bucket(wallet, margin):
    return Account({"USDT": D(wallet)}, (isolated("BTCUSDT", "1", "100", margin),), leverage=TEN)


@pytest.mark.parametrize(
    ("given_account", "tiers", "multiple", "limit"),
    [
        # One coin at 100 asks 10.
        pytest.param(account("1000"), PLAIN, "100", Limit.MARGIN, id="all equity used"),
        pytest.param(account("1000", size="-1"), PLAIN, "100", Limit.MARGIN, id="a short"),
        pytest.param(
            account("1000", "90"), PLAIN, "101", Limit.MARGIN, id="open profit counts once"
        ),
        pytest.param(account("1000", "150"), PLAIN, "95", Limit.MARGIN, id="open loss counts once"),
        pytest.param(account("5"), PLAIN, "0.5", Limit.MARGIN, id="too large today"),
        pytest.param(account("55", "150"), PLAIN, "0.5", Limit.MARGIN, id="losing, too large"),
        pytest.param(account("10", "150"), PLAIN, "0", Limit.MARGIN, id="nothing left"),
        pytest.param(account("10"), PLAIN, "1", Limit.MARGIN, id="exactly as it is"),
        # Above 500 leverage is 5: 100 per five coins more, so 60 ends at the floor.
        pytest.param(account("60"), STEEPER, "5", Limit.MARGIN, id="the tier's leverage"),
        pytest.param(account("1000"), STEEPER, "50", Limit.MARGIN, id="beyond the tier"),
        pytest.param(
            account("1000"), ladder(("0", "0.01", "50"), cap=D(300)), "3", Limit.CAP, id="a cap"
        ),
        pytest.param(
            account("1000"),
            ladder(("0", "0.01", "50"), known_to=D(400)),
            *("4", Limit.UNKNOWN_LADDER),
            id="the end of what is known",
        ),
        pytest.param(
            account("1000", orders=(Order("BTCUSDT", D(1), D(100)),)),
            *(PLAIN, "50", Limit.MARGIN),
            id="orders grow too",
        ),
        pytest.param(
            bucket("100", "10"), PLAIN, "10", Limit.MARGIN, id="the wallet fills a bucket"
        ),
        pytest.param(bucket("100", "60"), PLAIN, "10", Limit.MARGIN, id="a full bucket"),
    ],
)
def test_the_largest_multiple_by_hand(given_account, tiers, multiple, limit):
    rulebook = book((linear("BTCUSDT"), tiers))

    assert Capacity(D(multiple), limit) == capacity(given_account, MARK, rulebook)


@pytest.mark.parametrize(
    ("size", "margin", "multiple"),
    [
        # m = 950 k + fee, the fee of closing at bankruptcy f (9,500 k ± m) ÷ (1 ± f), f = 0.055 %.
        # Short: m = k (950 (1 + f) + 9,500 f) = 955.7475 k; 10,000 ÷ 955.7475 = 10.46301.
        pytest.param("-0.1", "960", "10.463", id="a short"),
        # Long: m = k (950 (1 − f) + 9,500 f) = 954.7025 k; 10,000 ÷ 954.7025 = 10.47446.
        pytest.param("0.1", "960", "10.4744", id="a long"),
    ],
)
def test_a_bucket_whose_filling_moves_its_own_closing_fee(size, margin, multiple):
    held = Account({"USDT": D(10_000)}, (isolated("BTCUSDT", size, "95000", margin),), leverage=TEN)
    fee = MarginRule(closing_fee=ClosingFee.BANKRUPTCY, closing_fee_rate=D("0.00055"))
    rulebook = replace(book((linear("BTCUSDT"), one_tier("0.005"))), margin=fee)

    found = capacity(held, Market({"BTCUSDT": D(95_000)}), rulebook)

    assert Capacity(D(multiple), Limit.MARGIN) == found


def test_inverse_contracts_in_coins():
    # 10 contracts of 100 USD at 1,000 are 1 BTC, and ask a tenth of it.
    rulebook = book((inverse("BTCUSD"), PLAIN))
    held = Account({"BTC": D(1)}, (Position("BTCUSD", D(10), D(1000)),), (), {"BTCUSD": D(10)})

    found = capacity(held, Market({"BTCUSD": D(1000)}), rulebook)

    assert Capacity(D(10), Limit.MARGIN) == found


def test_who_is_asked_for_nothing_carries_whatever_there_is():
    rulebook = book((linear("BTCUSDT"), one_tier("0.00000000000001")))
    free = replace(account("1000000"), leverage={"BTCUSDT": D(10) ** 12})

    assert Limit.NONE is capacity(free, MARK, rulebook).limit


OPTION = Instrument(
    *("BTC-1JAN27-1-C", Kind.LINEAR_OPTION, "USDC", "BTC"),
    option=OptionTerms(Right.CALL, D(1), 0, "BTC-1JAN27"),
)


@pytest.mark.parametrize(
    ("given_account", "market"),
    [
        (Account({"USDT": D(1)}), MARK),
        (account("1", size="0"), MARK),
        (account("1"), Market()),
        (Account({}, (Position(OPTION.symbol, D(1), D(1)),)), Market({OPTION.symbol: D(1)})),
        (Account({}, (Position("ETHUSDT", D(1), D(1)),)), Market({"ETHUSDT": D(1)})),
    ],
    ids=["nothing held", "a size of zero", "no mark", "an option", "no ladder"],
)
def test_there_is_no_multiple(given_account, market):
    rulebook = book((linear("BTCUSDT"), PLAIN), (OPTION, None), (linear("ETHUSDT"), None))

    assert capacity(given_account, market, rulebook) is None


AMOUNTS = st.decimals("0.01", "100000", places=2)
COINS = st.decimals("-100", "100", places=3).filter(bool)
BOOK = book((linear("BTCUSDT"), STEEPER), (linear("ETHUSDT"), PLAIN), (inverse("BTCUSD"), PLAIN))


@st.composite
def worlds(draw):
    """Return a cross account with one to three positions, and its market."""
    symbols = draw(st.sets(st.sampled_from(["BTCUSDT", "ETHUSDT", "BTCUSD"]), min_size=1))
    held = tuple(Position(symbol, draw(COINS), draw(AMOUNTS)) for symbol in sorted(symbols))
    leverage = {symbol: D(draw(st.integers(1, 50))) for symbol in symbols}
    balances = {asset: draw(AMOUNTS) for asset in ("USDT", "BTC")}
    return (
        Account(balances, held, leverage=leverage),
        Market({symbol: draw(AMOUNTS) for symbol in symbols}),
    )


@exact
def fits(world, multiple):
    """Return whether initial margin fits at `multiple`, by one assessment."""
    held, market = world
    found = assess(multiplied(held, market, BOOK, multiple), market, BOOK)
    return all(
        unit.health.equity >= unit.health.initial_margin and not unit.is_liquidatable
        for unit in found.units
    )


@given(worlds())
def test_it_fits_at_the_answer_and_not_one_step_further(world):
    found = capacity(*world, BOOK)

    assert not found.multiple % STEP
    if found.limit is Limit.NONE:
        assert fits(world, found.multiple)
        return
    assert not found.multiple or fits(world, found.multiple)
    assert not fits(world, found.multiple + STEP)


@given(worlds(), st.decimals("0", "50", places=4))
def test_equity_stays_whatever_the_multiple(world, multiple):
    held, market = world
    before = assess(held, market, BOOK)
    after = assess(multiplied(held, market, BOOK, multiple), market, BOOK)

    for one, other in zip(before.pools, after.pools, strict=True):
        assert one.health.equity == other.health.equity
