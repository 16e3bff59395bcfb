"""What a fitted model does: its predictions for a probe set, as a table, so that its behaviour can be compared."""

import time
from collections.abc import Sequence
from typing import Any

from proofbook.recorder.encoding import Encoded
from proofbook.recorder.plain import is_a, type_name
from proofbook.recorder.refusal import refusing

__all__ = ["encode"]


def encode(name: str, model: Any, probe: Any) -> Encoded:
    """
    Let `model` predict `probe`: by `predict_proba`, where it has that, else by `predict`.

    The probe set counts by content: its digest and its number of rows are kept, and the seconds that predicting it
    took. The model itself is not kept.

    Args:
        name: The record's name.
        model: A fitted estimator.
        probe: A table or an array, as the model takes it.

    Raises:
        TypeError: It is no such model, or no such probe set, or what it predicts is no table.
        ValueError: It cannot predict the probe set.
    """
    from proofbook.recorder import content, tables

    _check_model(name, model)
    if not tables.takes(probe):
        advice = "; give .collect() of it" if is_a(probe, "polars", "LazyFrame") else ""
        raise TypeError(f"record({name!r}): probe= is a table or an array that the model predicts, not "
                        f"{type_name(probe)}{advice}")  # fmt: skip
    with refusing(f"record({name!r}): probe="):
        digest, rows = content.of_table(probe), len(probe)
    if not rows:
        raise ValueError(f"record({name!r}): probe= has no rows, which tells nothing of a model; give it some")
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    predicted, seconds = _predicted(name, model, probe, method=method)
    with refusing(f"record({name!r}): probe="):
        table = _table(predicted, classes=getattr(model, "classes_", None) if method == "predict_proba" else None)
        data = tables.parquet(table)
    if table.num_rows != rows:
        raise ValueError(f"record({name!r}): {method} gave {table.num_rows} rows for a probe set of {rows}")
    facts = {"digest": digest, "rows": rows, "seconds": round(seconds, 6), "method": method}
    shown = f"{name} = {type_name(model)}, {method} of {rows} rows in {seconds:.3g} s"
    return Encoded(
        "model", type_name(model), "pandas", data, {"text/plain": shown}, columns=tuple(table.column_names),
        nested=True, value={"class": type_name(model), "probe": facts},
    )  # fmt: skip


def _check_model(name: str, model: Any) -> None:
    if is_a(model, "pathlib", "PurePath"):
        raise TypeError(
            f"record({name!r}): probe= needs the fitted model itself, and a path cannot predict: "
            f"record({name!r}, model, probe=...), and record the path under a name of its own"
        )
    if isinstance(model, type):
        raise TypeError(f"record({name!r}): probe= needs a fitted model, and this is the class {model.__qualname__}")
    if not callable(getattr(model, "predict", None)):
        raise TypeError(
            f"record({name!r}): probe= needs a model with predict() or predict_proba(), and {type_name(model)} has "
            "neither; record what it predicts as a table"
        )


def _predicted(name: str, model: Any, probe: Any, *, method: str) -> tuple[Any, float]:
    started = time.perf_counter()
    try:
        predicted = getattr(model, method)(probe)
    # whatever a model raises, its author reads one line that names the record
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        advice = "; fit it first" if type(error).__name__ == "NotFittedError" else ""
        raise ValueError(f"record({name!r}): the model cannot {method} its probe set: {what}{advice}") from error
    return predicted, time.perf_counter() - started


def _table(predicted: Any, *, classes: Any) -> Any:
    """What was predicted as an Arrow table: a column for each class, or `prediction`."""
    import pyarrow as pa

    from proofbook.recorder import tables

    if isinstance(predicted, list) and predicted and all(getattr(part, "ndim", 0) == 2 for part in predicted):
        # of several targets: an array for each
        parts = [
            _named(tables.arrow(part)[0], _classes(own), prefix=f"{number}: ")
            for number, (part, own) in enumerate(zip(predicted, classes or [None] * len(predicted), strict=True))
        ]
        return pa.table({column: part.column(column) for part in parts for column in part.column_names})
    if isinstance(predicted, list | tuple):
        import numpy as np

        predicted = np.asarray(predicted)
    if not tables.takes(predicted):
        raise TypeError(f"the model predicts a {type_name(predicted)}, and a table or an array can be recorded")
    if is_a(predicted, "pandas", "DataFrame", "Series"):
        predicted = predicted.reset_index(drop=True)
    table, _ = tables.arrow(predicted)
    if table.num_columns == 1 and classes is None:
        return table.rename_columns(["prediction"])
    if not is_a(predicted, "numpy", "ndarray"):
        return table
    return _named(table, _classes(classes), prefix="" if classes is not None else "prediction ")


def _classes(classes: Any) -> list[str] | None:
    return None if classes is None else [str(one) for one in classes]


def _named(table: Any, names: Sequence[str] | None, *, prefix: str) -> Any:
    if names is None or len(names) != table.num_columns or len(set(names)) < len(names):
        names = table.column_names
    return table.rename_columns([f"{prefix}{name}" for name in names])
