"""A venue in a process of its own, to be killed: deposits of 1, and a log of what was answered.

    python writing.py STORE LOG

It begins where the log ends, so what was written and not logged is sent again.
"""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))

from crossmargin.runtime.clock import ManualClock
from crossmargin.runtime.loop import Writer
from crossmargin.store.places import journal_at
from tests.unit.store.stores import HEADER, decide, deposit, fresh, open_account

ACCOUNT = "ann"
BATCH = 4


def main(store: str, log: Path) -> None:
    """Deposit until killed."""
    writer = Writer(journal_at(store, HEADER), fresh, decide, ManualClock())
    opened = writer.submit(open_account(ACCOUNT, client_id="open"))
    writer.run_once()
    assert opened.result(0).sequence == 1
    number = log.read_text().count("\n")
    with log.open("a") as said:
        sys.stdout.write("writing\n")
        sys.stdout.flush()
        while True:
            futures = [
                writer.submit(deposit(1, ACCOUNT, client_id=f"d{number + n}")) for n in range(BATCH)
            ]
            writer.run_once()
            assert all(one.result(0).sequence for one in futures)
            # One write, so that a line is there whole or not at all.
            os.write(said.fileno(), "".join(f"{number + n}\n" for n in range(BATCH)).encode())
            number += BATCH


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
