"""From accounts to units: what becomes of each kind of position, and what is named when it lacks.

Deribit's names: BTC-25DEC26-95000-C settles in coins, at 08:00 UTC; 33 days before it there are
2,851,200 seconds left. Its coin futures are of 10 USD a contract and sizes are in USD.
"""

import math
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.files.account import parse_account
from crossmargin.margin.scenarios.grouping import units_of
from crossmargin.model.account import AssetsMode
from crossmargin.model.option import Right
from crossmargin.money import ONE

D = Decimal

HEAD = """
venue = "deribit"
mode = "portfolio"
"""
AT = 'at = "2026-11-22T08:00:00Z"\n'
MONEY = '[balances]\nBTC = "1"\n'
INDEX = '[index]\nBTC = "100000"\n'
SMILE = """
[[surfaces.BTC]]
expires = "2026-12-25T08:00:00Z"
forward = "101000"
volatilities = { "90000" = "0.6", "100000" = "0.5" }
"""
CALL, PUT = "BTC-25DEC26-95000-C", "BTC-25DEC26-95000-P"
PERPETUAL, FUTURE = "BTC-PERPETUAL", "BTC-25DEC26"


def held(symbol, size):
    return f'[[positions]]\nsymbol = "{symbol}"\nsize = "{size}"\nentry_price = "1"\n'


def marks(**given):
    names = {"perpetual": PERPETUAL, "future": FUTURE, "call": CALL}
    lines = (f'{names[name]} = "{mark}"\n' for name, mark in given.items())
    return "[marks]\n" + "".join(lines)


def grouped(*parts, extra=(), mode=None):
    file = parse_account("".join(parts), "test")
    account = file.account if mode is None else replace(file.account, assets_mode=mode)
    return units_of(account, file.market, file.rulebook, extra)


def only_leg(found):
    ((leg,),) = [unit.legs for unit in found.units]
    return leg


def test_an_option_has_its_smiles_forward_volatility_and_time():
    found = grouped(HEAD, AT, MONEY, INDEX, SMILE, held(CALL, "-2"))
    leg = only_leg(found)

    assert (CALL, D(-2), D(101_000), "BTC", True) == (
        *(leg.symbol, leg.size, leg.price),
        *(leg.settle, leg.is_inverse),
    )
    assert D(2_851_200) == leg.seconds
    # Half way between two strikes, half way between their volatilities.
    assert (Right.CALL, D(95_000), D("0.55")) == (
        *(leg.option.right, leg.option.strike),
        leg.option.volatility,
    )
    assert () == found.remarks
    assert {} == found.missing


def test_an_inverse_contract_stands_for_the_coins_it_buys_at_its_mark():
    found = grouped(HEAD, MONEY, INDEX, marks(perpetual=80_000), held(PERPETUAL, "-100000"))
    leg = only_leg(found)

    assert (D("-1.25"), D(80_000), True, None, None) == (
        *(leg.size, leg.price, leg.is_inverse),
        *(leg.seconds, leg.option),
    )


def test_positions_on_one_underlying_are_one_unit_by_what_they_settle_in():
    parts = (HEAD, AT, MONEY, INDEX, SMILE, marks(perpetual=100_000))
    found = grouped(*parts, held(PERPETUAL, "1000"), held(CALL, "1"), held(PUT, "1"))
    (unit,) = found.units

    assert ("BTC", "BTC", D(100_000)) == (unit.name, unit.asset, unit.index)
    assert [PERPETUAL, CALL, PUT] == [leg.symbol for leg in unit.legs]
    assert {"BTC": D(100_000)} == unit.rates


def test_in_one_pool_units_are_counted_in_usd():
    found = grouped(
        *(HEAD, AT, MONEY, INDEX, SMILE, held(CALL, "1")),
        mode=AssetsMode.MULTI,
    )

    assert ["USD"] == [unit.asset for unit in found.units]


def test_what_orders_would_fill_is_added_and_what_they_would_close_is_gone():
    parts = (HEAD, AT, MONEY, INDEX, SMILE, marks(perpetual=100_000), held(CALL, "2"))
    more = grouped(*parts, extra=[(CALL, D(1)), (PERPETUAL, D(200_000))])
    none = grouped(*parts, extra=[(CALL, D(-2))])

    assert [(CALL, D(3)), (PERPETUAL, D(2))] == [
        (leg.symbol, leg.size) for leg in more.units[0].legs
    ]
    assert () == none.units


def test_without_a_forward_the_future_of_the_day_is_taken_else_the_index_and_said():
    smile = SMILE.replace('forward = "101000"\n', "")
    parts = (HEAD, AT, MONEY, INDEX, smile, held(CALL, "1"))
    by_future = grouped(*parts, marks(future=102_000))
    by_index = grouped(*parts)

    assert D(102_000) == only_leg(by_future).price
    assert () == by_future.remarks
    assert D(100_000) == only_leg(by_index).price
    assert (
        f"No forward price for the expiry of {CALL} is given: the index of BTC is taken.",
    ) == by_index.remarks


def test_without_a_surface_an_option_has_the_volatility_that_its_mark_implies():
    # At the money a coin's part is 2 N(d ÷ 2) − 1 with d = 0.5 × √(33 ÷ 365).
    at_the_money = "BTC-25DEC26-100000-C"
    mark = math.erf(0.5 * math.sqrt(33 / 365) / 2 / math.sqrt(2))
    given = f'[marks]\n{FUTURE} = "100000"\n{at_the_money} = "{mark:.17f}"\n'

    leg = only_leg(grouped(HEAD, AT, MONEY, INDEX, given, held(at_the_money, "1")))

    assert 0.5 == pytest.approx(float(leg.option.volatility), rel=1e-12)


def test_without_an_index_a_mark_is_taken_and_said():
    found = grouped(HEAD, MONEY, marks(perpetual=99_000), held(PERPETUAL, "1000"))

    assert D(99_000) == found.units[0].index
    assert ("The index of BTC is not given: a mark of its contracts is taken.",) == found.remarks


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        pytest.param(
            (HEAD, MONEY, INDEX, SMILE, held(CALL, 1)),
            [f"the moment (at), from which {CALL} has so long to its expiry"],
            id="no moment",
        ),
        pytest.param(
            (HEAD, AT, MONEY, INDEX, held(CALL, 1)),
            [f"implied volatility of {CALL}"],
            id="neither surface nor mark",
        ),
        pytest.param(
            (HEAD, AT, MONEY, INDEX, marks(call="1.5"), held(CALL, 1)),
            [f"implied volatility of {CALL}"],
            id="a mark that no volatility makes",
        ),
        pytest.param(
            (HEAD, AT, MONEY, INDEX, SMILE.replace("12-25", "12-18"), held(CALL, 1)),
            [f"implied volatility of {CALL}"],
            id="a surface of another day",
        ),
        pytest.param(
            (HEAD, AT.replace("11-22", "12-25"), MONEY, INDEX, SMILE, held(CALL, 1)),
            [f"settlement of {CALL}, which has expired"],
            id="expired",
        ),
        pytest.param(
            (HEAD, MONEY, INDEX, held(PERPETUAL, 10)),
            [f"mark price of {PERPETUAL}"],
            id="no mark",
        ),
        pytest.param(
            (HEAD, AT, MONEY, SMILE, held(CALL, 1)),
            ["index price of BTC"],
            id="no index, and nothing to take for it",
        ),
        pytest.param(
            (HEAD, AT, MONEY, held(CALL, 1), held(PERPETUAL, 10)),
            ["index price of BTC", f"implied volatility of {CALL}", f"mark price of {PERPETUAL}"],
            id="nothing",
        ),
    ],
)
def test_what_lacks_is_named_and_its_unit_is_not_made(parts, missing):
    found = grouped(*parts)

    assert () == found.units
    assert {"BTC": tuple(missing)} == found.missing


def test_one_unit_that_lacks_something_leaves_the_others():
    money = MONEY + 'ETH = "1"\n'
    parts = (HEAD, AT, money, INDEX, SMILE, held(CALL, "1"), held("ETH-PERPETUAL", "100"))
    found = grouped(*parts)

    assert ["BTC"] == [unit.name for unit in found.units]
    assert {"ETH": ("index price of ETH", "mark price of ETH-PERPETUAL")} == found.missing
    assert ONE == only_leg(found).size
