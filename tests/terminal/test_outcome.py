"""The last lines of a build."""

import io
from pathlib import Path

from rich.console import Console

from proofbook.flow.build import Built
from proofbook.model.run import Failure, Run, TaskRun
from proofbook.terminal.outcome import print_outcome

TRACEBACK = """\
---------------------------------------------------------------------------
KeyError                                  Traceback (most recent call last)
Cell In[3], line 2
      1 frame = load()
----> 2 frame["nope"]

File library/deep.py:10, in get(self, key)
      9 # not of interest
---> 10 raise KeyError(key)

KeyError: 'nope'"""


def _printed(*tasks: TaskRun, report: Path | None = None) -> str:
    run = Run(number=4, pipeline="pipeline.yaml", ending="failed", started="", finished="", seconds=1.0, tasks=tasks)
    file = io.StringIO()
    print_outcome(Built(run=run, gate=None, report=report, exit_code=1), console=Console(file=file, width=100))
    return file.getvalue()


def test_a_failure_names_notebook_and_cell_and_shows_the_line_of_the_user() -> None:
    failure = Failure(kind="exception", message="KeyError: 'nope'", cell=5, cell_id="load", traceback=TRACEBACK)
    failed = TaskRun(name="train", status="failed", source="notebooks/train.ipynb", failure=failure)
    text = _printed(failed, TaskRun(name="evaluate", status="skipped"))
    assert "run 4 failed in 1.00 s: 1 failed, 1 skipped" in text
    assert "notebooks/train.ipynb, cell 5 (load): KeyError: 'nope'" in text
    assert '----> 2 frame["nope"]' in text
    assert "library/deep.py" not in text


def test_control_characters_of_a_traceback_do_not_reach_the_terminal() -> None:
    failure = Failure(kind="exception", message="\x1b[2J", cell=1, cell_id="a", traceback="Cell In[1]\n\x1b]0;x\x07")
    text = _printed(TaskRun(name="t", status="failed", failure=failure))
    assert "\x1b" not in text
    assert "\x07" not in text
