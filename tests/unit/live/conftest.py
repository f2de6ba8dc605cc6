"""Venues on this machine are asked without the pauses that real ones want."""

import pytest

from crossmargin.live import client


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(client, "IS_PACED", False)
