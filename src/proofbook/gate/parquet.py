"""
A table as it lies in its payload: opened once, read one column at a time, at the rows that are asked for.

Read by Arrow and checked before Polars sees it: on a forged length Polars' own reader asks for exabytes and ends the
process.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from proofbook.gate.outcome import PayloadError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import polars as pl

    from proofbook.gate.registry import Load
    from proofbook.model.record import Record

__all__ = ["Payload", "Selection", "Side", "both"]

Side = Literal["production", "candidate"]


class Payload:
    """
    One side's table. Safe to read from several threads: every reading opens the file anew.

    Args:
        record: A table, or predictions.
        load: The bytes of a blob by digest; one that has `verified` as well names the checked file of a blob, and
            then no more of it is in memory than the columns that are read.
        side: Whose fault it is if the table cannot be read.

    Raises:
        PayloadError: There is no payload, or it is no Parquet, or of a type that Polars does not know.
    """

    def __init__(self, record: Record, *, load: Load, side: Side) -> None:
        import polars as pl
        import pyarrow.parquet as pq

        self._side, self._what = side, record.kind
        if record.blob is None:
            raise PayloadError(f"{self._whose} {self._what} has no payload", side=side)
        try:
            # an optional second door: a loader that keeps blobs as files hands out the file
            verified = getattr(load, "verified", None)
            self._source: Path | bytes = load(record.blob) if verified is None else verified(record.blob)
            file = pq.ParquetFile(self._opened())
            self._metadata = file.metadata
            self.schema: dict[str, pl.DataType] = dict(_polars(file.schema_arrow.empty_table()).schema)
        except (Exception, pl.exceptions.PanicException) as error:  # a panic of Polars is no Exception
            raise self._unreadable(error) from error
        lengths = [self._metadata.row_group(number).num_rows for number in range(self._metadata.num_row_groups)]
        self.starts: tuple[int, ...] = (0, *(sum(lengths[: number + 1]) for number in range(len(lengths))))
        self.rows: int = self.starts[-1]

    @property
    def _whose(self) -> str:
        return "the" if self._side == "candidate" else "production's"

    def _opened(self) -> Any:
        import pyarrow as pa

        if isinstance(self._source, bytes):
            return pa.BufferReader(self._source)
        return pa.OSFile(str(self._source))

    def _unreadable(self, error: BaseException) -> PayloadError:
        found = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return PayloadError(f"{self._whose} {self._what} cannot be read: {found}", side=self._side)

    def groups(self, names: Sequence[str], numbers: Sequence[int]) -> pl.DataFrame:
        """These columns of these row groups. Raises PayloadError where they are damaged."""
        import polars as pl
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(self._opened(), metadata=self._metadata) as file:
                table = file.read_row_groups(list(numbers), columns=list(names), use_threads=False)
            table.validate(full=True)
            return _polars(table).select(names)
        except (Exception, pl.exceptions.PanicException) as error:
            raise self._unreadable(error) from error

    def column(self, name: str, rows: Selection) -> pl.Series:
        """One column at the selected rows, in their order."""
        return self.frame([name], rows).to_series()

    def frame(self, names: Sequence[str], rows: Selection) -> pl.DataFrame:
        """These columns at the selected rows, in their order."""
        import polars as pl

        parts = []
        for number, places in rows.groups:
            part = self.groups(names, [number])
            parts.append(part if places is None else part[places])
        if not parts:
            return pl.DataFrame(schema={name: self.schema[name] for name in names})
        whole = pl.concat(parts, how="vertical") if len(parts) > 1 else parts[0]
        return whole if rows.order is None else whole[rows.order]


def both(production: Record, candidate: Record, *, load: Load) -> tuple[Payload, Payload]:
    """
    Both sides' tables; at the same time, for a file is read to its end to check it before it is opened.

    Raises:
        PayloadError: One cannot be read; the candidate's fault is told first.
    """
    if production.blob == candidate.blob:
        payload = Payload(candidate, load=load, side="candidate")
        return payload, payload
    with ThreadPoolExecutor(2) as pool:
        after = pool.submit(Payload, candidate, load=load, side="candidate")
        before = pool.submit(Payload, production, load=load, side="production")
        now = after.result()
        return before.result(), now


class Selection:
    """
    Rows of one payload: which row groups hold them, and where.

    Args:
        payload: The table.
        rows: Positions of the rows, in any order.
    """

    def __init__(self, payload: Payload, rows: range | npt.NDArray[np.int64]) -> None:
        import numpy as np

        self.rows = rows
        starts = payload.starts
        self.order: npt.NDArray[np.int64] | None = None
        self.groups: list[tuple[int, Any]] = []
        if isinstance(rows, range):
            for number, (start, end) in enumerate(pairwise(starts)):
                first, last = max(start, rows.start), min(end, rows.stop)
                if first < last:
                    whole = last - first == end - start
                    self.groups.append((number, None if whole else slice(first - start, last - start)))
            return
        if len(starts) == 2:
            self.groups = [(0, rows)] if len(rows) else []
            return
        ascending = rows
        if len(rows) > 1 and not bool(np.all(rows[1:] > rows[:-1])):
            order = np.argsort(rows, kind="stable")
            ascending = rows[order]
            self.order = np.empty_like(order)
            self.order[order] = np.arange(len(order))
        bounds = np.searchsorted(ascending, np.array(starts))
        for number, start in enumerate(starts[:-1]):
            places = ascending[bounds[number] : bounds[number + 1]]
            if len(places):
                self.groups.append((number, places - start))


def _polars(table: Any) -> pl.DataFrame:
    """The table as Polars has it; categories as what they stand for."""
    import polars as pl
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, table.column(place).cast(field.type.value_type))
    found = pl.from_arrow(table)
    return found if isinstance(found, pl.DataFrame) else found.to_frame()
