"""Files of cases: what is not one is a failing case of its own, named after its file."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.cases.reader import Case

NEEDED = ("id", "venue", "topic", "given", "expect")


def read_cases(folder: Path) -> list[Case]:
    """Return the cases in the JSON files of `folder`, or in the one file it is, in order."""
    if folder.is_file():
        return list(_cases_of(folder, folder.name))
    files = sorted(folder.rglob("*.json"))
    return [case for file in files for case in _cases_of(file, str(file.relative_to(folder)))]


def _cases_of(file: Path, name: str) -> Iterator[Case]:
    try:
        text = file.read_text(encoding="utf-8")
        rows = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (OSError, ValueError, ArithmeticError, RecursionError) as error:
        yield _broken(name, f"not readable as JSON: {error}")
        return
    if isinstance(rows, dict):
        rows = rows.get("cases", [rows] if "given" in rows else None)
    if not isinstance(rows, list):
        yield _broken(name, "not a list of cases")
        return
    usable = [_usable(row) for row in rows]
    if rows and not any(usable):
        yield _broken(name, f"not a list of cases: each has {', '.join(NEEDED)}")
        return
    for number, (row, is_case) in enumerate(zip(rows, usable, strict=True), start=1):
        if not is_case:
            yield _broken(f"{name}:{number}", f"a case has {', '.join(NEEDED)}")
            continue
        yield Case(
            str(row["id"]),
            str(row["venue"]),
            str(row["topic"]),
            str(row.get("mode") or ""),
            row["given"],
            row["expect"],
            row.get("derived_by_us") or {},
            row.get("tolerance") or "0",
            row.get("verified", True),
        )


def _usable(row: object) -> bool:
    if not isinstance(row, dict) or not set(NEEDED) <= set(row):
        return False
    return isinstance(row["given"], dict) and isinstance(row["expect"], dict)


def _broken(name: str, why: str) -> Case:
    return Case(name, "", "", "", {}, {}, {}, "0", is_verified=True, broken=why)
