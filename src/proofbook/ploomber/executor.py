"""The executor: hands a rendered DAG to our build, and the outcome back to Ploomber."""

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ploomber.constants import TaskStatus
from ploomber.exceptions import DAGBuildError
from ploomber.executors.abc import Executor as PloomberExecutor
from ploomber.table import TaskReport

from proofbook.disk import atomic
from proofbook.exceptions import PipelineError, ProofbookError
from proofbook.flow import build, configuration
from proofbook.kernels.pool import Pool
from proofbook.lint.result import LintResult
from proofbook.model.pipeline import Pipeline
from proofbook.model.run import TaskRun
from proofbook.ploomber import door, invocation, preflight, reading
from proofbook.terminal import say
from proofbook.terminal.outcome import print_outcome

__all__ = ["Executor", "convert", "run_other"]

_ENV_OF_PLOOMBER = {"user", "cwd", "now", "root", "here", "git", "git_hash"}
_HOOKS = "proofbook.ploomber.hooks"
_GOOD = {"ran", "restored", "up-to-date"}


class Executor(PloomberExecutor):
    """
    Runs a Ploomber pipeline as Proofbook does: sound, isolated, recorded, gated.

    Ploomber makes it while it loads `pipeline.yaml`, before it reads the notebooks; that is when the pipeline is
    checked for what Ploomber would mishandle.
    """

    def __init__(self) -> None:
        say.forgive_encoding()
        self.exit_code = 0
        self.lint = LintResult()
        self.built: build.Built | None = None
        self.on_read: Callable[[Any, Pipeline], None] | None = None
        """Told the rendered DAG and what it is, before anything runs."""
        self.pool: Pool | None = None
        """Kernels, where they were started early."""
        self.debug: str | None = None
        """Task whose kernel a console is attached to when it fails."""
        self.unrepeatable = ""
        """Why another reading of the same files may give another pipeline."""
        self.root = Path.cwd()
        self.path = "pipeline.yaml"
        self.parameters: dict[str, Any] = {}
        self.extract_upstream = True
        """Whether notebooks declare their upstream themselves."""
        spec = invocation.spec_being_loaded()
        if spec is not None:
            try:
                self._take(spec)
            except ProofbookError as error:
                say.error(error)
                sys.exit(error.exit_code)

    def _take(self, spec: Any) -> None:
        self.root = Path(spec._parent_path or Path.cwd())
        self.path = spec.path.name if spec.path else "pipeline.yaml"
        if invocation.is_ploomber_build():
            self.pool = door.early_pool(self.root / self.path)
        self.parameters = {str(name): value for name, value in dict(spec.env).items() if name not in _ENV_OF_PLOOMBER}
        meta = spec["meta"]
        tasks = [dict(task.data) for task in spec["tasks"]]
        self.unrepeatable = reading.calls_code(tasks)
        configuration.load(self.root)
        self.extract_upstream = bool(meta["extract_upstream"])
        preflight.check(tasks, root=self.root, extract_upstream=self.extract_upstream)

    def __call__(self, dag: Any, show_progress: bool) -> list[Any]:  # noqa: ARG002 - Ploomber calls it so
        """Build. Raises DAGBuildError when a task failed, so that Ploomber calls on_failure."""
        try:
            _refuse_half_a_door(dag)
            built = self.built = self._build(dag)
        except ProofbookError as error:
            self.exit_code = error.exit_code
            say.error(error)
            raise DAGBuildError(str(error)) from None
        self.exit_code = built.exit_code
        reports = []
        for run in built.run.tasks:
            reports += _report(dag[run.name], run)
        print_outcome(built)
        if built.run.ending != "succeeded":
            raise DAGBuildError(f"run {built.run.number} {built.run.ending}")
        return reports

    def _build(self, dag: Any) -> build.Built:
        asked = invocation.of_dag(dag)
        pipeline = reading.pipeline_of(dag, root=self.root, path=self.path)
        preflight.check_products(pipeline, root=self.root)
        if self.on_read is not None:
            self.on_read(dag, pipeline)
        request = build.Request(
            pipeline=pipeline,
            root=self.root,
            configuration=configuration.load(self.root),
            notebook=lambda name: reading.rendered(dag[name]),
            other=lambda name: run_other(dag[name]),
            convert=lambda name, executed: convert(dag[name], executed),
            parameters=self.parameters,
            force=asked.force,
            targets=asked.targets,
            skip_upstream=asked.skip_upstream,
            findings=self.lint.warnings,
            pool=self.pool,
            debug=self.debug,
        )
        return door.run(request)


def _refuse_half_a_door(dag: Any) -> None:
    """Our executor without our hooks would end a build that the gate refused with 0."""
    for name in ("on_render", "on_finish", "on_failure"):
        hook = getattr(dag, name)
        function = getattr(hook, "callable", hook)
        if getattr(function, "__module__", None) != _HOOKS or function.__name__ != name:
            raise PipelineError(
                f"pipeline.yaml names Proofbook's executor, but not `{name}: proofbook.ploomber.{name}`: "
                "`proofbook init` adds it"
            )


def run_other(task: Any) -> None:
    """Run a task that is no notebook, as Ploomber does."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        task._exec_status = TaskStatus.WaitingExecution
        task._build(catch_exceptions=True)


def convert(task: Any, executed: Path) -> None:
    """The product of a notebook task has another format than `.ipynb`: as Ploomber does, with its converter."""
    atomic.write(Path(task._converter._path_to_output), executed.read_bytes())
    task._converter.convert()


def _report(task: Any, run: TaskRun) -> list[Any]:
    """Tell Ploomber what became of a task; its own report takes only tasks that did not fail."""
    if run.status in _GOOD or (run.status == "skipped" and run.products):
        ran = run.status == "ran"
        task._exec_status = TaskStatus.Executed if ran else TaskStatus.Skipped
        return [TaskReport.with_data(name=run.name, ran=True, elapsed=run.seconds)] if ran else []
    task._exec_status = TaskStatus.Aborted if run.status == "skipped" else TaskStatus.Errored
    return []
