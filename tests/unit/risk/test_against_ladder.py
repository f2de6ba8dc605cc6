"""Ladders beside plans on the same prices: a crash and its recovery, by hand."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import UnknownError
from crossmargin.model.liquidity import Liquidity
from crossmargin.model.market import Market
from crossmargin.risk.derisk.against_ladder import against_ladder, markets_along
from tests import toys

D = Decimal
BOOK = toys.book((toys.linear("AUSDT"), toys.one_tier("0.1")))
ACCOUNT = toys.account(200, toys.held("AUSDT", 10))
FREE = Liquidity(D(0), D(0), D(0))
PATH = [Market({"AUSDT": D(price)}) for price in ("100", "88.8", "100")]


def test_a_plan_keeps_what_a_takeover_takes():
    # At 88.8 there are 88 left, and 88.8 asked. The ladder has no lower tier, so all is taken.
    # 10 − 88 ÷ 8.88 = 0.09009009 is enough to live, and 9.9099099 × 11.2 are won back.
    found = against_ladder(ACCOUNT, PATH, BOOK, FREE, (D(1), D("0.5")))

    assert D(200) == found.start
    assert (D(0), 1, 1) == (found.ladder.equity, found.ladder.liquidations, found.ladder.takeovers)
    assert D("198.99099088") == found.plans[D(1)].equity
    # 88 ÷ 17.76 may stay: 4.95495495 × 11.2.
    assert D("143.49549544") == found.plans[D("0.5")].equity
    assert {0} == {one.takeovers for one in found.plans.values()}


def test_where_no_plan_helps_the_ladder_is_what_happens():
    crash = [PATH[0], Market({"AUSDT": D(70)})]
    found = against_ladder(ACCOUNT, crash, BOOK, FREE, (D(1),))

    # 100 of debt: nothing to reduce for.
    assert (1, 1) == (found.plans[D(1)].liquidations, found.plans[D(1)].takeovers)
    assert found.ladder.equity == found.plans[D(1)].equity


def test_an_account_that_is_never_condemned_is_left_alone():
    calm = [PATH[0], Market({"AUSDT": D(95)})]
    found = against_ladder(ACCOUNT, calm, BOOK, FREE, (D(1),))

    assert {(D(150), 0, 0)} == {
        (one.equity, one.liquidations, one.takeovers)
        for one in (found.ladder, *found.plans.values())
    }


def test_a_path_moves_every_asset_or_is_refused():
    (there,) = markets_along(ACCOUNT, PATH[0], BOOK, [{"A": D("0.9")}])

    assert D(90) == there.marks["AUSDT"]
    with pytest.raises(UnknownError, match="the crash has no prices of A"):
        markets_along(ACCOUNT, PATH[0], BOOK, [{"B": D("0.9")}])


def test_a_bucket_goes_down_the_ladder():
    isolated = replace(ACCOUNT, positions=(toys.held("AUSDT", 10, margin=200),))
    found = against_ladder(isolated, PATH, BOOK, FREE, (D(1),))

    assert (1, 1) == (found.plans[D(1)].liquidations, found.plans[D(1)].takeovers)
