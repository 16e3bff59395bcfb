"""Parameters."""

from proofbook.lint.rule import Project
from tests.lint.factory import Case, code, markdown, parameters

CASES = {
    "PB301": [
        Case(
            "a task without one",
            [markdown("# Title"), code("  "), "x = 1"],
            ["0:0:0 error no code cell is tagged `parameters`"],
            project=Project(),
            fixed=[markdown("# Title"), code("  "), parameters(), {**code("x = 1"), "id": "c"}],
        ),
        Case("where nobody knows of a pipeline", ["x = 1"]),
        Case(
            "a cell that sets the defaults, and is not tagged",
            [code("upstream = None\nproduct = None\nx: int = 1  # days", "top"), "x"],
            ["0:0:0 error no code cell is tagged `parameters`"],
            project=Project(),
            fixed=[code("upstream = None\nproduct = None\nx: int = 1  # days", "top", "parameters"), "x"],
        ),
        Case(
            "the names mean something else",
            ["product = 'flights'", "product"],
            ["0:0:0 error no code cell is tagged `parameters`"],
            project=Project(),
        ),
        Case(
            "the tag on a text",
            [markdown("# Parameters", "parameters"), "x = 1"],
            ["0:0:0 error no code cell is tagged `parameters`: the tag stands on cell 1, which holds no code"],
            project=Project(),
            fixed=[markdown("# Parameters", "parameters"), parameters(), "x = 1"],
        ),
        Case(
            "R",
            ["x <- 1"],
            ["0:0:0 error no code cell is tagged `parameters`"],
            language="R",
            project=Project(),
        ),
        Case(
            "asked for",
            ["x = 1"],
            ["0:0:0 error no code cell is tagged `parameters`"],
            project=Project(task=False),
            select=["PB301"],
            fixed=[parameters(), "x = 1"],
        ),
        Case("beside a pipeline", ["x = 1"], project=Project(task=False)),
        Case("with one", [parameters(), "x = 1"], project=Project()),
        Case("nothing but text", [markdown("# Title"), code("  \n")], project=Project()),
    ],
    "PB302": [
        Case(
            "two",
            [parameters("x = 1"), "y = x", parameters("x = 2")],
            ["3:0:0 error a second parameters cell; the first is cell 1"],
        ),
        Case(
            "three",
            [parameters("x = 1"), parameters("x = 2"), parameters("x = 3")],
            [
                "2:0:0 error a second parameters cell; the first is cell 1",
                "3:0:0 error a second parameters cell; the first is cell 1",
            ],
        ),
        Case("one", [parameters("x = 1"), "x"]),
        Case("one and a text", [markdown("# Parameters", "parameters"), parameters("x = 1")]),
        Case("one and what was injected", [parameters("x = 1"), code("x = 2", "injected-parameters")]),
    ],
    "PB303": [
        Case(
            "made of another parameter",
            [parameters("days = 90\nhours = days * 24"), "hours"],
            ["1:2:1 error parameter `hours` is computed, from defaults and before the pipeline's values are set"],
        ),
        Case(
            "a call",
            [parameters("import os\nuser: str = os.environ['USER']"), "user"],
            ["1:2:1 error parameter `user` is computed, from defaults and before the pipeline's values are set"],
        ),
        Case(
            "an f-string with a value in it",
            [parameters("day = '2013'\nname = f'{day}.csv'")],
            ["1:2:1 error parameter `name` is computed, from defaults and before the pipeline's values are set"],
        ),
        Case(
            "something is done",
            [parameters("days = 90\nprint(days)")],
            ["1:2:1 error `print(days)` runs before the pipeline's values are set"],
        ),
        Case(
            "a branch",
            [parameters("days = 90\nif days > 30:\n    step = 7")],
            ["1:2:1 error this runs before the pipeline's values are set"],
        ),
        Case(
            "a function",
            [parameters("def f():\n    pass")],
            ["1:1:1 error the definition runs before the pipeline's values are set"],
        ),
        Case(
            "literals of every kind",
            [
                parameters(
                    '"""What the pipeline sets."""\nfrom pathlib import Path\nupstream = None\nproduct = None\na = -1.5\n'
                    "b = ['x', ('y', {'k': {1, 2}})]\nc: int | None = None\nd: str\ne = f'x'\ng = b'x'\npass"
                )
            ],
        ),
        Case("what Papermill itself writes", [parameters("a = float('nan')\nb = float('-inf')")]),
        Case("arithmetic on numbers", [parameters("day = 24 * 60 * 60\nfolder = 'a' 'b'\nempty = set()")]),
        Case("a magic", [parameters("%matplotlib inline\ndays = 90")]),
        Case("computed elsewhere", [parameters("days = 90"), "hours = days * 24\nprint(hours)"]),
        Case("no parameters cell", ["hours = days * 24"]),
    ],
    "PB304": [
        Case(
            "never read",
            [parameters("upstream = None\nproduct = None\nwindow = 90\nused = 1"), "used"],
            ["1:3:1 error parameter `window` is never read: the run does not depend on it"],
        ),
        Case(
            "annotated",
            [parameters("window: int = 90")],
            ["1:1:1 error parameter `window` is never read: the run does not depend on it"],
        ),
        Case(
            "only mentioned in a comment",
            [parameters("window = 90"), "x = 1  # window"],
            ["1:1:1 error parameter `window` is never read: the run does not depend on it"],
        ),
        Case("upstream and product alone", [parameters()]),
        Case("read in a function", [parameters("window = 90"), "def f():\n    return window"]),
        Case("read in an f-string", [parameters("day = 1"), "f'{day:02}'"]),
        Case("read in the text of a query", [parameters("as_of = 1"), "df.query('day < @as_of')"]),
        Case("read in a SQL cell", [parameters("as_of = 1"), "%%sql\nSELECT * FROM t WHERE day < :as_of"]),
        Case("read in a command", [parameters("folder = 'a'"), "!ls {folder}"]),
        Case("read in a magic's argument", [parameters("folder = 'a'"), "%cd $folder"]),
        Case("read in the parameters cell", [parameters("a = 1\nb = a + 1"), "b"]),
        Case("the whole namespace is read", [parameters("window = 90"), "sorted(globals())"]),
        Case("another notebook runs in the namespace", [parameters("window = 90"), "%run other.ipynb"]),
        Case("a name that begins with an underscore", [parameters("_note = 'x'")]),
        Case("an import among the parameters", [parameters("from pathlib import Path")]),
        Case("a cell that does not parse", [parameters("window = 90"), "f(window"]),
    ],
    "PB305": [
        Case(
            "assigned again",
            [parameters("window = 90"), "window = 30"],
            ["2:1:1 error parameter `window` is overwritten: the value that the pipeline gives is lost"],
        ),
        Case(
            "a loop variable",
            [parameters("day = 1"), "for day in range(3):\n    print(day)"],
            ["2:1:5 error parameter `day` is overwritten: the value that the pipeline gives is lost"],
        ),
        Case(
            "product",
            [parameters(), "x = 1\nproduct = {'nb': 'x.ipynb'}"],
            ["2:2:1 error parameter `product` is overwritten: the value that the pipeline gives is lost"],
        ),
        Case(
            "reported once in each cell",
            [parameters("window = 90"), "window = 30\nwindow = 10", "window = 20"],
            [
                "2:1:1 error parameter `window` is overwritten: the value that the pipeline gives is lost",
                "3:1:1 error parameter `window` is overwritten: the value that the pipeline gives is lost",
            ],
        ),
        Case(
            "unpacked",
            [parameters("a = 1\nb = 2"), "a, c = 3, 4"],
            ["2:1:1 error parameter `a` is overwritten: the value that the pipeline gives is lost"],
        ),
        Case("made from itself", [parameters("as_of = '2013'"), "import pandas as pd\nas_of = pd.Timestamp(as_of)"]),
        Case("a default in a branch", [parameters("window = None"), "if window is None:\n    window = 30"]),
        Case(
            "in a function's own scope",
            [parameters("window = 90"), "def f(window):\n    window = 1\n    return window"],
        ),
        Case("a comprehension's own variable", [parameters("day = 1"), "[day for day in range(3)]"]),
        Case("augmented", [parameters("window = 90"), "window += 1"]),
        Case("set in the parameters cell itself", [parameters("window = 90\nwindow = 30"), "window"]),
        Case("injected below", [parameters("window = 90"), code("window = 30", "injected-parameters"), "window"]),
        Case("an annotation alone", [parameters("window = 90"), "window: int"]),
        Case("without a parameters cell", ["window = 90", "window = 30"]),
    ],
    "PB306": [
        Case(
            "a union",
            [parameters("days: int | None = None\nlate: float = 15.0  # minutes")],
            ["1:1:1 warning papermill does not find parameter `days`: it cannot read `int | None`"],
            fixed=[parameters("days = None  # type: int|None\nlate: float = 15.0  # minutes")],
        ),
        Case(
            "a type of a module, with a comment behind it",
            [parameters("import datetime\nday: 'datetime.date'='2013'  #  the last day\nk: t.Any = {\n    'a': 1,\n}")],
            [
                "1:2:1 warning papermill does not find parameter `day`: it cannot read `datetime.date`",
                "1:3:1 warning papermill does not find parameter `k`: it cannot read `t.Any`",
            ],
            fixed=[
                parameters(
                    "import datetime\nday='2013'  # type: datetime.date  the last day\nk = {\n    'a': 1,\n}  # type: t.Any"
                )
            ],
        ),
        Case(
            "nothing at all",
            [parameters("upstream = None\nproduct = None\nas_of = None")],
            ["1:3:1 warning nothing tells the type of parameter `as_of`"],
        ),
        Case(
            "what papermill reads",
            [
                parameters(
                    "a: int = 1\nb: list[str] = []\nc: Optional[int] = None\nd = None  # type: int|None\n"
                    "e: 'str' = 'x'\nf: Dict[str, int] = {\n    'a': 1,  # one\n}"
                )
            ],
        ),
        Case("values that tell their type", [parameters("a = 1\nb = 'x'\nc = [1]\nd = {}\ne = -1.5\nf = (1, 2)")]),
        Case("lost for another reason", [parameters("q = 'a=b'\nx: str = 'a=b'  # a == b\na = 1; b = 2")]),
        Case("not a parameter", [parameters("_a: int | None = None\nb: int"), "c: int | None = None\nd = None"]),
    ],
    "PB307": [
        Case(
            "a date, an address, a host, a file, a threshold",
            [
                "import datetime\nlate = f[f.day < '2013-09-30']\nday = datetime.date(2013, 9, 30)",
                "get('https://example.org/flights.csv')\nconnect('10.0.0.7:5432')",
                "import pandas as pd\nf = pd.read_csv('data/flights.csv')\nif score > 0.8 or 15 <= minutes:\n    stop()",
            ],
            [
                "1:2:18 warning the date `2013-09-30` is written into the code",
                "1:3:7 warning the date `datetime.date(2013, 9, 30)` is written into the code",
                "2:1:5 warning the address `https://example.org/flights.csv` is written into the code",
                "2:2:9 warning the host `10.0.0.7:5432` is written into the code",
                "3:2:17 warning the file `data/flights.csv` is written into the code",
                "3:3:4 warning the threshold `0.8` is written into the code",
                "3:3:19 warning the threshold `15` is written into the code",
            ],
            select=["PB307"],
        ),
        Case(
            "one with a name moves to the parameters",
            [parameters("a = 1"), "x = 2\nas_of = '2013-09-30'  # the last day\nprint(as_of)"],
            ["2:2:9 warning the date `2013-09-30` is written into the code"],
            select=["PB307"],
            fixed=[parameters("a = 1\nas_of = '2013-09-30'"), "x = 2\nprint(as_of)"],
        ),
        Case(
            "one that is set twice stays",
            [parameters("a = 1"), "as_of = '2013-09-30'", "as_of = '2013-12-31'"],
            [
                "2:1:9 warning the date `2013-09-30` is written into the code",
                "3:1:9 warning the date `2013-12-31` is written into the code",
            ],
            select=["PB307"],
        ),
        Case("parameters", [parameters("as_of = '2013-09-30'\nat_least = 0.8"), "f[f.x > at_least]"], select=["PB307"]),
        Case(
            "values that mean themselves",
            ["if len(x) > 0 and n >= 1 and -1 < y:\n    pass", '"""https://example.org/x"""\nx = 3\ny = x == 7'],
            select=["PB307"],
        ),
        Case("not selected", ["as_of = '2013-09-30'"]),
    ],
}
