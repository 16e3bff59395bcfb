"""PB213: `from module import *`."""

import ast
import sys
import textwrap
from collections.abc import Iterator
from itertools import takewhile

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Import
from proofbook.analyze.names import is_known
from proofbook.lint.edits import replaced, statement_removed
from proofbook.lint.fix import Edit, Fix
from proofbook.lint.mentions import Mentions
from proofbook.lint.rule import Subject, Violation, rule
from proofbook.lint.star_imports import exported

__all__ = ["star_import"]

_LONGEST_LINE = 88


@rule("PB213", "star-import", level="warning", fix="unsafe")
def star_import(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `from module import *`. Reported once for each cell.

    ## Why is this bad?
    Which names the notebook has depends on the version of the module. A new release that exports `table` or `sum`
    takes the place of the notebook's own, without a word; and nobody, this linter among them, can say whether a name
    exists.

    ## Example
    ```python
    from math import *

    sqrt(2)
    ```

    Use instead:
    ```python
    from math import sqrt

    sqrt(2)
    ```

    ## Fix safety
    The fix imports the names that the notebook reads. It is unsafe: the names are found by reading the module as it
    is installed here. There is none where the module is not at hand or computes its names, and where the notebook
    binds one of them itself. Where a star import of the standard library stands right behind another one, the names
    that both have are imported from the later one, as they are now.
    """
    for flow in subject.flow:
        stars = [imported for imported in flow.imports if imported.name == "*"]
        if not stars:
            continue
        modules = [f"`{'.' * imported.level}{imported.module}`" for imported in stars]
        listed = modules[0] if len(modules) == 1 else f"{', '.join(modules[:-1])} and {modules[-1]}"
        edits = tuple(edit for imported in stars if (edit := _edit(subject, flow, imported)) is not None)
        yield Violation(
            message=f"star import of {listed}: which names it binds depends on the version installed",
            advice="import the names that are used, or the module under a short name",
            cell=flow.cell,
            line=stars[0].line,
            column=stars[0].column,
            fix=Fix(title="Import by name", safety="unsafe", changes=edits) if edits else None,
        )


def _edit(subject: Subject, flow: CellFlow, imported: Import) -> Edit | None:
    names = exported(imported.module, folders=subject.search) if not imported.level else None
    if names is None or any(cell.problem is not None for cell in subject.flow):
        return None
    mentions = subject.once(Mentions)
    wanted = names & subject.once(_read)
    if (
        mentions.everything
        or wanted & subject.once(_bound)
        or any(is_known(name) and name.startswith("_") for name in wanted)
    ):
        return None
    statement = next(
        (
            node
            for node in flow.nodes(ast.ImportFrom)
            if flow.place(node.names[0]).line == imported.line
            if node.module == imported.module and node.names[0].name == "*"
        ),
        None,
    )
    if statement is None or flow.shifts.get(statement.lineno):
        return None
    hidden = wanted & _bound_behind(subject, flow, statement)
    if hidden and hidden == wanted and imported.module.partition(".")[0] in sys.stdlib_module_names:
        # importing it does nothing else that anybody could miss
        return statement_removed(flow, statement)
    wanted -= hidden
    return replaced(flow, statement, _written(imported.module, sorted(wanted), indent=statement.col_offset))


def _bound_behind(subject: Subject, flow: CellFlow, statement: ast.stmt) -> frozenset[str]:
    """Names that star imports right behind this one bind anew, before anything could read them."""
    body = flow.tree.body if flow.tree is not None else []
    place = next((number for number, node in enumerate(body) if node is statement), len(body))
    names = frozenset[str]()
    for node in takewhile(lambda node: isinstance(node, ast.Import | ast.ImportFrom), body[place + 1 :]):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level and node.names[0].name == "*":
            names |= _surely_exported(node.module, subject)
    return names


def _surely_exported(module: str, subject: Subject) -> frozenset[str]:
    # of other modules it is only known which names they may bind
    stdlib = module.partition(".")[0] in sys.stdlib_module_names
    return (exported(module, folders=subject.search) if stdlib else None) or frozenset()


def _read(subject: Subject) -> frozenset[str]:
    return frozenset[str]().union(*(cell.reads for cell in subject.flow))


def _bound(subject: Subject) -> frozenset[str]:
    return frozenset(binding.name for cell in subject.flow for binding in cell.bindings)


def _written(module: str, names: list[str], *, indent: int) -> str:
    if not names:
        return f"import {module}"
    line = f"from {module} import {', '.join(names)}"
    if indent + len(line) <= _LONGEST_LINE:
        return line
    inner = " " * (indent + 4)
    wrapped = textwrap.fill(
        ", ".join(names), width=_LONGEST_LINE, initial_indent=inner, subsequent_indent=inner, break_long_words=False
    )
    return f"from {module} import (\n{wrapped},\n{' ' * indent})"
