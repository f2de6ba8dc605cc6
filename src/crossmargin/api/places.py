"""Where the things of a served venue are kept: its store, and the files beside it."""

from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from crossmargin.errors import UsageError


class Places(Struct, frozen=True):
    """Where things are kept.

    Attributes
    ----------
    store : a path, or the address of a database.
    master_key, keys, audit : files beside it.
    """

    store: str
    master_key: Path
    keys: Path
    audit: Path


def places_of(store: str | None, default: Path, master_key_file: Path | None) -> Places:
    """Return where things are kept: beside the store, or in the folder of `default`.

    Parameters
    ----------
    default : the path of the store where none is named.

    Raises
    ------
    UsageError
        If the store would be a folder.
    """
    place = store or str(default)
    if "://" in place:
        # A database's address may hold a password: it names no file.
        beside = default.with_name(f"database-{sha256(place.encode()).hexdigest()[:12]}")
    elif Path(place).is_dir():
        raise UsageError(f"{place}: is a folder; name a file in it for the store")
    else:
        beside = Path(place)
    return Places(
        place,
        master_key_file or beside.with_name(f"{beside.name}.master-key"),
        beside.with_name(f"{beside.name}.keys.json"),
        beside.with_name(f"{beside.name}.audit.jsonl"),
    )
