"""What people are shown who choose a rulebook."""

from crossmargin.rulebooks.describe import summaries, summary
from crossmargin.rulebooks.loader import load_rulebook, venues


def test_every_venue_has_a_summary():
    assert list(venues()) == [entry.venue for entry in summaries()]


def test_an_edition_is_counted_as_collected():
    # Symbols per date as the README of the collected data has them.
    assert [
        ("2022-05-28", 158),
        ("2022-10-29", 193),
        ("2023-08-28", 251),
        ("2024-08-07", 315),
        ("2025-09-29", 588),
        ("2026-09-29", 907),
    ] == [(str(line.edition), line.symbols) for line in summary("binance-usdm").editions]


def test_symbols_of_one_ladder_are_counted_once():
    (line,) = summary("binance-coinm").editions

    assert (1, 1) == (line.symbols, line.ladders)


def test_the_short_hash_begins_the_long_one():
    line = summary("binance-usdm").editions[-1]

    assert load_rulebook("binance-usdm").sha256.startswith(line.hash_short)


def test_sources_of_all_editions_are_listed_and_sentences_once():
    entry = summary("binance-usdm")

    assert {"freqtrade-2022.5", "freqtrade-2026.9", "memory"} <= entry.sources.keys()
    assert len(entry.assumed) == len(set(entry.assumed))
