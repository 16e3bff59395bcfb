"""
Where a notebook's results may come from anything but its inputs: random numbers, the clock, the machine, the network.

It errs on one side only. What is not known to be free of chance counts as chance: a library that is not on the list of
quiet ones, a magic that runs other programs, code that does not parse.
"""

import ast
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

from proofbook.analyze.cells import parse_cell
from proofbook.analyze.known_sources import CLOCK, DRAWING, GENERATORS, MACHINE, SEEDED
from proofbook.model.notebook import Notebook

__all__ = ["sources"]

# ruff: noqa: SIM905  lists of words read best as words

_QUIET = frozenset(
    "abc argparse array ast base64 bisect bz2 calendar codecs collections colorsys contextlib copy csv dataclasses "
    "decimal difflib enum errno fnmatch fractions functools gc glob gzip hashlib heapq html inspect io ipaddress "
    "itertools json keyword linecache locale logging lzma math mimetypes numbers operator os pathlib pickle pprint "
    "re reprlib shlex shutil sqlite3 statistics string struct sys tarfile textwrap tomllib traceback types typing "
    "unicodedata urllib.parse warnings weakref xml zipfile zlib zoneinfo __future__ datetime time random "
    "IPython altair duckdb joblib matplotlib msgspec numpy openpyxl orjson pandas plotly polars proofbook pyarrow "
    "scipy scrapbook seaborn tabulate tqdm typing_extensions yaml".split()
)
"""Modules that draw nothing by themselves; those of them that can are looked at call by call."""

_NO_MODULES: Mapping[str, bytes] = MappingProxyType({})


def sources(notebook: Notebook, *, modules: Mapping[str, bytes] = _NO_MODULES) -> tuple[str, ...]:
    """
    Why running the notebook twice on the same input may give two results; empty where nothing speaks for it.

    Args:
        notebook: What runs.
        modules: The project's own modules that it imports, directly or through others: path to content.

    Returns:
        Each reason once, in a few words: `random.random`, `imports sklearn` ...
    """
    if notebook.language != "python":
        return (f"its language is {notebook.language or 'not known'}",)
    known = {part for path in modules for part in (*PurePosixPath(path).parts[:-1], PurePosixPath(path).stem)}
    found: list[str] = []
    for cell in notebook.code_cells:
        flow, _ = parse_cell(cell)
        found += [f"runs %{magic.name}" for magic in flow.magics if magic.wild or magic.name in {"run", "bash", "sh"}]
        if flow.tree is None:
            found.append("a cell does not parse")
        else:
            found += _of_tree(flow.tree, known)
    for path, content in modules.items():
        try:
            found += _of_tree(ast.parse(content), known)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            found.append(f"{path} does not parse")
    return tuple(dict.fromkeys(found))


def _of_tree(tree: ast.Module, known: set[str]) -> Iterator[str]:
    names = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _loud(node, known)
        elif isinstance(node, ast.Call):
            yield from _of_call(node, names)
        elif isinstance(node, ast.Attribute) and node.attr == "environ":
            yield "reads the environment"


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name in the code to the dotted name that it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (root, root)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _loud(node: ast.Import | ast.ImportFrom, known: set[str]) -> Iterator[str]:
    """Imports of what may draw by itself."""
    if isinstance(node, ast.ImportFrom):
        modules = [] if node.level else [node.module or ""]
    else:
        modules = [alias.name for alias in node.names]
    for module in modules:
        root = module.partition(".")[0]
        if not {root, module} & (_QUIET | known):
            yield f"imports {root}"


def _of_call(node: ast.Call, names: dict[str, str]) -> Iterator[str]:
    dotted = _dotted(node.func, names)
    parts = dotted.split(".")
    last = parts[-1]
    seeded = bool(SEEDED & {word.arg for word in node.keywords})
    if "random" in parts[:-1]:
        if last not in GENERATORS or not (node.args or node.keywords):
            yield dotted
    elif last in GENERATORS - {"Generator", "seed"} and not (node.args or node.keywords):
        yield dotted
    elif last in DRAWING and not seeded:
        yield f"{last}() without a seed"
    elif (
        last in CLOCK
        and (last != "time" or dotted == "time.time")
        and (len(parts) == 1 or parts[0] in {"time", "datetime", "pandas", "polars", "date"})
    ):
        yield f"{dotted}: the clock"
    elif last in MACHINE:
        yield f"{dotted}: the machine"
    elif last == "group_by" and not any(word.arg == "maintain_order" for word in node.keywords):
        # polars gives the groups in another order each time, and whatever is summed over them
        yield "group_by() without maintain_order"
    elif dotted in {"eval", "exec", "__import__", "importlib.import_module"}:
        yield f"{dotted}()"


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    """The dotted name that is called, imports resolved: `numpy.random.normal`."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(names.get(node.id, node.id))
    return ".".join(reversed(parts))
