"""Which rulebooks there are, and which of them is in force.

Venues change their tables often, so a rulebook is dated and an answer must say which one it used.
Editions come from two places: the package, and the user's data folder, where `crossmargin
rulebooks update` puts what it fetched. This module finds the files, picks the edition
(`load_rulebook`), adds editions of the user's (`add_edition`) and keeps what it has read; it does
not interpret a file (`assemble` does). Invariants: the same arguments and files give the same
rulebook, a rulebook's hash is over the exact bytes it was read from, no date has two editions, and
an edition that exists is never changed.

A venue that holds other venues' contracts (`compose`) has no edition files: it has an edition on
every day on which one of theirs begins, once all of them have one.

Rulebooks are shared between callers, who therefore never change the dictionaries inside.
"""

import os
import re
import tempfile
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from crossmargin.errors import RulebookError, UsageError
from crossmargin.rulebooks.assemble import RULES, rulebook_from, rules_of, symbols_of
from crossmargin.rulebooks.compose import composed_from
from crossmargin.rulebooks.files import DataFile, EditionFile, read
from crossmargin.rulebooks.schema import Rulebook

EDITION = re.compile(r"(\d{4}-\d{2}-\d{2})\.toml")
DATA_FOLDER = "CROSSMARGIN_DATA"
"""The environment variable that names the user's data folder."""


class Origin(StrEnum):
    """Where an edition comes from."""

    PACKAGED = "packaged"
    YOURS = "yours"


class EditionFiles(NamedTuple):
    """The two files an edition is read from."""

    rules: DataFile
    edition: DataFile


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


def data_folder() -> Path:
    """Return the folder of what is the user's own, which need not exist.

    It is the one `$CROSSMARGIN_DATA` names, else where the operating system keeps a user's data.
    """
    named = os.environ.get(DATA_FOLDER)
    if named:
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("crossmargin", appauthor=False)


def user_folder() -> Path:
    """Return the folder of the user's own rulebooks in `data_folder`, which need not exist."""
    return data_folder() / "rulebooks"


def venues() -> tuple[str, ...]:
    """Return the venues that have a rulebook, sorted by name: packaged ones and the user's own.

    A venue is a folder that holds a `rules.toml`.
    """
    folder = user_folder()
    own = {path.parent.name for path in folder.glob(f"*/{RULES}")} if folder.is_dir() else set()
    return tuple(sorted(own | set(_packaged_venues())))


def editions(venue: str) -> tuple[date, ...]:
    """Return the dates of a venue's editions, oldest first.

    Raises
    ------
    RulebookError
        If there is no such venue or no edition of it, a file is named for a day that does not
        exist, or the user's folder has what is packaged already.
    """
    return tuple(sorted(_origins(venue)))


def origin(venue: str, edition: date) -> Origin:
    """Return where an edition comes from.

    Raises
    ------
    RulebookError
        If there is no such venue or edition.
    """
    found = _origins(venue)
    return found[_existing(venue, edition, tuple(sorted(found)))]


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
    return tuple(
        day
        for day in editions(venue)
        if any(symbol in _symbols(files.edition) for files in _files(venue, day))
    )


def contracts_from(venue: str) -> tuple[str, ...]:
    """Return the venues whose contracts `venue` holds; empty where it has its own.

    Raises
    ------
    RulebookError
        If there is no such venue, or its rules are invalid.
    """
    return rules_of(rules_file(venue)).contracts_from


def edition_files(venue: str, edition: date) -> EditionFiles:
    """Return the files of an edition, as found.

    Raises
    ------
    RulebookError
        If there is no such venue or edition, or the venue has no edition files.
    """
    _check_has_editions(venue)
    is_packaged = origin(venue, edition) is Origin.PACKAGED
    return EditionFiles(rules_file(venue), _file(venue, f"{edition}.toml", is_packaged=is_packaged))


def rules_file(venue: str) -> DataFile:
    """Return what is the same for all editions of a venue, as found.

    Raises
    ------
    RulebookError
        If there is no such venue.
    """
    _check_venue(venue)
    return _file(venue, RULES, is_packaged=venue in _packaged_venues())


def check_is_new(venue: str, edition: date) -> None:
    """Refuse a date of which the venue has an edition.

    Raises
    ------
    RulebookError
        If there is no such venue, or it has an edition of this date, or no edition files.
    """
    _check_has_editions(venue)
    where = _origins(venue, may_be_empty=True).get(edition)
    if where is not None:
        raise RulebookError(
            f"{venue} has an edition of {edition} already ({where}); editions are never changed"
        )


def add_edition(venue: str, edition: date, content: bytes) -> Path:
    """Write an edition into the user's folder, all of it or nothing, and return its path.

    Raises
    ------
    RulebookError
        If there is no such venue, it has an edition of this date already, or `content` does not
        make a rulebook with the venue's rules: then nothing is written.
    """
    check_is_new(venue, edition)
    file = DataFile(f"{venue}/{edition}.toml", content)
    rulebook_from(rules_file(venue), file)
    target = user_folder() / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=".", suffix=".draft", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).chmod(0o644)
        # A link is made only where nothing is, so that of two writers one loses.
        os.link(draft, target)
    except FileExistsError:
        raise RulebookError(f"{target} exists already; editions are never changed") from None
    finally:
        Path(draft).unlink(missing_ok=True)
    return target


def _data() -> Traversable:
    return files("crossmargin.rulebooks") / "data"


def _file(venue: str, name: str, *, is_packaged: bool) -> DataFile:
    if is_packaged:
        return _packaged_file(venue, name)
    return DataFile(f"{venue}/{name}", (user_folder() / venue / name).read_bytes())


@cache
def _packaged_file(venue: str, name: str) -> DataFile:
    return DataFile(f"{venue}/{name}", (_data() / venue / name).read_bytes())


@cache
def _packaged_venues() -> tuple[str, ...]:
    return tuple(sorted(folder.name for folder in _data().iterdir() if (folder / RULES).is_file()))


@cache
def _packaged(venue: str) -> frozenset[date]:
    if venue not in _packaged_venues():
        return frozenset()
    days = (edition_date(file.name) for file in (_data() / venue).iterdir())
    return frozenset(day for day in days if day is not None)


# The user's folder is looked at each time: an update adds to it.
def _origins(venue: str, *, may_be_empty: bool = False) -> dict[date, Origin]:
    _check_venue(venue)
    parts = contracts_from(venue)
    if parts:
        return _origins_of(parts)
    packaged = _packaged(venue)
    found = dict.fromkeys(packaged, Origin.PACKAGED)
    folder = user_folder() / venue
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        day = edition_date(name)
        if day in packaged or (name == RULES and venue in _packaged_venues()):
            raise RulebookError(f"{folder / name} is packaged too: move yours away")
        if day is not None:
            found[day] = Origin.YOURS
    if not found and not may_be_empty:
        raise RulebookError(f"there is no edition of {venue}")
    return found


def _origins_of(parts: tuple[str, ...]) -> dict[date, Origin]:
    own = [_origins(part) for part in parts]
    first = max(min(origins) for origins in own)
    found: dict[date, Origin] = {}
    for origins in own:
        for day, where in origins.items():
            if day >= first and found.get(day) is not Origin.YOURS:
                found[day] = where
    return found


def _check_venue(venue: str) -> None:
    if venue not in venues():
        raise RulebookError(f"there is no rulebook of {venue!r}; there are {', '.join(venues())}")


def _check_has_editions(venue: str) -> None:
    parts = contracts_from(venue)
    if parts:
        raise RulebookError(f"{venue} has the editions of {' and '.join(parts)}, none of its own")


def _load(venue: str, edition: date) -> Rulebook:
    if not contracts_from(venue):
        return _read(*edition_files(venue, edition))
    return _composed(rules_file(venue), edition, _files(venue, edition))


# The files that the contracts of an edition are in.
def _files(venue: str, edition: date) -> tuple[EditionFiles, ...]:
    return tuple(
        edition_files(part, max(day for day in editions(part) if day <= edition))
        for part in contracts_from(venue) or (venue,)
    )


# Keyed by what the files hold: a file that changed is another rulebook.
@cache
def _read(rules: DataFile, edition: DataFile) -> Rulebook:
    return rulebook_from(rules, edition)


@cache
def _composed(rules: DataFile, edition: date, parts: tuple[EditionFiles, ...]) -> Rulebook:
    return composed_from(rules, edition, tuple(_read(*files) for files in parts))


# Ladders are not worked out here: only the names are asked for, of every edition at once.
@cache
def _symbols(edition: DataFile) -> frozenset[str]:
    ladders = read(edition, EditionFile).ladder
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
