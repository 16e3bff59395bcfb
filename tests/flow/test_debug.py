"""The post-mortem of a failed task, from what its run recorded."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from proofbook.exceptions import BlobCorruptError, NotFoundError, UsageError
from proofbook.flow import debug
from proofbook.model.run import Failure
from proofbook.store import Store
from tests.flow.conftest import Project
from tests.store import making

CELLS = [
    {"cell_type": "markdown", "source": "# Title"},
    {"cell_type": "code", "source": ["def ratio(a, b):\n", "    return a / b\n"]},
    {"cell_type": "code", "source": "x = 1"},
    {"cell_type": "code", "source": "y = ratio(x, 0)"},
]
FRAMES: list[dict[str, Any]] = [
    {
        "file": "/tmp/ipykernel_12/111.py",
        "line": 1,
        "function": "<module>",
        "source": [[1, "y = ratio(x, 0)"]],
        "locals": {"x": "1"},
    },
    {
        "file": "/tmp/ipykernel_12/222.py",
        "line": 2,
        "function": "ratio",
        "source": [[1, "def ratio(a, b):"], [2, "    return a / b"]],
        "locals": {"a": "1", "b": "0"},
    },
]


def _run(store: Store, root: Path, *, content: bytes | None, failure: Failure | None, notebook: bool = True) -> int:
    number = store.reserve("pipeline.yaml")
    good = making.task_run(store, root, value=1.0, name="features", number=number)
    bad = replace(
        making.task_run(store, root, value=2.0, number=number),
        status="failed" if failure else "ran",
        failure=failure,
        postmortem=store.blobs.put(content) if content is not None else None,
        notebook=store.blobs.put(json.dumps({"cells": CELLS}).encode()) if notebook else None,
    )
    store.seal(making.run_of(number, good, bad, ending="failed" if failure else "succeeded"))
    return number


FAILURE = Failure(kind="exception", message="ZeroDivisionError: division by zero", cell=4, cell_id="d")


def test_the_frames_with_the_cells_that_they_stand_in(store: Store, tmp_path: Path) -> None:
    content = json.dumps({"frames": FRAMES, "error": "ZeroDivisionError: division by zero"}).encode()
    number = _run(store, tmp_path, content=content, failure=FAILURE)
    found = debug.postmortem(tmp_path, "latest", "train")
    assert (found.run, found.task, found.error) == (number, "train", "ZeroDivisionError: division by zero")
    assert [(frame.place, frame.line, frame.function) for frame in found.frames] == [
        ("cell 4", 1, "<module>"),
        ("cell 2", 2, "ratio"),
    ]
    assert found.frames[-1].locals == {"a": "1", "b": "0"}


def test_without_the_notebook_only_the_failing_cell_is_known(store: Store, tmp_path: Path) -> None:
    content = json.dumps({"frames": FRAMES, "error": ""}).encode()
    _run(store, tmp_path, content=content, failure=FAILURE, notebook=False)
    found = debug.postmortem(tmp_path, "latest", "train")
    assert [frame.place for frame in found.frames] == ["cell 4", "/tmp/ipykernel_12/222.py"]
    assert found.error == FAILURE.message


def test_a_task_that_did_not_fail(store: Store, tmp_path: Path) -> None:
    content = json.dumps({"frames": FRAMES, "error": ""}).encode()
    number = _run(store, tmp_path, content=content, failure=FAILURE)
    said = f"task features of run {number} did not fail, it ran; these failed: train"
    with pytest.raises(NotFoundError, match=said):
        debug.postmortem(tmp_path, "latest", "features")
    _run(store, tmp_path, content=None, failure=None)
    with pytest.raises(NotFoundError, match="did not fail, it ran, nor did any other task"):
        debug.postmortem(tmp_path, "latest", "features")


def test_a_failure_without_a_post_mortem(store: Store, tmp_path: Path) -> None:
    _run(store, tmp_path, content=None, failure=Failure(kind="kernel died", message="kernel died (signal 9)"))
    with pytest.raises(NotFoundError, match=r"left no post-mortem \(kernel died \(signal 9\)\): `proofbook logs 1"):
        debug.postmortem(tmp_path, "latest", "train")
    _run(store, tmp_path, content=b'{"frames": [], "error": ""}', failure=FAILURE)
    with pytest.raises(NotFoundError, match="nothing is recorded of the frames"):
        debug.postmortem(tmp_path, "latest", "train")


def test_a_console_needs_a_task_with_a_kernel(project: Project) -> None:
    with pytest.raises(UsageError, match="no task 'x' to debug; tasks: numbers, double, triple, total"):
        project.build(debug="x")
    with pytest.raises(UsageError, match="task 'double' is no notebook"):
        project.build(debug="double")


def test_a_task_that_is_not_there(store: Store, tmp_path: Path) -> None:
    _run(store, tmp_path, content=None, failure=FAILURE)
    with pytest.raises(NotFoundError, match="run 1 has no task 'fit'; its tasks: features, train"):
        debug.postmortem(tmp_path, "1", "fit")


@pytest.mark.parametrize("content", [b"", b"[]", b'{"frames": [{"file": 3}]}', b"[" * 5000])
def test_a_post_mortem_that_cannot_be_read(store: Store, tmp_path: Path, content: bytes) -> None:
    _run(store, tmp_path, content=content, failure=FAILURE)
    with pytest.raises(BlobCorruptError, match="the post-mortem of train in run 1 cannot be read"):
        debug.postmortem(tmp_path, "1", "train")


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with Store.open(tmp_path) as opened:
        yield opened
