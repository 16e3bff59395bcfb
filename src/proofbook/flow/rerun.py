"""Executes a notebook from top to bottom and keeps what its cells show, in the file as it is written."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze import source, stamps
from proofbook.disk import spool
from proofbook.exceptions import CancelledError
from proofbook.execute.notebook import Order, Outcome
from proofbook.execute.notebook import run as run_notebook
from proofbook.kernels.pool import Pool
from proofbook.lint import fixing_ipynb
from proofbook.lint.fix import SetMetadata
from proofbook.lint.fixing_ipynb import SetOutputs
from proofbook.model.configuration import Configuration
from proofbook.model.notebook import Cell, Notebook

__all__ = ["Ran", "rerun"]


class Ran(Struct, frozen=True, kw_only=True):
    """A notebook after its run."""

    content: bytes
    """With the outputs and counts of the run; as it was, where that failed."""
    failure: str = ""
    """Where it failed and why, in one line."""


def rerun(content: bytes, notebook: Notebook, *, place: Path, configuration: Configuration) -> Ran:
    """
    Run an `.ipynb` in a kernel of its own, with the defaults of its parameters.

    Args:
        content: The file. Source, metadata, ids and layout of what comes back are its own; where outputs are meant to
            be committed, each cell that shows something is stamped.
        notebook: Its name, for the limits that are set for the task.
        place: Folder that the kernel works in.
        configuration: Limits of time and memory.

    Raises:
        CancelledError: It was interrupted.
    """
    with spool.folder() as folder:
        outcome = asyncio.run(_run(_order(content, notebook, folder.resolve(), place.resolve(), configuration)))
    if outcome.status == "cancelled":
        raise CancelledError(f"interrupted; {notebook.path} is as it was")
    before = source.parse(content, path=notebook.path)
    if outcome.failure is not None:
        failure = outcome.failure
        number = next((cell.number for cell in before.cells if cell.id == failure.cell_id), 0)
        return Ran(content=content, failure=f"{f'cell {number}: ' if number else ''}{failure.message}")
    after = source.parse(outcome.notebook, path="executed.ipynb")
    shown: list[SetOutputs | SetMetadata] = []
    for cell, ran in zip(before.cells, after.cells, strict=True):
        if cell.kind == "code":
            shown.append(SetOutputs(cell=cell, outputs=list(ran.outputs), execution_count=ran.execution_count))
            shown += _stamped(cell, ran, before, configuration=configuration)
    return Ran(content=fixing_ipynb.rewritten(content.decode(), before, shown).encode())


def _stamped(cell: Cell, ran: Cell, notebook: Notebook, *, configuration: Configuration) -> Iterator[SetMetadata]:
    """What makes a later change of the source visible, where outputs are meant to be committed and there are some."""
    asked = configuration.lint.commit_outputs or "PB104" in configuration.lint.select
    own = cell.metadata.get(stamps.PATH[0], {})
    if not isinstance(own, dict):
        return
    if asked and ran.outputs:
        noted = stamps.stamp(replace(ran, metadata=cell.metadata), python=notebook.language == "python")
        yield SetMetadata(cell=cell, path=stamps.PATH, value=noted)
    elif stamps.PATH[1] in own:
        yield SetMetadata(cell=cell, path=stamps.PATH)


def _order(content: bytes, notebook: Notebook, folder: Path, place: Path, configuration: Configuration) -> Order:
    name = Path(notebook.path).stem
    limits = configuration.task(name)
    return Order(
        task=name,
        notebook=content,
        output=str(folder / "executed.ipynb"),
        root=str(place),
        cell_timeout=limits.cell_timeout,
        task_timeout=limits.task_timeout,
        memory_limit=limits.memory_bytes,
    )


async def _run(order: Order) -> Outcome:
    # cold, as *Restart and run all* has it: nothing is imported before the first cell
    pool = Pool(root=Path(order.root), mode="cold", spare=0)
    try:
        return await run_notebook(order, pool=pool, on_event=lambda _: None)
    finally:
        await pool.close()
