"""What goes wrong around the venue: its disk, its process, its own code.

Each fault is armed now and then and strikes once, at one of the next operations, so that over the
seeds it strikes at all of them. A disk that fails does so before or after it has done what it was
asked: after a failed commit nobody knows what is there. A process that dies leaves what it had
written to the operating system; the store is copied as it is at that moment, and the dead process
never touches the copy.
"""

import shutil
import sqlite3

OPERATIONS_MAX = 12
"""How many operations of the disk a fault waits at most."""
BUG = "planted"


class Died(BaseException):
    """The process is gone, between two operations of its disk."""


class Disk:
    """A disk that is well until it is armed."""

    def __init__(self):
        self.countdown = 0
        self.how = None
        disk = self

        class Link(sqlite3.Connection):
            """A connection to it."""

            def execute(self, statement, *values):
                return disk.do(super().execute, statement, *values)

            def executemany(self, statement, *values):
                return disk.do(super().executemany, statement, *values)

        self.link = Link

    def arm(self, chance, how):
        """Let it fail, or the process die, at one of the next operations."""
        self.countdown = chance.randint(1, OPERATIONS_MAX)
        self.how = how, chance.random() < 0.5

    def mend(self):
        """Let it be well."""
        self.countdown = 0

    def do(self, operation, statement, *values):
        """Do one operation, as far as all is well."""
        if not self.countdown or statement == "ROLLBACK":
            return operation(statement, *values)
        self.countdown -= 1
        if self.countdown:
            return operation(statement, *values)
        kind, is_done = self.how
        if is_done:
            operation(statement, *values)
        if kind == "dies":
            raise Died
        raise sqlite3.OperationalError("disk I/O error")


class Buggy:
    """A venue's entrance that raises once it is armed, with the command half done."""

    def __init__(self, decide):
        self.venue = decide
        self.is_armed = False

    def decide(self, state, command):
        """Decide a command."""
        events = self.venue(state, command)
        if self.is_armed:
            self.is_armed = False
            raise RuntimeError(BUG)
        return events


def copied(store, number):
    """Return a copy of a store as a dead process has left it: the file and its log."""
    copy = store.with_name(f"venue-{number}.db")
    for suffix in ("", "-wal"):
        part = store.with_name(store.name + suffix)
        if part.exists():
            shutil.copy(part, copy.with_name(copy.name + suffix))
    return copy
