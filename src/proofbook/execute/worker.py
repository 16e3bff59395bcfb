"""
The subprocess of one task: `python -m proofbook.execute.worker FD`.

It reads an order as one line of JSON on standard input, and later a line that tells it to stop; the end of standard
input means that the driver is gone. Events go as JSON lines to the descriptor FD, which no library writes to by chance.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["main"]

_LAST_CHANCE = 4.0
"""Seconds after the driver's death in which the notebook may end in good order."""
# Papermill imports them at start, for 1.2 s: grammars of addresses and durations, and a reader for HDFS.
_UNUSED = ("rfc3987_syntax", "isoduration", "pyarrow")


class _Channel(logging.Handler):
    """Events to the driver; warnings of libraries travel as events too."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(logging.WARNING)
        os.set_inheritable(descriptor, False)
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._lock = threading.Lock()

    def send(self, event: dict[str, Any]) -> None:
        """Write one event, whole."""
        with self._lock:
            try:
                self._file.write(json.dumps(event, default=str).encode(errors="replace") + b"\n")
            except BrokenPipeError:
                # the driver is gone; standard input says so as well
                return

    def emit(self, record: logging.LogRecord) -> None:
        """A line of a library's log."""
        message = record.getMessage()[:2000]
        self.send({"event": "log", "level": record.levelname.lower(), "logger": record.name, "message": message})


def main() -> int:
    """Do what the order says. Returns 0 when the driver was told how it ended, whatever that was."""
    channel = _Channel(int(sys.argv[1]))
    driver = os.fdopen(os.dup(0), "rb", buffering=0)
    line = driver.readline()
    if not line:
        return 1
    order = json.loads(line)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    logging.getLogger().addHandler(channel)
    from proofbook.disk import atomic
    from proofbook.exceptions import ProofbookError
    from proofbook.execute import kernel as kernels
    from proofbook.execute.control import Control

    folder = Path(order["folder"])
    try:
        # the kernel boots on another core while papermill is imported here; it must start before any thread does
        kernel = kernels.start(order["kernel"], cwd=order["root"], folder=folder)
    except ProofbookError as error:
        channel.send({"event": "broken", "message": str(error)})
        return 0
    channel.send({"event": "kernel_started", "pid": kernel.pid})
    control = Control()
    alone = threading.Event()
    threading.Thread(target=_listen, args=(control, driver, alone), daemon=True).start()
    try:
        _execute(order, kernel, control, channel)
    except Exception as error:  # noqa: BLE001  the driver must hear of it, whatever it is
        channel.send({"event": "broken", "message": f"{type(error).__name__}: {error}"[:2000]})
    finally:
        kernel.kill()
        if alone.is_set():
            # nobody is left to do it
            atomic.remove(folder)
    return 0


def _execute(order: dict[str, Any], kernel: Any, control: Any, channel: _Channel) -> None:
    with _lean():
        import papermill
        from papermill.exceptions import PapermillException

        from proofbook.execute import engine  # noqa: F401  registers itself
    try:
        papermill.execute_notebook(
            str(Path(order["folder"], "in.ipynb")),
            None,
            engine_name="proofbook",
            kernel_name=order["kernel"],
            cwd=order["root"],
            progress_bar=False,
            kernel=kernel,
            control=control,
            execution_timeout=order["cell_timeout"],
            project=order["project"],
            spool=str(Path(order["folder"], "out.ipynb")),
            shown_as=order["shown_as"],
            on_event=channel.send,
        )
    except (PapermillException, KeyboardInterrupt):
        # the engine has told the driver already
        return


@contextmanager
def _lean() -> Iterator[None]:
    """Import papermill without what no notebook here needs; engines of other packages are not loaded either."""
    import entrypoints  # type: ignore[import-untyped]

    hidden = [name for name in _UNUSED if name not in sys.modules]
    search = entrypoints.get_group_all
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of it fails
    entrypoints.get_group_all = lambda *_, **__: []
    try:
        yield
    finally:
        entrypoints.get_group_all = search
        for name in hidden:
            del sys.modules[name]


def _listen(control: Any, driver: IO[bytes], alone: threading.Event) -> None:
    """Wait for the driver's word, or its death."""
    while line := driver.readline():
        order = json.loads(line)
        control.stop(order["stop"], order["message"])
    alone.set()
    control.stop("cancelled", "the build that ran it has died")
    threading.Event().wait(_LAST_CHANCE)
    os._exit(1)


if __name__ == "__main__":
    # nothing is left to clean up, and the thread that listens would hold up the interpreter's own end
    os._exit(main())
