"""What holds for every packaged rulebook: it says what it rests on, and what it does not know."""

import pytest

from crossmargin.rulebooks.files import EditionFile, RulesFile, Tables, read
from crossmargin.rulebooks.loader import (
    contracts_from,
    edition_files,
    editions,
    load_rulebook,
    rules_file,
    venues,
)
from crossmargin.rulebooks.schema import Confidence
from crossmargin.rulebooks.sourced import Sourced

EDITIONS = [(venue, edition) for venue in venues() for edition in editions(venue)]
NOT_READ = {Confidence.MEMORY, Confidence.ASSUMED}

each_edition = pytest.mark.parametrize(
    ("venue", "edition"),
    [pytest.param(venue, day, id=f"{venue} {day}") for venue, day in EDITIONS],
)


def sources_of(table: Sourced) -> set[str]:
    """Return the keys of the sources a table names."""
    return {table.source} if isinstance(table.source, str) else set(table.source.values())


def files_of(venue, edition) -> tuple[Tables, ...]:
    """Return what is the venue's own: of one that holds others' contracts, its rules alone."""
    rules = read(rules_file(venue), RulesFile)
    if contracts_from(venue):
        return (rules,)
    return rules, read(edition_files(venue, edition).edition, EditionFile)


@each_edition
def test_sentences_end(venue, edition):
    rulebook = load_rulebook(venue, edition=edition)
    collateral = [entry.assumption for entry in rulebook.collateral.values() if entry.assumption]

    for sentence in (*rulebook.assumptions, *rulebook.notes.values(), *collateral):
        assert sentence.endswith(".")


@each_edition
def test_what_was_not_read_is_said(venue, edition):
    files = files_of(venue, edition)
    sources = {key: one for tables in files for key, one in tables.sources.items()}
    said_of_all = [sentence for tables in files for sentence in tables.assumptions]

    for tables in files:
        for key, table in tables.sourced().items():
            if any(sources[name].confidence in NOT_READ for name in sources_of(table)):
                assert table.assumption or said_of_all, f"{key} of {venue} rests on nothing read"


@each_edition
def test_fees_funding_and_liquidation_are_there(venue, edition):
    rulebook = load_rulebook(venue, edition=edition)

    assert rulebook.liquidation.steps
    assert rulebook.funding.interval_ms > 0
    assert rulebook.fees.taker >= rulebook.fees.maker
