"""An account through the built-in crash, by its venue's ladder and by plans: what it keeps."""

from typing import TYPE_CHECKING

from crossmargin.money import EIGHT_PLACES

if TYPE_CHECKING:
    from rich.console import Console

    from crossmargin.files.account import AccountFile
    from crossmargin.files.json_value import Json
    from crossmargin.model.liquidity import Liquidity
    from crossmargin.risk.derisk.against_ladder import Compared, Ending

FROM, TO = 480, 720
"""Minutes of the built-in path: 20:00 to 24:00 UTC of 10 October 2025."""
SENTENCE = (
    "By the moves of BTC, ETH and SOL from 20:00 to 24:00 UTC of 10 October 2025, a point a "
    "minute, from the account’s own prices; the liquidation fee is paid on every reduction."
)


def through_the_crash(file: "AccountFile", liquidity: "Liquidity") -> "Compared":
    """Return what the account keeps each way; UnknownError if it holds what the path lacks."""
    from crossmargin.feeds.builtin import SYMBOLS, builtin_path
    from crossmargin.feeds.series import exact
    from crossmargin.risk.derisk.against_ladder import against_ladder, markets_along

    marks = builtin_path(SYMBOLS).marks[FROM:TO].tolist()
    assets = [name.removesuffix("USDT") for name in SYMBOLS]
    first = [exact(price) for price in marks[0]]
    moments = [
        {
            asset: (exact(price) / start).quantize(EIGHT_PLACES)
            for asset, price, start in zip(assets, row, first, strict=True)
        }
        for row in marks
    ]
    markets = markets_along(file.account, file.market, file.rulebook, moments)
    return against_ladder(file.account, markets, file.rulebook, liquidity)


def show_compared(out: "Console", found: "Compared", asset: str) -> None:
    """Print a line for each way."""
    from crossmargin.cli.console import show_sentence, show_table
    from crossmargin.cli.fitting import Column, table_of
    from crossmargin.cli.numbers import held

    ways = _ways(found)
    out.print()
    out.print(f"Through the crash of October 2025 with {held(found.start, asset)} {asset}:")
    columns = [
        Column("Liquidated by", tuple(name for name, _ in ways), is_words=True),
        Column(f"Keeps, {asset}", tuple(held(one.equity, asset) for _, one in ways)),
        Column("Times", tuple(str(one.liquidations) for _, one in ways)),
        Column("By the ladder", tuple(str(one.takeovers) for _, one in ways)),
    ]
    show_table(out, table_of(columns))
    show_sentence(out, SENTENCE, "dim", indent=0)


def compared_answer(found: "Compared", asset: str) -> "Json":
    """Return the same as JSON values."""
    from crossmargin.files.answer import held

    return {
        "asset": asset,
        "start": held(found.start),
        "ways": [
            {
                "way": name,
                "equity": held(one.equity),
                "liquidations": one.liquidations,
                "by_the_ladder": one.takeovers,
            }
            for name, one in _ways(found)
        ],
    }


def _ways(found: "Compared") -> "list[tuple[str, Ending]]":
    plans = [(f"a plan to {100 * target:.0f} %", one) for target, one in found.plans.items()]
    return [("the venue’s ladder", found.ladder), *plans]
