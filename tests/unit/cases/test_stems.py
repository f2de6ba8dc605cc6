"""Topics that differ in a number or a side, and those that nothing answers."""

import pytest

from tests.cases.adapters import ADAPTERS, STEMS, adapter_of


@pytest.mark.parametrize(
    ("venue", "topic", "stem"),
    [
        ("kraken", "margin level of a short at 3x", "margin level of a short"),
        ("kraken", "margin level of a long", "margin level of a short"),
        ("bitmex", "rates two steps above the base limit", "rates one step above the base limit"),
        (
            "okx",
            "averaging window of the premium index, 4 h cycle",
            "averaging window of the premium index, 8 h cycle",
        ),
        (
            "okx",
            "short put position margin (maintenance)",
            "short put position margin (initial)",
        ),
        (
            "okx",
            "collateral discount tiers, 100 BTC",
            "collateral discount tiers are marginal",
        ),
        ("okx", "MR7 minimum charge, tier 3", "MR7 minimum charge"),
        ("okx", "risk unit MMR and IMR, LTC", "risk-unit MMR and IMR"),
        ("bybit", "scenario grid, 33 scenarios", "scenario grid"),
        (
            "deribit-style (MCDEX copy)",
            "continuous funding with damper, 30 minutes",
            "continuous funding, full 8 hours",
        ),
        ("hyperliquid", "cross liquidation price", "liquidation price"),
        ("gate", "liquidation price, linear long", "liquidation price"),
    ],
)
def test_topics_that_differ_in_a_number_or_a_side_have_one_adapter(venue, topic, stem):
    assert adapter_of(venue, topic) is ADAPTERS[venue][stem]


@pytest.mark.parametrize(
    ("venue", "topic"),
    [
        ("kraken", "margin level of a portfolio"),
        ("deribit", "short vega limit"),
        ("okx", "MR8 borrowing"),
        ("gate", "liquidation price, portfolio margin"),
        ("nowhere", "liquidation price"),
    ],
)
def test_topics_that_nothing_answers_have_none(venue, topic):
    assert adapter_of(venue, topic) is None


def test_every_pattern_leads_to_a_topic():
    lost = [
        (venue, stem)
        for venue, stems in STEMS.items()
        for stem in stems.values()
        if stem not in ADAPTERS[venue]
    ]

    assert not lost
