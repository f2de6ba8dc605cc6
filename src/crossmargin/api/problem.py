"""What is wrong with a request, in the one shape every native answer that refuses has.

    {"error": {"code": null, "name": "not-fresh", "message": "…", "where": "timestamp"}}

`name` is for programs and does not change, `code` is the venue's own where the venue refused,
`where` is the place in the request, where there is one.
"""

from collections.abc import Mapping

import msgspec


class Problem(Exception):
    """Raised while a request is looked at; becomes its answer."""

    def __init__(
        self,
        status: int,
        name: str,
        message: str,
        *,
        code: int | None = None,
        where: str = "",
        retry_after_s: int | None = None,
    ) -> None:
        """Keep the HTTP status, the name, the words, and in how many seconds to ask again."""
        super().__init__(message)
        self.status, self.name, self.message = status, name, message
        self.code, self.where, self.retry_after_s = code, where, retry_after_s

    def error(self) -> dict[str, int | str | None]:
        """Return what is said of it."""
        return {
            "code": self.code,
            "name": self.name,
            "message": self.message,
            "where": self.where,
        }

    def body(self) -> bytes:
        """Return the answer's body, JSON."""
        return msgspec.json.encode({"error": self.error()})

    def headers(self) -> Mapping[str, str]:
        """Return the answer's headers beside its type."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
