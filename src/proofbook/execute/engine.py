"""
The Papermill engine `proofbook`: `papermill in.ipynb out.ipynb --engine proofbook`.

However a notebook ends, the file says so: the failing cell is marked and says why, later cells are pending and empty,
what was printed before is kept, and the write is atomic.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


def __getattr__(name: str) -> Any:
    """
    Papermill loads this entry point while it is imported itself.

    Where that import was started from here, the class is not there yet; it is registered at the end of this module.
    """
    if name == "ProofbookEngine":
        return None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


from jupyter_core.utils import run_sync  # noqa: E402  after __getattr__, see there
from papermill.engines import Engine, papermill_engines  # noqa: E402
from papermill.exceptions import PapermillException, PapermillExecutionError  # noqa: E402

__all__ = ["ProofbookEngine"]

_START_TIMEOUT = 60


class ProofbookEngine(Engine):
    """Runs a notebook and says truthfully how it ended."""

    @classmethod
    def execute_notebook(  # noqa: PLR0917  papermill's order
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,  # noqa: ARG003
        on_event: Callable[[dict[str, Any]], None] | None = None,
        spool: str | None = None,
        shown_as: str | None = None,
        **options: Any,
    ) -> Any:
        """
        Run `nb`; papermill's door.

        Args:
            nb: The notebook; changed in place.
            kernel_name: The kernel to run it in.
            output_path: Where the notebook is written while it runs, and at the end.
            progress_bar: As papermill has it.
            log_output: As papermill has it.
            autosave_cell_every: Not used: outputs are saved as they come, within a tenth of the time.
            on_event: Called with each step, and at the end with `notebook_finished`.
            spool: Written instead of `output_path`.
            shown_as: What the notebook's metadata calls its input and its output, in place of the spool's path.
            options: As `execute_managed_notebook` has them.

        Raises:
            PapermillExecutionError: A cell failed. The file is complete and needs no further write.
            PapermillException: It failed outside any cell.
            KeyboardInterrupt: The user interrupted it; or asked for its end with SIGTERM.
        """
        from proofbook.execute.state import NotebookState

        state = NotebookState(
            nb, output_path=spool or output_path, on_event=on_event, progress_bar=progress_bar, log_output=log_output
        )
        if shown_as is not None:
            nb.metadata.papermill.update(input_path=shown_as, output_path=shown_as)
        state.notebook_start()
        try:
            cls.execute_managed_notebook(state, kernel_name, log_output=log_output, **options)
        except BaseException as error:
            state.failure = state.failure or _outside(error)
            raise
        finally:
            state.notebook_complete()
            _tell(state)
        _raise(state)
        return nb

    @classmethod
    def execute_managed_notebook(  # noqa: PLR0917  papermill's order
        cls,
        nb_man: Any,
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        start_timeout: int = _START_TIMEOUT,
        execution_timeout: float | None = None,
        kernel: Any = None,
        control: Any = None,
        project: str | None = None,
        **options: Any,
    ) -> None:
        """
        Run the notebook of a state.

        Args:
            nb_man: The `NotebookState`.
            kernel_name: The kernel to run it in.
            log_output: As papermill has it.
            stdout_file: As papermill has it.
            stderr_file: As papermill has it.
            start_timeout: Seconds in which the kernel must answer.
            execution_timeout: Seconds that one cell may take.
            kernel: A `LocalKernel` that was started already; ended here all the same.
            control: A `Control` by which others may stop it.
            project: Folder whose imported modules are to be reported.
            options: Further options of nbclient's.
        """
        from pathlib import Path

        from papermill.log import logger

        from proofbook.disk import spool
        from proofbook.execute import kernel as kernels
        from proofbook.execute.client import NotebookClient
        from proofbook.execute.control import Control

        control = control or Control()
        timeout = execution_timeout or options.pop("timeout", None)
        for unused in ("input_path", "timeout", "startup_timeout"):
            options.pop(unused, None)
        with ExitStack() as stack:
            if kernel is None:
                folder: Path = stack.enter_context(spool.folder(short=True))
                kernel = kernels.start(kernel_name, cwd=str(Path.cwd()), folder=folder)
            stack.callback(_end, kernel, nb_man)
            control.attach(kernel)
            stack.callback(control.release)
            stack.enter_context(_interrupts(control))
            client = NotebookClient(
                nb_man,
                kernel=kernel,
                control=control,
                cell_timeout=timeout,
                project=project,
                startup_timeout=start_timeout,
                kernel_name=kernel_name,
                log=logger,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
                **options,
            )
            stack.callback(_close, client)
            try:
                client.execute()
            finally:
                nb_man.usage, nb_man.modules = client.usage, client.modules


@contextmanager
def _interrupts(control: Any) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the notebook in good order, where nobody else looks after them; not a second one."""
    taken: dict[signal.Signals, Any] = {}

    def stop(number: int, _: Any) -> None:
        for each, before in taken.items():
            signal.signal(each, before)
        control.stop("cancelled", "interrupted" if number == signal.SIGINT else "ended by SIGTERM")

    if threading.current_thread() is threading.main_thread():
        for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
            if signal.getsignal(number) == usual:
                taken[number] = usual
                signal.signal(number, stop)
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)


def _end(kernel: Any, state: Any) -> None:
    """End the kernel: politely when all went well, so that it can run what it registered at exit; and its children."""
    known = kernel.descendants()
    try:
        if state.failure is None and kernel.ended() is None:
            run_sync(kernel.shutdown_kernel)()
    finally:
        kernel.bury(known)


def _close(client: Any) -> None:
    if client.kc is not None:
        client.kc.stop_channels()


def _outside(error: BaseException) -> Any:
    from proofbook.model.run import Failure

    if isinstance(error, KeyboardInterrupt):
        return Failure(kind="cancelled", message="interrupted")
    return Failure(kind="error", message=f"{type(error).__name__}: {error}".splitlines()[0][:1000])


def _tell(state: Any) -> None:
    from msgspec import to_builtins

    usage = getattr(state, "usage", None)
    state.emit(
        "notebook_finished",
        failure=to_builtins(state.failure),
        modules=getattr(state, "modules", []),
        cpu_seconds=usage.cpu_seconds if usage else 0.0,
        peak_memory=usage.peak_memory if usage else 0,
    )


def _raise(state: Any) -> None:
    """
    Raise what papermill would, and before it does.

    Papermill would rewrite the file in place, with two cells of its own between the others, and would take
    `sys.exit(0)` in the middle of a notebook for success.
    """
    failure = state.failure
    if failure is None:
        return
    if failure.kind == "cancelled":
        raise KeyboardInterrupt(failure.message)
    if not failure.cell:
        raise PapermillException(failure.message)
    cell = state.nb.cells[failure.cell - 1]
    errors = [output for output in cell.outputs if output.output_type == "error"]
    raise PapermillExecutionError(
        cell_index=failure.cell - 1,
        exec_count=cell.execution_count,
        source=cell.source,
        ename=errors[-1].ename if errors else failure.kind,
        evalue=errors[-1].evalue if errors else failure.message,
        traceback=errors[-1].traceback if errors else [],
    )


papermill_engines.register("proofbook", ProofbookEngine)
