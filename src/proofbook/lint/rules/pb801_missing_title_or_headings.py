"""PB801: no title, or no headings."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from proofbook.lint.fix import Fix, InsertCell
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["missing_title_or_headings"]

_LONG = 10
"""Code cells above which a notebook wants headings."""
_MARKED = re.compile(r" {0,3}(#{1,6})(?!#)\s*\S|\s*<h([1-6])\b", re.IGNORECASE)
_UNDERLINED = re.compile(r" {0,3}(=+|-{3,})\s*")
_FENCE = re.compile(r" {0,3}(```|~~~)")


@rule("PB801", "missing-title-or-headings", level="warning", default=False, python=False, fix="unsafe")
def missing_title_or_headings(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a notebook that does not begin with a title, which is a heading of the first level in its first cell that
    holds anything, and one of more than 10 code cells without any heading beside the title. Off unless it is selected.

    ## Why is this bad?
    Whoever opens the notebook, its report or its comparison has to read code to learn what it is about, and JupyterLab
    has no table of contents to offer.

    ## Example
    ```python
    import polars as pl
    ```

    Use instead:
    ```markdown
    # Late departures by airline
    ```
    ```python
    import polars as pl
    ```

    ## Fix safety
    The fix makes a title of the file's name, which changes nothing that runs. It is unsafe because a name is not yet a
    title: somebody should read it.
    """
    cells = [cell for cell in subject.notebook.cells if cell.source.strip()]
    if not cells:
        return
    titled = _is_title(cells[0])
    if not titled:
        name = " ".join(re.split(r"[\s_-]+", PurePath(subject.notebook.path).stem)).strip() or "Notebook"
        first = subject.notebook.cells[0]
        title = InsertCell(before=first, kind="markdown", source=f"# {name[0].upper()}{name[1:]}")
        yield Violation(
            message="the notebook does not begin with a title",
            advice="add a markdown cell at the top: `# What this notebook is about`",
            fix=Fix(title="Make a title of the file's name", safety="unsafe", changes=(title,)),
        )
    running = sum(cell.kind == "code" for cell in cells)
    headings = sum(len(_levels(cell)) for cell in cells)
    if running > _LONG and headings <= titled:
        yield Violation(
            message=f"{running} code cells, and no heading among them",
            advice="add markdown cells with headings: `## What comes next`",
        )


def _is_title(cell: Cell) -> bool:
    lines = cell.source.splitlines()
    if cell.kind != "code" and lines[0].strip() == "---":
        # the front matter of Quarto and others
        return any(line.lower().startswith("title:") for line in lines)
    return 1 in _levels(cell)


def _levels(cell: Cell) -> list[int]:
    """The levels of the headings of a markdown cell; `#` in a block of code begins a comment."""
    levels: list[int] = []
    fence, above = "", ""
    for line in cell.source.splitlines() if cell.kind == "markdown" else ():
        limit = _FENCE.match(line)
        if limit and fence in {"", limit[1]}:
            fence = "" if fence else limit[1]
        elif not fence and (marked := _MARKED.match(line)):
            levels.append(int(marked[2] or len(marked[1])))
        elif not fence and above.strip() and (under := _UNDERLINED.fullmatch(line)):
            levels.append(1 if under[1][0] == "=" else 2)
        above = line
    return levels
