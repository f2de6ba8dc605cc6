"""For those who run the server: is it well, and how much does it do."""

from typing import Any

from litestar import Response, get

from crossmargin.api.context import Context


def routes(context: Context) -> list[Any]:
    """Return the handlers; they need no key and tell nothing of any account."""

    @get("/healthz", sync_to_thread=False, opt={"scope": None})
    def healthz() -> Response[dict[str, object]]:
        """Say whether the venue takes orders."""
        halted = context.service.halted
        return Response(
            {"status": "ok" if halted is None else "halted", "halted": halted},
            status_code=200 if halted is None else 503,
        )

    return [healthz]
