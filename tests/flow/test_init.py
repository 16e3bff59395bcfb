"""`init`: a new pipeline, or our door in an old one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.exceptions import MachineError, PipelineError, UsageError
from proofbook.flow.init import init

EXISTING = b"# mine\ntasks:\n  - source: a.ipynb   # first\n    product: out/a.ipynb\n"


def _files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_new_project_is_whole(tmp_path: Path) -> None:
    started = init(tmp_path / "new" / "project")

    assert started.kind == "created"
    assert started.files[-1] == "pipeline.yaml"
    assert set(_files(tmp_path / "new/project")) == set(started.files)
    assert {".gitignore", "README.md", "notebooks/measure.ipynb", "data/iris.csv"} < set(started.files)


def test_a_new_project_needs_nothing_after_it(tmp_path: Path) -> None:
    init(tmp_path)
    before = _files(tmp_path)

    assert init(tmp_path).kind == "already"
    assert _files(tmp_path) == before


def test_what_is_in_the_way_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "data").write_text("a file where a folder must go")
    before = _files(tmp_path)

    with pytest.raises(UsageError) as error:
        init(tmp_path)

    assert "README.md" in str(error.value)
    assert "data/iris.csv" in str(error.value)
    assert "pipeline.yaml," not in str(error.value)
    assert _files(tmp_path) == before


def test_other_files_are_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    assert init(tmp_path).kind == "created"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_interrupted_start_is_finished(tmp_path: Path) -> None:
    script = "from pathlib import Path; from proofbook.flow.init import init; init(Path())"
    environment = {**os.environ, "PROOFBOOK_FAULT": "write.create:4:kill"}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=False)
    assert done.returncode == -9
    assert 0 < len(_files(tmp_path)) < 6

    assert init(tmp_path).kind == "created"
    assert not [name for name in _files(tmp_path) if name.endswith(".tmp")]


def test_an_existing_pipeline_gets_four_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(EXISTING)

    started = init(tmp_path)

    assert started.kind == "added"
    assert len(started.lines) == 4
    assert list(_files(tmp_path)) == ["pipeline.yaml"]
    assert (tmp_path / "pipeline.yaml").read_bytes() == EXISTING + "".join(
        f"{line}\n" for line in started.lines
    ).encode()
    assert init(tmp_path).kind == "already"


def test_a_linked_pipeline_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_bytes(EXISTING)
    (tmp_path / "pipeline.yaml").symlink_to("real.yaml")

    init(tmp_path)

    assert (tmp_path / "pipeline.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_bytes().startswith(EXISTING)


def test_a_refused_pipeline_keeps_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(EXISTING + b"executor: serial\n")

    with pytest.raises(PipelineError, match="line 5"):
        init(tmp_path)

    assert _files(tmp_path) == {"pipeline.yaml": EXISTING + b"executor: serial\n"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="is a file"):
        init(tmp_path / "file")


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from proofbook.disk import faults

    faults._passed.clear()
    monkeypatch.setenv("PROOFBOOK_FAULT", "write.written:1:enospc")

    with pytest.raises(MachineError, match=r"disk is full|No space left"):
        init(tmp_path)
