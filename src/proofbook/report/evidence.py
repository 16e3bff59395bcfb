"""What a comparison has to show for its verdict: any JSON, as tables, fields and pictures rather than as JSON."""

import re
from collections.abc import Mapping
from typing import Any, Final

from proofbook.model.verdict import Comparison
from proofbook.report import kinds, outputs, words
from proofbook.report.blocks import Block
from proofbook.report.code import highlighted
from proofbook.report.sources import Sources
from proofbook.report.text import coloured

__all__ = ["blocks", "difference"]

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_PICTURES: Final = ("difference", "picture")
_SIDES: Final = ("production", "candidate")
_FIRST: Final = ("worst", "worst_rows", "differences", "loss", "slices")
_DEPTH: Final = 3
_KEYS: Final = 40
_COUNTS: Final = 8
"""So few numbers with names fit into a line."""


def difference(comparison: Comparison | None) -> str | None:
    """Digest of the difference picture, where the comparison has one."""
    for key in _PICTURES:
        found = comparison.evidence.get(key) if comparison else None
        if isinstance(found, str) and _DIGEST.fullmatch(found):
            return found
    return None


def blocks(comparison: Comparison, *, sources: Sources) -> tuple[Block, ...]:
    """The evidence of one comparison; empty where it has none. A figure's pictures stand among the figures."""
    elsewhere = _PICTURES if comparison.kind == "figure" else _SIDES if comparison.kind == "scalar" else ()
    kept = {key: item for key, item in comparison.evidence.items() if key not in elsewhere}
    shown = _filled(kinds.arranged(comparison.kind, kept))
    return (_fields(shown, sources=sources, depth=_DEPTH),) if shown else ()


def _filled(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty, the places of the largest differences first."""
    found = {}
    for key in sorted(content, key=lambda key: key not in _FIRST):
        item = content[key]
        item = _filled(item) if isinstance(item, dict) and len(item) < _KEYS else item
        if item is not None and item not in ("", [], {}):
            found[key] = item
    return found


def _fields(content: Mapping[str, Any], *, sources: Sources, depth: int) -> Block:
    named = list(content.items())[:_KEYS]
    fields = tuple((_title(key), _block(key, item, sources=sources, depth=depth - 1)) for key, item in named)
    return Block(kind="fields", fields=fields)


def _block(key: str, content: Any, *, sources: Sources, depth: int) -> Block:
    if isinstance(content, str):
        if _DIGEST.fullmatch(content) and key in _PICTURES:
            return sources.picture(content, "image/png", alt=_title(key))
        return _text(content)
    if isinstance(content, Mapping) and content:
        if _table_like(content):
            return Block(kind="table", grid=sources.grid([{"": name, **item} for name, item in content.items()]))
        if len(content) < _COUNTS and all(isinstance(item, (int, float)) for item in content.values()):
            return _text(", ".join(f"{words.value(item)} {words.value(name)}" for name, item in content.items()))
        if depth > 0:
            return _fields(content, sources=sources, depth=depth)
    if isinstance(content, list) and content and (listed := _listed(key, content, sources=sources)) is not None:
        return listed
    if isinstance(content, (dict, list)) and not _flat(content):
        return Block(kind="code", content=outputs.pretty(content))
    return _text(words.value(content))


def _listed(key: str, content: list[Any], *, sources: Sources) -> Block | None:
    """Rows as a table, lines as lines; None for anything else."""
    if all(isinstance(item, dict) for item in content):
        return Block(kind="table", grid=sources.grid([_row(item) for item in content[:_KEYS]], height=len(content)))
    if all(isinstance(item, str) for item in content) and any(len(item) > 40 or "\n" in item for item in content):
        language = "diff" if key == "difference" else "text"
        return Block(kind="code", content=highlighted("\n".join(content), language))
    return None


def _row(content: Mapping[str, Any]) -> dict[str, Any]:
    """Where, then production, then candidate; a row's key as `carrier=EV, hour=7`."""
    if "where" in content:  # in words; its path is for a machine
        content = {key: item for key, item in content.items() if key != "path"}
    named = {key: _key(item) if isinstance(item, Mapping) else item for key, item in content.items()}
    if "slice" in named:  # it has an order of its own
        return named
    ordered = sorted(named, key=lambda key: ((key in _SIDES) + (key == "candidate"), key != "row"))
    return {key: named[key] for key in ordered}


def _key(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={words.value(item)}" for name, item in list(content.items())[:_KEYS])


def _text(content: str) -> Block:
    if "\n" in content or len(content) > 200:
        return Block(kind="text", content=coloured(content))
    return Block(kind="value", label=content)


def _flat(content: dict[str, Any] | list[Any]) -> bool:
    return isinstance(content, list) and all(isinstance(item, (str, int, float)) for item in content)


def _table_like(content: Mapping[str, Any]) -> bool:
    """Several names that each have the same kind of facts, such as columns with their largest difference."""
    first, *others = content.values()
    if not isinstance(first, Mapping) or not first or any(isinstance(item, (dict, list)) for item in first.values()):
        return False
    return all(isinstance(item, Mapping) and item.keys() == first.keys() for item in others)


def _title(key: str) -> str:
    title = words.brief(key.replace("_", " "), limit=60)
    # a name of the project's own stays as it is written
    return title.capitalize() if title.islower() and title.replace(" ", "").isalpha() else title
