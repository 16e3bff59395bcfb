"""
A user's own comparators: entry points of the group `proofbook.comparators`.

The name of an entry point is a kind (`figure`), or a glob for names of records (`auc*`, `evaluate/confusion`); its
value is a comparator. A name that a record bears wins over a glob, a longer glob over a shorter one, and any of them
over a kind. Nothing is imported before a record needs it.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import get_args

from proofbook.model.record import Kind, Record
from proofbook.model.verdict import Comparison

__all__ = ["GROUP", "PluginError", "plugin_for"]

GROUP = "proofbook.comparators"
_KINDS = frozenset(get_args(Kind))


class PluginError(Exception):
    """A plugin cannot be used; the message names it and says what to do."""


def plugin_for(record: Record) -> Callable[..., Comparison] | None:
    """
    The plugin that judges this record, loaded; None where no plugin does.

    Raises:
        PluginError: There is one, and it cannot be loaded; or two packages offer one under the same name.
    """
    offered = _offered()
    if not offered:
        return None
    place = f"{record.task}/{record.name}"
    matching = [name for name in offered if name not in _KINDS and _matches(name, record.name, place)]
    if matching:
        # exact names first, then the longest pattern; the last part only makes ties the same on every machine
        return _load(min(matching, key=lambda name: (name not in {record.name, place}, -len(name), name)))
    return _load(record.kind) if record.kind in offered else None


def _matches(pattern: str, name: str, place: str) -> bool:
    return pattern in {name, place} or fnmatchcase(name, pattern) or fnmatchcase(place, pattern)


@cache
def _offered() -> dict[str, tuple[EntryPoint, ...]]:
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for entry in entry_points(group=GROUP):
        found[entry.name] = (*found.get(entry.name, ()), entry)
    return found


@cache
def _loaded(entry: EntryPoint) -> Callable[..., Comparison] | str:
    """The comparator, or why there is none: a module that fails is not imported again for each record."""
    try:
        comparator = entry.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever somebody's module does may not end the gate
        return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return comparator if callable(comparator) else f"{entry.value} is a {type(comparator).__name__}, not a function"


def _load(name: str) -> Callable[..., Comparison]:
    entries = {entry.value: entry for entry in _offered()[name]}
    if len(entries) > 1:
        packages = " and ".join(sorted(_package(entry) for entry in entries.values()))
        raise PluginError(f"{packages} both offer a comparator {name!r}: uninstall one of them")
    (entry,) = entries.values()
    comparator = _loaded(entry)
    if isinstance(comparator, str):
        raise PluginError(
            f"the comparator {name!r} of {_package(entry)} could not be loaded ({comparator}): mend or uninstall it"
        )
    return comparator


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
