"""Execution and outputs."""

from typing import Any

from proofbook.analyze import stamps
from proofbook.model.notebook import Cell
from tests.lint.factory import Case, code, markdown

_ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "'delay'", "traceback": ["..."]}
_STREAM = {"output_type": "stream", "name": "stderr", "text": "KeyError: 'delay'"}

_RESULT = {"output_type": "execute_result", "data": {"text/plain": ["3"]}, "metadata": {}, "execution_count": 1}


def _ran(text: str, *, now: str | None = None, count: int = 1, shows: str = "3", language: str = "python") -> Any:
    """A cell that was stamped when it was run as `text`, and says `now` today."""
    result = {**_RESULT, "data": {"text/plain": [shows]}}
    cell = Cell(number=1, id="a", kind="code", source=text, execution_count=count, outputs=(result,))
    noted = {"ran": stamps.stamp(cell, python=language == "python")}
    return code(text if now is None else now, count=count, outputs=(result,), proofbook=noted)


CASES = {
    "PB101": [
        Case(
            "counts fall",
            [code("a = 1", count=3), markdown("text"), code("b = 2", count=2), code("c = 3", count=1)],
            ["3:0:0 warning cells ran out of order: [2] stands below [3] of cell 1"],
        ),
        Case(
            "a count twice",
            [code("a = 1", count=1), code("b = 2", count=1)],
            ["2:0:0 warning cells ran out of order: [1] stands below [1] of cell 1"],
        ),
        Case(
            "an error where outputs are committed",
            [code("a = 1", count=2), code("b = 2"), code("c = 3", count=1)],
            ["3:0:0 error cells ran out of order: [1] stands below [2] of cell 1"],
            commit_outputs=True,
        ),
        Case(
            "in another language",
            [code("a <- 1", count=2), code("b <- 2", count=1)],
            ["2:0:0 warning cells ran out of order: [1] stands below [2] of cell 1"],
            language="R",
        ),
        Case("a stripped source", [code("a = 1"), code("b = 2")], commit_outputs=True),
        Case("counts rise", [code("a = 1", count=1), code("b = 2", count=2)], commit_outputs=True),
        Case(
            "counts rise with gaps",
            [code("a = 1", count=4), code("b = 2"), code("c = 3", count=9)],
            commit_outputs=True,
        ),
        Case("an empty notebook", [], commit_outputs=True),
    ],
    "PB102": [
        Case(
            "a cell was deleted, or ran twice",
            [code("a = 1", count=1), "# not run", code("b = 2", count=4), code("c = 3", count=9)],
            ["3:0:0 warning [4] follows [1]: 2 executions before it left no cell, or ran one twice"],
            commit_outputs=True,
        ),
        Case(
            "one is missing",
            [code("a <- 1", count=1), code("b <- 2", count=3)],
            ["2:0:0 warning [3] follows [1]: 1 execution before it left no cell, or ran one twice"],
            commit_outputs=True,
            language="R",
        ),
        Case(
            "the kernel was not fresh",
            [code("a = 1", count=7), code("b = 2", count=8)],
            ["1:0:0 warning [7] is the first: 6 executions before it left no cell, or ran one twice"],
            commit_outputs=True,
        ),
        Case(
            "asked for by its code",
            [code("a = 1", count=2)],
            ["1:0:0 warning [2] is the first: 1 execution before it left no cell, or ran one twice"],
            select=["PB102"],
        ),
        Case("counts that fall are another rule's", [code("a", count=5), code("b", count=2)], commit_outputs=True),
        Case("one after the other", [code("a", count=1), "", code("b", count=2)], commit_outputs=True),
        Case("a stripped source", [code("a = 1"), code("b = 2")], commit_outputs=True),
        Case("outputs are not committed", [code("a = 1", count=1), code("b = 2", count=4)]),
        Case("outputs are not committed, and the group is asked for", [code("a", count=4)], select=["PB1"]),
    ],
    "PB103": [
        Case(
            "a cell in the middle",
            [code("a = 1", count=1), markdown("text"), "b = 2", code("c = 3", count=2)],
            ["3:0:0 warning this cell was not run, while 2 of 3 were"],
        ),
        Case(
            "the rest of the notebook",
            [code("a = 1", count=1), "b = 2", "c = 3", "d = 4"],
            ["2:0:0 error this cell and 2 below it were not run, while 1 of 4 were"],
            commit_outputs=True,
        ),
        Case(
            "in another language",
            ["a <- 1", code("b <- 2", count=1)],
            ["1:0:0 warning this cell was not run, while 1 of 2 were"],
            language="R",
        ),
        Case("empty cells and comments", [code("a = 1", count=1), "  \n", "# what is left to do"]),
        Case("a cell that is to be skipped", [code("a = 1", count=1), code("b = 2", "skip-execution")]),
        Case("a cell that is frozen", [code("a = 1", count=1), code("b = 2", run_control={"frozen": True})]),
        Case("it shows something", [code("a = 1", count=1), code("b", outputs=(_STREAM,))]),
        Case("all were run", [code("a = 1", count=1), code("b = 2", count=2)], commit_outputs=True),
        Case("a stripped source", [code("a = 1"), code("b = 2")], commit_outputs=True),
        Case("an empty notebook", [], commit_outputs=True),
    ],
    "PB104": [
        Case(
            "the source was changed",
            [_ran("1 + 2", now="1 + 3"), _ran("1 + 2", count=2)],
            ["1:0:0 warning the source was changed after it made the output that the cell shows"],
        ),
        Case(
            "an error where outputs are committed",
            [_ran("x <- 3", now="x <- 4", language="r")],
            ["1:0:0 error the source was changed after it made the output that the cell shows"],
            commit_outputs=True,
            language="R",
        ),
        Case("as it was", [_ran("1 + 2")], commit_outputs=True),
        Case("only a comment is new", [_ran("1 + 2", now="1 + 2  # three\n")], commit_outputs=True),
        Case("never stamped", [code("1 + 2", count=1, outputs=(_RESULT,))], commit_outputs=True),
        Case(
            "somebody ran it since",
            [{**_ran("1 + 2", now="1 + 3"), "execution_count": 4}, {**_ran("1", now="2"), "outputs": [_STREAM]}],
            commit_outputs=True,
        ),
        Case(
            "stripped",
            [{**_ran("1 + 2", now="1 + 3"), "outputs": [], "execution_count": None}],
            commit_outputs=True,
        ),
        Case(
            "a stamp of another Python",
            [code("4", count=1, outputs=(_RESULT,), proofbook={"ran": {"python": "2.7", "source": "x"}})],
            commit_outputs=True,
        ),
        Case("a stamp that is none", [code("4", outputs=(_RESULT,), proofbook={"ran": 3})], commit_outputs=True),
        Case("not even a table", [code("4", outputs=(_RESULT,), proofbook=[])], commit_outputs=True),
    ],
    "PB105": [
        Case(
            "a traceback",
            [code("a = 1", count=1), code("df['delay']", count=2, outputs=(_STREAM, _ERROR))],
            ["2:0:0 warning the saved output is an error: KeyError: 'delay'"],
            fixed=[code("a = 1", count=1), code("df['delay']")],
        ),
        Case(
            "an error where outputs are committed",
            [code("df['delay']", count=2, outputs=(_ERROR,))],
            ["1:0:0 error the saved output is an error: KeyError: 'delay'"],
            commit_outputs=True,
            fixed=[code("df['delay']", count=2, outputs=(_ERROR,))],
            leaves=["1:0:0 error the saved output is an error: KeyError: 'delay'"],
        ),
        Case(
            "an error of many lines",
            [code("f()", outputs=({"output_type": "error", "ename": "E", "evalue": "one\ntwo" + "x" * 200},))],
            ["1:0:0 warning the saved output is an error: E: one two" + "x" * 87 + "..."],
            fixed=["f()"],
        ),
        Case(
            "an error that says nothing",
            [code("f()", outputs=({"output_type": "error", "ename": 3},))],
            ["1:0:0 warning the saved output is an error: of an unknown kind"],
            fixed=["f()"],
        ),
        Case("meant to raise", [code("1/0", "raises-exception", outputs=(_ERROR,))], commit_outputs=True),
        Case("text on stderr", [code("a = 1", outputs=(_STREAM,))], commit_outputs=True),
        Case("a stripped source", [code("1/0")], commit_outputs=True),
    ],
    "PB106": [
        Case(
            "a cell of an older run",
            [code("x = 1", "parameters"), code("# Parameters\nx = 2", "injected-parameters")],
            ["2:0:0 error a cell that was injected by an earlier run is still in the source"],
            fixed=[code("x = 1", "parameters")],
        ),
        Case(
            "a cell of an older run whose names nobody else binds",
            ["import os", code("x = 2", "injected-parameters"), "x"],
            ["2:0:0 error a cell that was injected by an earlier run is still in the source"],
            fixed=["import os", {**code("x"), "id": "c"}],
        ),
        Case(
            "a cell of an older run in another language",
            [code("x <- 2", "injected-parameters")],
            ["1:0:0 error a cell that was injected by an earlier run is still in the source"],
            language="R",
            fixed=[],
        ),
        Case("a parameters cell", [code("x = 1", "parameters")]),
        Case("the tag's name in text", [code("x = 'injected-parameters'")]),
    ],
    "PB107": [
        Case(
            "a run that failed",
            [code("a = 1", papermill={"status": "completed"}), code("b", papermill={"exception": True}), markdown("x")],
            ["0:0:0 warning papermill's notes on an earlier run (which failed, in 2 cells) are still in the source"],
            metadata={"papermill": {"duration": 3.2, "output_path": "/home/me/out.ipynb"}},
            fixed=[code("a = 1"), code("b"), markdown("x")],
            fixed_metadata={"language_info": {"name": "python"}},
        ),
        Case(
            "of the notebook only",
            ["a = 1"],
            ["0:0:0 warning papermill's notes on an earlier run are still in the source"],
            metadata={"papermill": {"status": "completed"}},
            fixed=["a = 1"],
            fixed_metadata={"language_info": {"name": "python"}},
        ),
        Case(
            "of a cell only",
            [code("a <- 1", papermill={"status": "failed"})],
            ["0:0:0 warning papermill's notes on an earlier run (which failed, in 1 cell) are still in the source"],
            language="R",
            fixed=[code("a <- 1")],
        ),
        Case("nothing was noted", ["a = 1"], metadata={"papermill": {}}),
        Case("another tool's", [code("a = 1", execution={"iopub.status.busy": "now"})]),
    ],
}
