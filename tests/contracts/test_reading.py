"""A file that is no data ends in words, whatever it is."""

import os
from pathlib import Path

import polars as pl
import pytest

from proofbook.contracts import contract as contracts
from proofbook.contracts.check import check
from proofbook.contracts.reading import UnreadableError, read

TABLE = pl.DataFrame({"id": [1, 2, 3], "price": [1.5, 2.5, 3.5]})
TERMS = 'files = ["data/*"]\n[columns.id]\ntype = "integer"\n[columns.price]\ntype = "number"\n'


def parquet(path: Path) -> None:
    TABLE.write_parquet(path)


def cut(path: Path) -> None:
    TABLE.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])


def rotten(path: Path) -> None:
    TABLE.write_parquet(path)
    content = bytearray(path.read_bytes())
    content[-60:-8] = b"\xff" * 52
    path.write_bytes(content)


def holey(path: Path) -> None:
    TABLE.write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:40] = b"\x00" * 36
    path.write_bytes(content)


BROKEN = {
    "absent": ("a.parquet", lambda path: None, "it is missing"),
    "a folder": ("a.csv", lambda path: path.mkdir(), "it is a folder, no file"),
    "a pipe": ("a.csv", os.mkfifo, "it is a pipe or a device, no file"),
    "empty": ("a.csv", lambda path: path.touch(), "it is empty"),
    "an ending that nobody knows": ("a.xlsx", lambda path: path.touch(), r"ends in '\.xlsx', which is none of"),
    "truncated Parquet": ("a.parquet", cut, "truncated Parquet"),
    "Parquet with a broken footer": ("a.parquet", rotten, "cannot be read as Parquet"),
    "Parquet with a broken page": ("a.parquet", holey, "cannot be read as Parquet"),
    "CSV called Parquet": ("a.parquet", lambda path: path.write_text("id,price\n1,2\n"), "it is no Parquet file"),
    "Parquet called CSV": ("a.csv", parquet, "named as CSV, and is a Parquet file"),
    "Parquet called JSON": ("a.jsonl", parquet, "named as JSON lines, and is a Parquet file"),
    "CSV with a field too many": ("a.csv", lambda path: path.write_text("id,price\n1,2\n1,2,3\n"), "line 3 has 3 fields, the heading 2"),
    "CSV that is not UTF-8": ("a.csv", lambda path: path.write_bytes(b"id,price\n1,2\n\xe9,3\n"), "not UTF-8: byte 0xe9 in line 3"),
    "CSV of NULs": ("a.csv", lambda path: path.write_bytes(b"\0" * 64), "no column may be called"),
    "a broken JSON line": ("a.jsonl", lambda path: path.write_text('{"id": 1}\n{"id":'), "line 2 cannot be read"),
    "JSON that is no object": ("a.jsonl", lambda path: path.write_text('{"id": 1}\n[1]\n'), "line 2 is no object"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_a_breach_in_words(what: str, tmp_path: Path) -> None:
    name, make, said = BROKEN[what]
    path = tmp_path / name
    make(path)
    with pytest.raises(UnreadableError, match=said):
        read(path)
    found, parts = check(path, shown=f"data/{name}", contract=contracts.parse(TERMS, path="contracts/a.toml"))
    (breach,) = found.breaches
    assert breach.policy == "fail"
    assert breach.check == ("missing" if what == "absent" else "unreadable")
    assert breach.line.startswith(f"data/{name}: ")
    assert "\n" not in breach.line
    assert parts is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_breach_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,price\n1,2\n")
    path.chmod(0)
    with pytest.raises(UnreadableError, match="it cannot be read: Permission denied"):
        read(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.tsv", "a.jsonl", "a.ndjson"])
def test_each_format_is_read(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name.endswith("parquet"):
        TABLE.write_parquet(path)
    elif name.endswith(("csv", "tsv")):
        TABLE.write_csv(path, separator="\t" if name.endswith("tsv") else ",")
    else:
        TABLE.write_ndjson(path)
    found, _ = check(path, shown=name, contract=contracts.parse(TERMS, path="contracts/a.toml"))
    assert found.breaches == ()
    assert found.rows == 3
