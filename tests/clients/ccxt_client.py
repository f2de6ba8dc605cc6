"""Pointing ccxt at a venue on this machine, as docs/reference/binance-dialect.md shows it."""

from typing import Any


def connect(base_url: str, api_key: str, secret: str, kind: Any) -> Any:
    """Return a client of `kind` (a class of ccxt's) that can reach no other venue."""
    client = kind(
        {
            "apiKey": api_key,
            "secret": secret,
            "options": {"fetchMarkets": {"types": ["linear"]}},
        }
    )
    versions = {"": 1, "V2": 2, "V3": 3}
    addresses: dict[str, Any] = {
        f"{access}{name}": f"{base_url}/fapi/v{number}"
        for access in ("fapiPublic", "fapiPrivate")
        for name, number in versions.items()
    }
    socket_url = base_url.replace("http", "ws", 1)
    addresses["fapiData"] = f"{base_url}/futures/data"
    addresses["ws"] = {
        "linear": f"{socket_url}/ws",
        "ws-api": {"linear": f"{socket_url}/ws-fapi/v1"},
    }
    client.urls["demo"] = addresses
    client.enable_demo_trading(True)
    # ccxt finds the futures' own errors by the address, and this one it does not know.
    client.exceptions["exact"].update(client.exceptions["linear"]["exact"])
    return client
