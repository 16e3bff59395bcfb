import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proofbook.exceptions import LockHeldError
from proofbook.store import Store
from tests.store import contending
from tests.store.test_crash import ROOT


def contend(what: str, folder: Path) -> list[list[Any]]:
    command = [sys.executable, "-m", "tests.store.contending", what, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: list[list[Any]] = json.loads(done.stdout)
    return found


def test_of_sixteen_who_promote_exactly_one_wins_each_generation(quick: Path) -> None:
    """And one who only looks sees a whole generation at every instant, never an older one."""
    *promoters, (seen,) = contend("promoting", quick)
    won = sorted(number for wins in promoters for number in wins)
    assert won == list(range(1, contending.PROMOTERS * contending.WINS + 1))
    store = Store.open(quick)
    assert [step.number for step in store.generations("production")] == won[::-1]
    assert seen > 1
    assert store.verify() == ()


def test_builds_at_once_are_all_recorded_and_share_their_blobs(quick: Path) -> None:
    """All make the store at the same moment, too."""
    numbers = sorted(number for built in contend("building", quick) for number in built)
    assert numbers == list(range(1, contending.BUILDERS * contending.BUILDS + 1))
    store = Store.open(quick)
    assert {run.ending for run in store.runs()} == {"succeeded"}
    notebooks = {task.notebook for number in numbers for task in store.run(number).tasks}
    assert len(notebooks) == contending.BUILDS
    assert store.verify() == ()


def test_the_second_build_is_told_who_holds_the_lock(store: Store, tmp_path: Path) -> None:
    with (
        store.build_lock(),
        pytest.raises(LockHeldError, match=r"another build \(pid \d+, since \d\d:\d\d:\d\d\) holds"),
    ):
        Store.open(tmp_path).build_lock(0.05)
    with Store.open(tmp_path).build_lock():
        pass
