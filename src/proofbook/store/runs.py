"""Runs: a number first, so that a killed build is seen; the manifest and the rows last."""

import re
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, select

from proofbook.disk import atomic, clock
from proofbook.disk.faults import point
from proofbook.disk.locks import Held, Lock
from proofbook.exceptions import BlobCorruptError, NotFoundError, StoreError, UsageError
from proofbook.model.record import Record
from proofbook.model.run import Run, canonical
from proofbook.store import audit, contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database
from proofbook.store.schema import gates, generations, records, runs
from proofbook.store.values import RecordPoint, RunSummary

__all__ = ["Runs", "record_of", "row_of"]

_FORMAT = 1
_PREFIX = re.compile(r"[0-9a-f]{6,64}")
_LARGEST_NUMBER = 2**63 - 1


class Runs:
    """The runs of one store."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._alive: dict[int, Held] = {}
        self._running = database.path.parent / "running"

    def reserve(self, pipeline: str) -> int:
        """A number for a run that begins now; it is `running` as long as this process lives."""
        with self._database.write() as connection:
            row = runs.insert().values(pipeline=pipeline, ending="running", started=clock.now())
            number = int(connection.execute(row.returning(runs.c.number)).scalar_one())
            # alive before anybody can see the row
            self._alive[number] = self._life(number).acquire()
            point("reserve.inserted")
        point("reserve.committed")
        return number

    def seal(self, run: Run) -> str:
        """
        Make a run a fact: all that it stands on is durable, then the manifest, then the rows.

        Returns:
            The digest of the manifest.

        Raises:
            StoreError: A blob that it names is not in the store, or the number is not that of a running run.
        """
        point("seal.begun")
        for digest, what in contents.of_run(run):
            if not self._blobs.has(digest):
                raise StoreError(f"run {run.number} cannot be sealed: {what} is not in the store (blob {digest})")
        manifest = self._blobs.put(canonical(run))
        point("seal.manifest")
        with self._database.write() as connection:
            self._require_running(connection, run.number)
            connection.execute(
                runs.update().where(runs.c.number == run.number).values(**row_of(run), manifest=manifest)
            )
            if rows := [record_of(run.number, position, record) for position, record in enumerate(run.records)]:
                connection.execute(records.insert(), rows)
            audit.append(connection, self._blobs, "sealed", run=run.number, manifest=manifest, ending=run.ending)
            point("seal.inserted")
        point("seal.committed")
        self._release(run.number)
        return manifest

    def abandon(self, number: int) -> None:
        """Give up a run that will not be sealed: it stays in the list as `interrupted`."""
        with self._database.write() as connection:
            self._require_running(connection, number)
            _interrupt(connection, number)
            point("abandon.updated")
        point("abandon.committed")
        self._release(number)

    def building(self, number: int) -> bool:
        """Whether the run was reserved and its build is alive."""
        return self._life(number).is_held()

    def repair(self) -> tuple[int, ...]:
        """Mark the runs whose builds were killed, and clear up after them. Returns their numbers."""
        dead, litter = self._left()
        if not (dead or litter) or not self._database.writable:
            return dead
        # first what needs no mark, since only the marks bring us here again
        self._blobs.sweep()
        with self._database.write() as connection:
            # no run can be reserved meanwhile: what is there now is all there is
            dead, litter = self._left()
            for number in dead:
                _interrupt(connection, number)
            point("repair.marked")
            for file in litter:
                atomic.remove(file)
        point("repair.committed")
        return dead

    def _left(self) -> tuple[tuple[int, ...], list[Path]]:
        """Runs that are `running` without a living build, and the files in `running/` that no living build needs."""
        with self._database.read() as connection:
            listed = list(connection.execute(select(runs.c.number).where(runs.c.ending == "running")).scalars())
        living = {str(number) for number in listed if self._life(number).is_held()}
        files = self._running.iterdir() if self._running.is_dir() else ()
        litter = [file for file in files if file.name.partition(".")[0] not in living]
        return tuple(number for number in listed if str(number) not in living), litter

    def summaries(self, limit: int | None) -> tuple[RunSummary, ...]:
        """The newest runs, newest first."""
        said = select(gates.c.decision).where(gates.c.run == runs.c.number).order_by(gates.c.id.desc()).limit(1)
        query = (
            select(runs, said.correlate(runs).scalar_subquery().label("decision"))
            .order_by(runs.c.number.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            holding = _holding(connection)
        return tuple(self._summary(row, holding.get(row.number, ())) for row in rows)

    def number(self, reference: str | int) -> int:
        """
        The number of the sealed run that `reference` names.

        Args:
            reference: A number, `latest`, the name of a channel, or at least 6 digits of a manifest's digest.

        Raises:
            NotFoundError: There is none, or it was never sealed.
        """
        with self._database.read() as connection:
            return self._find(connection, str(reference).strip())

    def manifest(self, number: int) -> str:
        """The digest of a sealed run. Raises NotFoundError."""
        with self._database.read() as connection:
            return self.manifest_in(connection, number)

    def manifest_in(self, connection: Connection, number: int) -> str:
        """The same, within a transaction."""
        row = None
        if 0 < number <= _LARGEST_NUMBER:
            row = connection.execute(select(runs).where(runs.c.number == number)).first()
        if row is None:
            newest = connection.execute(select(func.max(runs.c.number))).scalar()
            hint = f"the newest is run {newest}" if newest else "nothing was built yet"
            raise NotFoundError(f"there is no run {number}: {hint}; `proofbook runs` lists them")
        if row.manifest is None:
            if row.ending == "running" and self._life(number).is_held():
                raise NotFoundError(f"run {number} is still being built: wait until it has ended")
            raise NotFoundError(f"run {number} was interrupted before it was sealed: `proofbook build` builds again")
        return str(row.manifest)

    def load(self, number: int) -> Run:
        """A sealed run, from its verified manifest. Raises NotFoundError, BlobCorruptError."""
        digest = self.manifest(number)
        try:
            run = msgspec.json.decode(self._blobs.get(digest), type=Run)
        except msgspec.DecodeError as error:
            raise BlobCorruptError(f"the manifest of run {number} cannot be read ({error})") from None
        if run.format > _FORMAT:
            raise StoreError(f"run {number} has format {run.format}, made by a newer Proofbook: upgrade it")
        return run

    def record_history(self, name: str, limit: int, task: str | None) -> tuple[RecordPoint, ...]:
        """One record in the newest runs, newest first."""
        query = select(records, runs.c.ending).join(runs, runs.c.number == records.c.run).where(records.c.name == name)
        if task is not None:
            query = query.where(records.c.task == task)
        query = query.order_by(records.c.run.desc(), records.c.position).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            RecordPoint(
                run=row.run,
                ending=row.ending,
                task=row.task,
                name=row.name,
                kind=row.kind,
                value=None if row.value is None else msgspec.json.decode(row.value),
                special=row.special,
                blob=row.blob,
            )
            for row in rows
        )

    def close(self) -> None:
        """Let go of what was reserved and not sealed: it shows as `interrupted` from then on."""
        while self._alive:
            self._alive.popitem()[1].release()

    def _find(self, connection: Connection, name: str) -> int:
        if name.isdecimal() and name.isascii():
            number = int(name) if len(name) < 19 else _LARGEST_NUMBER
            # six digits or more may as well be the beginning of a digest
            known = connection.execute(select(runs.c.number).where(runs.c.number == number)).first()
            if known or not _PREFIX.fullmatch(name):
                self.manifest_in(connection, number)
                return number
        if name == "latest":
            newest = connection.execute(select(func.max(runs.c.number)).where(runs.c.manifest.is_not(None))).scalar()
            if newest is None:
                raise NotFoundError("there is no run yet: `proofbook build` makes the first")
            return int(newest)
        channel = select(generations.c.run).where(generations.c.channel == name)
        held = connection.execute(channel.order_by(generations.c.number.desc()).limit(1)).scalar()
        if held is not None:
            return int(held)
        if _PREFIX.fullmatch(name):
            query = select(runs.c.number).where(runs.c.manifest.startswith(name)).limit(2)
            found = connection.execute(query).scalars().all()
            if len(found) > 1:
                raise UsageError(f"{name!r} is the beginning of more than one run's digest: give more digits")
            if found:
                return int(found[0])
        if name == "production":
            raise NotFoundError("nothing is in production yet: `proofbook promote` puts the newest run there")
        raise NotFoundError(f"there is no run {name!r}: give a number, `latest`, a channel, or 6 digits of a digest")

    def _require_running(self, connection: Connection, number: int) -> None:
        ending = connection.execute(select(runs.c.ending).where(runs.c.number == number)).scalar()
        if ending != "running":
            state = "was never reserved" if ending is None else f"is {ending} already"
            raise StoreError(f"run {number} cannot be ended: it {state}")

    def _life(self, number: int) -> Lock:
        # a number is never reused, so this lock file, unlike others, may be removed when the run has ended
        return Lock(self._running / f"{number}.lock", what=f"the build of run {number}")

    def _release(self, number: int) -> None:
        atomic.remove(self._life(number).path)
        if (held := self._alive.pop(number, None)) is not None:
            held.release()

    def _summary(self, row: Row[Any], channels: tuple[str, ...]) -> RunSummary:
        ending = row.ending
        if ending == "running" and not self._life(row.number).is_held():
            ending = "interrupted"
        return RunSummary(
            number=row.number,
            pipeline=row.pipeline,
            ending=ending,
            scope=row.scope,
            manifest=row.manifest,
            started=row.started,
            finished=row.finished,
            seconds=row.seconds,
            commit=row.commit,
            dirty=row.dirty,
            tasks=row.tasks,
            ran=row.ran,
            decision=row.decision,
            channels=channels,
        )


def _interrupt(connection: Connection, number: int) -> None:
    values = {"ending": "interrupted", "finished": clock.now()}
    connection.execute(runs.update().where(runs.c.number == number).values(**values))


def _holding(connection: Connection) -> dict[int, tuple[str, ...]]:
    """Which channels each run is in at this moment."""
    newest = select(generations.c.channel, func.max(generations.c.number).label("number"))
    top = newest.group_by(generations.c.channel).subquery()
    query = select(generations.c.channel, generations.c.run).join(
        top, (generations.c.channel == top.c.channel) & (generations.c.number == top.c.number)
    )
    found: dict[int, tuple[str, ...]] = {}
    for channel, run in connection.execute(query.order_by(generations.c.channel)):
        found[run] = (*found.get(run, ()), channel)
    return found


def row_of(run: Run) -> dict[str, Any]:
    """What the table of runs says of a sealed run, beside its number and manifest."""
    return {
        "pipeline": run.pipeline,
        "ending": run.ending,
        "scope": run.scope,
        "started": run.started,
        "finished": run.finished,
        "seconds": run.seconds,
        "commit": run.code.commit,
        "dirty": run.code.dirty,
        "tasks": len(run.tasks),
        "ran": sum(task.status in {"ran", "failed"} for task in run.tasks),
    }


def record_of(run: int, position: int, record: Record) -> dict[str, Any]:
    """What the table of records says of one record."""
    whole = record.kind in {"scalar", "text", "json"} and record.value is not None
    return {
        "run": run,
        "position": position,
        "task": record.task,
        "name": record.name,
        "kind": record.kind,
        "value": canonical(record.value).decode() if whole else None,
        "special": record.special,
        "blob": record.blob,
        "eval_set": record.eval_set,
    }
