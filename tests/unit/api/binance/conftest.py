import pytest

from tests.unit.api.binance.booth import Booth


@pytest.fixture
def booth(tmp_path):
    opened = Booth(tmp_path)
    yield opened
    opened.close()
