"""False alarms in words, schedules, and what a run may take."""

from datetime import UTC, datetime, timedelta

import pytest

from proofbook.exceptions import ConfigurationError
from proofbook.gate.budget import budget
from proofbook.model.configuration import GateConfiguration


def starts(number: int, every: timedelta) -> list[str]:
    first = datetime(2013, 1, 1, 6, tzinfo=UTC)
    return [(first + place * every).isoformat().replace("+00:00", "Z") for place in range(number)]


@pytest.mark.parametrize(
    ("stated", "schedule", "level"),
    [
        ("1 per quarter", "1 per day", 1 / 91.3125),
        ("at most 1 false block a quarter", "1 per day", 1 / 91.3125),
        ("2 a year", "1 per hour", 2 / (24 * 365.25)),
        ("1 per 100 runs", "", 0.01),
        ("1 per quarter", "2 per week", 7 / (2 * 91.3125)),
        ("1 per quarter", "1 per 2 days", 2 / 91.3125),
        (".5 per month", "4 per day", 0.5 * 12 / 365.25 / 4),
    ],
)
def test_the_level_is_alarms_by_runs(stated: str, schedule: str, level: float) -> None:
    found = budget(stated, schedule=schedule, started=())
    assert found.level == pytest.approx(min(level, 0.05))
    assert found.stated == stated


def test_no_run_takes_more_than_five_in_a_hundred() -> None:
    assert budget("1 per quarter", schedule="1 per month", started=()).level == 0.05
    assert budget("5 per day", schedule="1 per year", started=()).level == 0.05


def test_the_schedule_says_where_it_comes_from() -> None:
    assert budget("1 per quarter", schedule="1 per day", started=()).schedule == "1 per day (configuration)"
    assert "assumed" in budget("1 per quarter", schedule="", started=()).schedule


def test_a_schedule_is_learned_from_when_runs_began() -> None:
    weekly = budget("1 per year", schedule="", started=starts(30, timedelta(days=7)))
    assert weekly.schedule == "1 per week (the last 20 runs)"
    assert weekly.runs == pytest.approx(365.25 / 7)
    hourly = budget("1 per year", schedule="", started=[*reversed(starts(200, timedelta(hours=12)))])
    assert hourly.schedule == "2 per day (the last 20 runs)"


def test_an_afternoon_of_tries_is_no_schedule() -> None:
    assert "assumed" in budget("1 per year", schedule="", started=starts(40, timedelta(minutes=3))).schedule
    assert "assumed" in budget("1 per year", schedule="", started=["", "yesterday"]).schedule


@pytest.mark.parametrize(
    "stated", ["", "often", "1 per fortnight", "-1 per day", "1 per 0 days", "0 per year", "nan a day"]
)
def test_what_cannot_be_read_is_said_with_what_can_be_written(stated: str) -> None:
    with pytest.raises(ConfigurationError, match=r"write|no time"):
        budget(stated, schedule="", started=())


@pytest.mark.parametrize("schedule", ["daily", "1 per 10 runs", "0 per day"])
def test_a_schedule_speaks_of_time(schedule: str) -> None:
    with pytest.raises(ConfigurationError, match="schedule"):
        budget("1 per year", schedule=schedule, started=())


def test_the_default_can_be_read() -> None:
    assert budget(GateConfiguration().false_alarms, schedule=GateConfiguration().schedule, started=()).level < 0.02
