"""Peers to measure against, each in an environment of its own that is made when first asked for.

A peer's dependencies have nothing to do with ours, so it never enters the project's environment.
It is installed from the package index into a temporary folder, once a machine, and measured by a
script that prints one JSON object. The stories of clients (`tests/clients`) are told in such
environments too. A peer that cannot be had is named, with the reason: its line
has no ratio then.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

INSTALL_SECONDS = 600
RUN_SECONDS = 300


class PeerMissing(Exception):
    """A peer that cannot be measured here, and why."""


def environment(requirement: str, *built: str) -> Path:
    """Return the Python of an environment that has `requirement`, made if need be.

    Parameters
    ----------
    built : what it needs that is published as source alone.

    Raises
    ------
    PeerMissing
        If it cannot be installed.
    """
    name = requirement.replace("==", "-")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(tempfile.gettempdir()) / f"crossmargin-peer-{name}-py{version}"
    python, done = folder / "bin" / "python", folder / "installed"
    if done.exists():
        return python
    print(f"Installing {requirement} into {folder} ...", file=sys.stderr)
    try:
        venv.create(folder, clear=True, with_pip=True)
        kinds = ["--only-binary", ":all:", *(f"--no-binary={name}" for name in built)]
        _run([python, "-m", "pip", "install", "--quiet", *kinds, requirement])
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerMissing(f"{requirement} cannot be installed: {_reason(error)}") from error
    done.touch()
    return python


def measured(requirement: str, script: Path, *arguments: str) -> dict[str, Any]:
    """Return what `script` prints as JSON, run in the peer's environment.

    Raises
    ------
    PeerMissing
        If the peer cannot be installed, or the script fails.
    """
    python = environment(requirement)
    try:
        done = subprocess.run(
            [python, script, *arguments],
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise PeerMissing(f"{requirement} did not run: {_reason(error)}") from error
    return found


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True)


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    lines = str(said).strip().splitlines()
    return lines[-1][:200] if lines else type(error).__name__
