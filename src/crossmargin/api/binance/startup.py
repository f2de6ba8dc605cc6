"""What clients ask of Binance beside futures before they start: answered with nothing."""

from typing import Any

from crossmargin.api.binance.desk import Desk, Request


async def nothing(desk: Desk, request: Request) -> list[Any]:
    """Answer with an empty list: no coins in a spot wallet, no margin pairs."""
    return []


async def status(desk: Desk, request: Request) -> dict[str, Any]:
    """Answer `GET /sapi/v1/system/status`."""
    return {"status": 0, "msg": "normal"}
