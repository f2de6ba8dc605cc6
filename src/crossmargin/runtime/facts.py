"""What is true at the venue, by a path of words, for the expectations of stories.

A path names one value: `accounts.alice.pools.USDT.equity`, `fund.USDT`, `events.deleveraged`
(docs/reference/story.md has them all). What `crossmargin check --json` says of an account is
said here in the same words and with the same rounding. Nothing changes by being looked at.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from crossmargin.errors import UsageError
from crossmargin.files.answer import answer
from crossmargin.files.story_tables import Expect
from crossmargin.margin.assess import assess
from crossmargin.model.account import MarginMode
from crossmargin.money import ZERO, exact, plain
from crossmargin.venue.event import AnyEvent, LiquidationStep
from crossmargin.venue.ledger import PURSES
from crossmargin.venue.state import AccountState, State

NOTHING = "none"
"""What stands for a value that is not there or not known."""
LIQUIDATED = "liquidated"
KINDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(AnyEvent))
"""What events are called."""


class History:
    """What is remembered of a story beside the venue's state.

    Attributes
    ----------
    counts : how many events there were of each kind.
    struck : (account, unit) that a liquidation has acted upon.
    """

    def __init__(self) -> None:
        """Start without events."""
        self.counts: dict[str, int] = {}
        self.struck: set[tuple[str, str]] = set()

    def add(self, happened: AnyEvent) -> None:
        """Remember an event."""
        kind = str(type(happened).__struct_config__.tag)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if isinstance(happened, LiquidationStep):
            self.struck.add((happened.account, happened.unit))


@exact
def fact(path: str, state: State, history: History) -> str:
    """Return the value at `path` as text, numbers as plain decimals; `none` where there is none.

    Raises
    ------
    UsageError
        If the path leads nowhere or to more than one value.
    """
    root, *rest = path.split(".")
    found: object
    if root == "accounts" and len(rest) >= 2:
        account = state.accounts.get(rest[0])
        if account is None:
            raise UsageError(f"{path}: there is no account {rest[0]}")
        found = _walked(_account_facts(account, rest[1], state, history), rest[1:], path)
    elif root == "events" and len(rest) == 1:
        if rest[0] not in KINDS:
            raise UsageError(f"{path}: leads nowhere at {rest[0]}; there is {', '.join(KINDS)}")
        found = history.counts.get(rest[0], 0)
    elif root in PURSES and len(rest) == 1:
        found = state.purse(root, rest[0])
    elif root == "index" and len(rest) == 1:
        found = state.asset_prices.get(rest[0])
    elif root == "symbols" and len(rest) == 2:
        found = _walked(_symbol_facts(rest[0], state), rest[1:], path)
    elif root == "venue" and rest == ["halted"]:
        found = state.halted
    else:
        raise UsageError(f"{path}: leads nowhere")
    return _text(found, path)


def is_met(expect: Expect, found: str) -> bool:
    """Return whether `found` is the value, numbers as numbers and within the tolerance."""
    if found == expect.value:
        return True
    try:
        apart = abs(Decimal(found) - Decimal(expect.value))
    except InvalidOperation:
        return False
    return apart <= (expect.tolerance or ZERO)


def _text(found: object, path: str) -> str:
    if found is None:
        return NOTHING
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, Decimal):
        return plain(found)
    if isinstance(found, str | int):
        return str(found)
    names = f"; name one of {', '.join(map(str, found))}" if isinstance(found, Mapping) else ""
    raise UsageError(f"{path}: is more than one value{names}")


def _walked(node: object, words: list[str], path: str) -> object:
    for word in words:
        if node is None:
            return None
        if not isinstance(node, Mapping) or word not in node:
            has = f"; there is {', '.join(map(str, node))}" if isinstance(node, Mapping) else ""
            raise UsageError(f"{path}: leads nowhere at {word}{has}")
        node = node[word]
    return node


class _Held(dict[str, object]):
    # Symbols or assets: what is not there is nothing, not a mistake.
    def __init__(self, nothing: object) -> None:
        super().__init__()
        self._nothing = nothing

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> object:
        return self._nothing


def _account_facts(account: AccountState, asked: str, state: State, history: History) -> object:
    # Only what is asked for: boundaries take time.
    if asked == "wallet":
        wallet = _Held(ZERO)
        wallet.update(account.balances)
        return {"wallet": wallet}
    if asked == "orders":
        return {"orders": len(account.orders)}
    if asked == "leverage":
        return {"leverage": account.leverage}
    assessment = assess(account.view(), state.market(), state.rulebook)
    if asked == "status":
        is_gone = not account.positions and any(name == account.name for name, _ in history.struck)
        return {"status": LIQUIDATED if is_gone else assessment.status.value}
    facts: dict[str, Any] = dict(answer(assessment))
    positions = _Held({"size": ZERO})
    for row, held in zip(facts["positions"], account.view().positions, strict=True):
        is_isolated = held.mode is MarginMode.ISOLATED
        said = {**row, "margin": held.margin if is_isolated else None}
        positions.setdefault(row["symbol"], said)
        positions[f"{row['symbol']}-{row['side']}"] = said
    pools, buckets = _Held(None), _Held(None)
    for row in facts["pools"]:
        pools[row["asset"]] = row
    for row in facts["buckets"]:
        buckets.setdefault(row["symbol"], row)
        buckets[f"{row['symbol']}-{row['side']}"] = row
    for name, unit in history.struck:
        symbol = unit.partition("-")[0]
        is_held = any(position.symbol == symbol for position in account.positions.values())
        if name == account.name and symbol in state.rulebook.contracts and not is_held:
            buckets[unit] = buckets[symbol] = {"status": LIQUIDATED}
    return {**facts, "positions": positions, "pools": pools, "buckets": buckets}


def _symbol_facts(name: str, state: State) -> dict[str, object]:
    symbol = state.symbols.get(name)
    if symbol is None:
        return {}
    bids, asks = symbol.book.depth()
    return {
        "mark": symbol.mark,
        "index": symbol.index,
        "last": symbol.last,
        "open_interest": symbol.open_interest,
        "breaker": symbol.breaker.value,
        "best_bid": symbol.book.best_bid,
        "best_ask": symbol.book.best_ask,
        "bid_size": sum((size for _, size in bids), ZERO),
        "ask_size": sum((size for _, size in asks), ZERO),
    }
