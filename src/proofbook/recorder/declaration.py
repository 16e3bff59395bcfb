"""Checks what `record` was told, in the notebook, where the author can still mend it."""

import math
import numbers
from collections.abc import Mapping
from typing import Any, NamedTuple

from proofbook.recorder.encoding import Encoded

__all__ = ["Declaration", "declare"]

_NAME_LIMIT = 200
_BOUNDS = ("margin", "floor", "ceiling", "tolerance")
_TAKES_BOUNDS = {"scalar", "table"}
_TAKES_TOLERANCE = {"scalar", "table", "figure", "json", "profile"}


class Declaration(NamedTuple):
    """A rule that makes sense by itself; whether it fits the value is asked with `fit`."""

    name: str
    declared: dict[str, Any]

    def fit(self, encoded: Encoded) -> None:
        """Raise TypeError or ValueError where the rule cannot be applied to such a value."""
        number = encoded.kind == "table" or (encoded.kind == "scalar" and encoded.numeric)
        for option in ("better", "margin", "floor", "ceiling"):
            if option in self.declared and not number:
                raise TypeError(
                    f"record({self.name!r}): {option}= needs a number or a table, not {_a(encoded)}; "
                    "use exact=True, or leave it out"
                )
        if "tolerance" in self.declared and (encoded.kind not in _TAKES_TOLERANCE or not (number or encoded.nested)):
            raise TypeError(
                f"record({self.name!r}): tolerance= needs numbers, not {_a(encoded)}; use exact=True instead"
            )
        if "key" in self.declared:
            self._fit_key(encoded)

    def _fit_key(self, encoded: Encoded) -> None:
        if encoded.kind != "table":
            raise TypeError(f"record({self.name!r}): key= names columns of a table, and this is {_a(encoded)}")
        for column in self.declared["key"]:
            if column not in encoded.columns:
                raise ValueError(
                    f"record({self.name!r}): key column {column!r} is not in the table"
                    f"{_nearest(column, encoded.columns)}; its columns are {', '.join(encoded.columns)}"
                )


def declare(name: Any, options: Mapping[str, Any], unknown: Mapping[str, Any]) -> Declaration:
    """
    Check a name and its options by themselves.

    Args:
        name: As the author wrote it.
        options: Every option that `record` knows, by name.
        unknown: Every option that it does not know.

    Raises:
        TypeError: An option is unknown or of the wrong type.
        ValueError: An option has a value that cannot be meant.
    """
    for option in unknown:
        raise TypeError(f"record() has no option {option!r}{_nearest(option, tuple(options))}")
    _check_name(name)
    declared: dict[str, Any] = {
        option: _number(name, option, options[option]) for option in _BOUNDS if options[option] is not None
    }
    better = options["better"]
    if better is not None:
        if better not in ("higher", "lower"):
            raise ValueError(f'record({name!r}): better= is "higher" or "lower", not {better!r}')
        declared["better"] = better
    for option in ("exact", "informs"):
        if not isinstance(options[option], bool):
            raise TypeError(f"record({name!r}): {option}= is True or False, not {options[option]!r}")
        if options[option]:
            declared[option] = True
    if options["key"] is not None:
        declared["key"] = _columns(name, options["key"])
    _check_sense(name, declared)
    return Declaration(name, declared)


def _check_name(name: Any) -> None:
    if not isinstance(name, str):
        raise TypeError(
            f'record() takes the name first and then the value: record("auc", auc), not {type(name).__name__}'
        )
    if not name.strip() or name != name.strip() or len(name) > _NAME_LIMIT or not name.isprintable():
        raise ValueError(
            f"record(): {name[:50]!r} is no name: use 1 to {_NAME_LIMIT} printable characters, no space at either end"
        )


def _number(name: str, option: str, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"record({name!r}): {option}= is a number, not {value!r}")
    number = int(value) if isinstance(value, numbers.Integral) else float(value)
    if not math.isfinite(number):
        raise ValueError(f"record({name!r}): {option}= must be finite, not {value!r}; leave it out for no bound")
    if option in ("margin", "tolerance") and number < 0:
        raise ValueError(f"record({name!r}): {option}= cannot be negative, and is {value!r}")
    return number


def _columns(name: str, key: Any) -> list[str]:
    columns = [key] if isinstance(key, str) else list(key) if isinstance(key, list | tuple) else None
    if not columns or not all(isinstance(column, str) for column in columns):
        raise TypeError(f"record({name!r}): key= is a column's name or a list of such names, not {key!r}")
    if len(set(columns)) < len(columns):
        raise ValueError(f"record({name!r}): key= names a column twice: {', '.join(columns)}")
    return columns


def _check_sense(name: str, declared: dict[str, Any]) -> None:
    if "margin" in declared and "better" not in declared:
        raise ValueError(
            f'record({name!r}): margin= needs better="higher" or better="lower", to know which way is worse'
        )
    if declared.get("exact"):
        for option in ("better", "margin", "tolerance"):
            if declared.get(option):
                raise ValueError(
                    f"record({name!r}): exact=True allows no difference, so {option}= contradicts it; drop one"
                )
    if "floor" in declared and "ceiling" in declared and declared["floor"] > declared["ceiling"]:
        raise ValueError(f"record({name!r}): floor={declared['floor']} is above ceiling={declared['ceiling']}")


def _nearest(word: str, known: tuple[str, ...]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _a(encoded: Encoded) -> str:
    return {"json": "JSON", "text": "text", "scalar": encoded.type}.get(encoded.kind, f"a {encoded.kind}")
