"""
What our own commands call: build, or read the pipeline.

A build takes the shortest of three ways. Nothing changed since the last one: its run stands, and nothing is loaded.
Ploomber would read the pipeline as it did before: the recorded reading is built. Else Ploomber is loaded, and what it
reads is recorded.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import msgspec

from proofbook.exceptions import PipelineError, ProofbookError
from proofbook.flow import observed, reading, shortcut
from proofbook.flow.reading import Asked, Reading
from proofbook.lean import lean
from proofbook.model.pipeline import Pipeline, Task
from proofbook.ploomber import door
from proofbook.terminal import say

if TYPE_CHECKING:
    from proofbook.flow.build import Built
    from proofbook.kernels.pool import Pool

__all__ = ["build", "read"]


def build(arguments: Sequence[str], *, as_json: bool = False, debug: str | None = None) -> int:
    """
    What `ploomber build` does with `arguments`, and the exit code that it deserves.

    Args:
        arguments: Flags of `ploomber build`.
        as_json: Print one JSON document, the run and the gate's result, and all else to standard error.
        debug: Task whose kernel a console is attached to when it fails.

    Raises:
        PipelineError: Ploomber cannot load the pipeline, or the pipeline does not open our door.
    """
    asked = reading.asked_by(arguments)
    standing = shortcut.find(asked) if asked is not None and debug is None else None
    if standing is not None:
        return _repeat(standing, as_json=as_json)
    # before anything else is loaded: what notebooks import is imported beside all that is needed here
    pool = door.early_pool(door.place_of(arguments))
    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        try:
            recorded = reading.find(asked) if asked is not None else None
            if recorded is not None and asked is not None:
                code, built = _build_recorded(recorded, asked, arguments, pool=pool, debug=debug)
            else:
                code, built, recorded = _build_live(asked, arguments, pool=pool, debug=debug)
        finally:
            door.close(pool)
        if recorded is not None and built is not None:
            from proofbook.flow import settle

            settle.settle(recorded, built)
    if as_json:
        document: dict[str, Any] = {
            "exit_code": code,
            "nothing_to_do": False,
            "run": built.run if built else None,
            "gate": built.gate if built else None,
            "report": str(built.report) if built else None,
        }
        # JSON is UTF-8, whatever a locale says of text
        click.echo(msgspec.json.encode(document))
    return code


def read(path: Path, *, flags: Sequence[str] = ()) -> Pipeline:
    """
    The pipeline in the file `path`, rendered, with nothing run and nothing written.

    Args:
        path: `pipeline.yaml`, or what it is called.
        flags: `--env--NAME VALUE` for names of `env.yaml`, as `ploomber build` takes them.

    Raises:
        PipelineError: It cannot be loaded, or one of its notebooks has no or two parameters cells.
    """
    env = reading.asked_by(flags)
    if env is not None and env.entry is None and not env.force:
        # as a build finds it by itself, and as it is told
        for entry in (None, path.name, str(path)):
            recorded = reading.find(Asked(entry=entry, env=env.env))
            if recorded is not None and recorded.file == str(path.resolve()):
                return recorded.pipeline
    pipeline: Pipeline = _live().read(path, flags=flags)
    return pipeline


def _live() -> ModuleType:
    """The part that imports Ploomber."""
    from importlib import import_module

    name = "proofbook.ploomber.live"
    try:
        with lean():
            return import_module(name)
    except Exception:  # noqa: BLE001 - a library in a version that cannot be imported in that way
        return import_module(name)


def _build_live(
    asked: Asked | None, arguments: Sequence[str], *, pool: "Pool | None", debug: str | None
) -> tuple[int, "Built | None", Reading | None]:
    """Build with Ploomber. Returns the exit code, what was built, and the reading where it can be used again."""
    key = reading.identity(asked) if asked is not None else ""
    live = _live()
    found: list[Reading] = []
    with ExitStack() as watching:
        watch = watching.enter_context(observed.watch(ignored=reading.anywhere))
        dag, options = live.load(arguments)
        executor = dag.executor
        executor.pool, executor.debug = pool, debug

        def take(dag: Any, pipeline: Pipeline) -> None:
            watching.close()
            if asked is not None and watch.seen is not None and not executor.unrepeatable:
                found.append(live.recorded(dag, pipeline, identity=key, seen=watch.seen))

        executor.on_read = take
        code: int = live.build(dag, options)
    recorded = found[0] if found and reading.keep(found[0]) else None
    return code, executor.built, recorded


def _build_recorded(
    recorded: Reading, asked: Asked, arguments: Sequence[str], *, pool: "Pool | None", debug: str | None
) -> tuple[int, "Built | None"]:
    """Build what Ploomber read before."""
    from proofbook.flow import build, configuration
    from proofbook.terminal.outcome import print_outcome

    later = _Ploomber(recorded, arguments)
    root = Path(recorded.root)
    request = build.Request(
        pipeline=recorded.pipeline,
        root=root,
        configuration=configuration.load(root),
        notebook=recorded.notebooks.__getitem__,
        other=later.run,
        convert=later.convert,
        parameters=recorded.parameters,
        force=asked.force,
        findings=recorded.lint.warnings,
        pool=pool,
        debug=debug,
    )
    try:
        door.report_findings(recorded.lint)
        built = door.run(request, heed=later.heed)
    except ProofbookError as error:
        say.error(error)
        return error.exit_code, None
    print_outcome(built)
    return built.exit_code, built


class _Ploomber:
    """Ploomber's own objects for a recorded reading, loaded when a task needs them."""

    def __init__(self, recorded: Reading, arguments: Sequence[str]) -> None:
        self._recorded = recorded
        self._arguments = arguments
        self._dag: Any = None

    def heed(self, event: dict[str, Any]) -> None:
        """Load Ploomber before a task that it runs itself is started: in this process, once."""
        if event["event"] == "task_started" and _is_ploombers(self._recorded.pipeline[event["task"]]):
            self._load()

    def run(self, name: str) -> None:
        """Run a task that is no notebook."""
        self._load()
        _live().run_other(self._dag[name])

    def convert(self, name: str, executed: Path) -> None:
        """Make a notebook product that is no `.ipynb` of the executed notebook."""
        self._load()
        _live().convert(self._dag[name], executed)

    def _load(self) -> None:
        if self._dag is not None:
            return
        live = _live()
        dag, pipeline = live.rendered(self._arguments)
        if pipeline != self._recorded.pipeline:
            raise PipelineError("the pipeline changed while it was being built: build again")
        self._dag = dag


def _is_ploombers(task: Task) -> bool:
    notebook = task.products.get(task.notebook_product or "", "")
    return task.kind != "notebook" or not notebook.endswith(".ipynb")


def _repeat(standing: shortcut.Standing, *, as_json: bool) -> int:
    """Say that a run stands, and end as its build ended."""
    if as_json:
        document = {
            "exit_code": standing.exit_code,
            "nothing_to_do": True,
            "run": msgspec.Raw(standing.manifest),
            "gate": msgspec.Raw(standing.gate),
            "report": standing.report or None,
        }
        click.echo(msgspec.json.encode(document))
        return standing.exit_code
    if standing.findings:
        say.line(standing.findings)
    tasks = f"{standing.tasks} task{'' if standing.tasks == 1 else 's'} up to date"
    click.secho(f"nothing to do: run {standing.run} stands ({tasks}), gate: {standing.decision}", bold=True)
    for reason in standing.reasons:
        say.line(f" - {reason}")
    if standing.report:
        here, report = Path.cwd(), Path(standing.report)
        say.line(f"report: {report.relative_to(here) if report.is_relative_to(here) else report}")
    return standing.exit_code
