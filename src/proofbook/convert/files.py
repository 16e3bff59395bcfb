"""The files of a notebook become `upstream[...]`, `product[...]`, or paths that hold from the pipeline's folder."""

import ast
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from proofbook.analyze.flow import CellFlow, FileUse, Span
from proofbook.convert.edits import Edit, segment
from proofbook.exceptions import ConversionError

__all__ = ["Files", "Located", "base_folder", "folders", "locate", "plan"]

_GLOB = set("*?[")
_FOLDER_CALLS = {
    *(
        "os.makedirs",
        "os.mkdir",
        "os.listdir",
        "os.scandir",
        "os.walk",
        "os.remove",
        "os.stat",
        "makedirs",
        "glob",
        "iglob",
    ),
    *(
        "glob.glob",
        "glob.iglob",
        "os.path.exists",
        "os.path.isfile",
        "os.path.isdir",
        "os.path.getsize",
        "shutil.rmtree",
    ),
}


class Located(Struct, frozen=True):
    """A file use, and where its path leads."""

    flow: CellFlow
    file: FileUse
    path: str | None
    """Relative to the pipeline's folder, normalised; None where that is not known."""
    outside: bool = False
    """It leads out of the pipeline's folder."""
    absolute: bool = False


class Files(Struct, frozen=True, kw_only=True):
    """What the files of one notebook mean for its task."""

    upstream: dict[str, dict[str | None, str]] = {}
    """Task to key to path; the key is None where the task has one product."""
    products: dict[str, str] = {}
    """Key to path."""
    inputs: tuple[str, ...] = ()
    """Files that no task writes."""
    edits: tuple[Edit, ...] = ()
    notes: tuple[str, ...] = ()
    absolute_writes: tuple[int, ...] = ()
    """Cells that write to an absolute path: to run them anywhere is to overwrite it."""


def base_folder(flows: tuple[CellFlow, ...], *, beside: str, root: Path) -> str:
    """
    The folder, relative to `root`, that the notebook's relative paths start from.

    Jupyter starts a kernel beside the notebook, some people start theirs at the top: the files that it reads tell.
    """
    read = [file.path for flow in flows for file in flow.files if file.mode == "read" and file.path is not None]
    relative = [path for path in read if not PurePosixPath(path).is_absolute() and not _GLOB & set(path)]
    for folder in (beside, "."):
        if any((root / folder / path).exists() for path in relative):
            return folder
    return beside


def locate(flows: tuple[CellFlow, ...], *, base: str, root: Path) -> tuple[Located, ...]:
    """Where all file paths lead."""
    found = []
    for flow in flows:
        for file in flow.files:
            if file.path is None or file.path.startswith("~") or "\0" in file.path:
                found.append(Located(flow, file, None))
                continue
            absolute = PurePosixPath(file.path).is_absolute()
            path = os.path.relpath(file.path, root.resolve()) if absolute else os.path.normpath(f"{base}/{file.path}")
            outside = path == ".." or path.startswith("../")
            found.append(Located(flow, file, None if outside else path, outside, absolute))
    return tuple(found)


def plan(
    located: tuple[Located, ...],
    *,
    flows: tuple[CellFlow, ...],
    written: Mapping[str, tuple[str, str | None]],
    notebook_product: str,
    base: str,
) -> Files:
    """
    Decide what each file is, and where the code has to say so.

    Args:
        located: All file uses, see `locate`.
        flows: The analysis they come from.
        written: Path to task and key, of all other tasks.
        notebook_product: Path of the executed notebook.
        base: The notebook's folder, relative to the pipeline's: where its relative paths start from.

    Raises:
        ConversionError: A file cannot be a product: outside of the project, another task's, or read before written.
    """
    products = _products(located, written, taken=notebook_product)
    keys = {path: key for key, path in products.items()}
    upstream: dict[str, dict[str | None, str]] = {}
    inputs: dict[str, None] = {}
    edits: list[Edit] = []
    notes: list[str] = []
    done: set[str] = set()
    for use in located:
        where = f"cell {use.flow.cell.number}"
        if use.path is None:
            if use.file.mode == "write":
                notes.append(
                    f"{where}: {use.file.call} writes to a path that is computed; name it as a product by hand"
                )
            elif use.outside:
                notes.append(f"{where}: reads {use.file.path}, outside of the pipeline's folder")
            continue
        if use.file.mode == "write":
            done.add(use.path)
        if use.path in keys:
            if use.file.mode == "read" and use.path not in done and not use.file.deferred:
                raise ConversionError(
                    f"{where}: reads {use.path}, which the notebook writes further down; a task cannot"
                )
            edits.append(_edit(use, flows, f'product["{keys[use.path]}"]'))
        elif use.path in written:
            task, key = written[use.path]
            upstream.setdefault(task, {})[key] = use.path
            text = f'upstream["{task}"]' + (f'["{key}"]' if key is not None else "")
            edits.append(_edit(use, flows, text))
        else:
            inputs[use.path] = None
            if os.path.normpath(use.file.path or "") != use.path:
                edits.append(_edit(use, flows, repr(use.path)))
    edits += folders(flows, base=base, taken={(edit.cell, edit.span) for edit in edits})
    return Files(
        upstream=upstream,
        products=products,
        inputs=tuple(inputs),
        edits=tuple(edits),
        notes=tuple(dict.fromkeys(notes)),
        absolute_writes=tuple(use.flow.cell.number for use in located if use.absolute and use.file.mode == "write"),
    )


def folders(flows: tuple[CellFlow, ...], *, base: str, taken: Collection[tuple[int, Span]]) -> Iterator[Edit]:
    """
    Other paths that start from the notebook's folder: `Path("../out")`, `os.makedirs("../out")`, `glob.glob(...)`.

    Args:
        flows: The analysis of the notebook.
        base: The notebook's folder, relative to the pipeline's.
        taken: Cells and places that are changed already.
    """
    for flow in flows if base != "." else ():
        nodes = list(ast.walk(flow.tree)) if flow.tree else []
        # in `folder / Path("x")` the right side starts from the left one
        inner = {id(node.right) for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)}
        for call in (node for node in nodes if isinstance(node, ast.Call) and node.args and id(node) not in inner):
            argument = call.args[0]
            called = ast.unparse(call.func)
            if len(call.args) > 1 and called.endswith("Path"):
                continue
            if not (called in _FOLDER_CALLS or called.endswith(("Path", "PurePath"))):
                continue
            text = argument.value if isinstance(argument, ast.Constant) else None
            if not isinstance(text, str) or PurePosixPath(text).is_absolute() or text.startswith("~"):
                continue
            span, path = flow.place(argument), os.path.normpath(f"{base}/{text}")
            known = (flow.cell.number, span) in taken or path.startswith("../")
            if not known and _same(segment(flow.cell.source, span), argument):
                yield Edit(cell=flow.cell.number, span=span, text=repr(path))


def _products(
    located: tuple[Located, ...], written: Mapping[str, tuple[str, str | None]], *, taken: str
) -> dict[str, str]:
    """Key to path, of all that is written; keys are the files' stems."""
    products: dict[str, str] = {}
    for use in located:
        if use.file.mode != "write":
            continue
        where = f"cell {use.flow.cell.number}"
        if use.outside:
            raise ConversionError(f"{where}: writes {use.file.path}, outside of the pipeline's folder; write below it")
        if use.path is None or use.path in products.values():
            continue
        if use.path in written:
            raise ConversionError(
                f"{where}: writes {use.path}, a product of the task {written[use.path][0]}; write another file"
            )
        if use.path == taken:
            raise ConversionError(f"{where}: writes {use.path}, where the executed notebook goes; write another file")
        stem = re.sub(r"\W+", "_", PurePosixPath(use.path).stem).strip("_").lower() or "file"
        key = stem if stem not in {"nb", *products} else f"{stem}_{PurePosixPath(use.path).suffix.strip('.').lower()}"
        while key in {"nb", *products}:
            key += "_"
        products[key] = use.path
    return products


def _edit(use: Located, flows: tuple[CellFlow, ...], text: str) -> Edit:
    """The change that makes this use say `text`: at its own literal, or at the one assignment that its name has."""
    node = _node_at(use.flow, use.file.span)
    flow = use.flow
    found = _assignment(node.id, flows) if isinstance(node, ast.Name) and use.file.name is not None else None
    # a parameters cell stands above the place where `upstream` and `product` get their values
    if found is not None and "parameters" not in found[0].cell.tags:
        flow, node = found
    target, text = _literal(node, text, flows)
    span = flow.place(target)
    where = f"cell {flow.cell.number}"
    # the columns that Python tells inside of an f-string are not to be trusted
    if not _same(segment(flow.cell.source, span), target):
        raise ConversionError(f"{where}: the path {use.file.path!r} stands inside of other text; give it a name first")
    return Edit(cell=flow.cell.number, span=span, text=text)


def _node_at(flow: CellFlow, span: Span) -> ast.expr:
    """The outermost expression that stands exactly there."""
    nodes = ast.walk(flow.tree) if flow.tree else iter(())
    for node in nodes:
        if isinstance(node, ast.expr) and node.lineno == span.line and flow.place(node) == span:
            return node
    raise ConversionError(f"cell {flow.cell.number}: a file path cannot be found again; give it a name first")


def _assignment(name: str, flows: tuple[CellFlow, ...]) -> tuple[CellFlow, ast.expr] | None:
    for flow in flows:
        for statement in flow.tree.body if flow.tree else ():
            if isinstance(statement, ast.Assign) and any(_is_name(target, name) for target in statement.targets):
                return flow, statement.value
            if isinstance(statement, ast.AnnAssign) and statement.value and _is_name(statement.target, name):
                return flow, statement.value
    return None


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _literal(node: ast.expr, text: str, flows: tuple[CellFlow, ...]) -> tuple[ast.expr, str]:
    """The expression to replace, and by what: a `Path` stays a `Path`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Path") and len(node.args) == 1:
        return node.args[0], text
    left = node
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
        left = left.left
    # `Path("a") / "b"` says how Path is called here; so does `FOLDER / "b"`, where FOLDER got its value
    origin = _assignment(left.id, flows) if isinstance(left, ast.Name) else None
    made = origin[1] if origin is not None else left
    while isinstance(made, ast.BinOp) and isinstance(made.op, ast.Div):
        made = made.left
    if left is not node and isinstance(made, ast.Call):
        return node, f"{ast.unparse(made.func)}({text})"
    return node, text


def _same(source: str, node: ast.expr) -> bool:
    try:
        return ast.dump(ast.parse(f"({source}\n)", mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError, RecursionError):
        return False
