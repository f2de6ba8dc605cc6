"""What every page of a report is put together from, and what is said when it cannot be kept."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory
from typing import Any

from crossmargin.errors import UsageError


@cache
def part(name: str) -> str:
    """Return the text of a file that comes with the reports: a template, a style, a script."""
    return files("crossmargin.report").joinpath(name).read_text(encoding="utf-8")


def kept(text: str) -> str:
    """Return `text` escaped, with every number and its percent sign on one line."""
    return escape(text).replace(" %", "&nbsp;%")


def listed_items(sentences: Iterable[str]) -> str:
    """Return sentences as a list of HTML, each with a capital and a full stop."""
    items = "".join(f"<li>{kept(_ended(sentence))}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else "<p>Nothing.</p>"


def script_json(content: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a script element: nothing in it can end the element."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def charted(parts: Mapping[str, str], spec: Mapping[str, Any], *styles: str) -> str:
    """Return `page.html` with `parts` in it, and what draws the charts of `spec`.

    Parameters
    ----------
    spec : the common time axis, and charts as `drawing.chart_of` makes them.
    styles : files of style beyond page.css.
    """
    whole = {
        **parts,
        "style": "\n".join(part(name) for name in ("page.css", *styles)),
        "script": part("page.js"),
        "library": _library(),
        "spec": script_json(spec),
    }
    return Template(part("page.html")).substitute(whole)


def plotted(parts: Mapping[str, str], charts: Iterable[Mapping[str, Any]], *styles: str) -> str:
    """Return `plots.html` with `parts` in it, and what draws `charts`, each on axes of its own.

    Parameters
    ----------
    charts : each {"data", "layout", "height"} as the chart library takes them, and "widthMax" where
        there is one; colours are roles, such as "@danger". They are drawn into `plot_box`es.
    styles : files of style beyond page.css.
    """
    whole = {
        **parts,
        "style": "\n".join(part(name) for name in ("page.css", *styles)),
        "script": part("plots.js"),
        "library": _library(),
        "spec": script_json({"charts": list(charts)}),
    }
    return Template(part("plots.html")).substitute(whole)


def plot_box(number: int, title: str, height: int) -> str:
    """Return the place that the chart of this number is drawn into."""
    name = escape(title)
    return (
        f'<figure><figcaption>{name}</figcaption><div class="plot" style="height:{height}px" '
        f'id="plot-{number}" role="img" aria-label="{name}"></div></figure>'
    )


def write_page(path: Path, html: str) -> None:
    """Write a page to `path`, replacing what is there, whole or not at all.

    Raises
    ------
    UsageError
        If it cannot be written there.
    """
    try:
        with TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
            made = Path(folder) / path.name
            made.write_text(html, encoding="utf-8")
            made.replace(path)
    except OSError as error:
        raise UsageError(unwritten(path, error)) from None


def unwritten(out: Path, error: OSError) -> str:
    """Return the sentence that says why a report is not at `out`."""
    reason = (error.strerror or str(error)).lower()
    return f"{out}: the report cannot be written there: {reason}"


def _ended(sentence: str) -> str:
    text = sentence[:1].upper() + sentence[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _library() -> str:
    # Megabytes, so they are read when a page is made and not when the package is imported.
    from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

    library: str = get_plotlyjs()
    return library
