"""What is known of a day so far: against its definition, written out flight by flight, and against the future."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks.flights.so_far import so_far

HORIZON, WINDOW, PATIENCE, LATE = 60, 120, 240, 15

flight = st.fixed_dictionaries(
    {
        "date": st.sampled_from([date(2013, 1, 1), date(2013, 1, 2)]),
        "origin": st.sampled_from(["JFK", "LGA"]),
        "scheduled": st.integers(300, 1439).map(lambda minute: minute // 20 * 20),
        "dep_delay": st.none() | st.integers(-20, 30) | st.integers(-40, 400),
    }
)
days = st.lists(flight, min_size=1, max_size=25)


def table(rows):
    schema = {"date": pl.Date, "origin": pl.String, "scheduled": pl.Int32, "dep_delay": pl.Int16}
    return pl.DataFrame(rows, schema=schema).with_row_index("id")


def known(rows):
    flights = table(rows)
    return so_far(flights, by=["origin"], prefix="airport", horizon=HORIZON, window=WINDOW, patience=PATIENCE).rows()


def by_definition(rows, one):
    now = one["scheduled"] - HORIZON
    alike = [other for other in rows if (other["date"], other["origin"]) == (one["date"], one["origin"])]
    delays = [
        other["dep_delay"]
        for other in alike
        if other["dep_delay"] is not None and now - WINDOW < other["scheduled"] + other["dep_delay"] <= now
    ]
    waited = [
        now - other["scheduled"]
        for other in alike
        if LATE < now - other["scheduled"] < PATIENCE
        and (other["dep_delay"] is None or other["scheduled"] + other["dep_delay"] > now)
    ]
    mean = sum(delays) / len(delays) if delays else None
    share = sum(delay > LATE for delay in delays) / len(delays) if delays else None
    return mean, share, len(waited), sum(waited)


@settings(max_examples=60, deadline=None)
@given(days)
def test_it_is_what_its_definition_says_flight_by_flight(rows):
    assert known(rows) == [(number, *by_definition(rows, row)) for number, row in enumerate(rows)]


@settings(max_examples=60, deadline=None)
@given(days, st.integers(400, 1300), st.data())
def test_what_happens_later_changes_nothing_that_was_known_before(rows, now, data):
    def later(row):
        """Another future for a flight that has not left by now: it leaves at some other time, or never."""
        if row["dep_delay"] is not None and row["scheduled"] + row["dep_delay"] <= now:
            return row
        after = st.integers(max(now + 1 - row["scheduled"], -40), 1400)
        return {**row, "dep_delay": data.draw(st.none() | after)}

    settled = [number for number, row in enumerate(rows) if row["scheduled"] - HORIZON <= now]
    before, after = known(rows), known([later(row) for row in rows])

    assert [before[number] for number in settled] == [after[number] for number in settled]


def test_the_past_does_count():
    waiting = {"date": date(2013, 1, 1), "origin": "JFK", "scheduled": 600, "dep_delay": 90}
    asked = {"date": date(2013, 1, 1), "origin": "JFK", "scheduled": 720, "dep_delay": 0}

    assert known([waiting, asked])[1][3:] == (1, 60)
    assert known([{**waiting, "dep_delay": 20}, asked])[1][1:] == (20.0, 1.0, 0, 0)
