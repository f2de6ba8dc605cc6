"""One account at several toy venues: order, sums, refusals, and every assumption once."""

from decimal import Decimal

from msgspec.structs import replace

from crossmargin.margin.assessment import Status
from crossmargin.model.account import Account, Position
from crossmargin.risk.venues.comparison import MULTIPLE, assumed, compared, left_out, missing
from tests.toys import inverse, linear, one_tier
from tests.unit.risk.venues import HOME, at, contract, held, isolated, other

D = Decimal

LONG = held(("BTCUSDT", "1", "100"), usdt="50", leverage={"BTCUSDT": D(10)})
MARKS = at(BTCUSDT="100")


def venue(name, rate, **changes):
    tiers = None if rate is None else one_tier(rate)
    return other((contract("BTC-PERP", "BTC", "USDC"), tiers), name=name, **changes)


def test_the_own_venue_comes_first_then_the_one_with_the_most_room():
    books = [venue("dear", "0.2"), venue("dark", None), venue("cheap", "0.001")]
    found = compared(LONG, MARKS, HOME, books)

    assert ["toy", "cheap", "dear", "dark"] == [one.venue for one in found.answers]
    assert [True, False, False, False] == [one.is_home for one in found.answers]
    # Equity 50 + p − 100 meets 0.2 p at 62.5, 0.001 p at 50.05005…, 0.01 p at 50.50…
    falls = [one.nearest for one in found.answers]
    assert [D("0.49494949"), D("0.49949949"), D("0.375"), None] == falls
    assert Status.UNKNOWN is found.answers[-1].assessment.status
    assert ["dark: margin tiers of BTC-PERP"] == missing(found)
    assert found.is_known


def test_a_venue_of_which_one_side_is_unknown_comes_after_all_that_are_known():
    # By its known side, 49.9 %, "half" would be first; whether its ladder jumps where a long may
    # rise to is not known.
    half = (contract("BTC-PERP", "BTC", "USDC"), replace(one_tier("0.001"), known_to=D(150)))
    books = [
        other(half, name="half", is_whole_position=True),
        *(venue(name, rate) for name, rate in (("dark", None), ("dear", "0.2"))),
    ]
    found = compared(LONG, MARKS, HOME, books)

    assert ["toy", "dear", "half", "dark"] == [one.venue for one in found.answers]


def test_refusals_of_one_reason_stand_together():
    coins = [other((inverse("BTCUSD"), one_tier("0.01")), name=name) for name in ("a", "b")]
    found = compared(LONG, MARKS, HOME, coins)

    assert ["a, b: no linear perpetual of BTC in its rulebook"] == left_out(found)
    assert 1 == len(found.answers)


def test_every_assumption_stands_once_where_it_holds():
    books = [
        venue("a", "0.1", assumptions=("Rare.", "Shared.")),
        venue("b", "0.2", assumptions=("Shared.",)),
    ]
    found = compared(LONG, MARKS, replace(HOME, assumptions=("Home.",)), books)
    groups = dict(assumed(found))

    assert ["Shared."] == groups["Assumed at a, b"]
    assert (["Home."], ["Rare."]) == (groups["Assumed at toy"], groups["Assumed at a"])
    assert MULTIPLE == groups["Assumed everywhere"][-1]
    sentences = [sentence for group in groups.values() for sentence in group]
    assert len(set(sentences)) == len(sentences)


def test_what_is_assumed_at_all_venues_is_assumed_everywhere():
    books = [venue("a", "0.1", assumptions=("Shared.",))]
    found = compared(LONG, MARKS, replace(HOME, assumptions=("Shared.",)), books)

    assert "Shared." in dict(assumed(found))["Assumed everywhere"]


def test_sums_are_by_asset_and_name_the_weakest():
    account = Account(
        {"USDT": D(100), "BTC": D(1)},
        (isolated("BTCUSDT", "1", "100", "2"), Position("BTCUSD", D(1), D(100))),
    )
    found = compared(account, at(BTCUSDT="100", BTCUSD="100"), HOME, [])
    usdt, btc = found.home.totals

    assert ("USDT", D(100), D(1), 2) == (
        *(usdt.asset, usdt.health.equity, usdt.health.maintenance_margin, usdt.units),
    )
    assert ("BTCUSDT", D(1)) == (usdt.weakest.name, usdt.weakest.health.buffer)
    assert ("BTC", D(1), "BTC") == (btc.asset, btc.health.equity, btc.weakest.name)


def test_a_bucket_is_called_by_the_accounts_own_symbol():
    account = Account({"USDT": D(100)}, (isolated("BTCUSDT", "1", "100", "50"),))
    found = compared(account, MARKS, HOME, [venue("a", "0.1")]).answers[1]
    bucket = found.assessment.buckets[0]

    assert ("BTC-PERP", "BTCUSDT") == (bucket.name, found.own_name(bucket.name, bucket.symbol))


def test_nothing_is_known_where_every_ladder_lacks():
    home = other((linear("BTCUSDT"), None))
    found = compared(LONG, MARKS, home, [venue("dark", None)])

    assert not found.is_known
