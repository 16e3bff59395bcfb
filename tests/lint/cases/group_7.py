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
            project=Project(),
        ),
        Case(
            "another function called record",
            [parameters(), "def record(*a): ...\nrecord('x', 1)"],
            ["0:0:0 warning nothing is recorded: the gate has no value of this notebook to compare"],
            project=Project(),
        ),
        Case(
            "a profile that nobody records",
            [parameters(), "from proofbook import profile\nprofile(df)"],
            ["0:0:0 warning nothing is recorded: the gate has no value of this notebook to compare"],
            project=Project(),
        ),
        Case("a record", [parameters(), f"{_IMPORT}\nrecord('rows', 3)"], project=Project()),
        Case("by the package", [parameters(), "import proofbook as pb\npb.record('rows', 3)"], project=Project()),
        Case("a scrap", [parameters(), "import scrapbook as sb\nsb.glue('rows', 3)"], project=Project()),
        Case("in a function", [parameters(), f"{_IMPORT}\ndef f():\n    record('rows', 3)", "f()"], project=Project()),
        Case("without a parameters cell", ["x = 1"], project=Project()),
        Case("where nobody knows of a pipeline", [parameters(), "x = 1"]),
        Case("beside a pipeline", [parameters(), "x = 1"], project=Project(task=False)),
        Case("another notebook may do it", [parameters(), "%run other.ipynb"], project=Project()),
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
    "PB703": [
        Case(
            "a set",
            [f"{_IMPORT}\nrecord('carriers', set(flights))\nrecord('origins', {{'EWR', 'JFK'}})"],
            [
                "1:2:20 warning record `carriers` is a set, which cannot be compared",
                "1:3:19 warning record `origins` is a set, which cannot be compared",
            ],
            fixed=[f"{_IMPORT}\nrecord('carriers', sorted(set(flights)))\nrecord('origins', sorted({{'EWR', 'JFK'}}))"],
        ),
        Case(
            "a set by a name, by the keyword, as a scrap",
            ["import scrapbook as sb", "known = {x for x in flights}", "sb.glue(name='known', data=known)"],
            ["3:1:28 warning record `known` is a set, which cannot be compared"],
            fixed=[
                "import scrapbook as sb",
                "known = {x for x in flights}",
                "sb.glue(name='known', data=sorted(known))",
            ],
        ),
        Case(
            "iterators",
            [f"{_IMPORT}\nrecord('a', (x for x in y))\nrecord('b', map(f, y))\nrecord('c', known.items())"],
            [
                "1:2:13 warning record `a` is an iterator, which cannot be compared",
                "1:3:13 warning record `b` is an iterator, which cannot be compared",
                "1:4:13 warning record `c` is an iterator, which cannot be compared",
            ],
            fixed=[
                (
                    f"{_IMPORT}\nrecord('a', list(x for x in y))\nrecord('b', list(map(f, y)))\n"
                    "record('c', list(known.items()))"
                )
            ],
        ),
        Case(
            "a number as text",
            [f"{_IMPORT}\nrecord('auc', f'{{auc:.3f}}')\nrecord('share', str(round(x / y, 2)))"],
            [
                "1:2:15 warning record `auc` is a number as text, which cannot be compared",
                "1:3:17 warning record `share` is a number as text, which cannot be compared",
            ],
            fixed=[f"{_IMPORT}\nrecord('auc', auc)\nrecord('share', round(x / y, 2))"],
        ),
        Case(
            "the module that draws",
            [f"{_IMPORT}\nimport matplotlib.pyplot as plt", "record('curve', plt)"],
            ["2:1:17 warning record `curve` is a module, which cannot be compared"],
            fixed=[f"{_IMPORT}\nimport matplotlib.pyplot as plt", "record('curve', plt.gcf())"],
        ),
        Case(
            "a lazy table",
            [f"{_IMPORT}\nimport polars as pl", "record('rows', pl.scan_parquet('x').lazy())"],
            ["2:1:16 warning record `rows` is a table that is not computed yet, which cannot be compared"],
            fixed=[f"{_IMPORT}\nimport polars as pl", "record('rows', pl.scan_parquet('x').lazy().collect())"],
        ),
        Case(
            "what has no other form",
            [
                f"{_IMPORT}\nimport json\nfrom sklearn.svm import SVC\nmodel = SVC()\ndef f(): ...",
                "record('a', f)\nrecord('b', lambda: 1)\nrecord('c', b'x')\nrecord('d', open('x'))\nrecord('e', json)",
                "record(name(), model)",
            ],
            [
                "2:1:13 warning record `a` is a function, which cannot be compared",
                "2:2:13 warning record `b` is a function, which cannot be compared",
                "2:3:13 warning record `c` is bytes, which cannot be compared",
                "2:4:13 warning record `d` is an open file, which cannot be compared",
                "2:5:13 warning record `e` is a module, which cannot be compared",
                "3:1:16 warning the record is a model, which cannot be compared",
            ],
        ),
        Case(
            "what can be compared",
            [
                f"{_IMPORT}\nfrom pathlib import Path",
                "record('a', 1)\nrecord('b', [1])\nrecord('c', {'x': 1})\nrecord('d', Path('x'))\nrecord('e', flights)",
                "record('f', sorted(set(flights)))\nrecord('g', f'{n:,} flights')\nrecord('h', f'{name}')",
                "record('i', f'{day:%B}')\nrecord('j', str(name))\nrecord('k', flights.values)",
            ],
        ),
        Case(
            "a model that is asked",
            [f"{_IMPORT}\nfrom sklearn.svm import SVC", "model = SVC()", "record('model', model, probe=X)"],
        ),
        Case("a name of two things", [f"{_IMPORT}\nx = {{1}}", "x = sorted(x)", "record('x', x)"]),
        Case("another function", ["def record(*a): ...\nrecord('x', {1})"]),
    ],
}
