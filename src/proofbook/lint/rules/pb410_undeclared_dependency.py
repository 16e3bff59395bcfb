"""PB410: a package that the project does not declare."""

# ruff: noqa: SIM905  a list of words reads best as words

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from proofbook.analyze.flow import Import
from proofbook.lint.dependencies import Declarations, declarations
from proofbook.lint.distributions import candidates, installed, well_known
from proofbook.lint.looked import look
from proofbook.lint.rule import Subject, Violation, rule

__all__ = ["undeclared_dependency"]

_OF_THE_KERNEL = frozenset(
    "IPython ipykernel traitlets jupyter_client jupyter_core zmq tornado comm pip setuptools pkg_resources proofbook "
    "papermill ploomber".split()
)
"""A kernel and this build are not there without them."""
_NAMESPACES = frozenset({"google", "azure", "ruamel", "zope", "backports", "jaraco"})
"""Many packages put modules below these: which one it is, their name does not tell."""


@rule("PB410", "undeclared-dependency", level="warning")
def undeclared_dependency(subject: Subject) -> Iterator[Violation]:
    """
    ## What it does
    Finds imports of packages that the project does not declare, in none of `pyproject.toml`, `requirements*.txt`,
    `environment*.yml`, `setup.cfg`, `setup.py` and `Pipfile` from the notebook's folder up to the repository's; or
    that it declares without any version, where no lock file fixes one and there is a pipeline: a library may leave the
    choice to others. Each is told once in a notebook.

    Extras, groups and files that others include count as declared. The standard library, the project's own modules,
    what a kernel needs to run, and imports that may fail (`try: ... except ImportError`) are left alone, and so is a
    notebook whose project declares nothing, or declares it in code. `sys.path` changed in the notebook means that any
    module may be the project's own.

    ## Why is this bad?
    The package is here by chance: because somebody installed it once, or because another one needed it. The next
    environment that is made from the declaration lacks it, or has another version of it.

    ## Example
    ```python
    import lightgbm  # in no file of the project
    ```

    Use instead:
    ```toml
    # pyproject.toml
    dependencies = ["lightgbm>=4.5"]
    ```

    ## Fix safety
    There is no fix: the declaration stands in another file than the notebook, and which versions will do, only the
    author knows.
    """
    # another notebook that is run here may change where modules are looked for
    if subject.folder is None or any(magic.wild for flow in subject.flow for magic in flow.magics):
        return
    imports = _foreign(subject)
    if not imports or _changes_path(subject):
        return
    notebook = subject.folder.absolute() / subject.notebook.path
    declared = declarations(notebook, folder=subject.folder)
    if not declared.files:
        return
    deployed = subject.project is not None
    for message, index, known in _faults(
        imports, declared, notebook=notebook, folder=subject.folder, deployed=deployed
    ):
        yield Violation(
            message=message,
            advice=f"declare it with a version in {declared.files[0]}",
            cell=subject.flow[index].cell,
            line=known.line,
            column=known.column,
        )


def _faults(
    imports: dict[str, tuple[int, Import]], declared: Declarations, *, notebook: Path, folder: Path, deployed: bool
) -> Iterator[tuple[str, int, Import]]:
    """What is wrong, and with which import of which cell."""
    unversioned: dict[str, tuple[int, Import]] = {}
    missing: dict[str, tuple[int, Import]] = {}
    for module, (index, known) in imports.items():
        package = next((name for name in candidates(module) if name in declared.packages), None)
        if package is not None and _is_settled(package, declared):
            continue
        if module.lower() in declared.own or _is_here(module, notebook, folder):
            continue
        package = package or _package(module, declared)
        if package is not None and package in declared.packages:
            if not _is_settled(package, declared):
                unversioned[package] = (index, known)
        elif package is not None and declared.whole:
            missing.setdefault(package, (index, known))
    if missing:
        files, several = " or ".join(declared.files[:3]), len(missing) > 1
        yield f"package{'s' * several} not declared in {files}: {', '.join(sorted(missing))}", *_first(missing)
    if unversioned and deployed:
        yield f"declared without a version: {', '.join(sorted(unversioned))}", *_first(unversioned)


def _first(packages: dict[str, tuple[int, Import]]) -> tuple[int, Import]:
    return next(iter(packages.values()))


def _is_settled(package: str, declared: Declarations) -> bool:
    return declared.packages[package] or declared.locked


def _foreign(subject: Subject) -> dict[str, tuple[int, Import]]:
    """Modules from outside of Python itself, each with its first import that has to succeed."""
    found: dict[str, tuple[int, Import]] = {}
    for index, flow in enumerate(subject.flow):
        for known in flow.imports:
            module = known.module.split(".")[0]
            ours = known.level or not module or module in sys.stdlib_module_names or module in _OF_THE_KERNEL
            if not ours and not known.guarded and module not in _NAMESPACES:
                found.setdefault(module, (index, known))
    return found


def _changes_path(subject: Subject) -> bool:
    return any("sys.path" in flow.cell.source or "%%writefile" in flow.cell.source for flow in subject.flow)


def _is_here(module: str, notebook: Path, folder: Path) -> bool:
    """Whether the project itself holds such a module, beside the notebook or in a folder of sources."""
    top = folder.absolute()
    around = [place for place in notebook.parents if place.is_relative_to(top)] or [notebook.parent]
    for place in around:
        for below in (str(place), f"{place}/src", f"{place}/lib", f"{place}/python"):
            for path in (f"{below}/{module}.py", f"{below}/{module}"):
                look(path)
                if os.path.exists(path):  # noqa: PTH110 - many a notebook
                    return True
    return False


def _package(module: str, declared: Declarations) -> str | None:
    """The package that brings a module, a declared one if there is one; None for a module that nobody knows."""
    # what nobody knows may be a module of the project, wherever that lies
    brings = well_known(module)
    here = installed(module) if brings is None else (brings,)
    return next((name for name in here if name in declared.packages), here[0] if here else None)
