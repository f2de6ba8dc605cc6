"""Console sessions in the documentation: read from Markdown, run, compared.

In a fenced block marked `console`, a line that starts with `$ ` is a command, a line after a
trailing backslash continues it, and what follows is what it prints (both streams, as a person
sees them). A line of three dots stands for any lines. A command must succeed, unless the next
one is `echo $?`, which then prints its exit status.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

# Other commands a page may show: they set the scene, and are not run.
SCENERY = {"cd", "git", "make", "pip", "python3"}
RUN = {"cat", "crossmargin", "echo", "head", "ls", "tail"}
SECONDS_MAX = 120


class Step(NamedTuple):
    """One command of a session, the line of the page it is on, and what it should print."""

    line: int
    command: str
    printed: tuple[str, ...]


def steps(page: str) -> list[Step]:
    """Return the commands of every console block in Markdown `page`, in order."""
    found: list[Step] = []
    inside = False
    for number, line in enumerate(page.split("\n"), 1):
        if line.startswith("```"):
            inside = line.strip() == "```console"
        elif inside and line.startswith("$ "):
            found.append(Step(number, line.removeprefix("$ "), ()))
        elif inside and found:
            last = found.pop()
            if last.command.endswith("\\") and not last.printed:
                found.append(last._replace(command=f"{last.command}\n{line}"))
            else:
                found.append(last._replace(printed=(*last.printed, line.rstrip())))
    return [step._replace(printed=trimmed(step.printed)) for step in found]


def trimmed(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return `lines` without white space at their ends and empty lines at the end."""
    return tuple("\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n"))


def is_match(expected: tuple[str, ...], got: tuple[str, ...]) -> bool:
    """Return whether `got` is `expected`, where a line of three dots is any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in got)) is not None


def first_word(command: str) -> str:
    """Return the program that `command` names."""
    return command.split()[0]


def run(step: Step, folder: Path, status: int) -> tuple[int, tuple[str, ...]]:
    """Run `step` in `folder` after a command that ended with `status`.

    Returns its exit status and the lines it printed.
    """
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }
    answer = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"(exit {status})\n{step.command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return answer.returncode, trimmed(tuple(answer.stdout.split("\n")))
