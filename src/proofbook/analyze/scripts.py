"""
Notebooks that are text: percent scripts, R scripts and Markdown files, cut into cells by jupytext.

jupytext says what the cells are, not where they stand: that is found again in the text.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from proofbook.exceptions import NotebookError
from proofbook.lean import lean

__all__ = [
    "MARKDOWN",
    "SUFFIXES",
    "UNNAMED",
    "document",
    "has_cells",
    "has_header",
    "header_of",
    "is_notebook",
    "starts",
]

SUFFIXES = frozenset({".py", ".md", ".markdown", ".Rmd", ".qmd", ".r", ".R"})
"""Endings of the files that are read through jupytext."""
MARKDOWN = frozenset({".md", ".markdown", ".qmd"})
"""Endings of files that are seldom notebooks: only jupytext's header makes them so."""
UNNAMED = "proofbook-unnamed-kernel"
"""What a kernel is called here that the header gives no `display_name`."""

_KERNELSPEC = re.compile(r"^(?P<key>\W*kernelspec:[ \t]*)(?:(?P<brace>\{)|\r?\n(?P<before>[^\w\n]*))", re.MULTILINE)
_FRONT = re.compile(
    r"\A\ufeff?(?:\s*<!--\s*)?(?:#'?[ \t]?)?---[ \t]*\r?\n(.*?)^(?:#'?[ \t]?)?---[ \t]*\r?$", re.DOTALL | re.MULTILINE
)
_OF_JUPYTER = re.compile(r"^(?:#'?[ \t]?)?(?:jupyter|jupytext|kernelspec)[ \t]*:", re.MULTILINE)
_CELL = re.compile(r"^#\s*(?:%%|\+(?:\s|$))", re.MULTILINE)
_PARAMETERS = re.compile(r"^#\s*(?:%%|\+).*\bparameters\b", re.MULTILINE)
_COMMENT = re.compile(r"\s*#'?\s?")
_CANDIDATES = 50
"""Of how many lines that begin alike a cell's first line is sought."""


def has_header(text: str) -> bool:
    """Whether the text begins with a YAML header that speaks of Jupyter, as jupytext and MyST write it."""
    front = _FRONT.match(text)
    return front is not None and _OF_JUPYTER.search(front[1]) is not None


def header_of(text: str) -> str:
    """The YAML header that the text begins with, with the line end and the blank lines behind it; empty without one."""
    front = _FRONT.match(text)
    if front is None or _OF_JUPYTER.search(front[1]) is None:
        return ""
    rest = text[front.end() :]
    return text[: len(text) - len(rest.lstrip("\r\n"))]


def has_cells(text: str, *, suffix: str) -> bool:
    """Whether a file that a person has opened is divided into cells, with or without parameters."""
    return has_header(text) or suffix == ".Rmd" or (suffix not in MARKDOWN and _CELL.search(text) is not None)


def is_notebook(text: str, *, suffix: str) -> bool:
    """
    Whether a file that nobody has called a notebook is one.

    A header of jupytext makes it one, and in a script, where Markdown has other uses, a cell tagged `parameters`.
    """
    return has_header(text) or (suffix not in MARKDOWN and _PARAMETERS.search(text) is not None)


def document(text: str, path: str) -> Any:
    """
    What jupytext makes of `text`, an nbformat node; the ending of `path` says which format it is.

    Raises:
        NotebookError: jupytext cannot read it.
    """
    # only scripts need it; as a whole, with its part for Jupyter's server, it costs over a second
    with lean():
        import jupytext

    try:
        return jupytext.reads(text, fmt={"extension": Path(path).suffix})
    except Exception as error:  # noqa: BLE001  jupytext raises what its parsers raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        named = _KERNELSPEC.sub(_named, text, count=1) if "'display_name' is a required" in reason else text
        if named != text and UNNAMED not in text:
            return document(named, path)
        raise NotebookError(f"{path}: jupytext cannot read it: {reason}") from None


def _named(kernelspec: re.Match[str]) -> str:
    """The beginning of a header's kernelspec, on one line or over several, with a `display_name` put in front."""
    key, brace, before = kernelspec.group("key", "brace", "before")
    name = f"display_name: {UNNAMED}"
    return f"{key}{{{name}, " if brace else f"{key}\n{before}{name}\n{before}"


def starts(sources: Sequence[str], text: str) -> Iterator[int]:
    """
    The line of the text, from 1, on which each cell's source starts; where that cannot be told, the end of the last.

    Markdown and magics may stand in comments, and the magic of a cell in another language in its fence.
    """
    lines = [line.strip() for line in text.splitlines()]
    index: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        for form in {line, _bare(line)}:
            index[form].append(number)
    at = 0
    for source in sources:
        own = [line.strip() for line in source.split("\n")]
        found = _find(own, lines, index, at)
        if found is None and len(own) > 1 and own[0].startswith("%%"):
            below = _find(own[1:], lines, index, at + 1)
            found = below - 1 if below is not None else None
        if found is None:
            found = next(iter(_candidates(own[0], index, at)), at) if own[0] else at
        yield min(found, max(len(lines) - 1, 0)) + 1
        at = found + len(own)


def _find(own: list[str], lines: list[str], index: dict[str, list[int]], at: int) -> int | None:
    """Where `own` stands as a whole, from `at` on."""
    blank = next((number for number, line in enumerate(own) if line), None)
    if blank is None:
        return None
    for found in _candidates(own[blank], index, at + blank):
        first = found - blank
        here = lines[first : first + len(own)]
        if len(here) == len(own) and all(a in (b, _bare(b)) for a, b in zip(own, here, strict=True)):
            return first
    return None


def _candidates(line: str, index: dict[str, list[int]], at: int) -> list[int]:
    places = index.get(line, [])
    first = bisect_left(places, at)
    return places[first : first + _CANDIDATES]


def _bare(line: str) -> str:
    """The line without the sign of a comment."""
    return _COMMENT.sub("", line, count=1).strip() if line.startswith("#") else line
