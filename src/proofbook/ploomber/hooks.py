"""
The three hooks of the door.

Linting stands in `on_render`, before Ploomber starts anything; the exit codes in `on_finish` and `on_failure`, because
`sys.exit` in a hook is the one way to end `ploomber build` with a code of ours.
"""

import sys
from typing import Any

from proofbook.exceptions import PipelineError, ProofbookError
from proofbook.flow import configuration, lint
from proofbook.lint import baseline
from proofbook.lint.declared import of_pipeline
from proofbook.ploomber import invocation, reading
from proofbook.ploomber.door import report_findings
from proofbook.ploomber.executor import Executor
from proofbook.terminal import say

__all__ = ["on_failure", "on_finish", "on_render"]


def on_render(dag: Any) -> None:
    """Lint what is about to be built. Ends the process with 3 when something of level error is found."""
    if not invocation.of_dag(dag).building:
        return
    try:
        if not isinstance(dag.executor, Executor):
            raise PipelineError(
                "pipeline.yaml names Proofbook's hooks, but not its executor: `proofbook init` adds the line"
            )
        _lint(dag)
    except ProofbookError as error:
        say.error(error)
        sys.exit(error.exit_code)


def on_finish(dag: Any) -> None:
    """End with the gate's word: 4 when it says no."""
    _leave(dag)


def on_failure(dag: Any) -> None:
    """End with the first cause: 1 a task failed, 5 the store or the machine, 130 interrupted."""
    _leave(dag)


def _leave(dag: Any) -> None:
    executor = dag.executor
    if isinstance(executor, Executor) and executor.exit_code:
        sys.exit(executor.exit_code)


def _lint(dag: Any) -> None:
    """
    Lint the notebooks of `dag`.

    Raises:
        LintFailedError: Something of level error was found; everything found has been printed.
    """
    executor: Executor = dag.executor
    pipeline = reading.pipeline_of(dag, root=executor.root, path=executor.path)
    tasks = {executor.root / task.source: task for task in pipeline.tasks if task.kind == "notebook" and task.source}
    declared = of_pipeline(pipeline, extracted=executor.extract_upstream)
    asked = configuration.load(executor.root).lint
    result = lint.lint(
        list(tasks),
        root=executor.root,
        configuration=asked,
        injected={path: frozenset({"upstream", "product", *task.params}) for path, task in tasks.items()},
        declared={executor.root / path: task for path, task in declared.items()},
        known=baseline.read(executor.root / asked.baseline),
    )
    executor.lint = result
    report_findings(result)
