"""
The Papermill engine `proofbook`: `papermill in.ipynb out.ipynb --engine proofbook`.

However a notebook ends, the file says so: the failing cell is marked and says why, later cells are pending and empty,
what was printed before is kept, and the write is atomic. The cells are run as a build runs them.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def __getattr__(name: str) -> Any:
    """
    Papermill loads this entry point while it is imported itself.

    Where that import was started from here, the class is not there yet; it is registered at the end of this module.
    """
    if name == "ProofbookEngine":
        return None
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


from papermill.engines import Engine, NotebookExecutionManager, papermill_engines  # noqa: E402  after __getattr__
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
            autosave_cell_every: Not used: what changed is saved every second, within a tenth of the time.
            on_event: Called with each step.
            options: As `execute_managed_notebook` has them.

        Raises:
            PapermillExecutionError: A cell failed. The file is complete and needs no further write.
            PapermillException: It failed outside any cell.
            KeyboardInterrupt: The user interrupted it; or asked for its end with SIGTERM.
        """
        from pathlib import Path

        from proofbook.execute.state import NotebookState

        shown = _Shown(nb, progress_bar=progress_bar, log_output=log_output, on_event=on_event)
        # papermill itself writes to a pipe or to another machine, when all is over
        local = output_path and "://" not in output_path and output_path != "-"
        path = Path(output_path).absolute() if output_path and local else None
        state = NotebookState(nb, path=path, on_event=shown.take)
        state.notebook_start()
        try:
            cls.execute_managed_notebook(state, kernel_name, log_output=log_output, **options)
        except BaseException as error:
            state.failure = state.failure or _outside(error)
            raise
        finally:
            state.notebook_complete()
            shown.close(complete=state.failure is None)
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
        start_timeout: float = _START_TIMEOUT,
        execution_timeout: float | None = None,
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
            options: Further options of nbclient's.
        """
        from jupyter_core.utils import run_sync
        from papermill.clientwrap import PapermillNotebookClient
        from papermill.log import logger

        from proofbook.execute.client import NotebookClient
        from proofbook.execute.libraries import NotebookNode

        class Client(NotebookClient):
            """Which also writes down what cells put out, as papermill can."""

            log_output_message: Any

            def printed(self, name: str, text: str) -> None:
                super().printed(name, text)
                self.log_output_message(NotebookNode(output_type="stream", name=name, text=text))

            def taken(self, output: Any) -> None:
                super().taken(output)
                self.log_output_message(output)

        timeout = execution_timeout or options.pop("timeout", None)
        options = {name: value for name, value in options.items() if name not in _UNUSED}
        client = Client if log_output or stdout_file or stderr_file else NotebookClient
        given = {"log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file}
        for name, value in (*given.items(), ("log_output_message", PapermillNotebookClient.log_output_message)):
            setattr(Client, name, value)
        run_sync(_run)(
            nb_man,
            kernel_name,
            client=client,
            cell_timeout=timeout,
            startup_timeout=start_timeout,
            log=logger,
            **options,
        )


_UNUSED = {"input_path", "timeout", "startup_timeout", "kernel_name"}


async def _run(state: Any, kernel_name: str, **options: Any) -> None:
    """Run the cells in a kernel of their own, started in the current folder."""
    from pathlib import Path

    from proofbook.exceptions import NotebookError
    from proofbook.execute.conduct import Conduct
    from proofbook.execute.control import Control, Stopped
    from proofbook.kernels.pool import Pool
    from proofbook.model.run import Failure

    control = Control()
    pool = Pool(root=Path.cwd(), mode="cold", spare=0)
    with _interrupts(control):
        try:
            kernel = await control.unless_stopped(pool.kernel(kernel_name, cwd=str(Path.cwd())))
            await Conduct(state, control, **options).run(kernel)
        except Stopped:
            kind, message = control.stopped or ("cancelled", "interrupted")
            state.failure = Failure(kind=kind, message=message)
        except NotebookError as error:
            state.failure = Failure(kind="error", message=str(error))
        finally:
            await pool.close()


@contextmanager
def _interrupts(control: Any) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the notebook in good order, where nobody else looks after them; not a second one."""
    taken: dict[signal.Signals, Any] = {}

    def stop(number: int, _: Any) -> None:
        for each, before in taken.items():
            signal.signal(each, before)
        control.stop_from_outside("cancelled", "interrupted" if number == signal.SIGINT else "ended by SIGTERM")

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


class _Shown:
    """What papermill shows of a run: its progress bar, and its log where cells are logged."""

    def __init__(
        self,
        nb: Any,
        *,
        progress_bar: bool | dict[str, Any],
        log_output: bool,
        on_event: Callable[[dict[str, Any]], None] | None,
    ) -> None:
        # papermill's own, for its looks alone: it writes nothing
        self._bar = NotebookExecutionManager(nb, progress_bar=progress_bar)
        self._log_output = log_output
        self._on_event = on_event
        self._at = 0

    def take(self, event: dict[str, Any]) -> None:
        """A step of the run."""
        if self._on_event is not None:
            self._on_event(event)
        if event["event"] in ("cell_started", "cell_finished"):
            self._step(event["cell"], finished=event["event"] == "cell_finished")

    def close(self, *, complete: bool) -> None:
        """The run is over."""
        if complete:
            self._bar.complete_pbar()
        self._bar.cleanup_pbar()

    def _step(self, cell: int, *, finished: bool) -> None:
        from papermill.log import logger

        if self._log_output:
            logger.info(f"{'Ending' if finished else 'Executing'} Cell {cell:-<{43 if finished else 40}}")
        if self._bar.pbar:
            # cells of text between make no event
            done = cell if finished else cell - 1
            self._bar.pbar.update(done - self._at)
            self._at = done
            description = self._bar.get_cell_description(self._bar.nb.cells[cell - 1])
            if description is not None and not finished:
                self._bar.pbar.set_description(f"Executing {description}")


def _outside(error: BaseException) -> Any:
    from proofbook.model.run import Failure

    if isinstance(error, KeyboardInterrupt):
        return Failure(kind="cancelled", message="interrupted")
    return Failure(kind="error", message=f"{type(error).__name__}: {error}".splitlines()[0][:1000])


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
