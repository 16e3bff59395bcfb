"""PB206: a cell that does something else when it is run again."""

import ast
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["non_idempotent_cell"]

# ruff: noqa: SIM905  lists of words read best as words
_SETTLED = frozenset(
    "str int float bool list tuple set frozenset dict sorted abs Path PosixPath array asarray deepcopy astype "
    "dropna fillna drop_duplicates sort_values sort_index to_datetime to_numeric Timestamp DataFrame Series strip "
    "lower upper abspath resolve expanduser ravel flatten squeeze to_numpy tolist compute load set_crs to_crs copy "
    "rename query to_frame convert_dtypes".split()
)
"""Calls that leave their own result as it is."""


@rule("PB206", "non-idempotent-cell", level="warning", default=False)
def non_idempotent_cell(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a cell that computes the new value of a name from the value that an earlier cell gave it: `df = f(df)`,
    `total += 1`. What gives the same when done twice (`sorted(xs)`, `df.dropna()`) is left alone.

    Off by default: from top to bottom, as a build runs it, the cell is right.

    ## Why is this bad?
    Run again, which is what a notebook is for, the cell does it a second time: the rows are scaled twice, the total is
    one too many.

    ## Example
    ```python
    flights["delay"] = flights["delay"] / 60
    hours = hours * 24
    ```

    Use instead:
    ```python
    days = hours * 24
    ```

    ## Fix safety
    There is no fix: the new value needs a name, and every place below one of the two.
    """
    bound: set[str] = set()
    for flow in subject.flow:
        outside = {(use.name, use.line) for use in flow.uses if not (use.deferred or use.via or use.possible)}
        for name, node in _again(flow):
            span = flow.place(node)
            if name in bound and (name, span.line) in outside:
                yield Violation(
                    message=f"`{name}` is computed from its own value: run again, the cell does it again",
                    advice="give the new value a name of its own",
                    cell=flow.cell,
                    line=span.line,
                    column=span.column,
                    once=name,
                )
        bound |= set(flow.defines)


def _again(flow: CellFlow) -> Iterator[tuple[str, ast.expr]]:
    """The names that statements of the cell's level compute from themselves."""
    for node in flow.tree.body if flow.tree is not None else ():
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.target
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            target = node.targets[0]
            if not _is_settled(node.value) and any(
                isinstance(read, ast.Name) and read.id == target.id for read in ast.walk(node.value)
            ):
                yield target.id, target


def _is_settled(value: ast.expr) -> bool:
    if isinstance(value, ast.IfExp | ast.BoolOp | ast.Name):
        # `x = x or default`, `x = default if x is None else x`
        return True
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", "")) in _SETTLED
