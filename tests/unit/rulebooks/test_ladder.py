"""A ladder's text and the pieces it stands for."""

from decimal import Decimal

import pytest

from crossmargin.errors import RulebookError
from crossmargin.rulebooks.ladder import slices_of, tiers_of

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
        *(
            pytest.param(
                f"0 1% 50x | {end}",
                f"'{end}' at the end is no tier; a ladder known up to an amount ends in that "
                "amount, a space and three dots, such as '400 ...'",
                id=f"an end written {end}",
            )
            for end in ("400k...", "400k ..", "400k known", "...")
        ),
        pytest.param("0 1 50x", "rate '1' must be a percentage, such as '0.5%'", id="bare rate"),
        pytest.param("0 0% 50x", "rate 0% must be in (0 %, 100 %)", id="rate zero"),
        pytest.param("0 100% 1x", "rate 100% must be in (0 %, 100 %)", id="rate one"),
        pytest.param("0 -1% 1x", "-1% must not be negative", id="negative rate"),
        pytest.param("0 1% 50", "leverage '50' must end in x, such as '100x'", id="bare leverage"),
        pytest.param("0 0.1% 251x", "leverage 251x must be in [1, 250]", id="leverage too high"),
        pytest.param("0 1% 0.5x", "leverage 0.5x must be in [1, 250]", id="leverage below one"),
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


@pytest.mark.parametrize(
    ("word", "rate"),
    [
        pytest.param("1/80", "0.0125", id="a fraction that ends"),
        # 1 ÷ 6 = 0.1666…, 50 digits, the last rounded up.
        pytest.param("1/6", "0." + "1" + "6" * 48 + "7", id="a fraction that does not end"),
        pytest.param("1.5/100", "0.015", id="a fraction of a fraction"),
    ],
)
def test_rates_may_be_fractions(word, rate):
    assert Decimal(rate) == tiers_of(f"0 {word} 3x").pieces[0].rate


@pytest.mark.parametrize(
    ("word", "leverage", "initial"),
    [
        pytest.param("2%", "50", "0.02", id="a percentage"),
        pytest.param("1/20", "20", "0.05", id="a fraction"),
        # 1 ÷ 0.06 = 16.666…, 50 digits, cut.
        pytest.param("6%", "16." + "6" * 48, "0.06", id="a leverage that does not end"),
        pytest.param("50x", "50", None, id="a leverage has no initial rate"),
    ],
)
def test_the_third_word_is_a_leverage_or_an_initial_rate(word, leverage, initial):
    piece = tiers_of(f"0 1% {word}").pieces[0]

    assert Decimal(leverage) == piece.leverage_max
    assert (None if initial is None else Decimal(initial)) == piece.initial_rate


def test_growth_is_the_same_in_every_tier():
    tiers = tiers_of("0 1% 50x | 10 2% 25x", growth="0.005%")

    assert [Decimal("0.00005")] * 2 == [piece.growth for piece in tiers.pieces]


def test_without_growth_there_is_none():
    assert tiers_of("0 1% 50x").pieces[0].growth == 0


def test_a_ladder_by_size_is_asked_with_sizes():
    tiers = tiers_of("0 0.5% 100x | 20 1% 50x", is_by_size=True, is_whole_position=True)

    assert tiers.is_by_size
    assert [0, 1] == [tiers.index(Decimal(size)) for size in (20, 21)]


def test_a_ladder_may_be_known_in_part():
    tiers = tiers_of("0 0.5% 100x | 1M 1% 50x | 2M ...")

    assert (Decimal(2_000_000), None) == (tiers.known_to, tiers.cap)


@pytest.mark.parametrize(
    ("text", "growth", "message"),
    [
        pytest.param("0 1/0 3x", None, "rate '1/0' must be a percentage, such as '0.5%'", id="÷ 0"),
        pytest.param("0 7/6 1x", None, "rate 7/6 must be in (0 %, 100 %)", id="more than all"),
        pytest.param("0 1/a 3x", None, "'1/a' is not a number", id="a letter"),
        pytest.param("0 1% 0%", None, "rate 0% must be in (0 %, 100 %)", id="initial rate zero"),
        pytest.param(
            "0 1% 50x", "0.005", "rate '0.005' must be a percentage, such as '0.5%'", id="growth"
        ),
        pytest.param(
            "0 1% 50x | 1k ... | 2k",
            None,
            "tier '1k ...' must be floor, rate and leverage, such as '50k 0.5% 100x'",
            id="known in part, and a cap",
        ),
        pytest.param(
            "0 1% 50x | 1k 2% 25x | 1k ...", None, "cap 1000 must be above 1000", id="known to less"
        ),
    ],
)
def test_the_newer_words_are_refused(text, growth, message):
    with pytest.raises(RulebookError) as refusal:
        tiers_of(text, growth=growth)

    assert message == str(refusal.value)


def test_slices_are_read():
    assert [("0", "0.98"), ("10", "0.95"), ("2000", "0")] == [
        (str(piece.floor), str(piece.rate.normalize()))
        for piece in slices_of("0 98% | 10 95% | 2k 0%")[0]
    ]
    assert [None, 25] == [slices_of(text)[1] for text in ("0 98%", "0 98% | 20 97% | 25 ...")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "slice '' must be floor and rate, such as '10 95%'", id="nothing"),
        pytest.param("0 0.9", "slice '0 0.9' must be floor and rate, such as '10 95%'", id="no %"),
        pytest.param("1 98%", "the first slice must have floor 0", id="starts above zero"),
        pytest.param("0 101%", "rate 1.01 must be at most 1", id="more than its worth"),
        pytest.param("0 98% | 0 95%", "floor 0 must be above 0", id="floor twice"),
        pytest.param("0 95% | 10 98%", "rate 0.98 must be at most 0.95", id="rate rises"),
    ],
)
def test_it_is_refused_as_slices(text, message):
    with pytest.raises(RulebookError) as refusal:
        slices_of(text)

    assert message == str(refusal.value)
