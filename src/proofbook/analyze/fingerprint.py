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

from proofbook.analyze import source
from proofbook.analyze.cells import CellFlow, parse_cell
from proofbook.analyze.syntax import Nodes, listed
from proofbook.model.notebook import Cell, Notebook
from proofbook.model.run import canonical

__all__ = ["dialect", "imported_modules", "of_cell", "of_module", "of_notebook"]

_FORMAT = 1
"""Part of every digest: raise it when what counts is changed."""
_SKIPPED = {"site-packages", "dist-packages", "node_modules", "__pycache__", "venv", "env"}


def of_notebook(notebook: Notebook) -> str:
    """SHA-256 over the syntax of the code cells. A cell that does not parse counts by its text."""
    cells = [_of_cell(cell, python=notebook.language == "python") for cell in notebook.code_cells]
    # an empty cell does nothing, but one that carries the tag says where parameters go
    kept = [cell for cell in cells if cell[1:] != ["", [], False]]
    return hashlib.sha256(canonical(["notebook", _FORMAT, dialect(), notebook.language, kept])).hexdigest()


def of_cell(cell: Cell, *, python: bool) -> str:
    """SHA-256 over the syntax of one code cell; over its text where it does not parse, or is not Python."""
    return hashlib.sha256(canonical(["cell", _FORMAT, dialect(), _of_cell(cell, python=python)])).hexdigest()


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
    flows = [parse_cell(cell)[0] for cell in notebook.code_cells]
    places = list(dict.fromkeys([start.parent, root, root / "src"]))
    found: dict[Path, str] = {}
    waiting = [file for flow in flows for file in _imported(flow.syntax, start, places, root)]
    waiting += [file for flow in flows for file in _run(flow, [root, start.parent], root)]
    while waiting:
        file = waiting.pop()
        if file in found or file == start:
            continue
        found[file], nodes = _module(file.read_bytes())
        waiting.extend(_imported(nodes, file, places, root))
    return dict(sorted((file.relative_to(root).as_posix(), digest) for file, digest in found.items()))


def _of_cell(cell: Cell, *, python: bool) -> list[object]:
    parameters = "parameters" in cell.tags
    if not python:
        return ["text", cell.source, [], parameters]
    flow, isolated = parse_cell(cell)
    # the number of the line does not count, the order of magics does
    magics: list[object] = [
        [magic.kind, magic.name, magic.arguments, magic.target, magic.body] for magic in flow.magics
    ]
    if flow.tree is None:
        return ["text", cell.source, magics, parameters]
    try:
        syntax = _dump(flow.tree) if flow.tree.body else ""
    except RecursionError:
        return ["text", cell.source, magics, parameters]
    return ["isolated" if isolated else "syntax", syntax, magics, parameters]


def _dump(tree: ast.Module) -> str:
    return ast.dump(tree, include_attributes=False)


def dialect() -> str:
    """`ast.dump` differs between versions of Python: digests are compared within one."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


@lru_cache(maxsize=256)
def _module(content: bytes) -> tuple[str, Nodes]:
    """Digest and nodes of a `.py` file. By content, since many notebooks import the same modules."""
    nodes: Nodes = {}
    try:
        tree = ast.parse(content)
        nodes = listed(tree)
        syntax = _dump(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        syntax = f"bytes {hashlib.sha256(content).hexdigest()}"
    return hashlib.sha256(canonical(["module", _FORMAT, dialect(), syntax])).hexdigest(), nodes


def _imported(nodes: Nodes, file: Path, places: list[Path], root: Path) -> Iterator[Path]:
    """Files of the project that the imports among `nodes` load."""
    for kind in (ast.Import, ast.ImportFrom, ast.Call):
        for node in nodes.get(kind, ()):
            yield from _loaded(node, file, places, root)


def _loaded(node: ast.AST, file: Path, places: list[Path], root: Path) -> Iterator[Path]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _files(alias.name, places, root)
    elif isinstance(node, ast.ImportFrom):
        for base, module in _bases(node, file, places):
            yield from _files(module, base, root)
            for alias in node.names:
                yield from _files(f"{module}.{alias.name}" if module else alias.name, base, root)
    elif isinstance(node, ast.Call):
        yield from _files(_dynamic(node), places, root)


def _run(flow: CellFlow, places: list[Path], root: Path) -> Iterator[Path]:
    """Scripts that `%run` runs."""
    for magic in flow.magics:
        words = [word for word in magic.arguments.split() if not word.startswith("-")]
        if magic.name == "run" and words:
            name = words[0].strip("\"'")
            files = [place / (name if name.endswith(".py") else f"{name}.py") for place in places]
            yield from (file.resolve() for file in files[:2] if file.is_file() and _belongs(file, root))


def _bases(node: ast.ImportFrom, file: Path, places: list[Path]) -> Iterator[tuple[list[Path], str]]:
    """Where a `from` import looks, and for which dotted name."""
    if not node.level:
        yield places, node.module or ""
        return
    folder = file.parent
    for _ in range(node.level - 1):
        folder = folder.parent
    yield [folder], node.module or ""


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
