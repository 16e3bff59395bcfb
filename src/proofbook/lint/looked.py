"""
What is looked at outside a notebook, on the way to its findings.

Whoever looks at a file or folder beside the notebook says so by `look`. What came of it may be used again as long as
each of these is in the state in which it was.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

__all__ = ["holds", "look", "remembered", "state", "watching"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_NEVER = "?"
"""A state in which nothing is."""

_NOTED: ContextVar[dict[str, str] | None] = ContextVar("noted", default=None)


def look(path: Path | str) -> None:
    """Note a file or folder that is looked at now: whether it is there, what it holds, what lies in it."""
    noted = _NOTED.get()
    if noted is not None and (name := os.path.abspath(path)) not in noted:  # noqa: PTH100 - many a second
        try:
            name.encode()
            noted[name] = state(name)
        except UnicodeEncodeError:
            # no cache holds such a name: what hangs on it is asked anew each time
            noted[name.encode("utf-8", "backslashreplace").decode()] = _NEVER


@contextmanager
def watching() -> Iterator[dict[str, str]]:
    """All that is noted meanwhile: path to its state."""
    noted: dict[str, str] = {}
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


def holds(noted: dict[str, str]) -> bool:
    """Whether everything is in the state in which it was."""
    return all(state(name) == was for name, was in noted.items())


def state(name: str) -> str:
    """What changes when a file or folder does; empty where there is none."""
    try:
        found = os.stat(name)  # noqa: PTH116 - many a second
    except (OSError, ValueError):
        return ""
    # the time of the last change of the inode is nobody's to set back
    return f"{found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino} {found.st_mode}"


def remembered(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Keep what `function` gives for its arguments, as long as all that it looked at is in its state."""
    kept: dict[object, tuple[_Result, dict[str, str]]] = {}

    @wraps(function)
    def remembering(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        key = (args, tuple(sorted(kwargs.items())))
        known = kept.get(key)
        if known is None or not holds(known[1]):
            with watching() as noted:
                known = kept[key] = (function(*args, **kwargs), noted)
        for name in known[1]:
            look(name)
        return known[0]

    return remembering
