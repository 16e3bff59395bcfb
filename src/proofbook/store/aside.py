"""
A store over another one: it reads through, and what is written goes into a folder of its own.

For work that may use all that is known, and must leave nothing behind: replays.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from msgspec.structs import replace

from proofbook.disk import atomic
from proofbook.disk.locks import Lock
from proofbook.model.record import Record
from proofbook.model.run import TaskRun
from proofbook.store import contents
from proofbook.store.blobs import Blobs
from proofbook.store.store import Store

__all__ = ["Aside"]


class Aside(Store):
    """
    Blobs and results of `under`, and those that come to them here.

    Args:
        under: Is only read.
        folder: Takes what is written; private, and removed by whoever made it.
        first: Results that go before all others of the same key: those of the very runs that are looked into.
    """

    def __init__(self, under: Store, folder: Path, *, first: Iterable[TaskRun] = ()) -> None:
        # not `super().__init__`: there is no database here
        self.folder = folder
        self.writable = True
        self.blobs = _Blobs(under.blobs, folder)
        self._under = under
        self._here: dict[tuple[str, str], TaskRun] = {}
        for task_run in first:
            if task_run.key and task_run.failure is None and self._whole(task_run):
                self._here.setdefault((task_run.name, task_run.key), replace(task_run, status="ran"))

    def attempt(self, task: str, key: str, *, run: int) -> None:  # noqa: ARG002 - as a store has it
        """Forget what was found here for that key."""
        self._here.pop((task, key), None)

    def remember(self, task_run: TaskRun, *, run: int, later: bool = False) -> None:  # noqa: ARG002 - as a store has it
        """Keep a result, as long as this lives."""
        self._here[task_run.name, task_run.key] = task_run

    def recall(self, task: str, key: str) -> Iterator[TaskRun]:
        """Results for that key: what came to be here, else those of the store below."""
        here = self._here.get((task, key))
        return iter((here,)) if here is not None else self._under.recall(task, key)

    def latest(self, task: str) -> TaskRun | None:
        """The newest good result in the store below."""
        return self._under.latest(task)

    def durations(self) -> dict[str, float]:
        """As the store below knows them."""
        return self._under.durations()

    def flush(self) -> None:
        """Nothing is ever put off."""

    def keeping(self) -> AbstractContextManager[None]:
        """Nothing to keep open."""
        return nullcontext()

    def close(self) -> None:
        """Nothing to let go of."""

    def hand_down(self, records: Iterable[Record]) -> None:
        """Give the blobs of records to the store below, where they may be kept."""
        for record in records:
            for digest, _ in contents.of_record(record):
                if not self._under.blobs.has(digest):
                    self._under.blobs.put_file(self.blobs.path(digest))

    def _whole(self, task_run: TaskRun) -> bool:
        return all(self.blobs.has(digest) for digest, _ in contents.of_task(task_run))


class _Blobs(Blobs):
    """Blobs in a folder of their own, over those of a store."""

    def __init__(self, under: Blobs, folder: Path) -> None:
        atomic.make_folder(folder / "blobs", mode=0o700)
        super().__init__(folder, lock=Lock(folder / "write.lock"), writable=True)
        self._under = under

    def _place(self, digest: str) -> str:
        """Where a blob lies, here or below; where it would lie here."""
        here, below = super()._place(digest), self._under.path(digest)
        return str(below) if not Path(here).exists() and below.exists() else here

    def _set_aside(self, digest: str) -> Path | None:
        # what is damaged below is the affair of whoever builds there
        self._durable.discard(digest)
        return None
