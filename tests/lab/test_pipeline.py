"""What a notebook is given; that the pipeline is read in good time is tested on the server."""

from proofbook.lab.pipeline import parameters_of
from proofbook.model.pipeline import Pipeline, Task

LOAD = Task(name="load", products={"nb": "out/load.ipynb", "rows": "out/rows.csv"}, data={"raw": "raw.csv"})
PLOT = Task(name="plot", upstream=("load",), products={"product": "out/plot.ipynb"}, params={"limit": 3})
LAST = Task(name="last", upstream=("load", "plot"), products={"nb": "out/last.ipynb"})
PIPELINE = Pipeline(tasks=(LOAD, PLOT, LAST))


def test_a_first_task_is_given_its_product_and_data_and_no_upstream() -> None:
    assert parameters_of(LOAD, pipeline=PIPELINE) == {
        "resources_": {"raw": "raw.csv"},
        "product": {"nb": "out/load.ipynb", "rows": "out/rows.csv"},
    }


def test_an_unnamed_product_is_a_path() -> None:
    assert parameters_of(PLOT, pipeline=PIPELINE) == {
        "limit": 3,
        "upstream": {"load": {"nb": "out/load.ipynb", "rows": "out/rows.csv"}},
        "product": "out/plot.ipynb",
    }


def test_upstream_is_by_task_and_as_each_names_its_products() -> None:
    upstream = parameters_of(LAST, pipeline=PIPELINE)["upstream"]

    assert list(upstream) == ["load", "plot"]
    assert upstream["plot"] == "out/plot.ipynb"
