"""What happened, in sentences a stranger understands.

The first thing on a report is not a chart: it is who survived and what was lost. The sentences
are built from the summary alone, claim nothing that is unknown, and say "all" only where exactly
nothing is left.
"""

from decimal import Decimal

from crossmargin.money import ZERO
from crossmargin.report.summary import ModeSummary, Outcome, SymbolSummary
from crossmargin.report.words import count_of, counted, duration, listed, moment, percent, rough


def label(name: str) -> str:
    """Return a mode's name as a sentence begins with it."""
    return name[:1].upper() + name[1:]


def headline(mode: ModeSummary) -> str:
    """Return one mode's sentence, such as "Cross: liquidated on …, all 10,000 USDT gone."."""
    return f"{label(mode.name)}: {outcome(mode)}"


def outcome(mode: ModeSummary) -> str:
    """Return the sentence without the mode's name."""
    if mode.outcome is Outcome.UNKNOWN:
        return _unknown(mode)
    if mode.outcome is Outcome.SURVIVED:
        text = _survived(mode)
    elif mode.outcome is Outcome.REDUCED:
        first = moment(mode.liquidations[0].at_ms)
        times = "once" if mode.reductions == 1 else count_of(mode.reductions, "time")
        text = f"cut back by liquidation {times}, first on {first}, but not closed; {_left(mode)}"
    elif mode.outcome is Outcome.CLOSED:
        text = f"closed by liquidation by {moment(_gone_at(mode) or 0)}, {_left(mode)}"
    else:
        text = _taken(mode)
    if mode.unknown_ms:
        lost = duration(mode.unknown_ms)
        text += f". For {lost} its health was unknown for lack of a price or margin tier"
    return f"{text}."


def verdict(modes: tuple[ModeSummary, ...]) -> str:
    """Return how two modes compare: who lived longer and who kept more; else nothing."""
    if len(modes) != 2:
        return ""
    one, other = modes
    gap = _ahead(one, other)
    if gap is None:
        return ""
    asset, ahead = gap
    ends = [_gone_at(mode) for mode in modes]
    if ends[0] != ends[1]:
        if ends[0] is None or (ends[1] is not None and ends[0] > ends[1]):
            return _longer(one, other, ends[0], ends[1] or 0, asset, ahead)
        return _longer(other, one, ends[1], ends[0], asset, -ahead)
    if not ahead:
        return "Both end with the same money."
    winner, loser = (one, other) if ahead > 0 else (other, one)
    return f"{label(winner.name)} ends {rough(abs(ahead), asset)} ahead of {loser.name}."


def market_move(symbols: tuple[SymbolSummary, ...]) -> str:
    """Return how far the prices moved, for up to four symbols; empty if none did."""
    moves = []
    moving = [symbol for symbol in symbols if symbol.high.amount > symbol.low.amount]
    for symbol in moving[:4]:
        is_fall = symbol.high.at_ms <= symbol.low.at_ms
        first, then = (symbol.high, symbol.low) if is_fall else (symbol.low, symbol.high)
        fraction = (then.amount / first.amount - 1).copy_abs()
        verb = "fell" if is_fall else "rose"
        moves.append(f"{symbol.symbol} {verb} {percent(fraction)}")
    rest = len(moving) - len(moves)
    if rest:
        moves.append(f"{count_of(rest, 'more symbol')} moved too")
    return f"Between their extremes {listed(moves)}." if moves else ""


def _gone_at(mode: ModeSummary) -> int | None:
    # When liquidation ended the last of its positions; None while any is open.
    if mode.open_at_end or not mode.gone:
        return None
    return max(unit.gone_at_ms or 0 for unit in mode.gone)


def _longer(
    longer: ModeSummary,
    shorter: ModeSummary,
    end_ms: int | None,
    other_end_ms: int,
    asset: str,
    ahead: Decimal,
) -> str:
    amount = rough(abs(ahead), asset)
    if end_ms is None:
        start = f"{label(longer.name)} lived through what {shorter.name} did not"
        if not ahead:
            return f"{start}; both end with the same money."
        return f"{start}, and ends {amount} {'ahead' if ahead > 0 else 'behind'}."
    start = f"{label(longer.name)} held out {duration(end_ms - other_end_ms)} longer"
    if not ahead:
        return f"{start}; both end with the same money."
    return f"{start}, and lost {amount} {'less' if ahead > 0 else 'more'}."


def _ahead(one: ModeSummary, other: ModeSummary) -> tuple[str, Decimal] | None:
    # The difference at the end, where it is in one asset alone.
    found: dict[str, Decimal] = {}
    for mode, sign in ((one, 1), (other, -1)):
        for asset in mode.assets:
            if asset.equity_end is None:
                return None
            found[asset.asset] = found.get(asset.asset, ZERO) + sign * asset.equity_end
    differing = [(asset, amount) for asset, amount in found.items() if amount]
    if len(differing) > 1:
        return None
    return differing[0] if differing else (next(iter(found), ""), ZERO)


def _survived(mode: ModeSummary) -> str:
    closest = mode.closest
    if closest is None or closest.smallest_buffer is None:
        return f"survived, nothing was at stake; {_left(mode)}"
    low = closest.smallest_buffer
    where = "" if len(mode.units) == 1 else f" in {_name(closest.name, is_pool=closest.is_pool)}"
    return (
        f"survived, {_left(mode)}; at the closest, on {moment(low.at_ms)}, "
        f"{rough(low.amount, closest.asset)} of buffer was left{where}"
    )


def _taken(mode: ModeSummary) -> str:
    gone = mode.gone
    buckets = [unit for unit in gone if not unit.is_pool]
    first, last = gone[0].gone_at_ms or 0, gone[-1].gone_at_ms or 0
    if mode.outcome is Outcome.LIQUIDATED:
        starts = [asset.equity_start for asset in mode.assets]
        if all(start is not None and start <= 0 for start in starts):
            return f"under water from the start, and liquidated on {moment(first)}"
        lost = _stake(mode)
        when = f"on {moment(last)}" if first == last else f"by {moment(last)}"
        return f"liquidated {when}, all {lost} gone" if lost else f"liquidated {when}"
    if not buckets:
        pools = "" if len(mode.assets) == 1 else f" of the {listed([u.name for u in gone])} pool"
        return f"liquidated{pools} on {moment(first)}; {_left(mode)}"
    every = sum(not unit.is_pool for unit in mode.units)
    names = listed([unit.name for unit in buckets]) if len(buckets) <= 4 else ""
    what = count_of(len(buckets), "bucket")
    if len(buckets) < every:
        what = f"{counted(len(buckets))} of {count_of(every, 'bucket')}"
    what += f" ({names})" if names and len(buckets) < every else ""
    names_of_pools = [unit.name for unit in gone if unit.is_pool]
    what = f"the {listed(names_of_pools)} pool and {what}" if names_of_pools else what
    when = f"on {moment(first)}" if first == last else f"by {moment(last)}"
    return f"{what} gone {when}, {_left(mode)}"


def _unknown(mode: ModeSummary) -> str:
    lacking = listed(list(mode.missing_at_end[:3])) or "something"
    why = f"because {lacking} has no price then"
    if mode.gone:
        names = listed([_name(unit.name, is_pool=unit.is_pool) for unit in mode.gone[:3]])
        at = moment(mode.gone[0].gone_at_ms or 0)
        return f"{names} liquidated from {at}; what is left at the end is unknown, {why}."
    return (
        "not liquidated while prices were known; what is left at the end is unknown, "
        f"{why} ({duration(mode.unknown_ms)} without)."
    )


def _name(name: str, *, is_pool: bool) -> str:
    return f"the {name} {'pool' if is_pool else 'bucket'}"


def _left(mode: ModeSummary) -> str:
    ends = [(a.asset, a.equity_end or ZERO, a.equity_start) for a in mode.assets]
    shown = [one for one in ends if one[1]] or ends
    asset, end, start = shown[0]
    if len(shown) > 1 or start is None:
        return f"{listed([rough(end, asset) for asset, end, _ in shown])} left"
    if end > start > 0:
        return f"{rough(start, asset)} became {rough(end, asset)}"
    whole = rough(start, asset)
    return f"{rough(end, asset).removesuffix(f' {asset}')} of {whole} left"


def _stake(mode: ModeSummary) -> str:
    # What there was at the start, empty where nothing was.
    starts = [(asset.asset, asset.equity_start or ZERO) for asset in mode.assets]
    return listed([rough(amount, asset) for asset, amount in starts if amount])
