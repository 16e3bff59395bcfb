"""A task that is no notebook, run once more for a replay in a folder of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.exceptions import ReplayError
from proofbook.flow import others
from proofbook.model.pipeline import Pipeline, Task

from .conftest import DOOR

TASKS = """\
tasks:
  - source: tasks.raw
    product: output/raw.txt
    params: {number: "{{number}}"}
  - source: tasks.double
    upstream: [raw]
    product: output/double.txt
"""
CODE = """\
from pathlib import Path


def raw(product, number):
    Path(product).write_text(str(number))


def double(product, upstream):
    Path(product).write_text(str(2 * int(Path(upstream["raw"]).read_text())))
"""


def test_it_runs_alone_with_the_parameters_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_text(DOOR + TASKS)
    (tmp_path / "env.yaml").write_text("number: 1\n")
    (tmp_path / "tasks.py").write_text(CODE)
    (tmp_path / "output").mkdir()
    command = [sys.executable, "-m", "proofbook.ploomber", "--again", "pipeline.yaml", '{"number": 21}', "raw"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "output" / "raw.txt").read_text()) == (0, "21"), done.stderr
    assert not (tmp_path / "output" / "double.txt").exists()
    assert not (tmp_path / ".proofbook").exists()


@pytest.mark.parametrize(
    "task",
    [
        Task(name="load", kind="other", source="load.sql", products={"product": "output/a.csv"}),
        Task(name="load", kind="other", source="tasks.py", products={}, unseen=True),
    ],
)
def test_what_may_write_into_a_database_is_not_run_again(tmp_path: Path, task: Task) -> None:
    with pytest.raises(ReplayError, match="load may write what is no file"):
        others.runner(Pipeline(tasks=(task,)), root=tmp_path, parameters={})("load")


def test_another_format_of_a_notebook_is_the_notebook_itself(tmp_path: Path) -> None:
    task = Task(name="fit", products={"nb": "output/fit.html"}, notebook_product="nb")
    (tmp_path / "executed.ipynb").write_text("{}")
    (tmp_path / "output").mkdir()
    others.converter(Pipeline(tasks=(task,)), root=tmp_path)("fit", tmp_path / "executed.ipynb")
    assert (tmp_path / "output" / "fit.html").read_text() == "{}"
