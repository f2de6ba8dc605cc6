"""Pegs, funding, volatility and thin books, by hand."""

from decimal import Decimal

import pytest

from crossmargin.errors import UnknownError, UsageError
from crossmargin.files.account import parse_account
from crossmargin.model.liquidity import Liquidity
from crossmargin.risk.situation import Situation, situation
from crossmargin.risk.stress.answer import stressed
from crossmargin.risk.stress.conditions import Conditions, leaving, under
from crossmargin.risk.stress.survey import Asked, surveyed
from tests.source import ROOT
from tests.unit.cli.command import ACCOUNT

D = Decimal
MULTI = (
    ACCOUNT.replace("[balances]", 'assets_mode = "multi"\n[balances]') + '[index]\nUSDT = "1"\n'
).replace("[[positions]]", "[[positions]]")
ISOLATED = ACCOUNT.replace(
    'symbol = "BTCUSDT"', 'symbol = "BTCUSDT"\nmode = "isolated"\nmargin = "5000"'
)


def of(text: str) -> Situation:
    file = parse_account(text, "account")
    return situation(file.account, file.market, file.rulebook)


def spike(rate: str, intervals: int) -> Conditions:
    return Conditions(funding_rate=D(rate), intervals=intervals)


def test_collateral_off_its_peg_counts_for_less():
    home = of(MULTI)
    there = under(home, Conditions(depegs={"USDT": D("0.9")})).start

    # Everything is in USDT: equity and requirement are nine tenths of what they were.
    before, after = home.now.pool.health, there.now.pool.health
    assert before.equity * D("0.9") == after.equity
    assert before.maintenance_margin * D("0.9") == after.maintenance_margin


def test_in_single_asset_mode_a_peg_changes_no_health_and_it_is_said():
    home = of(ACCOUNT)
    found = under(home, Conditions(depegs={"USDT": D("0.9")}))

    assert home.now.pool.health == found.start.now.pool.health
    assert "counted in its own asset" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "asset", "to", "error", "said"),
    [
        (MULTI, "USDC", "0.9", UsageError, "USDC is no collateral of the account; it has USDT"),
        (MULTI, "USDT", "0", UsageError, "a price must be above zero"),
        (
            MULTI.replace('USDT = "10000"', 'USDT = "10000"\nBTC = "1"') + 'BTC = "100000"\n',
            "BTC",
            "0.9",
            UsageError,
            "BTC has no peg",
        ),
    ],
)
def test_pegs_that_are_none(text, asset, to, error, said):
    with pytest.raises(error, match=said):
        under(of(text), Conditions(depegs={asset: D(to)}))


def test_longs_pay_funding_as_often_as_asked():
    # 0.3 % of 50,000, three times.
    found = under(of(ACCOUNT), spike("0.003", 3))

    assert {"BTCUSDT long": D(-450)} == found.payments
    assert D(9550) == found.start.now.pool.health.equity


def test_shorts_receive_it_and_pay_where_the_rate_is_negative():
    short = ACCOUNT.replace('size = "0.5"', 'size = "-0.5"')

    assert {"BTCUSDT short": D(450)} == under(of(short), spike("0.003", 3)).payments
    assert {"BTCUSDT short": D(-450)} == under(of(short), spike("-0.003", 3)).payments


def test_a_bucket_pays_for_itself():
    (bucket,) = under(of(ISOLATED), spike("0.003", 3)).start.now.buckets

    assert D(4550) == bucket.health.equity


def test_without_perpetuals_nobody_pays():
    with pytest.raises(UsageError, match="holds no perpetual"):
        under(of('venue = "binance-usdm"\n[balances]\nUSDT = "1"\n'), spike("0.003", 1))


def test_volatility_is_that_of_a_file_with_the_same_surface():
    text = (ROOT / "examples/portfolio.toml").read_text()
    higher = (
        text.replace('"0.58"', '"0.87"').replace('"0.52"', '"0.78"').replace('"0.55"', '"0.825"')
    )
    found = under(of(text), Conditions(volatility=D("1.5"))).start
    written = of(higher)

    assert written.now.pool.health.equity == pytest.approx(
        found.now.pool.health.equity, rel=D("1e-9")
    )
    # Requirements of given marks and computed ones agree within the venue's rounding.
    assert float(written.now.pool.health.maintenance_margin) == pytest.approx(
        float(found.now.pool.health.maintenance_margin), rel=1e-6
    )


def test_volatility_moves_nothing_where_there_is_no_option():
    with pytest.raises(UsageError, match="holds no options"):
        under(of(ACCOUNT), Conditions(volatility=D(2)))
    with pytest.raises(UsageError, match="must be above zero"):
        under(of(ACCOUNT), Conditions(volatility=D(0)))


def test_conditions_hold_under_a_shock():
    from crossmargin.risk.stress.shocks import Shock, ShockKind

    fall = Shock("a", ShockKind.ALL, {"BTC": D("-0.1")})
    found = stressed(of(ACCOUNT), [fall], spike("0.003", 3))
    outcome = found.outcome(0)

    # 10,000 − 450 − 5,000.
    assert D(4550) == outcome.weakest.health.equity
    (loss,) = outcome.losses
    assert (D(-5000), D(-450)) == (loss.profit, loss.funding)


def test_together_puts_them_into_one():
    asked = Asked(conditions=(spike("0.003", 3), Conditions(depegs={"USDT": D("0.9")})))
    apart = surveyed(of(MULTI), asked)
    both = surveyed(of(MULTI), Asked(conditions=asked.conditions, is_together=True))

    assert 2 == len(apart.alone)
    assert "USDT at 0.9 of its price, funding 0.3 % × 3" == both.stressed.conditions.title
    (outcome,) = both.outcomes
    assert D(9550) * D("0.9") == pytest.approx(outcome.weakest.health.equity, rel=D("0.02"))


@pytest.mark.parametrize(
    ("times", "cost"),
    # 50,000 slip by 0.02 % + 0.1 % × 0.05 and pay 0.05 % of what is left: 12.5 + 24.99375.
    [("1", "37.49375"), ("10", "149.9375")],
)
def test_leaving_costs_slippage_and_the_taker_fee(times, cost):
    found = leaving(of(ACCOUNT).now, Liquidity(), D(times))

    assert {"BTCUSDT long": D(cost)} == found.costs
    assert {"USDT": D(cost)} == found.totals


def test_leaving_options_is_not_known():
    with pytest.raises(UnknownError, match="books of options are not modelled"):
        leaving(of((ROOT / "examples/portfolio.toml").read_text()).now, Liquidity())
    with pytest.raises(UsageError, match="must be above zero"):
        leaving(of(ACCOUNT).now, Liquidity(), D(0))
