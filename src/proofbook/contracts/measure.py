"""What a file's columns look like: the figures from which a contract is inferred."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from proofbook.contracts import types
from proofbook.contracts.reading import read

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Measured", "Seen", "measure"]

_FEW = 50
"""Distinct values up to which they are kept, as they may be all there are."""
_TEXTS = 100_000


class Measured(Struct, frozen=True, kw_only=True):
    """One column of one file."""

    type: str
    rows: int
    nulls: int
    distinct: int
    values: tuple[Any, ...] = ()
    """All values, where they are few and of text, or true and false."""
    low: Any = None
    high: Any = None
    median: float = 0.0
    spread: float = 0.0
    """From the 5% to the 95% quantile."""
    finite: bool = True
    alphabet: str = ""
    """Of text: the characters that occur in it."""
    lengths: tuple[int, int] = (0, 0)


class Seen(Struct, frozen=True, kw_only=True):
    """One file."""

    name: str
    stem: str
    rows: int
    columns: dict[str, Measured]
    frame: Any


def measure(path: Path, *, shown: str) -> Seen:
    """
    Look at a file.

    Raises:
        UnreadableError: It cannot be read.
    """
    table = read(path)
    frame = table.frame
    if table.format == "csv":
        frame = _typed(path, table.separator)
    columns = {name: _column(frame[name], exact=table.format == "parquet") for name in frame.columns}
    return Seen(name=shown, stem=path.stem, rows=frame.height, columns=columns, frame=frame)


def _typed(path: Path, separator: str) -> "pl.DataFrame":
    import polars as pl

    return pl.read_csv(
        io.BytesIO(path.read_bytes()), separator=separator, infer_schema_length=None, try_parse_dates=True
    )


def _column(values: "pl.Series", *, exact: bool) -> Measured:
    kind = types.name_of(values.dtype)
    if not exact and types.matches(kind, "integer"):
        kind = "integer"
    elif not exact and types.matches(kind, "number"):
        kind = "number"
    known = values.drop_nulls()
    figures: dict[str, Any] = {"type": kind, "rows": len(values), "nulls": values.null_count()}
    if values.dtype.is_nested():
        return Measured(**figures, distinct=0)
    figures["distinct"] = known.n_unique()
    if kind in {types.TEXT, "category", "bool"} and figures["distinct"] <= _FEW:
        figures["values"] = tuple(sorted(known.cast(known.dtype if kind == "bool" else _text()).unique().to_list()))
    if kind == types.TEXT and len(known):
        lengths: Any = known.str.len_chars()
        figures["lengths"] = (int(lengths.min()), int(lengths.max()))
        figures["alphabet"] = "".join(sorted(set("".join(known.unique()[:_TEXTS].to_list()))))
    if types.is_number(kind):
        figures |= _numbers(known)
    elif types.is_temporal(kind) and len(known):
        figures |= {"low": known.min(), "high": known.max()}
    return Measured(**figures)


def _numbers(known: "pl.Series") -> dict[str, Any]:
    finite = True
    if known.dtype.is_float():
        sized = known.filter(known.is_finite())
        finite = len(sized) == len(known)
        known = sized
    if not len(known):
        return {"finite": finite}
    quantiles: Any = [known.quantile(share) for share in (0.05, 0.5, 0.95)]
    low, high = (known.min(), known.max())
    plain = [float(one) if isinstance(one, float) or not isinstance(one, int) else one for one in (low, high)]  # type: ignore[arg-type]
    return {
        "finite": finite, "low": plain[0], "high": plain[1],
        "median": float(known.median()), "spread": float(quantiles[2]) - float(quantiles[0]),  # type: ignore[arg-type]
    }  # fmt: skip


def _text() -> Any:
    import polars as pl

    return pl.String
