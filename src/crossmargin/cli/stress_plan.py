"""From the options of `crossmargin stress` to what is asked, and to the paths of candles."""

from collections.abc import Iterator
from datetime import datetime
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
    from crossmargin.feeds.path import PricePath
    from crossmargin.risk.conditions import Conditions
    from crossmargin.risk.crash_path import CrashPath
    from crossmargin.risk.crashes import Crash
    from crossmargin.risk.shocks import Shock
    from crossmargin.risk.situation import Situation
    from crossmargin.risk.survey import Asked
    from crossmargin.risk.survival import Survival


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
    from crossmargin.risk.survey import Asked

    _check(options)
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
        ):
            if value:
                raise UsageError(f"{name}: needs prices; give --candles")
    if (options.beta or options.is_median) and not (options.crash or options.is_bare):
        raise UsageError("--beta and --other-coins say what a crash does; give --crash")
    if options.sigma is not None and options.to_one is None:
        raise UsageError("--sigma: says how far --to-one moves; give that too")
    has_conditions = bool(options.depeg or options.funding or options.volatility)
    if options.is_at_once and not has_conditions:
        raise UsageError("--together: needs --depeg, --funding or --volatility to put together")


def _crashes(options: Options, home: "Situation") -> "tuple[list[Crash], list[Shock], list[str]]":
    from crossmargin.cli.assets import asset_named
    from crossmargin.cli.listed import listed
    from crossmargin.files.crashes import known_crashes
    from crossmargin.risk.crashes import Others, chosen_crashes, crash_notes, crash_shock

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
    from crossmargin.risk.shocks import all_alike, each_alone

    found = []
    alike = "-50:50:10" if options.is_bare else options.alike
    if alike is not None:
        found += all_alike(home.assets, range_of(alike, "--all"))
    if options.alone is not None:
        found += each_alone(home.assets, range_of(options.alone, "--alone"))
    return found


def _to_one(options: Options, home: "Situation") -> "tuple[list[Shock], list[str]]":
    from crossmargin.cli.assets import asset_named
    from crossmargin.risk.shocks import to_one
    from crossmargin.risk.stress import hurting

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
    sigmas = {asset: Decimal(f"{found[asset]:.4f}") for asset in home.assets}
    said = ", ".join(f"{asset} {value * 100:.2f} %" for asset, value in sigmas.items())
    head = f"Volatility of {options.horizon}: {said}; {described(covariance)}."
    return sigmas, [head, *choice]


def _conditions(options: Options) -> "Iterator[Conditions]":
    from crossmargin.risk.conditions import Conditions

    if options.depeg is not None:
        for asset, to in numbers_by_name(options.depeg, "--depeg").items():
            yield Conditions(depegs={asset: to})
    if options.funding is not None:
        rate, intervals = funding_of(options.funding, "--funding")
        yield Conditions(funding_rate=rate, intervals=intervals)
    if options.volatility is not None:
        for part in options.volatility.split(","):
            yield Conditions(volatility=number_of(part, "--volatility"))


def crash_paths(
    options: Options, crashes: "tuple[Crash, ...]", home: "Situation"
) -> "tuple[list[CrashPath], list[str]]":
    """Return the account along each crash, and why there is no path of the others.

    A window of one's own, --from and --to, is a path too.

    Raises
    ------
    UsageError
        If an option is none.
    FeedError
        If a file is bad.
    """
    from crossmargin.cli.replay import time_ms
    from crossmargin.risk.crash_path import along

    found, lacking = [], []
    wanted = [(crash.title, _ms(crash.start), _ms(crash.end)) for crash in crashes]
    if options.start is not None and options.end is not None and not options.is_modes:
        begin, end = time_ms(options.start, "--from"), time_ms(options.end, "--to")
        if begin >= end:
            raise UsageError("--to: must be later than --from")
        wanted.append((f"{options.start} to {options.end}", begin, end))
    for title, begin, end in wanted:
        try:
            prices = _prices(options, home, begin, end, is_sampled=True)
            found.append(along(title, home, prices.at_ms, prices.marks, prices.choice))
        except UnknownError as error:
            lacking.append(f"{title}: {error}")
    return found, lacking


def modes_of(options: Options, home: "Situation") -> "tuple[Survival, list[str]]":
    """Return cross against isolated on every window of the candles, and what was taken.

    Raises
    ------
    UsageError
        If the account has no isolated twin: the sentence says why.
    UnknownError
        If the history is too short, or prices or health are not known.
    """
    from crossmargin.cli.histories import span_ms
    from crossmargin.cli.replay import time_ms
    from crossmargin.feeds.series import utc
    from crossmargin.replay.modes import both_modes, why_not_isolated
    from crossmargin.risk.situation import situation
    from crossmargin.risk.survival import survival
    from crossmargin.risk.windows import windows

    situations, reason = {}, why_not_isolated(home.account, home.rulebook)
    for name, account in both_modes(home.account, home.rulebook).items():
        try:
            situations[name] = situation(account, home.market, home.rulebook)
        except UsageError as error:
            reason = str(error)
    if len(situations) < 2:
        raise UsageError(f"--modes: there is no isolated version of the account: {reason}")
    begin = None if options.start is None else time_ms(options.start, "--from")
    end = None if options.end is None else time_ms(options.end, "--to")
    prices = _prices(options, home, begin, end, is_sampled=False)
    found = windows(prices.at_ms, prices.marks, span_ms(options.horizon, "--horizon"))
    said = [
        f"{name}: {unit.name} is liquidatable before anything happens"
        for name, one in situations.items()
        for unit in one.now.units
        if unit.is_liquidatable
    ]
    if "isolated" in situations:
        said.append(
            "Isolated: every position has a bucket of its notional at entry ÷ leverage, the rest "
            "of the wallet stands aside."
        )
    else:
        said.append(f"isolated: there is no such version of the account: {reason}")
    said += [
        "What a liquidation takes is the whole pool or bucket; nothing is reduced in steps, "
        "traded, topped up or paid in funding.",
        f"{len(found.ratios):,} windows of {options.horizon} that follow each other, from "
        f"{utc(int(found.starts_ms[0]))} to {utc(int(found.starts_ms[-1]) + found.horizon_ms)}; "
        f"{found.dropped} with prices missing are left out.",
        *prices.choice,
    ]
    return survival(situations, found.ratios), said


def _prices(
    options: Options, home: "Situation", begin: int | None, end: int | None, *, is_sampled: bool
) -> "PricePath":
    from crossmargin.cli.histories import candidates
    from crossmargin.feeds.asset_path import load_asset_path
    from crossmargin.feeds.path import sampling
    from crossmargin.risk.stress import hurting

    if options.candles is None:
        raise UsageError("paths need prices; give --candles")
    if not home.assets:
        raise UsageError("the account holds nothing that moves")
    hurts = hurting(home, dict.fromkeys(home.assets, Decimal("0.01")))
    sample = sampling(begin, end) if is_sampled and begin is not None and end is not None else None
    return load_asset_path(
        options.candles,
        {asset: candidates(home, asset) for asset in home.assets},
        begin,
        end,
        order=options.path,
        directions={asset: -way for asset, way in hurts.items()},
        price=options.price,
        interval=options.interval,
        sample_ms=sample,
        venue=home.rulebook.venue,
    )


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
