"""What every test gets: a Hypothesis profile, no network beyond this machine, no user's data."""

import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.cases.plugin",  # --cases, --cases-report
    "tests.simulation.plugin",  # --seeds
    "tests.postgres",  # stores
]

# dev looks at new examples each time; ci looks at the same ones, so that it does not fail by luck;
# soak (`make soak`) searches.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("soak", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Editions that a developer fetched are no part of what is tested.
os.environ["CROSSMARGIN_DATA"] = os.devnull


class NetworkUsed(RuntimeError):
    """A test tried to leave the machine."""


def is_near(host: str | bytes | None) -> bool:
    """Return whether `host` is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


def near_only(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the socket method `method`, refusing addresses of other machines."""

    def call(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_near(args[-1][0]):
            raise NetworkUsed(f"tests stay on this machine, not {args[-1][0]}")
        return method(self, *args)

    return call


@pytest.fixture(autouse=True, scope="session")
def _network_is_near() -> Iterator[None]:
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if not is_near(host):
            raise NetworkUsed(f"tests stay on this machine, and do not look up {host}")
        return look_up(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, near_only(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield
