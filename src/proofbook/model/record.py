"""One named value that a notebook declares to count, and the rule it declared for it."""

from typing import Any, Literal

from msgspec import Struct

__all__ = ["Kind", "Metric", "Record", "Rule"]

Kind = Literal["scalar", "text", "json", "table", "predictions", "figure", "model", "profile"]
Metric = Literal["auc", "accuracy", "brier", "log loss", "mae", "rmse"]
"""How predictions are scored; of auc and accuracy higher is better, of the others lower."""


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What the author said about a record, at `record(...)`.

    A record whose rule declares a direction, margin, floor, ceiling, tolerance, superiority or exactness *gates*; the
    others inform.
    """

    better: Literal["higher", "lower"] | None = None
    margin: float | None = None
    """How much worse than production is still good enough, in the record's own unit."""
    floor: float | None = None
    """Never below this, whatever production was."""
    ceiling: float | None = None
    """Never above this, whatever production was."""
    exact: bool = False
    """Any difference is a regression."""
    tolerance: float | None = None
    """Largest relative difference of numbers that counts as equal: |a - b| <= tolerance * max(|a|, |b|)."""
    key: tuple[str, ...] = ()
    """Columns that identify a row of a table."""
    noise: float | None = None
    """Standard deviation from run to run where nothing has changed, in the record's own unit; 0: there is none."""
    superiority: bool = False
    """Not being worse is not enough: the candidate must be better, beyond noise and margin."""
    truth: str | None = None
    """predictions: the column that holds what came true."""
    prediction: str | None = None
    """predictions: the column that holds what was predicted: a number, or the probability of the positive class."""
    slices: tuple[str, ...] = ()
    """predictions: columns within whose values they are compared as well."""
    metric: Metric | None = None
    """predictions: how they are scored; by default auc where the truth has two values, else mae."""
    informs: bool = False
    """Set by `record(..., informs=True)`: shown, never gates, whatever else is declared."""

    @property
    def gates(self) -> bool:
        """Whether a bad comparison of this record stops a release."""
        declared = self.better or self.exact or self.superiority
        bounds = (self.margin, self.floor, self.ceiling, self.tolerance)
        return not self.informs and (bool(declared) or any(bound is not None for bound in bounds))


class Record(Struct, frozen=True, kw_only=True):
    """One record of one task. Large payloads are blobs, named by their SHA-256."""

    name: str
    kind: Kind
    task: str = ""
    cell: int = 0
    """Number of the cell that recorded it."""
    type: str = ""
    """The Python type it had: `float`, `numpy.float64`, `pandas.DataFrame`, `matplotlib.Figure` ..."""
    value: Any = None
    """
    scalar, text, json, profile: the value itself. table, predictions: shape and schema. model: path, size, digest; with
    a probe set also `probe`: its digest, rows, and the seconds that predicting it took.
    """
    special: Literal["nan", "inf", "-inf"] | None = None
    """A float that JSON cannot say; `value` is then None."""
    blob: str | None = None
    """
    Digest of the payload: a table or predictions as Parquet, a figure as PNG (or SVG), of a model what it predicts for
    its probe set, as Parquet.
    """
    media: str | None = None
    """MIME type of `blob`."""
    plotted: str | None = None
    """figure: digest of the plotted data as JSON."""
    rule: Rule = Rule()
    """The rule in force: what the notebook declared, and over it what the configuration says."""
    declared: Rule | None = None
    """What the notebook declared, where the configuration says otherwise."""
    rule_from: dict[str, str] = {}
    """Where a part of the rule came from, if not from the notebook: `margin` to `[gate.rules."auc*"]`."""
    eval_set: str | None = None
    """Digest of the data that it was measured on: values of different data are not compared."""
    unreadable: str | None = None
    """Why the record could not be read; then nothing else of it counts."""
