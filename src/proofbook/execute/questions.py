"""What is asked of a Python kernel beside the notebook, as expressions that leave no trace in it."""

import ast
import json
import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec import Struct

__all__ = ["Imports", "answered", "because_of", "of_imports"]

_MOST = 300
"""Names of modules that are reported of one notebook."""
_TOLD = """
def told(roots, known):
    import json, sys

    files, names = [], []
    for name, module in list(sys.modules.items()):
        # what stands there may be any object: it hides itself by what it raises, and nobody else
        try:
            file = getattr(module, "__file__", None)
            if roots and type(file) is str and file.startswith(roots):
                files.append(file)
        except BaseException:
            pass
        if type(name) is str and name.count(".") < 2 and name[:1] != "_" and "._" not in name:
            if name.partition(".")[0] not in known:
                names.append(name)
    return json.dumps({"files": files, "names": names})
"""
# Defined in a namespace of its own; and looked up through __import__, because a notebook may have its own `exec`.
_IMPORTS = '(lambda own: (__import__("builtins").exec({told!r}, own), own["told"]({roots!r}, {known!r}))[1])({{}})'
# What a kernel has before any cell runs, beside the standard library.
_KERNEL = {
    *("IPython", "appnope", "asttokens", "colorama", "comm", "cython_runtime", "dateutil", "debugpy", "decorator"),
    *("executing", "ipykernel", "ipykernel_launcher", "ipython_pygments_lexers", "jedi", "jupyter_client"),
    *("jupyter_core", "matplotlib_inline", "msgpack", "nest_asyncio", "nest_asyncio2", "orjson", "packaging", "parso"),
    *("pexpect", "platformdirs", "prompt_toolkit", "proofbook", "psutil", "ptyprocess", "pure_eval", "pydev_ipython"),
    *("pydevconsole", "pydevd", "pydevd_file_utils", "pydevd_plugins", "pydevd_tracing", "pygments", "six"),
    *("stack_data", "tornado", "traitlets", "typing_extensions", "wcwidth", "zmq"),
}
_IMPORT = re.compile(r"^[ \t]*(?:import|from)[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)", re.MULTILINE)


@cache
def of_imports(roots: tuple[str, ...]) -> str:
    """
    The question which modules are imported.

    Args:
        roots: Folders, as modules' files may spell them, with a slash at the end: the files below are told as well.
    """
    known = _KERNEL | sys.stdlib_module_names
    return _IMPORTS.format(told=_TOLD, roots=roots, known=known)


class Imports(Struct, frozen=True):
    """What a kernel has imported."""

    names: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()

    @classmethod
    def read(cls, reply: dict[str, Any]) -> "Imports | None":
        """The answer to `of_imports`, from the content of a reply; None where there is none: then it is not known."""
        said = answered(reply, "imports")
        if not isinstance(said, dict) or not all(isinstance(said.get(kind), list) for kind in ("names", "files")):
            return None
        return cls(names=frozenset(map(str, said["names"])), files=tuple(map(str, said["files"])))


def answered(content: dict[str, Any], name: str) -> Any:
    """The JSON that the question `name` was answered with; None where there is none."""
    result = content.get("user_expressions", {}).get(name, {})
    said = result.get("data", {}).get("text/plain") if isinstance(result, dict) else None
    try:
        return json.loads(ast.literal_eval(said)) if said else None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def because_of(names: Iterable[str], sources: Iterable[str], *, before: frozenset[str]) -> tuple[str, ...]:
    """
    Which of the modules that a kernel has are there because of its notebook.

    Args:
        names: All that it has at the end.
        sources: The notebook's code, and that of the project's modules it imported.
        before: What it had before the first cell: the template had imported that, needed or not. Of those only what
            the code names counts.
    """
    named = {name for source in sources for name in _named(source)} if before else frozenset()
    found = [name for name in names if name not in before or name in named]
    return tuple(sorted(found, key=lambda name: (name.count("."), name))[:_MOST])


def _named(source: str) -> set[str]:
    found = set()
    for match in _IMPORT.finditer(source):
        for name in match[1].split(","):
            parts = name.strip().split(".")
            found.update({parts[0], ".".join(parts[:2])})
    return found
