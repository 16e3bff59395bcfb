"""Takes a file apart: the rows that a task gets, as they were, and those that it does not, with the reasons."""

from typing import TYPE_CHECKING

from msgspec import Struct

from proofbook.contracts.reading import Table
from proofbook.contracts.rules import ROW, Rule, column_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Split", "split"]

_REASON = "proofbook reason"


class Split(Struct, frozen=True, kw_only=True):
    """The two files."""

    clean: bytes
    aside: bytes
    rows: int


def split(table: Table, found: "pl.DataFrame", aside: list[tuple[int, Rule]]) -> Split:
    """
    Split a file.

    Args:
        table: All rows.
        found: The rows that break a rule: their index, and a truth value for each rule.
        aside: The rules whose policy is `quarantine`, each with its number.
    """
    import polars as pl

    reasons = [
        pl.when(pl.col(column_of(number))).then(pl.lit(f"{rule.column}: {rule.said}" if rule.column else rule.said))
        for number, rule in aside
    ]
    any_of = pl.any_horizontal(pl.col(column_of(number)) for number, _ in aside)
    out = found.filter(any_of).select(
        pl.col(ROW).cast(pl.UInt32), pl.concat_str(reasons, separator="; ", ignore_nulls=True).alias(_REASON)
    )
    numbered = table.frame.with_row_index(ROW)
    bad = numbered.join(out, on=ROW, how="inner", maintain_order="left")
    clean = numbered.join(out, on=ROW, how="anti", maintain_order="left").drop(ROW)
    row, reason = (_free(name, table.frame.columns) for name in ("row", "reason"))
    shown = bad.select(
        # as people count: from 1, and the heading of a CSV is no row
        (pl.col(ROW) + 1).alias(row),
        pl.col(_REASON).alias(reason),
        *(_flat(name, kind) for name, kind in table.frame.schema.items()),
    )
    return Split(clean=_bytes(table, clean), aside=shown.write_csv().encode(), rows=bad.height)


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name = f"{name}_"
    return name


def _flat(name: str, kind: "pl.DataType") -> "pl.Expr":
    """A column as CSV can hold it."""
    import polars as pl

    if kind.is_nested():
        return pl.col(name).map_elements(
            lambda one: str(one.to_list() if isinstance(one, pl.Series) else one), return_dtype=pl.String
        )
    if kind == pl.Binary:
        return pl.col(name).bin.encode("hex")
    return (
        pl.col(name).cast(pl.String) if kind.base_type().__name__ in {"Object", "Categorical", "Enum"} else pl.col(name)
    )


def _bytes(table: Table, frame: "pl.DataFrame") -> bytes:
    import io

    into = io.BytesIO()
    if table.format == "parquet":
        frame.write_parquet(into)
    elif table.format == "csv":
        frame.write_csv(into, separator=table.separator)
    else:
        frame.write_ndjson(into)
    return into.getvalue()
