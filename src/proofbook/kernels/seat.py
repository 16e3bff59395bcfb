"""The place of one kernel: a folder only this user can enter, with its sockets, its key and its connection file."""

import json
import secrets
import sys
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from proofbook.disk import atomic

__all__ = ["NATIVE", "SCHEME", "Seat", "native"]

NATIVE = frozenset({"", "python", "python3", "proofbook-warm"})
"""Names that mean the Python that runs this code, whatever some other environment left behind under them."""

SCHEME = "hmac-sha256"
"""How messages are signed."""

_PATIENT = "--IPKernelApp.outstream_class=proofbook.kernels.outstream.PatientStream"
_PORTS = {"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "hb_port": 4, "control_port": 5}


@dataclass(frozen=True)
class Seat:
    """Where a kernel is reached, and by what key."""

    folder: Path
    key: str

    @classmethod
    def make(cls, folder: Path, *, kernel_name: str) -> "Seat":
        """Make the folder `folder`, and the connection file in it."""
        folder.mkdir(mode=0o700)
        seat = cls(folder, secrets.token_hex(32))
        content = {**seat.connection, "kernel_name": kernel_name}
        atomic.create(seat.file, json.dumps(content).encode(), mode=0o600)
        return seat

    @property
    def file(self) -> Path:
        """The connection file."""
        return self.folder / "kernel.json"

    @property
    def connection(self) -> dict[str, Any]:
        """What a client must know."""
        return {**self.address, "key": self.key, "signature_scheme": SCHEME}

    @property
    def address(self) -> dict[str, Any]:
        """The same without the key."""
        return {"transport": "ipc", "ip": f"{self.folder}/s", **_PORTS}

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        atomic.remove(self.folder)


def native(connection_file: str | Path) -> tuple[list[str], list[str]]:
    """
    How a kernel of this very Python is started.

    Returns:
        The program with its arguments, and the `sys.argv` that it sees.
    """
    # without the second IPython writes every cell into a history database of the user's, and waits for its lock
    options = ["-f", str(connection_file), "--HistoryManager.hist_file=:memory:", _PATIENT]
    return [sys.executable, "-m", "ipykernel_launcher", *options], [_launcher(), *options]


@cache
def _launcher() -> str:
    spec = find_spec("ipykernel_launcher")
    return str(Path(spec.origin).absolute()) if spec and spec.origin else "ipykernel_launcher"
