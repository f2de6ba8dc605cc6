"""What is wrong with a request, in the one shape every native answer that refuses has.

    {"error": {"name": "not-fresh", "message": "…", "code": 5003}}

`name` is for programs and does not change; `code` is the venue's own where it refused.
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
        retry_after_s: int | None = None,
    ) -> None:
        """Keep the HTTP status, the name, the words, and in how many seconds it may be better."""
        super().__init__(message)
        self.status, self.name, self.message = status, name, message
        self.code, self.retry_after_s = code, retry_after_s

    def body(self) -> bytes:
        """Return the answer's body, JSON."""
        error: dict[str, object] = {"name": self.name, "message": self.message}
        if self.code is not None:
            error["code"] = self.code
        return msgspec.json.encode({"error": error})

    def headers(self) -> Mapping[str, str]:
        """Return the answer's headers beside its type."""
        return {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
