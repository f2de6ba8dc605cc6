"""Write what venues published against what we compute into the venues' reference pages.

    python -m tools.write_published [--check]

Every page `docs/reference/venues/*.md` with the marker `<!-- published: VENUE -->` gets, up to
`<!-- end -->`, a table made from running the worked examples through the public functions:
nothing in it is typed. It needs the shared folder with the examples. `--check` writes nothing and
exits with 1 if a page is not what it would be.

The figures of some sources may not be repeated here: of those only how many agree is said.
"""

import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.cases.files import read_cases
from tests.cases.plugin import OWN
from tests.cases.reader import Case
from tests.cases.test_cases import check, reason_to_skip
from tests.shared import shared_folder

PAGES = Path(__file__).parents[1] / "docs" / "reference" / "venues"
MARKERS = re.compile(r"(<!-- published: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
ONLY_COUNTED = {"derive-v2": "the source's licence differs from ours"}
"""Venues whose published figures are not repeated, and why."""
DIGITS_SHOWN = 12


def page_text(text: str) -> str:
    """Return a page with its tables made anew."""
    return MARKERS.sub(lambda found: found[1] + table(found[2].split()) + found[3], text)


def table(venues: list[str]) -> str:
    """Return the Markdown table of the venues' worked examples."""
    cases = [case for case in _cases() if case.venue.split()[0] in venues]
    # Our own variants prove the reader; nobody published them.
    cases = [case for case in cases if not case.id.startswith("own-")]
    rows = [row for case in cases for row in _rows(case)]
    lines = ["", f"{_summary(cases, rows)}", ""]
    if not set(venues) & ONLY_COUNTED.keys():
        lines += ["| example | figure | published | ours | within |", "|---|---|--:|--:|--:|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines.append("")
    return "\n".join(lines) + "\n" if rows else f"\n{_summary(cases, rows)}\n\n"


def _cases() -> list[Case]:
    shared = shared_folder()
    if shared is None:
        sys.exit("the shared folder with the worked examples is needed: set CROSSMARGIN_SHARED")
    return [case for folder in (OWN, shared / "cases") for case in read_cases(folder)]


def _rows(case: Case) -> Iterator[list[str]]:
    if reason_to_skip(case):
        return
    row: dict[str, Any] = {}
    wrong = check(case, row)
    for key, printed in case.expect.items():
        got = (row.get("got") or {}).get(key)
        width = "wrong" if any(key in sentence for sentence in wrong) else _width(case, key)
        ours = _shown(got) + ("%" if str(printed).endswith("%") else "")
        yield [f"`{case.id}`", key.replace("_", " "), _shown(printed), ours, width]


def _summary(cases: list[Case], rows: list[list[str]]) -> str:
    run = [case for case in cases if not reason_to_skip(case)]
    wrong = sum(row[-1] == "wrong" for row in rows)
    skipped = [case for case in cases if reason_to_skip(case)]
    text = f"{len(run)} examples with {len(rows)} figures run; {len(rows) - wrong} figures agree."
    if skipped:
        names = ", ".join(f"`{case.id}` ({reason_to_skip(case)})" for case in skipped[:8])
        more = f" and {len(skipped) - 8} more" if len(skipped) > 8 else ""
        text += f" Not run: {names}{more}."
    venues = {case.venue for case in cases} & ONLY_COUNTED.keys()
    if venues:
        reason = ONLY_COUNTED[venues.pop()]
        text += f" The figures themselves are not repeated here, because {reason}."
    return text


def _width(case: Case, key: str) -> str:
    tolerance = case.tolerance
    if isinstance(tolerance, dict):
        tolerance = tolerance.get(key, "0")
    word = str(tolerance).removeprefix("absolute ")
    return "exact" if word in ("0", "0.0") else word


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        is_short = len(value) <= 3
        return ", ".join(_shown(one) for one in value) if is_short else f"{len(value)} values"
    if isinstance(value, dict):
        return f"{len(value)} values"
    text = str(value)
    try:
        number = Decimal(text.replace(",", ""))
    except ArithmeticError:
        return text
    digits = number.as_tuple().digits
    if len(digits) <= DIGITS_SHOWN:
        return text
    return f"{number:.{DIGITS_SHOWN}g}…"


def main() -> None:
    """Write or check every page."""
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        made = page_text(text)
        if made == text:
            continue
        stale.append(page.name)
        if "--check" not in sys.argv:
            page.write_text(made, encoding="utf-8")
    word = "stale" if "--check" in sys.argv else "written"
    sys.stdout.write(f"{word}: {', '.join(stale) or 'nothing'}\n")
    if stale and "--check" in sys.argv:
        sys.exit(1)


if __name__ == "__main__":
    main()
