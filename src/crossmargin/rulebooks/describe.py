"""What the rulebooks are, packaged and one's own: editions, sources, assumptions.

Records only; how they are printed is the command line's business.
"""

from datetime import date

from msgspec import Struct

from crossmargin.rulebooks.loader import Origin, editions, load_rulebook, origin, venues
from crossmargin.rulebooks.schema import Source

HASH_DIGITS = 12


class EditionSummary(Struct, frozen=True):
    """One edition in numbers; `hash_short` are the first digits of its SHA-256."""

    edition: date
    symbols: int
    ladders: int
    hash_short: str
    origin: Origin


class VenueSummary(Struct, frozen=True):
    """One venue: its editions, oldest first, and what they rest on.

    Attributes
    ----------
    sources : of all editions together, by key.
    assumed : every sentence about what no source says, without repetition: those for every
        answer, those of a section, those of a collateral asset.
    """

    venue: str
    editions: tuple[EditionSummary, ...]
    sources: dict[str, Source]
    assumed: tuple[str, ...]


def summaries() -> tuple[VenueSummary, ...]:
    """Return a summary of every venue, sorted by name; reads every edition.

    Raises
    ------
    RulebookError
        If a file is invalid.
    """
    return tuple(summary(venue) for venue in venues())


def summary(venue: str) -> VenueSummary:
    """Return the summary of one venue; reads its editions.

    Raises
    ------
    RulebookError
        If there is no such venue, or a file of it is invalid.
    """
    lines: list[EditionSummary] = []
    sources: dict[str, Source] = {}
    assumed: dict[str, None] = {}
    for day in editions(venue):
        book = load_rulebook(venue, edition=day)
        # Symbols of one ladder share the object it was read into.
        ladders = {id(contract.tiers) for contract in book.contracts.values()}
        lines.append(
            EditionSummary(
                day,
                len(book.contracts),
                len(ladders),
                book.sha256[:HASH_DIGITS],
                origin(venue, day),
            )
        )
        sources.update(book.sources)
        collateral = (entry.assumption for entry in book.collateral.values())
        sentences = (*book.assumptions, *book.notes.values(), *collateral)
        assumed.update(dict.fromkeys(sentence for sentence in sentences if sentence))
    return VenueSummary(venue, tuple(lines), sources, tuple(assumed))
