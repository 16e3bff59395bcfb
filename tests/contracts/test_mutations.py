"""
Each column of the flights data, corrupted in each known way: every corruption ends as the contract declares.

The rows are real: a month of flights, a month of weather, the registers. `CASES` says for each column and kind what
must be found (check and policy), `MEANINGLESS` where there is nothing to find, and why.
"""

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofbook.contracts import contract as contracts
from proofbook.contracts.check import check
from proofbook.contracts.contract import Contract

PROJECT = Path(__file__).parents[2]
FILES = {
    "flights": "data/flights/2013-03.parquet",
    "weather": "data/weather/2013-03.parquet",
    "planes": "data/planes.parquet",
    "airports": "data/airports.parquet",
    "airlines": "data/airlines.parquet",
}
KINDS = ("absent", "missing", "malformed", "out of range", "duplicated", "shifted", "wrong unit")
AT = [3, 11, 12]
"""The rows that are corrupted, where it is rows."""

MANY = "one value stands in many rows, and may"
NO_TIME = "it tells no time"
NO_UNIT = "it has no unit"
CODE = "a part of the date or a number as a name: there is no other unit"
OPEN = "any well-formed name may come: the contract lists none"
RARE = "nearly all rows lack it anyway"

# table -> column -> kind -> (check, policy), or the reason why there is nothing to find. `absent` and a number or a
# moment that comes as text are the same for all columns: see `expected`.
CASES: dict[str, dict[str, dict[str, tuple[str, str] | str]]] = {
    "flights": {
        "year": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": ("key", "fail"), "shifted": ("parts", "fail"), "wrong unit": CODE},
        "month": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": ("key", "fail"), "shifted": ("parts", "fail"), "wrong unit": CODE},
        "day": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": ("key", "fail"), "shifted": ("parts", "fail"), "wrong unit": CODE},
        "dep_time": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("spread", "fail"), "wrong unit": ("median", "fail")},
        "sched_dep_time": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("spread", "fail"), "wrong unit": ("median", "fail")},
        "dep_delay": {"missing": ("nulls", "fail"), "out of range": ("range", "quarantine"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("spread", "fail")},
        "arr_time": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("spread", "fail"), "wrong unit": ("median", "fail")},
        "sched_arr_time": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("spread", "fail"), "wrong unit": ("median", "fail")},
        "arr_delay": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("spread", "fail")},
        "carrier": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": ("categories", "warn"), "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "flight": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": CODE},
        "tailnum": {"missing": ("nulls", "fail"), "malformed": ("pattern", "quarantine"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "origin": {"missing": ("nulls", "fail"), "malformed": ("categories", "fail"), "out of range": ("categories", "fail"), "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "dest": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "air_time": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("spread", "fail")},
        "distance": {"missing": ("nulls", "fail"), "out of range": ("range", "quarantine"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("spread", "fail")},
        "hour": {"missing": ("nulls", "fail"), "out of range": ("range", "quarantine"), "duplicated": ("key", "fail"), "shifted": ("parts", "fail"), "wrong unit": CODE},
        "minute": {"missing": ("nulls", "fail"), "out of range": ("range", "quarantine"), "duplicated": ("key", "fail"), "shifted": "no column but itself tells the minute", "wrong unit": CODE},
        "time_hour": {"missing": ("nulls", "fail"), "out of range": ("period", "fail"), "duplicated": MANY, "shifted": ("parts", "fail"), "wrong unit": ("type", "fail")},
    },
    "weather": {
        "origin": {"missing": ("nulls", "fail"), "malformed": ("categories", "fail"), "out of range": ("categories", "fail"), "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "year": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("parts", "fail"), "wrong unit": CODE},
        "month": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("parts", "fail"), "wrong unit": CODE},
        "day": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("parts", "fail"), "wrong unit": CODE},
        "hour": {"missing": ("nulls", "fail"), "out of range": ("range", "fail"), "duplicated": MANY, "shifted": ("parts", "fail"), "wrong unit": CODE},
        "temp": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "dewp": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "humid": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "wind_dir": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "wind_speed": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "wind_gust": {"missing": RARE, "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "precip": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("range", "warn")},
        "pressure": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "visib": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "time_hour": {"missing": ("nulls", "fail"), "out of range": ("period", "fail"), "duplicated": ("key", "fail"), "shifted": ("parts", "fail"), "wrong unit": ("type", "fail")},
    },
    "planes": {
        "tailnum": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "year": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": ("median", "fail"), "wrong unit": ("median", "fail")},
        "type": {"missing": ("nulls", "fail"), "malformed": ("categories", "warn"), "out of range": ("categories", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "manufacturer": {"missing": ("nulls", "fail"), "malformed": ("pattern", "warn"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "model": {"missing": ("nulls", "fail"), "malformed": ("pattern", "warn"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "engines": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "seats": {"missing": ("nulls", "fail"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "fail")},
        "speed": {"missing": RARE, "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": "23 values of 90 to 432 are as likely in km/h as in miles an hour"},
        "engine": {"missing": ("nulls", "fail"), "malformed": ("categories", "warn"), "out of range": ("categories", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
    },
    "airports": {
        "faa": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "name": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "lat": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "warn")},
        "lon": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "warn")},
        "alt": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": ("median", "warn")},
        "tz": {"missing": ("nulls", "warn"), "out of range": ("range", "warn"), "duplicated": MANY, "shifted": ("median", "warn"), "wrong unit": ("range", "warn")},
        "dst": {"missing": ("nulls", "warn"), "malformed": ("categories", "warn"), "out of range": ("categories", "warn"), "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "tzone": {"missing": ("nulls", "warn"), "malformed": ("pattern", "warn"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
    },
    "airlines": {
        "carrier": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": ("key", "fail"), "shifted": NO_TIME, "wrong unit": NO_UNIT},
        "name": {"missing": ("nulls", "fail"), "malformed": ("pattern", "fail"), "out of range": OPEN, "duplicated": MANY, "shifted": NO_TIME, "wrong unit": NO_UNIT},
    },
}  # fmt: skip


def _clock_in_minutes(values: pl.Expr) -> pl.Expr:
    """1350 as 13 * 60 + 50."""
    return values // 100 * 60 + values % 100


UNITS: dict[tuple[str, str], Any] = {
    **{("flights", name): _clock_in_minutes for name in ("dep_time", "sched_dep_time", "arr_time", "sched_arr_time")},
    **{("flights", name): lambda minutes: minutes // 60 for name in ("dep_delay", "arr_delay", "air_time")},
    ("flights", "distance"): lambda miles: miles * 1.609344,
    **{(table, "time_hour"): lambda moment: moment.dt.epoch("s") for table in ("flights", "weather")},
    **{("weather", name): lambda fahrenheit: (fahrenheit - 32) / 1.8 for name in ("temp", "dewp")},
    ("weather", "humid"): lambda percent: percent / 100,
    ("weather", "wind_dir"): lambda degrees: degrees.radians(),
    **{("weather", name): lambda mph: mph * 0.44704 for name in ("wind_speed", "wind_gust")},
    ("weather", "precip"): lambda inches: inches * 25.4,
    ("weather", "pressure"): lambda millibar: millibar * 0.02953,
    ("weather", "visib"): lambda miles: miles * 1.609344,
    ("planes", "year"): lambda year: year - 1900,
    ("planes", "seats"): lambda seats: seats // 10,
    **{("airports", name): lambda degrees: degrees.radians() for name in ("lat", "lon")},
    ("airports", "alt"): lambda feet: feet * 0.3048,
    ("airports", "tz"): lambda hours: hours * 60,
}
SHIFTS: dict[str, Any] = {
    "time_hour": lambda moment: moment + pl.duration(hours=1),
    "tz": lambda hours: hours + 5,
    "year": lambda year: year + 20,
    **dict.fromkeys(["month", "day", "hour"], lambda part: part % 12 + 1),
    # New York's clock told as London's, five hours later
    **dict.fromkeys(["dep_time", "sched_dep_time", "arr_time", "sched_arr_time"], lambda clock: (clock + 500) % 2400),
}
UNKNOWN = {"carrier": "Q7", "origin": "SWF", "type": "Airship", "engine": "Rocket", "dst": "X"}


@cache
def table(name: str) -> pl.DataFrame:
    return pl.read_parquet(PROJECT / FILES[name])


@cache
def contract(name: str) -> Contract:
    path = PROJECT / "contracts" / f"{name}.toml"
    return contracts.parse(path.read_text(encoding="utf-8"), path=f"contracts/{name}.toml")


def expected(name: str, column: str, kind: str) -> tuple[str, str] | str:
    if kind == "absent":
        return "columns", "fail"
    if kind == "malformed" and table(name).schema[column] != pl.String:
        return "type", "fail"
    return CASES[name][column][kind]


def corrupt(name: str, column: str, kind: str) -> pl.DataFrame:
    frame, value = table(name), pl.col(column)
    here = pl.int_range(pl.len()).is_in(AT)
    if kind == "absent":
        return frame.drop(column)
    if kind == "missing":
        allowed = contract(name).terms.columns[column].nulls
        return frame.with_columns(
            pl.when(here if not allowed else pl.int_range(pl.len()) % 2 == 0).then(None).otherwise(value).alias(column)
        )
    if kind == "malformed":
        if frame.schema[column] != pl.String:
            return frame.with_columns(value.cast(pl.String) + "?")
        return frame.with_columns(pl.when(here).then(pl.lit("\x07 \ufffd")).otherwise(value).alias(column))
    if kind == "out of range":
        if column == "time_hour":
            return frame.with_columns(pl.when(here).then(value + pl.duration(days=300)).otherwise(value).alias(column))
        wrong = UNKNOWN.get(column, 111 if frame.schema[column] == pl.Int8 else 20_000)
        return frame.with_columns(
            pl.when(here).then(pl.lit(wrong, dtype=frame.schema[column])).otherwise(value).alias(column)
        )
    if kind == "duplicated":
        # a row that differed from another in this column of the key alone, and does no more
        key = [
            pl.when(pl.int_range(pl.len()) == 1).then(pl.col(one).first()).otherwise(pl.col(one)).alias(one)
            for one in contract(name).terms.key
        ]
        return frame.with_columns(key)
    mutate = SHIFTS[column] if kind == "shifted" else UNITS[name, column]
    kept = frame.schema[column] if kind == "shifted" or column != "time_hour" else pl.Int64
    return frame.with_columns(mutate(value).cast(kept).alias(column))


ALL = [(name, column, kind) for name, columns in CASES.items() for column in columns for kind in KINDS]
MEANT = [case for case in ALL if not isinstance(expected(*case), str)]


def test_the_table_speaks_of_each_column_and_each_kind() -> None:
    for name in FILES:
        assert list(CASES[name]) == table(name).columns
        assert set(contract(name).terms.columns) == set(table(name).columns)
    for case in ALL:
        assert expected(*case), case


@pytest.mark.parametrize("name", FILES)
def test_the_data_as_published_keep_their_contracts(name: str) -> None:
    found, parts = check(PROJECT / FILES[name], shown=FILES[name], contract=contract(name))
    assert found.breaches == ()
    assert parts is None


@pytest.mark.parametrize(("name", "column", "kind"), MEANT, ids=lambda part: str(part).replace(" ", "-"))
def test_each_corruption_ends_as_declared(name: str, column: str, kind: str, tmp_path: Path) -> None:
    wanted_check, wanted_policy = expected(name, column, kind)
    damaged = corrupt(name, column, kind)
    path = tmp_path / Path(FILES[name]).name
    damaged.write_parquet(path)
    found, parts = check(path, shown=FILES[name], contract=contract(name))
    blamed = {(one.check, one.policy) for one in found.breaches if one.column in {column, "", "time_hour"}}
    assert (wanted_check, wanted_policy) in blamed, [one.line for one in found.breaches]
    for one in found.breaches:
        assert "\n" not in one.line
        assert FILES[name] in one.line
        assert f"contracts/{name}.toml" in one.line
    if wanted_policy == "quarantine":
        assert parts is not None
        assert parts.rows == len(AT)
        assert pl.read_parquet(parts.clean).equals(damaged.filter(~pl.int_range(pl.len()).is_in(AT)))
        aside = pl.read_csv(parts.aside, infer_schema=False)
        assert aside["row"].to_list() == [str(row + 1) for row in AT]
        assert all(column in reason for reason in aside["reason"])


WHOLE = {
    "a day is lost": (lambda frame: frame.filter(pl.col("day") != 7), {("flights", "rows"): None, ("weather", "rows"): None}),
    "half of the rows": (lambda frame: frame.head(frame.height // 2), {("flights", "rows"): "fail", ("weather", "rows"): "fail"}),
    "all rows twice": (lambda frame: pl.concat([frame, frame]), {("flights", "key"): "fail", ("weather", "key"): "fail"}),
    "no rows": (lambda frame: frame.clear(), {("flights", "rows"): "fail", ("weather", "rows"): "fail"}),
    "one more column": (lambda frame: frame.with_columns(note=pl.lit("x")), {("flights", "extra"): "warn", ("weather", "extra"): "warn"}),
    "rows in another order": (lambda frame: frame.sample(fraction=1, shuffle=True, seed=1), {("flights", ""): None, ("weather", ""): None}),
    "columns in another order": (lambda frame: frame.select(sorted(frame.columns)), {("flights", ""): None, ("weather", ""): None}),
}  # fmt: skip


@pytest.mark.parametrize("what", WHOLE)
@pytest.mark.parametrize("name", ["flights", "weather"])
def test_a_file_that_is_wrong_as_a_whole_ends_as_declared(name: str, what: str, tmp_path: Path) -> None:
    change, outcomes = WHOLE[what]
    path = tmp_path / Path(FILES[name]).name
    change(table(name)).write_parquet(path)
    found, _ = check(path, shown=FILES[name], contract=contract(name))
    ((wanted, policy),) = [(key[1], policy) for key, policy in outcomes.items() if key[0] == name]
    if policy is None:
        # a day less is within what months differ by: the number of rows does not tell
        assert found.breaches == ()
    else:
        assert (wanted, policy) in {(one.check, one.policy) for one in found.breaches}


@pytest.mark.parametrize("name", ["flights", "weather"])
def test_last_month_under_this_months_name_is_no_new_data(name: str, tmp_path: Path) -> None:
    path = tmp_path / "2013-04.parquet"
    table(name).write_parquet(path)
    found, _ = check(path, shown=f"data/{name}/2013-04.parquet", contract=contract(name))
    assert ("period", "fail", table(name).height) in {(one.check, one.policy, one.count) for one in found.breaches}
