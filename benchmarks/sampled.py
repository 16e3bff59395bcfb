"""
Runs `proofbook` in this process, and looks every two milliseconds at what its main thread is doing.

    python sampled.py FILE build --force

Leaves in FILE, as JSON, the seconds by phase. A phase is the room of Proofbook that the innermost of its frames belongs
to, or the import of a package, or waiting in the event loop. The driver runs a little slower for being looked at: these
figures say where time goes, not how much there is of it.
"""

import atexit
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_EVERY = 0.002
_IMPORT = ("<frozen importlib._bootstrap>", "_find_and_load")


def _phase(innermost: FrameType | None) -> str:
    """What a thread is doing, from its stack."""
    frames = list(_up(innermost))
    imported = [
        str(frame.f_locals.get("name", "")).partition(".")[0]
        for frame in frames
        if (frame.f_code.co_filename, frame.f_code.co_name) == _IMPORT
    ]
    if imported:
        # whatever was asked for first, from without or by a module of ours
        return f"importing {next((name for name in reversed(imported) if name != 'proofbook'), 'proofbook')}"
    if frames and frames[0].f_code.co_filename.endswith("selectors.py"):
        return "waiting in the event loop"
    names = (str(frame.f_globals.get("__name__")) for frame in frames)
    room = next((name for name in names if name.startswith("proofbook.")), "")
    return f"in {'.'.join(room.split('.')[:3])}" if room else "elsewhere"


def _up(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def main() -> None:
    """Look, until the command ends."""
    target, sys.argv = Path(sys.argv[1]), ["proofbook", *sys.argv[2:]]
    seen: Counter[str] = Counter()
    looked_at = threading.main_thread().ident or 0
    began = time.perf_counter()

    def look() -> None:
        last = time.perf_counter()
        while True:
            time.sleep(_EVERY)
            frames = sys._current_frames()  # noqa: SLF001 - the one way to see another thread's stack
            now = time.perf_counter()
            seen[_phase(frames.get(looked_at))] += int((now - last) * 1e6)
            last = now

    def leave() -> None:
        phases = {name: microseconds / 1e6 for name, microseconds in seen.most_common()}
        target.write_text(json.dumps({"seconds": time.perf_counter() - began, "phases": phases}), encoding="utf-8")

    atexit.register(leave)
    sys.setswitchinterval(0.0005)
    threading.Thread(target=look, daemon=True).start()
    from proofbook.cli import main as proofbook

    proofbook()


if __name__ == "__main__":
    main()
