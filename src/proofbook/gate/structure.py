"""Two JSON values compared by structure: numbers with tolerance, everything else exactly. Without recursion."""

import math
from dataclasses import dataclass, field
from typing import Any

from proofbook.gate.numbers import ROUNDING, close, describe

__all__ = ["Difference", "Structure", "compare_structure", "not_finite"]

_WORDS = {"nan", "inf", "-inf"}
"""What reading a notebook makes of floats inside JSON that JSON cannot say."""
_KEPT = 1000
"""Differences kept; beyond that they are only counted."""
_ARRAY = 8
"""From this length on a list of floats is compared as an array."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two values differ."""

    path: str
    production: str
    candidate: str
    size: float
    """Relative difference of two numbers; infinite for all that is not a matter of size."""

    def as_json(self) -> dict[str, str]:
        """For evidence."""
        return {"path": self.path, "production": self.production, "candidate": self.candidate}

    def __str__(self) -> str:
        return f"{self.path or 'the value'}: {self.production} → {self.candidate}"


@dataclass(slots=True)
class Structure:
    """What `compare_structure` found."""

    leaves: int = 0
    """Values that were compared."""
    count: int = 0
    """Places that differ."""
    kept: list[Difference] = field(default_factory=list)

    def worst(self, number: int) -> list[Difference]:
        """The largest differences first; ties in the order of the document."""
        return sorted(self.kept, key=lambda difference: -difference.size)[:number]

    def told(self) -> str:
        """The difference to name first: the largest of numbers, where there is one."""
        first = max(self.kept, key=lambda difference: difference.size if math.isfinite(difference.size) else -1.0)
        return f"{'largest' if math.isfinite(first.size) else 'such as'} {first}"

    def add(self, path: str, production: Any, candidate: Any, *, size: float = math.inf) -> None:
        """Note one difference."""
        self.count += 1
        if len(self.kept) < _KEPT:
            self.kept.append(Difference(path, _short(production), _short(candidate), size))


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


_ABSENT = _Absent()


def compare_structure(
    production: Any, candidate: Any, *, tolerance: float | None = None, nan_equal: bool = False
) -> Structure:
    """
    Find where two JSON values differ.

    Args:
        production: What counts as right.
        candidate: What is judged.
        tolerance: Relative, for all numbers. None: floats by `ROUNDING`, whole numbers exactly.
        nan_equal: Whether NaN at the same place on both sides is equal: a gap in a plotted line is, a result is not.
    """
    found = Structure()
    pending: list[tuple[str, Any, Any]] = [("", production, candidate)]
    while pending:
        path, before, after = pending.pop()
        if isinstance(before, dict) and isinstance(after, dict):
            keys = [*before, *(key for key in after if key not in before)]
            pending += [(_join(path, key), before.get(key, _ABSENT), after.get(key, _ABSENT)) for key in reversed(keys)]
        elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
            if len(before) != len(after):
                found.leaves += 1
                found.add(path, f"{len(before)} items", f"{len(after)} items")
            elif len(before) >= _ARRAY and _floats(before) and _floats(after):
                _arrays(found, path, before, after, relative=ROUNDING if tolerance is None else tolerance)
            else:
                pending += [(f"{path}[{place}]", before[place], after[place]) for place in reversed(range(len(after)))]
        else:
            found.leaves += 1
            _leaf(found, path, before, after, tolerance=tolerance, nan_equal=nan_equal)
    return found


def not_finite(value: Any) -> str | None:
    """Where a JSON value first holds NaN or infinity, as `path: nan`; None where it is sound."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, dict):
            pending += [(_join(path, key), part) for key, part in reversed(item.items())]
        elif isinstance(item, list | tuple):
            pending += [(f"{path}[{place}]", item[place]) for place in reversed(range(len(item)))]
        elif (isinstance(item, float) and not math.isfinite(item)) or (isinstance(item, str) and item in _WORDS):
            return f"{path or 'the value'}: {item}"
    return None


def _leaf(found: Structure, path: str, before: Any, after: Any, *, tolerance: float | None, nan_equal: bool) -> None:
    if not (_number(before) and _number(after)):
        if type(before) is not type(after) or before != after:
            found.add(path, before, after)
        return
    if math.isnan(before) or math.isnan(after):
        if not (nan_equal and math.isnan(before) and math.isnan(after)):
            found.add(path, before, after)
        return
    whole = isinstance(before, int) and isinstance(after, int)
    relative = tolerance if tolerance is not None else 0.0 if whole else ROUNDING
    if math.isinf(before) or math.isinf(after):
        if before != after:
            found.add(path, before, after)
    elif not close(before, after, relative=relative):
        size = abs(after - before) / max(abs(before), abs(after))
        found.add(path, before, after, size=float(size))


def _arrays(found: Structure, path: str, before: Any, after: Any, *, relative: float) -> None:
    import numpy as np

    first, second = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
    found.leaves += len(first)
    largest = np.maximum(np.abs(first), np.abs(second))
    # beside a value of 1, one of 1e-17 is what summation leaves of 0
    noise = 8 * np.finfo(float).eps * largest.max() if relative else 0.0
    with np.errstate(over="ignore"):
        distance = np.abs(first - second)
        differing = np.flatnonzero(~(distance <= np.maximum(relative * largest, noise)))
        sizes = distance[differing] / largest[differing]
    order = np.argsort(-sizes, kind="stable")[:_KEPT]
    for place, size in zip(differing[order].tolist(), sizes[order].tolist(), strict=True):
        found.add(f"{path}[{place}]", before[place], after[place], size=size)
    found.count += len(differing) - len(order)


def _floats(values: Any) -> bool:
    # only finite floats: None, NaN and whole numbers take the slow and exact way
    return all(type(value) is float and math.isfinite(value) for value in values)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _join(path: str, key: Any) -> str:
    name = str(key)
    if not name.isidentifier():
        return f'{path}["{name}"]'
    return f"{path}.{name}" if path else name


def _short(value: Any) -> str:
    if isinstance(value, _Absent):
        return "(absent)"
    if isinstance(value, dict):
        return f"{{{len(value)} keys}}"
    if isinstance(value, list | tuple):
        return f"[{len(value)} items]"
    return repr(value) if isinstance(value, float) else describe(value)
