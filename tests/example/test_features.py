"""No leakage: neither from the future, nor from one day into another, nor from held-out days into training."""

import json
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.example.conftest import ROOT, features, products

HORIZON = 60
OUTCOME = ["dep_delay", "late"]


@pytest.fixture(scope="package")
def tables(september):
    return {name: pl.read_parquet(path) for name, path in september.ingest.items()}


def rebuilt(run, folder, **tables):
    """The features of altered tables."""
    written = products(folder, *tables)
    for name, frame in tables.items():
        frame.write_parquet(written[name])
    return features(run, folder, written, as_of="2013-09-30")


def altered_after(tables, *, day, minute):
    """Another world that is the same up to `minute` of `day`: later departures, cancellations and weather differ."""
    flights, weather = tables["flights"], tables["weather"]
    gone = (pl.col("date") < day) | (
        (pl.col("date") == day) & (pl.col("scheduled") + pl.col("dep_delay").cast(pl.Int32) <= minute)
    )
    # still in the future: at least one minute after now on the day itself
    remaining = pl.when(pl.col("date") == day).then(minute + 1 - pl.col("scheduled")).otherwise(-30).clip(-60)
    other = pl.when(pl.col("id") % 5 == 0).then(None).otherwise((remaining + pl.col("id") * 37 % 200).clip(-60, 1400))
    local = pl.col("time_hour").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    unseen = local + pl.duration(hours=1) > pl.lit(day).cast(pl.Datetime("ms")) + pl.duration(minutes=minute)
    return {
        **tables,
        "flights": flights.with_columns(
            dep_delay=pl.when(gone.fill_null(False)).then("dep_delay").otherwise(other.cast(pl.Int16))
        ),
        "weather": weather.with_columns(
            [
                pl.when(unseen).then(pl.col(name) * 0.5 + 3).otherwise(name).alias(name)
                for name in ("temp", "precip", "visib")
            ]
        ),
    }


@pytest.mark.parametrize("minute", [8 * 60 + 10, 17 * 60 + 30])
def test_another_future_leaves_what_was_known_before_as_it_was(run, september, tables, tmp_path, minute):
    day = date(2013, 8, 30)
    actual = pl.read_parquet(september.features)
    other = rebuilt(run, tmp_path, **altered_after(tables, day=day, minute=minute))

    settled = (pl.col("date") < day) | ((pl.col("date") == day) & (pl.col("scheduled") - HORIZON <= minute))
    # a flight that is cancelled in one of the two worlds has no row there
    in_both = actual.select("id").join(other.select("id"), on="id")
    before, after = (frame.join(in_both, on="id", maintain_order="left").drop(OUTCOME) for frame in (actual, other))

    assert_frame_equal(before.filter(settled), after.filter(settled), check_exact=True)
    of_the_day = before.filter(settled & (pl.col("date") == day))
    assert len(of_the_day) > 100
    # the alteration is not a weak one: what comes later does look different
    later_before, later_after = before.filter(~settled), after.filter(~settled)
    for column in ("airport_delay", "airline_waiting", "destination_waited", "temp"):
        assert (later_before[column].ne_missing(later_after[column])).mean() > 0.1, column


def test_nothing_passes_from_one_day_to_another(run, september, tables, tmp_path):
    day = date(2013, 8, 30)
    jammed = tables["flights"].with_columns(
        dep_delay=pl.when((pl.col("date") == day) & (pl.col("dep_delay").is_not_null()))
        .then(300)
        .otherwise("dep_delay")
        .cast(pl.Int16)
    )
    actual, other = pl.read_parquet(september.features), rebuilt(run, tmp_path, **{**tables, "flights": jammed})

    elsewhere = pl.col("date") != day
    assert_frame_equal(actual.filter(elsewhere), other.filter(elsewhere), check_exact=True)
    assert not actual.filter(~elsewhere).equals(other.filter(~elsewhere))


def test_each_day_has_one_role_and_the_roles_are_as_declared(september):
    rows = pl.read_parquet(september.features)
    days = {role: set(frame["date"]) for (role,), frame in rows.group_by("role")}
    drawn = {date.fromisoformat(day) for day in json.loads((ROOT / "data/evaluation_days.json").read_text())["days"]}
    last = date(2013, 9, 30)

    assert set(days) == {"training", "evaluation", "recent"}
    assert days["evaluation"] == drawn
    assert days["recent"] == {last - timedelta(days=number) for number in range(30)}
    assert not days["training"] & (days["evaluation"] | days["recent"])
    assert len(days["training"]) == 243 - 40


def test_a_shorter_window_trains_on_fewer_days_and_evaluates_on_the_same(run, september, tmp_path):
    rows = features(run, tmp_path, september.ingest, as_of="2013-09-30", training_days=60)
    whole = pl.read_parquet(september.features)

    assert rows.filter(role="training")["date"].min() == date(2013, 7, 3)
    assert_frame_equal(rows.filter(role="evaluation"), whole.filter(role="evaluation"), check_exact=True)


def test_a_revised_evaluation_set_is_noticed(run, tables, tmp_path):
    revised = tables["flights"].with_columns(
        dep_delay=pl.when(pl.col("date") == date(2013, 8, 28)).then(0).otherwise("dep_delay").cast(pl.Int16)
    )

    with pytest.raises(Exception, match=r"evaluation_days.json promises flights with digest") as caught:
        rebuilt(run, tmp_path, **{**tables, "flights": revised})
    assert type(caught.value).__name__ == "ContractError"


def test_a_day_before_the_evaluation_set_is_complete_is_refused(run, september, tmp_path):
    with pytest.raises(Exception, match=r"the evaluation set reaches to 2013-08-28.* or a later day") as caught:
        features(run, tmp_path, september.ingest, as_of="2013-07-31")
    assert type(caught.value).__name__ == "ContractError"


@pytest.mark.parametrize(
    ("as_of", "parameters", "says"),
    [
        ("2013-09-30", {"training_days": 20}, "16 training days between 2013-08-12 and 2013-09-01: 28 are the least"),
        ("2013-08-28", {"recent_days": 1}, "no recent days from 2013-08-28 to 2013-08-28: all are evaluation days"),
    ],
)
def test_too_few_days_for_a_role_are_refused_in_words(run, tables, tmp_path, as_of, parameters, says):
    written = products(tmp_path, *tables)
    for name, frame in tables.items():
        seen = frame.filter(pl.col("date") <= date.fromisoformat(as_of)) if name == "flights" else frame
        seen.write_parquet(written[name])

    with pytest.raises(Exception, match=says) as caught:
        features(run, tmp_path, written, as_of=as_of, **parameters)
    assert type(caught.value).__name__ == "ContractError"


def test_weather_is_never_of_the_hour_of_departure(september, tables):
    """The temperature of a row is that of a report whose hour had ended an hour before departure."""
    rows = pl.read_parquet(september.features).sample(2000, seed=1)
    reports = {
        (origin, hour): temp for origin, hour, temp in tables["weather"].select("origin", "time_hour", "temp").rows()
    }
    hours = dict(tables["flights"].select("id", "time_hour").rows())
    for number, origin, scheduled, temp in rows.select("id", "origin", "scheduled", "temp").rows():
        now = hours[number] + timedelta(minutes=scheduled % 60 - HORIZON)
        ended = now.replace(minute=0) - timedelta(hours=1)
        seen = [reports.get((origin, ended - timedelta(hours=back)), "none") for back in range(6)]
        assert temp == next((value for value in seen if value != "none"), None)
