"""How a venue is reached, and what is said where nobody is."""

import socket

import pytest

from crossmargin.errors import UnknownError
from crossmargin.live import client
from crossmargin.live.tables import fetch
from tests.unit.live import server


def test_a_venue_nobody_answers_for():
    with server.serving({}) as there:
        gone = there.url
    with pytest.raises(UnknownError) as refusal:
        fetch("hyperliquid", url=gone)

    assert (
        f"nothing of hyperliquid could be fetched: {gone} cannot be asked: it accepts no "
        "connection there" == str(refusal.value)
    )


def test_without_a_network_the_reason_is_one_sentence(monkeypatch):
    def unresolved(*_words, **_options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    with pytest.raises(UnknownError) as refusal:
        fetch("okx")

    assert (
        "nothing of okx could be fetched: https://www.okx.com cannot be asked: its name cannot be "
        "resolved (DNS): is there a connection to the internet?" == str(refusal.value)
    )


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        pytest.param(socket.gaierror(-2, "no"), "its name cannot be resolved", id="no name"),
        pytest.param(ConnectionRefusedError(), "it accepts no connection", id="refused"),
        pytest.param(TimeoutError(), "it does not answer within 15 s", id="silence"),
        pytest.param(ConnectionError(), "no connection to it", id="something else"),
        pytest.param(ValueError(), None, id="an answer that says something"),
    ],
)
def test_why_nobody_was_reached(raised, said):
    error = RuntimeError("what a library says")
    error.__cause__ = raised
    why = client._no_connection(error)

    assert why is None if said is None else why.startswith(said)


def test_what_ccxt_does_not_know_it_does_not_know():
    # ccxt 4.5.84 and later have no bitmex: should it come back, the reason in NEVER is stale.
    with pytest.raises(UnknownError, match=r"^ccxt [\d.]+ does not know bitmex$"):
        client.Client("bitmex")


def test_requests_keep_the_venues_pace_and_have_a_time_limit(monkeypatch):
    monkeypatch.undo()
    api = client.Client("okx")._api

    assert (True, 15_000) == (api.enableRateLimit, api.timeout)
