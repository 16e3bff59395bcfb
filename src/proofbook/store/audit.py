"""
The audit chain: every event names the one before it by its hash.

An event is canonical JSON, its hash is the SHA-256 of that, and it is kept as a blob too: what the database said can be
told from the blobs alone, and an edit, a deletion or a change of order in the database is seen.
"""

from typing import Any

import msgspec
from sqlalchemy import Connection, select

from proofbook.disk import clock
from proofbook.model.run import canonical
from proofbook.store.blobs import Blobs
from proofbook.store.schema import events

__all__ = ["append", "read"]


def append(connection: Connection, blobs: Blobs, what: str, /, **facts: Any) -> str:
    """
    Add an event in the transaction of `connection`.

    Args:
        connection: A writing transaction.
        blobs: Where the event is kept as well.
        what: `sealed`, `judged`, `ruled`, `advanced`, `replayed`.
        facts: What JSON can say of it.

    Returns:
        The hash of the event.
    """
    last = connection.execute(select(events.c.seq, events.c.hash).order_by(events.c.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, None)
    body = canonical({"event": what, "seq": seq, "previous": previous, "at": clock.now(), "facts": facts})
    digest = blobs.put(body)
    connection.execute(events.insert().values(seq=seq, previous=previous, hash=digest, body=body.decode()))
    return digest


def read(body: str) -> dict[str, Any]:
    """An event, from its text. Raises msgspec.DecodeError."""
    return msgspec.json.decode(body, type=dict[str, Any])
