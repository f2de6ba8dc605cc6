"""The documentation is true: its sessions run, its links lead somewhere, and nothing is missing."""

import importlib
import inspect
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.main import get_command

from crossmargin.rulebooks.loader import venues
from crossmargin.venue.refusal import Code
from tests import console, source, tidy

PAGES = [path for path in source.files() if path.endswith(".md")]
SESSIONS = [path for path in PAGES if console.steps(source.text(path))]

# Formats whose every key a page must name: the module that holds their structs, and the page.
FORMATS = [("crossmargin.files.tables", "docs/reference/account-file.md")]
COMMANDS_PAGE = "docs/reference/cli.md"


def sections(page: str) -> dict[str, str]:
    """Return the text under each heading of Markdown `page`, headings below it included."""
    lines = tidy.without_fences(page).split("\n")
    heads = [
        (at, len(match[1]), match[2]) for at, line in enumerate(lines) if (match := heading(line))
    ]
    whole = page.split("\n")
    found = {}
    for at, depth, name in heads:
        end = next((later for later, other, _ in heads if later > at and other <= depth), None)
        found[name.replace("`", "")] = "\n".join(whole[at:end])
    return found


def heading(line: str) -> re.Match[str] | None:
    """Return the match of a heading's signs and words, or None."""
    return re.match(r"(#{1,6})\s+(.*?)\s*$", line)


def code_in(page: str) -> str:
    """Return what Markdown `page` sets as code, in blocks and in lines."""
    blocks = re.findall(r"^```.*?^```", page, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", tidy.without_fences(page))])


def is_named(word: str, code: str) -> bool:
    """Return whether `word` stands in `code` on its own."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", code) is not None


def anchors(page: str) -> set[str]:
    """Return the anchors of the headings of Markdown `page`, as the usual viewers make them."""
    return {re.sub(r"[^\w\- ]", "", name).lower().replace(" ", "-") for name in sections(page)}


@pytest.mark.parametrize("path", SESSIONS)
def test_the_sessions_on_a_page_run_as_shown(path, tmp_path):
    if not source.APP.exists():
        pytest.skip("there is no command line yet")
    if (source.ROOT / "examples").exists():
        shutil.copytree(source.ROOT / "examples", tmp_path / "examples")
    steps = console.steps(source.text(path))
    status = 0
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if console.first_word(step.command) in console.SCENERY:
            continue
        status, printed = console.run(step, tmp_path, status)
        is_asked = after is not None and after.command == "echo $?"

        assert console.is_match(step.printed, printed), unlike(path, step, printed)
        assert status == 0 or is_asked, f"{path}:{step.line}: exit status {status}"


def unlike(path: str, step: console.Step, printed: tuple[str, ...]) -> str:
    """Return what a person needs to mend the page."""
    return f"{path}:{step.line}: $ {step.command}\nprints:\n" + "\n".join(printed)


@pytest.mark.parametrize("path", SESSIONS)
def test_every_command_on_a_page_is_known(path):
    words = {console.first_word(step.command) for step in console.steps(source.text(path))}

    assert set() == words - console.RUN - console.SCENERY


def test_every_make_target_on_a_page_exists():
    targets = set(re.findall(r"^([a-z]+):", source.text("Makefile"), flags=re.MULTILINE))
    shown = {
        target
        for path in PAGES
        for target in re.findall(r"\bmake ([a-z]+)", code_in(source.text(path)))
    }

    assert shown
    assert set() == shown - targets


@pytest.mark.parametrize("path", PAGES)
def test_links_between_pages_lead_somewhere(path):
    prose = re.sub(r"`[^`\n]*`", "", tidy.without_fences(source.text(path)))
    broken = []
    for target in re.findall(r"\]\(<?([^)\s>]+)>?[^)]*\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (source.ROOT / path).parent / name if name else source.ROOT / path
        is_page = there.suffix == ".md" and there.exists()
        if not there.exists() or (anchor and is_page and anchor not in anchors(there.read_text())):
            broken.append(target)

    assert [] == broken


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("docs/")])
def test_every_page_can_be_reached_from_the_index(path):
    index = source.ROOT / "docs" / "README.md"
    links = re.findall(r"\]\(([^)\s#]+\.md)", index.read_text())
    linked = {(index.parent / link).resolve() for link in links}

    assert (source.ROOT / path).resolve() in {*linked, index}


@pytest.mark.parametrize("venue", venues())
def test_every_venue_is_listed_and_has_a_page_that_the_index_links(venue):
    listed = sections(source.text("docs/reference/rulebooks.md"))["What there is"]
    link = re.search(rf"\[`{re.escape(venue)}`\]\((venues/[\w-]+\.md)(?:#[\w-]+)?\)", listed)

    assert link is not None
    assert f"(reference/{link[1]})" in source.text("docs/README.md")


def commands(command: Any, path: str = "crossmargin") -> Iterator[tuple[str, Any]]:
    """Yield the name as typed and the object of every command under `command`."""
    inner = getattr(command, "commands", {})
    for name in sorted(inner):
        yield from commands(inner[name], f"{path} {name}")
    yield path, command


def options(command: Any) -> list[str]:
    """Return the options of `command`, without those that are hidden."""
    shown = [param for param in command.params if not getattr(param, "hidden", False)]
    names = [name for param in shown for name in (*param.opts, *param.secondary_opts)]
    return [name for name in names if name.startswith("--")]


def test_every_command_and_option_is_documented():
    if not source.APP.exists():
        pytest.skip("there is no command line yet")
    app = importlib.import_module("crossmargin.cli.app").app
    page = sections(source.text(COMMANDS_PAGE))
    missing = []
    for name, command in commands(get_command(app)):
        if name not in page:
            missing.append(f"a heading {name!r}")
        else:
            code = code_in(page[name])
            missing += [f"{name} {word}" for word in options(command) if not is_named(word, code)]

    assert [] == missing


@pytest.mark.parametrize(("module", "path"), FORMATS)
def test_every_key_of_a_format_is_documented(module, path):
    if module not in source.modules():
        pytest.skip(f"there is no {module} yet")
    found = importlib.import_module(module)
    structs = [
        thing
        for _, thing in inspect.getmembers(found, inspect.isclass)
        if issubclass(thing, msgspec.Struct)
        and thing.__module__ == module
        and thing.__struct_config__.forbid_unknown_fields  # what is read from people
    ]
    keys = sorted({key for struct in structs for key in struct.__struct_encode_fields__})
    code = code_in(source.text(path))

    assert keys, f"{module} holds no structs"
    assert [] == [key for key in keys if not is_named(key, code)]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("```console\n$ a b\nc\n\nd\n\n```\n", [(2, "a b", ("c", "", "d"))]),
        ("```console\n$ a \\\n  b\n$ c\n```\n", [(2, "a \\\n  b", ("",)), (4, "c", ("",))]),
        ("```sh\n$ a\n```\n$ b\n", []),
    ],
)
def test_sessions_are_read(page, found):
    assert found == console.steps(page)


@pytest.mark.parametrize(
    ("expected", "got", "is_match"),
    [
        (("a", "b"), ("a", "b"), True),
        (("a", "b"), ("a", "c"), False),
        (("a",), ("a", "b"), False),
        (("a.c",), ("abc",), False),
        (("a", "...", "d"), ("a", "b", "c", "d"), True),
        (("a", "...", "d"), ("a", "d"), True),
        (("a", "...", "d"), ("a", "b", "c"), False),
        (("...",), ("",), True),
    ],
)
def test_sessions_are_compared(expected, got, is_match):
    assert is_match == console.is_match(expected, got)


def test_sessions_are_run(tmp_path):
    (step,) = console.steps("```console\n$ echo $? \\\n   two\n```\n")

    assert (0, ("3 two",)) == console.run(step, Path(tmp_path), 3)


def test_sections_hold_what_is_below_them():
    page = "# Top\n## `a b`\none\n### c\ntwo\n```sh\n# no\n```\n## d\nthree\n"

    found = sections(page)

    assert ["Top", "a b", "c", "d"] == list(found)
    assert "three" not in found["a b"]
    assert "two" in found["a b"]


def test_every_refusal_of_the_venue_is_documented():
    page = sections(source.text("docs/reference/errors.md"))["Refusals of the paper venue"]
    told = set(re.findall(r"`([A-Z_]+)`", page))

    assert {code.name for code in Code} == told
    assert all(str(code.value) in page for code in Code)
