"""Reads a data file whole, or says in words why it cannot be read: no file, however broken, ends in a traceback."""

import csv
import io
import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from proofbook.exceptions import UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FORMATS", "Table", "UnreadableError", "read"]

FORMATS = {
    ".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_NAMES = {"parquet": "Parquet", "csv": "CSV", "jsonl": "JSON lines"}
_PARQUET = b"PAR1"


class UnreadableError(UsageError):
    """A data file is not there, or is not what its name says. The message names no file: who catches it does."""

    def __init__(self, message: str, *, check: str = "unreadable") -> None:
        super().__init__(message)
        self.check = check


class Table(Struct, frozen=True):
    """A file's rows."""

    format: str
    frame: "pl.DataFrame"
    """CSV as text, all of it: what is malformed must still be there to be shown."""
    separator: str = ","


def read(path: Path) -> Table:
    """
    Read all of `path`.

    Raises:
        UnreadableError: It is missing, a folder, empty, truncated, of another format than its name says ...
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise UnreadableError(f"its name ends in {path.suffix!r}, which is none of {', '.join(FORMATS)}")
    _refuse_other(path, form)
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        frame = _frame(path, form, separator)
    except UnreadableError:
        raise
    except MemoryError:
        raise UnreadableError("it does not fit into memory") from None
    except BaseException as error:
        # a panic of Polars is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise UnreadableError(_why(path, form, separator, error)) from None
    if not frame.width:
        raise UnreadableError("it has no columns")
    odd = [name for name in frame.columns if "\0" in name or name.startswith("proofbook r")]
    if odd:
        raise UnreadableError(f"no column may be called {odd[0]!r}")
    return Table(form, frame, separator)


def _refuse_other(path: Path, form: str) -> None:
    """Refuse a file that begins, or ends, unlike what its name says."""
    head, tail = _ends(path)
    is_parquet = head == _PARQUET
    if is_parquet and form != "parquet":
        raise UnreadableError(f"it is named as {_NAMES[form]}, and is a Parquet file")
    if form == "parquet" and not is_parquet:
        raise UnreadableError("it is no Parquet file: it does not begin like one")
    if form == "parquet" and tail != _PARQUET:
        raise UnreadableError("it is a truncated Parquet file: its end is missing")


def _ends(path: Path) -> tuple[bytes, bytes]:
    try:
        # to open a pipe would wait for who writes to it
        if not stat.S_ISREG(mode := path.stat().st_mode) and not stat.S_ISDIR(mode):
            raise UnreadableError("it is a pipe or a device, no file")
        with path.open("rb") as file:
            head = file.read(4)
            size = file.seek(0, 2)
            file.seek(max(0, size - 4))
            tail = file.read(4)
    except FileNotFoundError:
        raise UnreadableError("it is missing", check="missing") from None
    except IsADirectoryError:
        raise UnreadableError("it is a folder, no file") from None
    except OSError as error:
        raise UnreadableError(f"it cannot be read: {error.strerror}") from None
    if not size:
        raise UnreadableError("it is empty")
    return head, tail


def _frame(path: Path, form: str, separator: str) -> "pl.DataFrame":
    import polars as pl

    if form == "parquet":
        # one file, whatever characters its name has
        return pl.read_parquet(path, glob=False, hive_partitioning=False)
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"it is not UTF-8: byte 0x{content[error.start]:02x} in line {line}") from None
    if form == "csv":
        return pl.read_csv(io.BytesIO(content), infer_schema=False, separator=separator)
    return pl.read_ndjson(io.BytesIO(content), infer_schema_length=None)


def _why(path: Path, form: str, separator: str, error: BaseException) -> str:
    """What is wrong with it, with the line where that can be told."""
    if form == "csv":
        found = _ragged(path, separator)
    elif form == "jsonl":
        found = _broken(path)
    else:
        found = None
    said = re.sub(r"\s+", " ", str(error).strip().partition("\n")[0])[:200]
    return found or f"it cannot be read as {_NAMES[form]}: {said}"


def _ragged(path: Path, separator: str) -> str | None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=separator, strict=True)
        try:
            width = len(next(rows, []))
            for row in rows:
                if row and len(row) != width:
                    return f"it is broken CSV: line {rows.line_num} has {len(row)} fields, the heading {width}"
        except csv.Error as error:
            return f"it is broken CSV: line {rows.line_num}: {error}"
    return None


def _broken(path: Path) -> str | None:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                found = json.loads(line) if line.strip() else {}
            except ValueError:
                return f"it is broken JSON: line {number} cannot be read"
            if not isinstance(found, dict):
                return f"it is no JSON lines: line {number} is no object"
    return None
