"""The pipeline."""

from proofbook.lint.declared import Declared
from proofbook.lint.rule import Project
from tests.lint.factory import Case, code, parameters

_TASKS = {
    "ingest": {"nb": "out/ingest.ipynb", "table": "out/table.parquet"},
    "fit-a": {"nb": "out/fit-a.ipynb"},
    "load": {"": "out/raw.csv"},
    "query": None,
}


def _task(*upstream: str, extracted: bool = False, notebook: str = "nb", **products: str | None) -> Project:
    """A task called `here`, with these products beside its notebook."""
    declared = Declared(
        name="here",
        upstream=upstream,
        extracted=extracted,
        notebook=notebook,
        tasks={**_TASKS, "here": {"nb": "out/here.ipynb", **products}},
    )
    return Project(declared=declared)


def _single(path: str) -> Project:
    return Project(declared=Declared(name="here", tasks={"here": {"": path}}))


_EXTRACTED = _task(extracted=True)
_SPLIT = "from sklearn.model_selection import train_test_split\nfrom sklearn.preprocessing import StandardScaler"
_SAVE = "import pandas as pd\ndf = pd.DataFrame()"

CASES = {
    "PB601": [
        Case(
            "a path of its own",
            [parameters(), f"{_SAVE}\ndf.to_csv('out/./extra.csv')"],
            ["2:3:1 warning `out/extra.csv` is written, and is no product"],
            project=_task(table="out/flights.csv"),
        ),
        Case(
            "another task's product, in a function, by a constant",
            [parameters(), "FOLDER = 'out'", "def save(df):\n    df.to_parquet(f'{FOLDER}/table.parquet')"],
            ["3:2:5 warning `out/table.parquet` is written, and is a product of task 'ingest'"],
            project=_task(),
        ),
        Case(
            "a cell that is written to a file",
            [parameters(), "%%writefile helpers.py\nx = 1"],
            ["2:1:1 warning `helpers.py` is written, and is no product"],
            project=_task(),
        ),
        Case(
            "a key that the task does not have",
            [parameters(), f"{_SAVE}\ndf.to_csv(product['flihgts'])"],
            ["2:3:11 error the task has no product 'flihgts': the cell will fail"],
            project=_task(flights="out/flights.csv"),
        ),
        Case(
            "a product", [parameters(), f"{_SAVE}\ndf.to_csv(product['flights'])"], project=_task(flights="out/f.csv")
        ),
        Case(
            "a product by its path", [parameters(), f"{_SAVE}\ndf.to_csv('./out/f.csv')"], project=_task(f="out/f.csv")
        ),
        Case(
            "in a product that is a folder",
            [parameters(), "open('out/plots/a.txt', 'w')"],
            project=_task(f="out/plots"),
        ),
        Case(
            "a parameter decides",
            [parameters("upstream = None\nproduct = None\npath = 'out/x.csv'"), f"{_SAVE}\ndf.to_csv(path)"],
            project=_task(),
        ),
        Case("a path that nobody knows", [parameters(), f"{_SAVE}\ndf.to_csv(f())"], project=_task()),
        Case(
            "scratch",
            [parameters(), f"import os\n{_SAVE}\ndf.to_csv('x.csv')\nos.remove('x.csv')\ndf.to_csv('/dev/null')"],
            project=_task(),
        ),
        Case("the folder is another", [parameters(), "%cd out", f"{_SAVE}\ndf.to_csv('x.csv')"], project=_task()),
        Case("not all products are known", [parameters(), f"{_SAVE}\ndf.to_csv('x.csv')"], project=_task(x=None)),
        Case("reading", [parameters(), "import pandas as pd\npd.read_csv('data/x.csv')"], project=_task()),
        Case("no task", [parameters(), f"{_SAVE}\ndf.to_csv('x.csv')"], project=Project(task=False)),
        Case("no pipeline", [parameters(), f"{_SAVE}\ndf.to_csv('x.csv')"]),
        Case("a key that may be missing", [parameters(), "product.get('x')"], project=_task()),
    ],
    "PB602": [
        Case(
            "never named",
            [parameters(), "x = 1"],
            ["0:0:0 error product 'flights' is never written: out/flights.csv will be missing after the run"],
            project=_task(flights="out/flights.csv"),
        ),
        Case(
            "only read",
            [parameters(), "import pandas as pd\ndf = pd.read_csv(product['flights'])"],
            ["2:2:18 error product 'flights' is only read: out/flights.csv will be missing after the run"],
            project=_task(flights="out/flights.csv"),
        ),
        Case(
            "one of two, where the other goes by way of a name",
            [parameters(), f"{_SAVE}\nto = product['a']\ndf.to_csv(to)"],
            ["0:0:0 error product 'b' is never written: out/b.csv will be missing after the run"],
            project=_task(a="out/a.csv", b="out/b.csv"),
        ),
        Case(
            "a module of the project may write it",
            [parameters(), "import flights\nflights.save()"],
            ["0:0:0 warning product 'f' is never written: out/f.csv will be missing after the run"],
            project=_task(f="out/f.csv"),
            files={"flights.py": "def save(): ..."},
        ),
        Case("written", [parameters(), f"{_SAVE}\ndf.to_csv(product['f'])"], project=_task(f="out/f.csv")),
        Case("by its path", [parameters(), f"{_SAVE}\ndf.to_csv('out/f.csv')"], project=_task(f="out/f.csv")),
        Case(
            "handed to a function", [parameters(), "from lib import save\nsave(product['f'])"], project=_task(f="o/f")
        ),
        Case("handed on as a whole", [parameters(), "save(product)"], project=_task(f="out/f.csv")),
        Case("in a loop over all", [parameters(), "for key in product: print(key)"], project=_task(f="out/f.csv")),
        Case("to a path that nobody knows", [parameters(), f"{_SAVE}\ndf.to_csv(f())"], project=_task(f="out/f.csv")),
        Case("by a command", [parameters(), "!touch {path}"], project=_task(f="out/f.csv")),
        Case("by a program", [parameters(), "import os\nos.system(command)"], project=_task(f="out/f.csv")),
        Case("by a cell that cannot be read", [parameters(), "x = ("], project=_task(f="out/f.csv")),
        Case("only the notebook", [parameters(), "x = 1"], project=_task()),
        Case("one product without a key", [parameters(), "x = 1"], project=_single("out/here.ipynb")),
        Case("another key for the notebook", [parameters(), "x = 1"], project=_task(f="out/f.csv", notebook="page")),
        Case("no pipeline", [parameters(), "x = 1"]),
        Case("no task", [parameters(), "x = 1"], project=Project(task=False)),
    ],
    "PB603": [
        Case(
            "used and not declared, in pipeline.yaml",
            [parameters(), "x = upstream['ingest']['table']"],
            ["2:1:5 error `upstream['ingest']` is read, and pipeline.yaml does not declare it: the cell will fail"],
            project=_task(),
        ),
        Case(
            "used and not declared, in the parameters cell",
            [
                parameters('upstream = ["load"]  # what is read\nproduct = None'),
                "a = upstream['load']",
                "b = upstream['ingest']",
            ],
            [
                "3:1:5 error `upstream['ingest']` is read, and the parameters cell does not declare it: the cell will fail"
            ],
            project=_EXTRACTED,
            fixed=[
                parameters('upstream = ["load", "ingest"]  # what is read\nproduct = None'),
                "a = upstream['load']",
                "b = upstream['ingest']",
            ],
        ),
        Case(
            "none is declared",
            [parameters("upstream = None\nproduct = None"), "a = upstream['load']\nb = upstream['ingest']"],
            [
                "2:1:5 error `upstream['load']` is read, and the parameters cell does not declare it: the cell will fail",
                "2:2:5 error `upstream['ingest']` is read, and the parameters cell does not declare it: the cell will fail",
            ],
            project=_EXTRACTED,
            fixed=[
                parameters('upstream = ["load", "ingest"]\nproduct = None'),
                "a = upstream['load']\nb = upstream['ingest']",
            ],
        ),
        Case(
            "no such task",
            [parameters(), "x = upstream['inject']"],
            [
                "2:1:5 error `upstream['inject']` is read, and the parameters cell does not declare it: the cell will fail"
            ],
            project=_EXTRACTED,
        ),
        Case(
            "declared and not used, in pipeline.yaml",
            [parameters(), "x = 1"],
            ["1:0:0 warning 'ingest' is declared as upstream in pipeline.yaml, and nothing of it is read"],
            project=_task("ingest"),
        ),
        Case(
            "declared and not used, in the parameters cell",
            [parameters("upstream = {'ingest', 'load'}\nproduct = None"), "x = upstream['load']"],
            ["1:1:12 warning 'ingest' is declared as upstream in the parameters cell, and nothing of it is read"],
            project=_EXTRACTED,
            fixed=[parameters('upstream = ["load"]\nproduct = None'), "x = upstream['load']"],
        ),
        Case(
            "the only one is not used",
            [parameters("upstream = ['ingest']\nproduct = None"), "x = 1"],
            ["1:1:12 warning 'ingest' is declared as upstream in the parameters cell, and nothing of it is read"],
            project=_EXTRACTED,
            fixed=[parameters("upstream = None\nproduct = None"), "x = 1"],
        ),
        Case(
            "over several lines",
            [parameters("upstream = [\n    'ingest',  # the table\n]\nproduct = None"), "x = 1"],
            ["1:1:12 warning 'ingest' is declared as upstream in the parameters cell, and nothing of it is read"],
            project=_EXTRACTED,
        ),
        Case(
            "a product that the task before does not have",
            [parameters(), "x = upstream['ingest']['tabel']\ny = upstream['load']['raw']"],
            [
                "2:1:5 error task 'ingest' has no product 'tabel': the cell will fail",
                "2:2:5 error task 'load' has no product 'raw': the cell will fail",
            ],
            project=_task("ingest", "load"),
        ),
        Case("declared and used", [parameters(), "x = upstream['ingest']['table']"], project=_task("ingest")),
        Case("a product of which nobody knows", [parameters(), "x = upstream['query']['x']"], project=_task("query")),
        Case("a pattern", [parameters(), "x = upstream['fit-*']['fit-a']"], project=_task("fit-*")),
        Case("one of a pattern", [parameters(), "x = upstream['fit-a']['nb']"], project=_task("fit-*")),
        Case("a pattern for one", [parameters(), "x = upstream['fit-*']"], project=_task("fit-a")),
        Case("walked through", [parameters(), "for name in upstream: print(name)"], project=_task("ingest")),
        Case("handed on", [parameters(), "read(upstream)"], project=_task("ingest")),
        Case("by a name", [parameters(), "x = [upstream[name] for name in names]"], project=_task("ingest")),
        Case("in a command", [parameters(), "!head {upstream['ingest']['table']}"], project=_task("ingest")),
        Case(
            "asked for before",
            [
                parameters(),
                "if upstream:\n    x = upstream['ingest']",
                "y = upstream['load'] if 'load' in upstream else 1",
            ],
            project=_task(),
        ),
        Case("by get", [parameters(), "x = upstream.get('ingest')"], project=_task()),
        Case(
            "a failure is caught",
            [parameters(), "try:\n    x = upstream['ingest']\nexcept (KeyError, TypeError):\n    x = 1"],
            project=_task(),
        ),
        Case("another one's", [parameters(), "def f(upstream):\n    return upstream['ingest']"], project=_task()),
        Case("set by hand", [parameters(), "upstream = {'x': 1}", "y = upstream['x']"], project=_task()),
        Case(
            "what was injected by hand",
            [parameters(), code("upstream = {'load': 'x'}", "injected-parameters"), "x = upstream['load']"],
            project=_task("load"),
        ),
        Case(
            "declared in a way that nobody can read",
            [parameters("upstream = list('ab')\nproduct = None"), "x = upstream['ingest']"],
            project=_EXTRACTED,
        ),
        Case("no pipeline", [parameters(), "x = upstream['ingest']"]),
        Case("no task", [parameters(), "x = upstream['ingest']"], project=Project(task=False)),
    ],
    "PB604": [
        Case(
            "scaled before it is split",
            [_SPLIT, "X = StandardScaler().fit_transform(X)", "a, b, c, d = train_test_split(X, y)"],
            ["2:1:5 warning `.fit_transform()` sees all rows of `X`, and what it made is split afterwards"],
            select=["PB604"],
        ),
        Case(
            "in two steps",
            [_SPLIT, "scaler = StandardScaler()\nscaler.fit(X)\nZ = scaler.transform(X)", "a, b = train_test_split(Z)"],
            ["2:2:1 warning `.fit()` sees all rows of `X`, and what it made is split afterwards"],
            select=["PB604"],
        ),
        Case(
            "fitted on what was set aside",
            [_SPLIT, "a, b, c, d = train_test_split(X, y)", "b = StandardScaler().fit_transform(b)"],
            ["3:1:5 warning `.fit_transform()` sees `b`, which was set aside to judge by"],
            select=["PB604"],
        ),
        Case(
            "scored on what it was fitted on",
            [_SPLIT, "model.fit(X, y)", "print(model.score(X, y))"],
            ["3:1:7 warning `model` is scored on nothing but `X`, which it was fitted on"],
            select=["PB604"],
        ),
        Case(
            "split first",
            [
                _SPLIT,
                "a, b, c, d = train_test_split(X, y)\nscaler = StandardScaler().fit(a)",
                "a, b = scaler.transform(a), scaler.transform(b)\nmodel.fit(a, c)",
                "model.score(a, c), model.score(b, d)",
            ],
            select=["PB604"],
        ),
        Case(
            "other rows under the same name", ["model.fit(X, y)", "X = load()", "model.score(X, y)"], select=["PB604"]
        ),
        Case("only asked", ["model.fit(X, y)", "model.predict(X)"], select=["PB604"]),
        Case("another split", ["X = scaler.fit_transform(X)", "a, b = train_test_split(X)"], select=["PB604"]),
        Case("off", ["model.fit(X, y)", "model.score(X, y)"]),
    ],
    "PB605": [
        Case(
            "nobody has it",
            ["import pandas as pd\nx = pd.read_csv('data/flights.csv')", "open('notes.txt')"],
            [
                "1:2:17 error `data/flights.csv` is read, and there is no such file",
                "2:1:6 error `notes.txt` is read, and there is no such file",
            ],
            files={"README.md": ""},
        ),
        Case(
            "put together of constants",
            ["from pathlib import Path\nDATA = Path('data')", "(DATA / 'flights.csv').read_text()"],
            ["2:1:2 error `data/flights.csv` is read, and there is no such file"],
            files={"README.md": ""},
        ),
        Case(
            "in a loop, and in a with",
            ["import json\nfor _ in range(2):\n    with open('a.json') as file:\n        json.load(file)"],
            ["1:3:15 error `a.json` is read, and there is no such file"],
            files={"README.md": ""},
        ),
        Case(
            "a picture, and a data set",
            [
                "from IPython.display import Image\nImage(filename='map.png')",
                "import xarray as xr\nxr.open_dataset('t.nc')",
            ],
            [
                "1:2:16 error `map.png` is read, and there is no such file",
                "2:2:17 error `t.nc` is read, and there is no such file",
            ],
            files={"README.md": ""},
        ),
        Case("it is there", ["open('data/a.csv')"], files={"data/a.csv": ""}),
        Case("a folder is there", ["import os\nos.listdir('data')"], files={"data/a.csv": ""}),
        Case("nobody knows of a folder", ["open('a.csv')"]),
        Case("written above", ["open('a.csv', 'w')", "open('./a.csv')"], files={"README.md": ""}),
        Case(
            "written to who knows where",
            ["def save(df, path):\n    df.to_csv(path)", "open('a.csv')"],
            files={"README.md": ""},
        ),
        Case("named above", ["from own import make\nmake('a')", "open('a.csv')"], files={"README.md": ""}),
        Case("in a folder that is named above", ["make('out')", "open('out/a.csv')"], files={"README.md": ""}),
        Case("made by a command", ["!make", "open('a.csv')"], files={"README.md": ""}),
        Case("made by a script", ["%%bash\nmake", "open('a.csv')"], files={"README.md": ""}),
        Case("made by a program", ["import os\nos.system('make')", "open('a.csv')"], files={"README.md": ""}),
        Case("made by another notebook", ["%run make.ipynb", "open('a.csv')"], files={"README.md": ""}),
        Case("fetched", ["from data import download_all\ndownload_all()", "open('a.csv')"], files={"README.md": ""}),
        Case(
            "after a harmless command",
            ["!ls", "open('a.csv')"],
            ["2:1:6 error `a.csv` is read, and there is no such file"],
            files={"README.md": ""},
        ),
        Case(
            "after packages were installed, and a sentence was printed",
            ["!pip install pandas", "%pip install numpy\nprint('reading flights now')", "open('flights.csv')"],
            ["3:1:6 error `flights.csv` is read, and there is no such file"],
            files={"README.md": ""},
        ),
        Case("written by a magic", ["%%writefile a.csv\n1", "open('a.csv')"], files={"README.md": ""}),
        Case("in another folder", ["%cd data", "open('a.csv')"], files={"README.md": ""}),
        Case("in a branch", ["import os\nif os.path.exists('b'):\n    open('b')"], files={"README.md": ""}),
        Case("a failure is caught", ["try:\n    open('b')\nexcept OSError:\n    pass"], files={"README.md": ""}),
        Case("in a function", ["def f():\n    open('b')"], files={"README.md": ""}),
        Case("meant to fail", [code("open('b')", "raises-exception")], files={"README.md": ""}),
        Case("only written", ["open('b', 'a')", "import sqlite3\nsqlite3.connect('c.db')"], files={"README.md": ""}),
        Case(
            "no plain path",
            ["open('/etc/x')", "open('~/x')", "open('a*')", "import pandas as pd\npd.read_csv('https://e.org/x.csv')"],
            files={"README.md": ""},
        ),
        Case("text in place of a path", ["import pandas as pd\npd.read_json('{}')"], files={"README.md": ""}),
        Case(
            "outside of the project",
            ["open('../nobody/a.csv')"],
            ["1:1:6 error `../nobody/a.csv` is read, and there is no such file"],
            files={"README.md": ""},
        ),
        Case("a product", ["open('out/raw.csv')"], project=_task("load"), files={"README.md": ""}),
    ],
}
