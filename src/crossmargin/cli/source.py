"""Where a command's account comes from: a file, or standard input for "-"."""

import sys

from crossmargin.errors import UsageError
from crossmargin.files.account import AccountFile, parse_account, read_account_file


def account_file(name: str) -> AccountFile:
    """Return the account file `name`, or the one on standard input if it is "-".

    Raises
    ------
    UsageError
        One sentence with file, place and reason.
    """
    if name != "-":
        return read_account_file(name)
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("standard input: is not UTF-8 text") from None
    return parse_account(text, "standard input")
