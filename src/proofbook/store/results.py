"""Good results of tasks, by what they depended on: what a build takes up again instead of running."""

from collections.abc import Iterator

import msgspec

from proofbook.disk.faults import point
from proofbook.exceptions import StoreError
from proofbook.model.run import TaskRun, canonical
from proofbook.store import contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database

__all__ = ["Results"]

# what stands in place of a result while its task runs, and for ever if the task does not succeed
_BEGUN = ""

_NOTE = "INSERT INTO results (task, key, run, result) VALUES (?, ?, ?, ?)"
_OF_KEY = "SELECT result FROM results WHERE task = ? AND key = ? ORDER BY id DESC"
_NEWEST = "SELECT result FROM results WHERE task = ? AND result != '' ORDER BY id DESC LIMIT 1"
_NEWEST_OF_ALL = """
    SELECT task, result FROM results WHERE id IN (SELECT max(id) FROM results WHERE result != '' GROUP BY task)
"""

_Row = tuple[str, str, int, str]


class _Pending(msgspec.Struct, frozen=True):
    """A result that is to be written."""

    task: str
    key: str
    run: int
    body: bytes


class _Took(msgspec.Struct):
    """The part of a result that tells how long it took."""

    seconds: float


class Results:
    """The results of one store."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._pending: list[_Pending] = []

    def remember(self, task_run: TaskRun, *, run: int, later: bool = False) -> None:
        """
        Keep the result of a task that ran to a good end.

        Raises:
            ValueError: The task did not run, or has no key: nobody may ever take that for a good result.
            StoreError: A blob that it names is not in the store.
        """
        if task_run.status != "ran" or not task_run.key:
            raise ValueError(f"task {task_run.name!r} {task_run.status}: only what ran, and has a key, is remembered")
        for digest, what in contents.of_task(task_run):
            if not self._blobs.has(digest):
                raise StoreError(f"{what} is not in the store (blob {digest}): the result cannot be remembered")
        self._pending.append(_Pending(task_run.name, task_run.key, run, canonical(task_run)))
        if not later:
            self.flush()

    def attempt(self, task: str, key: str, *, run: int) -> None:
        """Note, durably, that a task begins: earlier results for that key do not count until it succeeds again."""
        if not self._found(task, key):
            return  # there is nothing that could count
        self._write([(task, key, run, _BEGUN)])
        point("attempt.committed")

    def flush(self) -> None:
        """Write, in one transaction, what was to be remembered later."""
        if self._pending:
            self._write([])
            point("remember.committed")

    def latest(self, task: str) -> TaskRun | None:
        """The newest good result of a task, for whatever key."""
        self._flush_of(task)
        with self._database.quick() as connection:
            found = connection.execute(_NEWEST, (task,)).fetchone()
        return None if found is None else self._load(found[0])

    def durations(self) -> dict[str, float]:
        """What each task took when it ran to a good end the last time, in seconds."""
        self.flush()
        with self._database.quick() as connection:
            found = connection.execute(_NEWEST_OF_ALL).fetchall()
        return {task: took for task, digest in found if (took := self._took(digest)) is not None}

    def _took(self, digest: str) -> float | None:
        try:
            return msgspec.json.decode(self._blobs.get(digest), type=_Took).seconds
        except (StoreError, msgspec.DecodeError):
            return None

    def recall(self, task: str, key: str) -> Iterator[TaskRun]:
        """
        The good results for that key, newest first; those whose blobs are gone are left out.

        Each is read when it is asked for: mostly the first will do, and a task that runs every night has hundreds.

        None that is older than an attempt that did not succeed: a red result stays red until the work is done.
        """
        found = self._found(task, key)
        if found and found[0] == _BEGUN:
            return
        # a result that came up again is one result
        loaded = (self._load(digest) for digest in dict.fromkeys(found) if digest != _BEGUN)
        yield from (result for result in loaded if result is not None and self._holds(result, task, key))

    def _found(self, task: str, key: str) -> list[str]:
        """Digests of the results for that key, newest first; empty ones stand for attempts."""
        self._flush_of(task)
        with self._database.quick() as connection:
            return [digest for (digest,) in connection.execute(_OF_KEY, (task, key))]

    def _flush_of(self, task: str) -> None:
        if any(result.task == task for result in self._pending):
            self.flush()

    def _write(self, attempts: list[_Row]) -> None:
        """Write what is pending, and then `attempts`: the results are durable before any row names one."""
        with self._blobs.together() as blobs:
            rows = [(result.task, result.key, result.run, blobs.put(result.body)) for result in self._pending]
        rows += attempts
        with self._database.quick(write=True) as connection:
            connection.executemany(_NOTE, rows)
            point("result.inserted")
        self._pending = []

    def _load(self, digest: str) -> TaskRun | None:
        """A result, verified; one that is damaged is none, and the task runs again."""
        try:
            return msgspec.json.decode(self._blobs.get(digest), type=TaskRun)
        except (StoreError, msgspec.DecodeError):
            return None

    def _holds(self, result: TaskRun, task: str, key: str) -> bool:
        # the row is only an index: what the result says of itself counts
        named = (result.name, result.key, result.status) == (task, key, "ran")
        return named and all(self._blobs.has(digest) for digest, _ in contents.of_task(result))
