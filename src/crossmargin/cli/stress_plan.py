"""From the options of `crossmargin stress` to what is asked of the account."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from crossmargin.cli.stress_options import (
    axes_of,
    funding_of,
    number_of,
    numbers_by_name,
    range_of,
)
from crossmargin.errors import UnknownError, UsageError

if TYPE_CHECKING:
    from crossmargin.risk.situation import Situation
    from crossmargin.risk.stress.conditions import Conditions
    from crossmargin.risk.stress.crashes import Crash
    from crossmargin.risk.stress.shocks import Shock
    from crossmargin.risk.stress.survey import Asked


class Options(Struct, frozen=True):
    """The options, as they were typed."""

    crash: str | None = None
    beta: str | None = None
    is_median: bool = False
    alike: str | None = None
    alone: str | None = None
    grid: str | None = None
    to_one: str | None = None
    sigma: str | None = None
    depeg: str | None = None
    funding: str | None = None
    volatility: str | None = None
    thin: str | None = None
    is_at_once: bool = False
    candles: Path | None = None
    start: str | None = None
    end: str | None = None
    path: str = "ohlc"
    price: str | None = None
    interval: str | None = None
    horizon: str = "1d"
    is_modes: bool = False
    paths: int | None = None
    seed: int = 7

    @property
    def is_bare(self) -> bool:
        """Return whether nothing in particular is asked: then the crashes are, and a ladder."""
        shocks = (self.crash, self.alike, self.alone, self.grid, self.to_one)
        others = (self.depeg, self.funding, self.volatility, self.thin, self.start, self.end)
        return not any((*shocks, *others, self.is_modes))


class Plan(Struct, frozen=True):
    """What is asked, the crashes among it, and sentences about where figures are from."""

    asked: "Asked"
    crashes: "tuple[Crash, ...]"
    notes: tuple[str, ...]


def plan_of(options: Options, home: "Situation") -> Plan:
    """Return what `options` ask of the account.

    Raises
    ------
    UsageError
        If an option is none, or needs another.
    UnknownError
        If a volatility that is needed is not known.
    """
    from crossmargin.risk.stress.survey import Asked

    _check(options)
    if not home.assets and not (options.depeg or options.thin):
        raise UsageError("the account holds nothing that can move")
    shocks, notes = [], []
    crashes, found, said = _crashes(options, home)
    shocks += found
    notes += said
    if options.to_one is not None:
        found, said = _to_one(options, home)
        shocks += found
        notes += said
    shocks += _ladders(options, home)
    axes = {} if options.grid is None else axes_of(options.grid, home, "--grid")
    thinness = []
    if options.thin is not None:
        thinness = [Decimal(1), number_of(options.thin, "--thin")]
    asked = Asked(
        tuple(shocks),
        axes,
        tuple(_conditions(options)),
        options.is_at_once,
        tuple(dict.fromkeys(thinness)),
    )
    return Plan(asked, tuple(crashes), tuple(notes))


def _check(options: Options) -> None:
    if options.candles is None:
        for value, name in (
            (options.is_modes, "--modes"),
            (options.start, "--from"),
            (options.end, "--to"),
            (options.path != Options().path, "--path"),
        ):
            if value:
                raise UsageError(f"{name}: needs prices; give --candles")
    if (options.beta or options.is_median) and not (options.crash or options.is_bare):
        raise UsageError("--beta and --other-coins say what a crash does; give --crash")
    if options.sigma is not None and options.to_one is None:
        raise UsageError("--sigma: says how far --to-one moves; give that too")
    if options.paths is not None and not options.is_modes:
        raise UsageError("--paths: are for --modes; give that too")
    if options.paths is not None and options.paths < 1:
        raise UsageError("--paths: must be above zero")
    has_conditions = bool(options.depeg or options.funding or options.volatility)
    if options.is_at_once and not has_conditions:
        raise UsageError("--together: needs --depeg, --funding or --volatility to put together")


def _crashes(options: Options, home: "Situation") -> "tuple[list[Crash], list[Shock], list[str]]":
    from crossmargin.cli.assets import asset_named
    from crossmargin.cli.listed import listed
    from crossmargin.files.crashes import known_crashes
    from crossmargin.risk.stress.crashes import Others, chosen_crashes, crash_notes, crash_shock

    wanted = "all" if options.is_bare else options.crash
    if wanted is None:
        return [], [], []
    chosen = chosen_crashes(known_crashes(), listed(wanted, "--crash"))
    given = {} if options.beta is None else numbers_by_name(options.beta, "--beta")
    betas = {asset_named(name, home, "--beta"): value for name, value in given.items()}
    others = Others(betas, options.is_median)
    shocks = [crash_shock(crash, home.assets, others) for crash in chosen]
    notes = [
        "A crash is every asset at its worst at once, from its high to a later low; its path with "
        "--candles keeps the moments apart."
    ]
    notes += [note for crash in chosen for note in crash_notes(crash, home.assets)]
    for shock in shocks:
        notes += [f"{shock.title}: {asset} by {rule}" for asset, rule in shock.supposed.items()]
    return chosen, shocks, notes


def _ladders(options: Options, home: "Situation") -> "list[Shock]":
    from crossmargin.risk.stress.shocks import all_alike, each_alone

    found = []
    alike = "-50:50:10" if options.is_bare else options.alike
    if alike is not None:
        found += all_alike(home.assets, range_of(alike, "--all"))
    if options.alone is not None:
        found += each_alone(home.assets, range_of(options.alone, "--alone"))
    return found


def _to_one(options: Options, home: "Situation") -> "tuple[list[Shock], list[str]]":
    from crossmargin.cli.assets import asset_named
    from crossmargin.risk.stress.answer import hurting
    from crossmargin.risk.stress.shocks import to_one

    times = number_of(options.to_one or "", "--to-one")
    notes: list[str] = []
    if options.sigma is not None:
        given = numbers_by_name(options.sigma, "--sigma")
        sigmas = {asset_named(name, home, "--sigma"): value for name, value in given.items()}
        if any(value <= 0 for value in sigmas.values()):
            raise UsageError("--sigma: a volatility must be above zero")
    elif options.candles is not None:
        sigmas, notes = _estimated(options, options.candles, home)
    else:
        raise UnknownError(
            "--to-one: how far each asset moves is not known; give --sigma, or --candles to "
            "estimate it from"
        )
    missing = [asset for asset in home.assets if asset not in sigmas]
    sizes = {asset: times * sigmas[asset] for asset in home.assets if asset not in missing}
    hurts = {} if missing else hurting(home, sizes)
    return to_one(home.assets, sigmas, hurts, times), notes


def _estimated(
    options: Options, candles: Path, home: "Situation"
) -> tuple[dict[str, Decimal], list[str]]:
    from crossmargin.cli.histories import Window, covariance_of, span_ms
    from crossmargin.report.risk_words import described

    window = Window(candles, options.start, options.end, options.interval, options.price)
    covariance, choice = covariance_of(home, window, None)
    spread = covariance.volatility(span_ms(options.horizon, "--horizon"))
    found = dict(zip(covariance.assets, spread.tolist(), strict=True))
    sigmas = {asset: Decimal(f"{found[asset]:.6f}") for asset in home.assets}
    said = ", ".join(f"{asset} {value * 100:.2f} %" for asset, value in sigmas.items())
    head = f"Volatility of {options.horizon}: {said}; {described(covariance)}."
    return sigmas, [head, *choice]


def _conditions(options: Options) -> "Iterator[Conditions]":
    from crossmargin.risk.stress.conditions import Conditions

    if options.depeg is not None:
        for asset, to in numbers_by_name(options.depeg, "--depeg").items():
            yield Conditions(depegs={asset: to})
    if options.funding is not None:
        rate, intervals = funding_of(options.funding, "--funding")
        yield Conditions(funding_rate=rate, intervals=intervals)
    if options.volatility is not None:
        for part in options.volatility.split(","):
            yield Conditions(volatility=number_of(part, "--volatility"))
