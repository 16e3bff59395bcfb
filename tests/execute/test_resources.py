"""What a machine has to share out."""

from pathlib import Path

import psutil
import pytest

from proofbook.execute import resources
from proofbook.execute.resources import Capacity, Need


def test_memory_is_that_of_the_machine_at_most() -> None:
    assert 1 << 20 < resources.memory_of_machine() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("line", "files", "limits"),
    [
        ("0::/a/b\n", {"a/memory.max": "1000\n", "a/b/memory.max": "max\n"}, [1000]),
        ("0::/a/b\n", {"a/memory.max": "1000\n", "a/b/memory.max": "500\n"}, [500, 1000]),
        ("0::/outside\n", {"memory.max": "700\n"}, [700]),
        ("4:memory:/a\n3:cpu:/a\n", {"memory/a/memory.limit_in_bytes": "300\n", "a/memory.max": "1"}, [300]),
        ("0::/\n", {}, []),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path: Path, line: str, files: dict[str, str], limits: list[int]) -> None:
    (tmp_path / "own").write_text(line)
    for name, text in files.items():
        (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup" / name).write_text(text)
    assert sorted(resources._cgroup_limits(tmp_path / "cgroup", tmp_path / "own")) == limits


def test_without_cgroups_there_is_no_such_limit(tmp_path: Path) -> None:
    assert resources._cgroup_limits(tmp_path, tmp_path / "own") == []


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, ("0", "1")), ("", ()), ("-1", ()), ("1,0", ("1", "0")), ("GPU-8a,GPU-9b", ("GPU-8a", "GPU-9b")),
        ("3,-1,2", ("3",)),
    ],
)  # fmt: skip
def test_gpus_are_those_that_cuda_would_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, gpus: tuple[str, ...]
) -> None:
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert resources.gpus_of_machine(visible=visible, devices=tmp_path) == gpus


def test_how_many_gpus_there_are_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6,7")
    assert resources.gpus_of_machine(2, devices=tmp_path) == ("5", "6")
    assert resources.gpus_of_machine(0, devices=tmp_path) == ()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert resources.gpus_of_machine(2, devices=tmp_path) == ("0", "1")
    assert resources.gpus_of_machine(devices=tmp_path / "none") == ()


def test_what_is_taken_and_given_back_is_what_there_was() -> None:
    capacity = Capacity(cpu=1)
    free = capacity.amounts[0]
    for _ in range(10):
        free -= capacity.of(Need(cpu=0.1))[0]
    assert free == 0
