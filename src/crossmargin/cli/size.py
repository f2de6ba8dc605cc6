"""`crossmargin size`: how large a trade may be, and which limit says so."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crossmargin.risk.plan.limits import Group
    from crossmargin.rulebooks.schema import Rulebook

Entry = Annotated[
    str | None, typer.Option(metavar="PRICE", help="Enter at this price; else at market.")
]
Target = Annotated[
    str | None, typer.Option(metavar="PRICE", help="The target, for reward against risk.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
]


def size(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="What is to be traded.")],
    stop: Annotated[
        str,
        typer.Option(metavar="PRICE", help="The stop: below the entry buys, above it sells."),
    ],
    entry: Entry = None,
    take: Target = None,
    risk: Annotated[
        str, typer.Option(metavar="PART", help="The most of equity to lose at the stop.")
    ] = "2%",
    leverage_max: Annotated[
        str, typer.Option(metavar="MULTIPLE", help="The most effective leverage after the trade.")
    ] = "5",
    distance_min: Annotated[
        str,
        typer.Option(metavar="PART", help="How far all prices must be able to move; 0 asks none."),
    ] = "10%",
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="A,B=USD", help="The most exposure to these together. Repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how large a trade may be: each limit with its number, and the account after it.

    Exit status: 0 an answer (also that no size fits), 2 bad input, 3 unknown for lack of data.
    """
    from crossmargin.cli.intended import check_symbol, fraction_of, number_of
    from crossmargin.cli.source import account_file
    from crossmargin.money import ZERO
    from crossmargin.risk.plan.intent import Intent
    from crossmargin.risk.plan.limits import HouseRules
    from crossmargin.risk.plan.sizing import sized

    file = account_file(account)
    check_symbol(symbol, file.rulebook, "SYMBOL")
    rules = HouseRules(
        fraction_of(risk, "--risk"),
        number_of(leverage_max, "--leverage-max"),
        fraction_of(distance_min, "--distance-min"),
        tuple(_group(text, file.rulebook) for text in group or ()),
    )
    idea = Intent(
        symbol,
        ZERO,
        None if entry is None else number_of(entry, "--entry"),
        number_of(stop, "--stop"),
        None if take is None else number_of(take, "--take"),
    )
    found = sized(file.account, file.market, file.rulebook, idea, rules)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.sizing import sizing_answer

        show_json(sizing_answer(found))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.size_tables import show_sizing

        show_sizing(console(), found)


def _group(text: str, rulebook: "Rulebook") -> "Group":
    from difflib import get_close_matches

    from crossmargin.cli.intended import number_of
    from crossmargin.cli.listed import listed
    from crossmargin.errors import UsageError
    from crossmargin.risk.plan.limits import Group
    from crossmargin.risk.venues.underlying import asset_name

    names, sign, most = text.partition("=")
    if not sign:
        raise UsageError(f"--group {text}: is not assets with an amount, as in BTC,ETH=50000")
    known = {asset_name(one.instrument.base) for one in rulebook.contracts.values()}
    assets = tuple(asset_name(name) for name in listed(names, "--group"))
    for asset in assets:
        if asset not in known:
            close = get_close_matches(asset, known, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise UsageError(f"--group {text}: {rulebook.venue} lists nothing on {asset}{meant}")
    return Group(assets, number_of(most, "--group", is_zero_allowed=True))
