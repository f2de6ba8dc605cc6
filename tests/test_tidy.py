"""The style guide, checked; and the checks, checked on small bad examples."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests import source, tidy

# (path, rule): why it may. An exemption nobody needs any more is a failure.
EXEMPT: dict[tuple[str, str], str] = {}

# Modules nobody imports because something else starts them.
ENTRANCES = {
    "crossmargin": "the public face",
    "crossmargin.__main__": "python -m crossmargin",
    "crossmargin.cli.app": "the console script",
}

FORMULAS = "docs/reference/formulas.md"
TEXT = (".py", ".md", ".toml", ".txt", ".ts", ".tsx", ".css", ".html", ".yaml", ".yml", ".json")


def is_lock(path: str) -> bool:
    """Return whether the file at `path` pins dependencies."""
    return path.startswith("requirements/") or path.endswith(("lock.json", ".lock"))


def findings_of(path: str) -> Iterator[tidy.Finding]:
    """Yield what is wrong with the project's file at `path`."""
    text = source.text(path)
    if is_lock(path):
        yield from tidy.lock_findings(text)
    yield from tidy.text_findings(path, text)
    if path.endswith(".md"):
        yield from tidy.title_findings(text)
    if path.endswith(".py"):
        yield from tidy.function_findings(text)
    if path in source.modules().values():
        yield from tidy.banned_findings(path.removeprefix("src/crossmargin/"), text)
        yield from tidy.raises_findings(text)
    if path.startswith("src/crossmargin/api/"):
        yield from tidy.comparison_findings(text)


def test_the_project_is_tidy():
    paths = [
        path for path in source.files() if path.endswith(TEXT) or path in {"Makefile", ".ci/run"}
    ]
    found = [(path, *finding) for path in paths for finding in findings_of(path)]

    source.refuse(
        f"{path}:{line}: {rule}: {what}"
        for path, line, rule, what in found
        if (path, rule) not in EXEMPT
    )


def test_every_exemption_is_needed():
    paths = {path for path, _ in EXEMPT}
    found = {(path, rule) for path in paths for _, rule, _ in findings_of(path)}

    assert found >= EXEMPT.keys()
    assert all(reason.strip() for reason in EXEMPT.values())


def test_every_module_is_imported_by_another():
    used = set(ENTRANCES)
    # Published rules that people call from Python; the page is their only caller.
    used |= set(re.findall(r"^\| `(crossmargin[\w.]+)`", source.text(FORMULAS), re.MULTILINE))
    for module, path in source.modules().items():
        names = {name for _, name in source.module_imports(module)}
        # A command family that is imported when it is called is named in a string.
        names |= {
            node.value
            for node in ast.walk(ast.parse(source.text(path)))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        used |= {name for name in names if name != module}
        used |= {name.rpartition(".")[0] for name in names if not name.startswith(f"{module}.")}

    source.refuse(
        f"{path}: nothing imports it"
        for module, path in source.modules().items()
        if module not in used and not path.endswith("__init__.py")
    )


def lines(count: int) -> str:
    """Return a function of `count` lines and a docstring of three."""
    return "def long():\n    '''Do.\n\n    More.'''\n" + "    pass\n" * (count - 1)


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        ("a.py", "x = 1\n", []),
        ("a.py", "#" * 100 + "\n", []),
        ("a.py", "#" * 101 + "\n", ["long line"]),
        ("a.md", "x" * 200 + "\n", []),
        ("a.md", "two \n", ["trailing space"]),
        ("a.py", "# T" + "ODO: later\n", ["left over"]),
        ("a.py", "# The hacker's todo list\n", []),
        ("a.md", "see /ho" + "me/alice/notes\n", ["machine path"]),
        ("a.md", "see https://example.org/home/alice\n", []),
        ("a.md", "a\u00a0b\n", ["odd character"]),
        ("a.md", "a\u200bb\n", ["odd character"]),
        ("a.md", "10 % × 3 − 1 ≥ 0 → é, “quoted” – …\n", []),
        ("a.py", "if x:\n\ty\n", ["odd character"]),
        ("Makefile", "all:\n\techo\n", []),
        ("a.py", "a = 1\r\n", ["trailing space", "odd character"]),
        ("a.py", "x\n" * 400, []),
        ("a.py", "x\n" * 401, ["long module"]),
    ],
)
def test_characters_and_lengths(path, text, rules):
    assert rules == [rule for _, rule, _ in tidy.text_findings(path, text)]


@pytest.mark.parametrize(("count", "rules"), [(60, []), (61, ["long function"])])
def test_functions_have_a_length(count, rules):
    assert rules == [rule for _, rule, _ in tidy.function_findings(lines(count))]


@pytest.mark.parametrize(
    ("path", "code", "rules"),
    [
        ("margin/assess.py", "import time\ntime.time()", ["clock"]),
        ("margin/assess.py", "from time import monotonic as now\nnow()", ["clock"]),
        ("margin/assess.py", "import datetime as dt\ndt.datetime.now()", ["clock"]),
        ("files/account.py", "from datetime import datetime, UTC\ndatetime.now(UTC)", ["clock"]),
        ("files/account.py", "from datetime import datetime\ndatetime.fromisoformat('')", []),
        ("runtime/clock.py", "import time\ntime.time()", []),
        ("replay/run.py", "runtime.start(1)", []),
        ("venue/book.py", "import random\nrandom.choice([])", ["chance"]),
        ("venue/book.py", "from uuid import uuid4\nuuid4()", ["chance"]),
        ("risk/stress/answer.py", "import numpy as np\nnp.random.normal()", ["chance"]),
        ("risk/stress/answer.py", "import numpy as np\nnp.random.default_rng(7)", []),
        ("feeds/synthetic.py", "import numpy as np\nnp.random.default_rng()", ["unseeded"]),
        ("margin/assess.py", "open('a')", ["file"]),
        ("margin/assess.py", "path.read_text()", ["file"]),
        ("risk/stress/answer.py", "from pathlib import Path\nPath('a').open()", ["file"]),
        ("rulebooks/loader.py", "path.read_text()", []),
        ("margin/assess.py", "reopen('a')", []),
        ("cli/check.py", "print('a')", ["print"]),
        ("cli/check.py", "console.print('a')", []),
        ("money.py", "float('1')", ["float"]),
        ("venue/book.py", "x = float(1) + float(2)", ["float", "float"]),
        ("margin/arrays.py", "float(1)", []),
        ("risk/stress/answer.py", "float(1)", []),
    ],
)
def test_calls_that_are_banned(path, code, rules):
    assert rules == [rule for _, rule, _ in tidy.banned_findings(path, code)]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        ("def f():\n    '''Do.'''\n    raise UnitError('a')", ["raises"]),
        ("def f():\n    '''Do.\n\n    Raises: UnitError'''\n    raise UnitError('a')", []),
        ("def f():\n    raise InvariantBroken('a')", []),
        ("def f():\n    raise KeyError('a')", []),
        ("def _f():\n    raise UnitError('a')", []),
        ("def f():\n    def g():\n        raise UnitError", ["raises"]),
        ("def _f():\n    def g():\n        raise UnitError", []),
        ("class A:\n    '''A.'''\n    def __init__(self):\n        raise UnitError", ["raises"]),
        ("class A:\n    '''UnitError'''\n    def __init__(self):\n        raise UnitError", []),
        ("class A:\n    '''UnitError'''\n    def f(self):\n        raise UnitError", ["raises"]),
    ],
)
def test_errors_are_said(body, rules):
    code = f"from crossmargin.errors import InvariantBroken, UnitError\n{body}"

    assert rules == [rule for _, rule, _ in tidy.raises_findings(code)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("# One\n\n## Two\n", []),
        ("## Two\n", ["title"]),
        ("# One\n\n# Another\n", ["title"]),
        ("Words first.\n\n# One\n", ["title"]),
        ("# One\n\n```sh\n# a comment\n```\n", []),
    ],
)
def test_a_page_has_one_title(text, rules):
    assert rules == [rule for _, rule, _ in tidy.title_findings(text)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("a==1 \\\n    --hash=sha256:ab\n    # via b\n", []),
        ("a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:ab\n", []),
        ("a==1\n", ["lock"]),
        ("a>=1 \\\n    --hash=sha256:ab\n", ["lock"]),
        ("--extra-index-url https://example.org/simple\n", ["lock"]),
        ("--find-links wheels\n", ["lock"]),
        ("a @ https://example.org/a.whl\n", ["lock"]),
        ('      "resolved": "example",\n', ["lock"]),
    ],
)
def test_locks_hold_versions_and_no_addresses(text, rules):
    assert rules == [rule for _, rule, _ in tidy.lock_findings(text)]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("signature == expected", ["signature"]),
        ("expected != request.signature", ["signature"]),
        ("key.secret == other.api_secret", ["secret", "api_secret"]),
        ("digest in known", ["digest"]),
        ("is_same(signature, expected)", []),
        ("if not signature: pass", []),
        ("name == SIGNATURE", []),
        ("signature is None", []),
    ],
)
def test_secrets_are_not_compared_by_signs_of_equality(code, names):
    assert names == [what.partition(":")[0] for _, _, what in tidy.comparison_findings(code)]
