"""Plain JSON values of what a notebook holds, without importing the libraries that made them."""

import math
from typing import Any

__all__ = ["as_text", "has_special", "is_a", "plain", "special", "type_name"]

_DEPTH_LIMIT = 64


def type_name(value: Any) -> str:
    """The name of a value's type as a person would write it: `float`, `numpy.float64`, `pandas.DataFrame`."""
    kind = type(value)
    root = kind.__module__.split(".")[0]
    if root == "builtins":
        return "None" if value is None else kind.__qualname__
    return f"{root}.{kind.__qualname__}"


def is_a(value: Any, library: str, *names: str) -> bool:
    """Whether a value's class, or one that it derives from, has one of `names` and comes from `library`."""
    return any(kind.__name__ in names and kind.__module__.split(".")[0] == library for kind in type(value).__mro__)


def special(number: float) -> str | None:
    """`nan`, `inf` or `-inf` where JSON cannot say the number."""
    if math.isnan(number):
        return "nan"
    return ("inf" if number > 0 else "-inf") if math.isinf(number) else None


def as_text(value: Any) -> str | None:
    """The text of a value whose type is kept by name only: dates, times, decimals, identifiers; else None."""
    if is_a(value, "datetime", "date", "datetime", "time"):
        return str(value.isoformat())
    if is_a(value, "datetime", "timedelta") or is_a(value, "decimal", "Decimal") or is_a(value, "uuid", "UUID"):
        return str(value)
    if is_a(value, "fractions", "Fraction") or is_a(value, "pandas", "Period", "Interval"):
        return str(value)
    return None


def plain(value: Any, *, where: str = "value", depth: int = 0) -> Any:
    """
    `value` made of dict, list, str, int, float, bool and None only.

    NaN and infinity stay what they are; `has_special` finds them.

    Raises:
        TypeError: Something in it has no plain form; the message names the place.
        ValueError: It is nested too deeply, two keys are the same in JSON, or a text is not Unicode.
    """
    if depth > _DEPTH_LIMIT:
        raise ValueError(f"{where} is nested deeper than {_DEPTH_LIMIT} levels")
    value = _own(value)
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _unicode(value, where)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, dict):
        return _mapping(value, where, depth)
    if isinstance(value, list | tuple):
        return [plain(item, where=f"{where}[{index}]", depth=depth + 1) for index, item in enumerate(value)]
    if (text := as_text(value)) is not None:
        return text
    raise TypeError(f"{where} is a {type_name(value)}, which JSON cannot say{_advice(value)}")


def _own(value: Any) -> Any:
    """The Python value inside a library's wrapper, one layer deep; anything else as it is."""
    if is_a(value, "numpy", "generic"):
        return _item(value)
    if is_a(value, "numpy", "ndarray"):
        return value.tolist()
    if is_a(value, "enum", "Enum"):
        return value.value
    return None if is_a(value, "pandas", "NaTType", "NAType") else value


def _item(value: Any) -> Any:
    """The Python value of a NumPy scalar; wide floats and nanosecond dates have none: narrowed, or written out."""
    item = value.item()
    if is_a(item, "numpy", "generic"):
        return float(item)
    return str(value) if is_a(value, "numpy", "datetime64", "timedelta64") else item


def _mapping(value: dict[Any, Any], where: str, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for original, item in value.items():
        key = _item(original) if is_a(original, "numpy", "generic") else original
        if isinstance(key, bool) or key is None:
            text = {True: "true", False: "false", None: "null"}[key]
        elif isinstance(key, str | int | float):
            text = str(key)
        elif (written := as_text(key)) is not None:
            text = written
        else:
            raise TypeError(f"{where} has a key of type {type_name(key)}; use text for keys")
        if text in result:
            raise ValueError(f"{where} has two keys that are both {text!r} in JSON")
        result[_unicode(text, where)] = plain(item, where=f"{where}[{text!r}]", depth=depth + 1)
    return result


def _unicode(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{where} is text that is not valid Unicode; use text.encode(errors='replace').decode()"
        ) from None
    return str(text)


def _advice(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return ": use sorted(...) of it"
    if is_a(value, "pandas", "DataFrame", "Series") or is_a(value, "polars", "DataFrame", "Series"):
        return ": record each table by itself"
    return ""


def has_special(value: Any) -> bool:
    """Whether NaN or infinity stands anywhere in a plain value."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(has_special(item) for item in value.values())
    return isinstance(value, list) and any(has_special(item) for item in value)
