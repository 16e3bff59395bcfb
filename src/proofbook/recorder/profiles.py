"""`profile(df)`: what a dataset looks like, column by column, so that the next one can be held against it."""

from collections.abc import Iterable
from typing import Any

from proofbook.recorder.numbers import correlations, quantiles, sketch
from proofbook.recorder.plain import is_a, plain, type_name

__all__ = ["Profile", "profile"]

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TOP = 20


class Profile:
    """A dataset's profile, ready for `record`. `content` is plain JSON: `rows`, and `columns` by name."""

    __slots__ = ("content",)

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content

    def __repr__(self) -> str:
        return f"profile of {self.content['rows']} rows, {len(self.content['columns'])} columns"

    def _repr_html_(self) -> str:
        from html import escape

        names = ("dtype", "null_rate", "distinct", "min", "mean", "max")
        head = "".join(f"<th>{name}</th>" for name in ("column", *names))
        rows = [
            "".join(f"<td>{escape(_brief(cell))}</td>" for cell in (column, *(facts.get(name) for name in names)))
            for column, facts in self.content["columns"].items()
        ]
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def profile(df: Any) -> Profile:
    """
    Profile a pandas or Polars DataFrame.

    Returns:
        An object for `record("...", profile(df))`: number of rows; for each column its dtype, nulls, null rate and
        distinct values; for numbers how many are infinite, and of the others minimum, maximum, mean, standard
        deviation, quantiles and a sketch of their distribution; for dates the range; for text, categories and truth
        values the most frequent ones with their counts; and the correlation of each pair of columns of numbers.

    Raises:
        TypeError: It is no such table.
    """
    if is_a(df, "pandas", "DataFrame"):
        rows, columns = len(df), {str(name): _pandas_column(df.iloc[:, at]) for at, name in enumerate(df.columns)}
    elif is_a(df, "polars", "DataFrame"):
        rows, columns = df.height, {series.name: _polars_column(series) for series in df.get_columns()}
    else:
        advice = "; profile .collect() of it" if is_a(df, "polars", "LazyFrame") else ""
        raise TypeError(f"profile() takes a pandas or Polars DataFrame, not {type_name(df)}{advice}")
    if len(columns) < len(df.columns):
        raise ValueError("profile(): two columns of the table have one name; rename one")
    numeric = {name: facts.pop("numbers") for name, facts in columns.items() if "numbers" in facts}
    for facts in columns.values():
        facts["null_rate"] = facts["nulls"] / rows if rows else None
    content = columns_and_rows(rows, columns)
    correlated = correlations(numeric)
    return Profile(plain({**content, "correlations": correlated} if correlated else content))


def columns_and_rows(rows: int, columns: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The content of a profile; NaN and infinity, which no range should hold, as None."""
    return {"rows": rows, "columns": {name: _finite(facts) for name, facts in columns.items()}}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    value = plain(value) if not isinstance(value, str) else value.encode(errors="replace").decode()
    return None if isinstance(value, float) and value - value != 0 else value


def _pandas_column(series: Any) -> dict[str, Any]:
    present = series.dropna()
    facts: dict[str, Any] = {"dtype": str(series.dtype), "nulls": int(len(series) - len(present))}
    kind = getattr(series.dtype, "kind", "O")
    try:
        counts = present.value_counts()
    except TypeError:  # lists and dicts in cells have no hash
        counts = present.map(repr).value_counts()
    facts["distinct"] = len(counts)
    if not len(present):
        return facts
    if kind in "iuf" and not is_a(series.dtype, "pandas", "CategoricalDtype"):
        numbers = present.astype(float)
        finite = (numbers - numbers) == 0
        if kind == "f":
            facts["infinite"] = int((~finite).sum())
        present, numbers = present[finite], numbers[finite]
        facts.update(_distribution(series.to_numpy(dtype=float, na_value=float("nan"))))
        facts.update(min=present.min(), max=present.max(), mean=float(numbers.mean()), std=float(numbers.std()))
    elif kind in "mM":
        facts.update(min=_text(present.min()), max=_text(present.max()))
    else:
        facts["top"] = _top((_text(value), int(count)) for value, count in counts.items())
        facts["present"] = len(present)
    return facts


def _polars_column(series: Any) -> dict[str, Any]:
    present = series.drop_nulls()
    if series.dtype.is_float():
        present = present.drop_nans()
    facts: dict[str, Any] = {"dtype": str(series.dtype), "nulls": len(series) - len(present)}
    if not len(present):
        return facts | {"distinct": 0}
    if series.dtype.is_nested() or is_a(series.dtype, "polars", "Object"):
        present = type(series)([repr(value) for value in present.to_list()])
    facts["distinct"] = present.n_unique()
    if series.dtype.is_numeric():
        if series.dtype.is_float():
            finite = present.filter(present.is_finite())
            facts["infinite"] = len(present) - len(finite)
            present = finite
        floats = type(series)("", [], dtype=float).dtype
        facts.update(_distribution(series.cast(floats, strict=False).to_numpy().astype(float)))
        facts.update(min=present.min(), max=present.max(), mean=present.mean(), std=present.std())
    elif series.dtype.is_temporal():
        facts.update(min=_text(present.min()), max=_text(present.max()))
    else:
        counts = present.alias("value").value_counts(name="count").rows()
        facts["top"] = _top((_text(value), int(count)) for value, count in counts)
        facts["present"] = len(present)
    return facts


def _distribution(numbers: Any) -> dict[str, Any]:
    """Quantiles and sketch of a column, and the column itself, for the correlations; NaN is no number."""
    import numpy as np

    ordered = np.sort(numbers[np.isfinite(numbers)])
    if not len(ordered):
        return {"numbers": numbers}
    few = dict(zip(map(str, _QUANTILES), quantiles(ordered, _QUANTILES), strict=True))
    return {"quantiles": few, "sketch": sketch(ordered), "numbers": numbers}


def _top(counts: Iterable[tuple[str, int]]) -> list[list[Any]]:
    """The most frequent values first, and in one order where they are equally frequent."""
    return [list(pair) for pair in sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:_TOP]]


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _brief(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
