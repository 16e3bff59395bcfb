"""PB807: a file that cannot be read as a notebook."""

import re
from collections.abc import Iterator
from pathlib import PurePath

from proofbook.analyze import scripts
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["unreadable"]

_CODE_CELL = re.compile(r"^(?:`{3,}|~{3,}|:{3,})\{code-cell\}", re.MULTILINE)


@rule("PB807", "unreadable", level="error", python=False)
def unreadable(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a file that is no notebook of nbformat 4: not UTF-8, not JSON, truncated, empty, of an older format, too
    large, or nested so deeply that no tool reads it. It runs whatever is selected, unless `PB807` itself is ignored.

    Of a task of the pipeline, it also finds a script that Proofbook can read and Ploomber cannot: its header names a
    kernel without `display_name`. And it finds a Markdown file with `{code-cell}` blocks of which none is read as a
    cell, because its header does not say that they are MyST's.

    ## Why is this bad?
    What cannot be read cannot be checked or run. A truncated file is often one that is being saved at this moment:
    then the next attempt succeeds.

    ## Example
    ```text
    {"cells": [{"cell_type": "code", "sour
    ```

    Use instead: the whole file, saved again by the editor; for nbformat 3
    `jupyter nbconvert --to notebook --inplace old.ipynb`.

    ## Fix safety
    There is no fix: what is missing cannot be guessed.
    """
    if subject.unreadable is not None:
        what, _, cure = subject.unreadable.partition("; ")
        subject_of = "it " if what.split(" ", 1)[0] in {"is", "has", "ends"} else ""
        reason = what.removeprefix("cannot be read: ")
        yield Violation(message=f"the file cannot be read: {subject_of}{reason}", advice=cure)
    elif _is_unread_myst(subject):
        yield Violation(
            message="no cell of the file is read: its `{code-cell}` blocks are MyST's, and its header does not say so",
            advice="write `extension: .md` beside `format_name: myst` into the header's `text_representation`",
        )
    elif subject.notebook.format == "percent" and subject.project is not None and subject.project.task:
        kernel = subject.notebook.metadata.get("kernelspec")
        if isinstance(kernel, dict) and "display_name" not in kernel:
            yield Violation(
                message="Ploomber cannot read the file: the kernelspec in its header has no `display_name`",
                advice="add one to the kernelspec, such as `display_name: Python 3`",
            )


def _is_unread_myst(subject: Subject) -> bool:
    notebook = subject.notebook
    if PurePath(notebook.path).suffix not in scripts.MARKDOWN or notebook.code_cells:
        return False
    return any(_CODE_CELL.search(cell.source) for cell in notebook.cells)
