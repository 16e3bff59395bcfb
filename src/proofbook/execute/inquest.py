"""
What a failed cell leaves behind: each frame of its traceback, and what its variables held.

The text of this module is run in the kernel, which may be any Python from 3.8 on. So it stands for itself: standard
library only, nothing of the notebook's is called but `repr`, and it gives up in time.
"""

import json
import linecache
import reprlib
import signal
import sys
import threading
from typing import Any

_SECONDS = 1.5
_ROOM = 200_000
"""Characters of JSON."""
_FRAMES = 60
_AROUND = 5
"""Lines of source before and behind the one that failed."""
_LONGEST = 2000
_MANY = 50

_brief = reprlib.Repr()
_brief.maxlist = _brief.maxtuple = _brief.maxset = _brief.maxfrozenset = _brief.maxdict = _MANY
_brief.maxstring = _brief.maxother = 200


class _Late(BaseException):
    """Time is up."""


def capture() -> str:
    """Tell of the last traceback, as JSON. What there is no time or room for is left out, outermost frames first."""
    frames: Any = []
    alarmed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    if alarmed:
        before = signal.signal(signal.SIGALRM, _late)
        timer = signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        room = _ROOM
        for frame, line in reversed(_steps(getattr(sys, "last_traceback", None))):
            if room <= 0:
                break
            frames.insert(0, {})
            room -= _tell(frames[0], frame, line, room)
    except _Late:
        pass
    finally:
        if alarmed:
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, before)
    return json.dumps({"frames": [one for one in frames if one]})


def _late(*_: object) -> None:
    raise _Late


def _steps(traceback: Any) -> Any:
    """The frames with their lines, outermost first, without those of the machinery that called the cell."""
    found: Any = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_name == "run_code" and "interactiveshell" in code.co_filename:
            found = []
        else:
            found.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found[-_FRAMES:]


def _tell(one: Any, frame: Any, line: int, room: int) -> int:
    """Put into `one` what there is to say of a frame. Returns the characters that took."""
    name = frame.f_code.co_filename
    source = []
    for number in range(max(1, line - _AROUND), line + _AROUND + 1):
        text = linecache.getline(name, number, frame.f_globals)
        if text:
            source.append([number, text.rstrip("\n")[:300]])
    one.update(file=name, line=line, function=frame.f_code.co_name, source=source, locals={})
    size = len(json.dumps(one))
    for variable, value in list(frame.f_locals.items()):
        if _matters(variable, value):
            one["locals"][variable] = "<not shown: its repr takes too long>"
            text = _shown(value)
            size += len(json.dumps([variable, text]))
            if size > room:
                one["locals"][variable] = "<not shown: there was no room left>"
                break
            one["locals"][variable] = text
    return size


def _matters(name: str, value: Any) -> bool:
    if name.startswith("_") or name in ("In", "Out", "exit", "quit", "get_ipython") or type(value) is type(sys):
        return False
    # IPython's own `open`
    return name != "open" or not str(getattr(value, "__module__", "")).startswith("IPython")


def _shown(value: Any) -> str:
    kind = type(value)
    try:
        if kind in (str, bytes, bytearray):
            text = repr(value[:_LONGEST])
        elif kind in (list, tuple, set, frozenset, dict) and len(value) > _MANY:
            text = _brief.repr(value)
        else:
            text = repr(value)
        return str(text)[:_LONGEST]
    except Exception as error:  # noqa: BLE001  somebody's repr
        return "<its repr raises " + type(error).__name__ + ">"
