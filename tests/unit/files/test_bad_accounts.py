"""Bad account files: each one sentence that names the file, the place and the reason."""

import pytest

from crossmargin.errors import CrossmarginError
from crossmargin.files.account import parse_account

HEAD = 'venue = "binance-usdm"\nedition = "2025-09-29"\n'
BALANCE = '[balances]\nUSDT = "1000"\n'
NEW = '[instruments.NEWUSDT]\nkind = "linear-perpetual"\nsettle = "USDT"\n'


def position(*more, symbol="BTCUSDT", size='"1"', entry='"100"'):
    lines = ["[[positions]]", f'symbol = "{symbol}"', f"size = {size}", f"entry_price = {entry}"]
    return "\n".join([*lines, *more]) + "\n"


def order(*more, size='"1"'):
    return "\n".join(["[[orders]]", 'symbol = "BTCUSDT"', f"size = {size}", *more]) + "\n"


def tier(*lines):
    return "\n".join(["[[tiers.BTCUSDT]]", *lines]) + "\n"


def refusal(text):
    with pytest.raises(CrossmarginError) as refused:
        parse_account(text, "account.toml")
    assert 2 == refused.value.exit_status
    return str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("", "is empty", id="nothing at all"),
        pytest.param(BALANCE, "missing key venue", id="no venue"),
        pytest.param('venue = "bynance"\n', "there is no rulebook of 'bynance'", id="no venue so"),
        pytest.param(
            HEAD,
            "the account has neither balances nor positions nor orders",
            id="nothing in it",
        ),
        pytest.param("colour = 1\n" + HEAD, "unknown key colour", id="an unknown key"),
        pytest.param(
            HEAD + position("sizes = 1"), "positions[0]: unknown key sizes", id="one in a position"
        ),
        pytest.param(
            HEAD + '[[positions]]\nsymbol = "BTCUSDT"\nsize = 1\n',
            "positions[0]: missing key entry_price",
            id="a missing key",
        ),
        pytest.param("schema = 2\n" + HEAD, "schema: 2 is not known here", id="a later schema"),
        pytest.param(
            'schema = "1"\n' + HEAD, "schema: expected int, got str", id="a schema in quotes"
        ),
        pytest.param(
            HEAD + "[balances]\nUSDT = 1\nUSDT = 2\n",
            "is not TOML: Cannot overwrite a value",
            id="a key twice",
        ),
        pytest.param(
            HEAD + "x = " + "[" * 5000 + "]" * 5000, "is nested too deeply", id="nested deeply"
        ),
        pytest.param(HEAD + "balances = [1]\n", "balances: expected table, got array", id="a list"),
        pytest.param(
            'venue = "binance-usdm"\nedition = "2025-09-30"\n' + BALANCE,
            "there is no edition 2025-09-30 of binance-usdm; there are 2022-05-28, ",
            id="no such edition",
        ),
        pytest.param(
            'venue = "binance-usdm"\nedition = "newest"\n' + BALANCE,
            "edition: is not a date such as 2025-09-29",
            id="an edition that is no date",
        ),
        pytest.param(
            HEAD + "at = 2025-10-10T21:00:00\n" + BALANCE,
            "at: has no time zone; write it with a Z",
            id="a time without a zone",
        ),
        pytest.param(
            HEAD + 'at = "2025-10-10T21:00:00"\n' + BALANCE,
            "at: has no time zone; write it with a Z",
            id="a time without a zone, in quotes",
        ),
        pytest.param(
            HEAD + "at = 2025-10-10\n" + BALANCE, "at: expected time, got date", id="a day"
        ),
        pytest.param(
            HEAD + 'at = "yesterday"\n' + BALANCE,
            "at: is not a time such as 2025-10-10T21:00:00Z",
            id="a time in words",
        ),
        pytest.param(
            HEAD + 'assets_mode = "both"\n' + BALANCE,
            "assets_mode: unknown word 'both'",
            id="no such assets mode",
        ),
        pytest.param(
            'venue = "binance-coinm"\nassets_mode = "multi"\n[balances]\nBTC = 1\n',
            "assets_mode: binance-coinm has no multi-assets mode",
            id="an assets mode that the venue lacks",
        ),
        pytest.param(
            HEAD + BALANCE + '[margin_mode]\nBTCUSDT = "isolate"\n',
            "margin_mode.BTCUSDT: unknown word 'isolate'",
            id="no such margin mode",
        ),
        pytest.param(
            HEAD + NEW.replace("linear-perpetual", "linear"),
            "instruments.NEWUSDT.kind: unknown word 'linear'",
            id="no such kind of contract",
        ),
    ],
)
def test_a_file_of_the_wrong_shape(text, sentence):
    said = refusal(text)

    assert said.startswith(f"account.toml: {sentence}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("nan", "NaN is not finite", id="not a number"),
        pytest.param('"NaN"', "NaN is not finite", id="not a number, in quotes"),
        pytest.param("-inf", "-Infinity is not finite", id="infinity"),
        pytest.param('"Infinity"', "Infinity is not finite", id="infinity, in quotes"),
        pytest.param("true", "expected number, got bool", id="a truth"),
        pytest.param('"ten"', "is not a number", id="a word"),
        pytest.param('""', "is not a number", id="nothing in quotes"),
        pytest.param("[1]", "expected number, got array", id="a list"),
        pytest.param(
            "0.1234567890123456789",
            "0.1234567890123456789 has more than 18 digits before or 18 after the point",
            id="19 digits after the point",
        ),
        pytest.param(
            "1000000000000000000",
            "1000000000000000000 has more than 18 digits before or 18 after the point",
            id="19 digits before the point",
        ),
        pytest.param("1e99999999999999999999", "is not a number", id="an exponent beyond all"),
    ],
)
@pytest.mark.parametrize(
    ("place", "text"),
    [
        pytest.param("positions[0].size", position(size="{}"), id="in a list of tables"),
        pytest.param(
            "leverage.BTCUSDT", "[leverage]\nETHUSDT = 5\nBTCUSDT = {}\n", id="in a table"
        ),
    ],
)
def test_what_is_no_number(place, text, written, reason):
    said = refusal(HEAD + BALANCE + text.format(written))

    assert f"account.toml: {place}: {reason}" == said


def test_a_number_of_thousands_of_digits():
    said = refusal(f"{HEAD}[balances]\nUSDT = {'9' * 5000}\n")

    assert "account.toml: holds a whole number of thousands of digits" == said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            "[marks]\nBTCUSDT = 0\n", "marks.BTCUSDT: must be above zero, not 0", id="mark"
        ),
        pytest.param("[index]\nBTC = -1\n", "index.BTC: must be above zero, not -1", id="index"),
        pytest.param(
            "[leverage]\nBTCUSDT = 0.5\n",
            "leverage.BTCUSDT: must be at least 1, not 0.5",
            id="leverage",
        ),
        pytest.param(
            position(entry='"-100"'),
            "positions[0].entry_price: must be above zero, not -100",
            id="entry price",
        ),
        pytest.param(
            position('mode = "isolated"', "margin = -1"),
            "positions[0].margin: must not be negative, not -1",
            id="margin",
        ),
        pytest.param(
            order("price = 0"), "orders[0].price: must be above zero, not 0", id="order price"
        ),
        pytest.param(
            order('type = "stop-market"', "trigger_price = -2"),
            "orders[0].trigger_price: must be above zero, not -2",
            id="trigger price",
        ),
        pytest.param(
            tier("floor = -1", "rate = 0.1", "max_leverage = 5"),
            "tiers.BTCUSDT[0].floor: must not be negative, not -1",
            id="floor",
        ),
        pytest.param(
            tier("floor = 0", "rate = 1", "max_leverage = 5"),
            "tiers.BTCUSDT[0].rate: must be above 0 and below 1, not 1",
            id="rate",
        ),
        pytest.param(
            tier("floor = 0", "rate = 0.1", "max_leverage = 0"),
            "tiers.BTCUSDT[0].max_leverage: must be at least 1, not 0",
            id="largest leverage",
        ),
        pytest.param(
            tier("floor = 0", "rate = 0.1", "max_leverage = 5", "deduction = -1"),
            "tiers.BTCUSDT[0].deduction: must not be negative, not -1",
            id="deduction",
        ),
        pytest.param(
            NEW + "tick = 0\n", "instruments.NEWUSDT.tick: must be above zero, not 0", id="tick"
        ),
        pytest.param(
            NEW + "lot = -1\n", "instruments.NEWUSDT.lot: must be above zero, not -1", id="lot"
        ),
        pytest.param(
            NEW + "multiplier = 0\n",
            "instruments.NEWUSDT.multiplier: must be above zero, not 0",
            id="multiplier",
        ),
        pytest.param(
            "[collateral.BTC]\nbid_buffer = 1\nask_buffer = 0\n",
            "collateral.BTC.bid_buffer: must be at least 0 and below 1, not 1",
            id="haircut",
        ),
    ],
)
def test_a_number_out_of_its_bounds(text, sentence):
    assert f"account.toml: {sentence}" == refusal(HEAD + BALANCE + text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            position(symbol="BTCUSTD"),
            "positions[0].symbol: BTCUSTD is not a symbol of binance-usdm 2025-09-29, nor under "
            "[instruments]; did you mean BTCUSDT?",
            id="an unknown symbol, and the one that was meant",
        ),
        pytest.param(
            position(symbol="....."),
            "positions[0].symbol: ..... is not a symbol of binance-usdm 2025-09-29, nor under "
            "[instruments]",
            id="an unknown symbol like no other",
        ),
        pytest.param(
            "[marks]\nBTCUSD = 5\n",
            "marks.BTCUSD: BTCUSD is not a symbol of binance-usdm 2025-09-29, nor under "
            "[instruments]; did you mean BTCUSDT?",
            id="the mark of an unknown symbol",
        ),
        pytest.param(
            "[leverage]\nBTCUSD = 5\n",
            "leverage.BTCUSD: BTCUSD is not a symbol of binance-usdm 2025-09-29, nor under "
            "[instruments]; did you mean BTCUSDT?",
            id="leverage of an unknown symbol",
        ),
        pytest.param(
            "[[tiers.NEWUSDT]]\nfloor = 0\nrate = 0.1\nmax_leverage = 5\n",
            "tiers.NEWUSDT: NEWUSDT is not a symbol of binance-usdm 2025-09-29, nor under "
            "[instruments]; add [instruments.NEWUSDT] and [[tiers.NEWUSDT]], or run crossmargin "
            "rulebooks update binance-usdm",
            id="tiers of an unknown symbol",
        ),
        pytest.param(
            position('side = "short"'),
            "positions[0].side: short does not agree with size 1; long sizes are positive, short "
            "ones negative",
            id="a side that disagrees",
        ),
        pytest.param(
            position('mode = "isolated"'),
            "positions[0].margin: an isolated position needs the margin in its bucket",
            id="an isolated position without margin",
        ),
        pytest.param(
            position("margin = 5"),
            "positions[0].margin: a cross position has no margin of its own",
            id="a cross position with margin",
        ),
        pytest.param(
            position() + position(size="-1"),
            "BTCUSDT: long and short lots in one-way mode; give the net one",
            id="opposite lots in one-way mode",
        ),
        pytest.param(
            position() + position('mode = "isolated"', "margin = 5"),
            "BTCUSDT: cannot be cross and isolated at once",
            id="lots in two margin modes",
        ),
        pytest.param(
            position('mode = "isolated"', "margin = 1000.01"),
            "balances.USDT: the cross wallet (balance less the margins of isolated buckets) is "
            "-0.01; only multi-assets mode can borrow",
            id="buckets larger than the wallet",
        ),
        pytest.param(order(size="0"), "orders[0].size: must not be zero", id="an order of nothing"),
        pytest.param(
            order('side = "long"'),
            "orders[0].side: orders in one-way mode have no side",
            id="an order with a side in one-way mode",
        ),
        pytest.param(
            order('type = "limit"'),
            "orders[0].price: a limit order needs a price",
            id="a limit order without a price",
        ),
        pytest.param(
            order('type = "stop"', "price = 5"),
            "orders[0].trigger_price: a stop order needs one",
            id="a stop without a trigger",
        ),
        pytest.param(
            tier("floor = 0", "rate = 0.1", "max_leverage = 5")
            + tier("floor = 0", "rate = 0.2", "max_leverage = 4"),
            "tiers.BTCUSDT: tier floors must rise strictly",
            id="tiers out of order",
        ),
        pytest.param(
            tier("floor = 1", "rate = 0.1", "max_leverage = 5"),
            "tiers.BTCUSDT: the first tier must have floor 0",
            id="tiers that do not begin at zero",
        ),
        pytest.param(
            tier("floor = 0", "rate = 0.1", "max_leverage = 5", "deduction = 1"),
            "tiers.BTCUSDT[0].deduction: 1 is more than floor × rate, which would make the margin "
            "negative",
            id="a deduction that would make the margin negative",
        ),
    ],
)
def test_parts_that_contradict_each_other(text, sentence):
    assert f"account.toml: {sentence}" == refusal(HEAD + BALANCE + text)


@pytest.mark.parametrize(
    ("mode", "text", "sentence"),
    [
        pytest.param(
            'position_mode = "hedge"',
            order(),
            "orders[0].side: an order in hedge mode needs the side it belongs to",
            id="an order without a side in hedge mode",
        ),
    ],
)
def test_parts_that_contradict_the_mode(mode, text, sentence):
    assert f"account.toml: {sentence}" == refusal(f"{HEAD}{mode}\n{BALANCE}{text}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(
            HEAD + "[balances]\nUSTD = 1000\n" + position(),
            "balances.USDT: is missing, and BTCUSDT settles in it (there is USTD); "
            "write 0 if there is none",
            id="a mistyped balance is not a wallet of zero",
        ),
        pytest.param(
            HEAD + BALANCE + '[margin_mode]\nBTCUSDT = "isolated"\n' + position(),
            "margin_mode.BTCUSDT: is isolated, but positions[0] is cross",
            id="a setting that contradicts the position",
        ),
    ],
)
def test_parts_that_do_not_fit_together(text, sentence):
    assert f"account.toml: {sentence}" == refusal(text)
