"""What a server and an application say to one another, by name. Source: the ASGI specification."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from msgspec import Struct

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def address_of(scope: Scope) -> str:
    """Return the address a request comes from."""
    client = scope.get("client")
    return client[0] if client else ""


class Asked(Struct):
    """What became known of a request while it was answered, for the audit log and the metrics.

    Attributes
    ----------
    key, account : who asked; empty until it is known to be true.
    why : the name of what was wrong; empty where nothing was.
    sequence : the journal's record, where there is one.
    """

    key: str = ""
    account: str = ""
    why: str = ""
    sequence: int | None = None


def asked_of(scope: Scope) -> Asked:
    """Return what is known of a request so far, to be added to."""
    found: Asked = scope.setdefault("crossmargin", Asked())
    return found
