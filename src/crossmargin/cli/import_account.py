"""`crossmargin import`: an account file from what a venue's API answered."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.errors import UnknownError, UsageError

if TYPE_CHECKING:
    from decimal import Decimal


def import_account(
    venue: Annotated[
        str, typer.Argument(metavar="VENUE", help="Where the replies are from, such as bybit.")
    ],
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE.json...",
            help="Replies as saved, from the venue or from ccxt; - for standard input.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="ACCOUNT.toml", help="Write here, not to standard output."),
    ] = None,
    balance: Annotated[
        list[str] | None,
        typer.Option(
            "--balance",
            metavar="ASSET=AMOUNT",
            help="What the wallet holds, where no reply says it; repeatable.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file of --out.")] = False,
) -> None:
    """Turn a venue's position, balance, order and price replies into an account file.

    What does not fit is said on standard error, one line each. Exit status: 0 an account file,
    2 bad input and nothing written, 3 written, but something of the account is left out.
    """
    from crossmargin.imports.convert import import_account as imported

    if out is not None:
        _check_place(out, files, is_replacing=force)
    balances = dict(_amount(word) for word in balance or ())
    found = imported(venue, [(_name(file), _text(file)) for file in files], balances)
    if out is None:
        typer.echo(found.text, nl=False)
    else:
        _write(Path(out), found.text, is_replacing=force)
        typer.echo(f"wrote {out}")
    for line in found.lines:
        typer.echo(str(line), err=True)
    if not found.is_whole:
        sys.exit(UnknownError.exit_status)


def _check_place(out: str, files: list[str], *, is_replacing: bool) -> None:
    # Before anything is read; `_write` looks again, because much can happen in between.
    if not is_replacing and os.path.lexists(out):
        raise UsageError(f"{out}: is there already; --force replaces it")
    if any(_is_same(out, name) for name in files):
        raise UsageError(f"{out}: is one of the replies")


def _amount(word: str) -> "tuple[str, Decimal]":
    from crossmargin.money import number

    asset, _, amount = word.partition("=")
    try:
        return asset, number(amount)
    except UsageError as error:
        raise UsageError(f"--balance {word}: {error}; write ASSET=AMOUNT") from None


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _is_same(out: str, file: str) -> bool:
    return file != "-" and os.path.exists(out) and Path(out).resolve() == Path(file).resolve()


def _text(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{_name(file)}: is not UTF-8 text") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None


def _write(out: Path, text: str, *, is_replacing: bool) -> None:
    # Made beside the target and moved there whole; linking, unlike moving, replaces nothing.
    try:
        with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
            made = Path(folder) / out.name
            with made.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if is_replacing:
                made.replace(out)
            else:
                os.link(made, out)
    except FileExistsError:
        raise UsageError(f"{out}: is there already; --force replaces it") from None
    except UnicodeEncodeError:
        raise UsageError(f"{out}: a name in the replies is no text") from None
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
