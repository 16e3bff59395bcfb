"""Puts many files before the rules, in several processes where that pays."""

import gc
import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import msgspec

from proofbook.exceptions import MachineError
from proofbook.lint.examined import Examined, Job, examine
from proofbook.model.configuration import LintConfiguration

__all__ = ["examine_all", "processors"]

_PAYS = 40
"""Files from which on a second process is faster than none."""
_BATCHES = 6
"""Pieces of work for each process: few enough to be cheap, enough that no process is left with the long ones."""


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
