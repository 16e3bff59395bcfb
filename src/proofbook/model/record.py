"""One named value that a notebook declares to count, and the rule it declared for it."""

from typing import Any, Literal

from msgspec import Struct

__all__ = ["Kind", "Record", "Rule"]

Kind = Literal["scalar", "text", "json", "table", "figure", "model", "profile"]


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What the author said about a record, at `record(...)`.

    A record whose rule declares a direction, margin, floor, ceiling, tolerance or exactness *gates*; the others inform.
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
    informs: bool = False
    """Set by `record(..., informs=True)`: shown, never gates, whatever else is declared."""

    @property
    def gates(self) -> bool:
        """Whether a bad comparison of this record stops a release."""
        declared = self.better or self.exact
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
    """scalar, text, json, profile: the value itself. table: its shape and schema. model: path, size, digest."""
    special: Literal["nan", "inf", "-inf"] | None = None
    """A float that JSON cannot say; `value` is then None."""
    blob: str | None = None
    """Digest of the payload: a table as Parquet, a figure as PNG (or SVG), a model file's bytes."""
    media: str | None = None
    """MIME type of `blob`."""
    plotted: str | None = None
    """figure: digest of the plotted data as JSON."""
    rule: Rule = Rule()
    unreadable: str | None = None
    """Why the record could not be read; then nothing else of it counts."""
