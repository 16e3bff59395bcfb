"""Good results of tasks, by what they depended on: what a build takes up again instead of running."""

import msgspec
from sqlalchemy import select

from proofbook.disk.faults import point
from proofbook.exceptions import StoreError
from proofbook.model.run import TaskRun, canonical
from proofbook.store import contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database
from proofbook.store.schema import results

__all__ = ["Results"]

# what stands in place of a result while its task runs, and for ever if the task does not succeed
_BEGUN = ""


class Results:
    """The results of one store."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def remember(self, task_run: TaskRun, *, run: int) -> None:
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
        body = self._blobs.put(canonical(task_run))
        self._note(task_run.name, task_run.key, run=run, result=body)
        point("remember.committed")

    def attempt(self, task: str, key: str, *, run: int) -> None:
        """Note, durably, that a task begins: earlier results for that key do not count until it succeeds again."""
        self._note(task, key, run=run, result=_BEGUN)
        point("attempt.committed")

    def latest(self, task: str) -> TaskRun | None:
        """The newest good result of a task, for whatever key."""
        query = select(results.c.result).where(results.c.task == task, results.c.result != _BEGUN)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(results.c.id.desc()).limit(1)).scalar()
        return None if found is None else self._load(found)

    def recall(self, task: str, key: str) -> tuple[TaskRun, ...]:
        """
        The good results for that key, newest first; those whose blobs are gone are left out.

        None that is older than an attempt that did not succeed: a red result stays red until the work is done.
        """
        query = select(results.c.result).where(results.c.task == task, results.c.key == key)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(results.c.id.desc())).scalars().all()
        if found and found[0] == _BEGUN:
            return ()
        # a result that came up again is one result
        loaded = (self._load(digest) for digest in dict.fromkeys(found) if digest != _BEGUN)
        return tuple(result for result in loaded if result is not None and self._holds(result, task, key))

    def _note(self, task: str, key: str, *, run: int, result: str) -> None:
        with self._database.write() as connection:
            connection.execute(results.insert().values(task=task, key=key, run=run, result=result))
            point("result.inserted")

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
