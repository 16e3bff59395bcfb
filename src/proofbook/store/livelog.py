"""
The log of a run while it is being built: one JSON object a line, in `live/<number>.jsonl`, for others to follow.

When the run is sealed the file becomes its log, a blob like any other. After a killed build it stays, and tells what
was done until then.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from proofbook.disk import atomic
from proofbook.disk.journal import Journal
from proofbook.exceptions import MachineError
from proofbook.store.blobs import Blobs

__all__ = ["LiveLog", "Tail", "place"]

_FOLDER = "live"
_KEPT = 20
"""Logs of killed builds that stay; older ones go when a build begins."""
_CHUNK = 1 << 20

Event = dict[str, Any]


def place(folder: Path, number: int) -> Path:
    """Where the log of run `number` grows, in the store `folder`."""
    return folder / _FOLDER / f"{number}.jsonl"


class LiveLog:
    """
    The log that one build writes.

    A log is no reason to stop a build: what cannot be written, on a full disk, is left out, and the log says so.

    Args:
        folder: Of the store.
        number: Of the run, reserved.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.path = place(folder, number)
        self.trouble: MachineError | None = None
        atomic.make_folder(self.path.parent, mode=0o700)
        _clear(self.path.parent)
        self._journal = Journal(self.path)

    def append(self, line: bytes) -> None:
        """Add one JSON object, its newline included; whoever follows sees it at once."""
        if self.trouble is None:
            try:
                self._journal.append(line)
            except MachineError as error:
                self.trouble = error

    def keep(self, blobs: Blobs) -> str:
        """
        Put the whole log into the store, durably.

        Returns:
            The digest of its blob.
        """
        if self.trouble is not None:
            said = {"event": "log", "level": "warning", "message": f"from here on nothing was logged: {self.trouble}"}
            self.trouble = None
            # what was cut off in the middle ends here
            self.append(b"\n" + msgspec.json.encode(said) + b"\n")
        return blobs.put_file(self.path) if self.path.is_file() else blobs.put(b"")

    def close(self) -> None:
        """Write no more; the file stays."""
        self._journal.close()

    def remove(self) -> None:
        """The run is sealed, and has this log as a blob: nobody needs the file any more."""
        self.close()
        atomic.remove(self.path)


class Tail:
    """
    A log, read as it grows; to the end also when the file is removed meanwhile.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: It is not there.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._rest = b""

    def more(self) -> Iterator[Event]:
        """The events that came since the last call; lines that are no events, or not whole yet, are passed over."""
        while chunk := self._file.read(_CHUNK):
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                if (event := _event(line)) is not None:
                    yield event

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _event(line: bytes) -> Event | None:
    try:
        event = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None


def _clear(folder: Path) -> None:
    """Remove all but the newest logs that killed builds left."""
    numbers = sorted(int(file.stem) for file in folder.glob("*.jsonl") if file.stem.isdecimal())
    for number in numbers[: 1 - _KEPT]:
        atomic.remove(folder / f"{number}.jsonl")
