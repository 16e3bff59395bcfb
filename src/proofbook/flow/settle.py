"""After a build: is everything up to date now? Then that is recorded, for `proofbook.flow.shortcut`."""

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from proofbook.analyze import source
from proofbook.exceptions import ProofbookError
from proofbook.flow import observed, policy, reading, shortcut, status
from proofbook.flow.build import Built
from proofbook.flow.reading import Reading
from proofbook.lint import output
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Task
from proofbook.model.run import canonical

__all__ = ["settle"]

_GOOD = {0, 4}
"""Exit codes of a build that did its work, whatever the gate says of it."""
_PAUSE = 0.03
"""Seconds after which a file that was just written can be told from one that is still written."""


def settle(recorded: Reading, built: Built) -> None:
    """
    Record that `built` stands, if it does; any doubt, and nothing is recorded.

    Args:
        recorded: The reading that was built.
        built: What came of it. Only a whole build that did all its work stands, also one that the gate refused.
    """
    root, run = Path(recorded.root), built.run
    if run.ending != "succeeded" or run.scope != "full" or built.exit_code not in _GOOD or built.report is None:
        return
    code = shortcut.state_of_code(root)
    if code is None:
        return
    seen = _seen(recorded, built) or _seen(recorded, built, pause=_PAUSE)
    if seen is None:
        return
    gate = built.gate
    shortcut.keep(
        shortcut.Standing(
            identity=recorded.identity,
            seen=(recorded.seen, seen),
            store=shortcut.state_of_store(root),
            code=code,
            run=run.number,
            tasks=len(run.tasks),
            exit_code=built.exit_code,
            decision=gate.decision if gate is not None else "not asked",
            reasons=gate.reasons if gate is not None else (),
            manifest=canonical(run),
            gate=msgspec.json.encode(gate),
            report=str(built.report),
            findings=output.text(recorded.lint) if recorded.lint.findings else "",
        ),
        root=root,
    )


def _seen(recorded: Reading, built: Built, *, pause: float = 0.0) -> observed.Seen | None:
    """All that `proofbook status` looks at now; None where it finds anything to do."""
    time.sleep(pause)
    root = Path(recorded.root)
    try:
        with observed.watch(ignored=reading.internal(root)) as watch:
            found = status.status(
                recorded.pipeline, root=root, notebook=_parsed(recorded), environment=built.run.environment
            )
            there = built.report is not None and built.report.exists()
            # the gate's word is made with it: another policy, or none any more, makes a build ask again
            policy.load(root)
    except ProofbookError:
        return None
    return watch.seen if there and all(task.status == "up to date" for task in found) else None


def _parsed(recorded: Reading) -> Callable[[Task], Notebook]:
    """As a build reads them: see `proofbook.flow.task.Request.parsed`."""

    def parsed(task: Task) -> Notebook:
        notebook = source.parse(recorded.notebooks[task.name], path=f"{task.name}.ipynb")
        cells = tuple(cell for cell in notebook.cells if "injected-parameters" not in cell.tags)
        return msgspec.structs.replace(notebook, path=task.source or notebook.path, cells=cells)

    return parsed
