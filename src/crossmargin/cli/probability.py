"""`crossmargin probability`: how likely an account is liquidated within a horizon."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from crossmargin.cli.histories import End, Interval, Price, Start
from crossmargin.errors import UnknownError, UsageError

if TYPE_CHECKING:
    from crossmargin.risk.chance.outlook import Outlook, Way
    from crossmargin.risk.chance.running_costs import Cost
    from crossmargin.risk.situation import Situation


Horizon = Annotated[str, typer.Option(metavar="TIME", help="Within which time, such as 24h or 7d.")]
Method = Annotated[str, typer.Option(help="How paths are drawn: bootstrap or t-copula.")]
Block = Annotated[int, typer.Option(help="Mean length of a bootstrap's blocks, in returns.")]
Marginals = Annotated[str, typer.Option(help="Of a t-copula: empirical, or t, whose tails go on.")]
Present = Annotated[
    str | None,
    typer.Option(
        "--present",
        metavar="TIME",
        help="Bring returns to the volatility of now: its half-life, such as 3d.",
    ),
]
Paths = Annotated[int, typer.Option(help="How many paths are drawn.")]
Seed = Annotated[int, typer.Option(min=0, help="What they are drawn from.")]
Lean = Annotated[
    bool, typer.Option("--lean", help="Send half of the paths to where it breaks, and weigh.")
]
Confidence = Annotated[float, typer.Option(help="Of the interval.")]
Funding = Annotated[
    str | None,
    typer.Option(
        metavar="PATH|RATES|none",
        help="History whose mean is paid, or BTCUSDT=0.01%; else what lies beside the candles.",
    ),
]
Fee = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Fee of closing, such as 0.05%, added to losses."),
]

POINTS_SOON = 100_000
"""So many points that are judged one by one need no warning."""


def probability(
    account: Annotated[
        str, typer.Argument(metavar="ACCOUNT", help="An account file, or - for standard input.")
    ],
    candles: Annotated[
        Path, typer.Option("--candles", metavar="PATH", help="A candle file or a folder of them.")
    ],
    horizon: Horizon = "24h",
    method: Method = "bootstrap",
    block: Block = 24,
    marginals: Marginals = "empirical",
    present: Present = None,
    paths: Paths = 20_000,
    seed: Seed = 7,
    lean: Lean = False,
    confidence: Confidence = 0.95,
    funding: Funding = None,
    fee: Fee = None,
    start: Start = None,
    end: End = None,
    interval: Interval = None,
    price: Price = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, numbers as strings.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a report that opens in a browser.")
    ] = None,
) -> None:
    """Say how likely anything is liquidated within a time, and how sure that is.

    Exit status: 0 an answer, 2 bad input, 3 unknown for lack of data.
    """
    from crossmargin.cli.histories import Window, returns_of, span_ms
    from crossmargin.cli.source import account_file
    from crossmargin.risk.chance.outlook import outlook, steps_in
    from crossmargin.risk.chance.probability import Question
    from crossmargin.risk.chance.running_costs import closing
    from crossmargin.risk.situation import situation

    file = account_file(account)
    asked = situation(file.account, file.market, file.rulebook)
    returns, prices = returns_of(asked, Window(candles, start, end, interval, price))
    step_ms = returns.interval_ms
    half_life = None if present is None else span_ms(present, "--present") / step_ms
    way = _way(method, block, marginals, half_life, lean=lean)
    paid = _funding(asked, funding, candles, (returns.from_ms, returns.to_ms), step_ms)
    question = Question(
        steps=steps_in(span_ms(horizon, "--horizon"), step_ms),
        step_ms=step_ms,
        paths=paths,
        seed=seed,
        confidence=confidence,
        funding=paid.costs,
        closing=() if fee is None else closing(asked, _rate(fee, f"--fee {fee}")),
    )
    _warn(asked, paths * question.steps)
    found = outlook(asked, returns, way, question, (*prices, *paid.said), paid.left_out)
    _show(found, html, "" if account == "-" else Path(account).stem, as_json=as_json)


def _way(method: str, block: int, marginals: str, half_life: float | None, *, lean: bool) -> "Way":
    # What belongs to the other method would be left aside in silence.
    from crossmargin.risk.chance.outlook import BOOTSTRAP, T_COPULA, Way

    if method == BOOTSTRAP and marginals != Way().marginals:
        raise UsageError(f"--marginals: are of a t-copula; give --method {T_COPULA} too")
    if method == T_COPULA and block != Way().block:
        raise UsageError("--block: is of a bootstrap; the steps of a t-copula are independent")
    return Way(method, block, marginals, half_life, lean)


def _warn(asked: "Situation", points: int) -> None:
    if asked.is_slow and points > POINTS_SOON:
        said = f"Each of {points:,} points is judged exactly here, which may take minutes"
        typer.echo(f"{said}; --paths asks for fewer.", err=True)


def _show(found: "Outlook", html: Path | None, title: str, *, as_json: bool) -> None:
    if html is not None:
        from crossmargin.report.probability import write_probability

        write_probability(html, found, title=title)
    if as_json:
        from crossmargin.cli.as_json import show_json
        from crossmargin.files.probability import probability_answer

        show_json(probability_answer(found))
    else:
        from crossmargin.cli.console import console
        from crossmargin.cli.probability_tables import show_probability

        show_probability(console(), found)
        if html is not None:
            typer.echo(f"\nwrote {html}")


class _Paid(NamedTuple):
    # The costs of each step, where they come from, and what is not in them.
    costs: "tuple[Cost, ...]" = ()
    said: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def _funding(
    asked: "Situation", given: str | None, candles: Path, window: tuple[int, int], step_ms: int
) -> _Paid:
    from crossmargin.durations import HOUR_MS
    from crossmargin.risk.chance.running_costs import funding, is_perpetual

    held = (one.symbol for one in asked.account.positions if one.size)
    symbols = [symbol for symbol in dict.fromkeys(held) if is_perpetual(symbol, asked.rulebook)]
    if not symbols:
        return _Paid()
    if given == "none":
        return _Paid(left_out=("funding is not charged (--funding none)",))
    if given is not None and "=" in given:
        per_ms = asked.rulebook.funding.interval_ms
        rates = _typed(given, symbols)
        said = f"funding of {given} every {per_ms // HOUR_MS} hours, as typed."
        return _Paid(funding(asked, rates, per_ms, step_ms), (said,))
    history = None if given is None else Path(given)
    return _from_history(asked, symbols, history, candles, window, step_ms)


def _from_history(
    asked: "Situation",
    symbols: list[str],
    history: Path | None,
    candles: Path,
    window: tuple[int, int],
    step_ms: int,
) -> _Paid:
    from crossmargin.durations import DAY_MS
    from crossmargin.feeds.funding import Origin, load_funding
    from crossmargin.money import ZERO
    from crossmargin.risk.chance.running_costs import funding

    rows = load_funding(
        candles, symbols, *window, history=history, rules=None, venue=asked.rulebook.venue
    )
    span_ms = window[1] - window[0]
    rates: dict[str, Decimal] = {}
    said: list[str] = []
    left_out: list[str] = []
    for one in rows:
        rates[one.symbol] = sum(one.rates, ZERO)
        if one.origin is Origin.NONE:
            left_out += one.choice
            continue
        daily = rates[one.symbol] * DAY_MS / span_ms
        said += [
            *one.choice,
            f"{one.symbol}: its mean over that time is paid, {100 * daily:.4f} % a day.",
        ]
    if left_out and history is not None:
        raise UnknownError(f"--funding {history}: {left_out[0]}")
    return _Paid(funding(asked, rates, span_ms, step_ms), tuple(said), tuple(left_out))


def _typed(given: str, symbols: list[str]) -> dict[str, Decimal]:
    from difflib import get_close_matches

    rates: dict[str, Decimal] = {}
    for part in (part for part in given.split(",") if part.strip()):
        symbol, _, value = (text.strip() for text in part.partition("="))
        if symbol not in symbols:
            close = get_close_matches(symbol.upper(), symbols, n=1)
            meant = f"did you mean {close[0]}?" if close else f"there is {', '.join(symbols)}"
            raise UsageError(f"--funding: {symbol} is no perpetual that is held; {meant}")
        rates[symbol] = _rate(value, f"--funding {part.strip()}")
    return rates


def _rate(text: str, option: str) -> Decimal:
    try:
        value = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        value = Decimal("NaN")
    value = value / 100 if text.endswith("%") else value
    if not (value.is_finite() and abs(value) < 1):
        raise UsageError(f"{option}: is not a rate such as 0.0001 or 0.01%")
    return value
