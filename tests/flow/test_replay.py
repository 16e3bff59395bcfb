"""A run is built again, with parts of another one, and nothing of that is left."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from msgspec.structs import replace

from proofbook.exceptions import CancelledError, ReplayError
from proofbook.flow.replay import Recipe, Replayer, replay
from proofbook.model.record import Record
from proofbook.model.run import Run
from proofbook.store import Store

from .replaying import Small, value


@pytest.fixture
def small(tmp_path: Path) -> Small:
    made = Small(tmp_path)
    made.data(1, 2, 3)
    made.configure()
    return made


@pytest.fixture
def store(small: Small) -> Iterator[Store]:
    with Store.open(small.root) as opened:
        yield opened


def test_code_and_data_are_exchanged_each_by_itself(small: Small, store: Store) -> None:
    old = small.build().run
    assert value(old.records, "fit") == 3.0
    small.data(11, 12, 13, 14)
    small.cells["fit"][2] = "offset = 5.0"
    new = small.build().run
    assert value(new.records, "fit") == 17.5
    before, runs = small.files(), store.runs()

    assert value(replay(store, old), "fit") == 3.0
    assert value(replay(store, old, data=new), "fit") == 13.5
    assert value(replay(store, old, code=new), "fit") == 7.0
    assert value(replay(store, new, data=old), "rows") == 3

    assert small.files() == before
    assert store.runs() == runs
    assert store.verify() == ()


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
    subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True)


def test_without_what_the_run_kept_code_and_data_come_from_the_commit_and_the_patch(small: Small) -> None:
    """In a repository whose top is above the project; the store has lost its copies, and the files have changed."""
    top, root = small.root, small.root / "project"
    small.root = root
    (root / "lib").mkdir(parents=True)
    small.data(1, 2, 3)
    small.configure()
    git(top, "init", "-q", "-b", "first")
    (root / ".gitignore").write_text("output\n.proofbook\n")
    (root / "lib" / "shift.py").write_text("SHIFT = 1.0\n")
    small.cells["fit"][2] = "from lib.shift import SHIFT as offset\nfrom lib.more import more\noffset += more"
    small.notebook("fit")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    (root / "lib" / "shift.py").write_text("SHIFT = 2.0\n")
    (root / "lib" / "more.py").write_text("more = 10.0\n")
    old = small.build().run
    assert value(old.records, "fit") == 14.0

    (root / "lib" / "shift.py").write_text("SHIFT = 0.0\n")
    (root / "lib" / "more.py").unlink()
    small.data(7, 8, 9, 10)
    with Store.open(root) as store:
        for digest in {*old.files.values(), *old.data.values()}:
            store.blobs.path(digest).unlink(missing_ok=True)
        # not from its own result: it has to run
        forgetful = replace(old, files={})
        again = Recipes(store, forgetful)
        assert value(again(afresh=frozenset({"load", "fit"})), "fit") == 14.0
        git(top, "checkout", "-q", "--orphan", "other")
        git(top, "commit", "-q", "-m", "all anew")
        git(top, "branch", "-D", "first")
        git(top, "reflog", "expire", "--expire=now", "--all")
        git(top, "gc", "-q", "--prune=now")
        with pytest.raises(ReplayError, match=r"run 1 cannot be built again: lib/more.py, which fit imports, is gone"):
            replay(store, forgetful)


def test_a_project_without_git_is_replayed_from_what_the_run_kept(small: Small, store: Store) -> None:
    (small.root / "helper.py").write_text("offset = 1.0\n")
    small.cells["fit"][2] = "from helper import offset"
    old = small.build().run
    assert sorted(old.files) == ["data/rows.txt", "helper.py", "notebooks/fit.ipynb", "notebooks/load.ipynb"]
    (small.root / "helper.py").write_text("offset = 100.0\n")
    (small.root / "data" / "rows.txt").unlink()
    again = Recipes(store, old)
    assert value(again(afresh=frozenset({"load", "fit"})), "fit") == 3.0
    store.blobs.path(old.files["helper.py"]).unlink()
    with pytest.raises(ReplayError, match=r"helper.py, which fit imports, is gone \(there was no commit"):
        replay(store, old)


def test_what_cannot_be_built_again_is_said_in_one_line(small: Small, store: Store) -> None:
    run = small.build().run
    load, fit = run.tasks
    other = replace(run, tasks=(load, replace(fit, inputs={**fit.inputs, "kernel": "ir"})))
    with pytest.raises(ReplayError, match=r"task fit failed when it was built again: there is no kernel 'ir' here"):
        replay(store, other)
    outside = {"rows": replace(load.products["rows"], path="/elsewhere/rows.json"), "nb": load.products["nb"]}
    with pytest.raises(ReplayError, match=r"product /elsewhere/rows.json of load lies outside"):
        replay(store, replace(run, tasks=(replace(load, products=outside), fit)))
    store.blobs.path(fit.notebook or "").unlink()
    with pytest.raises(ReplayError, match="the executed notebook of task fit is not in the store"):
        replay(store, run)


def test_time_and_an_interrupt_end_it_and_no_process_is_left(small: Small, store: Store) -> None:
    run = small.build().run
    small.cells["load"][2] = "import time\ntime.sleep(60 if Path('wait').exists() else 0)"
    other = small.build().run
    (small.root / "wait").touch()
    started = time.monotonic()
    again = Recipes(store, run, other)
    with pytest.raises(ReplayError, match="time is up"):
        again(code=other, afresh=frozenset({"load"}), seconds=1.5)
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(CancelledError):
        again(code=other, afresh=frozenset({"load"}))
    assert time.monotonic() - started < 30
    assert [child.name() for child in psutil.Process().children(recursive=True)] == []


class Recipes:
    """Replays with all that a recipe can say; of each nothing is left."""

    def __init__(self, store: Store, run: Run, *others: Run) -> None:
        self.store, self.run, self.runs = store, run, (run, *others)

    def __call__(self, *, seconds: float | None = None, **changes: Any) -> tuple[Record, ...]:
        async def go() -> tuple[Record, ...]:
            async with Replayer(self.store, self.runs, seconds=seconds) as replayer:
                folder = replayer.store.folder.parent
                try:
                    return (await replayer.replay(Recipe.of(self.run, **changes))).records
                finally:
                    self.folder = folder

        try:
            return asyncio.run(go())
        finally:
            assert not self.folder.exists()
