"""PB212: a name of Python's or of an import, used for something else."""

import builtins
from collections.abc import Iterator

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import Definition
from proofbook.lint.fix import Fix
from proofbook.lint.renaming import Renaming
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["shadowed_import_or_builtin"]

_VALUES = {"assignment", "annotated", "augmented", "for", "with", "walrus", "match", "function", "class"}
# what `site` and IPython add for the prompt, depending on who runs this
_OF_THE_PROMPT = {"copyright", "credits", "display", "exit", "get_ipython", "license", "quit"}
_BUILTINS = frozenset(name for name in dir(builtins) if name[0].islower()) - _OF_THE_PROMPT


@rule("PB212", "shadowed-import-or-builtin", level="warning", fix="unsafe")
def shadowed_import_or_builtin(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a builtin (`max = ...`) or a name imported above (`time = ...`) that the notebook binds to something else:
    by assignment, as a variable of a loop, by a definition. Reported once for each name, where it is first bound.

    Imports that take a builtin's name are meant (`from math import pow`) and left alone, as are imports that may fail
    and have a substitute.

    ## Why is this bad?
    Every cell below that means the builtin or the import gets the value instead, and fails in a way that points
    elsewhere: `TypeError: 'float' object is not callable`. In a live session so do the cells above, when they are run
    again.

    ## Example
    ```python
    max = delays.max()
    ```

    Use instead:
    ```python
    longest = delays.max()
    ```

    ## Fix safety
    The fix puts `_` behind the name, from here to where it is bound anew. It is unsafe: a place below that meant the
    builtin means the value all the same. There is none where it cannot be told which places mean the value.
    """
    renaming = Renaming(subject)
    imported: dict[str, CellFlow] = {}
    told: set[str] = set()
    for flow in subject.flow:
        substitutes = {known.alias for known in flow.imports if known.guarded}
        for binding in flow.bindings:
            name = binding.name
            if binding.kind == "import":
                if name not in substitutes:
                    imported[name] = flow
                continue
            if binding.kind not in _VALUES or name in told or not (name in imported or name in _BUILTINS):
                continue
            told.add(name)
            where = f"the import of that name in cell {imported[name].cell.number}" if name in imported else ""
            yield Violation(
                message=f"`{name}` hides {where or 'the builtin of that name'}",
                advice="give it a name of its own",
                cell=flow.cell,
                line=binding.line,
                column=binding.column,
                fix=_fix(renaming, flow, binding),
            )


def _fix(renaming: Renaming, flow: CellFlow, binding: Definition) -> Fix | None:
    new = renaming.free(f"{binding.name}_")
    edits = new and renaming.edits(binding.name, new, since=flow, binding=binding)
    if not edits:
        return None
    return Fix(title=f"Rename '{binding.name}' to '{new}'", safety="unsafe", changes=edits)
