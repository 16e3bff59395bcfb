"""Names that a cell may read although no cell defines them."""

import builtins

__all__ = ["CLASS_NAMES", "KNOWN_NAMES", "is_known"]

_IPYTHON = {
    "In",
    "Out",
    "display",
    "get_ipython",
    "__IPYTHON__",
    "exit",
    "quit",
    "_",
    "__",
    "___",
    "_i",
    "_ii",
    "_iii",
    "_ih",
    "_oh",
    "_dh",
}
_MODULE = {
    "__name__",
    "__doc__",
    "__builtins__",
    "__builtin__",
    "__loader__",
    "__spec__",
    "__package__",
    "__annotations__",
    "_exit_code",
}

KNOWN_NAMES: frozenset[str] = frozenset(dir(builtins)) | _IPYTHON | _MODULE
"""Builtins, what IPython puts into the namespace, and a module's own names."""


CLASS_NAMES = frozenset({"__module__", "__qualname__"})
"""What Python binds at the top of every class body; its annotations count as known everywhere."""


def is_known(name: str) -> bool:
    """Whether `name` exists in every IPython kernel: also `_3` and `_i3`, the outputs and inputs by number."""
    return name in KNOWN_NAMES or (name.startswith("_") and name[1:].removeprefix("i").isdecimal())
