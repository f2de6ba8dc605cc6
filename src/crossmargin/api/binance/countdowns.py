"""Whose orders go when, unless the owner says otherwise before; times are the venue's."""


class Countdowns:
    """Accounts and symbols with the time at which their orders go."""

    def __init__(self) -> None:
        """Start without any."""
        self._due_ms: dict[tuple[str, str], int] = {}

    def set(self, account: str, symbol: str, due_ms: int | None) -> None:
        """Let an account's orders in a symbol go at `due_ms`; None stops it."""
        if due_ms is None:
            self._due_ms.pop((account, symbol), None)
        else:
            self._due_ms[account, symbol] = due_ms

    def due(self, now_ms: int) -> list[tuple[str, str]]:
        """Return whose time has come, and forget them."""
        over = [key for key, due_ms in self._due_ms.items() if due_ms <= now_ms]
        for key in over:
            del self._due_ms[key]
        return over
