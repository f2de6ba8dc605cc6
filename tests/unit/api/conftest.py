"""What tests of the server share."""

import pytest

from tests.unit.api.native_desk import Desk


@pytest.fixture
def desk(tmp_path):
    """Return a served venue."""
    found = Desk(tmp_path)
    yield found
    found.close()
