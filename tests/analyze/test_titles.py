"""What a cell is about, in one line."""

from typing import Any

import pytest

from proofbook.analyze import titles


def _cell(source: Any, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": metadata}


@pytest.mark.parametrize(
    ("source", "title"),
    [
        ("# Load the flights\nflights = load()", "Load the flights"),
        ("import pandas as pd\n\nflights = pd.read_parquet(path)\n", "flights = pd.read_parquet(path)"),
        ("import pandas as pd\nfrom math import pi\n", "import pandas as pd"),
        ("%matplotlib inline\n# ------\nplot()", "plot()"),
        (["x = 1\n", "y = 2\n"], "x = 1"),
        ("", ""),
        ("# -----", ""),
        (None, "None"),
    ],
)
def test_the_first_line_that_says_something(source: Any, title: str) -> None:
    assert titles.of(_cell(source)) == title


def test_an_author_s_title_wins() -> None:
    assert titles.of(_cell("x = 1", title=" Join  the weather ")) == "Join the weather"


def test_parameters_are_called_so() -> None:
    assert titles.of(_cell("upstream = None", tags=["parameters"])) == "parameters"
    assert titles.of(_cell("# Parameters\nx = 1", tags=["injected-parameters"])) == "parameters of this run"


def test_a_long_line_is_cut() -> None:
    title = titles.of(_cell("x = " + "y" * 1000))
    assert len(title) == 80
    assert title.endswith("…")


@pytest.mark.parametrize("cell", [{}, {"metadata": []}, {"metadata": {"tags": 3, "title": 4}, "source": {"a": 1}}])
def test_a_cell_of_any_shape_has_a_title(cell: dict[str, Any]) -> None:
    assert isinstance(titles.of(cell), str)
