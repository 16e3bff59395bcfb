"""Records."""

from proofbook.lint.rule import Project
from tests.lint.factory import Case, parameters

_IMPORT = "from proofbook import record"

CASES = {
    "PB701": [
        Case(
            "nothing",
            [parameters(), "x = 1"],
            ["0:0:0 warning nothing is recorded: the gate has no value of this notebook to compare"],
        ),
        Case(
            "another function called record",
            [parameters(), "def record(*a): ...\nrecord('x', 1)"],
            ["0:0:0 warning nothing is recorded: the gate has no value of this notebook to compare"],
        ),
        Case(
            "a profile that nobody records",
            [parameters(), "from proofbook import profile\nprofile(df)"],
            ["0:0:0 warning nothing is recorded: the gate has no value of this notebook to compare"],
        ),
        Case("a record", [parameters(), f"{_IMPORT}\nrecord('rows', 3)"]),
        Case("by the package", [parameters(), "import proofbook as pb\npb.record('rows', 3)"]),
        Case("a scrap", [parameters(), "import scrapbook as sb\nsb.glue('rows', 3)"]),
        Case("in a function", [parameters(), f"{_IMPORT}\ndef f():\n    record('rows', 3)", "f()"]),
        Case("no task", ["x = 1"]),
        Case("another notebook may do it", [parameters(), "%run other.ipynb"]),
        Case("R", [parameters("x <- 1")], language="R"),
    ],
    "PB702": [
        Case(
            "twice",
            [_IMPORT, "record('auc', 1)", "record('auc', 2)"],
            ["3:1:1 error record `auc` is recorded already in cell 2: only the last stays"],
        ),
        Case(
            "twice in a cell",
            [f"{_IMPORT}\nrecord('auc', 1)\nrecord('auc', 2)"],
            ["1:3:1 error record `auc` is recorded already in line 2 of this cell: only the last stays"],
        ),
        Case(
            "computed",
            [f"{_IMPORT}\nfor c in carriers:\n    record(f'auc_{{c}}', 1)"],
            ["1:3:5 error the record's name is computed: the gate cannot know it before the run"],
        ),
        Case(
            "in a loop",
            [f"{_IMPORT}\nfor c in carriers:\n    record('auc', c)"],
            ["1:3:5 error record `auc` is recorded once in every turn of a loop: only the last stays"],
        ),
        Case(
            "by another task",
            [_IMPORT, "record('auc', 1)"],
            ["2:1:1 error record `auc` is also recorded in train.ipynb"],
            project=Project(records={"auc": ("train.ipynb",)}),
        ),
        Case(
            "once by record and once by glue",
            [f"{_IMPORT}\nimport scrapbook as sb", "record('auc', 1)", "sb.glue('auc', 2)"],
            ["3:1:1 error record `auc` is recorded already in cell 2: only the last stays"],
        ),
        Case(
            "empty, and so twice",
            [_IMPORT, "record('', 1)", "record('', 2)"],
            [
                "2:1:1 error '' is no name for a record: the cell will fail",
                "3:1:1 error '' is no name for a record: the cell will fail",
            ],
        ),
        Case(
            "with a space at its end",
            [f"{_IMPORT}\nfor c in carriers: record('auc ', 1)"],
            ["1:2:20 error 'auc ' is no name for a record: the cell will fail"],
        ),
        Case(
            "a profile is a value, and takes no name",
            [f"{_IMPORT}, profile\nrecord('a', profile(df))\nrecord('b', profile(df))"],
        ),
        Case("two names", [_IMPORT, "record('auc', 1)", "record('brier', 2)"]),
        Case("a name from a constant", [f"{_IMPORT}\nPREFIX = 'test'", "record(f'{PREFIX}_auc', 1)"]),
        Case("one of two branches", [f"{_IMPORT}\nif x:\n    record('auc', 1)\nelse:\n    record('auc', 2)"]),
        Case(
            "a failure's handler",
            [f"{_IMPORT}\ntry:\n    y = f()\nexcept ValueError:\n    record('auc', None)\nelse:\n    record('auc', y)"],
        ),
        Case(
            "by another task under another name",
            [_IMPORT, "record('auc', 1)"],
            project=Project(records={"brier": ("train.ipynb",)}),
        ),
        Case("another function", ["def record(n): ...\nrecord('a'); record('a')"]),
    ],
}
