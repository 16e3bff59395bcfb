"""PB804: no kernel, or one that others do not have."""

import re
from collections.abc import Iterator

from proofbook.lint.fix import Fix, Safety, SetMetadata
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["kernelspec"]

_PUBLISHED = frozenset(
    {"python", "python2", "python3", "xpython", "xpython-raw", "pyodide", "pyspark", "pysparkkernel", "sagemath", "sos"}
)
"""Kernels of Python that are installed under one name everywhere."""
_OF_AN_ENVIRONMENT = re.compile(r"conda-(env|root)-|env$", re.IGNORECASE)


@rule("PB804", "kernelspec", level="warning", python=False, fix="safe")
def kernelspec(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds a notebook whose metadata name no kernel, or one that exists only where it was made: that of a conda or
    virtual environment, or any other name that no published Python kernel has. Scripts and Markdown notebooks need
    none, nor does a task to which the pipeline gives one (`kernelspec_name`).

    ## Why is this bad?
    Papermill and Ploomber refuse a notebook without a kernel, and every machine but its author's refuses one whose
    kernel is called `conda-env-flights-py`. An environment is chosen by where the build runs, not by the notebook.

    ## Example
    ```json
    "kernelspec": {"name": "conda-env-flights-py", "display_name": "Python [conda env:flights]", "language": "python"}
    ```

    Use instead:
    ```json
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    ```

    ## Fix safety
    Naming `python3` where no kernel is named is safe: nothing else would run the notebook. Naming it in place of
    another is unsafe, since the two may be environments with other packages.
    """
    notebook = subject.notebook
    if notebook.format != "ipynb" or not notebook.cells:
        return
    declared = subject.project.declared if subject.project is not None else None
    if declared is not None and declared.kernel and declared.kernel != notebook.kernel:
        return
    python = notebook.language == "python"
    if notebook.kernel is None:
        yield Violation(
            message="the notebook names no kernel",
            advice="choose one in JupyterLab and save, or name it in the metadata: `python3`"
            if python
            else "choose one",
            fix=_named("safe") if python else None,
        )
    elif _OF_AN_ENVIRONMENT.search(notebook.kernel) or (python and notebook.kernel not in _PUBLISHED):
        yield Violation(
            message=f"the kernel {notebook.kernel!r} is there only where it was made",
            advice="choose one that everybody has" + (": `python3`" if python else ""),
            fix=_named("unsafe") if python else None,
        )


def _named(safety: Safety) -> Fix:
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    change = SetMetadata(cell=None, path=("kernelspec",), value=spec)
    return Fix(title="Name the kernel `python3`", safety=safety, changes=(change,))
