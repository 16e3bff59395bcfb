"""Types of columns as a contract names them: Polars' own, in lower case, plus two families."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FAMILIES", "TEXT", "is_known", "is_number", "is_temporal", "matches", "name_of", "to_read"]

FAMILIES = {"integer": r"u?int\d+", "number": r"u?int\d+|float\d+|decimal.*"}
TEXT = "text"

_PLAIN = {
    "String": TEXT, "Boolean": "bool", "Date": "date", "Time": "time", "Binary": "binary", "Null": "null",
    "Categorical": "category", "Enum": "category", **{f"{sign}Int{bits}": f"{sign}int{bits}".lower()
    for sign in ("", "U") for bits in (8, 16, 32, 64, 128)}, "Float32": "float32", "Float64": "float64",
}  # fmt: skip
_NUMBER = re.compile(r"u?int\d+|float\d+|decimal.*|integer|number")
_TEMPORAL = re.compile(r"date|datetime.*")
_KNOWN = re.compile(
    r"text|bool|date|time|binary|null|category|integer|number|u?int(8|16|32|64|128)|float(32|64)"
    r"|decimal.*|datetime(\[(ms|us|ns)(, ?[^\]]+)?\])?|duration.*|list.*|array.*|struct.*|object.*|float16"
)


def name_of(dtype: "pl.DataType") -> str:
    """A Polars type, as contracts write it: `int16`, `text`, `datetime[ms, UTC]` ..."""
    base = dtype.base_type().__name__
    if base in _PLAIN:
        return _PLAIN[base]
    if base == "Datetime":
        unit, zone = getattr(dtype, "time_unit", "us"), getattr(dtype, "time_zone", None)
        return f"datetime[{unit}, {zone}]" if zone else f"datetime[{unit}]"
    return str(dtype).lower()


def is_known(name: str) -> bool:
    """Whether a contract may name such a type."""
    return _KNOWN.fullmatch(name) is not None


def is_number(name: str) -> bool:
    """Whether values of that type have a size."""
    return _NUMBER.fullmatch(name) is not None


def is_temporal(name: str) -> bool:
    """Whether values of that type are dates or moments."""
    return _TEMPORAL.fullmatch(name) is not None


def matches(found: str, declared: str) -> bool:
    """Whether a column of type `found` is what the contract declares."""
    if declared in FAMILIES:
        return re.fullmatch(FAMILIES[declared], found) is not None
    if declared == "datetime":
        return found.startswith("datetime")
    return found.replace(" ", "") == declared.replace(" ", "")


def to_read(name: str) -> Any:
    """The Polars type to which text (CSV, JSON) is read for a declared type; None where it stays as it is."""
    import polars as pl

    named = {"integer": pl.Int64, "number": pl.Float64, "bool": pl.Boolean, "date": pl.Date, "time": pl.Time}
    if name in named:
        return named[name]
    for base, known in _PLAIN.items():
        if known == name and _NUMBER.fullmatch(name):
            return getattr(pl, base)
    moment = re.fullmatch(r"datetime(?:\[(ms|us|ns)(?:, ?([^\]]+))?\])?", name)
    return pl.Datetime(moment[1] or "us", moment[2]) if moment else None  # type: ignore[arg-type]
