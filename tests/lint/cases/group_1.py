"""Execution and outputs."""

from tests.lint.factory import Case, code, markdown

_ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "'delay'", "traceback": ["..."]}
_STREAM = {"output_type": "stream", "name": "stderr", "text": "KeyError: 'delay'"}

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
    "PB105": [
        Case(
            "a traceback",
            [code("a = 1", count=1), code("df['delay']", count=2, outputs=(_STREAM, _ERROR))],
            ["2:0:0 warning the saved output is an error: KeyError: 'delay'"],
        ),
        Case(
            "an error where outputs are committed",
            [code("df['delay']", count=2, outputs=(_ERROR,))],
            ["1:0:0 error the saved output is an error: KeyError: 'delay'"],
            commit_outputs=True,
        ),
        Case(
            "an error of many lines",
            [code("f()", outputs=({"output_type": "error", "ename": "E", "evalue": "one\ntwo" + "x" * 200},))],
            ["1:0:0 warning the saved output is an error: E: one two" + "x" * 87 + "..."],
        ),
        Case(
            "an error that says nothing",
            [code("f()", outputs=({"output_type": "error", "ename": 3},))],
            ["1:0:0 warning the saved output is an error: of an unknown kind"],
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
        Case("a parameters cell", [code("x = 1", "parameters")]),
        Case("the tag's name in text", [code("x = 'injected-parameters'")]),
    ],
}
