"""A ladder's text and the pieces it stands for."""

from decimal import Decimal

import pytest

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.ladder import tiers_of

# Announcement 2021-03-18 (bounds, leverage, rates); maintenance amounts as circulated with it.
BTCUSDT_2021 = (
    "0 0.4% 125x | 50k 0.5% 100x | 250k 1% 50x | 1M 2.5% 20x | 10M 5% 10x | 20M 10% 5x "
    "| 50M 12.5% 4x | 100M 15% 3x | 200M 25% 2x | 300M 50% 1x | 500M"
)
AMOUNTS_2021 = "0 50 1300 16300 266300 1266300 2516300 5016300 25016300 100016300"


def test_deductions_follow_from_continuity():
    tiers = tiers_of(BTCUSDT_2021)

    assert list(map(Decimal, AMOUNTS_2021.split())) == [tier.deduction for tier in tiers.pieces]
    assert Decimal(500_000_000) == tiers.cap


def test_a_ladder_without_a_last_number_has_no_cap():
    assert tiers_of("0 1% 50x | 1k 2% 25x").cap is None


@pytest.mark.parametrize(
    ("word", "value"),
    [
        pytest.param("62500", "62500", id="plain"),
        pytest.param("0.5", "0.5", id="a fraction of a coin"),
        pytest.param("62.5k", "62500", id="thousands"),
        pytest.param("1800M", "1800000000", id="millions"),
    ],
)
def test_amounts_are_exact(word, value):
    assert Decimal(value) == tiers_of(f"0 1% 50x | {word} 2% 25x").pieces[1].floor


def test_deductions_that_agree_may_be_written():
    assert tiers_of("0 0.4% 125x 0 | 50k 0.5% 100x 50") == tiers_of("0 0.4% 125x | 50k 0.5% 100x")


def test_a_whole_position_ladder_need_not_meet():
    tiers = tiers_of("0 0.4% 125x | 50k 0.5% 100x | 1M 1% 50x 7", is_whole_position=True)

    assert [0, 0, 7] == [tier.deduction for tier in tiers.pieces]


def test_whether_a_floor_belongs_to_the_tier_above_is_kept():
    assert [1, 0] == [
        tiers_of("0 1% 50x | 1k 2% 25x", is_floor_included=is_included).index(Decimal(1000))
        for is_included in (True, False)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "the first tier must have floor 0", id="nothing"),
        pytest.param("1M", "the first tier must have floor 0", id="a cap alone"),
        pytest.param("5 1% 50x", "the first tier must have floor 0", id="starts above zero"),
        pytest.param(
            "0 1% 50x | 1k 2% | 1M",
            "tier '1k 2%' must be floor, rate and leverage, such as '50k 0.5% 100x'",
            id="a word is missing",
        ),
        pytest.param("0 1 50x", "rate '1' must be a percentage, such as '0.5%'", id="bare rate"),
        pytest.param("0 0% 50x", "rate 0% must be in (0 %, 100 %)", id="rate zero"),
        pytest.param("0 100% 1x", "rate 100% must be in (0 %, 100 %)", id="rate one"),
        pytest.param("0 -1% 1x", "-1% must not be negative", id="negative rate"),
        pytest.param("0 1% 50", "leverage '50' must end in x, such as '100x'", id="bare leverage"),
        pytest.param("0 0.1% 151x", "leverage 151x must be in [1, 150]", id="leverage too high"),
        pytest.param("0 1% 0.5x", "leverage 0.5x must be in [1, 150]", id="leverage below one"),
        pytest.param("0 1%% 50x", "'1%%' is not a number", id="a word that is no number"),
        pytest.param("0 1% 50x | 1kk 2% 25x", "'1kk' is not a number", id="two units"),
        pytest.param("0 1% 50x | infk 2% 25x", "'infk' is not a number", id="infinity"),
        pytest.param(
            "0 1% 101x",
            "rate 0.01 must be at most 1 / 101, the margin at the tier's largest leverage",
            id="liquidatable as opened",
        ),
        pytest.param(
            "0 1% 50x | 1k 2% 25x | 1000 3% 20x", "floor 1000 must be above 1000", id="floor twice"
        ),
        pytest.param("0 2% 25x | 1k 1% 20x", "rate 0.01 must be at least 0.02", id="rate falls"),
        pytest.param("0 1% 20x | 1k 2% 25x", "leverage 25 must be at most 20", id="leverage rises"),
        pytest.param("0 1% 50x | 1k 2% 25x | 1k", "cap 1000 must be above 1000", id="cap on floor"),
        pytest.param(
            "0 0.4% 125x | 50k 0.5% 100x 51",
            "deduction 51 of the tier from 50k must be 50 for the tiers to meet",
            id="a jump in a marginal ladder",
        ),
    ],
)
def test_it_is_refused_as_a_ladder(text, message):
    with pytest.raises(RulebookError) as refusal:
        tiers_of(text)

    assert message == str(refusal.value)
