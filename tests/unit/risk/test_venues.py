"""Accounts carried from one venue to another: the same coins, the same profit, or a reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crossmargin.errors import UsageError
from crossmargin.margin.assess import assess
from crossmargin.margin.pnl import notional_and_pnl
from crossmargin.model.account import Account, AssetsMode, MarginMode, Position, PositionMode
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Order
from crossmargin.money import CONTEXT, exact
from crossmargin.risk.venues.leverage import leverage_allowed
from crossmargin.risk.venues.translation import translated
from crossmargin.rulebooks.margin_rule import InitialMargin, MarginRule
from tests.toys import inverse, linear, marginal
from tests.unit.risk.venues import HOME, LADDER, WHOLE, at, contract, held, isolated, other

D = Decimal

LONG = held(("BTCUSDT", "0.3", "95000"))
MARKS = at(BTCUSDT="96000")


@pytest.mark.parametrize(
    ("instrument", "size", "asset"),
    [
        pytest.param(
            contract("BTC-USDT-SWAP", "BTC", "USDT", "0.01"), "30", "USDT", id="contracts"
        ),
        pytest.param(contract("XBTUSDT", "XBT", "USDt"), "0.3", "USDt", id="other spellings"),
        pytest.param(contract("BTC", "BTC", "USDC"), "0.3", "USDC", id="another dollar"),
        pytest.param(contract("PF_XBTUSD", "XBT", "USD"), "0.3", "USD", id="dollars themselves"),
    ],
)
def test_a_position_keeps_its_coins_in_the_venues_contract(instrument, size, asset):
    over = translated(LONG, MARKS, HOME, other((instrument, LADDER)))

    assert (Position(instrument.symbol, D(size), D(95000)),) == over.account.positions
    assert {asset: D(1000)} == over.account.balances
    assert {instrument.symbol: D(96000)} == over.market.marks
    assert {"BTCUSDT": instrument.symbol} == over.symbols


def test_names_that_count_more_coins_have_smaller_prices():
    # 5 × 1000 PEPE at 0.012 is 5,000 PEPE at 0.000012.
    account, market = held(("1000PEPEUSDT", "5", "0.011")), at(_1000PEPEUSDT="0.012")
    account = replace(account, orders=(Order("1000PEPEUSDT", D(1), D("0.01")),))
    over = translated(account, market, HOME, other((contract("PEPE", "PEPE", "USDT"), LADDER)))

    assert (Position("PEPE", D(5000), D("0.000011")),) == over.account.positions
    assert (Order("PEPE", D(1000), D("0.00001")),) == over.account.orders
    assert {"PEPE": D("0.000012")} == over.market.marks


def test_inverse_contracts_keep_their_dollars():
    account = Account({"BTC": D(1)}, (Position("BTCUSD", D(7), D(90000)),))
    venue = other((contract("XBTUSD", "XBT", "XBT", "1", Kind.INVERSE_PERPETUAL), LADDER))
    over = translated(account, at(BTCUSD="96000"), HOME, venue)

    assert (Position("XBTUSD", D(700), D(90000)),) == over.account.positions
    assert {"XBT": D(1)} == over.account.balances


MULTIPLIERS = st.sampled_from(["1", "0.01", "0.001", "10", "100", "3", "0.7"]).map(D)
NAMES = st.sampled_from(["1000PEPE", "kPEPE", "PEPE", "1MPEPE"])
SIZES = st.decimals("-1000000", "1000000", places=8).filter(bool)
PRICES = st.decimals("0.00000001", "100000", places=8)


@given(MULTIPLIERS, MULTIPLIERS, NAMES, NAMES, SIZES, PRICES, PRICES, st.booleans())
def test_there_and_back_keeps_coins_and_profit(
    mine, theirs, name, there, size, entry, mark, is_inv
):
    kind = Kind.INVERSE_PERPETUAL if is_inv else Kind.LINEAR_PERPETUAL
    settles = (name, there) if is_inv else ("USDT", "USDC")
    first = other((Instrument("HERE", kind, settles[0], name, mine), LADDER), name="here")
    second = other((Instrument("THERE", kind, settles[1], there, theirs), LADDER))
    account = Account({settles[0]: D(1)}, (Position("HERE", size, entry),))
    market = Market({"HERE": mark})
    over = translated(account, market, first, second)
    back = translated(over.account, over.market, second, first)

    (position,) = back.account.positions
    assert abs(size) <= abs(position.size) <= abs(size) * (1 + D("1e-40"))
    assert (entry, mark) == (position.entry_price, back.market.marks["HERE"])
    if not is_inv:
        (carried,) = over.account.positions
        own = worth(account.positions[0], mark, first.contracts["HERE"].instrument)
        other_side = worth(
            carried, over.market.marks["THERE"], second.contracts["THERE"].instrument
        )
        for before, after in zip(own, other_side, strict=True):
            assert abs(after - before) <= abs(before) * D("1e-40")


@exact
def worth(position, mark, instrument):
    return notional_and_pnl(position.size, position.entry_price, mark, instrument)


def test_the_same_settle_asset_is_preferred_then_a_known_ladder():
    usdt, usdc = linear("BTCUSDT"), linear("BTCUSDC", settle="USDC")
    perp = contract("BTCPERP", "BTC", "USDC")
    of_usdc = Account({"FDUSD": D(1)}, (Position("BTCFDUSD", D(1), D(1)),))
    home = other((linear("BTCFDUSD", settle="FDUSD"), LADDER))

    same = translated(LONG, MARKS, HOME, other((usdc, LADDER), (usdt, None)))
    known = translated(of_usdc, Market(), home, other((usdt, None), (perp, LADDER)))
    inside = translated(of_usdc, Market(), home, other((usdc, None), (perp, LADDER)))

    assert "BTCUSDT" == same.symbols["BTCUSDT"]
    assert "BTCPERP" == known.symbols["BTCFDUSD"] == inside.symbols["BTCFDUSD"]


def test_positions_that_share_a_wallet_go_on_sharing_one():
    both = held(("BTCUSDT", "1", "1"), ("ETHUSDT", "1", "1"))
    pair = ((linear("BTCUSDT"), LADDER), (linear("BTCUSDC", settle="USDC"), LADDER))
    eth = (linear("ETHUSDC", settle="USDC"), LADDER)
    over = translated(both, Market(), HOME, other(*pair, eth))

    assert {"BTCUSDT": "BTCUSDC", "ETHUSDT": "ETHUSDC"} == over.symbols
    assert {"USDC": D(1000)} == over.account.balances
    with pytest.raises(UsageError, match="no one asset that all of BTCUSDT, ETHUSDT settle in"):
        translated(both, Market(), HOME, other(pair[0], eth))


FUTURE = Instrument("BTC-26DEC25", Kind.LINEAR_FUTURE, "USDC", "BTC")
LATER = Instrument("BTC-27MAR26", Kind.LINEAR_FUTURE, "USDC", "BTC")
HEDGED = held(("BTCUSDT", "1", "1"), ("BTCUSDT", "-1", "1"), position_mode=PositionMode.HEDGE)
BTC = (linear("BTCUSDT"), LADDER)


def test_a_future_goes_to_one_of_the_same_day():
    account = held(("BTCUSDT_251226", "1", "1"))
    over = translated(account, Market(), HOME, other((LATER, LADDER), (FUTURE, LADDER)))

    assert "BTC-26DEC25" == over.symbols["BTCUSDT_251226"]


@pytest.mark.parametrize(
    ("account", "venue", "reason"),
    [
        (LONG, other((inverse("BTCUSD"), LADDER)), "no linear perpetual of BTC in its rulebook"),
        (
            held(("BTCUSDT_251226", "1", "1")),
            other((LATER, LADDER), BTC),
            "no linear future of 2025-12-26 of BTC in its rulebook",
        ),
        (HEDGED, other(BTC, position_modes=("one-way",)), "no hedge position mode"),
        (
            Account({"USDT": D(9)}, (isolated("BTCUSDT", "1", "1", "1"),)),
            other(BTC, assets_modes=("multi",)),
            "no isolated positions in multi-assets mode",
        ),
        (
            Account(
                {"USDT": D(1), "USDC": D(1)},
                (Position("BTCUSDT", D(1), D(1)), Position("BTCUSDC", D(1), D(1))),
            ),
            other((contract("BTC", "BTC", "USDC"), LADDER)),
            "BTCUSDT and BTCUSDC would be one position there",
        ),
        (
            Account({"USDT": D(-5)}, LONG.positions, assets_mode=AssetsMode.MULTI),
            other(BTC, assets_modes=("single",)),
            "no borrowing: its USDT wallet would be -5",
        ),
    ],
)
def test_what_a_venue_cannot_hold_is_refused_with_the_reason(account, venue, reason):
    with pytest.raises(UsageError) as refused:
        translated(account, Market(), HOME, venue)

    assert reason == str(refused.value)


def test_options_stay_where_they_are():
    option = Instrument("BTC-26DEC25-1-C", Kind.LINEAR_OPTION, "USDC", "BTC")
    home = other((option, None))
    account = Account({"USDC": D(1)}, (Position(option.symbol, D(1), D(1)),))

    with pytest.raises(UsageError, match="is an option, which is not carried"):
        translated(account, Market(), home, other(BTC))


def test_buckets_modes_and_orders_are_kept():
    account = Account(
        {"USDT": D(100)},
        (isolated("BTCUSDT", "1", "90", "20"),),
        (Order("ETHUSDT", D(2), D(5)),),
        margin_mode={"ETHUSDT": MarginMode.ISOLATED},
    )
    venue = other(BTC, (contract("ETH", "ETH", "USDT", "0.1"), LADDER))
    over = translated(account, Market(), HOME, venue)

    assert account.positions == over.account.positions
    assert (Order("ETH", D(20), D(5)),) == over.account.orders
    assert {"ETH": MarginMode.ISOLATED} == over.account.margin_mode
    assert any("Open orders" in sentence for sentence in over.common)


def test_par_is_said_only_where_dollars_are_renamed():
    same = translated(LONG, MARKS, HOME, other(BTC))
    renamed = translated(LONG, MARKS, HOME, other((contract("BTC", "BTC", "USDC"), LADDER)))

    assert not [sentence for sentence in same.common if "at par" in sentence]
    assert [sentence for sentence in renamed.common if "at par" in sentence]


def test_dollars_nobody_settles_in_join_the_wallet_of_a_venue_that_has_none_of_them():
    account = replace(LONG, balances={"USDT": D(1000), "USDC": D(5)})
    over = translated(account, MARKS, HOME, other((contract("BTC", "BTC", "USD"), LADDER)))

    assert {"USD": D(1005)} == over.account.balances
    assert ("USDT and USDC are one USD wallet.",) == over.said


def test_a_pool_of_all_assets_says_what_its_prices_are():
    # 1 BTC of the wallet counts 96,000 USD, the dollars as themselves.
    account = replace(LONG, balances={"USDT": D(1000), "BTC": D(1)})
    venue = other(BTC, assets_modes=("multi",)).with_collateral({"USDT": WHOLE, "BTC": WHOLE})
    over = translated(account, MARKS, HOME, venue)
    found = assess(over.account, over.market, venue)

    assert D(97300) == found.pool.health.equity
    assert (
        "There is no single-asset mode: all collateral backs all positions.",
        "The index of USDT is not given: it is 1 USD.",
        "The index of BTC is not given: it is the mark of BTCUSDT.",
    ) == over.said


def test_without_a_common_pool_other_assets_back_nothing_and_that_is_said():
    account = replace(LONG, balances={"USDT": D(1000), "BTC": D(1)}, assets_mode=AssetsMode.MULTI)
    over = translated(account, MARKS, HOME, other(BTC, assets_modes=("single",)))

    assert AssetsMode.SINGLE is over.account.assets_mode
    assert "BTC backs nothing there." in over.said


TIERED = marginal(("0", "0.01"), ("10000", "0.02"), ("50000", "0.04"))
CAPPED = replace(
    TIERED,
    pieces=tuple(
        replace(piece, leverage_max=D(leverage))
        for piece, leverage in zip(TIERED.pieces, (50, 25, 12), strict=True)
    ),
)


@pytest.mark.parametrize(
    ("setting", "size", "allowed"),
    [("10", "0.3", "10"), ("40", "0.3", "25"), ("40", "0.1", "40"), ("100", "1", "12")],
)
def test_leverage_is_kept_where_the_tier_allows_it(setting, size, allowed):
    # At 96,000: 0.1 is in the first tier, 0.3 in the second, 1 in the third.
    account = held(("BTCUSDT", size, "95000"), leverage={"BTCUSDT": D(setting)})
    over = translated(account, MARKS, HOME, other((linear("BTCUSDT"), CAPPED)))
    sentence = f"Leverage is what its tiers allow: BTCUSDT {allowed}x instead of {setting}x."

    assert {"BTCUSDT": D(allowed)} == over.account.leverage
    assert (() if setting == allowed else (sentence,)) == over.said


def test_the_venues_default_is_within_the_tier_too():
    # The toy venue starts with 20; 96,000 of notional is in the tier that allows 12.
    account = held(("BTCUSDT", "1", "95000"))
    over = translated(account, MARKS, HOME, other((linear("BTCUSDT"), CAPPED)))

    assert {"BTCUSDT": D(12)} == over.account.leverage
    assert ("Leverage is what its tiers allow: BTCUSDT 12x instead of 20x.",) == over.said


def test_a_default_that_the_tier_allows_is_left_to_the_venue():
    over = translated(LONG, MARKS, HOME, other((linear("BTCUSDT"), CAPPED)))

    assert {} == over.account.leverage


def test_a_venue_that_counts_no_leverage_says_so():
    account = held(("BTCUSDT", "1", "1"), leverage={"BTCUSDT": D(5)})
    rule = MarginRule(initial=InitialMargin.MULTIPLE, initial_multiple=D(2))
    over = translated(account, Market(), HOME, other(BTC, margin=rule))

    assert over.said[0].startswith("Leverage is not counted")


@pytest.mark.parametrize(
    ("sizes", "mark", "allowed"),
    [((), "100", 50), (("1",), None, 50), (("1", "-600"), "100", 12), (("1",), "100", 50)],
)
def test_the_largest_size_says_which_leverage_is_allowed(sizes, mark, allowed):
    found = HOME.with_contracts({}).contracts["BTCUSDT"]
    mark_price = None if mark is None else D(mark)

    assert D(allowed) == leverage_allowed(
        [D(size) for size in sizes], replace(found, tiers=CAPPED), mark_price
    )
    assert leverage_allowed([], replace(found, tiers=None), mark_price) is None


def test_the_callers_decimal_context_does_not_matter():
    assert CONTEXT.prec > 28
    account = held(("BTCUSDT", "0.123456789012345678", "95000.123456789012345678"))
    over = translated(
        account, MARKS, HOME, other((contract("SWAP", "BTC", "USDT", "0.0001"), LADDER))
    )

    assert D("1234.56789012345678") == over.account.positions[0].size
