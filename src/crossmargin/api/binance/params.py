"""From bytes to values: names and values of a query and a form, read strictly.

A request's parameters may stand in its query, in its body, or in both; wherever they are, each may
come once. The bytes themselves are kept by whoever checks the signature. What is no UTF-8, no plain
decimal or out of its range is refused with the name of the parameter and the error Binance has for
it. Names that a request does not know are not looked at, as clients send more than is asked.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from crossmargin.api.binance.errors import DialectError
from crossmargin.errors import UnitError
from crossmargin.money import number

T = TypeVar("T")

COUNT_MAX = 100
"""How many parameters a request may have."""
# ASCII: a digit of another script is a digit to `int`, too.
DECIMAL = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$", re.ASCII)
INTEGER = re.compile(r"^[0-9]{1,20}$", re.ASCII)
CLIENT_ID = re.compile(r"^[\.A-Z\:/a-z0-9_-]{1,36}$", re.ASCII)
INTEGER_MAX = 2**63 - 1


class Params:
    """The parameters of one request."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Take names and values as they were sent, decoded."""
        self._values = dict(values)

    @classmethod
    def read(cls, query: bytes, body: bytes = b"") -> "Params":
        """Return the parameters of a query and a form body.

        Raises
        ------
        DialectError
            -1101 for one that comes twice or one too many, -1100 for what is no UTF-8.
        """
        values: dict[str, str] = {}
        for name, value in chain(_pairs(query), _pairs(body)):
            if name in values:
                raise DialectError(-1101)
            values[name] = value
            if len(values) > COUNT_MAX:
                raise DialectError(-1101, text="Too many parameters sent for this endpoint.")
        return cls(values)

    def __contains__(self, name: str) -> bool:
        """Return whether a parameter was sent."""
        return name in self._values

    def optional(self, name: str) -> str | None:
        """Return a parameter's text; None where it was not sent.

        Raises
        ------
        DialectError
            -1105 for one that is empty.
        """
        value = self._values.get(name)
        if value == "":
            raise DialectError(-1105, name)
        return value

    def text(self, name: str) -> str:
        """Return a parameter's text.

        Raises
        ------
        DialectError
            -1102 where it is missing or empty.
        """
        value = self._values.get(name)
        if not value:
            raise DialectError(-1102, name)
        return value

    def matching(self, name: str, pattern: re.Pattern[str]) -> str | None:
        """Return a parameter's text if it matches `pattern`; None where it was not sent.

        Raises
        ------
        DialectError
            -1100 if it does not.
        """
        value = self.optional(name)
        if value is not None and not pattern.fullmatch(value):
            raise DialectError(-1100, name, pattern.pattern)
        return value

    def decimal(self, name: str) -> Decimal | None:
        """Return a parameter's number, not negative; None where it was not sent.

        Raises
        ------
        DialectError
            -1100 for what is no plain decimal, -1111 for one of too many digits.
        """
        value = self.matching(name, DECIMAL)
        if value is None:
            return None
        try:
            return number(value)
        except UnitError:
            raise DialectError(-1111) from None

    def integer(self, name: str, low: int = 0, high: int = INTEGER_MAX) -> int | None:
        """Return a parameter's whole number; None where it was not sent.

        Raises
        ------
        DialectError
            -1100 for what is no whole number, -1130 for one that is not within the bounds.
        """
        value = self.matching(name, INTEGER)
        if value is None:
            return None
        found = int(value)
        if not low <= found <= high:
            raise DialectError(-1130, name)
        return found

    def flag(self, name: str) -> bool | None:
        """Return a parameter's truth (`true`, `false`, any case); None where it was not sent.

        Raises
        ------
        DialectError
            -1130 for anything else.
        """
        return self.choice(name, {"true": True, "false": False}, is_any_case=True)

    def choice(
        self, name: str, choices: Mapping[str, T], code: int = -1130, *, is_any_case: bool = False
    ) -> T | None:
        """Return what a parameter's text stands for; None where it was not sent.

        Raises
        ------
        DialectError
            `code` for a text that stands for nothing.
        """
        value = self.optional(name)
        if value is None:
            return None
        found = choices.get(value.lower() if is_any_case else value)
        if found is None:
            raise DialectError(code, name)
        return found


def required(value: T | None, name: str) -> T:
    """Return a value that a request cannot do without.

    Raises
    ------
    DialectError
        -1102 where it was not sent.
    """
    if value is None:
        raise DialectError(-1102, name)
    return value


def text_of(value: object) -> str:
    """Return a value of JSON as a client would write it in a query."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _pairs(sent: bytes) -> Iterator[tuple[str, str]]:
    if b"%" in sent or b"+" in sent:
        for quoted in filter(None, sent.split(b"&")):
            quoted_name, _, quoted_value = quoted.partition(b"=")
            yield _decoded(quoted_name), _decoded(quoted_value)
        return
    # In most requests nothing is quoted, and what holds for the whole holds for each part.
    for part in filter(None, _checked(sent).split("&")):
        name, _, value = part.partition("=")
        yield name, value


def _decoded(quoted: bytes) -> str:
    return _checked(unquote_to_bytes(quoted.replace(b"+", b" ")))


def _checked(sent: bytes) -> str:
    try:
        text = sent.decode()
    except UnicodeDecodeError:
        raise DialectError(-1100, text="Illegal characters found in a parameter.") from None
    if not text.isprintable():
        raise DialectError(-1100, text="Illegal characters found in a parameter.")
    return text
