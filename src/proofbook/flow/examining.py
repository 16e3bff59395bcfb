"""Puts many files before the rules, in several processes where that pays."""

import gc
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from proofbook.analyze import source
from proofbook.exceptions import MachineError, NotebookError
from proofbook.lint import looked
from proofbook.lint.cache import Cache
from proofbook.lint.examined import Examined, Job, digest, examine
from proofbook.model.configuration import LintConfiguration

__all__ = ["File", "examine_all", "processors", "shown_path"]

_PAYS = 40
"""Files from which on a second process is faster than none."""
_BATCHES = 6
"""Pieces of work for each process: few enough to be cheap, enough that no process is left with the long ones."""


class File:
    """One file on its way through lint."""

    def __init__(self, path: Path, *, root: Path, cache: Cache | None) -> None:
        self.path = path
        # links may lead in a circle, and `resolve` would not have it
        self.real = Path(os.path.realpath(path))
        self.shown = shown_path(path, root=root)
        self.state = looked.state(str(path))
        self.examined: Examined | None = None
        """What is said of what it holds now."""
        before = cache.get(self.shown) if cache is not None else None
        if before is not None:
            with suppress(NotebookError):
                now = digest(source.read_bytes(path, shown=self.shown))
                self.examined = before if now == before.digest and looked.holds(before.looked) else None

    def keep(self, cache: Cache) -> None:
        # what changed while it was read, or could not be, is not kept
        if self.examined is not None and self.examined.digest and looked.state(str(self.path)) == self.state:
            cache.put(self.shown, self.examined)
        else:
            cache.forget(self.shown)


def shown_path(path: Path, *, root: Path) -> str:
    r"""
    How findings name `path`: relative to the root where it lies below it.

    What of the name is not UTF-8 is written as its bytes, `bad\xff.ipynb`: no report could hold it.
    """
    try:
        shown = path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        shown = str(path)
    return shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def examine_all(jobs: Sequence[Job], *, configuration: LintConfiguration, workers: int) -> list[Examined]:
    """
    What the rules say of each file, in the order of `jobs`.

    Args:
        jobs: The files.
        configuration: Which rules run.
        workers: Processes at most. More than one only where nothing else runs in this process: it is forked.

    Raises:
        ConfigurationError: `select` or `ignore` name a rule that does not exist.
        MachineError: A process was ended from outside.
    """
    if workers < 2 or len(jobs) < _PAYS:
        return [examine(job, configuration=configuration) for job in jobs]
    # a few notebooks, or what is known, need no second process, and these take a while to load
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    size = -(-len(jobs) // (workers * _BATCHES))
    batches = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    gc.freeze()  # what is there now is never collected, and so never copied
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"), initializer=_begin)
    try:
        done = pool.map(_examined, batches, [configuration] * len(batches))
        return [one for batch in done for one in msgspec.msgpack.decode(batch, type=list[Examined])]
    except BrokenProcessPool:
        raise MachineError("a process that lints was ended by the system; is there memory enough?") from None
    finally:
        pool.shutdown(cancel_futures=True)
        gc.unfreeze()


def _begin() -> None:
    # the terminal's Ctrl-C reaches every process; the first one ends the others
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(100_000, 20, 20)


def _examined(jobs: Sequence[Job], configuration: LintConfiguration) -> bytes:
    return msgspec.msgpack.encode([examine(job, configuration=configuration) for job in jobs])
