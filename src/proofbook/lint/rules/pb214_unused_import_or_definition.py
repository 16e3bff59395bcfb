"""PB214: an import, a literal or a function that nothing reads."""

import ast
import re
from collections.abc import Iterator
from itertools import islice

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.spans import lines_of
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.mentions import Mentions
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.shown import shows_without
from proofbook.lint.unused import (
    Unused,
    is_library,
    is_literal,
    unused_functions,
    unused_imports,
    unused_literals,
)

__all__ = ["unused_import_or_definition"]

_EXPORTED = re.compile(r"#\s*\|?\s*export")
"""nbdev writes such a cell into a module, where other notebooks may use what it imports."""
_MOST = 50
"""So many statements of a cell are told of at once; the rest has its turn when these are gone."""
_ADVICE = {
    "imported": "remove the import",
    "set": "remove it, or use it where its value is written out",
    "defined": "remove it, or call it where what it does is written out",
}


@rule("PB214", "unused-import-or-definition", level="warning", fix="safe")
def unused_import_or_definition(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds an import, a name for a literal, or a function, that no cell reads. Reported once for each cell.

    An import counts only where importing surely does nothing else: of the standard library and of packages known for
    it. `import seaborn`, which registers colours, does not; nor does an import in a branch, in a `try`, in a function,
    as the same name (`import x as x`), or beside a comment such as `# noqa: F401` or `# registers the projection`.

    A function with a decorator, or with a name that testers call (`test_total`), is left alone, and so are all of them
    where many are not called: others will `%run` the notebook.

    A name that stands in a text counts as read (`df.query("day < @as_of")`, SQL, templates, `__all__`), as does one
    in a magic. It keeps silent where a cell reads the whole namespace (`globals()`, `eval`, `%run`), and in a notebook
    that only defines, for others to `%run`. What a parameters cell defines is PB304's.

    ## Why is this bad?
    It takes time to load and has to be installed wherever the notebook runs, and whoever reads it looks for the use
    that is not there. Often a cell that used it was deleted.

    ## Example
    ```python
    import json
    import pandas as pd

    flights = pd.read_csv("flights.csv")
    ```

    Use instead:
    ```python
    import pandas as pd

    flights = pd.read_csv("flights.csv")
    ```

    ## Fix safety
    Removing an import or a literal is safe: only what does nothing but bind a name is found. There is no fix where the
    statement shares its lines with comments, where without it the cell would show another value, and for functions:
    it may be their author's best work.
    """
    if not any(_does_something(flow) for flow in subject.flow):
        return
    read = frozenset[str]().union(*(flow.reads for flow in subject.flow))
    mentions = subject.once(Mentions)
    # nbgrader reads what pupils fill in
    graded = any("nbgrader" in cell.metadata for cell in subject.notebook.cells)

    def is_used(name: str) -> bool:
        return name in read or mentions.everything or name in mentions.texts or name in mentions.loaded

    library = is_library(subject, is_used)
    for flow in subject.flow:
        if _EXPORTED.match(flow.cell.source):
            continue
        if any(known.alias not in read for known in flow.imports):
            yield from _told(flow, list(islice(unused_imports(flow, is_used), _MOST)), "imported")
        if not graded:
            yield from _told(flow, list(islice(unused_literals(flow, is_used), _MOST)), "set")
        if not (graded or library):
            yield from _told(flow, list(islice(unused_functions(flow, is_used), _MOST)), "defined")


def _told(flow: CellFlow, found: list[Unused], how: str) -> Iterator[Violation]:
    """All of a cell in one: who forgot one import forgot five."""
    if not found:
        return
    names = [f"`{name}`" for unused in found for name in unused.names]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    fix = _fix(flow, found)
    yield Violation(
        message=f"{listed} {'is' if len(names) == 1 else 'are'} {how} and never used",
        advice=_ADVICE[how],
        cell=flow.cell,
        line=found[0].line,
        column=found[0].column,
        fix=Fix(title=f"Remove what is {how} and never used", safety="safe", changes=fix) if fix else None,
    )


def _fix(flow: CellFlow, found: list[Unused]) -> tuple[Edit, ...]:
    source = flow.cell.source
    changes: list[Edit] = []
    gone: list[ast.stmt] = []
    # first and last line of the last change, where it takes whole lines
    whole = (0, 0)
    line = 0
    for unused in found:
        first, last = unused.statement.lineno, unused.statement.end_lineno or unused.statement.lineno
        # of two on one line the second waits
        if unused.edit is None or first <= line:
            continue
        line = last
        gone += [unused.statement] if unused.whole else []
        if unused.edit.span != lines_of(source, first, last):
            changes.append(unused.edit)
            continue
        # lines that follow each other go together: the last line of a cell takes along the line end above it
        if whole[1] == first - 1 and changes:
            first = whole[0]
            changes.pop()
        whole = (first, last)
        changes.append(Edit(cell=flow.cell, span=lines_of(source, first, last), text=""))
    return () if shows_without(flow, gone) else tuple(changes)


def _does_something(flow: CellFlow) -> bool:
    """Whether the cell does more than define."""
    if any(magic.kind in {"cell", "shell"} for magic in flow.magics):
        return True
    quiet = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Pass
    return any(
        not isinstance(node, quiet)
        and not (isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_literal(node.value))
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in (flow.tree.body if flow.tree is not None else ())
    )
