"""The command-line option of the simulator; `tests/conftest.py` loads it at start."""

import pytest

DEFAULT = "1-40"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("simulation", "seeded simulator").addoption(
        "--seeds",
        default=DEFAULT,
        metavar="FIRST-LAST",
        help=f"worlds that the simulator plays, instead of {DEFAULT}",
    )


def seeds_of(text: str) -> range:
    """Return the seeds that `FIRST-LAST` or `SEED` spells."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)
