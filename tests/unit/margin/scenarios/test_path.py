"""Markets with their underlyings moved, and where along such a path options bend it."""

import math
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.files.account import parse_account
from crossmargin.margin.scenarios.boundaries import bends_of
from crossmargin.margin.scenarios.leg import Leg, OptionPart
from crossmargin.margin.scenarios.path import anchored, mark_of, moved, worth
from crossmargin.margin.scenarios.requirement import Cell, UnitRequirement
from crossmargin.model.option import Right
from crossmargin.model.scenario import Scenario
from crossmargin.money import ZERO

D = Decimal
CALL, PUT, PERPETUAL = "BTC-25DEC26-100000-C", "BTC-25DEC26-120000-P", "BTC-PERPETUAL"

HELD = """
venue = "deribit"
mode = "portfolio"
at = "2026-11-22T08:00:00Z"
[balances]
BTC = "1"
ETH = "1"
[marks]
BTC-PERPETUAL = "99000"
ETH-PERPETUAL = "4000"
{mark}
[index]
BTC = "98000"
ETH = "4100"
USDC = "1"
[[positions]]
symbol = "BTC-25DEC26-100000-C"
size = "-2"
entry_price = "0.05"
[[positions]]
symbol = "BTC-25DEC26-120000-P"
size = "1"
entry_price = "0.05"
[[positions]]
symbol = "BTC-PERPETUAL"
size = "1000"
entry_price = "90000"
[[surfaces.BTC]]
expires = "2026-12-25T08:00:00Z"
forward = "100000"
interest_rate = "0.03"
volatilities = {{ "90000" = "0.6", "110000" = "0.4" }}
[[surfaces.BTC]]
expires = "2027-03-26T08:00:00Z"
volatilities = {{ "90000" = "0.6" }}
"""

# At the money with volatility 0.5 for 33 days, in coins: 2 N(d ÷ 2) − 1, d = 0.5 × √(33 ÷ 365).
AT_THE_MONEY = math.erf(0.5 * math.sqrt(33 / 365) / 2 / math.sqrt(2))


def start_of(mark=""):
    file = parse_account(HELD.format(mark=mark), "test")
    return file, anchored(file.account, file.market, file.rulebook)


def test_every_held_option_has_a_volatility_and_a_forward_of_its_own():
    _, start = start_of()
    (smile,) = start.market.surfaces["BTC"].smiles

    # Half way between 0.6 and 0.4 for one; beyond the last strike 0.4 for the other.
    assert ((D(100_000), D("0.5")), (D(120_000), D("0.4"))) == smile.points
    assert (D(100_000), D("0.03")) == (smile.forward, smile.rate)
    assert {} == start.residuals


def test_what_is_quoted_on_an_underlying_moves_with_it_and_nothing_else_does():
    _, start = start_of()

    there = moved(start, {"BTC": D("1.1")})

    assert {PERPETUAL: D(108_900), "ETH-PERPETUAL": D(4000)} == there.marks
    assert {"BTC": D(107_800), "ETH": D(4100), "USDC": D(1)} == there.index
    (smile,) = there.surfaces["BTC"].smiles
    assert D(110_000) == smile.forward
    # By strike, volatility is held.
    assert ((D(100_000), D("0.5")), (D(120_000), D("0.4"))) == smile.points


def test_underlyings_move_by_ratios_of_their_own():
    _, start = start_of()

    there = moved(start, {"BTC": D("0.5"), "ETH": D(2)})

    assert (D(49_500), D(8000)) == (there.marks[PERPETUAL], there.marks["ETH-PERPETUAL"])
    assert (D(49_000), D(8200)) == (there.index["BTC"], there.index["ETH"])


def test_a_given_mark_keeps_its_distance_from_what_the_volatility_makes():
    given = D(repr(AT_THE_MONEY)) + D("0.002")
    _, start = start_of(f'{CALL} = "{given}"')

    here, there = moved(start, {}), moved(start, {"BTC": D("1.2")})

    assert 0.002 == pytest.approx(float(start.residuals[CALL]), abs=1e-14)
    assert float(given) == pytest.approx(float(here.marks[CALL]), abs=1e-14)
    # d1 = ln 1.2 ÷ d + d ÷ 2, by N = (1 + erf(x ÷ √2)) ÷ 2; the strike is 1 ÷ 1.2 of the forward.
    deviation = 0.5 * math.sqrt(33 / 365)
    d1 = math.log(1.2) / deviation + deviation / 2
    above, below = ((1 + math.erf(x / math.sqrt(2))) / 2 for x in (d1, d1 - deviation))
    assert above - below / 1.2 + 0.002 == pytest.approx(float(there.marks[CALL]), abs=1e-14)
    assert PUT not in there.marks


def test_a_mark_that_would_fall_below_zero_is_none():
    # Given at nearly nothing, the call is 0.06 below its volatility's value.
    _, start = start_of(f'{CALL} = "0.0001"')

    assert CALL in moved(start, {}).marks
    assert CALL not in moved(start, {"BTC": D("0.5")}).marks


def test_what_is_unknown_stays_so():
    file = parse_account(HELD.format(mark=""), "test")
    bare = replace(file.market, surfaces={})

    start = anchored(file.account, bare, file.rulebook)

    assert {} == start.market.surfaces == start.residuals
    assert {} == moved(start, {"BTC": D(2)}).surfaces


def test_without_an_index_a_mark_of_the_underlying_is_where_options_start():
    file = parse_account(HELD.format(mark="").replace('forward = "100000"', ""), "test")
    bare = replace(file.market, index={})

    (smile,) = anchored(file.account, bare, file.rulebook).market.surfaces["BTC"].smiles

    assert D(99_000) == smile.forward


def test_an_option_is_worth_coins_or_the_quote_asset():
    part = OptionPart(Right.CALL, D(100), D("0.5"))
    linear = Leg("O", D(7), D(125), "USDC", seconds=ZERO, option=part)
    inverse = replace(linear, settle="BTC", is_inverse=True)

    assert (D(25), D("0.2")) == (worth(linear), worth(inverse))
    assert ZERO == worth(Leg("F", D(7), D(125), "USDC"))


def test_the_mark_of_an_option_is_the_given_one_else_what_its_surface_makes_it_worth():
    file, start = start_of(f'{PUT} = "0.21"')
    call, put, perpetual = (start.instruments[symbol] for symbol in (CALL, PUT, PERPETUAL))

    assert D("0.21") == mark_of(put, file.market)
    assert AT_THE_MONEY == pytest.approx(float(mark_of(call, file.market)), abs=1e-15)
    assert D(99_000) == mark_of(perpetual, file.market)
    assert mark_of(perpetual, replace(file.market, marks={})) is None
    assert mark_of(call, replace(file.market, surfaces={})) is None
    assert mark_of(call, replace(file.market, index={})) is None


def unit_with(*moves):
    cells = tuple(Cell(Scenario(D(move)), ZERO, ()) for move in moves)
    return UnitRequirement("BTC", "BTC", (), cells, None, (), ZERO, ZERO)


def test_a_path_bends_where_options_are_at_their_strikes():
    file, start = start_of()
    units = (unit_with("-0.2", "0.25"),)

    assert [D(1), D("1.2")] == bends_of(file.account, start, {"BTC"}, units)
    assert [] == bends_of(file.account, start, {"ETH"}, units)


def test_shortly_before_expiry_it_bends_where_a_scenario_ends_at_a_strike_too():
    text = HELD.format(mark="").replace("2026-11-22T08", "2026-12-25T07")
    file = parse_account(text, "test")
    start = anchored(file.account, file.market, file.rulebook)

    bends = bends_of(file.account, start, {"BTC"}, (unit_with("-0.2", "0"), unit_with("0.25")))

    # 1 and 1.2, each ÷ 0.8 and ÷ 1.25.
    assert sorted(map(D, ("1", "1.25", "0.8", "1.2", "1.5", "0.96"))) == sorted(bends)


def test_a_mark_of_what_the_venue_does_not_list_stays():
    file, _ = start_of()
    marked = replace(file.market, marks={"ELSEWHERE": D(5)})

    there = moved(anchored(file.account, marked, file.rulebook), {"BTC": D(2)})

    assert {"ELSEWHERE": D(5)} == there.marks
