"""`crossmargin derisk`: the cheapest way back to a target health, and hedges that help."""

from typing import Annotated

import typer

from crossmargin.cli.intended import With

TopUpPrice = Annotated[
    str, typer.Option(metavar="PART", help="What a unit of fresh money is taken to cost.")
]
HalfSpread = Annotated[
    str, typer.Option(metavar="PART", help="What any market order pays away from the mark.")
]
Impact = Annotated[
    str, typer.Option(metavar="PART", help="What it pays in addition per million of notional.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
]


def derisk(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    target: Annotated[
        str, typer.Option(metavar="PART", help="Maintenance margin ÷ equity to come back to.")
    ] = "50%",
    top_up: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="So much fresh money may come in, if cheaper."),
    ] = None,
    top_up_price: TopUpPrice = "0",
    half_spread: HalfSpread = "0.02%",
    impact: Impact = "0.1%",
    against_ladder: Annotated[
        bool,
        typer.Option("--against-ladder", help="Also through October 2025, by ladder and by plan."),
    ] = False,
    trades: With = None,
    as_json: AsJson = False,
) -> None:
    """Say what to close, or to add, so that health is at a target again at the least cost.

    Exit status: 0 an answer (also that no reduction is enough), 2 bad input, 3 unknown.
    """
    from crossmargin.cli.against_ladder import compared_answer, show_compared, through_the_crash
    from crossmargin.cli.intended import after_trades, fraction_of, number_of
    from crossmargin.cli.source import account_file
    from crossmargin.model.liquidity import Liquidity
    from crossmargin.money import ZERO
    from crossmargin.risk.derisk.hedges import hedges
    from crossmargin.risk.derisk.program import derisked

    file = after_trades(account_file(account), trades)
    spread = fraction_of(half_spread, "--half-spread")
    liquidity = Liquidity(spread, fraction_of(impact, "--impact"))
    found = derisked(
        file.account,
        file.market,
        file.rulebook,
        target=fraction_of(target, "--target"),
        liquidity=liquidity,
        top_up_max=ZERO if top_up is None else number_of(top_up, "--top-up"),
        top_up_price=fraction_of(top_up_price, "--top-up-price"),
    )
    helping = hedges(found.before, liquidity)
    kept = through_the_crash(file, liquidity) if against_ladder else None
    asset = found.before.pool.asset
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.derisking import derisking_answer

        answer = derisking_answer(found, helping)
        if kept is not None:
            answer["against_ladder"] = compared_answer(kept, asset)
        show_json(answer)
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.derisk_tables import show_derisking

        show_derisking(console(), found, helping)
        if kept is not None:
            show_compared(console(), kept, asset)
