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
        body = canonical(task_run).decode()
        with self._database.write() as connection:
            connection.execute(results.insert().values(task=task_run.name, key=task_run.key, run=run, body=body))
            point("remember.inserted")
        point("remember.committed")

    def attempt(self, task: str, key: str, *, run: int) -> None:
        """Note, durably, that a task begins: earlier results for that key do not count until it succeeds again."""
        with self._database.write() as connection:
            connection.execute(results.insert().values(task=task, key=key, run=run, body=_BEGUN))
            point("attempt.inserted")
        point("attempt.committed")

    def latest(self, task: str) -> TaskRun | None:
        """The newest good result of a task, for whatever key."""
        query = select(results.c.body).where(results.c.task == task, results.c.body != _BEGUN)
        with self._database.read() as connection:
            body = connection.execute(query.order_by(results.c.id.desc()).limit(1)).scalar()
        return None if body is None else msgspec.json.decode(body, type=TaskRun)

    def recall(self, task: str, key: str) -> tuple[TaskRun, ...]:
        """
        The good results for that key, newest first; those whose blobs are gone are left out.

        None that is older than an attempt that did not succeed: a red result stays red until the work is done.
        """
        query = select(results.c.body).where(results.c.task == task, results.c.key == key).order_by(results.c.id.desc())
        with self._database.read() as connection:
            bodies = connection.execute(query).scalars().all()
        if bodies and bodies[0] == _BEGUN:
            return ()
        found = (msgspec.json.decode(body, type=TaskRun) for body in bodies if body != _BEGUN)
        return tuple(
            result for result in found if all(self._blobs.has(digest) for digest, _ in contents.of_task(result))
        )
