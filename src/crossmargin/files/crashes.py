"""The named crashes that come with the package: `risk/data/crashes.toml` as records."""

import tomllib
from datetime import datetime
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from crossmargin.errors import UsageError
from crossmargin.money import number
from crossmargin.risk.stress.crashes import Crash, CrashSource, Fall


class _FallRow(Struct):
    high: str
    low: str
    high_at: datetime
    low_at: datetime
    source: str


class _CrashTable(Struct, rename={"start": "from", "end": "to"}):
    title: str
    start: datetime
    end: datetime
    falls: dict[str, _FallRow]


class _File(Struct):
    schema: int
    sources: dict[str, CrashSource]
    crashes: dict[str, _CrashTable]


@cache
def known_crashes() -> dict[str, Crash]:
    """Return the crashes by name, oldest first.

    Raises
    ------
    UsageError
        If the package's data is damaged: the crash, the asset and what is wrong.
    """
    text = files("crossmargin.risk").joinpath("data/crashes.toml").read_text(encoding="utf-8")
    return crashes_of(text)


def crashes_of(text: str) -> dict[str, Crash]:
    """Return the crashes that TOML `text` describes; see `known_crashes`.

    Raises
    ------
    UsageError
        As `known_crashes`.
    """
    try:
        table = msgspec.convert(tomllib.loads(text), _File)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"crashes.toml: {error}") from None
    return {
        name: Crash(
            name,
            one.title,
            one.start,
            one.end,
            {
                asset: _fall(row, f"{name}, {asset}", one, table.sources)
                for asset, row in one.falls.items()
            },
        )
        for name, one in table.crashes.items()
    }


def _fall(row: _FallRow, place: str, crash: _CrashTable, sources: dict[str, CrashSource]) -> Fall:
    if row.source not in sources:
        raise UsageError(f"crashes.toml: {place}: there is no source {row.source!r}")
    high, low = number(row.high), number(row.low)
    if not 0 < low < high:
        raise UsageError(f"crashes.toml: {place}: a fall goes from a high to a lower low")
    if not crash.start <= row.high_at <= row.low_at < crash.end:
        raise UsageError(f"crashes.toml: {place}: the high is not before the low in the window")
    return Fall(high, low, row.high_at, row.low_at, sources[row.source])
