"""The machine around the notebook."""

from pathlib import Path

from proofbook.lint.rule import Project
from tests.lint.factory import Case, code, markdown

_PIP = "error `pip install` changes the environment while the notebook runs"
# in two parts, so that nobody takes it for one that was lost here
_TOKEN = "ghp_" + "n7RkQ2vXw9TzLb4YcJm1HsPd8GfVe5UaKo3Z"

CASES = {
    "PB401": [
        Case(
            "a GitHub token",
            [f"x = '{_TOKEN}'"],
            ["1:1:6 error a GitHub token: whoever reads this notebook can use it"],
        ),
        Case(
            "in a comment",
            [f"x = 1\n# {_TOKEN}"],
            ["1:2:3 error a GitHub token: whoever reads this notebook can use it"],
        ),
        Case(
            "in a text",
            [markdown(f"Use `{_TOKEN}`.")],
            ["1:1:6 error a GitHub token: whoever reads this notebook can use it"],
        ),
        Case(
            "in R",
            [f"x <- '{_TOKEN}'"],
            ["1:1:7 error a GitHub token: whoever reads this notebook can use it"],
            language="R",
        ),
        Case(
            "an AWS access key",
            ["key = 'AKIA" + "QYLPMN5HWRZ3TKD7'"],
            ["1:1:8 error an AWS access key: whoever reads this notebook can use it"],
        ),
        Case(
            "in an output",
            [code("x", outputs=({"output_type": "stream", "name": "stdout", "text": [f"token {_TOKEN}\n"]},))],
            ["1:0:0 error a GitHub token in the output: whoever reads this notebook can use it"],
        ),
        Case(
            "in a table that is shown",
            [
                code(
                    "x",
                    outputs=(
                        {"output_type": "display_data", "metadata": {}, "data": {"text/html": f"<td>{_TOKEN}</td>"}},
                    ),
                )
            ],
            ["1:0:0 error a GitHub token in the output: whoever reads this notebook can use it"],
        ),
        Case(
            "a password in an address",
            ["url = 'postgresql://flights:k9dWq2vT@warehouse.acme.io/flights'"],
            ["1:1:29 error a password in an address: whoever reads this notebook can use it"],
        ),
        Case(
            "a password by its name",
            ["db_password = 'hunter2'"],
            ["1:1:15 error a password in `db_password`: whoever reads this notebook can use it"],
        ),
        Case(
            "an argument, a key, a default, an item",
            [
                "connect(password='k9dWq2vT!')",
                "c = {'apiKey': '8f14e45fceea167a5a36dedd4bea2543'}",
                "def f(client_secret='Vq8~kP2xT7mZ4bN9wR1c'): ...",
                "import os\nos.environ['SECRET_ACCESS_KEY'] = 'uX3k9PzR7vLq2mTw5YbN8cJd'",
            ],
            [
                "1:1:18 error a password in `password`: whoever reads this notebook can use it",
                "2:1:16 error a key in `apiKey`: whoever reads this notebook can use it",
                "3:1:21 error a key in `client_secret`: whoever reads this notebook can use it",
                "4:2:35 error a key in `SECRET_ACCESS_KEY`: whoever reads this notebook can use it",
            ],
        ),
        Case(
            "a private key",
            [f'k = """-----BEGIN RSA PRIVATE KEY-----\n{"MIIEow7b+" * 8}\n"""'],
            ["1:1:8 error a private key: whoever reads this notebook can use it"],
        ),
        Case(
            "a JSON Web Token",
            ["h = 'eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiI0NzExIn0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'"],
            ["1:1:6 error a JSON Web Token: whoever reads this notebook can use it"],
        ),
        Case(
            "in a header, and in the environment of the kernel",
            ["h = {'Authorization': 'Bearer Vq8~kP2xT7mZ4bN9wR1c'}", "%env DB_PASSWORD=hunter2"],
            [
                "1:1:23 error a key in `Authorization`: whoever reads this notebook can use it",
                "2:1:1 error a password in `DB_PASSWORD`: whoever reads this notebook can use it",
            ],
        ),
        Case("from the environment", ["import os\npassword = os.environ['PASSWORD']\ntoken = os.getenv('API_TOKEN')"]),
        Case(
            "placeholders",
            [
                "password = 'your-password1'\napi_key = '<API_KEY>'\ntoken = 'xxxxxxxxxxxxxxxxxxxx'",
                "key = 'AKIAIOSFODNN7EXAMPLE'\nsecret_key = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'",
                "url = 'postgresql://user:password1@db.example.com', 'redis://u:k9dWq2vT@localhost'",
                "password = ''\npasswd = 'secret'\npwd = 'changeme1'",
            ],
        ),
        Case(
            "words of other trades",
            [
                "pad_token = '[PAD]'\nbos_token = '<|begin_of_text|>'\ntokens = 'a b c'\nkey = 'a1b2c3d4e5f6a7b8'",
                "primary_key = '8f14e45fceea167a5a36dedd4bea2543'\nsecret_name = 'flights/warehouse-7'",
                "token = 'warehouse'\nsecret = 'projects/flights/secrets/warehouse'\npassword_field = 'hunter2'",
            ],
        ),
        Case("a hash", ["digest = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'"]),
        Case(
            "a picture",
            [
                code(
                    "x",
                    outputs=({"output_type": "display_data", "metadata": {}, "data": {"image/png": f"a {_TOKEN}"}},),
                )
            ],
        ),
    ],
    "PB402": [
        Case(
            "a file that is read",
            ["import pandas as pd\npd.read_csv('/data/flights.csv')"],
            ["1:2:13 warning `/data/flights.csv` is a path of one machine"],
        ),
        Case(
            "by a name",
            ["root = '/data'", "import pandas as pd\npd.read_csv(root + '/flights.csv')"],
            ["1:1:8 warning `/data` is a path of one machine"],
        ),
        Case(
            "a path in pieces",
            ["from pathlib import Path\nroot = Path('/data')\n(root / 'x.txt').read_text()"],
            ["1:2:13 warning `/data` is a path of one machine"],
        ),
        Case(
            "an f-string",
            ["year = 2013\nopen(f'/data/{year}.csv')"],
            ["1:2:6 warning `/data/` is a path of one machine"],
        ),
        Case(
            "somebody's home, whatever for",
            ["config = {'out': '/home/anna/out'}", "sys_path = ['/Users/anna/lib']"],
            [
                "1:1:18 warning `/home/anna/out` is a path of one machine",
                "2:1:13 warning `/Users/anna/lib` is a path of one machine",
            ],
        ),
        Case(
            "Windows",
            ["import pandas as pd\npd.read_csv(r'C:\\data\\flights.csv')"],
            ["1:2:13 warning `C:\\data\\flights.csv` is a path of one machine"],
        ),
        Case(
            "where modules are looked for",
            ["import sys\nsys.path.insert(0, '/opt/lib')\nsys.path.append('/data/lib')"],
            [
                "1:2:20 warning `/opt/lib` is a path of one machine",
                "1:3:17 warning `/data/lib` is a path of one machine",
            ],
        ),
        Case(
            "a folder that is listed",
            ["import os\nos.listdir('/data')"],
            ["1:2:12 warning `/data` is a path of one machine"],
        ),
        Case(
            "below the project, in a task",
            [
                "x = '/projects/delays/data/flights.csv'\nopen(x)\nopen('/projects/delays/../x')",
                'open("/projects/delays/data/")',
            ],
            [
                "1:1:5 warning `/projects/delays/data/flights.csv` is a path of one machine",
                "1:3:6 warning `/projects/delays/../x` is a path of one machine",
                "2:1:6 warning `/projects/delays/data/` is a path of one machine",
            ],
            project=Project(),
            folder=Path("/projects/delays"),
            fixed=["x = 'data/flights.csv'\nopen(x)\nopen('/projects/delays/../x')", 'open("data/")'],
            leaves=["1:3:6 warning `/projects/delays/../x` is a path of one machine"],
        ),
        Case(
            "below the project, in a notebook of its own",
            ["open('/projects/data/flights.csv')"],
            ["1:1:6 warning `/projects/data/flights.csv` is a path of one machine"],
            folder=Path("/projects"),
            fixed=["open('data/flights.csv')"],
        ),
        Case(
            "the second part of a path",
            ["open(root + '/flights.csv')\nimport os\nos.path.join(root, '/x')\nf(open(x), '/y')"],
        ),
        Case(
            "what is not known, but opens a file by its name",
            ["import rasters\nrasters.open_raster('/data/population.tif')\nload_page('/start')"],
            ["1:2:21 warning `/data/population.tif` is a path of one machine"],
        ),
        Case("relative", ["import pandas as pd\npd.read_csv('data/flights.csv')\nopen('../x')"]),
        Case("an address", ["import pandas as pd\npd.read_csv('https://example.org/flights.csv')"]),
        Case("what every machine has", ["open('/tmp/x', 'w')\nopen('/dev/null')\nopen('/etc/hosts')"]),
        Case("a route, a key, a text", ["get('/api/v1')\nstore['/data/x']\nx = '/'\nprint('/data is full')"]),
        Case("a docstring", ["def f():\n    '/home/anna/out is where it goes'"]),
        Case("a placeholder", ["x = '/home/{user}/out'\ny = '/home/<you>/out'"]),
    ],
    "PB403": [
        Case("os.chdir", ["import os", "os.chdir('..')"], ["2:1:1 error `os.chdir()` changes the working directory"]),
        Case(
            "under another name",
            ["from os import chdir as go\ngo('..')"],
            ["1:2:1 error `os.chdir()` changes the working directory"],
        ),
        Case("a magic", ["x = 1\n%cd .."], ["1:2:1 error `%cd` changes the working directory"]),
        Case("automagic", ["cd .."], ["1:1:1 error `%cd` changes the working directory"]),
        Case("pushd", ["%pushd data"], ["1:1:1 error `%pushd` changes the working directory"]),
        Case(
            "in a function",
            ["import os\ndef go():\n    os.chdir('..')"],
            ["1:3:5 warning `os.chdir()` changes the working directory"],
        ),
        Case(
            "imported in the function itself",
            ["def go():\n    import os\n    os.chdir('..')"],
            ["1:3:5 warning `os.chdir()` changes the working directory"],
        ),
        Case(
            "the name is another's only later",
            ["import os\nos.chdir('..')", "os = None"],
            ["1:2:1 error `os.chdir()` changes the working directory"],
        ),
        Case("comes back by itself", ["import contextlib\nwith contextlib.chdir('data'):\n    pass"]),
        Case("a variable called cd", ["cd = 1\ncd"]),
        Case("a subshell's own folder", ["!cd data && ls"]),
        Case("a bash cell's own folder", ["%%bash\ncd data\nls"]),
        Case("another object's chdir", ["class Ftp:\n    def chdir(self, to): ...", "os = Ftp()\nos.chdir('x')"]),
    ],
    "PB404": [
        Case(
            "where an import that failed is handled",
            ["try:\n    import polars\nexcept ImportError:\n    !pip install polars\n    import polars"],
        ),
        Case(
            "where anything is handled",
            ["import os\ntry:\n    import polars\nexcept:\n    os.system('pip install polars')"],
            ["1:5:5 warning `pip install` changes the environment while the notebook runs"],
        ),
        Case(
            "where something else is handled",
            ["import os\ntry:\n    os.stat('x')\nexcept OSError:\n    !pip install polars"],
            [f"1:5:5 {_PIP}"],
        ),
        Case("a command", ["!pip install polars"], [f"1:1:1 {_PIP}"]),
        Case(
            "quietly",
            ["!pip3 -q install polars"],
            ["1:1:1 error `pip3 -q install` changes the environment while the notebook runs"],
        ),
        Case("by way of the interpreter", ["import sys\n!{sys.executable} -m pip install polars"], [f"1:2:1 {_PIP}"]),
        Case("a magic", ["%pip install polars"], [f"1:1:1 {_PIP}"]),
        Case("automagic", ["pip install polars"], [f"1:1:1 {_PIP}"]),
        Case(
            "conda",
            ["%conda install -y polars"],
            ["1:1:1 error `conda install` changes the environment while the notebook runs"],
        ),
        Case(
            "apt",
            ["!sudo apt-get -y install graphviz"],
            ["1:1:1 error `apt-get -y install` changes the environment while the notebook runs"],
        ),
        Case("a bash cell", ["%%bash\ncd /tmp\npip install polars"], [f"1:3:1 {_PIP}"]),
        Case("an assigned command", ["out = !pip install polars"], [f"1:1:7 {_PIP}"]),
        Case("os.system", ["import os\nos.system('pip install polars')"], [f"1:2:1 {_PIP}"]),
        Case(
            "subprocess",
            ["import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'polars'])"],
            [f"1:2:1 {_PIP}"],
        ),
        Case("a list of what is there", ["!pip list"]),
        Case("pip freeze", ["%pip freeze"]),
        Case("text that speaks of it", ["print('pip install polars')"]),
        Case("a comment in a bash cell", ["%%bash\n# pip install polars\nls"]),
        Case("a comment", ["# !pip install polars"]),
        Case("a variable called pip", ["pip = 1\npip"]),
        Case("a folder called pip", ["!ls pip installed"]),
    ],
    "PB405": [
        Case("a command", ["!cp a b"], ["1:1:1 warning `!cp a b` runs a shell, and its failure goes unnoticed"]),
        Case(
            "its lines are assigned",
            ["files = !ls"],
            ["1:1:9 warning `!ls` runs a shell, and its failure goes unnoticed"],
        ),
        Case(
            "once for each cell",
            ["!ls\n!pwd", "x = 1\n%system ls"],
            [
                "1:1:1 warning `!ls` runs a shell, and its failure goes unnoticed",
                "2:2:1 warning `%system ls` runs a shell, and its failure goes unnoticed",
            ],
        ),
        Case(
            "a long one is cut",
            ["!echo " + "x" * 80],
            [f"1:1:1 warning `!echo {'x' * 31}...` runs a shell, and its failure goes unnoticed"],
        ),
        Case(
            "a bash cell", ["%%bash\nls"], ["1:1:1 warning `%%bash` runs a shell, out of sight of lint and staleness"]
        ),
        Case(
            "another language",
            ["%%perl\nprint 1"],
            ["1:1:1 warning `%%perl` runs another program, out of sight of lint and staleness"],
        ),
        Case(
            "a magic that nothing brings",
            ["import os", "%%nonsense\nx y z"],
            ["2:1:1 warning `%%nonsense` is not IPython's, and nothing loads it: the cell will fail"],
        ),
        Case("an extension is loaded", ["%load_ext sql", "%%nonsense\nselect 1"]),
        Case("a library may bring it", ["import duckdb_magic", "%%nonsense\nselect 1"]),
        Case("an installation belongs to PB404", ["!pip install polars"]),
        Case("IPython's own", ["%%time\nx = 1", "%%html\n<b>x</b>", "%%writefile x.txt\ny", "%matplotlib inline"]),
        Case("text that speaks of it", ["print('!ls')", "# !ls", "a != b"]),
        Case("a program without a shell", ["import subprocess\nsubprocess.run(['ls'], check=True)"]),
    ],
    "PB406": [
        Case("input", ["x = input('?')"], ["1:1:5 error `input()` waits for a person to type"]),
        Case(
            "getpass",
            ["from getpass import getpass\ngetpass()"],
            ["1:2:1 error `getpass()` waits for a person to type"],
        ),
        Case(
            "breakpoint",
            ["x = 1\nbreakpoint()"],
            ["1:2:1 error `breakpoint()` stops in the debugger"],
            fixed=["x = 1"],
        ),
        Case(
            "pdb",
            ["import pdb; pdb.set_trace()"],
            ["1:1:13 error `set_trace()` stops in the debugger"],
            fixed=["import pdb"],
        ),
        Case(
            "in a function",
            ["def f():\n    breakpoint()"],
            ["1:2:5 warning `breakpoint()` stops in the debugger"],
            fixed=["def f():\n    pass"],
        ),
        Case(
            "a breakpoint whose value is used",
            ["x = breakpoint()"],
            ["1:1:5 error `breakpoint()` stops in the debugger"],
        ),
        Case("debug", ["%debug"], ["1:1:1 error `%debug` waits in the debugger"], fixed=[""]),
        Case(
            "debug in a branch",
            ["if x:\n    %debug\nelse:\n    y = 1"],
            ["1:2:5 error `%debug` waits in the debugger"],
            fixed=["if x:\n    pass\nelse:\n    y = 1"],
        ),
        Case(
            "a debugged cell",
            ["%%debug\nx = 1"],
            ["1:1:1 error `%%debug` waits in the debugger"],
            fixed=["x = 1"],
        ),
        Case(
            "help",
            ["import os\nos.path?\nx = 1"],
            ["1:2:1 warning `os.path?` shows help that nobody will read"],
            fixed=["import os\nx = 1"],
        ),
        Case(
            "help as a magic",
            ["%pinfo print"],
            ["1:1:1 warning `%pinfo print` shows help that nobody will read"],
            fixed=[""],
        ),
        Case(
            "an empty widget",
            ["import ipywidgets as w\nw.FileUpload()"],
            ["1:2:1 error `FileUpload()` holds no value in a headless run"],
        ),
        Case("an own function called input", ["def input(x):\n    return x", "input(1)"]),
        Case("a parameter called input", ["def f(input):\n    return input(1)"]),
        Case("a method called input", ["class A:\n    def input(self): ...", "A().input()"]),
        Case("the debugger switched off", ["%pdb off"]),
        Case("a widget with a default", ["import ipywidgets as w\nw.IntSlider(value=3), w.DatePicker(value=None)"]),
        Case("a question mark in a text", ["print('why?')"]),
    ],
    "PB407": [
        Case(
            "no way out",
            ["import time\nwhile True:\n    time.sleep(5)"],
            ["1:2:1 warning this loop has no end: nothing breaks out of it"],
        ),
        Case(
            "a break of an inner loop",
            ["while 1:\n    for x in y:\n        break"],
            ["1:1:1 warning this loop has no end: nothing breaks out of it"],
        ),
        Case(
            "until somebody interrupts",
            ["try:\n    while True:\n        poll()\nexcept KeyboardInterrupt:\n    pass"],
            ["1:2:5 warning this loop has no end: nothing breaks out of it"],
        ),
        Case(
            "counting for ever",
            ["from itertools import count\nfor n in count():\n    print(n)"],
            ["1:2:1 warning this loop has no end: nothing breaks out of it"],
        ),
        Case(
            "a long sleep",
            ["from time import sleep\nsleep(5 * 60)"],
            ["1:2:1 warning sleeps for 300 s, however soon what it waits for is there"],
        ),
        Case("a server", ["server.serve_forever()"], ["1:1:1 warning `serve_forever()` never comes back"]),
        Case("a signal", ["import signal\nsignal.pause()"], ["1:2:1 warning `pause()` never comes back"]),
        Case("it breaks", ["while True:\n    if done():\n        break"]),
        Case("it breaks behind a loop", ["while True:\n    for x in y:\n        pass\n    else:\n        break"]),
        Case("it raises", ["while True:\n    raise ValueError('x')"]),
        Case("it exits", ["import sys\nwhile True:\n    sys.exit(0)"]),
        Case(
            "what ends it is caught outside",
            ["try:\n    while True:\n        next(x)\nexcept StopIteration:\n    pass"],
        ),
        Case("in a function", ["def serve():\n    while True:\n        poll()"]),
        Case("a condition", ["while waiting():\n    poll()"]),
        Case("a short sleep", ["import time\ntime.sleep(0.5)\ntime.sleep(pause)"]),
        Case("counting in a zip", ["import itertools\nfor a, b in zip(x, itertools.count()):\n    pass"]),
    ],
    "PB408": [
        Case("exit", ["exit()"], ["1:1:1 error `exit()` ends the kernel"]),
        Case("sys.exit", ["import sys\nif True:\n    sys.exit(0)"], ["1:3:5 error `sys.exit()` ends the kernel"]),
        Case("os._exit", ["import os\nos._exit(1)"], ["1:2:1 error `os._exit()` ends the kernel"]),
        Case("SystemExit", ["raise SystemExit(3)"], ["1:1:1 error `raise SystemExit` ends the kernel"]),
        Case(
            "in a function",
            ["import sys\ndef main():\n    sys.exit(0)"],
            ["1:3:5 warning `sys.exit()` ends the kernel when this function is called"],
        ),
        Case(
            "in a handler",
            ["import sys\ntry:\n    v = 1\nexcept ValueError:\n    sys.exit(1)"],
            ["1:5:5 warning `sys.exit()` ends the kernel where this branch is taken"],
        ),
        Case(
            "in a branch",
            ["import os\nif os.path.exists('/tmp'):\n    base = '/tmp'\nelse:\n    raise SystemExit"],
            ["1:5:5 warning `raise SystemExit` ends the kernel where this branch is taken"],
        ),
        Case("caught", ["import sys\ntry:\n    sys.exit(1)\nexcept SystemExit:\n    pass"]),
        Case("suppressed", ["import contextlib, sys\nwith contextlib.suppress(SystemExit):\n    sys.exit(1)"]),
        Case(
            "caught in vain",
            ["try:\n    exit()\nexcept SystemExit:\n    pass"],
            ["1:2:5 error `exit()` ends the kernel"],
        ),
        Case("an own exit", ["def exit():\n    pass", "exit()"]),
        Case("a method", ["class A:\n    def exit(self): ...", "A().exit()"]),
        Case("another exception", ["raise ValueError('no flights')"]),
    ],
    "PB409": [
        Case(
            "without a type",
            ["try:\n    f()\nexcept:\n    x = None"],
            ["1:3:1 warning `except:` catches every error, interrupts among them, and goes on"],
        ),
        Case(
            "in a function",
            ["def f():\n    try:\n        g()\n    except:\n        print('failed')"],
            ["1:4:5 warning `except:` catches every error, interrupts among them, and goes on"],
        ),
        Case(
            "every error, dropped",
            ["for x in y:\n    try:\n        f(x)\n    except Exception:\n        continue"],
            ["1:4:5 warning `except Exception:` drops every error without a word"],
        ),
        Case(
            "every error among others, and suppressed",
            [
                "import contextlib\ntry:\n    f()\nexcept (KeyError, Exception):\n    pass\nwith contextlib.suppress(Exception):\n    f()"
            ],
            [
                "1:4:1 warning `except Exception:` drops every error without a word",
                "1:6:6 warning `suppress(Exception)` drops every error without a word",
            ],
        ),
        Case("one error suppressed", ["import contextlib\nwith contextlib.suppress(KeyError):\n    f()"]),
        Case(
            "the tag",
            [code("1 / 0", "raises-exception")],
            ["1:0:0 warning the tag `raises-exception`: the run goes on, and ends green, when this cell fails"],
        ),
        Case(
            "the tag, in R",
            [code("stop()", "raises-exception")],
            ["1:0:0 warning the tag `raises-exception`: the run goes on, and ends green, when this cell fails"],
            language="R",
        ),
        Case("one error", ["try:\n    f()\nexcept KeyError:\n    pass"]),
        Case("it raises again", ["try:\n    f()\nexcept:\n    clean()\n    raise"]),
        Case("it is reported", ["import logging\ntry:\n    f()\nexcept:\n    logging.exception('f')"]),
        Case("it is shown", ["try:\n    f()\nexcept Exception as error:\n    print(error)"]),
        Case("a library that may be missing", ["try:\n    import tqdm\nexcept:\n    tqdm = None"]),
        Case("another tag", [code("1 / 0", "slow")]),
    ],
    "PB410": [
        Case(
            "in no file",
            ["import numpy as np\nfrom sklearn.cluster import KMeans", "import sklearn"],
            ["1:2:29 warning package not declared in requirements.txt or more.txt: scikit-learn"],
            files={"requirements.txt": "numpy>=2  # arrays\n-r more.txt\n", "more.txt": "polars==1.30"},
        ),
        Case(
            "without a version, told once",
            ["import pandas as pd\nimport yaml", "import pandas"],
            ["1:1:8 warning declared without a version: pandas, pyyaml"],
            project=Project(),
            files={
                "environment.yml": "name: x\ndependencies:\n  - python=3.12\n  - pandas\n  - pip:\n      - pyyaml\n"
            },
        ),
        Case("a library may leave the version open", ["import pandas"], files={"requirements.txt": "pandas"}),
        Case(
            "in several files, none of them",
            ["import seaborn", "import sklearn"],
            ["1:1:8 warning packages not declared in pyproject.toml or requirements-dev.txt: scikit-learn, seaborn"],
            files={
                "pyproject.toml": '[project]\nname = "x"\ndependencies = ["numpy>=2"]',
                "requirements-dev.txt": "pytest>=8",
            },
        ),
        Case(
            "extras, groups, Poetry, conda's names",
            ["import numpy, pandas, cv2, torch, PIL, xgboost, scipy"],
            files={
                "pyproject.toml": '[project]\nname = "x"\ndependencies = ["numpy~=2.0"]\n'
                '[project.optional-dependencies]\na = ["Pandas[excel]>=2"]\n[dependency-groups]\nb = ["pillow<13"]\n'
                '[tool.poetry.dependencies]\nscipy = "^1.13"',
                "environment.yml": "dependencies:\n- conda-forge::pytorch =2.5\n- py-opencv>=4\n- py-xgboost=2\n",
            },
        ),
        Case(
            "a lock fixes the versions",
            ["import numpy"],
            files={"requirements.in": "numpy", "requirements.lock": "numpy==2.0"},
        ),
        Case(
            "the project's own",
            ["import flights.delays\nimport common, tasks"],
            files={
                "pyproject.toml": '[project]\nname = "flights"\ndependencies = ["numpy>=2"]',
                "common.py": "",
                "src/tasks/__init__.py": "",
            },
        ),
        Case(
            "Python's own, the kernel's, and what may be missing",
            [
                "import json, IPython\ntry:\n    import seaborn\nexcept ImportError:\n    seaborn = None\nfrom . import x"
            ],
            files={"requirements.txt": "numpy>=2"},
        ),
        Case("nothing is declared", ["import seaborn"], files={"pyproject.toml": "[tool.ruff]\nline-length = 100"}),
        Case(
            "declared in code",
            ["import seaborn"],
            files={
                "setup.py": "from setuptools import setup\nsetup(install_requires=read())",
                "requirements.txt": "numpy>=2",
            },
        ),
        Case(
            "all that a package has",
            ["from seaborn import *"],
            ["1:1:21 warning package not declared in requirements.txt: seaborn"],
            files={"requirements.txt": "numpy>=2"},
        ),
        Case(
            "another notebook runs first", ["%run common.ipynb\nimport seaborn"], files={"requirements.txt": "numpy>=2"}
        ),
        Case("a module that nobody knows", ["import warehouse_of_acme"], files={"requirements.txt": "numpy>=2"}),
        Case(
            "modules from anywhere",
            ["import sys\nsys.path.append('..')\nimport seaborn"],
            files={"requirements.txt": "numpy>=2"},
        ),
        Case("files that cannot be read", ["import seaborn"], files={"pyproject.toml": "[project", "setup.cfg": "x"}),
        Case("no project", ["import seaborn"]),
    ],
    "PB411": [
        Case(
            "a notebook",
            ["%run other.ipynb"],
            ["1:1:1 error `%run other.ipynb` runs another file in this notebook's namespace"],
        ),
        Case(
            "a script",
            ["x = 1\n%run -i ../common.py a b"],
            ["1:2:1 error `%run -i ../common.py a b` runs another file in this notebook's namespace"],
        ),
        Case(
            "automagic",
            ["run other.ipynb"],
            ["1:1:1 error `%run other.ipynb` runs another file in this notebook's namespace"],
        ),
        Case(
            "by way of the shell",
            ["get_ipython().run_line_magic('run', 'other.ipynb')"],
            ["1:1:1 error `%run other.ipynb` runs another file in this notebook's namespace"],
        ),
        Case(
            "an import hook",
            ["import import_ipynb\nimport other"],
            ["1:1:8 error `import_ipynb` imports notebooks, and runs them on the way"],
        ),
        Case(
            "a notebook as a module",
            ["from ipynb.fs.full.other import f"],
            ["1:1:33 error `ipynb` imports notebooks, and runs them on the way"],
        ),
        Case("a module", ["import other\nfrom .ipynb import x"]),
        Case("a variable called run", ["run = 1", "run", "%runner x"]),
        Case("another magic", ["get_ipython().run_line_magic('matplotlib', 'inline')\n%rerun"]),
        Case("help on it", ["%run?"]),
    ],
}
