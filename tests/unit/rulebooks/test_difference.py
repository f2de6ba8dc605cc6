"""What is told of two rulebooks, and that nothing is told of equal ones."""

import pytest

from crossmargin.rulebooks.assemble import rulebook_from
from crossmargin.rulebooks.difference import Change, difference
from crossmargin.rulebooks.files import DataFile
from crossmargin.rulebooks.loader import load_rulebook
from tests.unit.live.samples import LAST, RULES, acme


def book(rules=RULES, last=LAST):
    return rulebook_from(*acme(rules, last))


def lines(last=LAST, rules=RULES):
    """Return what changed from the sample to the given texts, a line each."""
    found = difference(book(), book(rules, last))
    changes = (*found.ladders, *found.contracts, *found.fees, *found.collateral)
    return [
        *(f"+ {name}" for name in found.added),
        *(f"- {name}" for name in found.removed),
        *(f"{' '.join(one.names)}: {one.what} {one.before} → {one.after}" for one in changes),
    ]


def test_nothing_changed():
    assert difference(book(), book()).is_empty


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("ETHUSDT", "", ["- ETHUSDT"], id="a symbol is gone"),
        pytest.param("OLDUSDT", "OLDUSDT NEWUSDT", ["+ NEWUSDT"], id="a symbol is new"),
        pytest.param(
            "50k 1% 50x",
            "60k 1% 50x",
            ["BTCUSDT ETHUSDT: tier 2 from 50k 1% 50x → from 60k 1% 50x"],
            id="a floor, said once for both symbols",
        ),
        pytest.param(
            "0 0.5% 100x |",
            "0 0.4% 100x | 10k 0.5% 75x |",
            ["BTCUSDT ETHUSDT: tier 1 from 0 0.5% 100x → from 0 0.4% 100x"],
            id="only the first tier that differs",
        ),
        pytest.param(
            "50k 1% 50x | 1M",
            "50k 1% 50x | 500k 2% 25x | 1M",
            ["BTCUSDT ETHUSDT: tier 3 none → from 500k 2% 25x"],
            id="a tier more",
        ),
        pytest.param("1% 50x | 1M", "1% 2% | 1M", [], id="50x and 2 % are the same"),
        pytest.param("1M", "2M", ["BTCUSDT ETHUSDT: cap 1M → 2M"], id="the cap alone"),
        pytest.param(
            " | 1M", " | 1M ...", [
                "BTCUSDT ETHUSDT: cap 1M → none",
                "BTCUSDT ETHUSDT: published up to none → 1M",
            ], id="a cap that is the end of what is known"
        ),
        pytest.param(
            'tiers = "0 1% 50x"',
            'tiers = "unknown"',
            ["OLDUSDT: tier 1 from 0 1% 50x → unknown"],
            id="a ladder that is no longer known",
        ),
        pytest.param(
            'symbols = "OLDUSDT"',
            'symbols = "OLDUSDT"\nmultiplier = 10\nopen_interest_caps = [1000, 2000]',
            ["OLDUSDT: multiplier 1 → 10", "OLDUSDT: open interest none → 1k to 2k"],
            id="what a contract is",
        ),
    ],
)  # fmt: skip
def test_what_changed_in_an_edition(old, new, expected):
    assert expected == lines(LAST.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("0.0005\nliq", "0.0004\nliq", ["taker: fee 0.05% → 0.04%"], id="a fee"),
        pytest.param(
            "bid_buffer = 0.05", "bid_buffer = 0.1", ["BTC: counts 95% → 90%"], id="a haircut"
        ),
        pytest.param(
            "bid_buffer = 0.05",
            'slices = "0 95% | 20 90%"',
            ["BTC: counts 95% → 95% from 0, 90% from 20"],
            id="slices",
        ),
        pytest.param("ask_buffer = 0.06", "", ["BTC: debts cost on top 6% → 0%"], id="debts"),
        pytest.param("tick = 0.1", "tick = 0.01", ["BTCUSDT: tick 0.1 → 0.01"], id="a tick"),
    ],
)
def test_what_changed_in_the_rules(old, new, expected):
    assert expected == lines(rules=RULES.replace(old, new))


def test_an_asset_that_is_gone_or_new():
    rules = RULES.replace("[collateral.BTC]", "[collateral.ETH]")

    assert "BTC: counts 95% → none" in lines(rules=rules)
    assert "ETH: counts none → 95%" in lines(rules=rules)


def test_the_editions_are_named():
    later = LAST.replace("edition = 2024-01-01", "edition = 2024-02-01")
    after = rulebook_from(
        DataFile("acme/rules.toml", RULES.encode()),
        DataFile("acme/2024-02-01.toml", later.encode()),
    )
    found = difference(book(), after)

    assert ("2024-01-01", "2024-02-01") == (str(found.before), str(found.after))
    assert found.is_empty


def test_two_editions_of_binance():
    # 2024-08-07 to 2025-09-29, counted in the files: 588 symbols after 315.
    old = load_rulebook("binance-usdm", edition="2024-08-07")
    new = load_rulebook("binance-usdm", edition="2025-09-29")
    found = difference(old, new)

    assert 588 - 315 == len(found.added) - len(found.removed)
    assert found.ladders
    assert all(isinstance(one, Change) and one.before != one.after for one in found.ladders)
