"""PB301: no parameters cell."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.fix import Fix, InsertCell, SetMetadata
from proofbook.lint.rule import IMPLICIT, Subject, Violation, rule

__all__ = ["no_parameters_cell"]


@rule("PB301", "no-parameters-cell", level="error", python=False, fix="safe")
def no_parameters_cell(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a task of the pipeline without a code cell tagged `parameters`, and where the rule is selected by its full
    code any such notebook. Others are left alone: a notebook that is no task needs none. So is one without code.

    ## Why is this bad?
    Papermill then puts the parameters above all else, where the first cell that sets the same names overwrites
    them; and Ploomber rewrites the source file to add such a cell. The run computes with other values than those
    that its record names.

    ## Example
    ```python
    window_days = 90
    flights = load(window_days)
    ```

    Use instead:
    ```python
    # tags: parameters
    upstream = None
    product = None
    window_days: int = 90
    ```
    In JupyterLab: select the cell, open the property inspector (gear, top right), add the tag `parameters`.

    ## Fix safety
    Safe: it changes nothing that runs. A first cell that sets `upstream` and `product`, and nothing but plain values,
    gets the tag; else a cell with `upstream = None` and `product = None` is put above the first code. There is no fix
    where the notebook uses these names for something else, and none in other languages than Python.
    """
    notebook, project = subject.notebook, subject.project
    asked = "PB301" in subject.configuration.select
    if not asked and (project is None or not project.task):
        return
    if subject.parameters is None and any(cell.source.strip() for cell in notebook.code_cells):
        tagged = next(iter(notebook.tagged("parameters")), None)
        wrong = f": the tag stands on cell {tagged.number}, which holds no code" if tagged is not None else ""
        yield Violation(
            message=f"no code cell is tagged `parameters`{wrong}",
            advice="tag the cell that sets the defaults, or add one with `upstream = None` and `product = None`",
            fix=_fix(subject),
        )


def _fix(subject: Subject) -> Fix | None:
    """The tag on a cell that sets nothing but defaults, or a new cell."""
    if subject.notebook.language != "python" or not subject.flow:
        return None
    first = next(flow for flow in subject.flow if flow.cell.source.strip())
    if _sets_defaults(first):
        tags = [*first.cell.tags, "parameters"]
        change = SetMetadata(cell=first.cell, path=("tags",), value=tags)
        return Fix(title="Tag the cell `parameters`", safety="safe", changes=(change,))
    if any(IMPLICIT & {*flow.defines, *flow.reads} for flow in subject.flow):
        return None
    source = "upstream = None\nproduct = None"
    new = InsertCell(before=first.cell, kind="code", source=source, tags=("parameters",))
    return Fix(title="Insert a parameters cell", safety="safe", changes=(new,))


def _sets_defaults(flow: CellFlow) -> bool:
    """Whether a cell sets what Ploomber asks for, and nothing but plain values."""
    if flow.tree is None or flow.magics or not flow.defines.keys() >= IMPLICIT:
        return False
    return all(
        isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant) for node in flow.tree.body
    )
