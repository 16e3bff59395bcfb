"""
Named points at which a test may strike: every step that makes bytes durable has one.

`PROOFBOOK_FAULT=<point>:<n>:<action>` strikes when the point is passed for the n-th time: `kill` ends the process as
`kill -9` would, `eio` and `enospc` raise what a failing or full disk raises. The action `count` only counts, all
points: `passed()` then says how often each was passed, so that a test can strike at every occurrence.
"""

import errno
import os
import signal
from collections import Counter

__all__ = ["POINTS", "passed", "point"]

POINTS = frozenset(
    {
        # a file put in place of an older one
        *("write.create", "write.written", "write.synced", "write.renamed"),
        # a blob
        *("blob.create", "blob.written", "blob.synced", "blob.linked", "blob.durable"),
        # a store that is being made or brought up to date
        *("store.made", "store.migrated", "store.marked"),
        # a run
        *("reserve.inserted", "reserve.committed", "result.inserted", "attempt.committed", "remember.committed"),
        *("seal.begun", "seal.manifest", "seal.inserted", "seal.committed"),
        *("abandon.updated", "abandon.committed", "gate.inserted", "gate.committed"),
        *("replay.inserted", "replay.committed"),
        # a promotion or rollback
        *("advance.verified", "advance.begun", "advance.compared", "advance.inserted", "advance.committed"),
        # what the next opening clears up
        *("repair.marked", "repair.committed"),
    }
)

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Pass the point `name`; a no-op unless the environment asks for a fault here."""
    fault = os.environ.get("PROOFBOOK_FAULT")
    if fault is None:
        return
    if name not in POINTS:
        raise LookupError(f"the point {name!r} is not listed in disk.faults.POINTS")
    where, count, action = fault.split(":")
    _passed[name] += 1
    if action == "count" or where != name or _passed[name] != int(count):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = {"eio": errno.EIO, "enospc": errno.ENOSPC}[action]
    raise OSError(number, os.strerror(number), name)


def passed() -> dict[str, int]:
    """How often each point was passed since the process began, while PROOFBOOK_FAULT was set."""
    return dict(_passed)
