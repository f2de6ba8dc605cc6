"""The tables and keys of venues that are not like Binance: what they make, what is refused."""

from decimal import Decimal

import pytest

from crossmargin.errors import RulebookError
from crossmargin.model.instrument import Kind
from crossmargin.rulebooks import bounds, files
from tests.unit.rulebooks.samples import (
    EDITION,
    IN_EDITION_FILE,
    IN_RULES_FILE,
    RULES,
    acme,
    broken,
)


def test_every_number_of_a_table_has_a_range():
    numbers = {
        (name, field.name)
        for name, table in {
            "leverage": files.LeverageTable,
            "margin": files.MarginTable,
            "contracts": files.ContractsTable,
            "options": files.OptionsTable,
            "instruments": files.InstrumentTable,
            "orders": files.OrdersTable,
            "fees": files.FeesTable,
            "funding": files.FundingTable,
            "liquidation": files.LiquidationTable,
            "debts": files.DebtsTable,
            "collateral": files.CollateralTable,
        }.items()
        for field in files.msgspec.structs.fields(table)
        if field.type in (int, int | None, Decimal, Decimal | None)
    }
    # What a table of options says of calls and puts apart is judged with it.
    numbers |= {("options", field.name) for field in files.msgspec.structs.fields(files.RightTable)}

    assert numbers == set(bounds.RANGES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "initial_multiple = 0.5",
            "margin.initial_multiple is 0.5, must be in [1, 10]",
            id="initial margin below maintenance margin",
        ),
        pytest.param(
            "closing_fee_rate = 0.1",
            "margin.closing_fee_rate is 0.1, must be in [0, 0.1)",
            id="a closing fee of a tenth",
        ),
        pytest.param(
            "money_step = 0", "margin.money_step is 0, must be in (0, 1]", id="steps of nothing"
        ),
        pytest.param(
            'initial = "luck"', "margin.initial: invalid enum value 'luck'", id="an unknown choice"
        ),
    ],
)
def test_a_margin_table_is_refused_for(text, message):
    rules = broken(RULES, "[funding]", f'[margin]\nsource = "page"\n{text}\n\n[funding]')

    with pytest.raises(RulebookError) as refusal:
        acme(rules)

    assert IN_RULES_FILE + message == str(refusal.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "cap_multiple = 0.75",
            "cap_rate = 2",
            "funding.cap_rate is 2, must be in (0, 1]",
            id="a cap above all of it",
        ),
        pytest.param(
            "cap_multiple = 0.75",
            "period_hours = 25",
            "funding.period_hours is 25, must be in [1, 24]",
            id="a period longer than a day",
        ),
        pytest.param(
            'first_position = "largest-loss"\nsource = { ',
            'first_position = "largest-loss"\nfraction = 1.5\nsource = { fraction = "page", ',
            "liquidation.fraction is 1.5, must be in (0, 1]",
            id="more than all of a position",
        ),
        pytest.param(
            'first_position = "largest-loss"\n',
            'first_position = "largest-loss"\nfraction = 0.5\n',
            "liquidation: source is given for first_position, is_trigger_strict, steps, "
            "must be for first_position, fraction, is_trigger_strict, steps",
            id="what is not the default has no source",
        ),
        pytest.param(
            'first_position = "largest-loss"\n',
            'first_position = "largest-loss"\nstop_health = 0\n',
            "liquidation.stop_health is 0, must be in (0, 1]",
            id="reduced until nothing is left",
        ),
        pytest.param(
            "bid_buffer = 0.05\n",
            'bid_buffer = 0.05\nslices = "0 95%"\n',
            "collateral.BTC: must have either bid_buffer or slices",
            id="buffer and slices",
        ),
        pytest.param(
            "bid_buffer = 0.05\n",
            "",
            "collateral.BTC: must have either bid_buffer or slices",
            id="neither buffer nor slices",
        ),
        pytest.param(
            "bid_buffer = 0.05\n",
            'slices = "0 95% | 10 96%"\n',
            "collateral.BTC: rate 0.96 must be at most 0.95",
            id="slices that count more",
        ),
        pytest.param(
            "ask_buffer = 0.06",
            "ask_buffer = 0.06\ninitial_scale = 1.5",
            "collateral.BTC.initial_scale is 1.5, must be in [0, 1]",
            id="more than its worth",
        ),
    ],
)
def test_the_newer_keys_are_refused_for(old, new, message):
    with pytest.raises(RulebookError) as refusal:
        acme(rules=broken(RULES, old, new))

    # What the two files make together is told by the edition's name.
    assert str(refusal.value) in (IN_RULES_FILE + message, IN_EDITION_FILE + message)


def test_what_keeps_its_default_may_have_a_source():
    rules = broken(
        RULES,
        'first_position = "page" }',
        'first_position = "page", stop_health = "page" }',
    )

    assert Decimal(1) == acme(rules).liquidation.stop_health


def test_slices_stand_instead_of_a_buffer():
    sliced = broken(RULES, "bid_buffer = 0.05\n", 'slices = "0 98% | 10 95% | 20 0%"\n')
    flat = broken(RULES, "bid_buffer = 0.05\n", 'slices = "0 98%"\n')

    # The buffer is what the first slice leaves out; one slice alone is a buffer and nothing more.
    assert (Decimal("0.02"), 3) == (
        acme(sliced).collateral["BTC"].bid_buffer,
        len(acme(sliced).collateral["BTC"].slices),
    )
    assert (Decimal("0.02"), ()) == (
        acme(flat).collateral["BTC"].bid_buffer,
        acme(flat).collateral["BTC"].slices,
    )


def test_a_ladder_that_was_not_found_is_unknown():
    edition = broken(EDITION, 'tiers = "0 1% 50x"', 'tiers = "unknown"')

    assert acme(edition=edition).contracts["BTCUSDC"].tiers is None


def test_tiers_may_count_sizes():
    rules = broken(
        RULES,
        'tiers = { is_floor_included = false, source = "page" }',
        'tiers = { is_floor_included = false, unit = "size", source = "page" }',
    )

    rulebook = acme(rules)

    assert rulebook.is_by_size
    assert rulebook.contracts["BTCUSDT"].tiers.is_by_size


def test_a_symbol_belongs_to_the_first_family_it_is_named_like():
    family = (
        '[[contracts]]\npayoff = "inverse"\nmultiplier = 10\n'
        'perpetual = "{base}USD"\nsource = "page"\n\n[funding]'
    )
    ladder = (
        '[[ladder]]\nsettle = "BTC"\ntiers = "0 1% 50x"\nsymbols = "BTCUSD"\nmultiplier = 100\n'
    )

    contracts = acme(broken(RULES, "[funding]", family), EDITION + ladder).contracts

    assert (Kind.INVERSE_PERPETUAL, Decimal(100)) == (
        contracts["BTCUSD"].instrument.kind,
        contracts["BTCUSD"].instrument.multiplier,
    )
    assert (Kind.LINEAR_PERPETUAL, Decimal(1)) == (
        contracts["BTCUSDT"].instrument.kind,
        contracts["BTCUSDT"].instrument.multiplier,
    )


def test_open_interest_caps_belong_to_a_ladder():
    edition = broken(
        EDITION, 'symbols = "BTCUSDC"', 'symbols = "BTCUSDC"\nopen_interest_caps = ["20e6", "50e6"]'
    )

    caps = acme(edition=edition).contracts["BTCUSDC"].open_interest

    assert (Decimal(20_000_000), Decimal(50_000_000)) == (caps.lower, caps.upper)
    assert acme().contracts["BTCUSDT"].open_interest is None
