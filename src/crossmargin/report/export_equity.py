"""What accounts were worth as time went on, at the journal's own prices.

The journal holds no equity: it follows from positions and prices. So the events are folded, and
at the last entry of each interval every account is assessed as it then stood. What is as it was in
the interval before is not said again.
"""

from collections.abc import Iterator

from crossmargin.margin.health import Health
from crossmargin.money import exact
from crossmargin.report.export_rows import Row, text_of
from crossmargin.store.entry import Entry
from crossmargin.venue.event import AnyEvent
from crossmargin.venue.fold import fold
from crossmargin.venue.judging import judged
from crossmargin.venue.state import State

EQUITY = "equity"
COLUMNS = (
    *("sequence", "at_ms", "account", "kind", "unit", "asset", "wallet_balance", "equity"),
    *("initial_margin", "maintenance_margin", "health", "status"),
)


class Equity:
    """Folds entries into a fresh state, and tells its accounts at the end of each interval."""

    def __init__(self, state: State, interval_ms: int) -> None:
        """Start before the first entry."""
        self._state, self._interval_ms = state, interval_ms
        self._until_ms: int | None = None
        self._last = (0, 0)
        self._told: dict[tuple[str, str, str], tuple[object, ...]] = {}

    def of(self, one: Entry, events: tuple[AnyEvent, ...]) -> Iterator[tuple[str, Row]]:
        """Let an entry happen; yield what stood before it, if an interval has ended."""
        if self._until_ms is not None and one.at_ms >= self._until_ms:
            yield from self.at_end()
        self._until_ms = (one.at_ms // self._interval_ms + 1) * self._interval_ms
        self._last = one.sequence, one.at_ms
        self._state.advance(one.at_ms)
        for event in events:
            fold(self._state, event)

    @exact
    def at_end(self) -> list[tuple[str, Row]]:
        """Return what is different now from when it was told last."""
        found: list[tuple[str, Row]] = []
        for name in sorted(self._state.accounts):
            for unit in judged(self._state, name).units:
                health = unit.health
                row = (
                    *(unit.asset, text_of(unit.wallet_balance)),
                    text_of(health.equity if health else None),
                    text_of(unit.initial_margin),
                    text_of(health.maintenance_margin if health else None),
                    text_of(health.fraction() if health else None),
                    unit.status.value,
                )
                key = (name, unit.kind.value, unit.name)
                if key not in self._told and not unit.wallet_balance and health == Health():
                    continue  # Nothing has ever been in it.
                if self._told.get(key) != row:
                    self._told[key] = row
                    found.append((EQUITY, (*self._last, *key, *row)))
        return found
