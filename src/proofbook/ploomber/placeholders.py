"""
`{{git}}`, `{{git_hash}}` and `{{now}}` of `env.yaml`, worked out only where a pipeline uses them.

Ploomber works them out for every pipeline, which starts git eight times. Here each is a value that says what it is
when it is written into a text; a reading that used one is not kept for later, since it may be another by then.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ploomber.env.envdict import EnvDict
from ploomber.env.expand import EnvironmentExpander
from ploomber.util import default

from proofbook.flow import observed

__all__ = ["deferred"]

_DEFERRED = {"git", "git_hash", "now"}


class _Later:
    """One of the three, until somebody writes it down."""

    def __init__(self, name: str, compute: Callable[[], object]) -> None:
        self._name = name
        self._compute = compute
        self._value: str | None = None

    def __str__(self) -> str:
        if self._value is None:
            observed.refuse(f"{{{{{self._name}}}}} is used")
            self._value = str(self._compute())
        return self._value

    def __repr__(self) -> str:
        return f"{{{{{self._name}}}}}"


@contextmanager
def deferred() -> Iterator[None]:
    """Work those placeholders out only when they are used, for what Ploomber loads in this block."""
    defaults, expand = EnvDict._default_dict, EnvironmentExpander.expand_raw_value

    def default_dict(path_to_here: Any) -> dict[str, str]:
        found = {"user": "{{user}}", "cwd": "{{cwd}}", "now": "{{now}}"}
        if default.try_to_find_root_recursively(path_to_here) is not None:
            found["root"] = "{{root}}"
        if path_to_here is not None:
            found["here"] = "{{here}}"
            here = Path(path_to_here).resolve()
            if any((folder / ".git").exists() for folder in (here, *here.parents)):
                found |= {"git": "{{git}}", "git_hash": "{{git_hash}}"}
        return found

    def expand_raw_value(self: Any, raw_value: Any, parents: list[Any]) -> Any:
        name = parents[0] if len(parents) == 1 else None
        if name not in _DEFERRED or raw_value != f"{{{{{name}}}}}":
            return expand(self, raw_value, parents)
        self._placeholders[name] = _Later(name, getattr(self, f"get_{name}"))
        return self._placeholders[name]

    EnvDict._default_dict = staticmethod(default_dict)
    EnvironmentExpander.expand_raw_value = expand_raw_value
    try:
        yield
    finally:
        EnvDict._default_dict = staticmethod(defaults)
        EnvironmentExpander.expand_raw_value = expand
