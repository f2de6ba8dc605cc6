"""The same commands make the same bytes, wherever and under whatever they are decided."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.unit.store import telling

VERSIONS = ("3.11", "3.12", "3.13", "3.14")


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Return the hashes that this process makes."""
    return telling.tell(str(tmp_path_factory.mktemp("here") / "venue.db"))


def told(python, tmp_path, **environment):
    answer = subprocess.run(
        [python, telling.__file__, tmp_path / "venue.db"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == answer.stderr
    return answer.stdout.split()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "0"},
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu"},
        {"PYTHONHASHSEED": "4294967295", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "random", "TZ": "UTC", "PYTHONOPTIMIZE": "2"},
    ],
    ids=lambda environment: " ".join(f"{name}={value}" for name, value in environment.items()),
)
def test_nothing_about_the_process_shows(environment, expected, tmp_path):
    assert expected == told(sys.executable, tmp_path, **environment)


def other_python(version):
    """Return another Python that has what the venue needs; the test is skipped without one."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        pytest.skip(f"Python {version} is the one that runs the tests")
    python = shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"there is no python{version} here")
    needs = [python, "-c", "import msgspec, sortedcontainers"]
    if subprocess.run(needs, capture_output=True, check=False).returncode:
        pytest.skip(f"python{version} here has no msgspec or sortedcontainers")
    return python


@pytest.mark.parametrize("version", VERSIONS)
def test_no_version_of_python_shows(version, expected, tmp_path):
    assert expected == told(other_python(version), tmp_path)
