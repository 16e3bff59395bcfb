"""What two models predict for one probe set, held against each other. NumPy and Polars, imported on use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proofbook.gate.numbers import ROUNDING

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Behaviour", "compare_labels", "compare_numbers", "compare_probabilities"]

_BINS = 10
_WORST = 10


@dataclass(frozen=True)
class Behaviour:
    """How two models agree on a probe set."""

    rows: int
    agreement: float
    """Share of rows with the same answer: the same most probable class, the same label, the same number."""
    largest: float
    """Of probabilities the largest difference; of numbers relative to the larger; of labels 1 where any differs."""
    shift: float
    """How far the mean prediction moved: of probabilities in their own unit, of numbers in production's spread."""
    calibration: float
    """The largest such shift among tenths of the rows by production's prediction: where the scale was bent."""
    same: bool
    """No row differs by more than is allowed."""
    worst: tuple[dict[str, Any], ...]
    """The rows that differ most: row, production's answer, the candidate's."""

    def __str__(self) -> str:
        return f"{_share(self.agreement)} of {self.rows:,} rows agree"


def _share(agreement: float) -> str:
    # never rounded up to all of them
    return f"{agreement:.0%}" if agreement in {0.0, 1.0} else f"{min(agreement, 0.9999):.2%}"


def compare_probabilities(before: pl.DataFrame, after: pl.DataFrame, *, tolerance: float | None) -> Behaviour:
    """
    Two tables with a column of probabilities for each class, the same columns on both sides.

    Args:
        before: Production's.
        after: The candidate's.
        tolerance: The largest difference of a probability that counts as equal; None: rounding.
    """
    import numpy as np

    old, new = before.to_numpy().astype(float), after.select(before.columns).to_numpy().astype(float)
    distance = np.abs(new - old).max(axis=1)
    told = np.abs(new - old).argmax(axis=1)
    mean = np.abs((new - old).mean(axis=0))
    names = before.columns
    return Behaviour(
        rows=len(old),
        agreement=float((old.argmax(axis=1) == new.argmax(axis=1)).mean()) if old.shape[1] > 1 else _within(distance),
        largest=float(distance.max()),
        shift=float(mean.max()),
        calibration=max(_bent(old[:, at], new[:, at]) for at in range(old.shape[1])),
        same=bool((distance <= (ROUNDING if tolerance is None else tolerance)).all()),
        worst=tuple({"class": names[told[row]], **_row(old, new, row, told[row])} for row in _first(distance)),
    )


def compare_numbers(before: pl.DataFrame, after: pl.DataFrame, *, tolerance: float | None) -> Behaviour:
    """Two tables of predicted numbers; `tolerance` is relative."""
    import numpy as np

    old, new = before.to_numpy().astype(float), after.select(before.columns).to_numpy().astype(float)
    with np.errstate(all="ignore"):
        largest = np.maximum(np.abs(old), np.abs(new))
        sizes = np.where(largest > 0, np.abs(new - old) / np.where(largest > 0, largest, 1.0), 0.0)
        size = sizes.max(axis=1)
        spread = np.where(old.std(axis=0) > 0, old.std(axis=0), np.maximum(np.abs(old).max(axis=0), 1e-300))
        allowed = ROUNDING if tolerance is None else tolerance
        told = sizes.argmax(axis=1)
        return Behaviour(
            rows=len(old),
            agreement=float((size <= allowed).mean()),
            largest=float(size.max()),
            shift=float(np.abs((new - old).mean(axis=0) / spread).max()),
            calibration=max(_bent(old[:, at], new[:, at]) / float(spread[at]) for at in range(old.shape[1])),
            same=bool((size <= allowed).all()),
            worst=tuple(_row(old, new, row, told[row]) for row in _first(size)),
        )


def compare_labels(before: pl.DataFrame, after: pl.DataFrame) -> Behaviour:
    """Two tables of predicted labels: equal or not; the shift is that of the share of any one label."""
    import numpy as np
    import polars as pl

    names = before.columns
    old, new = ([frame[name].cast(pl.String) for name in names] for frame in (before, after))
    differing = np.zeros(before.height, dtype=bool)
    shifts = []
    for one, other in zip(old, new, strict=True):
        differing |= one.ne_missing(other).to_numpy()
        counts = [side.value_counts() for side in (one, other)]
        shares = [dict(zip(*each.get_columns(), strict=True)) for each in counts]
        labels = {*shares[0], *shares[1]}
        shifts.append(max(abs(shares[1].get(label, 0) - shares[0].get(label, 0)) for label in labels) / len(one))
    rows = np.flatnonzero(differing)[:_WORST].tolist()
    return Behaviour(
        rows=before.height,
        agreement=float(1 - differing.mean()),
        largest=float(differing.any()),
        shift=max(shifts),
        calibration=max(shifts),
        same=not differing.any(),
        worst=tuple({"row": row, "production": old[0][row], "candidate": new[0][row]} for row in rows),
    )


def _row(old: NDArray[np.float64], new: NDArray[np.float64], row: int, column: int) -> dict[str, Any]:
    return {"row": row, "production": float(old[row, column]), "candidate": float(new[row, column])}


def _within(distance: NDArray[np.float64]) -> float:
    return float((distance <= ROUNDING).mean())


def _bent(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """The largest mean difference within a tenth of the rows, by production's prediction."""
    import numpy as np

    order = np.argsort(old, kind="stable")
    parts = np.array_split((new - old)[order], min(_BINS, len(old)))
    return float(max(abs(part.mean()) for part in parts))


def _first(sizes: NDArray[np.float64]) -> list[int]:
    import numpy as np

    order = np.argsort(-sizes, kind="stable")[:_WORST]
    return [int(row) for row in order if sizes[row] > 0]
