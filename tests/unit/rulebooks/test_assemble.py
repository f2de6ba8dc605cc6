"""Two files make a rulebook, or one sentence says which value of which file does not."""

from datetime import date
from decimal import Decimal
from hashlib import sha256

import pytest

from crossmargin.errors import RulebookError
from crossmargin.model.instrument import Kind
from crossmargin.rulebooks import files
from crossmargin.rulebooks.procedure import Change, Obstacle
from crossmargin.rulebooks.schema import AssumedPrice
from tests.unit.rulebooks.samples import (
    EDITION,
    IN_EDITION_FILE,
    IN_RULES_FILE,
    RULES,
    acme,
    broken,
)

R, E = IN_RULES_FILE, IN_EDITION_FILE


def test_values_arrive_exactly():
    rulebook = acme()

    assert ("acme", date(2024, 1, 1), ("single",)) == (
        rulebook.venue,
        rulebook.edition,
        rulebook.assets_modes,
    )
    assert (Decimal("0.0002"), Decimal("0.0005"), Decimal("0.01")) == (
        rulebook.fees.maker,
        rulebook.fees.taker,
        rulebook.fees.liquidation,
    )
    assert (28_800_000, Decimal("0.75")) == (
        rulebook.funding.interval_ms,
        rulebook.funding.cap_multiple,
    )
    assert (AssumedPrice.ORDER, Decimal("0.0005")) == (
        rulebook.assumed_price,
        rulebook.market_buffer,
    )
    assert (Change.MARGIN_MODE, (Obstacle.POSITIONS,)) == (
        rulebook.switches[0].change,
        rulebook.switches[0].blocked_by,
    )
    assert {"funding": "Funding is assumed."} == rulebook.notes


def test_the_hash_is_over_the_bytes_of_both_files():
    assert sha256((RULES + EDITION).encode()).hexdigest() == acme().sha256


def test_an_instrument_has_its_own_steps():
    instruments = {symbol: contract.instrument for symbol, contract in acme().contracts.items()}

    assert (Decimal("0.1"), Decimal("0.001"), 1) == (
        instruments["BTCUSDT"].tick,
        instruments["BTCUSDT"].lot,
        instruments["BTCUSDT"].multiplier,
    )
    assert (Kind.LINEAR_FUTURE, None) == (
        instruments["BTCUSDT_240329"].kind,
        instruments["BTCUSDT_240329"].tick,
    )


def test_an_edition_replaces_a_table():
    fees = '[fees]\nmaker = 0\ntaker = 0.001\nliquidation = 0.02\nsource = "page"\n'

    rulebook = acme(edition=EDITION + fees)

    assert (Decimal(0), Decimal("0.001")) == (rulebook.fees.maker, rulebook.fees.taker)
    assert Decimal(20) == rulebook.leverage_default


def test_an_edition_adds_collateral_and_sentences():
    more = (
        'assumptions = ["A year is long."]'
        + EDITION
        + '[collateral.ETH]\nbid_buffer = 0.1\nask_buffer = 0\nsource = "page"\n'
    )

    rulebook = acme(edition=more)

    assert ["BTC", "ETH"] == sorted(rulebook.collateral)
    assert ("A year is long.",) == rulebook.assumptions


def test_an_inverse_contract_settles_in_its_base():
    rules = RULES.replace('"linear"', '"inverse"').replace('"{base}{settle}"', '"{base}USD_PERP"')
    ladder = '[[ladder]]\nsettle = "BTC"\ntiers = "0 1% 50x"\nsymbols = "BTCUSD_PERP"\n'

    instrument = acme(rules, EDITION.split("[[")[0] + ladder).contracts["BTCUSD_PERP"].instrument

    assert (Kind.INVERSE_PERPETUAL, "BTC", "BTC") == (
        instrument.kind,
        instrument.base,
        instrument.settle,
    )


IN_RULES = [
    (
        "another venue's rules",
        'venue = "acme"',
        'venue = "emca"',
        "venue is 'emca', must be the folder's name",
    ),
    (
        "a wrong type under a name",
        "bid_buffer = 0.05",
        "bid_buffer = []",
        "collateral.BTC.bid_buffer: expected `decimal | null`, got `array`",
    ),
    (
        "leverage below one",
        "default = 20",
        "default = 0",
        "leverage.default is 0, must be in [1, 250]",
    ),
    (
        "leverage too high",
        "default = 20",
        "default = 251",
        "leverage.default is 251, must be in [1, 250]",
    ),
    (
        "negative fee",
        "taker = 0.0005",
        "taker = -0.0005",
        "fees.taker is -0.0005, must be in [0, 0.1)",
    ),
    ("fee of a tenth", "taker = 0.0005", "taker = 0.1", "fees.taker is 0.1, must be in [0, 0.1)"),
    (
        "liquidation fee",
        "liquidation = 0.01",
        "liquidation = 1.25",
        "fees.liquidation is 1.25, must be in [0, 0.1)",
    ),
    ("not a number", "taker = 0.0005", "taker = nan", "fees.taker is NaN, must be in [0, 0.1)"),
    (
        "a rebate above a percent",
        "maker = 0.0002",
        "maker = -0.02",
        "fees.maker is -0.02, must be in [-0.01, 0.1)",
    ),
    ("infinite", "taker = 0.0005", "taker = inf", "fees.taker is Infinity, must be in [0, 0.1)"),
    ("no interval", "hours = 8", "hours = 0", "funding.interval_hours is 0, must be in [1, 24]"),
    (
        "half an hour",
        "hours = 8",
        "hours = 0.5",
        "funding.interval_hours: expected `int`, got `decimal`",
    ),
    ("interest", "rate = 0.0001", "rate = 1", "funding.interest_rate is 1, must be in [0, 1)"),
    ("damper", "damper = 0.0005", "damper = -1", "funding.damper is -1, must be in [0, 1)"),
    (
        "no cap",
        "cap_multiple = 0.75",
        "cap_multiple = 0",
        "funding.cap_multiple is 0, must be in (0, 100]",
    ),
    (
        "market buffer",
        "market_buffer = 0.0005",
        "market_buffer = 1",
        "orders.market_buffer is 1, must be in [0, 1)",
    ),
    (
        "bid buffer",
        "bid_buffer = 0.05",
        "bid_buffer = 1",
        "collateral.BTC.bid_buffer is 1, must be in [0, 1)",
    ),
    (
        "ask buffer",
        "ask_buffer = 0.06",
        "ask_buffer = -0.01",
        "collateral.BTC.ask_buffer is -0.01, must be in [0, 1)",
    ),
    (
        "exchange buffers",
        "ask_buffer = 0.06",
        "ask_buffer = 0.06\nexchange_bid_buffer = 2",
        "collateral.BTC.exchange_bid_buffer is 2, must be in [0, 1)",
    ),
    (
        "multiplier",
        "multiplier = 1",
        "multiplier = 0",
        "contracts[0].multiplier is 0, must be in (0, 1000000000000]",
    ),
    (
        "tick",
        "tick = 0.1",
        "tick = 0",
        "instruments.BTCUSDT.tick is 0, must be in (0, 1000000000000]",
    ),
    (
        "lot",
        "lot = 0.001",
        "lot = -1",
        "instruments.BTCUSDT.lot is -1, must be in (0, 1000000000000]",
    ),
    (
        "true is no number",
        "maker = 0.0002",
        "maker = true",
        "fees.maker: expected `decimal`, got `bool`",
    ),
    (
        "a word for a number",
        "maker = 0.0002",
        'maker = "low"',
        "fees.maker: invalid decimal string",
    ),
    ("missing value", "taker = 0.0005, ", "", "fees: object missing required field `taker`"),
    (
        "missing table",
        'leverage = { default = 20, source = "page" }\n',
        "",
        "[leverage] is missing",
    ),
    (
        "unknown key",
        "maker = 0.0002",
        "maker = 0.0002, rebate = 0",
        "fees: object contains unknown field `rebate`",
    ),
    (
        "a key nearly right",
        "taker = 0.0005",
        "takr = 0.0005",
        "fees: object contains unknown field `takr`; did you mean `taker`?",
    ),
    (
        "unknown table",
        "[funding]",
        "[fun]\n[funding]",
        "object contains unknown field `fun`; did you mean `funding`?",
    ),
    ("unknown step", '"take-over"', '"pray"', "liquidation.steps[1]: invalid enum value 'pray'"),
    (
        "unknown obstacle",
        '"positions"',
        '"luck"',
        "switches.rules[0].blocked_by[0]: invalid enum value 'luck'",
    ),
    ("unknown mode", '["single"]', '["triple"]', "assets_modes[0]: invalid enum value 'triple'"),
    ("newer schema", "schema = 1", "schema = 2", "schema is 2, must be 1"),
    (
        "unknown source",
        'maker = 0.0002, taker = 0.0005, liquidation = 0.01, source = "page"',
        'maker = 0, taker = 0, liquidation = 0, source = "blog"',
        "fees: source is 'blog', must be a key of [sources]",
    ),
    (
        "a value without source",
        'steps = "page", ',
        "",
        "liquidation: source is given for first_position, is_trigger_strict, "
        "must be for first_position, is_trigger_strict, steps",
    ),
    (
        "a source of nothing",
        'what = "A page"',
        'what = " "',
        "sources.page.what is empty, must say it",
    ),
    (
        "a source's date",
        "read_on = 2024-01-02",
        'read_on = "2024-13-02"',
        "sources.page.read_on: invalid RFC3339 encoded date",
    ),
    (
        "a source's confidence",
        '"official"',
        '"sure"',
        "sources.page.confidence: invalid enum value 'sure'",
    ),
]

IN_EDITION = [
    (
        "another day's file",
        "edition = 2024-01-01",
        "edition = 2024-01-02",
        "edition is 2024-01-02, must be the file's name",
    ),
    ("a day that is none", "2024-01-01", '"2024-02-30"', "edition: invalid RFC3339 encoded date"),
    (
        "unknown source",
        'source = "page"',
        'source = "blog"',
        "source is 'blog', must be a key of [sources]",
    ),
    (
        "symbol twice",
        '"BTCUSDC"',
        '"BTCUSDC BTCUSDC"',
        "ladder 2 (BTCUSDC): BTCUSDC must be in one ladder only",
    ),
    ("no symbols", '"BTCUSDC"', '" "', "ladder 2 (no symbols): symbols must name at least one"),
    ("ladder", "50k 1%", "50k 0.1%", "ladder 1 (BTCUSDT): rate 0.001 must be at least 0.005"),
    (
        "settle",
        '"USDC"',
        '"USD"',
        "ladder 2 (BTCUSDC): symbol BTCUSDC must be named like {base}{settle} "
        "or {base}{settle}_{yymmdd} with settle USD",
    ),
    (
        "unknown key",
        'settle = "USDC"',
        'settle = "USDC"\ntick = 1',
        "ladder[1]: object contains unknown field `tick`",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "message"), [pytest.param(*rest, id=name) for name, *rest in IN_RULES]
)
def test_rules_are_refused_for(old, new, message):
    with pytest.raises(RulebookError) as refusal:
        acme(rules=broken(RULES, old, new))

    assert R + message == str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "message"), [pytest.param(*rest, id=name) for name, *rest in IN_EDITION]
)
def test_an_edition_is_refused_for(old, new, message):
    with pytest.raises(RulebookError) as refusal:
        acme(edition=broken(EDITION, old, new))

    assert E + message == str(refusal.value)


def test_an_inverse_ladder_in_another_coin_is_refused():
    rules = RULES.replace('"linear"', '"inverse"')

    with pytest.raises(RulebookError) as refusal:
        acme(rules)

    assert (
        E + "ladder 1 (BTCUSDT): symbol BTCUSDT must be named like {base}{settle} or "
        "{base}{settle}_{yymmdd} with settle USDT (inverse ones settle in their base)"
    ) == str(refusal.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"a = ", "is not TOML: Invalid value (at end of document)", id="half a line"),
        pytest.param(
            b"a = 1\na = 2\n",
            "is not TOML: Cannot overwrite a value (at line 2, column 6)",
            id="a key twice",
        ),
        pytest.param(
            b"\xff",
            "is not TOML: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
            id="not text",
        ),
    ],
)
def test_what_is_not_toml_is_refused(content, message):
    with pytest.raises(RulebookError) as refusal:
        files.document(files.DataFile("acme/rules.toml", content))

    assert f"acme/rules.toml {message}" == str(refusal.value)
