"""For those who run the server: is it well, and how much does it do."""

from typing import Any

from litestar import Response, get

from crossmargin.api.context import Context
from crossmargin.api.metrics import CONTENT_TYPE, Meter


def routes(context: Context, meter: Meter) -> list[Any]:
    """Return the handlers; they need no key and tell nothing of any account."""

    @get("/healthz", sync_to_thread=False, opt={"scope": None})
    def healthz() -> Response[dict[str, object]]:
        """Say whether the venue takes orders: 200, or 503 and why not."""
        service = context.service
        why = service.halted
        if why is None and not service.is_fed:
            why = "there are no prices yet"
        body: dict[str, object] = {
            "status": "ok" if why is None else "unavailable",
            "why": why,
            "venue_ms": service.now_ms(),
            "sequence": context.history.sequence,
            "audit": context.gate.audit.lost or "ok",
        }
        return Response(body, status_code=200 if why is None else 503)

    @get("/metrics", sync_to_thread=False, opt={"scope": None})
    def metrics() -> Response[bytes]:
        """Return counts in Prometheus' text format."""
        return Response(meter.text(context).encode(), media_type=CONTENT_TYPE)

    return [healthz, metrics]
