"""What the gate said of runs, and which run each channel holds: the part of the store that a release stands on."""

import re
from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, select

from proofbook.disk import clock
from proofbook.disk.faults import point
from proofbook.exceptions import BlobCorruptError, ConflictError, StoreError, UsageError
from proofbook.model.policy import Ruling
from proofbook.model.run import canonical
from proofbook.model.verdict import GateResult
from proofbook.store import audit, contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database
from proofbook.store.runs import Runs
from proofbook.store.schema import events, gates, generations
from proofbook.store.values import Generation, Kind

__all__ = ["Channels", "Permit"]

Permit = Callable[[GateResult | None, Generation | None], bool]
"""Asked within the transaction, with the gate's newest word and the current generation. True: the gate is overruled."""

_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Channels:
    """The channels of one store."""

    def __init__(self, database: Database, blobs: Blobs, runs: Runs) -> None:
        self._database = database
        self._blobs = blobs
        self._runs = runs

    def save_gate(self, result: GateResult) -> None:
        """Keep what the gate said; earlier words on the same run stay. Raises StoreError where it is of another run."""
        body = self._blobs.put(canonical(result))
        with self._database.write() as connection:
            manifest = self._runs.manifest_in(connection, result.run)
            if manifest != result.manifest:
                raise StoreError(f"what was judged is not run {result.run}: its manifest is {manifest}")
            row = {"run": result.run, "channel": result.channel, "decision": result.decision, "result": body}
            connection.execute(gates.insert().values(**row, at=clock.now()))
            audit.append(connection, self._blobs, "judged", **row)
            point("gate.inserted")
        point("gate.committed")

    def gate(self, number: int, *, channel: str | None = None) -> GateResult | None:
        """The newest word of the gate on a run, against `channel` or whichever. None where it was never judged."""
        with self._database.read() as connection:
            return self._gate(connection, number, channel)

    def keep_ruling(self, ruling: Ruling) -> None:
        """Keep what a policy said, as a blob and in the audit."""
        body = self._blobs.put(canonical(ruling))
        facts = {"run": ruling.run, "channel": ruling.channel, "transition": ruling.transition}
        facts |= {"policy": ruling.policy, "refused": len(ruling.refused), "overridden": ruling.overridden}
        with self._database.write() as connection:
            audit.append(connection, self._blobs, "ruled", ruling=body, **facts)

    def rulings(self, number: int) -> tuple[Ruling, ...]:
        """What policies said of a run, oldest first; of its checks, the gate's word tells."""
        query = select(events.c.body).where(events.c.body.contains('"event":"ruled"')).order_by(events.c.seq)
        with self._database.read() as connection:
            told = [audit.read(body)["facts"] for body in connection.execute(query).scalars()]
        mine = [facts["ruling"] for facts in told if facts["run"] == number]
        return tuple(msgspec.json.decode(self._blobs.get(digest), type=Ruling) for digest in mine)

    def generation(self, channel: str) -> Generation | None:
        """What the channel holds now; None where it never held anything."""
        with self._database.read() as connection:
            return _newest(connection, channel)

    def generations(self, channel: str) -> tuple[Generation, ...]:
        """The whole history of a channel, newest first."""
        query = select(generations).where(generations.c.channel == channel).order_by(generations.c.number.desc())
        with self._database.read() as connection:
            return tuple(Generation(**row) for row in connection.execute(query).mappings().all())

    def names(self) -> tuple[str, ...]:
        """All channels that ever held a run."""
        query = select(generations.c.channel).distinct().order_by(generations.c.channel)
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def advance(
        self,
        channel: str,
        number: int,
        *,
        expected: int,
        kind: Kind,
        by: str,
        reason: str | None,
        permit: Permit | None,
    ) -> Generation:
        """See `Store.advance`."""
        if not _CHANNEL.fullmatch(channel) or channel == "latest":
            raise UsageError(f"{channel!r} is no name for a channel: small letters, digits, - and _, not `latest`")
        # before the transaction, since hashing gigabytes would keep every other writer waiting; blobs never change,
        # and that they are still there is looked at again below
        needed = self._verified(number)
        point("advance.verified")
        with self._database.write() as connection:
            point("advance.begun")
            manifest = self._runs.manifest_in(connection, number)
            current = _newest(connection, channel)
            found = current.number if current else 0
            if found != expected:
                raise ConflictError(
                    f"{channel} moved on: generation {expected} was expected, {found} was found; "
                    f"look at `proofbook history {channel}` and try again"
                )
            point("advance.compared")
            if missing := [digest for digest in needed if not self._blobs.has(digest)]:
                raise BlobCorruptError(f"run {number} is damaged: blob {missing[0]} is missing from the store")
            verdict = self._gate(connection, number, channel)
            override = permit(verdict, current) if permit else False
            generation = Generation(
                channel=channel,
                number=found + 1,
                run=number,
                manifest=manifest,
                kind=kind,
                by=by,
                reason=reason,
                at=clock.now(),
                decision=verdict.decision if verdict else None,
                override=override,
            )
            facts = msgspec.structs.asdict(generation)
            connection.execute(generations.insert().values(**facts))
            audit.append(connection, self._blobs, "advanced", **facts)
            point("advance.inserted")
        point("advance.committed")
        return generation

    def _verified(self, number: int) -> set[str]:
        """All blobs of a run, each read and hashed. Raises BlobCorruptError that names the run and the part."""
        run, manifest = self._runs.load(number), self._runs.manifest(number)
        parts = dict(contents.of_run(run))
        for digest, what in parts.items():
            try:
                self._blobs.check(digest)
            except BlobCorruptError as error:
                raise BlobCorruptError(f"run {number} is damaged, {what}: {error}") from None
        return {manifest, *parts}

    def _gate(self, connection: Connection, number: int, channel: str | None) -> GateResult | None:
        query = select(gates.c.result).where(gates.c.run == number)
        if channel is not None:
            query = query.where(gates.c.channel == channel)
        digest = connection.execute(query.order_by(gates.c.id.desc()).limit(1)).scalar()
        if digest is None:
            return None
        return msgspec.json.decode(self._blobs.get(digest), type=GateResult)


def _newest(connection: Connection, channel: str) -> Generation | None:
    query = select(generations).where(generations.c.channel == channel).order_by(generations.c.number.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Generation(**row) if row else None
