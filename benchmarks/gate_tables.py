"""
Two tables of 1,000,000 rows and 50 columns held against each other by their key, beside datacompy on the same files;
then ten times the rows, and how much memory that takes.

Half of the columns are floats, the others whole numbers, text, truth and times. In one float column and one column of
whole numbers one value in a hundred differs; the candidate's rows are in production's order, or shuffled. Each way is a
process of its own, from its start to its end: reading both files, finding every difference, counting them by column.
datacompy reads with Polars, the newest that it allows, and compares with `PolarsCompare`, the faster of its two. The
counts must be those that were put in, or the benchmark fails.

    python benchmarks/gate_tables.py                      # about two minutes, and 6 GB of disk
    python benchmarks/gate_tables.py --times 0 --rounds 1 # without the large one
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import machine
import numpy as np
import polars as pl
import pyarrow.parquet as pq
from peers import environment
from processes import Taken, compiled, surroundings, timed
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
GROUP = 1_000_000
"""Rows that are made, and written as a row group, at a time."""
DATACOMPY = """
import json, sys
import datacompy, polars as pl
found = datacompy.PolarsCompare(*map(pl.read_parquet, sys.argv[1:3]), join_columns="id", rel_tol=1e-9)
print(json.dumps({one["column"]: one["unequal_cnt"] for one in found.column_stats if one["unequal_cnt"]}))
"""


def _frame(rows: int, *, start: int, seed: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    columns: dict[str, Any] = {"id": np.arange(start, start + rows) * 7 + 3}
    columns |= {f"float{n}": draw.normal(size=rows) for n in range(25)}
    columns |= {f"int{n}": draw.integers(0, 10 ** (1 + n % 6), rows) for n in range(11)}
    columns |= {f"text{n}": pl.Series(draw.integers(0, 10 ** (2 + n % 4), rows)).cast(pl.String) for n in range(8)}
    columns |= {f"truth{n}": draw.random(rows) < 0.1 for n in range(2)}
    columns |= {
        f"time{n}": pl.Series(draw.integers(13 * 10**14, 14 * 10**14, rows)).cast(pl.Datetime("us")) for n in range(3)
    }
    return pl.DataFrame(columns)


def _changed(frame: pl.DataFrame, *, seed: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """The frame with one value in a hundred of two columns changed, and how many these are."""
    draw = np.random.default_rng([seed, 1])
    chosen = {name: pl.Series(draw.random(frame.height) < 0.01) for name in ("float3", "int2")}
    after = frame.with_columns(
        pl.when(chosen["float3"]).then(pl.col("float3") * 1.01).otherwise("float3").alias("float3"),
        pl.when(chosen["int2"]).then(pl.col("int2") + 1).otherwise("int2").alias("int2"),
    )
    return after, {name: int(rows.sum()) for name, rows in chosen.items()}


def _write(folder: Path, rows: int, *, shuffled: bool) -> dict[str, int]:
    """Both tables as Parquet, portion by portion; how many cells differ in which column."""
    writers: dict[str, pq.ParquetWriter] = {}
    total: dict[str, int] = {}
    folder.mkdir()
    starts = list(range(0, rows, GROUP))
    # the candidate's portions are in another order as well as its rows
    for side, order in (("production", starts), ("candidate", starts[::-1] if shuffled else starts)):
        for start in order:
            frame = _frame(min(GROUP, rows - start), start=start, seed=start)
            if side == "candidate":
                frame, cells = _changed(frame, seed=start)
                total = {name: total.get(name, 0) + number for name, number in cells.items()}
            if side == "candidate" and shuffled:
                frame = frame.sample(fraction=1, shuffle=True, seed=start)
            table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
            if side not in writers:
                writers[side] = pq.ParquetWriter(folder / f"{side}.parquet", table.schema, compression="zstd")
            writers[side].write_table(table, row_group_size=GROUP)
        writers[side].close()
    return total


def _ours(folder: Path) -> None:
    """Compare as the gate does: this runs in a process of its own."""
    from proofbook.gate import comparators, registry
    from proofbook.model.record import Record, Rule

    assert comparators  # registers our own

    class Files:
        """What a store does for payloads that are files: they are read to their end first, and their hash checked."""

        def __call__(self, digest: str) -> bytes:
            return self.verified(digest).read_bytes()

        def verified(self, digest: str) -> Path:
            from proofbook.disk import atomic

            atomic.digest_of(folder / digest)
            return folder / digest

    sides = [
        Record(name="t", kind="table", blob=f"{side}.parquet", rule=Rule(key=("id",)))
        for side in ("production", "candidate")
    ]
    found = registry.compare(*sides, load=Files(), keep=lambda _: "")
    print(json.dumps({name: one["rows"] for name, one in found.evidence["columns"].items()}))


def _checked(taken: Taken, expected: Mapping[str, int]) -> Taken:
    found = json.loads(taken.output.strip().splitlines()[-1])
    if found != expected:
        sys.exit(f"found {found}, and {dict(expected)} differ")
    return taken


def main() -> None:
    """Write the tables, compare them in turns, print Markdown."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=10, help="how many times the rows the large table has; 0: none")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        _ours(options.ours)
        return
    peer = environment("datacompy", lock="datacompy.lock")
    compiled(Path(sys.prefix), ROOT / "src")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder, home = Path(place), Path(place, "home")
        home.mkdir()
        result = Result("gate_tables", machine=machine.describe(folder, peers=peer))
        variables = {"ours": surroundings(Path(sys.prefix), home), "peer": surroundings(peer, home)}

        def ours(where: Path, expected: Mapping[str, int]) -> Taken:
            words = ["python", str(Path(__file__)), "--ours", str(where)]
            return _checked(timed(words, cwd=ROOT, variables=variables["ours"]), expected)

        def theirs(where: Path, expected: Mapping[str, int]) -> Taken:
            words = ["python", "-c", DATACOMPY, str(where / "production.parquet"), str(where / "candidate.parquet")]
            return _checked(timed(words, cwd=ROOT, variables=variables["peer"]), expected)

        expected = {}
        for shuffled, name in ((False, "same order"), (True, "shuffled")):
            expected[name] = _write(folder / name, options.rows, shuffled=shuffled)
        ways = {
            f"{who}, {name}": (lambda way=way, name=name: way(folder / name, expected[name]))
            for who, way in (("proofbook", ours), ("datacompy", theirs))
            for name in expected
        }
        result.rounds(options.rounds, ways)
        for name in expected:
            result.reach(f"proofbook, {name}: s", result.median(f"proofbook, {name}"), most=3.0)
            peak = max(one.own_peak for one in result.taken(f"proofbook, {name}"))
            result.reach(f"proofbook, {name}: GB at most", peak / 1e9, most=3.0)
            ratio = result.ratio(f"datacompy, {name}", f"proofbook, {name}")
            result.reach(f"{name}: times as fast as datacompy", ratio, least=1.0)
        if options.times:
            large = folder / "large"
            differ = _write(large, options.rows * options.times, shuffled=True)
            name = f"proofbook, shuffled, {options.times} times the rows"
            result.add(name, ours(large, differ))
            result.reach(f"{name}: GB at most", result.taken(name)[0].own_peak / 1e9, most=3.0)
        _markdown(result, options.rows, [*ways, *([name] if options.times else [])])
        result.end(options)


def _markdown(result: Result, rows: int, names: list[str]) -> None:
    print(f"\n| {rows:,} rows, 50 columns, by key | s, median | CPU s | GB, at most |\n|---|---|---|---|")
    for name in names:
        taken = result.taken(name)
        cpu = sorted(one.cpu for one in taken)[len(taken) // 2]
        peak = max(one.own_peak for one in taken) / 1e9
        print(f"| {name} | {result.median(name):.2f} | {cpu:.2f} | {peak:.2f} |")


if __name__ == "__main__":
    main()
