"""What a notebook is given, and who waits for it."""

import asyncio
import logging
from pathlib import Path

import pytest

from proofbook.lab.pipeline import PipelineReader, parameters_of
from proofbook.model.pipeline import Pipeline, Task
from tests.lab.conftest import make_project

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


def test_a_kernel_that_starts_before_anything_was_opened_waits_for_the_pipeline(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reader = PipelineReader(make_project(tmp_path), log=logging.getLogger("lab"))

    async def ask() -> list[bool]:
        paths = ("notebooks/load.ipynb", "notebooks/sum.py", "notebooks/loose.ipynb")
        return await asyncio.gather(*(reader.is_task(path) for path in paths))

    assert asyncio.run(ask()) == [True, True, False]
    assert caplog.text.count("reading pipeline.yaml") == 1


def test_a_pipeline_that_cannot_be_read_is_not_tried_again_for_a_kernel(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (make_project(tmp_path) / "pipeline.yaml").write_text("tasks: [")
    reader = PipelineReader(tmp_path, log=logging.getLogger("lab"))

    async def ask() -> list[bool]:
        return [await reader.is_task("notebooks/load.ipynb"), await reader.is_task("notebooks/load.ipynb")]

    assert asyncio.run(ask()) == [False, False]
    assert caplog.text.count("reading pipeline.yaml") == 1
    assert "without the pipeline's parameters" in caplog.text
