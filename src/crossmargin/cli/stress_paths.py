"""Paths of prices for `crossmargin stress`: crashes as they went, and both modes on one history."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from crossmargin.errors import UnknownError, UsageError

if TYPE_CHECKING:
    from crossmargin.cli.stress_plan import Options
    from crossmargin.feeds.path import PricePath
    from crossmargin.risk.chance.paths import Floats
    from crossmargin.risk.situation import Situation
    from crossmargin.risk.stress.crash_path import CrashPath
    from crossmargin.risk.stress.crashes import Crash
    from crossmargin.risk.stress.survival import Survival

NUMBERS_MAX = 20_000_000
"""Returns in all drawn paths: some hundred megabytes."""


def crash_paths(
    options: "Options", crashes: "tuple[Crash, ...]", home: "Situation"
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
    from crossmargin.risk.stress.crash_path import along

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


def modes_of(options: "Options", home: "Situation") -> "tuple[Survival, list[str]]":
    """Return cross against isolated on every window of the candles, and what was taken.

    Raises
    ------
    UsageError
        If the account has no isolated twin: the sentence says why.
    UnknownError
        If the history is too short, or prices or health are not known.
    """
    from crossmargin.replay.modes import both_modes, why_not_isolated
    from crossmargin.risk.situation import situation
    from crossmargin.risk.stress.survival import survival

    situations, reason = {}, why_not_isolated(home.account, home.rulebook)
    for name, account in both_modes(home.account, home.rulebook).items():
        try:
            situations[name] = situation(account, home.market, home.rulebook)
        except UsageError as error:
            reason = str(error)
    if len(situations) < 2:
        raise UsageError(f"--modes: there is no isolated version of the account: {reason}")
    ratios, drawn = (_windows if options.paths is None else _drawn)(options, home)
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
        *drawn,
    ]
    return survival(situations, ratios), said


def _windows(options: "Options", home: "Situation") -> "tuple[Floats, list[str]]":
    from crossmargin.cli.histories import span_ms
    from crossmargin.cli.replay import time_ms
    from crossmargin.feeds.series import utc
    from crossmargin.risk.stress.windows import windows

    begin = None if options.start is None else time_ms(options.start, "--from")
    end = None if options.end is None else time_ms(options.end, "--to")
    prices = _prices(options, home, begin, end, is_sampled=False)
    found = windows(prices.at_ms, prices.marks, span_ms(options.horizon, "--horizon"))
    return found.ratios, [
        f"{len(found.ratios):,} windows of {options.horizon} that follow each other, from "
        f"{utc(int(found.starts_ms[0]))} to {utc(int(found.starts_ms[-1]) + found.horizon_ms)}; "
        f"{found.dropped} with prices missing are left out.",
        *prices.choice,
    ]


def _drawn(options: "Options", home: "Situation") -> "tuple[Floats, list[str]]":
    import numpy as np

    from crossmargin.cli.histories import Window, returns_of, span_ms
    from crossmargin.durations import interval_text
    from crossmargin.risk.chance.bootstrap import bootstrap

    if options.candles is None or options.paths is None:
        raise UsageError("--paths: needs prices; give --candles")
    window = Window(options.candles, options.start, options.end, options.interval, options.price)
    returns, choice = returns_of(home, window)
    steps, rest = divmod(span_ms(options.horizon, "--horizon"), returns.interval_ms)
    length = interval_text(returns.interval_ms)
    if rest or not steps:
        raise UsageError(f"--horizon {options.horizon}: is no whole number of returns of {length}")
    if options.paths * steps * len(returns.assets) > NUMBERS_MAX:
        most = NUMBERS_MAX // (steps * len(returns.assets))
        raise UsageError(f"--paths {options.paths}: of {options.horizon} at most {most:,} fit")
    sampler = bootstrap(returns.values, returns.assets)
    draws = sampler.draw(np.random.default_rng(options.seed), options.paths, steps)
    columns = [returns.assets.index(asset) for asset in home.assets]
    # A path begins where the account is.
    here = np.ones((options.paths, 1, len(columns)))
    return np.concatenate([here, 1.0 + draws.moves()[:, :, columns]], axis=1), [
        f"{options.paths:,} paths of {steps} returns of {length}, put together from blocks of "
        f"history with no drift, seed {options.seed}.",
        *choice,
    ]


def _prices(
    options: "Options", home: "Situation", begin: int | None, end: int | None, *, is_sampled: bool
) -> "PricePath":
    from crossmargin.cli.histories import candidates
    from crossmargin.feeds.asset_path import load_asset_path
    from crossmargin.feeds.path import sampling
    from crossmargin.risk.stress.answer import hurting

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
