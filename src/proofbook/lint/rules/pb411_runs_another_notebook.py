"""PB411: a notebook that runs another one."""

import ast
from collections.abc import Iterator

from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["runs_another_notebook"]

_HOOKS = {"import_ipynb", "nbimporter", "importnb", "ipynb"}
_ADVICE = "make it a task of its own and read its product, or move what both need into a module"


@rule("PB411", "runs-another-notebook", level="error")
def runs_another_notebook(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds `%run other.ipynb` and `%run script.py`, and the import hooks that load notebooks as modules (`import_ipynb`,
    `nbimporter`, `importnb`, `ipynb`).

    ## Why is this bad?
    The other notebook runs again in every notebook that wants something of it, with its own defaults for parameters,
    and binds whatever names it likes. The pipeline does not know that the two belong together: a change of the other
    makes nothing stale.

    ## Example
    ```python
    %run features.ipynb
    train(features)
    ```

    Use instead:
    ```python
    features = pd.read_parquet(upstream["features"]["data"])
    train(features)
    ```

    ## Fix safety
    There is no fix: what the other notebook is for, only the author knows.
    """
    for flow in subject.flow:
        for magic in flow.magics:
            if magic.kind in {"line", "automagic"} and magic.name == "run" and magic.arguments:
                yield Violation(
                    message=f"`%run {magic.arguments[:60]}` runs another file in this notebook's namespace",
                    advice=_ADVICE,
                    cell=flow.cell,
                    line=magic.line,
                    column=magic.column,
                )
        for known in flow.imports:
            module = known.module.split(".")[0]
            if module in _HOOKS and not known.level:
                yield Violation(
                    message=f"`{module}` imports notebooks, and runs them on the way",
                    advice=_ADVICE,
                    cell=flow.cell,
                    line=known.line,
                    column=known.column,
                    once=module,
                )
        for node in flow.nodes(ast.Call):
            file = _run_by(node)
            if file is not None:
                span = flow.place(node)
                yield Violation(
                    message=f"`%run {file[:60]}` runs another file in this notebook's namespace",
                    advice=_ADVICE,
                    cell=flow.cell,
                    line=span.line,
                    column=span.column,
                )


def _run_by(node: ast.Call) -> str | None:
    """What `get_ipython().run_line_magic("run", "other.ipynb")` runs."""
    method = node.func
    if not (isinstance(method, ast.Attribute) and method.attr in {"run_line_magic", "magic"}):
        return None
    shell = method.value
    if not (isinstance(shell, ast.Call) and isinstance(shell.func, ast.Name) and shell.func.id == "get_ipython"):
        return None
    given = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    name, _, file = " ".join(word for word in given if isinstance(word, str)).partition(" ")
    return file if name.removeprefix("%") == "run" and file else None
