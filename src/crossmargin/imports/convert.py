"""Replies in, account file out: one pure function over texts.

The file is made whole or not at all, and where this package has the venue's rulebook it has been
read back before anybody sees it. What does not fit is in `Imported.lines`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from msgspec import Struct

from crossmargin.errors import CrossmarginError, RulebookError, UsageError
from crossmargin.files.account import parse_account
from crossmargin.imports.account_text import EPOCH, account_text, names_of
from crossmargin.imports.binance import BINANCE_COINM, BINANCE_USDM
from crossmargin.imports.bitget import BITGET
from crossmargin.imports.bitmex import BITMEX
from crossmargin.imports.bybit import BYBIT
from crossmargin.imports.deribit import DERIBIT
from crossmargin.imports.derive import DERIVE
from crossmargin.imports.draft import Draft, Line, Worth
from crossmargin.imports.dydx import DYDX
from crossmargin.imports.finish import finish
from crossmargin.imports.gate import GATE
from crossmargin.imports.hyperliquid import HYPERLIQUID
from crossmargin.imports.kraken import KRAKEN
from crossmargin.imports.okx import OKX
from crossmargin.imports.reply import Found, Reply, Row, parsed, recognised
from crossmargin.money import exact
from crossmargin.rulebooks.loader import editions_with, load_rulebook, venues
from crossmargin.rulebooks.schema import Rulebook

VENUES = {
    venue.name: venue
    for venue in (
        *(BINANCE_USDM, BINANCE_COINM, BYBIT, OKX, DERIBIT, HYPERLIQUID, DYDX, DERIVE),
        *(KRAKEN, BITMEX, BITGET, GATE),
    )
}

_FIRST_MS, _LAST_MS = 1_420_070_400_000, 4_102_444_800_000  # The years 2015 and 2100.
_APART_MS = 60_000


class Imported(Struct, frozen=True):
    """An account file, and what there is to say about it, the gravest first.

    `draft` is what the file was written from.
    """

    text: str
    lines: tuple[Line, ...]
    draft: Draft

    @property
    def is_whole(self) -> bool:
        """Return whether all of the account that the replies tell of is in the file."""
        return all(line.worth is not Worth.LEFT_OUT for line in self.lines)


@exact
def import_account(
    venue: str,
    documents: Sequence[tuple[str, str]],
    balances: Mapping[str, Decimal] = MappingProxyType({}),
) -> Imported:
    """Return the account file that the replies in `documents`, pairs of name and text, make.

    Parameters
    ----------
    balances : whole wallets per asset that no reply tells of.

    Raises
    ------
    UsageError
        One sentence with file, place and reason: not JSON, not a known reply of `venue`, replies
        that contradict each other, or a position that lacks a number.
    """
    draft, found = drafted(venue, documents)
    for asset, amount in balances.items():
        draft.balance(asset, amount, "--balance")
    finish(draft, VENUES[venue])
    if found.unknown:
        for where, outline in found.unknown:
            draft.say(Worth.LEFT_OUT, where, outline, f"no known kind of reply of {venue}")
    _set_time(draft, found)
    made_by = f"crossmargin import {venue} {names_of([name for name, _ in documents])}"
    rulebook = _rulebook(draft) if venue in venues() else None
    if rulebook is not None:
        _fit_rulebook(draft, rulebook)
    text = account_text(draft, made_by)
    if rulebook is not None:
        _read_back(text)
    order = list(Worth)
    lines = tuple(sorted(draft.lines, key=lambda line: order.index(line.worth)))
    return Imported(text, lines, draft)


@exact
def drafted(venue: str, documents: Sequence[tuple[str, str]]) -> tuple[Draft, Found[Draft]]:
    """Return what the replies in `documents` say, before anything is made of it.

    Raises
    ------
    UsageError
        As `import_account`, for what a single reply can be wrong in.
    """
    if venue not in VENUES:
        raise UsageError(f"{venue}: is no venue to import from; there are {', '.join(VENUES)}")
    shapes = VENUES[venue].shapes
    trees = [(name, parsed(text, name)) for name, text in documents]
    found = recognised(trees, shapes, venue)
    if not found.replies:
        _refuse(found, trees[0][0] if trees else "no file", venue)
    draft = Draft(venue)
    for reply in found.replies:
        if reply.shape.kind == "order" and _is_elsewhere(reply.row):
            why = "the account file holds orders of futures and perpetuals"
            draft.say(Worth.LEFT_OUT, reply.row.where(), "a spot or option order", why)
        else:
            reply.shape.read(reply.row, draft)
    _say_unread(found.replies, draft)
    return draft, found


def _is_elsewhere(row: Row) -> bool:
    # Spot orders have the symbols of perpetuals: at Bybit the envelope tells, in ccxt a symbol
    # that names no settle asset.
    symbol = row.envelope.get("symbol", "")
    is_spot = "/" in symbol and ":" not in symbol
    return is_spot or row.envelope.get("category", "").lower() in ("spot", "option")


def _refuse(found: Found[Draft], name: str, venue: str) -> None:
    kinds = ", ".join(dict.fromkeys(one.kind for one in VENUES[venue].shapes))
    where, outline = next(iter(found.unknown), (name, "nothing"))
    raise UsageError(
        f"{where}: no reply of {venue} that is known here, but {outline}; known are {kinds}"
    )


def _say_unread(replies: Sequence[Reply[Draft]], draft: Draft) -> None:
    keys: dict[tuple[str, str], set[str]] = {}
    for reply in replies:
        place = (reply.row.name, reply.shape.kind)
        keys.setdefault(place, set()).update(reply.row.unread())
    for (name, kind), unread in keys.items():
        if unread:
            why = "the account file has no place for them, or check works them out"
            shown = ", ".join(sorted(unread))
            draft.say(Worth.UNUSED, f"{name}: {kind}", shown, why)


def _set_time(draft: Draft, found: Found[Draft]) -> None:
    moments = {}
    for where, value in found.times:
        at_ms = _moment_ms(value)
        if at_ms is not None and _FIRST_MS <= at_ms < _LAST_MS:
            moments[where] = at_ms
        else:
            draft.say(Worth.UNUSED, where, str(value), "it is no moment between 2015 and 2100")
    if draft.at_ms is not None:
        moments["the account's state"] = draft.at_ms
    if not moments:
        why = "no reply carries its time; the newest rules apply unless the file gets an `at`"
        draft.say(Worth.MISSING, "all replies", "at", why)
        return
    draft.at_ms = max(moments.values())
    if draft.at_ms - min(moments.values()) > _APART_MS:
        seconds = (draft.at_ms - min(moments.values())) // 1000
        why = f"the first and the last are {seconds} s apart; the last is taken"
        draft.say(Worth.DERIVED, ", ".join(moments), "at", why)


def _moment_ms(value: object) -> int | None:
    text = str(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(milliseconds=1)
    if not number.is_finite() or not 0 < number < Decimal("1e18"):
        return None
    # Seconds, milliseconds or microseconds since 1970, told apart by their size.
    scale = 1000 if number < Decimal("1e11") else 1
    return int(number / 1000) if number >= Decimal("1e14") else int(number * scale)


def _rulebook(draft: Draft) -> Rulebook | None:
    at = None if draft.at_ms is None else EPOCH + timedelta(milliseconds=draft.at_ms)
    try:
        return load_rulebook(draft.venue, at=at)
    except RulebookError as error:
        # An import needs no rules; they are only asked whether they would take the file.
        what = f"the rulebook of {draft.venue}"
        draft.say(Worth.MISSING, "all replies", what, f"the file is not read back: {error}")
        return None


def _fit_rulebook(draft: Draft, rulebook: Rulebook) -> None:
    if draft.assets_mode is not None and draft.assets_mode not in rulebook.assets_modes:
        modes = ", ".join(rulebook.assets_modes)
        why = f"the rulebook of {draft.venue} knows {modes} only"
        draft.say(Worth.DERIVED, "all replies", f"assets_mode {draft.assets_mode}", why)
        draft.assets_mode = None
    for holding in draft.holdings.values():
        symbol = holding.symbol
        if symbol in rulebook.contracts or editions_with(draft.venue, symbol):
            continue
        if holding.kind is None or holding.settle is None:
            continue
        note = "the rulebook does not know it; add its tiers, or what they ask is unknown"
        draft.notes[f"instruments.{symbol}"] = note
        draft.say(Worth.MISSING, holding.where, f"tiers of {symbol}", note)


def _read_back(text: str) -> None:
    try:
        parse_account(text, "the account")
    except CrossmarginError as error:
        raise UsageError(f"no account file can be made of these replies: {error}") from None
