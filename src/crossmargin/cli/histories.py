"""Candles given to a command, as the returns and covariance of what an account has a stake in."""

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from crossmargin.errors import UsageError

if TYPE_CHECKING:
    from crossmargin.risk.estimates.correlation import Covariance
    from crossmargin.risk.estimates.returns import Returns
    from crossmargin.risk.situation import Situation

Start = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="TIME", help="Where the history begins, else 90 days before its end."
    ),
]
End = Annotated[
    str | None,
    typer.Option(
        "--to", metavar="TIME", help="The moment it ends; else the file's at, else the last."
    ),
]
Interval = Annotated[
    str | None, typer.Option(help="Length of a return, such as 1h; else the longest candle's.")
]
Price = Annotated[
    str | None, typer.Option(help="Use only mark, last or spot prices; else mark, else last.")
]
HalfLife = Annotated[
    str | None,
    typer.Option(
        "--halflife",
        metavar="TIME",
        help="EWMA: an observation counts half as much after each, such as 10d; else Ledoit–Wolf.",
    ),
]
Horizon = Annotated[
    str, typer.Option(metavar="TIME", help="What standard deviations are of, such as 1d.")
]


class Window(NamedTuple):
    """The options that say which history is meant, as they were typed."""

    candles: Path
    start: str | None = None
    end: str | None = None
    interval: str | None = None
    price: str | None = None


def returns_of(
    situation: "Situation", window: Window, *, beside: tuple[str, ...] = ()
) -> "tuple[Returns, tuple[str, ...]]":
    """Return the returns of the account's assets and those `beside`, and which prices they are.

    Raises
    ------
    UsageError
        If an option is none; if nothing is held.
    UnknownError
        If a history is missing, has a gap or is too short.
    """
    from crossmargin.cli.replay import time_ms
    from crossmargin.feeds.histories import load_histories
    from crossmargin.risk.estimates.returns import log_returns

    if not situation.assets:
        raise UsageError("the account holds nothing whose history could be looked at")
    found = load_histories(
        window.candles,
        {asset: candidates(situation, asset) for asset in (*situation.assets, *beside)},
        None if window.start is None else time_ms(window.start, "--from"),
        None if window.end is None else time_ms(window.end, "--to"),
        at_ms=situation.market.at_ms,
        interval=window.interval,
        price=window.price,
        venue=situation.rulebook.venue,
    )
    return log_returns(found.histories, found.interval_ms), found.choice


def covariance_of(
    situation: "Situation",
    window: Window,
    halflife: str | None,
    *,
    beside: tuple[str, ...] = (),
) -> "tuple[Covariance, tuple[str, ...]]":
    """Return the covariance of the same, by EWMA where there is a half-life; errors as above."""
    from crossmargin.risk.estimates.correlation import ewma, ledoit_wolf

    returns, choice = returns_of(situation, window, beside=beside)
    if halflife is None:
        return ledoit_wolf(returns), choice
    return ewma(returns, span_ms(halflife, "--halflife")), choice


def span_ms(text: str, option: str) -> int:
    """Return the milliseconds of a length such as 10d.

    Raises
    ------
    UsageError
        If it is none.
    """
    from crossmargin.feeds.series import interval_of

    try:
        return interval_of(text)
    except UsageError:
        raise UsageError(
            f"{option} {text}: is not a number with s, m, h, d or w, as in 10d"
        ) from None


def candidates(situation: "Situation", asset: str) -> tuple[str, ...]:
    """Return the symbols whose candles may stand for `asset`: held ones, then the venue's own."""
    contracts = situation.rulebook.contracts
    held = [
        symbol
        for symbol in situation.account.symbols
        if contracts[symbol].instrument.base == asset and not contracts[symbol].instrument.option
    ]
    listed = [
        symbol
        for symbol, contract in contracts.items()
        if contract.instrument.base == asset and not contract.instrument.option
    ]
    return tuple(dict.fromkeys((*held, *sorted(listed, key=_plainness))))


def reference_named(name: str, situation: "Situation") -> str:
    """Return the asset that betas are to: one of the account's, or another of its venue's.

    Raises
    ------
    UsageError
        If the venue has no contract on it.
    """
    wanted = name.strip()
    contracts = situation.rulebook.contracts
    if wanted in contracts:
        return contracts[wanted].instrument.base
    known = dict.fromkeys(
        (*situation.assets, *(contract.instrument.base for contract in contracts.values()))
    )
    if wanted in known:
        return wanted
    close = get_close_matches(wanted.upper(), situation.assets, n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    raise UsageError(
        f"{wanted} is no asset that {situation.rulebook.venue} has a contract on{meant}"
    )


def _plainness(symbol: str) -> tuple[bool, int, str]:
    # A perpetual's name is short and has no date in it.
    return (sum(sign.isdigit() for sign in symbol) > 4, len(symbol), symbol)
