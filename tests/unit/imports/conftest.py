"""What replies make does not depend on which venues have a rulebook yet, but for Binance."""

import pytest


@pytest.fixture(autouse=True)
def _rulebook_of_binance_alone(monkeypatch):
    monkeypatch.setattr("crossmargin.imports.convert.venues", lambda: ("binance-usdm",))
