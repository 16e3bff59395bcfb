import json

import pytest

from proofbook.analyze import chance, source


def of(*cells: str, language: str = "python", **modules: str) -> tuple[str, ...]:
    notebook = {
        "cells": [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": []} for cell in cells],
        "metadata": {"kernelspec": {"name": "k", "display_name": "k", "language": language}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    parsed = source.parse(json.dumps(notebook).encode(), path="a.ipynb")
    return chance.sources(parsed, modules={f"{name}.py": text.encode() for name, text in modules.items()})


@pytest.mark.parametrize(
    "code",
    [
        "import pandas as pd\ndf = pd.read_csv('x').groupby('a').mean().sample(3, random_state=1)",
        "import numpy as np\nrng = np.random.default_rng(seed)\nx = rng.normal(size=3)",
        "import random\nx = random.Random(7).random()",
        "import polars as pl\npl.read_csv('x').group_by('a', maintain_order=True).sum()",
        "from datetime import date, datetime\nd = date(2013, 1, 1), datetime.min.time(), df['departure'].time()",
        "import features\nfeatures.make()",
    ],
)
def test_what_depends_on_its_input_alone_has_no_sources(code: str) -> None:
    assert of(code, features="import numpy\n") == ()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import random\nrandom.random()", "random.random"),
        ("from random import shuffle\nshuffle(x)", "random.shuffle"),
        ("import numpy as np\nnp.random.normal()", "numpy.random.normal"),
        ("import numpy as np\nnp.random.default_rng()", "numpy.random.default_rng"),
        ("from numpy.random import default_rng\ndefault_rng()", "numpy.random.default_rng"),
        ("df.sample(3)", "sample() without a seed"),
        ("from datetime import datetime\ndatetime.now()", "datetime.datetime.now: the clock"),
        ("import time\ntime.time()", "time.time: the clock"),
        ("import os\nos.environ['A']", "reads the environment"),
        ("import os\nos.getpid()", "os.getpid: the machine"),
        ("from sklearn.linear_model import Ridge", "imports sklearn"),
        ("import requests", "imports requests"),
        ("df.group_by('a').sum()", "group_by() without maintain_order"),
        ("exec('x')", "exec()"),
        ("def f(:", "a cell does not parse"),
        ("import features", "random.random"),
    ],
)
def test_what_may_come_from_anywhere_else_is_named(code: str, said: str) -> None:
    assert said in of(code, **({"features": "import random\nx = random.random()"} if "features" in code else {}))


def test_another_language_is_not_known() -> None:
    assert of("rnorm(1)", language="R") == ("its language is r",)
