"""A venue's API through ccxt, which signs, paces and routes the requests.

ccxt is imported when a client is made and never before: it is slow to load. Its unified tables
are not used: they pass numbers through floats, and they call OKX's and Kraken's sizes notionals.
The methods that name the venue's own endpoints are, and fractions keep their digits.

Invariants: every request has a time limit and ccxt's pace; a failure is one sentence. Keys are
taken from the environment and sent only with requests that need one.
"""

import json
import os
import re
import socket
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from crossmargin.errors import UnknownError, UsageError
from crossmargin.live.records import Reply

TIMEOUT_MS = 15_000
IS_PACED = True
"""Whether requests wait for the pace the venue allows; only tests on one machine go without."""
HOST = re.compile(r"https?://[^/]+")


class Client:
    """One venue's API.

    Parameters
    ----------
    exchange : ccxt's name of it.
    url : asked instead of the venue's own address: scheme, host and port, the venue's paths below.
    key_prefix : where the venue needs a key, what the names of its environment variables begin
        with: `BINANCE` for `BINANCE_API_KEY` and `BINANCE_API_SECRET`.

    Attributes
    ----------
    unreachable : the sentence of the last request that reached nobody; None if none did so.

    Raises
    ------
    UnknownError
        If the installed ccxt does not know the venue.
    UsageError
        If `url` is none.
    """

    def __init__(
        self, exchange: str, *, url: str | None = None, key_prefix: str | None = None
    ) -> None:
        import ccxt  # type: ignore[import-untyped]

        self._errors = ccxt
        self.unreachable: str | None = None
        self.program = f"ccxt {ccxt.__version__}"
        kind = getattr(ccxt, exchange, None)
        if kind is None:
            raise UnknownError(f"{self.program} does not know {exchange}")
        settings: dict[str, object] = {"timeout": TIMEOUT_MS, "enableRateLimit": IS_PACED}
        if key_prefix is not None:
            settings["apiKey"] = os.environ.get(f"{key_prefix}_API_KEY", "")
            settings["secret"] = os.environ.get(f"{key_prefix}_API_SECRET", "")
        self.has_key = bool(settings.get("apiKey") and settings.get("secret"))
        self._api: Any = kind(settings)
        self._api.on_json_response = partial(json.loads, parse_float=str)
        if url is not None:
            self._redirect(url)

    @property
    def address(self) -> str:
        """Where the last request went: scheme, host and port; the venue's name before the first."""
        found = HOST.match(self._api.last_request_url or "")
        return found[0] if found else str(self._api.name)

    def ask(self, method: str, params: Mapping[str, object]) -> Reply:
        """Return the reply to one request.

        Raises
        ------
        UnknownError
            If the venue cannot be reached, refuses, or ccxt has no such method.
        """
        call = getattr(self._api, method, None)
        if call is None:
            raise UnknownError(f"{self.program} has no {method}")
        try:
            return call(dict(params))
        except (self._errors.AuthenticationError, self._errors.PermissionDenied) as error:
            raise UnknownError(f"{self.address} refuses the key: {_short(error)}") from None
        except self._errors.NetworkError as error:
            why = _no_connection(error)
            said = f"{self.address} cannot be asked: {why or _short(error)}"
            if why is not None:
                self.unreachable = said
            raise UnknownError(said) from None
        except self._errors.BaseError as error:
            raise UnknownError(f"{self.address} refuses: {_short(error)}") from None
        except ValueError as error:
            raise UnknownError(f"{self.address} sends no JSON: {_short(error)}") from None

    def _redirect(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
            raise UsageError(f"--url {url} must be scheme, host and port: http://localhost:8080")
        base = f"{parts.scheme}://{parts.netloc}"
        self._api.urls["api"] = _replaced(self._api.urls["api"], base)


def _replaced(urls: object, base: str) -> object:
    if isinstance(urls, str):
        return HOST.sub(base, urls)
    if isinstance(urls, dict):
        return {name: _replaced(value, base) for name, value in urls.items()}
    return urls


def _no_connection(error: BaseException) -> str | None:
    # Why nobody was reached; None where somebody answered. What libraries raise on top of the
    # system's own error says it in their words, so that error is looked for below them.
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(one, socket.gaierror) for one in causes):
        return "its name cannot be resolved (DNS): is there a connection to the internet?"
    if any(isinstance(one, ConnectionRefusedError) for one in causes):
        return "it accepts no connection there"
    kinds = {type(one).__name__ for one in causes}
    if kinds & {"RequestTimeout", "Timeout", "TimeoutError", "ConnectTimeout", "ReadTimeout"}:
        return f"it does not answer within {TIMEOUT_MS // 1000} s"
    if kinds & {"ConnectionError", "ProxyError", "SSLError"}:
        return "no connection to it can be made"
    return None


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:199] + "…"
