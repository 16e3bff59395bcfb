"""What makes two runs differ."""

from tests.lint.factory import Case, parameters

_RECORD = "from proofbook import record"
_EVERY_RUN = "draws other numbers on every run"

CASES = {
    "PB501": [
        Case(
            "NumPy's shared generator",
            [
                "import numpy as np",
                "x = np.random.rand(3, 4)\ny = np.random.randn()\nz = np.random.randint(0, 9, size=2)",
            ],
            [f"2:1:5 warning `np.random.rand()` {_EVERY_RUN}: nothing seeds it"],
            fixed=[
                "import numpy as np",
                (
                    "rng = np.random.default_rng(0)\nx = rng.random((3, 4))\ny = rng.standard_normal()\n"
                    "z = rng.integers(0, 9, size=2)"
                ),
            ],
        ),
        Case(
            "once for each cell and generator",
            ["import numpy as np\nx = np.random.normal(size=3)\ny = np.random.normal(size=3)"],
            [f"1:2:5 warning `np.random.normal()` {_EVERY_RUN}: nothing seeds it"],
            fixed=[
                "import numpy as np\nrng = np.random.default_rng(0)\nx = rng.normal(size=3)\ny = rng.normal(size=3)"
            ],
        ),
        Case(
            "in several cells, told of at the first",
            ["import random\nx = random.random()", "y = random.random()", "z = random.choice('ab')"],
            [f"1:2:5 warning `random.random()` {_EVERY_RUN}: nothing seeds it"],
            fixed=[
                "import random\nrandom.seed(0)\nx = random.random()",
                "y = random.random()",
                "z = random.choice('ab')",
            ],
        ),
        Case(
            "in a function, above which the generator is made",
            ["import numpy as np\n\ndef f(shape):\n    return np.random.rand(*shape)", "f((2, 3))"],
            [f"1:4:12 warning `np.random.rand()` {_EVERY_RUN}: nothing seeds it"],
            fixed=[
                "import numpy as np\n\nrng = np.random.default_rng(0)\ndef f(shape):\n    return rng.random((*shape,))",
                "f((2, 3))",
            ],
        ),
        Case(
            "a generator without a seed",
            ["import numpy as np\nrng = np.random.default_rng()\nother = np.random.default_rng(seed=None)"],
            [f"1:2:7 warning `np.random.default_rng()` has no seed: it {_EVERY_RUN}"],
            fixed=["import numpy as np\nrng = np.random.default_rng(0)\nother = np.random.default_rng(seed=0)"],
        ),
        Case(
            "scikit-learn, with the parameter for it",
            [
                parameters("seed = 1"),
                "from sklearn.model_selection import train_test_split\na, b = train_test_split(x, test_size=0.2)",
            ],
            [f"2:2:8 warning `train_test_split()` has no `random_state`: it {_EVERY_RUN}"],
            fixed=[
                parameters("seed = 1"),
                (
                    "from sklearn.model_selection import train_test_split\n"
                    "a, b = train_test_split(x, test_size=0.2, random_state=seed)"
                ),
            ],
        ),
        Case(
            "over several lines",
            [
                "from sklearn.cluster import KMeans\nm = KMeans(\n    3,\n    random_state=None,\n)\nn = KMeans(\n    3,\n)"
            ],
            [f"1:2:5 warning `KMeans()` has no `random_state`: it {_EVERY_RUN}"],
            fixed=[
                (
                    "from sklearn.cluster import KMeans\nm = KMeans(\n    3,\n    random_state=0,\n)\n"
                    "n = KMeans(\n    3, random_state=0\n)"
                )
            ],
        ),
        Case(
            "a table's sample",
            ["import pandas as pd\nfew = flights.sample(frac=0.1)"],
            [f"1:2:7 warning `.sample()` has no `random_state`: it {_EVERY_RUN}"],
            fixed=["import pandas as pd\nfew = flights.sample(frac=0.1, random_state=0)"],
        ),
        Case(
            "a table that was read here, and one of polars",
            [
                "import pandas as pd, polars as pl\na = pd.read_csv('x')\na.sample(3)\nb = pl.scan_csv('x')\nb.sample(n=3)\nf().sample(n=1)"
            ],
            [f"1:3:1 warning `.sample()` has no `random_state`: it {_EVERY_RUN}"],
            fixed=[
                (
                    "import pandas as pd, polars as pl\na = pd.read_csv('x')\na.sample(3, random_state=0)\n"
                    "b = pl.scan_csv('x')\nb.sample(n=3, seed=0)\nf().sample(n=1)"
                )
            ],
        ),
        Case(
            "bits without a seed",
            ["import numpy as np\nrng = np.random.Generator(np.random.PCG64())"],
            [f"1:2:27 warning `np.random.PCG64()` has no seed: it {_EVERY_RUN}"],
            fixed=["import numpy as np\nrng = np.random.Generator(np.random.PCG64(0))"],
        ),
        Case("polars, seeded", ["import polars as pl\npl.set_random_seed(1)\nx.sample(n=3)"]),
        Case(
            "the standard library",
            ["import random\nx = 1\nrandom.shuffle(y)"],
            [f"1:3:1 warning `random.shuffle()` {_EVERY_RUN}: nothing seeds it"],
            fixed=["import random\nx = 1\nrandom.seed(0)\nrandom.shuffle(y)"],
        ),
        Case(
            "drawn above the seed",
            ["import numpy as np\nx = np.random.rand(3)", "np.random.seed(0)\ny = np.random.rand(3)"],
            [f"1:2:5 warning `np.random.rand()` {_EVERY_RUN}: nothing seeds it"],
        ),
        Case(
            "seeded by nothing",
            ["import numpy as np\nnp.random.seed()\nx = np.random.rand(3)"],
            [f"1:3:5 warning `np.random.rand()` {_EVERY_RUN}: nothing seeds it"],
            fixed=["import numpy as np\nrng = np.random.default_rng(0)\nx = rng.random(3)"],
        ),
        Case(
            "a function without its module has no fix",
            ["from random import random\nx = random()"],
            [f"1:2:5 warning `random()` {_EVERY_RUN}: nothing seeds it"],
        ),
        Case(
            "seeded for TensorFlow only",
            ["import numpy as np, tensorflow as tf\ntf.random.set_seed(1)\nx = np.random.rand(3)"],
            [f"1:3:5 warning `np.random.rand()` {_EVERY_RUN}: nothing seeds it"],
            fixed=[
                "import numpy as np, tensorflow as tf\ntf.random.set_seed(1)\nrng = np.random.default_rng(0)\nx = rng.random(3)"
            ],
        ),
        Case(
            "seeded",
            ["import random\nimport numpy as np\nrandom.seed(1)\nnp.random.seed(1)\nrandom.random(), np.random.rand()"],
        ),
        Case(
            "seeded by a function of one's own",
            ["from x import set_seed\nimport numpy as np\nset_seed(1)\nnp.random.rand()"],
        ),
        Case("generators with seeds", ["import numpy as np, random\nnp.random.default_rng(1), random.Random(1)"]),
        Case("a generator's own methods", ["import numpy as np\nrng = np.random.default_rng(1)\nrng.normal()"]),
        Case(
            "a seed that is handed over", ["from sklearn.cluster import KMeans\nKMeans(3, random_state=s), KMeans(**k)"]
        ),
        Case(
            "NumPy's seed serves scikit-learn and pandas",
            [
                "import numpy as np, pandas as pd\nfrom sklearn.cluster import KMeans\nnp.random.seed(1)\nKMeans(3), d.sample(n=1)"
            ],
        ),
        Case("nothing is shuffled", ["from sklearn.model_selection import train_test_split as t\nt(x, shuffle=False)"]),
        Case("another object's sample", ["import pandas as pd\nmodel.sample(100)\nmodel.sample(n=3, temperature=1)"]),
        Case("secrets are meant to differ", ["import secrets, uuid\nsecrets.token_hex(), uuid.uuid4()"]),
        Case("another notebook may seed", ["%run common.ipynb", "import numpy as np\nnp.random.rand()"]),
    ],
    "PB502": [
        Case(
            "seeded and drawn",
            ["import numpy as np\nnp.random.seed(7)", "x = np.random.rand(3)\ny = np.random.uniform(size=3)"],
            [
                "2:1:5 warning `np.random.rand()` draws from the generator that every library shares, as 1 more call of this notebook does"
            ],
            fixed=["import numpy as np\nrng = np.random.default_rng(7)", "x = rng.random(3)\ny = rng.uniform(size=3)"],
        ),
        Case(
            "the seed is still needed by a library",
            [
                "import numpy as np\nfrom sklearn.cluster import KMeans\nnp.random.seed(7)",
                "x = np.random.rand(3)\nKMeans(3)",
            ],
            ["2:1:5 warning `np.random.rand()` draws from the generator that every library shares"],
            fixed=[
                (
                    "import numpy as np\nfrom sklearn.cluster import KMeans\n"
                    "np.random.seed(7); rng = np.random.default_rng(7)"
                ),
                "x = rng.random(3)\nKMeans(3)",
            ],
        ),
        Case(
            "another name where the notebook has one",
            ["import numpy as np\nnp.random.seed(7)\nrng = 1\nx = np.random.permutation(y)"],
            ["1:4:5 warning `np.random.permutation()` draws from the generator that every library shares"],
            fixed=["import numpy as np\ngenerator = np.random.default_rng(7)\nrng = 1\nx = generator.permutation(y)"],
        ),
        Case(
            "a function that is handed over has no fix",
            ["import numpy as np\nnp.random.seed(7)\nx = np.random.rand(3)\nf(np.random.rand)"],
            ["1:3:5 warning `np.random.rand()` draws from the generator that every library shares"],
        ),
        Case("unseeded draws belong to PB501", ["import numpy as np\nx = np.random.rand(3)"]),
        Case("a seed for libraries", ["import numpy as np\nnp.random.seed(7)"]),
        Case("a generator", ["import numpy as np\nrng = np.random.default_rng(1)\nrng.normal()"]),
        Case("another module called random", ["import random\nrandom.seed(1)\nrandom.random()"]),
    ],
    "PB503": [
        Case(
            "the time of the run",
            [_RECORD, "import datetime\nrecord('day', datetime.date.today())"],
            ["2:2:1 warning `day` depends on `datetime.date.today()`, which is another one on every run"],
        ),
        Case(
            "by way of a filter, in another cell",
            [
                _RECORD + "\nimport pandas as pd\nas_of = pd.Timestamp.now()",
                "late = f[f.due < as_of]\nrecord('n', len(late))",
            ],
            ["2:2:1 warning `n` depends on `pandas.Timestamp.now()` of cell 1, which is another one on every run"],
        ),
        Case(
            "an identifier, the machine, the environment",
            [
                _RECORD + "\nimport uuid, socket, os",
                "record('a', str(uuid.uuid4()))\nrecord('b', socket.gethostname())\nrecord('c', os.environ['STAGE'])",
            ],
            [
                "2:1:1 warning `a` depends on `uuid.uuid4()`, which is another one on every run",
                "2:2:1 warning `b` depends on `socket.gethostname()`, which is another one on every machine",
                "2:3:1 warning `c` depends on `os.environ`, which is what the environment of the run says",
            ],
        ),
        Case(
            "how old the data are",
            [_RECORD + "\nimport datetime\nrecord('age', datetime.date.today() - newest)"],
            ["1:3:1 warning `age` depends on `datetime.date.today()`, which is another one on every run"],
        ),
        Case(
            "how long it took",
            [
                _RECORD + "\nimport time\nstart = time.time()\nf()\nrecord('a', time.time() - start)",
                "t = time.perf_counter()\nf()\nspent = time.perf_counter() - t\nrecord('b', round(spent, 3))",
                "end = time.time()\nspent = end - start\nrecord('c', spent)",
            ],
        ),
        Case("a parameter", [parameters("as_of = '2013-09-30'"), _RECORD + "\nrecord('n', len(f[f.due < as_of]))"]),
        Case("printed only", [_RECORD + "\nimport time\nprint(time.time())\nrecord('n', 1)"]),
        Case(
            "where a file lies",
            [_RECORD + "\nimport os, pandas as pd\nf = pd.read_csv(os.environ['DATA'])\nrecord('n', len(f))"],
        ),
        Case(
            "a column, of which the length tells nothing",
            [_RECORD + "\nimport datetime\nf['at'] = datetime.datetime.now()\nrecord('n', len(f))"],
        ),
        Case("through what nobody knows", [_RECORD + "\nimport time, x\nrecord('n', x.f(time.time()))"]),
    ],
    "PB504": [
        Case(
            "a set that is gone through",
            [_RECORD + "\nout = []\nfor name in {a, b}:\n    out.append(name)", "record('names', out)"],
            ["1:3:13 warning the order of a set is left to chance, and decides the record `names` in cell 2"],
            fixed=[_RECORD + "\nout = []\nfor name in sorted({a, b}):\n    out.append(name)", "record('names', out)"],
        ),
        Case(
            "a list of a set",
            ["import pandas as pd\nrows = list(set(x))\npd.DataFrame(rows).to_csv('a.csv')"],
            ["1:2:13 warning the order of a set is left to chance, and decides what `.to_csv` writes"],
            fixed=["import pandas as pd\nrows = sorted(set(x))\npd.DataFrame(rows).to_csv('a.csv')"],
        ),
        Case(
            "files as they come",
            [
                "import glob\nimport pandas as pd\nf = pd.concat([pd.read_csv(p) for p in glob.glob('*.csv')])",
                "f.to_parquet('all.parquet')",
            ],
            [
                "1:3:40 warning the order of `glob.glob()` is left to chance, and decides what `.to_parquet` writes in cell 2"
            ],
            fixed=[
                "import glob\nimport pandas as pd\nf = pd.concat([pd.read_csv(p) for p in sorted(glob.glob('*.csv'))])",
                "f.to_parquet('all.parquet')",
            ],
        ),
        Case(
            "files that are read one by one",
            [
                "import os\nimport pandas as pd\nout = []\nfor f in os.listdir('data'):\n    out.append(pd.read_csv(f))",
                "pd.concat(out).to_parquet('all.parquet')",
            ],
            [
                "1:4:10 warning the order of `os.listdir()` is left to chance, and decides what `.to_parquet` writes in cell 2"
            ],
            fixed=[
                "import os\nimport pandas as pd\nout = []\nfor f in sorted(os.listdir('data')):\n    out.append(pd.read_csv(f))",
                "pd.concat(out).to_parquet('all.parquet')",
            ],
        ),
        Case(
            "a set with a name has no fix",
            [_RECORD + "\nnames = {a, b}\nrecord('names', [n for n in names])"],
            ["1:2:9 warning the order of a set is left to chance, and decides the record `names`"],
        ),
        Case(
            "sorted", [_RECORD + "\nimport os\nrecord('files', sorted(os.listdir('.')))\nrecord('s', sorted({a, b}))"]
        ),
        Case(
            "counted",
            [_RECORD + "\nimport os\nrecord('n', len(os.listdir('.')))\nrecord('m', sum(len(x) for x in {a, b}))"],
        ),
        Case("sorted later", ["import pandas as pd\npd.DataFrame(list({a, b})).sort_values('x').to_csv('a.csv')"]),
        Case(
            "groups of a table, which are joined or looked up",
            [
                _RECORD + "\nd = f.group_by('a').agg(n)\nf.join(d, on='a').write_csv('a.csv')",
                "e = dict((x, f(x)) for x in {a, b})\nrecord('t', e['a'])",
            ],
        ),
        Case("shown only", ["import os\nprint(os.listdir('.'))\nfor x in {a, b}:\n    print(x)"]),
    ],
}
