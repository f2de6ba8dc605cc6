"""The style guide as code: functions that take text and return what is wrong with it.

A finding is (line, rule, what). Rules of layout and imports are in `test_layers.py`; what ruff
says (docstrings, naming, `print`, unused code) is not said again here.
"""

import ast
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from tests.source import FLOAT_TWIN

LINE_MAX = 100
FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400

Finding = tuple[int, str, str]

# Written so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(T[O]DO|F[I]XME|X{3}|H[A]CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~:/*-])(/(?:work|farm|home|root|Users|opt)/|[A-Z]:\\\\?Users)")


class Ban(NamedTuple):
    """Calls that match `pattern` are banned under `where`, but for what is under `allowed`."""

    rule: str
    pattern: str
    instead: str
    allowed: tuple[str, ...] = ()
    where: tuple[str, ...] = ("",)


EXACT = ("errors.py", "money.py", "model/", "margin/", "venue/")
EDGES = ("rulebooks/", "store/", "feeds/", "live/", "files/", "runtime/", "replay/", "report/")
SHELLS = ("api/", "cli/")

# Paths are those under src/crossmargin. Names are resolved: `from time import time as now` is
# still `time.time`.
BANS = (
    Ban(
        "clock",
        r"time\.\w+|(.+\.)?(datetime\.(now|utcnow|today)|date\.today)",
        "take the time as data",
        ("live/", "runtime/", *SHELLS),
    ),
    Ban(
        "chance",
        r"(random|secrets)\..+|uuid\.uuid[14]|os\.urandom|numpy\.random\.(?!default_rng).+",
        "take a seed, and a generator made from it",
        ("feeds/synthetic.py", "api/"),
    ),
    Ban("unseeded", r"numpy\.random\.default_rng\(\)", "give default_rng a seed"),
    Ban(
        "file",
        r"(.+\.)?(open|(read|write)_(text|bytes))",
        "files are read and written at the edges",
        (*EDGES, *SHELLS),
    ),
    Ban("print", r"print", "the command line writes through its console"),
    Ban("float", r"float", "decimals; floats are for the float twin", FLOAT_TWIN, EXACT),
)


def text_findings(path: str, text: str) -> Iterator[Finding]:
    """Yield what is wrong with the characters of any text file."""
    is_code = path.endswith((".py", ".ts", ".tsx"))
    for number, line in enumerate(text.split("\n"), 1):
        if is_code and len(line) > LINE_MAX:
            yield number, "long line", f"{len(line)} columns, at most {LINE_MAX}"
        if line != line.rstrip():
            yield number, "trailing space", "ends in white space"
        if (is_code or path == "Makefile") and (found := LEFT_OVER.search(line)):
            yield number, "left over", f"{found[0]}: do it, or open an issue"
        if found := MACHINE_PATH.search(line):
            yield number, "machine path", f"{found[0]} exists on one machine only"
        for sign in sorted({sign for sign in line if is_odd(sign)}):
            if not (sign == "\t" and path == "Makefile"):
                name = unicodedata.name(sign, "control")
                yield number, "odd character", f"U+{ord(sign):04X} {name}"
    if is_code and (lines := text.count("\n")) > MODULE_LINES_MAX:
        yield 1, "long module", f"{lines} lines, at most {MODULE_LINES_MAX}"


def is_odd(sign: str) -> bool:
    """Return whether `sign` is invisible, or a space that only looks like one."""
    return sign != " " and unicodedata.category(sign) in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Zs"}


def function_findings(code: str) -> Iterator[Finding]:
    """Yield the functions of `code` that are too long; decorators and docstring do not count."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = _length(node)
            if ast.get_docstring(node) is not None:
                lines -= _length(node.body[0])
            if lines > FUNCTION_LINES_MAX:
                what = f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"
                yield node.lineno, "long function", what


def _length(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def banned_findings(path: str, code: str) -> Iterator[Finding]:
    """Yield the banned calls of `code`, the module at `path` under the package."""
    bans = [
        ban for ban in BANS if path.startswith(ban.where) and not (path.startswith(ban.allowed))
    ]
    tree = ast.parse(code)
    aliases = dict(_aliases(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = _full_name(node.func, aliases)
            name += "()" if name.endswith("default_rng") and not node.args else ""
            for ban in bans:
                if re.fullmatch(ban.pattern, name):
                    yield node.lineno, ban.rule, f"{name}: {ban.instead}"


SECRET_NAME = re.compile(r"signature|secret|token|digest|hmac", re.IGNORECASE)


def comparison_findings(code: str) -> Iterator[Finding]:
    """Yield the places in `code` that compare a secret in a time that says how much is right."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare) and any(
            isinstance(sign, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for sign in node.ops
        ):
            for side in (node.left, *node.comparators):
                name = getattr(side, "attr", getattr(side, "id", ""))
                if SECRET_NAME.search(name) and not name.isupper():
                    yield node.lineno, "comparison", f"{name}: compare it with api.signing.is_same"


def _aliases(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    yield alias.asname, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _full_name(function: ast.expr, aliases: dict[str, str]) -> str:
    names = []
    while isinstance(function, ast.Attribute):
        names.append(function.attr)
        function = function.value
    first = aliases.get(function.id, function.id) if isinstance(function, ast.Name) else "?"
    return ".".join([first, *reversed(names)])


def raises_findings(code: str) -> Iterator[Finding]:
    """Yield the public functions that raise one of our errors their docstring does not name.

    A method that Python calls (`__post_init__`) answers to the docstring of its class.
    """
    tree = ast.parse(code)
    ours = {name for name, full in _aliases(tree) if full.startswith("crossmargin.errors.")}
    ours.discard("InvariantBroken")  # Always a bug here, so never part of a contract.
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    members = [(member, owner) for owner in (tree, *classes) for member in owner.body]
    for node, owner in members:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        is_magic = node.name.startswith("__") and owner is not tree
        if node.name.startswith("_") and not is_magic:
            continue
        told = ast.get_docstring(owner if is_magic else node) or ""
        for name in sorted(_raised(node) & ours):
            if name not in told:
                yield node.lineno, "raises", f"{node.name} raises {name} and does not say so"


def _raised(function: ast.AST) -> set[str]:
    raised = (node.exc for node in ast.walk(function) if isinstance(node, ast.Raise))
    called = (error.func if isinstance(error, ast.Call) else error for error in raised)
    return {error.id for error in called if isinstance(error, ast.Name)}


def without_fences(text: str) -> str:
    """Return Markdown `text` with its fenced blocks blanked, line numbers kept."""
    return re.sub(
        r"^(`{3,}|~{3,}).*?^\1[`~]*$",
        lambda block: "\n" * block[0].count("\n"),
        text,
        flags=re.MULTILINE | re.DOTALL,
    )


def title_findings(text: str) -> Iterator[Finding]:
    """Yield what is wrong with a Markdown file's titles: there is one, and it comes first."""
    lines = without_fences(text).split("\n")
    titles = [number for number, line in enumerate(lines, 1) if re.match(r"#\s", line)]
    if len(titles) != 1:
        yield 1, "title", f"{len(titles)} titles (# ...), where there is one"
    elif any(line.strip() for line in lines[: titles[0] - 1]):
        yield titles[0], "title", "the title comes first"


def lock_findings(text: str) -> Iterator[Finding]:
    """Yield the lines of a lock file that hold an address, and pins without a hash."""
    for number, line in enumerate(text.split("\n"), 1):
        if re.search(r"://|^\s*--?(index-url|extra-index-url|find-links|trusted-host|i|f)\b", line):
            yield number, "lock", "holds an address"
        elif '"resolved"' in line:
            yield number, "lock", "holds where it was fetched"
        elif re.match(r"\w\S*", line) and not re.match(r"[\w.-]+==[^\s;]+( ; .+)? \\$", line):
            yield number, "lock", "is not an exact version with hashes"
