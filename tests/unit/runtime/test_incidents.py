"""What happened elsewhere: each story holds by one rule, and without that rule somebody loses.

The stories themselves are played with the other examples; here the rule is switched off in the
settings of the same file.
"""

from decimal import Decimal

import pytest

from crossmargin.files.story import parse_story
from crossmargin.runtime.facts import History, fact
from crossmargin.runtime.story import play
from crossmargin.venue.decide import decide
from tests import source

D = Decimal


def without(name, *changes, more=""):
    """Play an incident without its expectations and with parts of its text replaced."""
    text = source.text(f"examples/stories/{name}.toml")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    kept = [part for part in text.split("\n\n") if "[[expect]]" not in part]
    went = play(parse_story("\n\n".join([*kept, more]), name), decide)
    assert () == went.broken
    return went.state


def near(amount):
    """Return `amount` but for what roundings cost whoever pays them."""
    return pytest.approx(D(amount), abs=D("0.000001"))


def of(state, path):
    """Return a number that is true in the end."""
    return D(fact(path, state, History()))


PROFIT_LEAVES = ("profit_leaves_fraction = 0", "profit_leaves_fraction = 1")
NO_CAP = ('open_interest_max = "5000000"', "")


def test_mango_without_a_cap_and_with_profit_as_collateral_costs_the_others_what_he_took():
    state = without("mango", NO_CAP, PROFIT_LEAVES)

    # He brought 5 M and took 110 M, and is gone: bankrupt, with nothing left.
    assert D(0) == of(state, "accounts.buyer.wallet.USDT")
    assert near(1_000_000_000 - 105_000_000) == of(state, "accounts.maker.equity")
    assert near(1_000_000) == of(state, "fund.USDT")


def test_mango_without_a_cap_makes_a_profit_that_still_does_not_leave():
    state = without("mango", NO_CAP)

    # What the buyer, the makers and the fund have brought is all still there.
    assert D(-5_000_000 - 1_000_000_000 - 1_000_000) == of(state, "outside.USDT")


GROWTH = ('open_interest_caps = ["40000000", "100000000"]', "")
CAPITAL = ('fund_capital = "2000000"', "")
LATER = '[[step]]\nat = "52:01:00"\ndo = "mark"\nsymbol = "YFI-USD"\nprice = "7409"\n'


def test_yfi_without_growing_margin_and_a_capital_empties_the_fund():
    state = without("yfi", GROWTH, CAPITAL, more=LATER)

    # 4,000 at 10,000 and 2,000 at 13,001 sold at 7,409: 21.548 M lost, 5 M of them the whale's.
    assert near(22_000_000 - 16_548_000) == of(state, "fund.USDC")


def test_yfi_with_a_capital_alone_costs_the_fund_nothing():
    assert near(22_000_000) == of(without("yfi", GROWTH, more=LATER), "fund.USDC")


def test_jelly_without_a_capital_of_its_own_has_the_whole_fund_behind_it():
    state = without("jelly", ('fund_capital = "2300000"', ""), ('fund_adl_fraction = "0.5"', ""))

    # 420 M from 0.01283333 to 0.0427, but for what the little book has given back.
    assert D(-420_000_000) == pytest.approx(
        of(state, "accounts.fund.positions.JELLY.size"), rel=D("0.0002")
    )
    assert D(-12_544_000) == pytest.approx(
        of(state, "accounts.fund.positions.JELLY.unrealised_pnl"), rel=D("0.001")
    )


def test_usde_by_the_own_book_alone_liquidates_who_has_lost_nothing():
    rules = source.text("examples/stories/usde.toml")
    rules = rules[rules.index("sources_min") : rules.index("[liquidity]")]
    state = without("usde", (rules, 'sources = ["story"]\n\n'))

    assert D("1") == of(state, "index.USDE")
    assert D(0) == of(state, "accounts.holder.positions.BTCUSDT.size")
    assert D(0) == of(state, "accounts.holder.wallet.USDE")
