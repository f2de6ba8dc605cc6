"""Cases as data: files in; numbers, names and tolerances read, once and nowhere else.

Values are what a source printed: thousands commas, exponents, percentages, a product of named
inputs. Keys are words with units after them (`wallet_balance_usdt`); the unit is dropped and
words for the same thing become one. An adapter asks for what it knows by name; keys that nobody
asked for make the shape of a case unknown, so that no input is ever passed over in silence.
"""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from crossmargin.money import exact
from tests.cases.formula import spelled

ASSETS = frozenset(
    (
        *(
            "coin",
            "usd",
            "usdt",
            "usdc",
            "busd",
            "fdusd",
            "btc",
            "xbt",
            "eth",
            "bnb",
            "sol",
            "xrp",
        ),
        *("ada", "doge", "ltc", "bch", "link", "dot", "avax", "trx"),
    )
)
REMARKS = frozenset(["implied", "assumed"])
"""Words after a name that say where a number comes from, not what it is."""

SIZED = frozenset(
    ("quantity", "qty", "size", "amt", "amount", "position", "limit", "market", "stop", "order")
)
"""Words that are names of a size, so that `contracts` after them is its unit, else its name."""

SAME = {
    "quantity": "qty size position position_amt position_amount position_size position_qty amt "
    "contracts number_of_contracts position_contracts contracts_qty contracts_amount "
    "size_signed signed_size",
    "entry_price": "entry ep avg_price average_price average_entry_price",
    "entry_and_mark": "entry_and_mark_price price_entry_and_mark",
    "mark_price": "mark current_mark_price",
    "last_price": "last",
    "order_price": "limit_price",
    "order": "order_qty order_quantity order_size order_amt",
    "resting_same_side": "resting_same_side_qty resting_same_side_quantity resting resting_qty",
    "margin_mode": "margin_type",
    "mmr": "maintenance_margin_rate maint_margin_rate maintenance_rate mm_rate mmr_rate",
    "maintenance_amount": "maint_amount maintenance_margin_amount mm_amount mm_deduction cum",
    "wallet_balance": "wallet wb cross_wallet_balance cross_wallet isolated_wallet "
    "isolated_wallet_balance",
    "extra_margin": "added_margin",
    "side": "direction",
    "contract_multiplier": "multiplier mult contract_size contract_value",
    "max_leverage": "leverage_max initial_leverage maxleverage",
    "cap": "up_to risk_limit notional_cap contracts_up_to upper_bound",
    "floor": "notional_floor lower_bound lowerbound",
    "notional": "position_notional position_value notional_value",
    "unrealised_pnl": "unrealized_pnl unrealized_profit unrealised_profit upnl unrealizedprofit "
    "pnl open_pnl unrealised unrealized",
    "maintenance_margin": "maint_margin mm position_maintenance_margin position_maint_margin",
    "initial_margin": "im position_initial_margin",
    "tmm_other": "tmm_others maintenance_margin_other maintenance_margin_others",
    "upnl_other": "upnl_others unrealised_pnl_other unrealized_pnl_other",
    "liquidation_price": "liq_price lp est_liquidation_price",
    "bankruptcy_price": "bankrupt_price bp",
    "index": "asset_index index_price",
    "funding_received": "funding_payment_received funding_fee_received funding_fee funding_payment "
    "funding_income",
    "funding_paid": "funding_fee_paid funding_payment_paid",
    "cost": "total_cost cost_total order_cost cost_to_open total_order_cost",
    "is_opening_order": "is_opening",
    "margin_ratio": "account_margin_ratio",
    "equity": "account_equity margin_balance total_margin_balance account_margin_balance",
    "account_maintenance_margin": "total_maintenance_margin total_maint_margin "
    "account_maint_margin tmm",
    "account_initial_margin": "total_initial_margin",
    "ask": "ask0 ask_price best_ask ask1",
    "bid": "bid0 bid_price best_bid bid1",
}
CANONICAL = {word: name for name, words in SAME.items() for word in words.split()}
SWITCHED = re.compile(r"(?i)(max|min)\((.+)\)")
FACTORS = re.compile(r"\s*([*×/])\s*")
NUMBER = re.compile(r"[+-]?(\d[\d,]*(\.\d*)?|\.\d+)([eE][+-]?\d+)?[%xX]?")
SYMBOL = re.compile(r'"([A-Z0-9]{2,}?)(?:USDT|USDC|BUSD|FDUSD|USD)(?:_\w+)?"')
RELATIVE_TO_ZERO = Decimal("1e-9")
REQUIRED = object()


class UnknownShape(Exception):
    """The inputs of a known topic are not of a shape that its adapter knows; names the keys."""


class Unanswered(Exception):
    """An adapter has no answer under the name of an expected value."""


class Case(NamedTuple):
    """One worked example."""

    id: str
    venue: str
    topic: str
    mode: str
    given: dict[str, Any]
    expect: dict[str, Any]
    derived: dict[str, Any]
    tolerance: str | dict[str, str]
    is_verified: bool
    broken: str = ""
    """Why it is no case at all, for what stands in for an unusable file or row."""


def is_percentage(key: str, value: object) -> bool:
    """Return whether what is printed under `key` is in percent."""
    if isinstance(value, str) and value.strip().endswith("%"):
        return True
    return "pct" in key.split("_")


def literal(text: object) -> Decimal:
    """Return the number that is printed, % and the x of 20x dropped; ValueError if it is none."""
    if isinstance(text, Decimal):
        return text
    word = str(text).strip()
    try:
        if not NUMBER.fullmatch(word):
            raise ValueError(f"{text!r} is not a number")
        return Decimal(word.rstrip("%xX").replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None


def units_of(given: dict[str, Any]) -> frozenset[str]:
    """Return the words that are units in a case's keys: assets, and the bases of its symbols."""
    return ASSETS | {base.lower() for base in SYMBOL.findall(json.dumps(given, default=str))}


def bare(key: str, units: frozenset[str]) -> str:
    """Return `key` in lower case without the units and remarks after its name."""
    words = key.lower().split("_")
    while len(words) > 1 and (words[-1] in units or words[-1] in REMARKS or words[-1] == "pct"):
        words.pop()
    if len(words) > 1 and words[-1] == "contracts" and words[-2] in SIZED:
        words.pop()
    return "_".join(words)


def unit_of(key: str) -> str:
    """Return the last word of `key` but for remarks: the unit, if it has one."""
    return next(word for word in reversed(["", *key.lower().split("_")]) if word not in REMARKS)


def canonical(key: str, units: frozenset[str]) -> str:
    """Return the one name for what `key` is called."""
    name = bare(key, units)
    return CANONICAL.get(name, name)


class Inputs:
    """What a case gives, by name; remembers what was asked for.

    A row of a table, or the keys of one symbol or side, are inputs of their own, which look to
    their `parent` for what they do not say themselves.
    """

    def __init__(
        self, values: dict[str, Any], units: frozenset[str], parent: "Inputs | None" = None
    ) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}
        self.units = units
        self.parent = parent
        self.children: list[Inputs] = []
        self.used: set[str] = set()

    def key(self, name: str, *, is_own: bool = False) -> tuple["Inputs", str] | None:
        """Return whose key is called `name`, and the key; None if nobody's is."""
        found = [key for key in self.values if canonical(key, self.units) == name]
        exactly = [key for key in found if key.lower() == name]
        if len(found) > 1 and len(exactly) != 1:
            raise UnknownShape(f"several keys for {name}: {', '.join(found)}")
        if found:
            return self, (exactly or found)[0]
        return None if is_own or self.parent is None else self.parent.key(name)

    def has(self, name: str, *, is_own: bool = False) -> bool:
        """Return whether something called `name` is given."""
        return self.key(name, is_own=is_own) is not None

    def is_read(self, name: str) -> bool:
        """Return whether what is given as `name` has been asked for."""
        found = self.key(name)
        return found is not None and found[1] in found[0].used

    def value(self, name: str, default: Any = REQUIRED, *, is_own: bool = False) -> Any:
        """Return what is given as `name`, as printed; else `default`."""
        found = self.key(name, is_own=is_own)
        if found is None:
            if default is REQUIRED:
                raise UnknownShape(f"no {name} among {', '.join(sorted(self.values)) or 'nothing'}")
            return default
        owner, key = found
        owner.used.add(key)
        return owner.values[key]

    def word(self, name: str, default: str = "", *, is_own: bool = False) -> str:
        """Return what is given as `name`, in lower case."""
        return str(self.value(name, default, is_own=is_own)).strip().lower()

    def number(self, name: str, default: Any = REQUIRED, *, is_own: bool = False) -> Any:
        """Return the number given as `name`, percentages divided by 100, products worked out."""
        found = self.key(name, is_own=is_own)
        printed = self.value(name, default, is_own=is_own)
        return printed if found is None else self._worked_out(found[1], printed)

    def numbers(self, name: str) -> list[Decimal]:
        """Return the numbers of the list given as `name`, each as `number` reads one.

        One that stands alone is a list of one.
        """
        printed = self.value(name)
        found = self.key(name)
        key = name if found is None else found[1]
        return [
            self._worked_out(key, one)
            for one in (printed if isinstance(printed, list) else [printed])
        ]

    def table(self, key: str) -> dict[str, Decimal]:
        """Return the numbers of the table under the very `key`, by word in lower case."""
        self.used.add(key)
        return {
            str(word).lower(): self._worked_out(key, one) for word, one in self.values[key].items()
        }

    def matching(self, pattern: str, *, is_raw: bool = False) -> Iterator[tuple[re.Match, str]]:
        """Yield the keys (without their units, unless raw) that match the whole `pattern`."""
        for key in self.values:
            raw = key.lower().removesuffix("_pct")
            match = re.fullmatch(pattern, raw if is_raw else bare(key, self.units))
            if match:
                yield match, key

    def at(self, key: str) -> Decimal:
        """Return the number under the very `key`."""
        self.used.add(key)
        return self._worked_out(key, self.values[key])

    def child(self, values: dict[str, Any]) -> "Inputs":
        """Return inputs that look here for what they do not say."""
        self.children.append(Inputs(values, self.units, self))
        return self.children[-1]

    def rows(self, name: str) -> list["Inputs"]:
        """Return the rows of the table given as `name`."""
        return [self.child(row) for row in self.value(name, [])]

    def about(self, word: str, names: frozenset[str]) -> "Inputs | None":
        """Return the inputs nested under `word`, or called `names` with `word` before or after."""
        found: dict[str, Any] = {}
        for key, value in self.values.items():
            if key.lower() == word and isinstance(value, dict):
                found |= value
                self.used.add(key)
                continue
            name = bare(key, self.units)
            # A number under the word alone is the size: long_btc.
            alone = ["quantity"] if name == word else []
            for rest in (*alone, name.removeprefix(f"{word}_"), name.removesuffix(f"_{word}")):
                if rest != name and canonical(rest, self.units) in names:
                    # The unit stays: it may say what a size is counted in.
                    found[rest + key.lower()[len(name) :]] = value
                    self.used.add(key)
                    break
        return self.child(found) if found else None

    def unread(self) -> list[str]:
        """Return the keys nobody asked for."""
        mine = [
            key for key in self.values if key not in self.used and not key.startswith("printed_")
        ]
        return mine + [key for child in self.children for key in child.unread()]

    @exact
    def _worked_out(self, key: str, printed: object) -> Decimal:
        value = self._product(printed)
        return value.scaleb(-2) if is_percentage(key, printed) else value

    def _product(self, printed: object) -> Decimal:
        try:
            return literal(printed)
        except ValueError:
            switched = SWITCHED.fullmatch(str(printed).strip())
        if switched:
            # With a space after them, so that thousands commas stay what they are.
            choices = [self._product(one) for one in switched[2].split(", ")]
            return max(choices) if switched[1].lower() == "max" else min(choices)
        first, *rest = FACTORS.split(str(printed).strip())
        total = self._factor(first)
        for sign, word in zip(rest[::2], rest[1::2], strict=True):
            factor = self._factor(word)
            total = total / factor if sign == "/" else total * factor
        return total

    def _factor(self, word: str) -> Decimal:
        try:
            return literal(word)
        except ValueError:
            name = canonical(word, self.units)
        if not self.has(name):
            name = canonical(spelled(word, self.units), self.units)
        if not self.has(name):
            raise UnknownShape(f"{word!r} is neither a number nor an input")
        return self.number(name)


Answer = Callable[[str], object]
"""From the name of an expected value (units dropped) to what we say; raises Unanswered."""


def tolerance_of(case: Case, key: str) -> str:
    """Return the tolerance of an expected value, as printed; a key that is not named has 0."""
    if isinstance(case.tolerance, dict):
        return str(case.tolerance.get(key) or "0")
    return str((key in case.expect and case.tolerance) or "0")


@exact
def agrees(printed: object, got: object, tolerance: str, *, is_percent: bool) -> bool:
    """Return whether what we got is what is printed, within the tolerance as it is printed.

    Null and "--" are printed where there is no such number; then there must be none.
    """
    if isinstance(printed, list | dict):
        pairs = _pairs(printed, got)
        return pairs is not None and all(
            agrees(one, other, tolerance, is_percent=is_percent) for one, other in pairs
        )
    if printed is None or printed in ("--", "none"):
        return got is None
    if isinstance(printed, bool) or isinstance(got, bool):
        return printed is got
    if got is None:
        return False
    if not isinstance(got, Decimal):
        return str(printed).strip().lower() == str(got).lower()
    expected = literal(printed)
    mine = got.scaleb(2) if is_percent or is_percentage("", printed) else got
    kind, _, width = tolerance.rpartition(" ")
    allowed = literal(width)
    if kind == "relative":
        allowed = abs(expected) * allowed or RELATIVE_TO_ZERO
    return abs(mine - expected) <= allowed


def _pairs(printed: list | dict, got: object) -> list[tuple[object, object]] | None:
    if isinstance(printed, list):
        if not isinstance(got, list | tuple) or len(got) != len(printed):
            return None
        return list(zip(printed, got, strict=True))
    if not isinstance(got, dict) or set(got) != set(printed):
        return None
    return [(value, got[key]) for key, value in printed.items()]
