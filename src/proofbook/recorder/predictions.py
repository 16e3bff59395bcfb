"""Predictions: a table of what was predicted beside what came true, row by row, with what tells the rows apart."""

from typing import Any

from proofbook.recorder.declaration import nearest
from proofbook.recorder.encoding import Encoded
from proofbook.recorder.plain import type_name
from proofbook.recorder.refusal import refusing

__all__ = ["METRICS", "encode"]

METRICS = {
    "auc": "higher",
    "accuracy": "higher",
    "brier": "lower",
    "log loss": "lower",
    "mae": "lower",
    "rmse": "lower",
}
"""How predictions are scored, and which way is better; as `proofbook.model.record.Metric`, which is not imported."""
_OF_PROBABILITIES = ("brier", "log loss")
_OF_NUMBERS = ("auc", "mae", "rmse", *_OF_PROBABILITIES)


def encode(name: str, value: Any, declared: dict[str, Any]) -> Encoded:
    """
    The columns that were named, of a table, as scrapbook's `pandas` payload.

    Args:
        name: The record's name.
        value: The table.
        declared: The rule, with `truth` and `prediction`.

    Raises:
        TypeError: It is no table, or a column holds what the metric cannot score.
        ValueError: A named column is not there, or its values do not fit the metric.
    """
    from proofbook.recorder import tables

    if not tables.takes(value):
        raise TypeError(f"record({name!r}): truth= and prediction= name columns of a table, not of {type_name(value)}")
    with refusing(f"record({name!r})"):
        table, shown = tables.arrow(value)
        tables.check_names(table)
        _check_there(table.column_names, declared)
        _check_values(table, declared)
        kept = table.select(dict.fromkeys(_named(declared)))
        data = tables.parquet(kept)
    plain = f"{name} = {kept.num_rows} predictions of {declared['truth']!r} by {declared['prediction']!r}"
    return Encoded(
        "predictions", type_name(value), "pandas", data, {"text/plain": plain, **shown},
        columns=tuple(kept.column_names), nested=True,
    )  # fmt: skip


def _named(declared: dict[str, Any]) -> list[str]:
    return [*declared.get("key", ()), declared["truth"], declared["prediction"], *declared.get("slices", ())]


def _check_there(columns: list[str], declared: dict[str, Any]) -> None:
    for option in ("truth", "prediction", "key", "slices"):
        said = declared.get(option, ())
        for column in (said,) if isinstance(said, str) else said:
            if column not in columns:
                raise ValueError(
                    f"{option}= names column {column!r}, which is not in the table"
                    f"{nearest(column, tuple(columns))}; its columns are {', '.join(columns)}"
                )


def _check_values(table: Any, declared: dict[str, Any]) -> None:
    """Whether the metric can score these two columns at all. Gaps in them are the gate's to judge."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {}
    for option in ("truth", "prediction"):
        column = table.column(declared[option])
        column = column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
        if pa.types.is_floating(column.type):
            column = column.filter(pc.invert(pc.is_nan(column)))
        columns[option] = column.drop_null()
    named = declared.get("metric")
    distinct = pc.count_distinct(columns["truth"]).as_py()
    metric = named or ("auc" if distinct == 2 else "mae")
    by = f"metric={metric!r}" if named else f"the metric, {metric!r} by default,"
    if metric in _OF_NUMBERS:
        for option, column in columns.items():
            _check_number(column, option, declared[option], by=by)
    if metric in ("auc", *_OF_PROBABILITIES) and (distinct > 2 or (distinct < 2 and metric == "auc")):
        found = f"{distinct:,} values" if distinct != 1 else f"one, {columns['truth'][0].as_py()!r}"
        raise ValueError(
            f"{by} needs a truth of two values, and {declared['truth']!r} has {found}; "
            'score numbers by metric="mae" or "rmse", and classes by metric="accuracy"'
        )
    if metric in _OF_PROBABILITIES:
        for option, column in columns.items():
            _check_probability(column, option, declared[option], by=by)
    better = declared.get("better")
    if better is not None and better != METRICS[metric]:
        raise ValueError(f"better={better!r} contradicts {by} of which {METRICS[metric]} is better; leave better= out")


def _check_number(column: Any, option: str, name: str, *, by: str) -> None:
    import pyarrow as pa

    kind = column.type
    of_number = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null)
    if not any(is_kind(kind) for is_kind in of_number):
        advice = 'make it numbers, or True and False; or score classes by metric="accuracy"'
        raise TypeError(f"{by} needs numbers, and {option}= column {name!r} holds {kind}; {advice}")


def _check_probability(column: Any, option: str, name: str, *, by: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(column) or pa.types.is_boolean(column.type):
        return
    extent = pc.min_max(column).as_py()
    if extent["min"] < 0 or extent["max"] > 1:
        what = "probabilities, 0 to 1" if option == "prediction" else "a truth of 0 and 1, or False and True"
        raise ValueError(f"{by} needs {what}, and {name!r} goes from {extent['min']:g} to {extent['max']:g}")
