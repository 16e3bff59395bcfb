"""What `proofbook contract infer` writes: a contract that the files keep, with slack, that people can go on with."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.cli.contract import contract as command
from proofbook.contracts import contract as contracts
from proofbook.contracts.check import check
from proofbook.contracts.infer import infer
from proofbook.contracts.measure import measure
from proofbook.exceptions import UsageError

PROJECT = Path(__file__).parents[2]


def of(*paths: Path, named: str = "data/*.parquet") -> str:
    return infer([measure(path, shown=path.name) for path in paths], named=named)


def checks(text: str, path: Path) -> list[str]:
    found, _ = check(path, shown=path.name, contract=contracts.parse(text, path="contracts/t.toml"))
    return [one.check for one in found.breaches]


@pytest.mark.parametrize("name", ["weather", "flights"])
def test_what_is_inferred_of_some_months_is_kept_by_them_and_seen_to_be_broken_by_another_unit(
    name: str, tmp_path: Path
) -> None:
    months = [PROJECT / f"data/{name}/2013-{month:02}.parquet" for month in (2, 3)]
    text = of(*months)
    terms = contracts.parse(text, path="contracts/t.toml").terms
    assert terms.period == contracts.Period(column="time_hour", name="%Y-%m", zone="America/New_York")
    assert terms.columns["time_hour"].parts == {"year": "year", "month": "month", "day": "day", "hour": "hour"} or (
        name == "flights" and terms.columns["time_hour"].parts["hour"] == "hour"
    )
    assert [checks(text, path) for path in months] == [[], []]
    column, change = (
        ("pressure", pl.col("pressure") * 100) if name == "weather" else ("distance", pl.col("distance") * 1.6)
    )
    kept = pl.read_parquet_schema(months[0])[column]
    path = tmp_path / months[0].name
    pl.read_parquet(months[0]).with_columns(change.cast(kept).alias(column)).write_parquet(path)
    assert {"median", "spread"} & set(checks(text, path))


def test_the_same_files_give_the_same_contract_to_the_last_character() -> None:
    path = PROJECT / "data/planes.parquet"
    assert of(path) == of(path)


def test_a_value_far_from_all_others_is_asked_about() -> None:
    text = of(PROJECT / "data/weather/2013-02.parquet")
    (line,) = [line for line in text.splitlines() if "is that real?" in line]
    assert "seen 0 to 1048.36" in line


VALUES = {
    "integer": st.integers(-(2**31), 2**31 - 1),
    "float": st.floats(allow_nan=True, allow_infinity=True, width=32),
    "text": st.text(max_size=6),
    "flag": st.booleans(),
    "day": st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    "moment": st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - naive ones are of these
}


@settings(max_examples=30)
@given(data=st.data(), rows=st.integers(1, 12))
def test_whatever_a_file_holds_it_keeps_the_contract_inferred_of_it(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, rows: int
) -> None:
    columns = {
        f'{name} "é': pl.Series(data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), dtype=kind)
        for (name, values), kind in zip(
            VALUES.items(), [pl.Int64, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Datetime("us")], strict=True
        )
    }
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    pl.DataFrame(columns).write_parquet(path)
    assert checks(of(path, named="t.parquet"), path) == []


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_text_formats_get_types_that_text_can_be_read_as(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{ending}"
    start = datetime(2020, 1, 1, tzinfo=UTC).date()
    frame = pl.DataFrame({"id": range(30), "x": [number / 4 for number in range(30)], "day": [start + timedelta(days=number) for number in range(30)]})  # fmt: skip
    frame.write_csv(path) if ending == "csv" else frame.write_ndjson(path)
    text = of(path, named=path.name)
    terms = contracts.parse(text, path="contracts/t.toml").terms
    assert [column.type for column in terms.columns.values()] == [
        "integer",
        "number",
        "date" if ending == "csv" else "text",
    ]
    assert checks(text, path) == []


def test_the_command_writes_what_is_not_there_and_never_over_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for month in ("2020-01", "2020-02"):
        pl.DataFrame({"id": [1, 2], "day": [date.fromisoformat(f"{month}-03")] * 2}).write_csv(f"data/{month}.csv")
    pl.DataFrame({"name": ["x"]}).write_parquet("data/names.parquet")
    run = CliRunner()
    shown = run.invoke(command, ["infer", "data"])
    assert shown.exit_code == 0, shown.output
    assert "nothing was written" in shown.output
    assert not (tmp_path / "contracts").exists()
    assert run.invoke(command, ["infer", "data", "--write"], standalone_mode=False).exception is None
    assert sorted(path.name for path in (tmp_path / "contracts").iterdir()) == ["data.toml", "names.toml"]
    edited = tmp_path / "contracts/data.toml"
    edited.write_text(edited.read_text() + "# mine\n")
    again = run.invoke(command, ["infer", "data", "--write"], standalone_mode=False)
    assert isinstance(again.exception, UsageError)
    assert str(again.exception) == "contracts/data.toml is there, and may have been edited: --force writes over it"
    assert edited.read_text().endswith("# mine\n")
    run.invoke(command, ["infer", "data", "--write", "--force"], standalone_mode=False)
    assert not edited.read_text().endswith("# mine\n")


def test_the_command_checks_says_each_breach_and_ends_with_one_for_one_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    for name in ("t", "bare"):
        (tmp_path / f"data/{name}.csv").write_text("id\n1\n2\n")
    (tmp_path / "proofbook.toml").write_text('[data]\nread = ["data/*.csv"]\n')
    run = CliRunner()
    run.invoke(command, ["infer", "data/t.csv", "--write"], standalone_mode=False)
    good = run.invoke(command, ["check"], standalone_mode=False)
    assert good.return_value == 0
    assert "contracts/t.toml: 1 file, kept" in good.output
    assert "no contract speaks of data/bare.csv" in good.output
    (tmp_path / "data/t.csv").write_text("id\n1\nx\n")
    bad = run.invoke(command, ["check", "data/t.csv"], standalone_mode=False)
    assert bad.return_value == 1
    assert (
        "data/t.csv: column id: 1 of 2 rows that cannot be read as integer, first x in row 2 (malformed: fail)"
        in bad.output
    )
    told = json.loads(run.invoke(command, ["check", "--json"], standalone_mode=False).output)
    assert told["failed"] is True
    assert told["without_contract"] == ["data/bare.csv"]
    (tmp_path / "data/t.csv").unlink()
    gone = run.invoke(command, ["check"], standalone_mode=False)
    assert gone.return_value == 1
    assert "data/t.csv: it is missing" in gone.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing.csv", "there is no such file"),
        ("/elsewhere.csv", "there is no such file"),
        ("t.txt", "none of .parquet"),
    ],
)
def test_what_nothing_can_be_inferred_of_is_said_in_one_line(
    given: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.txt").write_text("x")
    result = CliRunner().invoke(command, ["infer", given], standalone_mode=False)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
