"""The table of laws is true: the page agrees with it, its tests exist, the oracle stands alone."""

import sys
from pathlib import Path

from tests import source
from tests.property.laws import LAWS, methods_table, table

HERE = Path(__file__).parent


def test_the_page_of_laws_is_the_tables_of_laws():
    page = source.text("docs/reference/laws.md").split("\n")

    assert [*table(), *methods_table()] == [line for line in page if line.startswith("|")]


def test_every_law_is_checked_by_tests_that_exist():
    code = "\n".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*_laws.py"))
    code += (HERE / "test_laws.py").read_text(encoding="utf-8")

    assert all(law.tests for law in LAWS)
    assert [] == [name for law in LAWS for name in law.tests if f"def {name}(" not in code]


def test_the_brute_force_shares_no_code_with_the_package():
    imported = set()
    for name in ("brute", "asking"):
        code = (HERE / f"{name}.py").read_text(encoding="utf-8")
        imported |= {found for _, found in source.imports(code, name)}
    others = {name.partition(".")[0] for name in imported if "tests.property.asking" not in name}

    assert others <= sys.stdlib_module_names
