"""
What happens when a notebook runs in a clean kernel, cell by cell: the truth that lint's findings are held against.

A cell counts as failed by

- `name`: a NameError or UnboundLocalError, raised by the notebook's own code (a function of it included) and not inside
  a library, whose name is not excused;
- `syntax`: a SyntaxError, IndentationError or TabError of the cell itself, not of something that it imports;
- `file`: a FileNotFoundError for a relative path whose last part stands in the notebook as text, of a file that is not
  in the copy of the project which the notebook runs in.

The first such cell is the notebook's one truth, and nothing below it is judged. A cell that fails otherwise (a module
that is not installed, the network, which is shut off, a wrong value, a cell tagged `raises-exception`) is passed over:
the run goes on below it, as people do, and every word of that cell is *excused* further down. A NameError that names an
excused word follows from the other failure: it is passed over in the same way. So is a file that no cell could be seen
to write for that reason: once a cell has been passed over, no missing file counts. A cell that takes longer than its
limit, or ends the kernel, ends what is judged.
"""

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from proofbook.kernels.pool import Pool

__all__ = ["CellEnd", "Truth", "judge", "run"]

Kind = Literal["name", "syntax", "file"]

_NAMES = {"NameError", "UnboundLocalError"}
_SYNTAX = {"SyntaxError", "IndentationError", "TabError"}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^\s*(Cell In\[|Cell In|Input In|File )(?P<rest>.*)$", re.MULTILINE)
_QUOTED = re.compile(r"'([^']+)'")
_WORD = re.compile(r"[^\W\d]\w*")
_MEANT_TO_FAIL = {"raises-exception", "skip-execution"}
# the network is shut off by the kernel itself, before its first cell; no name is left behind
_ALONE = """
def _alone():
    import socket
    class Alone(socket.socket):
        def connect(self, address):
            inet = self.family in (socket.AF_INET, socket.AF_INET6)
            if inet and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
                raise OSError(101, "Network is unreachable")
            return super().connect(address)
    def getaddrinfo(host, *args, real=socket.getaddrinfo, **kwargs):
        if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *args, **kwargs)
    socket.socket, socket.getaddrinfo = Alone, getaddrinfo
_alone()
del _alone
"""


@dataclass(frozen=True, kw_only=True)
class CellEnd:
    """How one code cell ended."""

    cell: int
    """Its number among all cells of the notebook, from 1."""
    status: Literal["ok", "error", "timeout", "dead"]
    error: str = ""
    """The name of the exception."""
    message: str = ""
    own: bool = False
    """Whether the innermost frame is the notebook's own code."""
    missing: bool = False
    """Of a FileNotFoundError: whether its path is relative and there is no such file."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of one notebook after its run."""

    cell: int | None
    """The cell that failed by a name, the syntax or a file; None where none did."""
    kind: Kind | None
    message: str
    judged: frozenset[int]
    """Cells whose findings can be right or wrong: those that ended well, and the one that failed as above."""
    clean: bool
    """Whether every cell ended well."""


def judge(cells: Sequence[dict[str, Any]], ends: Sequence[CellEnd]) -> Truth:
    """
    The truth of one run.

    Args:
        cells: Of the notebook, as nbformat 4 writes them.
        ends: How its code cells ended, in order, as far as they ran.
    """
    text = "\n".join(_source(cell) for cell in cells)
    excused: set[str] = set()
    judged: set[int] = set()
    for end in ends:
        cell = cells[end.cell - 1]
        meant = bool(_MEANT_TO_FAIL & set(cell.get("metadata", {}).get("tags") or ()))
        if end.status == "ok":
            judged.add(end.cell)
            continue
        if end.status != "error":
            break
        kind = None if meant else _kind(end, text=text, excused=excused)
        if kind is not None:
            judged.add(end.cell)
            return Truth(
                cell=end.cell,
                kind=kind,
                message=f"{end.error}: {end.message}",
                judged=frozenset(judged),
                clean=False,
            )
        excused |= set(_WORD.findall(_source(cell)))
    clean = bool(ends) and all(end.status == "ok" for end in ends)
    return Truth(cell=None, kind=None, message="", judged=frozenset(judged), clean=clean)


def _kind(end: CellEnd, *, text: str, excused: set[str]) -> Kind | None:
    if end.error in _SYNTAX:
        return "syntax" if end.own else None
    if end.error in _NAMES:
        named = _QUOTED.search(end.message)
        return "name" if end.own and named and named[1] not in excused else None
    if end.error == "FileNotFoundError" and end.missing and not excused:
        path = _path(end.message)
        return "file" if path and Path(path).name in text else None
    return None


def _path(message: str) -> str:
    """The path that a FileNotFoundError speaks of, where it is relative; else nothing."""
    found = re.search(r"No such file or directory: b?'([^']+)'$", message)
    return found[1] if found and not found[1].startswith(("/", "~")) and "://" not in found[1] else ""


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


async def run(
    document: dict[str, Any], *, pool: Pool, folder: Path, cell_timeout: float, whole_timeout: float
) -> list[CellEnd]:
    """
    Run the code cells of a notebook one after the other, also past those that fail, and tell how each ended.

    Args:
        document: The notebook, nbformat 4.
        pool: Gives the kernel.
        folder: That the kernel works in.
        cell_timeout: Seconds after which a cell is given up, and the notebook with it.
        whole_timeout: The same for all cells together.
    """
    raw = json.dumps(document).encode()
    kernel = await pool.kernel("python3", cwd=str(folder), notebook=raw)
    client: Any = None
    ends: list[CellEnd] = []
    try:
        client = kernel.client()
        client.start_channels()
        await client.wait_for_ready(timeout=120)
        await client.execute_interactive(_ALONE, silent=True, timeout=120, output_hook=_nothing)
        loop = asyncio.get_running_loop()
        last = loop.time() + whole_timeout
        for number, cell in enumerate(document["cells"], start=1):
            source = _source(cell)
            if cell["cell_type"] != "code" or not source.strip():
                continue
            if "skip-execution" in (cell.get("metadata", {}).get("tags") or ()):
                continue
            limit = min(cell_timeout, last - loop.time())
            ends.append(await _cell(client, number, source, kernel=kernel, limit=limit, folder=folder))
            if ends[-1].status in {"timeout", "dead"} or judge(document["cells"], ends).cell is not None:
                break
    finally:
        if client is not None:
            client.stop_channels()
        await kernel.bury()
    return ends


def _nothing(_: object) -> None:
    """Outputs are of no interest."""


async def _cell(client: Any, number: int, source: str, *, kernel: Any, limit: float, folder: Path) -> CellEnd:
    if limit <= 0:
        return CellEnd(cell=number, status="timeout")
    request = client.execute(source, allow_stdin=False, stop_on_error=False)
    try:
        content = await asyncio.wait_for(_reply(client, request, kernel=kernel), limit)
        content = content and await asyncio.wait_for(_shown(client, request, content, kernel=kernel), 300)
    except TimeoutError:
        return CellEnd(cell=number, status="timeout")
    if content is None:
        return CellEnd(cell=number, status="dead")
    if content["status"] == "ok":
        return CellEnd(cell=number, status="ok")
    error, message = content.get("ename", "aborted"), _ANSI.sub("", str(content.get("evalue", "")))
    trace = _ANSI.sub("", "\n".join(content.get("traceback", ())))
    path = _path(message)
    return CellEnd(
        cell=number,
        status="error",
        error=error,
        message=message[:300],
        own=_own(trace),
        missing=bool(path) and not (folder / path).exists(),
    )


async def _reply(client: Any, request: str, *, kernel: Any) -> dict[str, Any] | None:
    """The answer to a request; None when the kernel ends before it comes."""
    while True:
        try:
            reply = await client.get_shell_msg(timeout=2)
        except Exception as error:
            if type(error).__name__ != "Empty":
                raise
            if not await client.is_alive() or not _lives(kernel.pid):
                return None
            continue
        if reply["parent_header"].get("msg_id") == request:
            content: dict[str, Any] = reply["content"]
            return content


async def _shown(client: Any, request: str, content: dict[str, Any], *, kernel: Any) -> dict[str, Any]:
    """The answer, or the error that was only shown: `%%capture` runs a failing body and ends well."""
    while True:
        try:
            message = await client.get_iopub_msg(timeout=5)
        except Exception as error:
            if type(error).__name__ != "Empty":
                raise
            if not _lives(kernel.pid):
                return content
            continue  # a busy machine: that the kernel is idle is always told
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "error" and content["status"] == "ok":
            content = {**message["content"], "status": "error"}
        elif message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return content


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _own(trace: str) -> bool:
    """Whether the innermost frame of a traceback is code of a cell, or a statement that a magic ran for one."""
    frames = list(_FRAME.finditer(trace))
    if not frames:
        return False
    inner = frames[-1]
    if not inner[1].startswith("File"):
        return True
    return inner["rest"].startswith(("<timed ", "<magic-timeit>", "<unknown>", "<ipython-input", "<decorator"))
