"""Price paths of assets: for each the first of several symbols whose candles cover a window.

An account may hold a venue's contract whose candles nobody has, and a crash may be older than the
contract. Prices of one coin are nearly the same everywhere, so Binance's contract in USDT stands
in, and its spot market where even that is too young; which it was is a sentence of the path.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from crossmargin.errors import UnknownError
from crossmargin.feeds.folder import Found, Pick, choose, list_files, period, read_pick
from crossmargin.feeds.histories import ELSEWHERE
from crossmargin.feeds.path import Order, PricePath, price_path
from crossmargin.feeds.series import PriceKind, utc
from crossmargin.risk.venues.underlying import asset_name


def load_asset_path(
    where: Path,
    candidates: Mapping[str, Sequence[str]],
    from_ms: int | None = None,
    to_ms: int | None = None,
    *,
    order: str = Order.HIGH_FIRST,
    directions: Mapping[str, int] | None = None,
    price: str | None = None,
    interval: str | None = None,
    sample_ms: int | None = None,
    venue: str = "binance",
) -> PricePath:
    """Return the path whose columns are the assets of `candidates`, in order.

    Parameters
    ----------
    candidates : by asset, the symbols whose candles may stand for it, the best first.
    from_ms, to_ms : the window; what the candles share where one is not given.
    directions : by asset, for the order `worst`; see `path.price_path`.

    Raises
    ------
    UnknownError
        If the candles of an asset do not cover the window.
    FeedError
        If a file is bad.
    UsageError
        If an option is none.
    """
    files = {
        asset: _files(where, asset, names, venue, price) for asset, names in candidates.items()
    }
    if from_ms is None or to_ms is None:
        every = [file for _, found in files.values() for file in found]
        first, last = period(every, [found[0].symbol for _, found in files.values()], price=price)
        from_ms = first if from_ms is None else from_ms
        to_ms = last if to_ms is None else to_ms
    said: list[str] = []
    series, symbols = [], {}
    for asset, names in candidates.items():
        pick = _pick(where, asset, names, (from_ms, to_ms), price, interval, venue)
        if pick.symbol not in names:
            said.append(f"{asset}: nothing of the venue’s own covers it, {pick.symbol} stands in.")
        if price is None and pick.files[0].kind is PriceKind.SPOT:
            said.append(f"{asset}: no perpetual’s candles cover the window, spot prices stand in.")
        said.append(pick.choice)
        series.append(read_pick(pick))
        symbols[pick.symbol] = asset
    return price_path(
        series,
        from_ms,
        to_ms,
        order=order,
        directions=None
        if directions is None
        else {symbol: directions.get(asset, 0) for symbol, asset in symbols.items()},
        sample_ms=sample_ms,
        choice=tuple(said),
    )


def _looked_at(asset: str, names: Sequence[str], venue: str) -> list[tuple[str, str]]:
    stand_in = (f"{asset_name(asset)}USDT", ELSEWHERE)
    return list(dict.fromkeys((*((name, venue) for name in names), stand_in)))


def _files(
    where: Path, asset: str, names: Sequence[str], venue: str, price: str | None
) -> tuple[str, tuple[Found, ...]]:
    for name, whose in _looked_at(asset, names, venue):
        if found := list_files(where, [name], venue=whose, price=price):
            return name, found
    looked = ", ".join(name for name, _ in _looked_at(asset, names, venue))
    raise UnknownError(f"{where}: there are no candles of {asset}; looked for {looked}")


def _pick(
    where: Path,
    asset: str,
    names: Sequence[str],
    window: tuple[int, int],
    price: str | None,
    interval: str | None,
    venue: str,
) -> Pick:
    # Perpetuals first; spot prices only where there is nothing else, unless a kind is asked for.
    for kind in (price,) if price is not None else (None, PriceKind.SPOT):
        for name, whose in _looked_at(asset, names, venue):
            files = list_files(where, [name], venue=whose, price=price)
            try:
                return choose(files, name, *window, price=kind, interval=interval)
            except UnknownError:
                continue
    raise UnknownError(
        f"no candles of {asset} cover {utc(window[0])} to {utc(window[1])} in {where}"
    )
