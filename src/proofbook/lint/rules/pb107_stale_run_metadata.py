"""PB107: what papermill noted of an earlier run, in a source notebook."""

from collections.abc import Iterator

from proofbook.lint.fix import Fix, SetMetadata
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.model.notebook import Cell

__all__ = ["stale_run_metadata"]

_KEY = "papermill"


@rule("PB107", "stale-run-metadata", level="warning", python=False, fix="safe")
def stale_run_metadata(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds what papermill notes when it executes a notebook: status, exception, times, parameters and paths, below
    `papermill` in the metadata of the notebook and of its cells. In a source notebook it is the rest of an older run.

    ## Why is this bad?
    It says that a run failed, or succeeded, which was not a run of this source; and it holds paths of the machine on
    which that was. Every executed copy that somebody saves over the source changes all of it.

    ## Example
    ```json
    "metadata": {
      "papermill": {"status": "failed", "exception": true, "duration": 12.3, "output_path": "/home/me/out.ipynb"}
    }
    ```

    Use instead:
    ```json
    "metadata": {}
    ```

    ## Fix safety
    Removing it is safe: it is not read by anything that runs, and the next run notes its own.
    """
    notebook = subject.notebook
    cells = [cell for cell in notebook.cells if cell.metadata.get(_KEY)]
    own = notebook.metadata.get(_KEY)
    if not cells and not own:
        return
    places: list[Cell | None] = [*([None] if own else []), *cells]
    yield Violation(
        message=f"papermill's notes on an earlier run{_told(own, cells)} are still in the source",
        advice="remove `papermill` from the metadata of the notebook and of its cells",
        fix=Fix(
            title="Remove what papermill noted of an earlier run",
            safety="safe",
            changes=tuple(SetMetadata(cell=cell, path=(_KEY,)) for cell in places),
        ),
    )


def _told(own: object, cells: list[Cell]) -> str:
    """What is worth saying of them: that the run failed, and in how many cells they stand."""
    notes = [own, *(cell.metadata[_KEY] for cell in cells)]
    failed = any(isinstance(note, dict) and (note.get("exception") or note.get("status") == "failed") for note in notes)
    told = ["which failed"] if failed else []
    told += [f"in {len(cells)} {'cell' if len(cells) == 1 else 'cells'}"] if cells else []
    return f" ({', '.join(told)})" if told else ""
