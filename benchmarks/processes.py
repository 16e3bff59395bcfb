"""Whole processes: started cold, timed to their end, and nothing of theirs left before the next one starts."""

import ctypes
import os
import resource
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Taken", "compiled", "surroundings", "timed"]

_PR_SET_CHILD_SUBREAPER = 36
_GLANCE = 0.05
"""Seconds between two looks at a process's memory."""
_LEAVE = 5.0
"""Seconds in which what a process left behind may end by itself."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one process took."""

    seconds: float
    """From its start to its end."""
    cpu: float
    """Processor seconds, its own and those of all that it started."""
    output: str = ""
    own_cpu: float = 0.0
    """Processor seconds of the process itself, without any other that it started."""
    own_peak: int = 0
    """Bytes: the largest resident size of the process itself."""
    left: int = 0
    """Processes of its that outlived it."""


def surroundings(environment: Path, home: Path, **more: str) -> dict[str, str]:
    """
    The variables that a measured process sees: its environment first on the path, a home of its own, no telemetry.

    What this shell says of Python (no bytecode, unbuffered output), of matplotlib or of thread counts is not handed on.

    Args:
        environment: Folder of the virtual environment.
        home: Home folder: caches, kernel specifications and histories of the user's are not read and not written.
        more: Further variables.
    """
    kept = {name: os.environ[name] for name in ("TMPDIR", "TZ") if name in os.environ}
    return {
        **kept,
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        # Ploomber would otherwise ask the network for newer versions and report to its makers while the clock runs
        "PLOOMBER_STATS_ENABLED": "false",
        "PLOOMBER_VERSION_CHECK_DISABLED": "true",
        **more,
    }


def compiled(environment: Path, *folders: Path) -> None:
    """Compile the bytecode of an environment and of `folders`, so that no way pays for it while the clock runs."""
    python = str(environment / "bin" / "python")
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib')); print(sysconfig.get_path('stdlib'))"],
        capture_output=True, check=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    words = [python, "-m", "compileall", "-q", "-j", "0", "-x", "/tests?/", *filter(None, site), *map(str, folders)]
    # templates among the packages are no valid Python, and that is no matter of ours
    subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def timed(words: Sequence[str | Path], *, cwd: Path, variables: Mapping[str, str]) -> Taken:
    """
    Run one process to its end; ends the benchmark with the output of one that failed.

    Args:
        words: The command. A bare name is looked for in the PATH of `variables`.
        cwd: Its working folder.
        variables: Its whole environment.
    """
    _adopt()
    before = _children()
    with tempfile.TemporaryFile() as shown:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*_found(words, variables)], cwd=cwd, env=dict(variables), stdin=subprocess.DEVNULL, stdout=shown,
            stderr=subprocess.STDOUT,
        )  # fmt: skip
        peak = _watch(process.pid)
        seconds = time.perf_counter() - started
        own = _own(process.pid)
        code = process.wait()
        left = _leave()
        shown.seek(0)
        output = shown.read().decode(errors="replace")
    if code:
        sys.exit(f"{' '.join(map(str, words))} ended with {code}:\n{output[-6000:]}")
    return Taken(
        seconds=seconds, cpu=_children() - before, output=output, own_cpu=own, own_peak=peak, left=left
    )  # fmt: skip


def _watch(pid: int) -> int:
    """Wait for the end of a process, leave it unreaped, and return the largest resident size seen of it, in bytes."""
    peak, end = 0, os.pidfd_open(pid)
    try:
        while not select.select([end], [], [], _GLANCE)[0]:
            for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmHWM:"):  # a high-water mark: only what the last moment added is missed
                    peak = int(line.split()[1]) << 10
    finally:
        os.close(end)
    return peak


def _own(pid: int) -> float:
    """Processor seconds of one ended process that nobody has waited for yet; those of its children stand apart."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _found(words: Sequence[str | Path], variables: Mapping[str, str]) -> Sequence[str]:
    first = str(words[0])
    for folder in variables["PATH"].split(os.pathsep):
        if "/" not in first and (Path(folder) / first).exists():
            first = str(Path(folder) / first)
    return [first, *map(str, words[1:])]


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _adopt() -> None:
    """Orphans become children of ours: they can be seen, waited for, and counted."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _leave() -> int:
    """Wait until nothing of the process is left, and end what stays. Returns how many outlived it by 50 ms."""
    me = psutil.Process()
    time.sleep(0.05)
    left = [one for one in me.children(recursive=True) if _lives(one)]
    _, stay = psutil.wait_procs(left, timeout=_LEAVE)
    for process in stay:
        process.kill()
    while True:  # reap the dead among the adopted, so that their processor time is counted with this run
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                break
        except ChildProcessError:
            break
    return len(left)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
