"""
Digests of code by its syntax: markdown, comments, blank lines, outputs and most metadata do not count.

A docstring counts, because it can be read by the program. So do the texts of magics, and whether a cell is the one
that parameters are injected after.
"""

import ast
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from proofbook.analyze import source
from proofbook.analyze.cells import CellFlow, parse_cell
from proofbook.analyze.syntax import Nodes, listed
from proofbook.model.notebook import Cell, Notebook
from proofbook.model.run import canonical

__all__ = ["dialect", "imported_modules", "of_cell", "of_module", "of_notebook"]

_FORMAT = 1
"""Part of every digest: raise it when what counts is changed."""
_REMEMBERED = 4096
"""Notebooks, and cells, of which is remembered what was found in them: little of each, unlike a tree."""
_SKIPPED = {"site-packages", "dist-packages", "node_modules", "__pycache__", "venv", "env"}


def of_notebook(notebook: Notebook) -> str:
    """SHA-256 over the syntax of the code cells. A cell that does not parse counts by its text."""
    return _of_cells(tuple((cell.source, "parameters" in cell.tags) for cell in notebook.code_cells), notebook.language)


def of_cell(cell: Cell, *, python: bool) -> str:
    """SHA-256 over the syntax of one code cell; over its text where it does not parse, or is not Python."""
    return hashlib.sha256(
        canonical(["cell", _FORMAT, dialect(), _of_cell(cell.source, "parameters" in cell.tags, python=python)])
    ).hexdigest()


def of_module(path: Path) -> str:
    """SHA-256 over the syntax of a `.py` file; over its bytes where it does not parse."""
    return _module(path.read_bytes())[0]


def imported_modules(notebook: Notebook | Path, *, root: Path) -> dict[str, str]:
    """
    The project's own files that a notebook or module imports, directly or through others.

    Imports inside functions count, and `importlib.import_module("name")`. A package counts with its `__init__`.

    Args:
        notebook: A notebook, whose path is relative to `root` or absolute, or the path of a notebook or `.py` file.
        root: The project's folder. Modules are looked for in it, in `src` below it, and beside the notebook.

    Returns:
        Path relative to `root`, with `/`, to digest; sorted. Installed packages and hidden folders are left out.
    """
    root = root.resolve()
    if isinstance(notebook, Path):
        notebook = source.read(notebook if notebook.is_absolute() else root / notebook)
    start = (root / notebook.path).resolve()
    cells = [_read(cell.source) for cell in notebook.code_cells]
    places = list(dict.fromkeys([start.parent, root, root / "src"]))
    found: dict[Path, str] = {}
    waiting = [file for cell in cells for file in _imported(cell.imports, start, places, root)]
    waiting += [file for cell in cells for file in _run(cell.scripts, [root, start.parent], root)]
    while waiting:
        file = waiting.pop()
        if file in found or file == start:
            continue
        found[file], imports = _module(file.read_bytes())
        waiting.extend(_imported(imports, file, places, root))
    return dict(sorted((file.relative_to(root).as_posix(), digest) for file, digest in found.items()))


# a build decides each task, and when all is done looks once more whether there is anything left to do
@lru_cache(maxsize=_REMEMBERED)
def _of_cells(cells: tuple[tuple[str, bool], ...], language: str) -> str:
    """The same, of the text of each cell and whether it is the one that parameters are injected after."""
    parts = [_of_cell(text, parameters, python=language == "python") for text, parameters in cells]
    # an empty cell does nothing, but one that carries the tag says where parameters go
    kept = [part for part in parts if part[1:] != ["", [], False]]
    return hashlib.sha256(canonical(["notebook", _FORMAT, dialect(), language, kept])).hexdigest()


def _parsed(text: str) -> tuple[CellFlow, bool]:
    return parse_cell(Cell(number=1, id="", kind="code", source=text))


def _of_cell(text: str, parameters: bool, *, python: bool) -> list[object]:
    if not python:
        return ["text", text, [], parameters]
    flow, isolated = _parsed(text)
    # the number of the line does not count, the order of magics does
    magics: list[object] = [
        [magic.kind, magic.name, magic.arguments, magic.target, magic.body] for magic in flow.magics
    ]
    if flow.tree is None:
        return ["text", text, magics, parameters]
    try:
        syntax = _dump(flow.tree) if flow.tree.body else ""
    except RecursionError:
        return ["text", text, magics, parameters]
    return ["isolated" if isolated else "syntax", syntax, magics, parameters]


def _dump(tree: ast.Module) -> str:
    return ast.dump(tree, include_attributes=False)


def dialect() -> str:
    """`ast.dump` differs between versions of Python: digests are compared within one."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


class _Import(NamedTuple):
    """`from module import names`, `level` folders up; `import module` has no names."""

    module: str
    names: tuple[str, ...] = ()
    level: int = 0


class _Read(NamedTuple):
    """What the code of a cell loads, as it is written there."""

    imports: tuple[_Import, ...]
    scripts: tuple[str, ...]


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> _Read:
    flow, _ = _parsed(text)
    return _Read(_imports(flow.syntax), tuple(magic.arguments for magic in flow.magics if magic.name == "run"))


@lru_cache(maxsize=256)
def _module(content: bytes) -> tuple[str, tuple[_Import, ...]]:
    """Digest and imports of a `.py` file. By content, since many notebooks import the same modules."""
    imports: tuple[_Import, ...] = ()
    try:
        tree = ast.parse(content)
        imports = _imports(listed(tree))
        syntax = _dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        syntax = f"bytes {hashlib.sha256(content).hexdigest()}"
    return hashlib.sha256(canonical(["module", _FORMAT, dialect(), syntax])).hexdigest(), imports


def _imports(nodes: Nodes) -> tuple[_Import, ...]:
    found: list[_Import] = []
    for kind in (ast.Import, ast.ImportFrom, ast.Call):
        for node in nodes.get(kind, ()):
            if isinstance(node, ast.Import):
                found += [_Import(alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                found.append(_Import(node.module or "", tuple(alias.name for alias in node.names), node.level))
            elif isinstance(node, ast.Call) and (name := _dynamic(node)):
                found.append(_Import(name))
    return tuple(found)


def _imported(imports: tuple[_Import, ...], file: Path, places: list[Path], root: Path) -> Iterator[Path]:
    """Files of the project that the imports of `file` load."""
    for module, names, level in imports:
        # from so many folders up
        base = [file.parents[min(level, len(file.parents)) - 1]] if level else places
        yield from _files(module, base, root)
        for name in names:
            yield from _files(f"{module}.{name}" if module else name, base, root)


def _run(scripts: tuple[str, ...], places: list[Path], root: Path) -> Iterator[Path]:
    """Scripts that `%run` runs."""
    for arguments in scripts:
        words = [word for word in arguments.split() if not word.startswith("-")]
        if words:
            name = words[0].strip("\"'")
            files = [place / (name if name.endswith(".py") else f"{name}.py") for place in places]
            yield from (file.resolve() for file in files[:2] if file.is_file() and _belongs(file, root))


def _dynamic(node: ast.Call) -> str:
    """The module of `importlib.import_module("name")` and `__import__("name")`, else an empty name."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    known = called in {"import_module", "__import__"} and isinstance(first, ast.Constant)
    return first.value if known and isinstance(first, ast.Constant) and isinstance(first.value, str) else ""


def _files(module: str, places: list[Path], root: Path) -> Iterator[Path]:
    """The files that importing `module` loads: each package's `__init__` on the way, and the module itself."""
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return
    for place in places:
        # texts, not paths: this is asked for each import of each notebook, and mostly there is nothing
        inits, folder = [], str(place)
        for part in parts[:-1]:
            folder = f"{folder}/{part}"
            inits.append(f"{folder}/__init__.py")
        package, plain = f"{folder}/{parts[-1]}/__init__.py", f"{folder}/{parts[-1]}.py"
        target = package if _is(stat.S_ISREG, package) else plain if _is(stat.S_ISREG, plain) else None
        if target is None and _is(stat.S_ISDIR, f"{folder}/{parts[-1]}"):
            # a folder without `__init__`: a real module elsewhere goes before it
            yield from _owned(inits, root)
            continue
        if target is None:
            # `import package.thing` where thing is no module: the packages on the way are loaded all the same
            if len(parts) > 1 and _is(stat.S_ISREG, inits[0]):
                yield from _owned(inits, root)
                return
            continue
        yield from _owned([*inits, target], root)
        return


def _owned(files: list[str], root: Path) -> Iterator[Path]:
    """Those that are there and are the project's own."""
    return (Path(file).resolve() for file in files if _is(stat.S_ISREG, file) and _belongs(Path(file), root))


def _is(kind: Callable[[int], bool], path: str) -> bool:
    try:
        return kind(os.stat(path).st_mode)  # noqa: PTH116 - a path would take longer to make than to look at
    except (OSError, ValueError):
        return False


def _belongs(file: Path, root: Path) -> bool:
    """Whether `file` is the project's own."""
    resolved = file.resolve()
    if not resolved.is_relative_to(root):
        return False
    parts = resolved.relative_to(root).parts[:-1]
    if any(part.startswith(".") or part in _SKIPPED for part in parts):
        return False
    # an environment may have any name
    return not any((folder / "pyvenv.cfg").is_file() for folder in resolved.parents if folder.is_relative_to(root))
