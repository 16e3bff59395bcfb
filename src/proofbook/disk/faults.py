"""
Named points at which a test may strike: every step that makes bytes durable has one.

`PROOFBOOK_FAULT=<point>:<n>:<action>` strikes when the point is passed for the n-th time: `kill` ends the process as
`kill -9` would, `eio` and `enospc` raise what a failing or full disk raises.
"""

import errno
import os
import signal
from collections import Counter

__all__ = ["point"]

_passed: Counter[str] = Counter()


def point(name: str) -> None:
    """Pass the point `name`; a no-op unless the environment asks for a fault here."""
    fault = os.environ.get("PROOFBOOK_FAULT")
    if fault is None:
        return
    where, count, action = fault.split(":")
    if where != name:
        return
    _passed[name] += 1
    if _passed[name] != int(count):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = {"eio": errno.EIO, "enospc": errno.ENOSPC}[action]
    raise OSError(number, os.strerror(number), name)
