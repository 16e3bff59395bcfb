"""Whether a text of the notebook speaks of one of its names: in a query, a formula, a command, a template."""

import ast
import re
from functools import cached_property

from proofbook.lint.rule import Subject

__all__ = ["Mentions"]

_WORD = re.compile(r"[^\W\d]\w*")
# the end of a file's name and a step of a path are no names
_IN_TEXT = re.compile(r"(?<![\w./\\-])[^\W\d]\w*")
_TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
_WHOLE_NAMESPACE = frozenset({"globals", "locals", "vars", "eval", "exec", "dir", "get_ipython"})


class Mentions:
    """What the texts of one notebook mention. Nothing is looked at before somebody asks."""

    def __init__(self, subject: Subject) -> None:
        self._notebook = subject.notebook
        self._flows = subject.flow

    @cached_property
    def everything(self) -> bool:
        """Whether some cell may read any name at all: by `eval`, `globals()`, `%run -i`, `exec`."""
        stars = [any(known.name == "*" for known in flow.imports) for flow in self._flows]
        return any(
            (flow.wild and not star) or bool(_WHOLE_NAMESPACE & flow.reads)
            for flow, star in zip(self._flows, stars, strict=True)
        )

    @cached_property
    def texts(self) -> frozenset[str]:
        """All words that may be names: of strings, magics, cells that do not parse, and templates in markdown."""
        found: set[str] = set()
        for flow in self._flows:
            for magic in flow.magics:
                found.update(_WORD.findall(f"{magic.text} {magic.arguments} {magic.body}"))
            if flow.tree is None:
                found.update(_WORD.findall(flow.cell.source))
            for node in flow.nodes(ast.Constant):
                if isinstance(node.value, str):
                    found.update(_IN_TEXT.findall(node.value))
        for cell in self._notebook.cells:
            if cell.kind == "markdown" and "{{" in cell.source:
                found.update(word for part in _TEMPLATE.findall(cell.source) for word in _WORD.findall(part))
        return frozenset(found)

    @cached_property
    def loaded(self) -> frozenset[str]:
        """All names that stand for a value anywhere: also locals, and annotations that are never evaluated."""
        nodes = (node for flow in self._flows for node in flow.nodes(ast.Name))
        return frozenset(node.id for node in nodes if isinstance(node.ctx, ast.Load))
