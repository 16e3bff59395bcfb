"""
The three hooks of the door.

Linting stands in `on_render`, before Ploomber starts anything; the exit codes in `on_finish` and `on_failure`, because
`sys.exit` in a hook is the one way to end `ploomber build` with a code of ours.
"""

import sys
from typing import Any

from proofbook.exceptions import ProofbookError
from proofbook.ploomber import invocation
from proofbook.ploomber.executor import Executor, lint_of
from proofbook.terminal import say

__all__ = ["on_failure", "on_finish", "on_render"]


def on_render(dag: Any) -> None:
    """Lint what is about to be built. Ends the process with 3 when something of level error is found."""
    if not invocation.of_dag(dag).building or not isinstance(dag.executor, Executor):
        return
    try:
        lint_of(dag)
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
