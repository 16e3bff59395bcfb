"""What a notebook task depends on."""

import json
from pathlib import Path
from typing import Any

import msgspec

from proofbook.flow import inputs
from proofbook.model.notebook import Cell, Notebook
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Product, TaskRun

CLEAN = Task(name="clean", products={"nb": "output/clean.ipynb", "data": "output/clean.parquet"}, notebook_product="nb")
FIT = Task(
    name="fit", source="notebooks/fit.ipynb", upstream=("clean",), products={"nb": "output/fit.ipynb"}, params={"n": 1}
)
CODE = 'from helper import f\n\nx = f(upstream["clean"]["data"])'


def _cell(source: str, kind: Any = "code", **more: Any) -> Cell:
    return Cell(number=1, id="a", kind=kind, source=source, **more)


def _inputs(
    root: Path, *cells: Cell, task: Task = FIT, data: str = "d1", shown: str = "s1", **more: Any
) -> dict[str, Any]:
    product = {
        "data": Product(path="output/clean.parquet", digest=data, size=1),
        "nb": Product(path="output/clean.ipynb", digest="n1", size=1),
    }
    return inputs.of_task(
        task,
        pipeline=Pipeline(tasks=(CLEAN, task)),
        root=root,
        upstream={"clean": TaskRun(name="clean", status="ran", products=product, notebook="n1")},
        environment=more.get("environment", "e1"),
        data={},
        outputs={"clean": shown},
        notebook=Notebook(path="notebooks/fit.ipynb", cells=cells or (_cell(CODE),)),
    )


def _key(root: Path, *cells: Cell, **more: Any) -> str:
    return inputs.key_of(_inputs(root, *cells, **more))


def test_markdown_comments_blank_lines_outputs_and_metadata_do_not_count(tmp_path: Path) -> None:
    same = [
        (_cell(CODE), _cell("# A title", "markdown")),
        (_cell("# why\n" + CODE.replace("\n\n", "\n\n\n\n") + "  # here"),),
        (_cell(CODE, outputs=({"output_type": "stream", "text": "x"},), execution_count=7),),
        (_cell(CODE, metadata={"collapsed": True}),),
        (_cell(CODE.replace('"clean"', "'clean'")),),
    ]
    for cells in same:
        assert _key(tmp_path, *cells) == _key(tmp_path)


def test_code_parameters_kernel_and_environment_count(tmp_path: Path) -> None:
    keys = {
        _key(tmp_path),
        _key(tmp_path, _cell(CODE + "\ny = 1")),
        _key(tmp_path, task=msgspec.structs.replace(FIT, params={"n": 2})),
        _key(tmp_path, task=msgspec.structs.replace(FIT, kernel="other")),
        _key(tmp_path, environment="e2"),
    }
    assert len(keys) == 5


def test_an_imported_module_counts_and_what_it_imports_too(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("from deeper import g\n\nf = g\n")
    (tmp_path / "deeper.py").write_text("def g(x):\n    return x\n")
    before = _inputs(tmp_path)
    assert set(before["modules"]) == {"helper.py", "deeper.py"}
    (tmp_path / "deeper.py").write_text("def g(x):\n    # said better\n    return x\n")
    assert _inputs(tmp_path) == before
    (tmp_path / "deeper.py").write_text("def g(x):\n    return x + 1\n")
    assert inputs.explain(before, _inputs(tmp_path)) == "module deeper.py changed"


def test_upstream_data_counts_by_content_and_the_upstream_notebook_only_where_it_can_be_read(tmp_path: Path) -> None:
    assert _key(tmp_path, data="d2") != _key(tmp_path)
    assert _key(tmp_path, shown="s2") == _key(tmp_path)
    reads = _cell('open(upstream["clean"]["nb"])')
    assert _key(tmp_path, reads, shown="s2") != _key(tmp_path, reads)


def test_what_an_executed_notebook_shows_has_no_times_and_counts() -> None:
    def executed(count: int, text: str) -> bytes:
        output = {"output_type": "stream", "name": "stdout", "text": text, "metadata": {"at": count}}
        cell = {"execution_count": count, "metadata": {"papermill": {"start_time": count}}, "outputs": [output]}
        return json.dumps({"cells": [cell], "metadata": {"papermill": {"duration": count}}}).encode()

    assert inputs.outputs_digest(executed(1, "a")) == inputs.outputs_digest(executed(2, "a"))
    assert inputs.outputs_digest(executed(1, "a")) != inputs.outputs_digest(executed(1, "b"))


def test_the_reason_names_what_changed(tmp_path: Path) -> None:
    before = _inputs(tmp_path)
    assert inputs.explain(None, before) == "never ran"
    assert inputs.explain(before, _inputs(tmp_path, _cell("y = 1"))).startswith("its code changed")
    assert inputs.explain(before, _inputs(tmp_path, data="d2")) == "clean has new products"
    assert inputs.explain(before, _inputs(tmp_path, environment="e2")) == "the environment changed"
    assert inputs.explain(before, before) == "no good result is in the store"


def test_a_resource_has_one_name_however_the_pipeline_writes_it(tmp_path: Path) -> None:
    task = Task(name="fit", data={"a": "./data/a.csv", "b": "data/old/../a.csv"})
    assert inputs.data_files(task, ["./data/*.csv"], root=tmp_path) == ["data/a.csv"]
