"""What a run keeps of its project, to be built again."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from proofbook.analyze import fingerprint
from proofbook.disk.atomic import digest_of
from proofbook.flow import kept
from proofbook.model.pipeline import Pipeline, Task
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store


def run_of(**changes: object) -> Run:
    empty = Run(number=1, pipeline="pipeline.yaml", ending="succeeded", started="", finished="", seconds=0.0)
    return replace(empty, **changes)


def test_modules_sources_the_lock_and_small_data_are_kept_by_content(tmp_path: Path) -> None:
    for name in ("pipeline.yaml", "env.yaml", "requirements.lock", "tasks.py", "lib.py", "small.csv"):
        (tmp_path / name).write_text(f"# {name}\n")
    task = TaskRun(
        name="clean",
        status="ran",
        source="tasks.py",
        inputs={"modules": {"lib.py": fingerprint.of_module(tmp_path / "lib.py")}},
    )
    run = run_of(tasks=(task,), data={"small.csv": digest_of(tmp_path / "small.csv"), "gone.csv": "missing"})
    pipeline = Pipeline(tasks=(Task(name="clean", kind="other", code="def clean(): ..."),))
    with Store.open(tmp_path) as store:
        found = kept.keep(store, tmp_path, run, pipeline=pipeline)
        assert sorted(found.files) == [
            "env.yaml",
            "lib.py",
            "pipeline.yaml",
            "requirements.lock",
            "small.csv",
            "tasks.py",
        ]
        assert {name: store.blobs.get(digest) for name, digest in found.files.items()} == {
            name: f"# {name}\n".encode() for name in found.files
        }
        assert store.blobs.get(found.texts["clean"]) == b"def clean(): ..."


def test_what_is_no_longer_what_the_run_saw_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "lib.py").write_text("a = 1\n")
    (tmp_path / "small.csv").write_text("1\n")
    task = TaskRun(name="fit", status="ran", modules={"lib.py": fingerprint.of_module(tmp_path / "lib.py")})
    run = run_of(tasks=(task,), data={"small.csv": digest_of(tmp_path / "small.csv")})
    (tmp_path / "lib.py").write_text("a = 2\n")
    (tmp_path / "small.csv").write_text("2\n")
    with Store.open(tmp_path) as store:
        assert kept.keep(store, tmp_path, run, pipeline=Pipeline(tasks=())).files == {}


def test_large_data_are_known_by_digest_only_and_the_smallest_are_kept_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_LARGEST_DATA", 100)
    monkeypatch.setattr(kept, "_ALL_DATA", 150)
    data = {}
    for name, size in {"huge": 101, "b": 90, "a": 60, "c": 10}.items():
        (tmp_path / name).write_text(name[0] * size)
        data[name] = digest_of(tmp_path / name)
    with Store.open(tmp_path) as store:
        found = kept.keep(store, tmp_path, run_of(data=data), pipeline=Pipeline(tasks=()))
        assert sorted(found.files) == ["a", "c"]
        assert found.data == data
