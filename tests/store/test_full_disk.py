"""On a real small disk, where root may mount one: it fills up in the middle of builds."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proofbook.exceptions import MachineError
from proofbook.store import Store
from tests.store import making

Mount = Callable[[str], Path]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Mount]:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    mounted: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if (done := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("options", ["size=600k", "size=604k", "size=608k", "size=20m,nr_inodes=90"])
def test_a_disk_that_fills_up_is_said_in_one_line_and_the_store_stays_whole(small: Mount, options: str) -> None:
    root = small(options)
    built: list[int] = []

    def fill() -> None:
        for value in range(1000):
            with Store.open(root) as store:
                built.append(making.build(store, root, value=float(value)))
                making.advance(store, built[-1])

    with pytest.raises(MachineError, match=r"disk is full: .* needs \d+ bytes .*make room") as caught:
        fill()
    assert "\n" not in str(caught.value)
    # a little room: the next opening has to note what was interrupted
    (root / "output" / "train.csv").unlink()
    store = Store.open(root)
    assert store.verify() == ()
    held = store.generation("production")
    assert held is not None
    assert held.run in {built[-1], built[-2]}
    assert store.run("production").number == held.run
