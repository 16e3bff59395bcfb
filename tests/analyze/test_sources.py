"""Which sources of chance reach what is recorded and written."""

import pytest

from proofbook.analyze import sources
from tests.analyze.notebooks import flows


def reached(*cells: str, sure: bool | None = True) -> list[tuple[str, str]]:
    """Kind of the source and name of the record, or path of the file, that it reaches."""
    return [
        (reach.source.kind, reach.record.name if reach.record is not None else reach.file.path)
        for reach in sources.reaching(flows("from proofbook import record", *cells))
        if sure is None or reach.sure == sure
    ]


class TestRecords:
    """From a source to the value of a record."""

    @pytest.mark.parametrize(
        ("cells", "kind"),
        [
            (["from datetime import datetime\nrecord('a', datetime.now())"], "clock"),
            (["import datetime\nrecord('a', str(datetime.date.today()))"], "clock"),
            (["import time", "t0 = time.time()", "f()", "record('a', time.time() - t0)"], "clock"),
            (["import pandas as pd", "now = pd.Timestamp.now()", "record('a', f'{now:%Y}')"], "clock"),
            (["import pandas as pd", "record('a', pd.Timestamp('now').year)"], "clock"),
            (["import time", "record('a', time.strftime('%Y'))"], "clock"),
            (["import uuid", "run = uuid.uuid4().hex[:8]", "record('a', {'run': run})"], "uuid"),
            (["import os", "record('a', os.environ['USER'])"], "environment"),
            (["import os", "user = os.environ.get('USER', 'x')", "record('a', user.upper())"], "environment"),
            (["from os import getenv", "record('a', getenv('USER'))"], "environment"),
            (["import socket", "host = socket.gethostname()", "record('a', value=host)"], "host"),
            (["from pathlib import Path", "record('a', str(Path.cwd() / 'x'))"], "host"),
            (["import random", "record('a', random.random())"], "random"),
            (["import numpy as np", "rng = np.random.default_rng()", "record('a', rng.normal(size=3).mean())"], "random"),
            (["import numpy as np", "x = np.random.rand(3)", "record('a', np.mean(x))"], "random"),
            (["import os", "names = os.listdir('d')", "record('a', names)"], "unordered"),
            (["import glob", "record('a', [f.upper() for f in glob.glob('*')])"], "unordered"),
            (["from pathlib import Path", "rows = []", "for p in Path('d').iterdir():\n    rows.append(p.name)", "record('a', rows)"], "unordered"),
            (["import os, pandas as pd", "out = []\nfor f in os.listdir('d'):\n    out.append(pd.read_csv(f))", "record('a', pd.concat(out))"], "unordered"),
            (["kinds = set(xs)", "record('a', list(kinds))"], "unordered"),
            (["record('a', ', '.join({x.name for x in xs}))"], "unordered"),
            (["s = {'a', 'b'} | t", "out = ''\nfor k in s:\n    out += k", "record('a', out)"], "unordered"),
        ],
    )  # fmt: skip
    def test_a_source_reaches_a_record_through_what_the_cells_do_with_it(self, cells: list[str], kind: str) -> None:
        assert (kind, "a") in reached(*cells)

    @pytest.mark.parametrize(
        "cells",
        [
            ["record('a', 1)"],
            ["from datetime import datetime\nprint(datetime.now())\nrecord('a', 1)"],
            ["from datetime import datetime", "now = datetime.now()", "now = datetime(2020, 1, 1)", "record('a', now)"],
            ["from datetime import datetime, date", "record('a', date(2013, 1, 1))"],
            ["import time", "record('a', time.strftime('%Y', moment))"],
            ["import pandas as pd", "record('a', pd.to_datetime('2013-01-01'))"],
            ["import random\nrandom.seed(1)", "record('a', random.random())"],
            ["import numpy as np", "rng = np.random.default_rng(0)", "record('a', rng.normal())"],
            ["import numpy as np", "np.random.seed(0)", "record('a', np.random.rand())"],
            ["import os", "record('a', sorted(os.listdir('d')))"],
            ["import os", "record('a', len(os.listdir('d')))"],
            ["names = set(xs)", "record('a', len(names))", "record('b', sorted(names))", "record('c', 'x' in names)"],
            ["kinds = set(xs)", "n = 0\nfor k in kinds:\n    n += size(k)", "record('a', n)"],
            ["kinds = set(xs)", "d = {}\nfor k in kinds:\n    d[k] = 1", "record('a', d)"],
            [
                "kinds = set(xs)",
                "s = []\nfor k in kinds:\n    s.append(size(k))",
                "record('a', sum(s))\nrecord('b', len(s))",
            ],
            ["kinds = set(xs)", "for k in kinds:\n    f(k)", "s = []\ns.append(1)\nrecord('a', s)"],
            ["record('a', list({1, 2, 3}))", "record('b', list(set(range(3))))"],
            [
                "import os, pandas as pd",
                "df = pd.read_csv(os.environ['DATA'])",
                "record('a', len(df))\nrecord('b', df)",
            ],
            ["import os", "record('a', fit(X, n_jobs=os.cpu_count()))"],
            ["import os", "names = os.listdir('d')", "names.sort()", "record('a', names)"],
            ["import os", "names = os.listdir('d')", "del names\nnames = []", "record('a', names)"],
            ["import datetime", "[now for now in [datetime.datetime.now()]]", "record('a', now)"],
        ],
    )
    def test_what_gives_the_same_each_time_is_left_alone(self, cells: list[str]) -> None:
        assert reached(*cells, sure=None) == []

    def test_an_unknown_function_may_make_anything_of_it(self) -> None:
        cells = ["import time", "from lib import f", "record('a', f(time.time()))"]
        assert reached(*cells) == []
        assert reached(*cells, sure=False) == [("clock", "a")]

    def test_a_function_of_the_notebook_is_looked_into(self) -> None:
        cells = ["import time\ndef stamp(x):\n    t = time.time()\n    return x, t", "record('a', stamp(1))"]
        assert reached(*cells) == [("clock", "a")]
        assert reached("def same(x):\n    return 1", "import time\nrecord('a', same(time.time()))", sure=None) == []
        assert reached("import time\ndef keep(v):\n    record('a', v)", "keep(1)", sure=None) == []
        assert reached("import time\ndef keep(v):\n    record('a', v)", "keep(time.time())") == [("clock", "a")]

    def test_functions_that_call_each_other_end(self) -> None:
        assert reached("def f(x): return g(x)\ndef g(x): return f(x) or g(x)", "record('a', f(1))", sure=None) == []

    def test_a_branch_may_bring_it(self) -> None:
        assert reached("import time\nt = 0", "if c:\n    t = time.time()", "record('a', t)") == [("clock", "a")]

    def test_both_ends_say_where_they_are(self) -> None:
        (reach,) = sources.reaching(
            flows("from proofbook import record", "import time\nt = time.time()", "record('a', t)")
        )
        assert (reach.source.cell, reach.source.span.line, reach.source.span.column) == (2, 2, 5)
        assert reach.source.text == "time.time()"
        assert (reach.cell.number, reach.span.line) == (3, 1)


class TestFiles:
    """From a source to what is written."""

    @pytest.mark.parametrize(
        ("cells", "kind"),
        [
            (["import os, pandas as pd", "df = pd.DataFrame({'f': os.listdir('d')})", "df.to_csv('o.csv')"], "unordered"),
            (["import time, json", "with open('o.csv', 'w') as f:\n    json.dump({'t': time.time()}, f)"], "clock"),
            (["import time", "with open('o.csv', 'w') as f:\n    f.write(str(time.time()))"], "clock"),
            (["import time\nfrom pathlib import Path", "Path('o.csv').write_text(str(time.time()))"], "clock"),
            (["import numpy as np", "np.save('o.csv', np.random.rand(3))"], "random"),
            (["import csv, os", "f = open('o.csv', 'w')\nw = csv.writer(f)", "w.writerow(os.listdir('d'))"], "unordered"),
            (["import time", "print(time.time(), file=open('o.csv', 'w'))"], "clock"),
        ],
    )  # fmt: skip
    def test_a_source_reaches_a_file(self, cells: list[str], kind: str) -> None:
        assert reached(*cells) == [(kind, "o.csv")]

    @pytest.mark.parametrize(
        "cells",
        [
            ["import time", "df.to_csv(f'{time.time()}.csv')"],
            ["import os", "with open('o.csv', 'w') as f:\n    f.write('x')\nprint(os.listdir('d'))"],
            ["import os", "df.sort_values('f').to_csv(os.environ['OUT'])"],
        ],
    )
    def test_the_name_of_a_file_is_not_what_is_in_it(self, cells: list[str]) -> None:
        assert reached(*cells, sure=None) == []


def test_the_sources_that_a_notebook_names_are_told_once_each() -> None:
    found = sources.named(flows("import os, time", "x = os.environ.get('A') or os.environ['B']\nt = time.time()"))
    assert [(source.kind, source.text, source.cell) for source in found] == [
        ("environment", "os.environ.get()", 2),
        ("environment", "os.environ", 2),
        ("clock", "time.time()", 2),
    ]
