"""
What must hold before Ploomber loads a single notebook.

Ploomber adds a parameters cell to a notebook that has none by rewriting the source, and meets bad files with
tracebacks; so we look first. Reads only.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import networkx as nx

from proofbook.analyze import source
from proofbook.exceptions import LintFailedError, MachineError, NotebookError, PipelineError
from proofbook.flow import kernels, lint
from proofbook.lint import output
from proofbook.model.configuration import LintConfiguration
from proofbook.model.notebook import Notebook
from proofbook.model.pipeline import Pipeline

__all__ = ["check", "check_products"]

# without these Ploomber would rewrite the notebook, or silently take the wrong cell
_STRUCTURE = LintConfiguration(select=["PB301", "PB302", "PB807"])
_GIVEN = {"upstream", "product", "resources_"}


def check(tasks: Iterable[Mapping[str, Any]], *, root: Path, extract_upstream: bool) -> None:
    """
    Refuse a pipeline that Ploomber would mishandle.

    Args:
        tasks: The tasks of the spec, with resolved placeholders.
        root: The pipeline's folder.
        extract_upstream: Whether `upstream` stands in the notebooks rather than in the spec.

    Raises:
        LintFailedError: A notebook is unreadable, or has no or two parameters cells.
        PipelineError: A file is missing, an upstream unknown, a parameter unknown, or there is a cycle.
        MachineError: A kernel is not installed.
    """
    upstream: dict[str, list[str]] = {}
    grids: list[str] = []
    installed: set[str] | None = None
    for task in tasks:
        path = _source(task, root)
        name = _name(task, path)
        declared = _listed(task.get("upstream"))
        if path is not None:
            notebook = _notebook(path, root=root, task=name)
            _parameters(notebook, task, name=name)
            kernel = task.get("kernelspec_name") or notebook.kernel
            if kernel is not None:
                # looked up once: a thousand notebooks mostly ask for one and the same
                installed = set(kernels.installed()) if installed is None else installed
                _kernel(kernel, notebook, installed, name=name)
            declared = _extracted(notebook, name=name) if extract_upstream else declared
        upstream[name] = declared
        if task.get("grid"):
            grids.append(name.partition("[[")[0].rstrip("-"))
    _graph(upstream, grids=grids)


def check_products(pipeline: Pipeline, *, root: Path) -> None:
    """
    Refuse products that lie over what is not theirs: they are removed before their task runs.

    Raises:
        PipelineError: A product is, or holds, the project, a source, a data file or another product.
    """
    products = [(task, path, (root / path).resolve()) for task in pipeline.tasks for path in task.products.values()]
    owners: dict[Path, str] = {}
    # each path is looked at once, and with it the folders that it lies in: a thousand tasks have millions of pairs
    held = {place: what for path, what in _not_products(pipeline, root=root) for place in (path, *path.parents)}
    for task, _, place in products:
        owners.setdefault(place, task.name)
        for above in place.parents:
            held.setdefault(above, f"a product of task {task.name}")
    for task, shown, place in products:
        what = held.get(place)
        if what is None and owners[place] != task.name:
            what = f"a product of task {owners[place]}"
        if what is not None:
            raise PipelineError(f"task {task.name}: its product {shown} is or holds {what}: give it a place of its own")


def _not_products(pipeline: Pipeline, *, root: Path) -> Iterator[tuple[Path, str]]:
    """What no product may lie over, and what it is; the last that is said of a path counts."""
    for task in pipeline.tasks:
        for path in task.data.values():
            yield (root / path).resolve(), f"a data file of task {task.name}"
    for task in pipeline.tasks:
        if task.source:
            yield (root / task.source).resolve(), f"the source of task {task.name}"
    yield (root / pipeline.path).resolve(), "the pipeline's own file"
    yield root.resolve(), "the project itself"


def _name(task: Mapping[str, Any], path: Path | None) -> str:
    """As Ploomber names a task that does not name itself: after its file or function."""
    given = task.get("name")
    if given:
        return str(given)
    if path is not None:
        return path.stem
    source, kind = task.get("source"), task.get("class")
    if getattr(kind, "__name__", kind) == "PythonCallable":
        return str(getattr(source, "__name__", None) or str(source).rpartition(".")[2])
    return Path(str(source)).stem


def _source(task: Mapping[str, Any], root: Path) -> Path | None:
    """The notebook or percent script of a task; None for other kinds of task."""
    given = task.get("source")
    kind = task.get("class")
    if getattr(kind, "__name__", kind) not in {None, "NotebookRunner"}:
        return None
    path = Path(str(given))
    return root / path if path.suffix in {".ipynb", ".py"} else None


def _notebook(path: Path, *, root: Path, task: str) -> Notebook:
    shown = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    if not path.exists():
        raise PipelineError(f"task {task}: its source {shown} does not exist: correct the path in pipeline.yaml")
    result = lint.lint([path], root=root, configuration=_STRUCTURE, injected={path: frozenset()})
    if result.errors:
        raise LintFailedError(output.text(result))
    try:
        return source.read(path, shown=shown)
    except NotebookError as error:
        raise LintFailedError(str(error)) from None


def _parameters(notebook: Notebook, task: Mapping[str, Any], *, name: str) -> None:
    """Ploomber takes a parameter that the notebook does not know without a word, and the notebook never sees it."""
    if notebook.language != "python":
        return
    grids = task.get("grid") or []
    grids = grids if isinstance(grids, list) else [grids]
    given = {*(task.get("params") or {}), *(key for grid in grids for key in grid)} - _GIVEN
    cell = notebook.tagged("parameters")[0]
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        return  # PB215 says so
    known = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for parameter in sorted(given - known):
        raise PipelineError(
            f"task {name}: parameter {parameter!r} is unknown to {notebook.path} (cell {cell.number}, the parameters "
            f"cell, has {', '.join(sorted(known - _GIVEN)) or 'none'}): add it there, or take it out of pipeline.yaml"
        )


def _kernel(kernel: str, notebook: Notebook, installed: set[str], *, name: str) -> None:
    if kernel.lower() not in installed:
        raise MachineError(
            f"task {name}: {notebook.path} asks for the kernel {kernel!r}, which is not installed here: install it, or "
            "choose another in JupyterLab (`jupyter kernelspec list` shows what there is)"
        )


def _listed(upstream: Any) -> list[str]:
    if not upstream:
        return []
    return [upstream] if isinstance(upstream, str) else [str(name) for name in upstream]


def _extracted(notebook: Notebook, *, name: str) -> list[str]:
    """`upstream = [...]` of the parameters cell, as Ploomber extracts it."""
    try:
        tree = ast.parse(notebook.tagged("parameters")[0].source)
    except SyntaxError:
        return []
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(to, ast.Name) and to.id == "upstream" for to in node.targets
        ):
            try:
                return _listed(ast.literal_eval(node.value))
            except ValueError:
                return []
    if notebook.language != "python":
        return []
    cell = notebook.tagged("parameters")[0]
    raise PipelineError(
        f"task {name}: the parameters cell of {notebook.path} (cell {cell.number}) does not say `upstream`: add "
        "`upstream = None`, or the names of the tasks before it"
    )


def _graph(upstream: Mapping[str, list[str]], *, grids: list[str]) -> None:
    for name, above in upstream.items():
        for other in above:
            of_grid = any(other.startswith(f"{grid}-") for grid in grids)
            if other not in upstream and "*" not in other and not of_grid:
                raise PipelineError(
                    f"task {name}: its upstream {other!r} is no task of the pipeline (there are {', '.join(upstream)})"
                )
    graph = nx.DiGraph((other, name) for name, above in upstream.items() for other in above)
    try:
        cycle = nx.find_cycle(graph)
    except nx.NetworkXNoCycle:
        return
    names = [edge[0] for edge in cycle]
    first = min(range(len(names)), key=lambda at: list(upstream).index(names[at]))
    path = " -> ".join([*names[first:], *names[:first], names[first]])
    raise PipelineError(f"the tasks wait for each other: {path}: take one of these upstreams out of pipeline.yaml")
