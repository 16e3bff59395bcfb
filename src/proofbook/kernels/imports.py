"""What a pipeline's notebooks import, read from their code: for a first build, when no run has told it yet."""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

__all__ = ["of_project"]

# in a line of its own or in `{source: a.ipynb, name: a}`
_SOURCE = re.compile(r"""(?:^|[\s{,-])["']?source["']?:\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^"'#,{}\n]+))""", re.MULTILINE)
_LARGEST = 20 << 20
"""Bytes of a notebook; a larger one is full of outputs, and nobody waits for it to be parsed."""
_MOST = 200
"""Notebooks that are read."""
_THERE = {"IPython", "ipykernel", "proofbook"}
"""Each kernel has them anyway."""
_IMPORT = re.compile(r"^\s*(?:import|from)\s+([A-Za-z_][\w.]*)", re.MULTILINE)


def of_project(root: Path, pipeline_file: str) -> tuple[str, ...]:
    """
    The installed modules that the notebooks of a pipeline import, directly or through modules of the project.

    It is a guess, and cheap: what cannot be read is left out. Nothing is imported.

    Args:
        root: The project's folder.
        pipeline_file: The pipeline's file below it, `pipeline.yaml`.
    """
    try:
        text = (root / pipeline_file).read_text(encoding="utf-8", errors="replace")
        files = [root / "".join(found).strip() for found in _SOURCE.findall(text)][:_MOST]
    except OSError:
        return ()
    return of_files(files, root=root)


def of_files(files: Iterable[Path], *, root: Path) -> tuple[str, ...]:
    """The installed modules that these notebooks and programs import, sorted."""
    waiting = [file for file in files if file.suffix in {".ipynb", ".py"}]
    seen, names = set(waiting), set()
    while waiting:
        file = waiting.pop()
        for name in _imported(file):
            own = [place for place in (file.parent, root, root / "src") if _module(place, name.split("."))]
            if not own:
                names.add(name)
                continue
            module = _module(own[0], name.split("."))
            if module is not None and module not in seen:
                seen.add(module)
                waiting.append(module)
    return tuple(sorted({found for name in names if (found := _installed(name))}))


def _imported(file: Path) -> set[str]:
    """Dotted names that a file imports; `from a import b` gives both `a` and `a.b`, for `b` may be a module."""
    names: set[str] = set()
    for code in _codes(file):
        if "import" not in code:
            continue
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            names.update(_IMPORT.findall(code))
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*")
    return names


def _codes(file: Path) -> Iterator[str]:
    """The pieces of code in a file, each to be parsed by itself."""
    try:
        if file.stat().st_size > _LARGEST:
            return
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix != ".ipynb":
            yield text
            return
        cells: Any = json.loads(text).get("cells", [])
        for cell in cells:
            if cell.get("cell_type") == "code":
                source = cell.get("source", "")
                lines = ("".join(source) if isinstance(source, list) else str(source)).splitlines()
                # magics and shell commands are no Python; a block that held nothing else keeps its shape
                yield "\n".join(line if line.lstrip()[:1] not in {"%", "!", "?"} else _blank(line) for line in lines)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return


def _blank(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + "pass"


def _installed(name: str) -> str:
    """The part of a dotted name that is a module of an installed package; empty where there is none."""
    first, *rest = name.split(".")
    if first in sys.stdlib_module_names or first in _THERE:
        return ""
    try:
        spec = PathFinder.find_spec(first)
    except (ImportError, ValueError, OSError):
        return ""
    if spec is None or spec.origin is None:
        # a folder without `__init__`: more often the project's than a package's
        return ""
    found = first
    for folder in spec.submodule_search_locations or ():
        for end in range(len(rest), 0, -1):
            if _module(Path(folder), rest[:end]):
                return ".".join([first, *rest[:end]])
    return found


def _module(folder: Path, parts: list[str]) -> Path | None:
    """The file of a module below `folder`, or of the package that it names."""
    *above, last = parts
    place = folder.joinpath(*above)
    candidates = [place / f"{last}.py", place / last / "__init__.py"]
    found = next((file for file in candidates if file.is_file()), None)
    if found is not None:
        return found
    return next(iter(sorted(place.glob(f"{last}.*.so"))), None) if place.is_dir() else None
