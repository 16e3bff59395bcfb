"""Checks what `record` was told, in the notebook, where the author can still mend it."""

import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from proofbook.recorder.encoding import Encoded

__all__ = ["Declaration", "declare", "nearest"]

_NAME_LIMIT = 200
_NOT_NEGATIVE = ("margin", "tolerance", "noise")
_CHOICES = {
    "better": ("higher", "lower"),
    # as `proofbook.model.record.Metric`, which is not imported here: a test holds them equal
    "metric": ("auc", "accuracy", "brier", "log loss", "mae", "rmse"),
}
_PAIR = ("truth", "prediction")
_OF_PREDICTIONS = ("metric", "slices")
_NEEDS_DIRECTION = ("margin", "noise", "superiority")
_TAKES_DIRECTION = {"table", "predictions"}
_TAKES_TOLERANCE = {"table", "figure", "json", "profile", "model"}


class Declaration(NamedTuple):
    """A rule that makes sense by itself; whether it fits the value is asked with `fit`."""

    name: str
    declared: dict[str, Any]

    @property
    def of_predictions(self) -> bool:
        """Whether the value is a table of predictions."""
        return "truth" in self.declared

    def fit(self, encoded: Encoded) -> None:
        """Raise TypeError or ValueError where the rule cannot be applied to such a value."""
        number = encoded.kind == "scalar" and encoded.numeric
        for option in ("better", "margin", "floor", "ceiling"):
            if option in self.declared and not (number or encoded.kind in _TAKES_DIRECTION):
                raise TypeError(
                    f"record({self.name!r}): {option}= needs a number or a table, not {_a(encoded)}; "
                    "use exact=True, or leave it out"
                )
        if "superiority" in self.declared and not (number or encoded.kind == "predictions"):
            raise TypeError(f"record({self.name!r}): superiority= needs a number or predictions, not {_a(encoded)}")
        if "noise" in self.declared and not number:
            raise TypeError(
                f"record({self.name!r}): noise= is the deviation of one number, not of {_a(encoded)}; "
                "record the number by itself"
            )
        numbers_within = encoded.kind == "text" or (encoded.kind in _TAKES_TOLERANCE and encoded.nested)
        if "tolerance" in self.declared and not (number or numbers_within):
            raise TypeError(
                f"record({self.name!r}): tolerance= needs numbers, not {_a(encoded)}; use exact=True instead"
            )
        if "key" in self.declared:
            self._fit_key(encoded)

    def _fit_key(self, encoded: Encoded) -> None:
        if encoded.kind not in ("table", "predictions"):
            raise TypeError(f"record({self.name!r}): key= names columns of a table, and this is {_a(encoded)}")
        for column in self.declared["key"]:
            if column not in encoded.columns:
                raise ValueError(
                    f"record({self.name!r}): key column {column!r} is not in the table"
                    f"{nearest(column, encoded.columns)}; its columns are {', '.join(encoded.columns)}"
                )


def declare(name: Any, options: Mapping[str, Any], unknown: Mapping[str, Any]) -> Declaration:
    """
    Check a name and its options by themselves.

    Args:
        name: As the author wrote it.
        options: Every option that `record` knows, by name; of what is no rule (`eval_set`, `probe`) only the name
            counts.
        unknown: Every option that it does not know.

    Raises:
        TypeError: An option is unknown or of the wrong type.
        ValueError: An option has a value that cannot be meant.
    """
    for option in unknown:
        raise TypeError(f"record() has no option {option!r}{nearest(option, tuple(options))}")
    _check_name(name)
    # what is left out says nothing, and a flag that is down says nothing either
    said = {
        option: _CHECKS[option](name, option, value)
        for option, value in options.items()
        if option in _CHECKS and value is not None
    }
    declared = {option: value for option, value in said.items() if value is not False}
    _check_predictions(name, declared, probed=options["probe"] is not None)
    _check_sense(name, declared)
    return Declaration(name, declared)


def nearest(word: str, known: tuple[str, ...]) -> str:
    """`; did you mean 'margin'?`, where something known is near; else empty."""
    import difflib

    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


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
    try:
        number = int(value) if isinstance(value, numbers.Integral) else float(value)
        finite = math.isfinite(number)
    except OverflowError:
        finite = False
    if not finite:
        raise ValueError(f"record({name!r}): {option}= must be finite, not {value!r}; leave it out for no bound")
    if option in _NOT_NEGATIVE and number < 0:
        raise ValueError(f"record({name!r}): {option}= cannot be negative, and is {value!r}")
    return number


def _flag(name: str, option: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"record({name!r}): {option}= is True or False, not {value!r}")
    return value


def _choice(name: str, option: str, value: Any) -> str:
    choices = _CHOICES[option]
    if isinstance(value, str) and value in choices:
        return value
    words = [f'"{choice}"' for choice in choices]
    hint = nearest(value.lower(), choices) if isinstance(value, str) else ""
    raise ValueError(f"record({name!r}): {option}= is {', '.join(words[:-1])} or {words[-1]}, not {value!r}{hint}")


def _columns(name: str, option: str, said: Any) -> list[str]:
    columns = [said] if isinstance(said, str) else list(said) if isinstance(said, list | tuple) else None
    if not columns or not all(isinstance(column, str) for column in columns):
        raise TypeError(f"record({name!r}): {option}= is a column's name or a list of such names, not {said!r}")
    if len(set(columns)) < len(columns):
        raise ValueError(f"record({name!r}): {option}= names a column twice: {', '.join(columns)}")
    return columns


def _column(name: str, option: str, said: Any) -> str:
    if not isinstance(said, str):
        raise TypeError(f"record({name!r}): {option}= is the name of a column of the table, not {_brief(said)}")
    return said


_CHECKS: dict[str, Callable[[str, str, Any], Any]] = {
    **dict.fromkeys(("better", "metric"), _choice),
    **dict.fromkeys(("margin", "floor", "ceiling", "tolerance", "noise"), _number),
    **dict.fromkeys(("exact", "superiority", "informs"), _flag),
    **dict.fromkeys(("key", "slices"), _columns),
    **dict.fromkeys(_PAIR, _column),
}


def _check_predictions(name: str, declared: dict[str, Any], *, probed: bool) -> None:
    """`truth` and `prediction` go together; what is said of predictions needs both."""
    for given, wanted in (_PAIR, _PAIR[::-1]):
        if given in declared and wanted not in declared:
            example = f'record({name!r}, table, truth="late", prediction="p")'
            raise ValueError(f"record({name!r}): {given}= needs {wanted}= beside it: {example}")
    if "truth" in declared:
        _check_columns(name, declared)
        if probed:
            raise ValueError(f"record({name!r}): probe= is for a model, truth= for a table of predictions; drop one")
        if "tolerance" in declared:
            raise ValueError(f"record({name!r}): predictions are held against each other by margin=, not by tolerance=")
        return
    for option in _OF_PREDICTIONS:
        if option in declared:
            raise ValueError(f"record({name!r}): {option}= is said of predictions: name truth= and prediction= too")


def _check_columns(name: str, declared: dict[str, Any]) -> None:
    pair = {declared[option]: option for option in _PAIR}
    if len(pair) < len(_PAIR):
        raise ValueError(f"record({name!r}): truth= and prediction= both name column {declared['truth']!r}")
    slices, key = declared.get("slices", []), declared.get("key", [])
    for option, columns in (("key", key), ("slices", slices)):
        for column in columns:
            if column in pair:
                raise ValueError(f"record({name!r}): {option}= names {column!r}, the {pair[column]}; drop it there")
    if len(key) == 1 and key[0] in slices:
        raise ValueError(f"record({name!r}): slices= names {key[0]!r}, the key: each row would be a slice; drop it")


def _check_sense(name: str, declared: dict[str, Any]) -> None:
    for option in _NEEDS_DIRECTION:
        # of predictions the metric says which way is better
        if option in declared and "better" not in declared and "truth" not in declared:
            raise ValueError(
                f'record({name!r}): {option}= needs better="higher" or better="lower", to know which way is worse'
            )
    if declared.get("exact"):
        for option in ("better", "margin", "tolerance", "noise", "superiority"):
            if option in declared:
                raise ValueError(
                    f"record({name!r}): exact=True allows no difference, so {option}= contradicts it; drop one"
                )
    if "floor" in declared and "ceiling" in declared and declared["floor"] > declared["ceiling"]:
        raise ValueError(f"record({name!r}): floor={declared['floor']} is above ceiling={declared['ceiling']}")


def _brief(value: Any) -> str:
    from proofbook.recorder.plain import type_name

    return repr(value) if isinstance(value, bool | int | float | None) else f"a {type_name(value)}"


def _a(encoded: Encoded) -> str:
    return {"json": "JSON", "text": "text", "scalar": encoded.type, "predictions": "predictions"}.get(
        encoded.kind, f"a {encoded.kind}"
    )
