"""An exploratory notebook, made into a task: the whole plan, made in memory; nothing is written or run here."""

import ast
import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from proofbook.analyze import cells, source
from proofbook.analyze.flow import CellFlow
from proofbook.convert import files, parameters, screen
from proofbook.convert.edits import Edit, applied
from proofbook.convert.files import Files, Located
from proofbook.convert.pipeline_file import Entry, PipelineFile
from proofbook.exceptions import ConversionError
from proofbook.model.notebook import Cell, Notebook

__all__ = ["Conversion", "Draft", "convert", "draft", "task_name"]

_OWN = {"upstream", "product"}
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class Draft(Struct, frozen=True, kw_only=True):
    """A notebook that was read and found fit, and what it writes: others may read that."""

    shown: str
    """Its path, for errors: relative to the pipeline where it lies below it."""
    name: str
    """The task's."""
    document: dict[str, Any]
    notebook: Notebook
    flows: tuple[CellFlow, ...]
    base: str
    """Folder, relative to the pipeline, that its relative paths start from."""
    located: tuple[Located, ...]
    files: Files
    notebook_product: str


class Conversion(Struct, frozen=True, kw_only=True):
    """A task, ready to be written."""

    original: str
    name: str
    path: str
    """Of the task's notebook, relative to the pipeline."""
    notebook: bytes
    entry: Entry
    files: Files
    notebook_product: str
    params: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    """Magics that only served a screen, as written."""
    base: str = "."
    comparable: bytes = b""
    """The original without those magics and without outputs: what the task is compared with."""
    cells: dict[str, int] = {}
    """Id of each code cell of the original to its number."""


def task_name(path: Path) -> str:
    """The task's name that a notebook's file name suggests."""
    name = re.sub(r"[^\w-]+", "-", path.stem).strip("-_")
    if not name:
        raise ConversionError(f"{path.name}: no task can be named after it; use --name")
    return name


def draft(content: bytes, *, shown: str, name: str, beside: str, root: Path, pipeline: PipelineFile) -> Draft:
    """
    Read a notebook and look at what it does with files.

    Args:
        content: The notebook's bytes.
        shown: Its name in errors.
        name: The task's name.
        beside: The notebook's folder, relative to `root`.
        root: The pipeline's folder.
        pipeline: What the tasks there write.

    Raises:
        NotebookError: It cannot be read.
        ConversionError: It cannot become a task; names the cell.
    """
    notebook = source.parse(content, path=shown)
    document = source.parse_document(content, path=shown) if notebook.format == "ipynb" else _document(notebook)
    flows = cells.analyze(notebook)
    product = posixpath.join(pipeline.notebooks, f"{name}.ipynb")
    try:
        _fit(notebook, flows)
        base = files.base_folder(flows, beside=beside, root=root)
        located = files.locate(flows, base=base, root=root)
        planned = files.plan(located, flows=flows, written=pipeline.products, notebook_product=product, base=base)
    except ConversionError as error:
        raise ConversionError(f"{shown}: {error}") from None
    return Draft(
        shown=shown,
        name=name,
        document=document,
        notebook=notebook,
        flows=flows,
        base=base,
        located=located,
        files=planned,
        notebook_product=product,
    )


def convert(
    drafted: Draft, *, path: str, written: Mapping[str, tuple[str, str | None]], pipeline: PipelineFile
) -> Conversion:
    """
    Make the task.

    Args:
        drafted: See `draft`.
        path: Of the task's notebook, relative to the pipeline.
        written: Path to task and key, of all other tasks, also those that are being made.
        pipeline: Whether upstream and product stand in `pipeline.yaml` or in the notebook.

    Raises:
        ConversionError: It cannot become a task; names the cell.
    """
    try:
        found = files.plan(
            drafted.located,
            flows=drafted.flows,
            written=written,
            notebook_product=drafted.notebook_product,
            base=drafted.base,
        )
        off = tuple(screen.removals(drafted.flows))
        edited = _edited(drafted.notebook, [*off, *found.edits])
        upstream = tuple(found.upstream)
        product = {"nb": drafted.notebook_product, **found.products}
        chosen = parameters.find(
            cells.analyze(edited),
            upstream=json.dumps(list(upstream)) if pipeline.extract_upstream and upstream else "None",
            product=json.dumps(product) if pipeline.extract_product else "None",
        )
        final = _edited(edited, chosen.edits)
    except ConversionError as error:
        raise ConversionError(f"{drafted.shown}: {error}") from None
    removed = [
        f"cell {flow.cell.number}: {magic.text}"
        for flow in drafted.flows
        for magic in flow.magics
        if screen.serves_a_screen(magic)
    ]
    return Conversion(
        original=drafted.shown,
        name=drafted.name,
        path=path,
        notebook=_encoded(drafted.document, final, chosen),
        entry=Entry(
            source=path,
            name=drafted.name,
            upstream=() if pipeline.extract_upstream else upstream,
            product={} if pipeline.extract_product else product,
            params=chosen.values,
        ),
        files=found,
        notebook_product=drafted.notebook_product,
        params=chosen.values,
        notes=(*found.notes, *screen.kept(drafted.flows), *_notes(drafted, found)),
        removed=tuple(removed),
        base=drafted.base,
        comparable=_encoded(drafted.document, _edited(drafted.notebook, off), None),
        cells={cell.id: cell.number for cell in drafted.notebook.code_cells},
    )


def _fit(notebook: Notebook, flows: tuple[CellFlow, ...]) -> None:
    """Raises ConversionError for what cannot become a task."""
    if notebook.language != "python":
        raise ConversionError(f"is written in {notebook.language}; only Python notebooks are converted")
    if not any((flow.tree is not None and flow.tree.body) or flow.magics or flow.problem for flow in flows):
        raise ConversionError("has no code; there is nothing to run")
    for flow in flows:
        if flow.problem is not None:
            raise ConversionError(
                f"cell {flow.cell.number}, line {flow.problem.line}: {flow.problem.message}; mend it first"
            )
        if "injected-parameters" in flow.cell.tags:
            raise ConversionError(f"cell {flow.cell.number}: was injected by an earlier run; remove it")
    screen.refuse(flows)
    for flow in flows:
        for name, line in _own_names(flow):
            raise ConversionError(
                f"cell {flow.cell.number}, line {line}: binds `{name}`, a name that a task is given; rename it"
            )
        for call in (node for node in ast.walk(flow.tree or ast.Module([], [])) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) in {"os.chdir", "chdir"}:
                place = flow.place(call)
                where = f"cell {flow.cell.number}, line {place.line}"
                raise ConversionError(f"{where}: changes the folder; write paths from the notebook's folder")


def _own_names(flow: CellFlow) -> Iterator[tuple[str, int]]:
    """Where a cell binds `upstream` or `product`, in whatever scope; a parameters cell may."""
    if "parameters" in flow.cell.tags or flow.tree is None:
        return
    for node in ast.walk(flow.tree):
        if isinstance(node, ast.Name) and node.id in _OWN and not isinstance(node.ctx, ast.Load):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg) and node.arg in _OWN:
            yield node.arg, node.lineno
    for binding in flow.bindings:
        if binding.name in _OWN:
            yield binding.name, binding.line


def _edited(notebook: Notebook, edits: Iterable[Edit]) -> Notebook:
    """The notebook with changed cells; each must still be Python."""
    by_cell: dict[int, list[Edit]] = {}
    for edit in edits:
        by_cell.setdefault(edit.cell, []).append(edit)
    changed = []
    for cell in notebook.cells:
        if cell.number not in by_cell:
            changed.append(cell)
            continue
        after = replace(cell, source=applied(cell.source, by_cell[cell.number]))
        problem = cells.parse_cell(after)[0].problem
        if problem is not None:
            raise ConversionError(
                f"cell {cell.number}: a file path stands where it cannot be replaced; give it a name first"
            )
        changed.append(after)
    return replace(notebook, cells=tuple(changed))


def _encoded(document: Mapping[str, Any], notebook: Notebook, chosen: parameters.Parameters | None) -> bytes:
    """The notebook as a file: all that the original had, but outputs, counts, and what earlier runs left behind."""
    metadata = {
        key: value for key, value in document.get("metadata", {}).items() if key not in {"papermill", "widgets"}
    }
    metadata.setdefault("kernelspec", _KERNELSPEC)
    made: list[dict[str, Any]] = []
    for raw, cell in zip(document["cells"], notebook.cells, strict=True):
        if chosen is not None and chosen.cell == 0 and chosen.before == cell.number:
            made.append(_new_cell(chosen.text, taken={cell.id for cell in notebook.cells}))
        # what held only magics for a screen, or only parameters that moved, is empty now
        if cell.kind == "code" and not cell.source.strip() and "parameters" not in cell.tags:
            continue
        made.append(_raw(raw, cell, parameters_cell=chosen is not None and chosen.cell == cell.number))
    whole = {
        **document,
        "metadata": metadata,
        "nbformat_minor": max(5, document.get("nbformat_minor", 0)),
        "cells": made,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False).encode() + b"\n"


def _raw(raw: Mapping[str, Any], cell: Cell, *, parameters_cell: bool) -> dict[str, Any]:
    metadata = {
        key: value for key, value in cell.metadata.items() if key not in {"execution", "papermill", "ExecuteTime"}
    }
    if parameters_cell and "parameters" not in cell.tags:
        metadata["tags"] = [*cell.tags, "parameters"]
    kept = {**raw, "id": cell.id, "metadata": metadata, "source": cell.source.splitlines(keepends=True)}
    return {**kept, "outputs": [], "execution_count": None} if cell.kind == "code" else kept


def _new_cell(text: str, *, taken: set[str]) -> dict[str, Any]:
    identity = "parameters"
    while identity in taken:
        identity += "-1"
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": {"tags": ["parameters"]},
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }


def _document(notebook: Notebook) -> dict[str, Any]:
    """A script as the notebook that it stands for."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {key: value for key, value in notebook.metadata.items() if key == "kernelspec"},
        "cells": [
            {"cell_type": cell.kind, "id": cell.id, "metadata": cell.metadata, "source": cell.source}
            for cell in notebook.cells
        ],
    }


def _notes(drafted: Draft, found: Files) -> Iterator[str]:
    for path in found.inputs:
        yield f"reads {path}, which no task writes: list it in [tool.proofbook.data], so that a change of it counts"
    for flow in drafted.flows:
        for leave in flow.exits:
            yield f"cell {flow.cell.number}: {leave.call} ends the kernel, and with it the task"
    recorded = [record for flow in drafted.flows for record in flow.records]
    if not recorded:
        yield 'records nothing yet: from proofbook import record; record("name", value) makes a value count'
