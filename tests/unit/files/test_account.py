"""Account files: every key read exactly, and what a whole file comes to."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.errors import UsageError
from crossmargin.files.account import parse_account, read_account_file
from crossmargin.model.account import (
    Account,
    AssetsMode,
    MarginMode,
    Position,
    PositionMode,
)
from crossmargin.model.instrument import Instrument, Kind
from crossmargin.model.market import Market
from crossmargin.model.order import Order, OrderType, Side
from crossmargin.model.tiers import Tier
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.schema import Collateral

D = Decimal

WHOLE = """
schema = 1
venue = "binance-usdm"
edition = "2025-09-29"
at = "2025-10-10T21:00:00Z"
assets_mode = "single"
position_mode = "one-way"
[balances]
USDT = "10000"
BTC = 0.25
[marks]
BTCUSDT = "95710"
SOLUSDT = 180.5
[index]
BTC = "95700"
[leverage]
BTCUSDT = 10
SOLUSDT = "2.5"
[margin_mode]
SOLUSDT = "isolated"
[[positions]]
symbol = "BTCUSDT"
size = "0.5"
entry_price = "95000"
mode = "isolated"
margin = "4785.5"
side = "long"
[[positions]]
symbol = "NEWUSDT"
size = -7
entry_price = 3
[[orders]]
symbol = "BTCUSDT"
size = "0.1"
price = "94000"
[[orders]]
symbol = "SOLUSDT"
size = "-3"
[[orders]]
symbol = "BTCUSDT"
size = "-0.5"
type = "stop-market"
trigger_price = "90000"
reduce_only = true
[[tiers.NEWUSDT]]
floor = "0"
rate = "0.01"
max_leverage = 50
[[tiers.NEWUSDT]]
floor = "1000"
rate = "0.02"
max_leverage = 25
[instruments.NEWUSDT]
kind = "linear-perpetual"
settle = "USDT"
multiplier = 10
tick = "0.01"
lot = "0.001"
[collateral.BTC]
bid_buffer = "0.05"
ask_buffer = "0.04"
"""

HEAD = 'venue = "binance-usdm"\nedition = "2025-09-29"\n'
BALANCE = '[balances]\nUSDT = "1000"\n'


def read(text):
    return parse_account(text, "account.toml")


def position(symbol, size, *more):
    lines = [
        "[[positions]]",
        f'symbol = "{symbol}"',
        f'size = "{size}"',
        'entry_price = "100"',
        *more,
    ]
    return "\n".join(lines) + "\n"


def test_the_account_of_a_file_that_uses_every_key():
    expected = Account(
        balances={"USDT": D(10000), "BTC": D("0.25")},
        positions=(
            Position("BTCUSDT", D("0.5"), D(95000), MarginMode.ISOLATED, D("4785.5")),
            Position("NEWUSDT", D(-7), D(3)),
        ),
        orders=(
            Order("BTCUSDT", D("0.1"), D(94000), OrderType.LIMIT),
            Order("SOLUSDT", D(-3), None, OrderType.MARKET),
            Order("BTCUSDT", D("-0.5"), None, OrderType.STOP_MARKET, D(90000), reduce_only=True),
        ),
        leverage={"BTCUSDT": D(10), "SOLUSDT": D("2.5")},
        margin_mode={"SOLUSDT": MarginMode.ISOLATED},
        assets_mode=AssetsMode.SINGLE,
        position_mode=PositionMode.ONE_WAY,
    )

    assert expected == read(WHOLE).account


def test_the_market_of_a_file_that_uses_every_key():
    # 2025-10-10T21:00:00Z is 20,371 days and 21 hours after 1970: 1,760,130,000 seconds.
    expected = Market(
        {"BTCUSDT": D(95710), "SOLUSDT": D("180.5")}, {"BTC": D(95700)}, 1_760_130_000_000
    )

    assert expected == read(WHOLE).market


def test_a_contract_of_the_files_own():
    contract = read(WHOLE).rulebook.contracts["NEWUSDT"]

    assert (
        Instrument("NEWUSDT", Kind.LINEAR_PERPETUAL, "USDT", "NEW", D(10), D("0.01"), D("0.001"))
        == contract.instrument
    )


def test_deductions_that_are_not_given_make_tiers_meet():
    # At 1,000 both ask 10: 1,000 × 1 % − 0 = 1,000 × 2 % − 10.
    tiers = read(WHOLE).rulebook.contracts["NEWUSDT"].tiers

    assert tiers is not None
    assert (
        Tier(D(0), D("0.01"), D(0), D(50)),
        Tier(D(1000), D("0.02"), D(10), D(25)),
    ) == tiers.pieces


def test_a_given_deduction_is_kept_and_the_next_tier_meets_it():
    # At 5,000: 5,000 × 2 % − 4 = 96 = 5,000 × 5 % − 154.
    text = """
[[tiers.BTCUSDT]]
floor = 0
rate = "0.01"
max_leverage = 50
[[tiers.BTCUSDT]]
floor = 1000
rate = "0.02"
deduction = 4
max_leverage = 25
[[tiers.BTCUSDT]]
floor = 5000
rate = "0.05"
max_leverage = 10
"""
    tiers = read(HEAD + BALANCE + text).rulebook.contracts["BTCUSDT"].tiers

    assert tiers is not None
    assert [D(0), D(4), D(154)] == [piece.deduction for piece in tiers.pieces]


def test_collateral_of_the_files_own():
    assert Collateral(D("0.05"), D("0.04"), False) == read(WHOLE).rulebook.collateral["BTC"]


def test_a_file_with_a_balance_alone_has_the_defaults_of_the_contract():
    file = read(HEAD + BALANCE)

    assert Account(balances={"USDT": D(1000)}) == file.account
    assert Market({}, {}, None) == file.market


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        pytest.param('"0.1"', "0.1", id="a string"),
        pytest.param("0.1", "0.1", id="a plain number that no binary float is"),
        pytest.param("123456789.123456789", "123456789.123456789", id="18 digits"),
        pytest.param(
            "999999999999999999.999999999999999999",
            "999999999999999999.999999999999999999",
            id="all the digits there may be",
        ),
        pytest.param("7", "7", id="a whole number"),
        pytest.param("1e3", "1000", id="an exponent"),
        pytest.param("1_000.5", "1000.5", id="grouped as TOML groups"),
        pytest.param('"2.50"', "2.5", id="a string with a zero at its end"),
    ],
)
def test_numbers_are_read_exactly(written, read_as):
    file = read(f"{HEAD}[balances]\nUSDT = {written}\n")

    assert D(read_as) == file.account.balances["USDT"]


@pytest.mark.parametrize(
    ("lines", "edition"),
    [
        pytest.param("", date(2026, 9, 29), id="neither edition nor time: the newest"),
        pytest.param(
            'at = "2025-10-10T21:00:00Z"', date(2025, 9, 29), id="the one in force at the time"
        ),
        pytest.param("at = 2025-10-10T21:00:00Z", date(2025, 9, 29), id="a TOML time"),
        pytest.param("edition = 2023-08-28", date(2023, 8, 28), id="a TOML date"),
        pytest.param(
            'edition = "2023-08-28"\nat = "2025-10-10T21:00:00Z"',
            date(2023, 8, 28),
            id="an edition, whatever the time",
        ),
    ],
)
def test_the_edition_that_judges(lines, edition):
    assert edition == read(f'venue = "binance-usdm"\n{lines}\n{BALANCE}').rulebook.edition


def test_a_time_in_another_zone_is_the_same_moment():
    # 23:00 in a zone two hours ahead is 21:00 UTC.
    file = read(f'venue = "binance-usdm"\nat = "2025-10-10T23:00:00.250+02:00"\n{BALANCE}')

    assert 1_760_130_000_250 == file.market.at_ms


def test_a_time_before_the_first_edition_is_an_assumption():
    file = read(f'venue = "binance-usdm"\nat = "2020-03-12T00:00:00Z"\n{BALANCE}')

    assert date(2022, 5, 28) == file.rulebook.edition
    assert any("2020-03-12" in sentence for sentence in file.rulebook.assumptions)


def test_lots_of_one_contract_become_one_position():
    # (1 × 100 + 3 × 120) ÷ 4 = 115.
    text = position("BTCUSDT", 1) + position("BTCUSDT", 3).replace('"100"', '"120"')
    account = read(HEAD + BALANCE + text).account

    assert (Position("BTCUSDT", D(4), D(115)),) == account.positions


def test_lots_of_an_inverse_contract_keep_their_profit():
    # 1/100 + 3/300 coins per contract: 4 contracts at 4 ÷ 0.02 = 200.
    text = position("BTCUSD_PERP", 1) + position("BTCUSD_PERP", 3).replace('"100"', '"300"')
    account = read(f'venue = "binance-coinm"\n[balances]\nBTC = 1\n{text}').account

    assert (Position("BTCUSD_PERP", D(4), D(200)),) == account.positions


def test_a_long_and_a_short_live_beside_each_other_in_hedge_mode():
    text = position("BTCUSDT", 1, 'side = "long"') + position("BTCUSDT", -2, 'side = "short"')
    account = read(f'{HEAD}position_mode = "hedge"\n{BALANCE}{text}').account

    assert [Side.LONG, Side.SHORT] == [held.side for held in account.positions]


def test_a_symbol_of_another_edition_is_known_but_its_ladder_is_not():
    text = f'venue = "binance-usdm"\nedition = "2022-05-28"\n{BALANCE}{position("HYPEUSDT", 1)}'
    contract = read(text).rulebook.contracts["HYPEUSDT"]

    assert "USDT" == contract.instrument.settle
    assert contract.tiers is None


def test_a_symbol_of_another_edition_takes_the_ladder_that_the_file_gives():
    ladder = "[[tiers.HYPEUSDT]]\nfloor = 0\nrate = 0.01\nmax_leverage = 10\n"
    text = f'venue = "binance-usdm"\nedition = "2022-05-28"\n{BALANCE}{position("HYPEUSDT", 1)}'
    tiers = read(text + ladder).rulebook.contracts["HYPEUSDT"].tiers

    assert tiers is not None
    assert (Tier(D(0), D("0.01"), D(0), D(10)),) == tiers.pieces


def test_an_instrument_without_tiers_has_no_ladder():
    own = '[instruments.NEWUSDT]\nkind = "linear-perpetual"\nsettle = "USDT"\n'
    file = read(HEAD + BALANCE + position("NEWUSDT", 1) + own)

    assert file.rulebook.contracts["NEWUSDT"].tiers is None


def test_an_instrument_that_the_rulebook_knows_keeps_its_ladder():
    own = '[instruments.BTCUSDT]\nkind = "linear-perpetual"\nsettle = "USDT"\ntick = "0.1"\n'
    contract = read(HEAD + BALANCE + own).rulebook.contracts["BTCUSDT"]

    assert D("0.1") == contract.instrument.tick
    assert (
        load_rulebook("binance-usdm", edition="2025-09-29").contracts["BTCUSDT"].tiers
        == contract.tiers
    )


def test_buckets_may_use_the_wallet_up_to_its_end():
    text = position("BTCUSDT", 1, 'mode = "isolated"', 'margin = "1000"')

    assert D(1000) == read(HEAD + BALANCE + text).account.positions[0].margin


def test_multi_assets_mode_may_borrow():
    text = f'{HEAD}assets_mode = "multi"\n[balances]\nUSDT = "-5"\nBTC = 1\n'

    assert D(-5) == read(text).account.balances["USDT"]


def test_a_file_is_read_as_utf_8(tmp_path):
    path = tmp_path / "account.toml"
    path.write_text(f"# ₿\n{HEAD}{BALANCE}", encoding="utf-8")

    assert Account(balances={"USDT": D(1000)}) == read_account_file(path).account


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "cannot be read: No such file or directory", id="no such file"),
        pytest.param(b"", "is empty", id="an empty file"),
        pytest.param(b" \n\t\n", "is empty", id="a file of white space"),
        pytest.param(b'venue = "\xff\xfe"', "is not UTF-8 text", id="bytes that are no text"),
        pytest.param(
            b"venue", "is not TOML: Expected '=' after a key in a key/value pair", id="no TOML"
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, reason):
    path = tmp_path / "account.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError) as refused:
        read_account_file(path)

    assert str(refused.value).startswith(f"{path}: {reason}")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_account_file(tmp_path)


@pytest.mark.parametrize(
    ("symbol", "settle", "expected"),
    [
        # Binance: a BTC contract stands for 100 USD, every other for 10.
        pytest.param("BTCUSD_270326", "BTC", "100", id="as the coin's other contracts"),
        pytest.param("ETHUSD_PERP", "ETH", "10", id="as the venue's other contracts"),
    ],
)
def test_a_coin_margined_multiplier_that_is_not_given(symbol, settle, expected):
    text = (
        f'venue = "binance-coinm"\n[balances]\n{settle} = 1\n'
        f'[instruments.{symbol}]\nkind = "inverse-perpetual"\nsettle = "{settle}"\n'
    )
    rulebook = parse_account(text, "account.toml").rulebook
    instrument = rulebook.contracts[symbol].instrument

    assert (expected, settle) == (str(instrument.multiplier), instrument.base)
    assert f"The multiplier of {symbol} is not given: {expected} is used." in rulebook.assumptions


def test_a_file_is_as_exact_under_the_rules_of_another_time():
    # The second tier's deduction follows from its floor, exactly, whichever rules are in force.
    text = (
        'venue = "binance-usdm"\n[balances]\nUSDT = 1\n'
        '[[tiers.BTCUSDT]]\nfloor = 0\nrate = "0.123456789012345678"\nmax_leverage = 5\n'
        '[[tiers.BTCUSDT]]\nfloor = "123456789012345678.1"\nrate = "0.2"\nmax_leverage = 4\n'
    )
    file = parse_account(text, "account.toml").in_force_at(datetime(2023, 1, 1, tzinfo=UTC))
    tiers = file.rulebook.contracts["BTCUSDT"].tiers

    assert date(2022, 10, 29) == file.rulebook.edition
    # 123456789012345678.1 × (0.2 − 0.123456789012345678)
    exact_deduction = Fraction(1234567890123456781, 10) * Fraction(76543210987654322, 10**18)
    assert exact_deduction == Fraction(tiers.pieces[1].deduction)
    assert "account.toml" == file.name
