"""
Proves a conversion: runs the original and the task, each in a copy of the project of its own, and compares.

Nothing in the copies is linked to the project, so whatever the two write, the user's files stay what they are. Where
the two differ the original is run once more: what differs between two runs of it says nothing of the conversion.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from proofbook.convert.compare import Difference, compare
from proofbook.convert.compare_files import compare_files, snapshot
from proofbook.convert.task import Conversion
from proofbook.disk import atomic, mirror, spool
from proofbook.exceptions import CancelledError
from proofbook.execute import parameters
from proofbook.execute.notebook import Order, Outcome
from proofbook.execute.notebook import run as run_notebook
from proofbook.kernels.pool import Pool
from proofbook.model.configuration import Configuration

__all__ = ["Proof", "prove"]

_LARGEST = 32 * 1024 * 1024
"""Bytes of the largest file that is copied without being named in the notebook."""


class Proof(Struct, frozen=True, kw_only=True):
    """What came out of running both."""

    verdict: Literal["equal", "different", "unproven"]
    reason: str = ""
    """Why it is unproven, in one line."""
    differences: tuple[Difference, ...] = ()
    """In the order of the notebook; then the files."""
    unstable: tuple[Difference, ...] = ()
    """What differs between two runs of the original as well."""
    cells: int = 0
    """How many cells were compared."""
    files: tuple[str, ...] = ()
    """Files that were written and compared."""


class _Ran(Struct):
    """One run in its own copy of the project."""

    folder: Path
    outcome: Outcome

    @property
    def notebook(self) -> dict[str, Any]:
        """The executed notebook."""
        parsed: dict[str, Any] = json.loads(self.outcome.notebook)
        return parsed


async def prove(
    conversions: Sequence[Conversion],
    *,
    root: Path,
    configuration: Configuration,
    say: Callable[[str], None],
) -> dict[str, Proof]:
    """
    Prove conversions, in this order; a task may read what an earlier one has written.

    Args:
        conversions: Those that others read from first.
        root: The pipeline's folder.
        configuration: Limits of time.
        say: Told what is being done.

    Returns:
        Name of the task to its proof.

    Raises:
        CancelledError: It was interrupted.
    """
    proofs: dict[str, Proof] = {}
    # cold: what a template had imported would be the project's own modules, and not those of the copy
    pool = Pool(root=root, mode="cold", spare=0)
    try:
        with spool.folder() as made:
            for conversion in conversions:
                say(f"running {conversion.original} and the task {conversion.name}, each in a copy of the project")
                with spool.folder() as folder:
                    scratch = _Scratch(
                        conversion, root=root, folder=folder, made=made, configuration=configuration, pool=pool
                    )
                    proofs[conversion.name] = await scratch.prove(say)
    finally:
        await pool.close()
    return proofs


class _Scratch:
    """The copies for one conversion, and the runs in them."""

    def __init__(
        self,
        conversion: Conversion,
        *,
        root: Path,
        folder: Path,
        made: Path,
        configuration: Configuration,
        pool: Pool,
    ) -> None:
        self._conversion = conversion
        self._root = root
        self._folder = folder.resolve()
        self._made = made
        self._configuration = configuration
        self._pool = pool

    async def prove(self, say: Callable[[str], None]) -> Proof:
        conversion = self._conversion
        reason = self._hindrance()
        if reason is not None:
            return Proof(verdict="unproven", reason=reason)
        original = self._copy("original")
        before = snapshot(original)
        task = self._copy("task")
        self._clear(task)
        one, two = await asyncio.gather(self._run_original(original), self._run_task(task))
        if one.outcome.failure is not None:
            failure = one.outcome.failure
            where = f"cell {conversion.cells.get(failure.cell_id, failure.cell)}: " if failure.cell else ""
            return Proof(verdict="unproven", reason=f"the original itself fails: {where}{failure.message}")
        differences = self._differences(one, two, before)
        unstable: tuple[Difference, ...] = ()
        if differences and two.outcome.failure is None:
            say("they differ; running the original once more, to see whether it agrees with itself")
            again = await self._run_original(self._copy("again"))
            unstable = self._differences(one, again, before)
            shaky = {(found.cell_id, found.path) for found in unstable}
            differences = tuple(found for found in differences if (found.cell_id, found.path) not in shaky)
        # a build fails for a product that is not there, whatever the original does
        differences += tuple(
            Difference(
                path=path, what=f"{path}: became a product, and the task did not write it; is it written always?"
            )
            for path in self._conversion.files.products.values()
            if two.outcome.failure is None and not (task / path).exists()
        )
        self._keep(task)
        written = {path for path, digest in snapshot(one.folder).items() if before.get(path) != digest}
        return Proof(
            verdict="different" if differences else "equal",
            differences=differences,
            unstable=unstable,
            cells=len(conversion.cells),
            files=tuple(sorted(written)),
        )

    def _hindrance(self) -> str | None:
        """Why the two cannot be run, if they cannot."""
        found = self._conversion.files
        if found.absolute_writes:
            cells = ", ".join(str(number) for number in sorted(set(found.absolute_writes)))
            return f"cell {cells} writes to an absolute path: running the original would overwrite that file"
        for name, keys in found.upstream.items():
            for path in keys.values():
                if not (self._root / path).exists() and not (self._made / path).exists():
                    return f"{path} is not there: build the task {name} first, then run both by converting again"
        return None

    def _copy(self, name: str) -> Path:
        """A copy of the project, with what tasks that are converted along have written."""
        folder = self._folder / name
        upstream = [path for keys in self._conversion.files.upstream.values() for path in keys.values()]
        inputs = self._conversion.files.inputs
        needed = [path for path in (*upstream, *inputs) if not set("*?[") & set(path)]
        needed += [str(Path(path).parent) for path in (*upstream, *inputs) if set("*?[") & set(path)]
        mirror.mirror(self._root, folder, needed=needed, largest=_LARGEST)
        mirror.mirror(self._made, folder, needed=needed, largest=_LARGEST)
        return folder

    def _clear(self, folder: Path) -> None:
        """Take the products away, as a build does, and make the folders that they go into."""
        for path in self._conversion.files.products.values():
            if (folder / path).exists():
                atomic.remove(folder / path)
            (folder / path).parent.mkdir(parents=True, exist_ok=True)

    def _keep(self, folder: Path) -> None:
        """Let later tasks read what this one has written."""
        for path in self._conversion.files.products.values():
            if (folder / path).is_file():
                atomic.write(self._made / path, (folder / path).read_bytes(), durable=False)
            elif (folder / path).is_dir():
                mirror.mirror(folder / path, self._made / path, largest=_LARGEST)

    async def _run_original(self, folder: Path) -> _Ran:
        return await self._run(self._conversion.comparable, folder, base=self._conversion.base)

    async def _run_task(self, folder: Path) -> _Ran:
        found = self._conversion.files
        upstream: dict[str, Any] = {
            name: keys[None] if None in keys else dict(keys) for name, keys in found.upstream.items()
        }
        product = {"nb": self._conversion.notebook_product, **found.products}
        values: Mapping[str, Any] = {"upstream": upstream or None, "product": product, **self._conversion.params}
        return await self._run(parameters.inject(self._conversion.notebook, values), folder, base=".")

    async def _run(self, notebook: bytes, folder: Path, *, base: str) -> _Ran:
        limits = self._configuration.task(self._conversion.name)
        order = Order(
            task=self._conversion.name,
            notebook=notebook,
            output=str(self._folder / "executed" / f"{folder.name}.ipynb"),
            root=str(folder / base),
            cell_timeout=limits.cell_timeout,
            task_timeout=limits.task_timeout,
            memory_limit=limits.memory_bytes,
        )
        outcome = await run_notebook(order, pool=self._pool, on_event=lambda _: None)
        if outcome.status == "cancelled":
            raise CancelledError("interrupted; the conversion was written, and is not proven")
        return _Ran(folder, outcome)

    def _differences(self, one: _Ran, two: _Ran, before: Mapping[str, str]) -> tuple[Difference, ...]:
        failure = two.outcome.failure
        if failure is not None:
            number = self._conversion.cells.get(failure.cell_id, 0)
            what = (
                failure.message if number or not failure.cell else f"in the cell {failure.cell_id!r}: {failure.message}"
            )
            return (Difference(cell=number, cell_id=failure.cell_id, what=f"the task fails: {what}"),)
        places = {str(one.folder), str(two.folder)}
        shown = compare(one.notebook, two.notebook, numbers=self._conversion.cells, places=places)
        return (*shown, *compare_files(one.folder, two.folder, before=before, ignored=()))
