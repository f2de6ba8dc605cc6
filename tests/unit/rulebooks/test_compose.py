"""A venue that holds other venues' contracts: what it takes, what is its own, what it refuses."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.assemble import rulebook_from
from crossmargin.rulebooks.compose import composed_from
from crossmargin.rulebooks.files import DataFile
from crossmargin.rulebooks.loader import (
    Origin,
    add_edition,
    contracts_from,
    edition_files,
    editions,
    editions_with,
    load_rulebook,
    origin,
)
from crossmargin.rulebooks.margin_rule import MarginRule
from tests.unit.rulebooks.samples import EDITION, RULES, broken

VENUE = "binance-portfolio-margin"
PARTS = ("binance-usdm", "binance-coinm")
DAY = date(2024, 1, 1)

POOL = """
schema = 1
venue = "pool"
contracts_from = ["acme", "coin"]
modes = ["portfolio"]
assets_modes = ["multi"]
ratio_convention = "equity-over-maintenance"

[portfolio]
method = "unified"
liquidation_ratio = 1.05
opening_ratio = 1.2
loan_leverage = 3
loans = [{ leverage = 3, maintenance_rate = 0.1 }]
source = "page"

[liquidation]
is_trigger_strict = true
steps = ["take-over"]
first_position = "largest-loss"
source = "page"
assumption = "Taking over is assumed."

[switches]
source = "page"
rules = []

[collateral.ETH]
bid_buffer = 0.1
source = "page"

[sources.page]
what = "The pool's page"
address = "https://pool.example/rules"
read_on = 2024-01-03
confidence = "official"
"""


def part(venue, base):
    """Return the sample venue under another name, with contracts on another coin."""
    rules = broken(RULES, '"acme"', f'"{venue}"').replace("BTCUSDT", f"{base}USDT")
    return rulebook_from(
        DataFile(f"{venue}/rules.toml", rules.encode()),
        DataFile(f"{venue}/{DAY}.toml", EDITION.replace("BTC", base).encode()),
    )


ACME, COIN = part("acme", "BTC"), part("coin", "ETH")


def pool(text=POOL, parts=(ACME, COIN)):
    """Return the rulebook that the text makes of the parts."""
    return composed_from(DataFile("pool/rules.toml", text.encode()), DAY, parts)


def test_contracts_are_the_parts_and_the_rest_is_its_own():
    book = pool()

    assert ACME.contracts | COIN.contracts == book.contracts
    assert ("pool", DAY, ("portfolio",), ("multi",)) == (
        book.venue,
        book.edition,
        book.modes,
        book.assets_modes,
    )
    assert (ACME.fees, ACME.funding) == (book.fees, book.funding)
    assert {"ETH"} == set(book.collateral)
    assert () == book.switches
    assert book.liquidation.is_trigger_strict
    assert Decimal("1.05") == book.portfolio.liquidation_ratio
    assert "The pool's page" == book.sources["page"].what
    assert "Taking over is assumed." == book.notes["liquidation"]
    assert "Funding is assumed." == book.notes["funding"]


def test_the_hash_covers_every_file():
    hashes = {
        pool().sha256,
        pool(POOL + "# another\n").sha256,
        pool(parts=(ACME, replace(COIN, sha256="0" * 64))).sha256,
        pool(parts=(replace(ACME, sha256="0" * 64), COIN)).sha256,
    }

    assert 4 == len(hashes)


@pytest.mark.parametrize(
    ("text", "parts", "message"),
    [
        pytest.param(
            POOL,
            (ACME, ACME),
            "pool/rules.toml: BTCUSDT is a symbol of acme and another",
            id="a symbol twice",
        ),
        pytest.param(
            POOL,
            (ACME, replace(COIN, margin=MarginRule(transfer_floor=Decimal("0.1")))),
            "pool/rules.toml: contracts of acme and coin are margined in different ways, must be "
            "in one",
            id="other ways of margining",
        ),
        pytest.param(
            POOL + '\n[fees]\nmaker = 0\ntaker = 0\nliquidation = 0\nsource = "page"\n',
            (ACME, COIN),
            "pool/rules.toml: [fees] must not be there, acme, coin have it",
            id="a table that the contracts bring",
        ),
        pytest.param(
            broken(POOL, '[switches]\nsource = "page"\nrules = []\n', ""),
            (ACME, COIN),
            "pool/rules.toml: [liquidation], [switches] and [portfolio] must be there",
            id="a table that is its own is missing",
        ),
        pytest.param(
            broken(POOL, "opening_ratio = 1.2", "opening_ratio = 0.2"),
            (ACME, COIN),
            "pool/rules.toml: portfolio.opening_ratio is 0.2, must be in [1, 10]",
            id="a number out of its range",
        ),
    ],
)
def test_it_is_refused(text, parts, message):
    with pytest.raises(RulebookError) as refusal:
        pool(text, parts)

    assert message == str(refusal.value)


def test_it_has_an_edition_whenever_one_of_its_parts_has():
    assert PARTS == contracts_from(VENUE)
    assert () == contracts_from("binance-usdm")
    assert editions("binance-usdm") == editions(VENUE)
    assert Origin.PACKAGED is origin(VENUE, date(2022, 5, 28))


@pytest.mark.parametrize("day", [date(2022, 5, 28), date(2024, 1, 1), date(2026, 11, 22)])
def test_each_part_is_the_one_in_force(day):
    book = load_rulebook(VENUE, at=day)
    parts = [load_rulebook(name, at=day) for name in PARTS]

    assert parts[0].contracts | parts[1].contracts == book.contracts
    assert parts[0].edition == book.edition


def test_symbols_are_looked_for_in_all_parts():
    assert editions("binance-usdm")[:3] == editions_with(VENUE, "BTCBUSD")
    assert editions(VENUE) == editions_with(VENUE, "BTCUSD_PERP")


def test_an_edition_of_a_part_of_ones_own_is_one_of_its_editions(monkeypatch, tmp_path):
    monkeypatch.setenv("CROSSMARGIN_DATA", str(tmp_path))
    text = edition_files("binance-coinm", date(2021, 7, 27)).edition.content.decode()
    own = broken(text, "edition = 2021-07-27", "edition = 2026-10-01")
    add_edition("binance-coinm", date(2026, 10, 1), own.encode())

    assert date(2026, 10, 1) == load_rulebook(VENUE).edition
    assert Origin.YOURS is origin(VENUE, date(2026, 10, 1))


def test_it_has_no_edition_files():
    message = f"{VENUE} has the editions of binance-usdm and binance-coinm, none of its own"
    with pytest.raises(RulebookError, match=message):
        edition_files(VENUE, date(2022, 5, 28))
    with pytest.raises(RulebookError, match=message):
        add_edition(VENUE, date(2026, 11, 1), b"")
