"""Which rulebooks there are, and which of them is in force.

Venues change their tables often, so a rulebook is dated and an answer must say which one it used.
This module finds the packaged files, picks the edition (`load_rulebook`) and keeps what it has
read; it does not interpret a file (`assemble` does). Invariant: the same arguments give the same
rulebook, and a rulebook's hash is over the exact bytes it was read from.

Rulebooks are shared between callers, who therefore never change the dictionaries inside.
"""

import re
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec.structs import replace

from crossmargin.errors import RulebookError, UsageError
from crossmargin.rulebooks.assemble import RULES, rulebook_from, symbols_of
from crossmargin.rulebooks.files import DataFile, EditionFile, read
from crossmargin.rulebooks.schema import Rulebook

EDITION = re.compile(r"(\d{4}-\d{2}-\d{2})\.toml")


def load_rulebook(
    venue: str, *, edition: str | date | None = None, at: datetime | date | None = None
) -> Rulebook:
    """Return a venue's rulebook: the edition named, else the one in force at `at`, else the newest.

    Parameters
    ----------
    edition
        The date of an edition; it must exist. When given, `at` does not matter.
    at
        A moment (with a time zone) or a UTC day. An edition is in force from its date on. A moment
        before the first edition gets the first one, with a sentence in `assumptions` that says so.

    Raises
    ------
    RulebookError
        If there is no such venue or edition, or its file is invalid.
    UsageError
        If `at` is a moment without a time zone.
    """
    dates = editions(venue)
    if edition is not None:
        return _load(venue, _existing(venue, edition, dates))
    if at is None:
        return _load(venue, dates[-1])
    day = _utc_day(at)
    in_force = [date_ for date_ in dates if date_ <= day]
    if in_force:
        return _load(venue, in_force[-1])
    first = _load(venue, dates[0])
    sentence = (
        f"The oldest rulebook of {venue} is of {dates[0]}: it is used for {day}, which is before."
    )
    return replace(first, assumptions=(*first.assumptions, sentence))


@cache
def venues() -> tuple[str, ...]:
    """Return the venues that have a rulebook, sorted by name."""
    return tuple(sorted(folder.name for folder in _data().iterdir() if folder.is_dir()))


@cache
def editions(venue: str) -> tuple[date, ...]:
    """Return the dates of a venue's editions, oldest first.

    Raises
    ------
    RulebookError
        If there is no such venue, or a file is named for a day that does not exist.
    """
    if venue not in venues():
        raise RulebookError(f"there is no rulebook of {venue!r}; there are {', '.join(venues())}")
    days = (edition_date(file.name) for file in (_data() / venue).iterdir())
    return tuple(sorted(day for day in days if day is not None))


def edition_date(file_name: str) -> date | None:
    """Return the day an edition's file is named for; None where the name is another file's.

    Raises
    ------
    RulebookError
        If there is no such day.
    """
    match = EDITION.fullmatch(file_name)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        raise RulebookError(f"{file_name} is named for a day that does not exist") from None


def editions_with(venue: str, symbol: str) -> tuple[date, ...]:
    """Return the editions that know `symbol`, oldest first; for saying where else to look.

    Raises
    ------
    RulebookError
        If there is no such venue, or a file is invalid.
    """
    return tuple(day for day in editions(venue) if symbol in _symbols(venue, day))


def _data() -> Traversable:
    return files("crossmargin.rulebooks") / "data"


def _file(venue: str, name: str) -> DataFile:
    return DataFile(f"{venue}/{name}", (_data() / venue / name).read_bytes())


@cache
def _load(venue: str, edition: date) -> Rulebook:
    return rulebook_from(_file(venue, RULES), _file(venue, f"{edition}.toml"))


# Ladders are not worked out here: only the names are asked for, of every edition at once.
@cache
def _symbols(venue: str, edition: date) -> frozenset[str]:
    ladders = read(_file(venue, f"{edition}.toml"), EditionFile).ladder
    return frozenset(symbol for ladder in ladders for symbol in symbols_of(ladder))


def _existing(venue: str, edition: str | date, dates: tuple[date, ...]) -> date:
    for day in dates:
        if str(edition) == str(day):
            return day
    raise RulebookError(
        f"there is no edition {edition} of {venue}; there are {', '.join(map(str, dates))}"
    )


def _utc_day(at: datetime | date) -> date:
    if not isinstance(at, datetime):
        return at
    if at.tzinfo is None:
        raise UsageError(f"at is {at}, which does not say its time zone")
    return at.astimezone(UTC).date()
