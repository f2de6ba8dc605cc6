"""The tables of published against ours in the docs are what the worked examples come to."""

import pytest

from tests.shared import needs_shared
from tools import write_published

PAGES = sorted(write_published.PAGES.glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_a_page_shows_what_the_examples_come_to(page):
    needs_shared("cases")
    text = page.read_text(encoding="utf-8")

    assert write_published.page_text(text) == text, "run python -m tools.write_published"
    assert "| wrong |" not in text
