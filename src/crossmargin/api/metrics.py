"""What the server counts, in Prometheus' text format.

Nothing here is of one account: names of accounts, keys and symbols of orders are no labels.

Source of the format: Prometheus, "Exposition formats", text-based, version 0.0.4.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from crossmargin.api.context import Context

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the classes of how long a request took."""
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH")


class Meter:
    """Counts requests."""

    def __init__(self) -> None:
        """Start at zero."""
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._classes: Counter[tuple[str, float]] = Counter()
        self._seconds: dict[str, float] = {}
        self._count: Counter[str] = Counter()
        self.streams: Counter[str] = Counter()

    def add(self, surface: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Parameters
        ----------
        surface : "native" or "binance".
        """
        # A method that nobody knows would be a label a client chooses.
        self._requests[surface, method if method in _METHODS else "other", status] += 1
        self._count[surface] += 1
        self._seconds[surface] = self._seconds.get(surface, 0.0) + seconds
        for bound in BOUNDS_S:
            if seconds <= bound:
                self._classes[surface, bound] += 1

    def text(self, context: Context) -> str:
        """Return everything that is counted, and how the venue is."""
        return "\n".join([*self._of_requests(), *_of_venue(context), ""])

    def _of_requests(self) -> Iterator[str]:
        yield from _metric(
            "requests_total",
            "counter",
            "Requests that were answered.",
            (
                (f'surface="{surface}",method="{method}",status="{status}"', count)
                for (surface, method, status), count in sorted(self._requests.items())
            ),
        )
        name = "crossmargin_request_seconds"
        yield f"# HELP {name} How long requests took."
        yield f"# TYPE {name} histogram"
        for surface, count in sorted(self._count.items()):
            for bound in BOUNDS_S:
                within = self._classes[surface, bound]
                yield f'{name}_bucket{{surface="{surface}",le="{bound}"}} {within}'
            yield f'{name}_bucket{{surface="{surface}",le="+Inf"}} {count}'
            yield f'{name}_sum{{surface="{surface}"}} {self._seconds[surface]:.6f}'
            yield f'{name}_count{{surface="{surface}"}} {count}'
        yield from _metric(
            "streams",
            "gauge",
            "WebSockets that are open.",
            ((f'surface="{surface}"', count) for surface, count in sorted(self.streams.items())),
        )


def _of_venue(context: Context) -> Iterator[str]:
    service, state = context.service, context.service.state
    marked = [market for market in state.symbols.values() if market.mark is not None]
    gauges = (
        ("venue_time_seconds", "The venue's time, seconds since 1970.", service.now_ms() / 1000),
        ("halted", "Whether nothing but reading goes on.", int(service.halted is not None)),
        ("commands_waiting", "Commands that wait to be decided.", service.waiting),
        ("accounts", "Accounts, the venue's own included.", len(state.accounts)),
        ("open_orders", "Orders that are not over.", len(state.orders)),
        ("symbols_priced", "Symbols that have a mark price.", len(marked)),
        ("audit_lost", "Whether the audit log cannot be written.", _is_audit_lost(context)),
        ("subscribers_lost", "Readers of records that failed.", len(service.writer.lost)),
    )
    for name, text, value in gauges:
        yield from _metric(name, "gauge", text, (("", value),))
    recorded = (("", context.history.sequence),)
    yield from _metric("records_total", "counter", "Records in the journal.", recorded)


def _is_audit_lost(context: Context) -> int:
    return int(context.gate.audit.lost is not None)


def _metric(name: str, kind: str, text: str, values: Iterable[tuple[str, float]]) -> Iterator[str]:
    yield f"# HELP crossmargin_{name} {text}"
    yield f"# TYPE crossmargin_{name} {kind}"
    for labels, value in values:
        shown = f"{{{labels}}}" if labels else ""
        yield f"crossmargin_{name}{shown} {value}"
