"""Looks at everything in a store, changes nothing, and goes on after each damage."""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select, text

from proofbook.exceptions import BlobCorruptError, StoreError
from proofbook.model.record import Record
from proofbook.model.run import Run, TaskRun, canonical
from proofbook.store import audit, contents
from proofbook.store.blobs import Blobs
from proofbook.store.database import Database
from proofbook.store.runs import record_of, row_of
from proofbook.store.schema import events, gates, generations, records, replays, results, runs
from proofbook.store.values import Damage

__all__ = ["verify"]


def verify(database: Database, blobs: Blobs) -> tuple[Damage, ...]:
    """All damage, sorted: blobs, the database, and wherever the two disagree."""
    found = list(_of_blobs(blobs))
    try:
        with database.read() as connection:
            found += _of_pages(connection)
            chain, damage = _of_events(connection)
            found += damage
            found += _of_runs(connection, blobs, chain)
            found += _of_releases(connection, chain)
            found += _of_gates(connection, blobs, chain)
            found += _of_results(connection, blobs)
            found += _of_rulings(blobs, chain)
            found += _of_replays(connection, blobs, chain)
    except StoreError as error:
        found.append(Damage(object="database", problem=str(error)))
    return tuple(sorted(set(found)))


def _of_blobs(blobs: Blobs) -> Iterator[Damage]:
    for digest in blobs.each():
        try:
            blobs.check(digest)
        except BlobCorruptError as error:
            yield Damage(object=f"blob {digest}", problem=str(error))


def _of_pages(connection: Connection) -> Iterator[Damage]:
    for (line,) in connection.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield Damage(object="database", problem=line)
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield Damage(object="database", problem=f"row {row[1]} of table {row[0]} points at a missing row of {row[2]}")


def _of_events(connection: Connection) -> tuple[list[dict[str, Any]], list[Damage]]:
    """The facts of every event that holds, and what does not."""
    chain: list[dict[str, Any]] = []
    damage: list[Damage] = []
    previous = None
    for position, row in enumerate(connection.execute(select(events).order_by(events.c.seq)).all(), start=1):
        name = f"event {row.seq}"
        try:
            event = audit.read(row.body)
        except msgspec.DecodeError as error:
            damage.append(Damage(object=name, problem=f"cannot be read ({error})"))
            event = {}
        stated = (event.get("seq"), event.get("previous"))
        if hashlib.sha256(row.body.encode()).hexdigest() != row.hash:
            damage.append(Damage(object=name, problem="does not hash to its name"))
        elif stated != (row.seq, row.previous) or row.seq != position or row.previous != previous:
            damage.append(Damage(object=name, problem="does not follow the event before it"))
        else:
            chain.append({"event": event.get("event"), **event.get("facts", {})})
        previous = row.hash
    return chain, damage


def _of_runs(connection: Connection, blobs: Blobs, chain: list[dict[str, Any]]) -> Iterator[Damage]:
    sealed = {(fact["run"], fact["manifest"]) for fact in chain if fact["event"] == "sealed"}
    rows = connection.execute(select(runs).where(runs.c.manifest.is_not(None)).order_by(runs.c.number)).all()
    kept = {(row.number, row.manifest) for row in rows}
    for number, manifest in sorted(sealed - kept):
        yield Damage(object=f"run {number}", problem=f"was sealed as {manifest}, and its row is gone or says otherwise")
    for row in rows:
        name = f"run {row.number}"
        if (row.number, row.manifest) not in sealed:
            yield Damage(object=name, problem="no event says that it was sealed")
        try:
            run = msgspec.json.decode(_verified(row.manifest, blobs), type=Run)
        except (StoreError, OSError, msgspec.DecodeError) as error:
            yield Damage(object=name, problem=f"its manifest cannot be read: {error}")
            continue
        expected = {"number": run.number, "manifest": row.manifest, **row_of(run)}
        if dict(row._mapping) != expected:  # noqa: SLF001  the name that SQLAlchemy documents
            yield Damage(object=name, problem="its row does not say what its manifest says")
        listed = select(records).where(records.c.run == row.number).order_by(records.c.position)
        stated = [record_of(row.number, position, record) for position, record in enumerate(run.records)]
        if [dict(line) for line in connection.execute(listed).mappings()] != stated:
            yield Damage(object=name, problem="its records in the database are not those of its manifest")
        yield from _of_parts(name, contents.of_run(run), blobs)


def _of_parts(name: str, parts: Iterator[tuple[str, str]], blobs: Blobs) -> Iterator[Damage]:
    for digest, what in parts:
        try:
            blobs.check(digest)
        except StoreError as error:
            yield Damage(object=name, problem=f"{what}: {error}")


def _of_releases(connection: Connection, chain: list[dict[str, Any]]) -> Iterator[Damage]:
    advanced = {canonical(_without(fact)) for fact in chain if fact["event"] == "advanced"}
    expected: dict[str, int] = {}
    order = select(generations).order_by(generations.c.channel, generations.c.number)
    for row in connection.execute(order).mappings().all():
        channel, number = row["channel"], row["number"]
        name = f"generation {number} of {channel}"
        before = expected.get(channel, 0)
        expected[channel] = number
        if number != before + 1:
            yield Damage(object=name, problem=f"generation {before + 1} is missing before it")
        if canonical(dict(row)) not in advanced:
            yield Damage(object=name, problem="no event says so")
        advanced.discard(canonical(dict(row)))
        manifest = connection.execute(select(runs.c.manifest).where(runs.c.number == row["run"])).scalar()
        if manifest != row["manifest"]:
            yield Damage(object=name, problem=f"run {row['run']} is not the run that was promoted")
    for fact in sorted(advanced):
        event = msgspec.json.decode(fact)
        name = f"generation {event['number']} of {event['channel']}"
        yield Damage(object=name, problem="its row is gone or was changed")


def _of_gates(connection: Connection, blobs: Blobs, chain: list[dict[str, Any]]) -> Iterator[Damage]:
    for row in connection.execute(select(gates).order_by(gates.c.id)).all():
        facts = {"run": row.run, "channel": row.channel, "decision": row.decision, "result": row.result}
        if {"event": "judged", **facts} not in chain:
            yield Damage(object=f"gate result {row.id}", problem="no event says so")
        yield from _of_parts(f"gate result {row.id}", iter([(row.result, "what the gate said")]), blobs)


def _of_results(connection: Connection, blobs: Blobs) -> Iterator[Damage]:
    # an empty digest says that the task began; it speaks of no blob
    query = select(results).where(results.c.result != "").order_by(results.c.id)
    for row in connection.execute(query).all():
        name = f"result {row.id} of task {row.task!r}"
        try:
            task_run = msgspec.json.decode(_verified(row.result, blobs), type=TaskRun)
        except (StoreError, OSError, msgspec.DecodeError) as error:
            yield Damage(object=name, problem=f"cannot be read: {error}")
            continue
        if (task_run.name, task_run.key, task_run.status) != (row.task, row.key, "ran"):
            yield Damage(object=name, problem="its row does not say what it holds")
        yield from _of_parts(name, contents.of_task(task_run), blobs)


def _of_replays(connection: Connection, blobs: Blobs, chain: list[dict[str, Any]]) -> Iterator[Damage]:
    for row in connection.execute(select(replays).order_by(replays.c.id)).mappings().all():
        name = f"replay {row['id']}"
        facts = {key: row[key] for key in ("manifest", "purpose", "variant", "records", "run")}
        if {"event": "replayed", **facts} not in chain:
            yield Damage(object=name, problem="no event says so")
        try:
            recorded = msgspec.json.decode(_verified(row["records"], blobs), type=tuple[Record, ...])
        except (StoreError, OSError, msgspec.DecodeError) as error:
            yield Damage(object=name, problem=f"cannot be read: {error}")
            continue
        yield from _of_parts(name, (part for record in recorded for part in contents.of_record(record)), blobs)


def _of_rulings(blobs: Blobs, chain: list[dict[str, Any]]) -> Iterator[Damage]:
    for fact in chain:
        if fact["event"] != "ruled":
            continue
        name = f"ruling at {fact['transition']} of run {fact['run']}"
        parts = [(fact["ruling"], "what the policy said")]
        # a policy that could not be read has no digest
        parts += [(fact["policy"], "the policy file")] if fact["policy"] else []
        yield from _of_parts(name, iter(parts), blobs)


def _verified(digest: str, blobs: Blobs) -> bytes:
    # not `get`, which sets aside what is damaged
    blobs.check(digest)
    return blobs.path(digest).read_bytes()


def _without(fact: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fact.items() if key != "event"}
