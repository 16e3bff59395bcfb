"""
Files that a notebook reads and that nobody has: the ground of PB605.

Silent wherever something above may have made the file: what is left is missing for sure, as far as code can be read.
"""

# ruff: noqa: SIM905  lists of words read best as words

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from proofbook.analyze.cells import CellFlow
from proofbook.analyze.flow import FileUse, Span
from proofbook.lint.looked import look
from proofbook.lint.names import LENIENT_TAGS
from proofbook.lint.rule import Subject
from proofbook.model.notebook import Cell

__all__ = ["MissingFile", "missing_files"]

# these make the file that is not there, or give None instead of failing
_MAKERS = frozenset({"sqlite3.connect", "pandas.HDFStore", "cv2.imread"})
# name -> position of the path and the keyword it may come by; None: by keyword only, a position may be other data
_MORE_READERS = {
    **{f"xarray.{name}": (0, "filename_or_obj") for name in ("open_dataset", "load_dataset", "open_dataarray")},
    **{f"IPython.display.{name}": (None, "filename") for name in ("Image", "SVG", "Audio", "HTML", "Markdown")},
    **{f"IPython.core.display.{name}": (None, "filename") for name in ("Image", "SVG", "HTML")},
    "pickle.load": (None, "-"),
    "os.listdir": (0, "path"),
}
_MOVES = frozenset({"os.chdir", "os.fchdir", "contextlib.chdir"})
_FOLDER_MAGICS = frozenset({"cd", "pushd", "popd"})
_STARTS_OTHERS = ("os.system", "os.popen", "os.exec", "os.spawn", "subprocess.", "sh.", "runpy.", "papermill.", "exec")
_FETCHES = re.compile(r"download|retrieve|extract|unpack|unzip|untar|fetch|get_file|clone|checkout", re.IGNORECASE)
_HARMLESS_COMMAND = re.compile(
    r"\s*(ls|cat|head|tail|wc|pwd|echo|which|date|free|df|du|nvidia-smi|python3? --version|(python3? -m )?"
    r"(pip3?|conda|mamba|apt|apt-get)|export|uv pip)\b"
)
_HARMLESS_MAGICS = frozenset(
    "%matplotlib %config %load_ext %reload_ext %autoreload %time %timeit %%time %%timeit %%capture %who %whos "
    "%pwd %ls %pip %conda %mamba %env %set_env %%writefile %%file %precision %xmode %pinfo %pdoc %prun %%prun "
    "%%html %%HTML %%latex %%markdown %%javascript %%js %%svg %%SVG".split()
)
# text in place of a path, a pattern, a variable of the shell, a home folder, an address
_NO_PLAIN_PATH = re.compile(r"[\n<>{}\[\]*?$|\\]|^~|^[A-Za-z][A-Za-z0-9+.-]*:|^/|^\s*$")
_ALWAYS = (ast.With, ast.AsyncWith, ast.For, ast.AsyncFor)
_MAYBE = (
    ast.Match,
    ast.Assert,
    ast.Lambda,
    ast.IfExp,
    ast.BoolOp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


_HIGHEST = 12
"""So many folders above the notebook are searched for the one that holds the repository."""


class MissingFile(Struct, frozen=True, kw_only=True):
    """A file that is read and not there."""

    cell: Cell
    path: str
    span: Span


def missing_files(subject: Subject) -> Iterator[MissingFile]:
    """Every read of a file that is neither beside the notebook nor in the project, and that nothing above can make."""
    if subject.folder is None or _moves(subject):
        return
    reading = [list(_reads(flow)) for flow in subject.flow]
    last = max((number for number, reads in enumerate(reading) if reads), default=-1)
    if last < 0:
        return
    products, folders = _products(subject), _folders(subject)
    said: list[str] = []
    of = {name for reads in reading for *_, names in reads for name in names}
    for flow, reads in zip(subject.flow[: last + 1], reading, strict=False):
        if LENIENT_TAGS & set(flow.cell.tags) or flow.tree is None:
            if _makes_files(flow):
                return
            said += _strings(flow, set(), of=of) if flow.tree is not None else [flow.cell.source]
            continue
        own = {(span.line, span.column) for _, span, _ in reads}
        said += _strings(flow, own, of=of)
        if _makes_files(flow):
            return
        for path, span, _ in reads:
            if not _made(path, said) and posixpath.normpath(path) not in products and not _exists(path, folders):
                yield MissingFile(cell=flow.cell, path=path, span=span)
        if any(use.mode == "write" and use.path is None for use in flow.files):
            return


def _reads(flow: CellFlow) -> Iterator[tuple[str, Span, tuple[str, ...]]]:
    """Plain relative paths that the cell surely reads: path, its place, and the names that it is made of."""
    uses = [use for use in flow.files if use.mode == "read" and _is_plain(use)]
    calls = [call for call in flow.calls if call.name in _MORE_READERS]
    # where a node stands costs a look at the whole cell
    certain = {_key(flow.place(node)) for node in _certain_calls(flow)} if uses or calls else set()
    for use in uses:
        if _key(use.call_span) in certain:
            yield use.path or "", use.span, use.names
    for call in calls:
        if _key(call.span) in certain:
            position, keyword = _MORE_READERS[call.name]
            given = [one.value for one in call.node.keywords if one.arg == keyword]
            given += call.node.args[position : position + 1] if position is not None else []
            for node in given[:1]:
                plain = isinstance(node, ast.Constant) and isinstance(node.value, str)
                if plain and not _NO_PLAIN_PATH.search(node.value):  # type: ignore[attr-defined]
                    yield node.value, flow.place(node), ()  # type: ignore[attr-defined]


def _is_plain(use: FileUse) -> bool:
    known = use.call not in _MAKERS and not use.deferred
    return known and use.path is not None and not _NO_PLAIN_PATH.search(use.path)


def _certain_calls(flow: CellFlow) -> Iterator[ast.Call]:
    """Calls that run whenever the cell does: in no branch, no `try`, no function."""
    stack: list[ast.AST] = list(flow.tree.body) if flow.tree is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, ast.stmt) and not isinstance(node, _ALWAYS) and hasattr(node, "body"):
            continue
        if isinstance(node, _MAYBE):
            continue
        if isinstance(node, ast.Call):
            yield node
        stack.extend(ast.iter_child_nodes(node))


def _key(span: Span) -> tuple[int, int, int, int]:
    return span.line, span.column, span.end_line, span.end_column


def _strings(flow: CellFlow, own: set[tuple[int, int]], *, of: set[str]) -> list[str]:
    """Texts of the cell that may name what it makes: all but those that are read here, or that name such a path."""
    skipped: set[ast.AST] = set()
    for assignment in flow.nodes(ast.Assign):
        if any(getattr(target, "id", None) in of for target in assignment.targets):
            skipped.update(ast.walk(assignment.value))
    lines = {line for line, _ in own}
    for nodes in flow.syntax.values() if own else ():
        for node in nodes:
            if isinstance(node, ast.expr) and node.lineno in lines and not isinstance(node, ast.Call):
                span = flow.place(node)
                if (span.line, span.column) in own:
                    skipped.update(ast.walk(node))
    values = [node.value for node in flow.nodes(ast.Constant) if node not in skipped]
    return [*(value for value in values if isinstance(value, str)), *(magic.arguments for magic in flow.magics)]


def _made(path: str, said: list[str]) -> bool:
    """Whether a text above names the file, or a folder that it lies in."""
    parts = [part for part in posixpath.normpath(path).split("/") if part not in {"..", "."}]
    if not parts:
        return True
    stem = posixpath.splitext(parts[-1])[0]
    folders = set(parts[:-1])
    return any(
        parts[-1] in text
        # a path, or a part of one: a sentence that has the word in it makes nothing
        or (stem in text and not re.search(r"\s", text.strip()))
        or folders & set(re.split(r"[/\s'\"]+", text))
        for text in said
    )


def _exists(path: str, folders: list[Path]) -> bool:
    """Whether it is there for a kernel that works in one of the folders."""
    for folder in folders:
        place = Path(posixpath.normpath((folder / path).as_posix()))
        look(place)
        try:
            place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError):
            return True  # nobody can tell
        return True
    return False


def _folders(subject: Subject) -> list[Path]:
    """Where a kernel may work: beside the notebook, in the project, and in the folders of the repository above."""
    root = (subject.folder or Path()).absolute()
    own = (root / subject.notebook.path).parent
    above = list(own.parents)[:_HIGHEST]
    top = next((folder for folder in (own, *above) if _is_repository(folder)), None)
    between = [folder for folder in above if top is not None and folder.is_relative_to(top)]
    return list(dict.fromkeys((own, *between, root)))


def _is_repository(folder: Path) -> bool:
    place = folder / ".git"
    look(place)
    return place.exists()


def _products(subject: Subject) -> set[str]:
    """What the pipeline's tasks write, as far as it is known."""
    declared = subject.project.declared if subject.project is not None else None
    tasks = declared.tasks.values() if declared is not None else ()
    return {posixpath.normpath(path) for products in tasks for path in (products or {}).values() if path is not None}


def _moves(subject: Subject) -> bool:
    by_call = any(call.name in _MOVES for _, call in subject.calls)
    return by_call or any(magic.name in _FOLDER_MAGICS for flow in subject.flow for magic in flow.magics)


def _makes_files(flow: CellFlow) -> bool:
    """Whether the cell does what may write any file: starts programs, fetches, runs code that is not seen."""
    if flow.wild or any(not _is_harmless(magic.kind, magic.name, magic.arguments) for magic in flow.magics):
        return True
    for node in flow.nodes(ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _FETCHES.search(called):
            return True
    return any(call.name.startswith(_STARTS_OTHERS) for call in flow.calls)


def _is_harmless(kind: str, name: str, arguments: str) -> bool:
    if kind == "shell":
        return bool(_HARMLESS_COMMAND.match(arguments)) and ">" not in arguments
    if kind == "help":
        return True
    sign = {"line": "%", "automagic": "%", "cell": "%%"}.get(kind, "")
    return f"{sign}{name}" in _HARMLESS_MAGICS
