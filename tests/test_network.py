"""The guard that keeps tests on this machine (tests/conftest.py) works."""

import socket

import pytest


def test_another_machine_cannot_be_reached():
    with socket.socket() as far, pytest.raises(RuntimeError, match="stay on this machine"):
        far.connect(("192.0.2.1", 80))


def test_another_name_cannot_be_looked_up():
    with pytest.raises(RuntimeError, match=r"do not look up example\.org"):
        socket.create_connection(("example.org", 80))


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("localhost", port)) as client:
            assert port == client.getpeername()[1]
