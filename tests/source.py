"""The project's files, and who imports whom: what the house tests look at."""

import ast
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "crossmargin"
SRC = ROOT / "src" / PACKAGE
APP = SRC / "cli" / "app.py"
# The float twin of the exact core: modules under margin/ that may hold floats and arrays.
FLOAT_TWIN = ("margin/arrays", "margin/black", "margin/columns", "margin/scenarios/arrays")
NOT_OURS = {"build", "dist", "demo-out", "node_modules", "__pycache__"}


def refuse(findings: Iterable[str]) -> None:
    """Fail with `findings`, one a line, if there are any."""
    if listed := "\n".join(findings):
        pytest.fail(listed, pytrace=False)


@cache
def files() -> tuple[str, ...]:
    """Return the paths of the project's files: those git knows or would, else all not made."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    answer = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode == 0 and (ROOT / ".git").exists():
        found = [path for path in answer.stdout.split("\0") if path]
    else:
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        found = [
            path.as_posix()
            for path in paths
            if not NOT_OURS & set(path.parts)
            and (path.parts[0] == ".ci" or not any(part.startswith(".") for part in path.parts))
        ]
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


def text(path: str) -> str:
    """Return what is in the file at `path`, from the project's root."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def modules() -> dict[str, str]:
    """Return the path of each of the package's modules, by its dotted name."""
    found = {}
    for path in files():
        if path.startswith(f"src/{PACKAGE}/") and path.endswith(".py"):
            parts = path.removeprefix("src/").removesuffix(".py").split("/")
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(code: str, module: str, *, is_package: bool = False) -> list[tuple[int, str]]:
    """Return the line and dotted name of everything `code`, being `module`, imports.

    For `from a.b import c` that is `a.b.c`: what `c` is, a module or a name, is for the caller
    to find out. Imports inside functions count like any other.
    """
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                parts = module.split(".")
                above = parts[: len(parts) - node.level + is_package]
                start = ".".join([*above, *([start] if start else [])])
            found += [(node.lineno, f"{start}.{alias.name}") for alias in node.names]
    return sorted(found)


def module_imports(module: str) -> list[tuple[int, str]]:
    """Return the line and dotted name of everything the package's `module` imports."""
    path = modules()[module]
    return imports(text(path), module, is_package=path.endswith("__init__.py"))
