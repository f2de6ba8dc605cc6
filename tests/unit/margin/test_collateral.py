"""What balances are worth in a pool of several assets."""

from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.margin.assess import assess
from crossmargin.margin.collateral import Rates, available, exchange_rates, rates, worth
from crossmargin.model.account import Account, AssetsMode, Position
from crossmargin.model.market import Market
from crossmargin.money import exact
from crossmargin.rulebooks.schema import Collateral
from tests.toys import book, linear, one_tier

D = Decimal
COIN = Collateral(D("0.05"), D("0.10"))
STABLE = Collateral(D("0"), D("0"), is_stable=True)


def test_amounts_held_convert_below_the_index_and_debts_above():
    assert Rates(D(57_000), D(66_000)) == rates(D(60_000), COIN)


def test_the_venues_own_exchange_has_its_own_buffers():
    collateral = Collateral(D("0.10"), D("0.10"), False, D("0.05"), D("0.02"))

    assert Rates(D(95), D(102)) == exchange_rates(D(100), collateral)


def test_exchange_rates_are_unknown_where_their_buffers_are():
    assert exchange_rates(D(100), COIN) is None


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        pytest.param("2", "190", id="an amount held, at the bid rate"),
        pytest.param("-2", "-220", id="a debt, at the ask rate"),
        pytest.param("0", "0", id="nothing"),
    ],
)
def test_worth_of(amount, expected):
    assert D(expected) == worth(D(amount), rates(D(100), COIN))


def test_what_free_margin_covers_of_an_asset_rounds_down():
    found = exact(available)(D(1), Rates(D(3), D(3)))

    assert Fraction(found) * 3 < 1
    assert D("0.3333") < found


def pool_of(balances: dict[str, str], *positions: str, index: str = "20000"):
    """Return the pool of an account in USDT and BTC, with positions "0.1 @ 20000 mark 19000"."""
    held, mark = [], D(20_000)
    for text in positions:
        size, _, entry, _, price = text.split()
        held.append(Position("BTCUSDT", D(size), D(entry)))
        mark = D(price)
    account = Account(
        {asset: D(amount) for asset, amount in balances.items()},
        tuple(held),
        leverage={"BTCUSDT": D(10)},
        assets_mode=AssetsMode.MULTI,
    )
    market = Market({"BTCUSDT": mark}, {"USDT": D(1), "BTC": D(index)})
    collateral = {"USDT": Collateral(D("0.01"), D("0.02")), "BTC": COIN, "USDC": STABLE}
    contract = (linear("BTCUSDT"), one_tier("0.01"))
    return assess(account, market, book(contract, collateral=collateral)).pool


@pytest.mark.parametrize(
    ("balances", "equity"),
    [
        pytest.param({"USDT": "1000"}, "990", id="one asset"),
        pytest.param({"USDT": "1000", "BTC": "0.1"}, "2890", id="two assets"),
        pytest.param({"USDT": "-1000", "BTC": "0.1"}, "880", id="a debt in one of them"),
        pytest.param({"USDT": "1000", "BTC": "-0.01"}, "770", id="a debt in the other"),
        pytest.param({"USDT": "1000", "USDC": "0"}, "990", id="an empty balance needs no index"),
    ],
)
def test_the_pool_is_the_sum_of_what_its_balances_are_worth(balances, equity):
    assert D(equity) == pool_of(balances).health.equity


def test_profit_is_netted_with_the_wallet_of_its_asset_before_it_converts():
    # -500 + 600 = 100 at the bid rate; apart they would be -510 + 594.
    assert D(99) == pool_of({"USDT": "-500"}, "0.6 @ 20000 mark 21000").health.equity


def test_a_loss_beyond_the_wallet_is_a_debt():
    assert D("-510") == pool_of({"USDT": "100"}, "0.6 @ 20000 mark 19000").health.equity


def test_requirements_convert_at_the_ask_rate():
    # 12000 of notional: 1200 and 120 USDT, times 1.02.
    health = pool_of({"USDT": "2000"}, "0.6 @ 20000 mark 20000").health

    assert (D(1_224), D("122.4")) == (health.initial_margin, health.maintenance_margin)


def test_a_depeg_shrinks_the_pool():
    before, after = (pool_of({"BTC": "0.1"}, index=index) for index in ("20000", "15000"))

    assert [D(1_900), D(1_425)] == [before.health.equity, after.health.equity]
