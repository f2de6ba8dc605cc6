"""`crossmargin explain`: what each position does to the buffer, or what ate it since then."""

from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.files.account import AccountFile
    from crossmargin.files.json_value import Json
    from crossmargin.risk.causes.attribution import Attribution


def explain(
    account: Annotated[
        str,
        typer.Argument(
            metavar="ACCOUNT",
            help="An account file, or - for standard input; with --store, the name of an account.",
        ),
    ],
    after: Annotated[
        str | None,
        typer.Argument(metavar="[AFTER]", help="The same account later: what ate its buffer?"),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", metavar="NAME", help="The pool or bucket to explain; else the pool."
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="STORE", help="Explain by the events of a paper venue."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="With --store: the first moment; else all."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="With --store: the last moment.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as exact strings.")
    ] = False,
) -> None:
    """Say what each position adds to the account, or what changed its buffer between two moments.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data.

    Raises
    ------
    UsageError
        If options do not go together.
    """
    if store is not None:
        if after is not None:
            raise UsageError("AFTER: a store has its own later moment, give --to instead")
        head: dict[str, Json] = {"store": store, "account": account}
        _show(_of_store(store, account, unit, start, end), head, as_json=as_json)
        return
    if start is not None or end is not None:
        raise UsageError("--from and --to are moments of a store, give --store")
    from crossmargin.cli.source import account_file

    file = account_file(account)
    if after is not None:
        later = account_file(after)
        head = {"venue": file.rulebook.venue, "edition": file.rulebook.edition.isoformat()}
        _show(_between(file, later, unit), head, as_json=as_json)
        return
    _contributions(file, as_json=as_json)


def _between(file: "AccountFile", later: "AccountFile", unit: str | None) -> "Attribution":
    from crossmargin.margin.assess import assess
    from crossmargin.risk.causes.attribution import attributed

    if file.rulebook.venue != later.rulebook.venue:
        raise UsageError(
            f"{later.name}: is an account of {later.rulebook.venue}, the first one of "
            f"{file.rulebook.venue}"
        )
    return attributed(
        assess(file.account, file.market, file.rulebook),
        assess(later.account, later.market, later.rulebook),
        unit,
    )


def _of_store(
    place: str, account: str, unit: str | None, start: str | None, end: str | None
) -> "Attribution":
    from crossmargin.cli.fresh import fresh_state
    from crossmargin.cli.replay import time_ms
    from crossmargin.report.buffer_steps import buffer_change
    from crossmargin.store.places import reader_at

    reader = reader_at(place)
    try:
        state = fresh_state(reader.header)
        if state is None:
            raise UsageError(f"{place}: there is no rulebook here by which it was kept")
        from_ms = None if start is None else time_ms(start, "--from")
        to_ms = None if end is None else time_ms(end, "--to")
        return buffer_change(reader, state, account, from_ms, to_ms, unit)
    finally:
        reader.close()


def _show(found: "Attribution", head: "dict[str, Json]", *, as_json: bool) -> None:
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.attribution import attribution_answer

        show_json(attribution_answer(found, head))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.explain_tables import show_attribution

        show_attribution(console(), found)


def _contributions(file: "AccountFile", *, as_json: bool) -> None:
    from crossmargin.risk.causes.contribution import contributions
    from crossmargin.risk.situation import situation

    asked = situation(file.account, file.market, file.rulebook)
    found = contributions(asked)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.attribution import contribution_answer

        show_json(contribution_answer(asked.now, found))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.explain_tables import show_contributions

        show_contributions(console(), found)
