"""Runs that were built again to learn from them: what they recorded, by what was exchanged."""

from typing import Any

import msgspec
from sqlalchemy import func, select

from proofbook.disk import clock
from proofbook.disk.faults import point
from proofbook.exceptions import StoreError
from proofbook.model.record import Record
from proofbook.model.run import canonical
from proofbook.store import audit, contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database
from proofbook.store.schema import records, replays, runs
from proofbook.store.values import Purpose, Replay

__all__ = ["Replays"]


class Replays:
    """The replays of one store."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def keep(
        self,
        manifest: str,
        purpose: Purpose,
        variant: dict[str, Any],
        recorded: tuple[Record, ...],
        *,
        run: int | None = None,
    ) -> None:
        """
        Keep what a replay recorded; one of the same variant takes the place of an earlier one.

        Raises:
            StoreError: A blob that a record names is not in the store, or no sealed run has that manifest.
        """
        for record in recorded:
            for digest, what in contents.of_record(record):
                if not self._blobs.has(digest):
                    raise StoreError(f"{what} is not in the store (blob {digest}): the replay cannot be kept")
        body = self._blobs.put(canonical(recorded))
        row = {
            "manifest": manifest,
            "purpose": purpose,
            "variant": canonical(variant).decode(),
            "records": body,
            "run": run,
        }
        with self._database.write() as connection:
            if connection.execute(select(runs.c.number).where(runs.c.manifest == manifest)).first() is None:
                raise StoreError(f"no run has the manifest {manifest}: its replay cannot be kept")
            connection.execute(replays.insert().values(**row, at=clock.now()))
            audit.append(connection, self._blobs, "replayed", **row)
            point("replay.inserted")
        point("replay.committed")

    def of(self, manifest: str, purpose: Purpose) -> tuple[Replay, ...]:
        """
        The newest replay of each variant, in the order in which they were first made.

        One whose blobs are damaged or gone is left out: it can be made again.
        """
        query = select(replays).where(replays.c.manifest == manifest, replays.c.purpose == purpose)
        with self._database.read() as connection:
            rows = {row.variant: row for row in connection.execute(query.order_by(replays.c.id)).all()}
        found = []
        for row in rows.values():
            try:
                recorded = msgspec.json.decode(self._blobs.get(row.records), type=tuple[Record, ...])
                variant = msgspec.json.decode(row.variant, type=dict[str, Any])
            except (StoreError, msgspec.DecodeError):
                continue
            found.append(
                Replay(
                    manifest=row.manifest,
                    purpose=row.purpose,
                    variant=variant,
                    records=recorded,
                    run=row.run,
                    at=row.at,
                )
            )
        return tuple(found)

    def looks(self, eval_set: str) -> int:
        """How many sealed runs recorded something that was measured on the evaluation set with that digest."""
        query = select(func.count(records.c.run.distinct())).where(records.c.eval_set == eval_set)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())
