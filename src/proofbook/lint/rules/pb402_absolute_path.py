"""PB402: a path of one machine."""

import ast
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from proofbook.analyze import spans
from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import FileUse, Span
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import parent

__all__ = ["absolute_path"]

_ABSOLUTE = re.compile(r"/(?!/)[^/\s]|[A-Za-z]:[\\/]+[\w.]")
_OF_SOMEBODY = re.compile(r"/(?:home|Users)/[^/\s{}<>]+/\S|[A-Z]:[\\/]+(?:Users|Documents and Settings)[\\/]+[^\s]")
_EVERYWHERE = re.compile(r"/(?:dev|proc|sys|etc|tmp|var/tmp|usr|bin|sbin|lib)(?:/|$)")
"""What every POSIX machine has."""
_PATHS = ("os.", "shutil.", "glob.", "pathlib.", "sys.path.", "tempfile.")
_OPENING = re.compile(r"(?:open|read|load|save|write|scan)_\w+|imread|imsave")
_FILE = re.compile(r"/[^\s/]+(?:/[^/\n]+)*\.[A-Za-z][A-Za-z0-9]{0,7}")
_SHOWN = 60


@rule("PB402", "absolute-path", level="warning", fix="unsafe")
def absolute_path(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds absolute paths (`/data/flights.csv`, `C:/flights.csv`) that are given to what reads or writes files, to
    `os`, `glob`, `shutil` or `pathlib`, by themselves or by a name that is set once; and any text that is a path in
    somebody's home folder. Folders that every machine has (`/tmp`, `/etc`, `/dev` ...) are left alone.

    ## Why is this bad?
    The path exists on one machine. Elsewhere the notebook fails, or reads another file of that name; what it writes,
    no other task finds.

    ## Example
    ```python
    flights = pd.read_csv("/home/anna/projects/delays/data/flights.csv")
    ```

    Use instead:
    ```python
    flights = pd.read_csv("data/flights.csv")
    ```

    ## Fix safety
    The fix is unsafe: a path that lies below the project's folder becomes relative to the folder that the notebook
    runs in, which is the project's for a task of the pipeline, and the notebook's own for any other. Whoever starts it
    elsewhere does not find the file. Other paths have no fix: take them as a parameter.
    """
    uses = [use for flow in subject.flow for use in flow.files if _is_foreign(use)]
    named = frozenset(name for use in uses for name in use.names)
    for flow in subject.flow:
        spans: defaultdict[int, list[Span]] = defaultdict(list)
        for use in flow.files:
            if _is_foreign(use):
                for line in range(use.span.line, use.span.end_line + 1):
                    spans[line].append(use.span)
        calls = {id(call.node) for call in flow.calls if call.name.startswith(_PATHS)}
        for node in flow.nodes(ast.Constant):
            if not isinstance(node.value, str) or not _ABSOLUTE.match(node.value) or _EVERYWHERE.match(node.value):
                continue
            expression = _whole(flow, node)
            if expression is None or "\n" in node.value:
                continue
            if not (
                _OF_SOMEBODY.match(node.value) or _is_used(flow, expression, spans=spans, named=named, calls=calls)
            ):
                continue
            span = flow.place(expression)
            yield Violation(
                message=f"`{node.value[:_SHOWN]}` is a path of one machine",
                advice="use a path relative to the project, `upstream` or `product`, or take it as a parameter",
                cell=flow.cell,
                line=span.line,
                column=span.column,
                fix=_relative(subject, flow, node.value, span) if expression is node else None,
            )


def _is_foreign(use: FileUse) -> bool:
    return use.path is not None and _ABSOLUTE.match(use.path) is not None and not _EVERYWHERE.match(use.path)


def _whole(flow: CellFlow, node: ast.Constant) -> ast.expr | None:
    """The text, or the f-string that begins with it; None for a docstring and for a later part of an f-string."""
    around = parent(flow, node)
    if isinstance(around, ast.JoinedStr):
        return around if around.values and around.values[0] is node else None
    return None if isinstance(around, ast.Expr) else node


def _is_used(
    flow: CellFlow, node: ast.expr, *, spans: Mapping[int, list[Span]], named: frozenset[str], calls: set[int]
) -> bool:
    """Whether a text is surely the beginning of a path, by what is done with it."""
    inner, around = node, parent(flow, node)
    while isinstance(around, ast.BinOp | ast.Call | ast.keyword):
        if isinstance(around, ast.BinOp) and around.left is not inner:
            return False
        if isinstance(around, ast.Call) and id(around) in calls:
            # `sys.path.insert(0, folder)`
            return inner in around.args[: 1 + (getattr(around.func, "attr", "") == "insert")]
        if isinstance(around, ast.Call) and around.args[:1] == [node] and _opens(around, node):
            return True
        if isinstance(around, ast.Call) and around.args[:1] != [inner] and isinstance(inner, ast.expr):
            break
        inner, around = around, parent(flow, around)  # type: ignore[assignment]
    span = flow.place(node)
    if any(_holds(outer, span) for outer in spans.get(span.line, ())):
        return True
    targets = around.targets if isinstance(around, ast.Assign) else [getattr(around, "target", None)]
    return any(isinstance(target, ast.Name) and target.id in named for target in targets)


def _opens(call: ast.Call, node: ast.expr) -> bool:
    """Whether a call that is not known reads or writes the file, by its name and by the path's ending."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and bool(_OPENING.fullmatch(name) and _FILE.fullmatch(text))


def _holds(outer: Span, inner: Span) -> bool:
    begins = (outer.line, outer.column) <= (inner.line, inner.column)
    return begins and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _relative(subject: Subject, flow: CellFlow, text: str, span: Span) -> Fix | None:
    """The path from where the notebook runs, if it lies below the project."""
    if subject.folder is None or span.line != span.end_line or not text.startswith("/"):
        return None
    folder = subject.folder.absolute()
    path = Path(os.path.normpath(text))
    if ".." in Path(text).parts or not path.is_relative_to(folder):
        return None
    task = subject.project is not None and subject.project.task
    start = folder if task else (folder / subject.notebook.path).parent
    relative = Path(os.path.relpath(path, start)).as_posix() + ("/" if text.endswith("/") else "")
    written = spans.split(flow.cell.source)[span.line - 1][span.column - 1 : span.end_column - 1]
    if written.count(text) != 1:
        return None  # it is written with escapes, or in several pieces
    return Fix(
        title=f"Use the relative path `{relative}`",
        safety="unsafe",
        changes=(Edit(cell=flow.cell, span=span, text=written.replace(text, relative)),),
    )
