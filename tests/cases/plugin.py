"""The command-line options of the case runner, and its report.

`tests/conftest.py` loads this at start, so the options are there in every run. What a case came
to travels in its test's properties, so that the report is whole when tests run in several
processes.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.shared import shared_folder

OWN = Path(__file__).resolve().parent / "data"
PROPERTY = "case"
FOUND: pytest.StashKey[dict[str, dict[str, Any]]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cases", "worked examples")
    group.addoption(
        "--cases",
        action="append",
        metavar="DIR",
        help="folder (or file) of cases, instead of our own and the shared folder's; repeatable",
    )
    group.addoption(
        "--cases-report",
        metavar="FILE",
        help="write what each case came to, as JSON: id, status, expected, got, tolerance",
    )


def folders(config: pytest.Config) -> list[Path]:
    """Return where cases are to be read from."""
    named = config.getoption("cases")
    if named:
        found = [config.invocation_params.dir / name for name in named]
        for folder in found:
            if not folder.exists():
                raise pytest.UsageError(f"--cases {folder}: there is no such folder")
        return found
    shared = shared_folder()
    theirs = shared / "cases" if shared is not None else None
    return [OWN, *([theirs] if theirs is not None and theirs.is_dir() else [])]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FOUND] = {}
    if config.getoption("cases_report"):
        config.pluginmanager.register(_Watch(config), "cases-report")


class _Watch:
    """Gathers what the tests of cases report; a class, because pytest's hooks hold state."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, row in report.user_properties:
            if name != PROPERTY:
                continue
            kept = self.config.stash[FOUND].setdefault(report.nodeid, dict(row))
            if report.when == "call" or report.failed:
                kept["status"] = report.outcome

    def pytest_sessionfinish(self) -> None:
        if not hasattr(self.config, "workerinput"):
            rows = sorted(self.config.stash[FOUND].values(), key=lambda row: row["id"])
            file = self.config.invocation_params.dir / self.config.getoption("cases_report")
            text = json.dumps(rows, indent=1, ensure_ascii=False)
            file.write_text(text + "\n", encoding="utf-8")
