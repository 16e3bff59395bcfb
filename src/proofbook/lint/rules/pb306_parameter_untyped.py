"""PB306: a parameter whose type nobody tells."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Span
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.papermill_parameters import inspected
from proofbook.lint.parameters import cell_of, declared
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.syntax import lines_of, written

__all__ = ["parameter_untyped"]

_SHOWN = 60


@rule("PB306", "parameter-untyped", level="warning", fix="safe")
def parameter_untyped(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a parameter that papermill loses because of its annotation, which may hold names, brackets and commas but
    neither `|` nor a dot; and a parameter with the default `None` and no type at all. A default that tells its type
    needs no annotation. `upstream` and `product` are Ploomber's, and names that begin with `_` are left alone.

    ## Why is this bad?
    Papermill reads the parameters cell with a regular expression. A parameter that it does not find is missing in its
    help and in every tool that asks it, and setting the parameter draws the warning that it is unknown. And of `None`
    nobody can tell what else may be given.

    ## Example
    ```python
    # tags: parameters
    window_days: int | None = None
    as_of = None
    ```

    Use instead:
    ```python
    # tags: parameters
    window_days = None  # type: int|None
    as_of: str = "2013-09-30"
    ```

    ## Fix safety
    The fix is safe: an annotation that papermill does not read becomes a comment that it does, `# type: ...`, which
    type checkers understand as well. For a parameter without a type there is no fix: only the author knows it.
    """
    flow = cell_of(subject)
    if flow is None or flow.tree is None or flow.magics:
        return
    names = declared(subject)
    known = inspected(flow.cell.source)
    for statement in flow.tree.body:
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            target, said = statement.target, _type(flow, statement.annotation)
            lost = isinstance(target, ast.Name) and target.id in names and target.id not in known
            if lost and isinstance(target, ast.Name) and target.id in _without_annotation(flow, statement):
                message = f"papermill does not find parameter `{target.id}`: it cannot read `{said[:_SHOWN]}`"
                yield _told(flow, statement, message, _as_comment(flow, statement, target.id))
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            untold = isinstance(value, ast.Constant) and value.value is None and not known.get(name)
            if untold and name in names and len(statement.targets) == 1:
                yield _told(flow, statement, f"nothing tells the type of parameter `{name}`", None)


def _type(flow: CellFlow, annotation: ast.expr) -> str:
    """The annotation as text; one that is a text already is what it holds."""
    quoted = isinstance(annotation, ast.Constant) and isinstance(annotation.value, str)
    return str(annotation.value) if quoted and isinstance(annotation, ast.Constant) else written(flow, annotation)


def _told(flow: CellFlow, statement: ast.stmt, message: str, fix: Fix | None) -> Violation:
    span = flow.place(statement)
    return Violation(
        message=message,
        advice="write the type as `name: int = 1`, or behind the value: `# type: int|None`",
        cell=flow.cell,
        line=span.line,
        column=span.column,
        fix=fix,
    )


def _without_annotation(flow: CellFlow, statement: ast.AnnAssign) -> dict[str, str]:
    """What papermill would find if the annotation were not there."""
    lines = lines_of(flow)[statement.lineno - 1 : statement.end_lineno]
    after = flow.place(statement.annotation)
    if after.line != after.end_line or after.line != statement.lineno:
        return {}
    lines[0] = ast.unparse(statement.target) + lines[0][after.end_column - 1 :]
    return inspected("\n".join(lines))


def _as_comment(flow: CellFlow, statement: ast.AnnAssign, name: str) -> Fix | None:
    """The annotation as a comment behind the value; None where the comment has no place or would not be read."""
    told = "".join(_type(flow, statement.annotation).split())
    target, annotation, whole = (flow.place(node) for node in (statement.target, statement.annotation, statement))
    lines = lines_of(flow)
    end = lines[whole.end_line - 1]
    behind = end[whole.end_column - 1 :].rstrip("\r")
    comment = behind.strip()
    if comment and (not comment.startswith("#") or comment.removeprefix("#").strip().startswith("type:")):
        return None
    start = len(end.rstrip("\r")) - len(behind.lstrip()) if comment else whole.end_column - 1
    text = f"# type: {told}" if comment else f"  # type: {told}"
    skipped = 1 if comment else 0
    edits = (
        _edit(flow, (target.end_line, target.end_column), (annotation.end_line, annotation.end_column), ""),
        _edit(flow, (whole.end_line, start + 1), (whole.end_line, start + 1 + skipped), text),
    )
    changed = lines[whole.line - 1 : whole.end_line]
    changed[-1] = changed[-1][:start] + text + changed[-1][start + skipped :]
    changed[0] = changed[0][: target.end_column - 1] + changed[0][annotation.end_column - 1 :]
    if inspected("\n".join(changed)).get(name) != told:
        return None
    return Fix(title=f"Say the type of `{name}` in a comment", safety="safe", changes=edits)


def _edit(flow: CellFlow, start: tuple[int, int], end: tuple[int, int], text: str) -> Edit:
    span = Span(line=start[0], column=start[1], end_line=end[0], end_column=end[1])
    return Edit(cell=flow.cell, span=span, text=text)
