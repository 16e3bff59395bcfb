"""The data contract of the ingest notebook: each kind of bad data gets the declared policy, and a message."""

import shutil

import polars as pl
import pytest

from tests.example.conftest import ROOT, products


@pytest.fixture
def january(tmp_path):
    """A copy of the data that ends with January."""
    for name in ("flights/2013-01", "weather/2013-01", "planes", "airports", "airlines"):
        target = tmp_path / "data" / f"{name}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "data" / f"{name}.parquet", target)
    return tmp_path / "data"


@pytest.fixture
def ingest(run, january, tmp_path):
    def ingest(*, as_of="2013-01-31"):
        product = products(tmp_path, "flights", "weather", "aircraft")
        records = run("ingest", data=str(january), as_of=as_of, product=product).records
        return {name: pl.read_parquet(path) for name, path in product.items()}, records

    return ingest


def rewrite(path, change):
    change(pl.read_parquet(path)).write_parquet(path)


def first(column, value):
    """Give `column` another value in the first row."""
    return lambda frame: frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 0)
        .then(pl.lit(value, dtype=frame[column].dtype))
        .otherwise(pl.col(column))
        .alias(column)
    )


def test_nothing_after_as_of_is_seen(ingest):
    tables, records = ingest(as_of="2013-01-15")

    assert str(tables["flights"]["date"].max()) == "2013-01-15"
    assert (
        tables["weather"]["time_hour"].dt.convert_time_zone("America/New_York").dt.date().max()
        == tables["flights"]["date"].max()
    )
    assert records["flights_ingested"] == len(tables["flights"])


@pytest.mark.parametrize("as_of", ["yesterday", "2013-02-30", "2014-01-01", ""])
def test_an_as_of_that_makes_no_sense_is_refused(ingest, as_of):
    with pytest.raises(Exception, match="as_of is") as caught:
        ingest(as_of=as_of)
    assert type(caught.value).__name__ == "ContractError"


def test_a_missing_month_is_named(ingest):
    with pytest.raises(Exception, match=r"2013-02.parquet is missing: flights must be complete up to 2013-02-10"):
        ingest(as_of="2013-02-10")


def test_a_missing_column_is_named(ingest, january):
    rewrite(january / "weather/2013-01.parquet", lambda frame: frame.drop("visib"))

    with pytest.raises(Exception, match=r"weather/2013-01.parquet: column 'visib' is missing"):
        ingest()


def test_a_column_of_another_type_is_named(ingest, january):
    rewrite(january / "flights/2013-01.parquet", lambda frame: frame.with_columns(pl.col("dep_delay").cast(pl.Float64)))

    with pytest.raises(
        Exception, match=r"flights/2013-01.parquet: column 'dep_delay' is Float64, the contract says Int16"
    ):
        ingest()


@pytest.mark.parametrize(
    ("table", "change", "says"),
    [
        ("flights/2013-01", lambda frame: pl.concat([frame, frame.head(1)]), "2 rows break 'one row a flight'"),
        ("flights/2013-01", first("carrier", None), "1 rows break 'schedule and route known'"),
        ("flights/2013-01", first("dep_delay", None), "1 rows break 'known exactly when dep_time is'"),
        ("flights/2013-01", first("origin", "BOS"), "1 rows break 'EWR, JFK or LGA'"),
        ("flights/2013-01", first("carrier", "??"), "1 rows break 'in the list of airlines'"),
        (
            "flights/2013-01",
            lambda frame: frame.filter((pl.col("day") != 7) | (pl.col("origin") != "LGA")),
            "no flight from LGA on 1 days",
        ),
        (
            "weather/2013-01",
            lambda frame: pl.concat([frame, frame.head(1)]),
            "2 rows break 'one row an airport and hour'",
        ),
        ("planes", lambda frame: pl.concat([frame, frame.head(1)]), "2 rows break 'one row a tail number'"),
    ],
)
def test_what_makes_every_later_number_doubtful_stops_the_build(ingest, january, table, change, says):
    rewrite(january / f"{table}.parquet", change)

    with pytest.raises(Exception, match=says) as caught:
        ingest()
    assert type(caught.value).__name__ == "ContractError"


@pytest.mark.parametrize(("column", "value"), [("dep_delay", 2000), ("distance", 0), ("hour", 77), ("minute", 99)])
def test_a_row_that_cannot_be_true_is_dropped_and_counted(ingest, january, column, value):
    usual, _ = ingest()
    rewrite(january / "flights/2013-01.parquet", first(column, value))

    tables, records = ingest()

    broken = records["contract"].filter(pl.col("rows") > 0).select("table", "column", "policy", "rows").rows()
    assert broken == [("flights", column, "drop", 1)]
    assert len(tables["flights"]) == len(usual["flights"]) - 1


@pytest.mark.parametrize(
    ("file", "table", "column", "value"),
    [
        *[("weather/2013-01", "weather", column, -1000.0) for column in ("temp", "humid", "wind_speed", "wind_gust")],
        *[("weather/2013-01", "weather", column, -1000.0) for column in ("precip", "pressure", "visib")],
        ("planes", "aircraft", "year", 1066),
        ("planes", "aircraft", "seats", 0),
    ],
)
def test_an_impossible_value_is_blanked_and_counted(ingest, january, file, table, column, value):
    usual, _ = ingest()
    rewrite(january / f"{file}.parquet", first(column, value))

    tables, records = ingest()

    broken = records["contract"].filter(pl.col("rows") > 0).select("column", "policy", "rows").rows()
    assert broken == [(column, "blank", 1)]
    written = {"year": "built"}.get(column, column)
    assert len(tables[table]) == len(usual[table])
    assert tables[table][written].null_count() >= usual[table][written].null_count()
    assert value not in tables[table][written]


def test_the_reading_of_a_thousand_miles_an_hour_is_blanked(september):
    weather = pl.read_parquet(september.ingest["weather"])

    assert weather["wind_speed"].max() < 60
    contract = september.records["contract"].filter(pl.col("rows") > 0)
    assert contract.select("table", "column", "policy", "rows").rows() == [("weather", "wind_speed", "blank", 1)]


def test_a_day_without_weather_reports_still_goes_through(run, tmp_path):
    product = products(tmp_path, "flights", "weather", "aircraft")

    run("ingest", as_of="2013-12-31", product=product)

    assert pl.scan_parquet(product["flights"]).select(pl.len()).collect().item() == 336_776
