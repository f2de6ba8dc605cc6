"""Story files: what is to happen at the paper venue, and what must come of it.

The file is TOML (docs/reference/story.md). Numbers are strings or plain numbers and are read
exactly. Anything wrong with it is one sentence that says where, what and why; a file is read whole
or not at all. Nothing is played here: `runtime.story` does that.
"""

import re
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from crossmargin.errors import CrossmarginError, UsageError
from crossmargin.files.complaint import in_words
from crossmargin.files.own_rules import RULE_BOUNDS, with_own_rules
from crossmargin.files.story_tables import (
    Edge,
    Expect,
    ExpectRow,
    Mark,
    OwnStep,
    Step,
    Story,
    StoryTable,
    Walk,
)
from crossmargin.files.surfaces import surfaces_of
from crossmargin.files.toml import (
    NOT_NEGATIVE,
    POSITIVE,
    Bound,
    check_head,
    check_numbers,
    text_of,
    tree_of,
)
from crossmargin.files.unknown import unknown_symbol
from crossmargin.money import ONE, exact, number, plain
from crossmargin.rulebooks.loader import load_rulebook
from crossmargin.rulebooks.options import option_contract
from crossmargin.rulebooks.schema import Rulebook
from crossmargin.venue.adl import POLICIES
from crossmargin.venue.command import AnyCommand, OpenAccount
from crossmargin.venue.settings import AssetRules, Filters, Limits, VenueSettings

SCHEMA = 1
"""The version of the file format."""
START = datetime.fromisoformat("2026-01-01T00:00:00Z")
"""When a story begins that does not say so: midnight UTC, a boundary of every funding interval."""
NAMES_TAKEN = ("fund", "maker")
"""Accounts that are there in every story."""

_TIME = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)(?:\.(\d{1,3}))?")
_SHORT = {"order": "place-order", "cancel": "cancel-order"}


def read_story(path: str | Path) -> Story:
    """Return the story in the file at `path`.

    Raises
    ------
    UsageError
        One sentence with file, place and reason.
    """
    return parse_story(text_of(path), str(path))


@exact
def parse_story(text: str, name: str) -> Story:
    """Return the story that `text` tells; `name` is what messages call it.

    Raises
    ------
    UsageError
        One sentence with file, place and reason.
    """
    try:
        return _resolved(_table(text), name)
    except CrossmarginError as error:
        raise type(error)(f"{name}: {error}") from None


def offset_ms(text: str, where: str) -> int:
    """Return the milliseconds since the story's start that "hours:minutes:seconds" means.

    Raises
    ------
    UsageError
        If it is not written so.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise UsageError(f"{where}: {text!r} is not a time since the start such as 00:05:00")
    hours, minutes, seconds = (int(match[i]) for i in (1, 2, 3))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "0").ljust(3, "0"))


def _table(text: str) -> StoryTable:
    tree = tree_of(text)
    try:
        table = msgspec.convert(tree, StoryTable)
    except msgspec.ValidationError as error:
        raise UsageError(in_words(error, tree, StoryTable)) from None
    check_head(table.schema, SCHEMA, table.at)
    check_numbers(table, "", _BOUNDS)
    return table


_ABOVE_ZERO = (
    *("marks", "index", "price", "prices", "entry_price", "capital", "depth"),
    *("open_interest_max", "fund_capital", "floor_fraction", "move_max_fraction"),
    *("sources_min", "premium_sample_ms", "move_ms", "levels"),
)
_NOT_BELOW_ZERO = (
    *("stale_ms", "degraded_ms", "jump_fraction", "band_fraction", "notional_min", "seed"),
    *("spread", "volatility", "jumps_per_day", "jump"),
)
_PART: Bound = ("must be from 0 to 1", lambda value: 0 <= value <= 1)
_PARTS = (
    *("outlier_fraction", "profit_leaves_fraction", "fund_adl_fraction", "warn_fraction"),
    *("conversion_fee_fraction", "interest_hourly", "impact"),
)
_BOUNDS = {
    **RULE_BOUNDS,
    **dict.fromkeys(_ABOVE_ZERO, POSITIVE),
    **dict.fromkeys(_NOT_BELOW_ZERO, NOT_NEGATIVE),
    **dict.fromkeys(_PARTS, _PART),
}


def _rulebook(table: StoryTable) -> Rulebook:
    rulebook = load_rulebook(table.venue, edition=table.edition, at=table.at)
    own = (table.instruments, table.tiers, table.collateral)
    fees = {key: value for key, value in asdict(table.fees).items() if value is not None}
    options = [name for name in _named(table) if option_contract(name, rulebook) is not None]
    if not any((fees, options, *own)):
        return rulebook
    # Other rules are another rulebook, and whoever verifies a journal must see that.
    said = (fees, *own, options) if options else (fees, *own)
    seal = rulebook.sha256.encode() + msgspec.json.encode(said, order="deterministic")
    return replace(
        with_own_rules(rulebook, *own, named=options),
        fees=replace(rulebook.fees, **fees),
        sha256=sha256(seal).hexdigest(),
    )


def _named(table: StoryTable) -> list[str]:
    # The symbols a story speaks of; options are listed at its venue when it names them.
    found = [*table.marks, *(held.symbol for row in table.accounts for held in row.positions)]
    for step in table.step:
        prices = step.get("prices")
        found += [step["symbol"]] if isinstance(step.get("symbol"), str) else []
        found += prices if isinstance(prices, dict) else ()
    return sorted(dict.fromkeys(found))


def _resolved(table: StoryTable, name: str) -> Story:
    rulebook = _rulebook(table)
    start_ms = int((table.at or START).timestamp() * 1000)
    settings = VenueSettings(
        **asdict(table.settings),
        filters={symbol: Filters(**asdict(one)) for symbol, one in table.filters.items()},
        limits={symbol: Limits(**asdict(one)) for symbol, one in table.limits.items()},
        assets={asset: AssetRules(**asdict(one)) for asset, one in table.assets.items()},
    )
    steps = tuple(_step(row, f"step[{i}]", start_ms) for i, row in enumerate(table.step))
    story = Story(
        name=name,
        title=table.title,
        rulebook=rulebook,
        settings=settings,
        seed=table.seed,
        start_ms=start_ms,
        liquidity=table.liquidity,
        fund=table.fund,
        marks=table.marks,
        index=table.index,
        surfaces=surfaces_of(table.surfaces),
        options=tuple(name for name in _named(table) if _is_unmarked(name, table, rulebook)),
        accounts=table.accounts,
        steps=steps,
        expects=tuple(_expect(row, f"expect[{i}]", start_ms) for i, row in enumerate(table.expect)),
    )
    _check(story)
    return story


def _is_unmarked(symbol: str, table: StoryTable, rulebook: Rulebook) -> bool:
    contract = rulebook.contracts.get(symbol)
    is_option = contract is not None and contract.instrument.option is not None
    return is_option and symbol not in table.marks


def _step(row: dict[str, Any], where: str, start_ms: int) -> Step:
    rest = dict(row)
    at, do = rest.pop("at", None), rest.get("do")
    if "at_ms" in rest:
        raise UsageError(f"{where}.at_ms: unknown key; write at")
    if not isinstance(at, str):
        raise UsageError(f'{where}.at: is missing, or no text such as "00:05:00"')
    if not isinstance(do, str):
        raise UsageError(f'{where}.do: is missing, or no text such as "mark"')
    if do == "cancel" and not rest.keys() & {"order_id", "order_client_id"}:
        rest["do"] = "cancel-all"
    elif do == "order":
        rest.setdefault("type", "limit" if "price" in rest else "market")
    rest["do"] = _SHORT.get(rest["do"], rest["do"])
    rest["at_ms"] = start_ms + offset_ms(at, f"{where}.at")
    try:
        shape: Any = OwnStep if do in OWN else AnyCommand
        step: Step = msgspec.convert(rest, shape)
    except msgspec.ValidationError as error:
        said = in_words(error, rest, shape).replace("invalid value", "unknown step")
        raise UsageError(f"{where}.{said}" if ": " in said else f"{where}: {said}") from None
    check_numbers(step, where, _BOUNDS)
    return step


OWN = ("mark", "index", "underlying", "edge", "funding", "walk")
"""What a step may do beside the venue's commands."""


def _expect(row: dict[str, Any], where: str, start_ms: int) -> Expect:
    try:
        given = msgspec.convert(row, ExpectRow)
    except msgspec.ValidationError as error:
        said = in_words(error, row, ExpectRow)
        raise UsageError(f"{where}.{said}" if ": " in said else f"{where}: {said}") from None
    at_ms = None if given.at is None else start_ms + offset_ms(given.at, f"{where}.at")
    if given.tolerance is not None and not given.tolerance >= 0:
        raise UsageError(f"{where}.tolerance: must not be negative")
    value = given.value
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int | Decimal):
        text = plain(number(value))
    elif isinstance(value, str):
        text = value
    else:
        raise UsageError(f"{where}.value: must be a text, a number, true or false")
    return Expect(given.path, text, at_ms, given.tolerance)


def _check(story: Story) -> None:
    names = [account.name for account in story.accounts]
    for place, account in enumerate(story.accounts):
        if account.name in NAMES_TAKEN or account.name in names[:place] or "." in account.name:
            raise UsageError(f"accounts[{place}].name: {account.name!r} is taken or has a point")
    if story.settings.adl_policy not in POLICIES:
        policy, known = story.settings.adl_policy, ", ".join(POLICIES)
        raise UsageError(f"settings.adl_policy: {policy!r} is none of {known}")
    latest = story.start_ms
    used: set[tuple[str, str]] = set()
    for place, step in enumerate(story.steps):
        mine = (getattr(step, "account", ""), getattr(step, "client_id", ""))
        if mine[1] and mine in used:
            raise UsageError(f"step[{place}].client_id: {mine[1]} was used above")
        used.add(mine)
        if step.at_ms < latest:
            raise UsageError(f"step[{place}].at: is before the step above it")
        latest = step.at_ms
        who = getattr(step, "account", "")
        if who and who not in (*names, *NAMES_TAKEN) and not _opens(story, who):
            raise UsageError(f"step[{place}].account: there is no account {who}")
        if isinstance(step, Edge) and step.direction not in ("down", "up"):
            raise UsageError(f"step[{place}].direction: is down or up, not {step.direction}")
        if isinstance(step, Mark) and bool(step.prices) == (step.price is not None):
            raise UsageError(f"step[{place}]: give either symbol and price, or prices")
        if isinstance(step, Walk):
            if not -ONE <= step.correlation <= ONE:
                raise UsageError(f"step[{place}].correlation: must be from -1 to 1")
            offset_ms(step.every, f"step[{place}].every")
    for where, symbol in _symbols(story):
        if symbol not in story.rulebook.contracts:
            raise UsageError(f"{where}: {unknown_symbol(symbol, story.rulebook)}")


def _opens(story: Story, name: str) -> bool:
    return any(isinstance(step, OpenAccount) and step.account == name for step in story.steps)


def _symbols(story: Story) -> list[tuple[str, str]]:
    found = [(f"marks.{symbol}", symbol) for symbol in story.marks]
    found += [(f"filters.{symbol}", symbol) for symbol in story.settings.filters]
    found += [(f"limits.{symbol}", symbol) for symbol in story.settings.limits]
    for place, row in enumerate(story.accounts):
        where = f"accounts[{place}]"
        found += [(f"{where}.leverage.{symbol}", symbol) for symbol in row.leverage]
        found += [
            (f"{where}.positions[{i}].symbol", held.symbol) for i, held in enumerate(row.positions)
        ]
    for place, step in enumerate(story.steps):
        symbols = [getattr(step, "symbol", ""), *getattr(step, "prices", {})]
        symbols += getattr(step, "symbols", ())
        found += [(f"step[{place}]", symbol) for symbol in symbols if symbol]
    return found
