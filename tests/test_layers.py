"""Imports point one way, the core touches nothing outside itself, and the command starts light."""

import subprocess
import sys

import pytest

from tests import source

# The one place that says who may import whom: a folder (or module) may import those in rows above
# its own, and never the others in its row.
LAYERS = (
    ("errors",),
    ("money", "durations"),
    ("model",),
    ("rulebooks",),
    ("margin",),
    ("sweep",),
    ("venue", "risk"),
    ("guard",),
    ("store", "feeds", "live"),
    ("files",),  # formats that people and programs exchange: account files in, answers out
    ("imports",),  # venues' own replies in, account files out
    ("runtime",),
    ("history",),  # what has happened at the venue, from its published records
    ("replay", "report"),
    ("api",),
    ("cli",),
)
# Arrows inside a row, as (importer, imported): why.
BESIDE = {
    ("report", "replay"): "a report shows what a replay found",
    ("risk", "venue"): "an intended trade fills, and a plan is compared, as the venue would do it",
}

RANK = {name: rank for rank, row in enumerate(LAYERS) for name in row}
FACE_RANK = RANK["api"] - 0.5  # The public face gathers what notebooks use, of all but api and cli.

# No clock, chance, file or network: the core imports these and nothing else from outside.
PURE = ("errors", "durations", "money", "model", "margin", "venue")
PURE_IMPORTS = {
    *("__future__", "abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "decimal"),
    *("enum", "fractions", "functools", "hashlib", "heapq", "itertools", "operator", "types"),
    *("typing", "msgspec", "sortedcontainers"),
    *("math.ceil", "math.floor", "math.isqrt"),  # exact on decimals and integers
}
TWIN = tuple(f"crossmargin.{path.replace('/', '.')}" for path in source.FLOAT_TWIN)
TWIN_IMPORTS = {"math", "numba", "numpy", "scipy"}

HEAVY = ("ccxt", "numba", "numpy", "plotly", "polars", "pyarrow", "ray", "rich", "scipy")


def owner(module: str) -> str:
    """Return the folder or module under the package that `module` is in; empty for the face."""
    return module.removeprefix("crossmargin").lstrip(".").partition(".")[0]


def wrong_arrow(importer: str, imported: str) -> str | None:
    """Return what is wrong with `importer` importing the dotted name `imported`, or None."""
    inner = owner(importer)
    if imported.partition(".")[0] != "crossmargin":
        return None
    if imported == "crossmargin.__version__":
        return None
    outer = owner(imported)
    if inner and inner not in RANK:
        return f"{inner} has no place in LAYERS"
    if outer not in RANK:
        return f"{imported} is the public face, for notebooks; import it from where it lives"
    if inner == outer or (inner, outer) in BESIDE:
        return None
    rank = RANK[inner] if inner else FACE_RANK
    return None if RANK[outer] < rank else f"{inner or 'the face'} may not import {outer}"


def impurity(importer: str, imported: str) -> str | None:
    """Return what is wrong with the core's `importer` importing `imported`, or None."""
    top = imported.partition(".")[0]
    if owner(importer) not in PURE or top == "crossmargin" or {top, imported} & PURE_IMPORTS:
        return None
    if importer.startswith(TWIN) and top in TWIN_IMPORTS:
        return None
    return f"{owner(importer)} may not import {top}"


def findings(fault) -> list[str]:
    """Return what `fault` says of every import in the package, with its place."""
    return [
        f"{source.modules()[module]}:{line}: {wrong}"
        for module in source.modules()
        for line, imported in source.module_imports(module)
        if (wrong := fault(module, imported))
    ]


def test_imports_point_one_way():
    source.refuse(findings(wrong_arrow))


def test_the_core_imports_no_clock_chance_file_or_network():
    source.refuse(findings(impurity))


def test_every_folder_has_its_place():
    homeless = {owner(module) for module in source.modules()} - RANK.keys() - {""}

    assert set() == homeless


@pytest.mark.parametrize(
    ("module", "code", "wrong"),
    [
        ("margin.assess", "from crossmargin.money import ZERO", None),
        ("margin.assess", "from crossmargin.margin import pnl", None),
        ("margin.assess", "import crossmargin.feeds.path", "margin may not import feeds"),
        (
            "margin.assess",
            "def f():\n    from crossmargin import venue",
            "margin may not import venue",
        ),
        ("money", "from .model import account", "money may not import model"),
        ("venue.book", "from ..risk.stress import shock", "venue may not import risk"),
        ("report.page", "from crossmargin.replay.modes import Path", None),
        ("replay.modes", "from crossmargin.report import page", "replay may not import report"),
        ("cli.app", "from crossmargin import __version__", None),
        ("cli.app", "from crossmargin import Account", "crossmargin.Account is the public face"),
        ("shed.tools", "from crossmargin.money import ZERO", "shed has no place in LAYERS"),
        ("margin.assess", "import numpy", "margin may not import numpy"),
        ("margin.assess", "import math", "margin may not import math"),
        ("margin.assess", "from math import sqrt", "margin may not import math"),
        ("margin.assess", "from math import isqrt", None),
        ("margin.arrays", "import numpy as np", None),
        ("margin.arrays_orders", "import numba", None),
        ("margin.arrays", "import numpy.random, os.path", "margin may not import os"),
        ("venue.decide", "from datetime import datetime", "venue may not import datetime"),
        ("venue.decide", "def f():\n    import random", "venue may not import random"),
        ("feeds.candles", "import pathlib", None),
    ],
)
def test_the_checks_know_right_from_wrong(module, code, wrong):
    name = f"crossmargin.{module}"
    found = [
        fault(name, imported)
        for _, imported in source.imports(code, name)
        for fault in (wrong_arrow, impurity)
    ]
    faults = [fault for fault in found if fault]

    assert faults == [] if wrong is None else [wrong] == [fault[: len(wrong)] for fault in faults]


@pytest.mark.parametrize("module", ["crossmargin", "crossmargin.cli.app"])
def test_importing_it_loads_nothing_heavy(module):
    if module == "crossmargin.cli.app" and not source.APP.exists():
        pytest.skip("there is no command line yet")
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "" == answer.stdout.strip()
