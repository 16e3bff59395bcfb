"""
What `from module import *` brings, by reading the module's source. Nothing is imported, so nothing of it runs.

Where that cannot be told the answer is None, and whoever asked must keep silent.
"""

import ast
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path

from msgspec import Struct

from proofbook.lint.dynamic_names import binds_by_computing, words
from proofbook.lint.looked import look, remembered

__all__ = ["exported"]

_LARGEST = 4 * 1024 * 1024
_DEEPEST = 8
_HARMLESS = {"os", "os.path"}
"""They compute their names, and are imported in every process anyway."""
_SUITES = ("body", "orelse", "finalbody")


def exported(module: str, *, folders: Iterable[Path] = ()) -> frozenset[str] | None:
    """
    The names that a star import of `module` may bind; None where that cannot be read.

    Args:
        module: Dotted and absolute.
        folders: Searched before the installed packages: where the notebook lies.
    """
    return _exported(module, tuple(str(folder) for folder in folders), 0)


@remembered
def _exported(module: str, folders: tuple[str, ...], depth: int) -> frozenset[str] | None:
    if depth > _DEEPEST or not module:
        return None
    if module in _HARMLESS:
        return frozenset(sys.modules[module].__all__)
    if module in sys.builtin_module_names:
        # compiled into the interpreter: importing it reads no file
        return frozenset(name for name in dir(__import__(module)) if not name.startswith("_"))
    spec = _spec(module, [*folders, *sys.path])
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    if origin.name.endswith(tuple(EXTENSION_SUFFIXES)):
        return _of_extension(module, origin)
    inside = spec.submodule_search_locations
    package = module if inside is not None else module.rpartition(".")[0]
    # a stub says in plain words what a package computes
    for path in (origin, origin.with_suffix(".pyi")):
        found = _of_file(path, package, folders, depth)
        if found is not None:
            # what a package has imported of itself is an attribute of it
            return found.names if found.declared else found.names | _submodules(inside)
    return None


def _spec(module: str, path: list[str]) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, which would import the packages on the way."""
    spec = None
    parts = module.split(".")
    for index, part in enumerate(parts):
        for folder in path:
            look(folder)
            look(os.path.join(folder, part))  # noqa: PTH118 - some hundred of them
        try:
            spec = PathFinder.find_spec(".".join(parts[: index + 1]), path)
        except (ImportError, ValueError, OSError):
            return None
        if spec is None:
            return None
        path = list(spec.submodule_search_locations or [])
    return spec


def _of_extension(module: str, origin: Path) -> frozenset[str] | None:
    """Of a compiled module of the standard library, which may safely be imported; of no other."""
    if module not in sys.stdlib_module_names or "lib-dynload" not in origin.parts:
        return None
    return frozenset(name for name in dir(__import__(module)) if not name.startswith("_"))


def _submodules(folders: Iterable[str] | None) -> set[str]:
    """Modules and packages that lie in a package."""
    names: set[str] = set()
    for folder in folders or ():
        look(folder)
        try:
            inside = os.listdir(folder)  # noqa: PTH208 - names are all that is asked for
        except OSError:
            continue
        names |= {name.partition(".")[0] for name in inside}
    return {name for name in names if name.isidentifier() and not name.startswith("_")}


class _Found(Struct, frozen=True):
    names: frozenset[str]
    declared: bool = False
    """They stand in a literal `__all__`."""


def _of_file(path: Path, package: str, folders: tuple[str, ...], depth: int) -> _Found | None:
    look(path)
    try:
        if path.stat().st_size > _LARGEST:
            return None
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    declared, computed = _all(tree)
    if declared is not None:
        return _Found(declared, declared=True)
    names: set[str] = set()
    for statement in _top_level(tree.body):
        if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
            inner = _exported(_absolute(statement, package), folders, depth + 1)
            if inner is None:
                return None
            names |= inner
        names |= set(_bound(statement))
    if binds_by_computing(tree):
        return None
    # a computed `__all__` can name anything that the module holds, or gives when it is asked for it
    every = names | words(tree) if computed else {name for name in names if not name.startswith("_")}
    return _Found(frozenset(every))


def _all(tree: ast.Module) -> tuple[frozenset[str] | None, bool]:
    """The names of a literal `__all__`, and whether there is one that is computed."""
    names: list[str] = []
    seen = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "__all__":
            return None, True
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not (isinstance(target, ast.Name) and target.id == "__all__"):
            continue
        value = getattr(node, "value", None)
        try:
            literal = ast.literal_eval(value) if value is not None else None
        except (ValueError, TypeError):
            return None, True
        if not isinstance(literal, list | tuple) or not all(isinstance(name, str) for name in literal):
            return None, True
        names += literal
        seen = True
    return (frozenset(names), False) if seen else (None, False)


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of the module's level, those in branches included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for suite in _SUITES:
            yield from _top_level(getattr(statement, suite, []))
        for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
            yield from _top_level(part.body)


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.split(".")[0] for alias in statement.names)
    else:
        nodes = ast.walk(statement)
        yield from (node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))


def _absolute(statement: ast.ImportFrom, package: str) -> str:
    """The module that a relative import means."""
    if not statement.level:
        return statement.module or ""
    base = package.split(".")
    base = base[: len(base) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])
