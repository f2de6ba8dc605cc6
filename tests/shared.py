"""Where the reference material is that is too large, or not ours, to keep in the repository.

Its folder is `$CROSSMARGIN_SHARED`, else `../shared` beside the repository. A fresh clone has
neither: tests that need a file of it are skipped and say which.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path | None:
    """Return the folder of reference material, or None where there is none."""
    folder = Path(os.environ.get("CROSSMARGIN_SHARED") or ROOT.parent / "shared")
    return folder if folder.is_dir() else None


def needs_shared(path: str) -> Path:
    """Return the shared file or folder at `path`, or skip the test that asks, naming it."""
    folder = shared_folder()
    if folder is None or not (folder / path).exists():
        pytest.skip(f"needs {path} of the shared folder ($CROSSMARGIN_SHARED)")
    return folder / path
