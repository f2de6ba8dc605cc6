"""What is written reads back: ladders, numbers, whole editions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.errors import RulebookError
from crossmargin.model.tiers import Tier, Tiers
from crossmargin.money import ONE, exact, quotient_down, quotient_up
from crossmargin.rulebooks.encode import (
    amount_text,
    edition_text,
    rate_text,
    symbols_text,
    tiers_text,
)
from crossmargin.rulebooks.files import DataFile, EditionFile, read
from crossmargin.rulebooks.ladder import tiers_of
from crossmargin.rulebooks.loader import (
    contracts_from,
    edition_files,
    editions,
    load_rulebook,
    venues,
)
from tests.toys import D

EVERY_EDITION = [
    (venue, day) for venue in venues() if not contracts_from(venue) for day in editions(venue)
]


@pytest.mark.parametrize(("venue", "day"), EVERY_EDITION)
def test_every_edition_reads_back(venue, day):
    file = read(edition_files(venue, day).edition, EditionFile)
    text = edition_text(file, "A comment that is longer than a line, " * 5)

    assert file == read(DataFile("again", text.encode()), EditionFile)
    assert all(len(line) < 100 for line in text.split("\n") if line.startswith("#"))


@pytest.mark.parametrize(("venue", "day"), EVERY_EDITION)
def test_every_ladder_reads_back(venue, day):
    book = load_rulebook(venue, edition=day)
    rules = edition_files(venue, day)
    is_whole = b"is_whole_position = true" in rules.rules.content + rules.edition.content
    for tiers in {id(one.tiers): one.tiers for one in book.contracts.values()}.values():
        if tiers is not None:
            # It checks itself: a text that does not read back is refused.
            assert tiers_text(tiers, is_whole_position=is_whole)


@st.composite
def ladders(draw):
    """Return a ladder that holds the invariants: floors rise, rates do not fall, leverage falls."""
    count = draw(st.integers(1, 6))
    steps = draw(st.lists(st.integers(1, 10**9), min_size=count, max_size=count))
    scale = draw(st.sampled_from([D(1), D("0.001"), D(1000)]))
    leverages = sorted(
        draw(st.lists(st.integers(2, 200), min_size=count, max_size=count)), reverse=True
    )
    has_initial = draw(st.booleans())
    end = draw(st.sampled_from(["cap", "known_to", None]))
    return ladder(steps, leverages, scale, has_initial=has_initial, end=end)


@exact
def ladder(steps, leverages, scale, *, has_initial, end):
    """Return the ladder, its deductions as the reader computes them."""
    pieces, floor = [], D(0)
    for step, leverage in zip(steps, leverages, strict=True):
        rate = quotient_up(ONE, D(2 * leverage))
        below = pieces[-1] if pieces else None
        initial = quotient_up(ONE, D(leverage)) if has_initial else None
        top = quotient_down(ONE, initial) if initial else D(leverage)
        deduction = below.deduction_above(floor, rate) if below else D(0)
        pieces.append(Tier(floor, rate, deduction, top, initial))
        floor += step * scale
    return Tiers.of(tuple(pieces), **({end: floor} if end else {}))


@given(ladders())
def test_any_ladder_reads_back(tiers):
    # Rates such as 1 ÷ 14 have no end: they are written as quotients.
    assert tiers == tiers_of(tiers_text(tiers))


def test_a_ladder_no_text_spells_is_refused():
    # 19 digits that are no quotient of small numbers.
    odd = Tiers.of((Tier(D(0), D("0.0123456789012345678901"), D(0), D(2)),))

    with pytest.raises(RulebookError, match="cannot be written exactly"):
        tiers_text(odd)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0", "0"),
        ("1500", "1500"),
        ("50000", "50k"),
        ("1500000", "1500k"),
        ("2000000", "2M"),
        ("0.5", "0.5"),
        ("1E+3", "1k"),
    ],
)
def test_amounts(value, text):
    assert text == amount_text(Decimal(value))


@pytest.mark.parametrize(("rate", "text"), [(D("0.005"), "0.5%"), (D(1) / 6, "1/6")])
def test_rates(rate, text):
    assert text == rate_text(rate)


def test_symbols_are_sorted_and_wrapped():
    many = [f"SYMBOL{number}" for number in range(30)]

    assert "A B" == symbols_text(["B", "A"])
    assert sorted(many) == symbols_text(many).split()
    assert all(len(line) <= 100 for line in symbols_text(many).split("\n"))


@pytest.mark.parametrize("text", ['a "quote"', "back\\slash", "line\nbreak", "\x7f\x01", "é → ↓"])
def test_any_sentence_reads_back(text):
    file = EditionFile(
        schema=1,
        edition=editions("binance-usdm")[0],
        source="x",
        ladder=(),
        assumptions=(text, f"{text}\n"),
    )

    assert file == read(DataFile("again", edition_text(file).encode()), EditionFile)
