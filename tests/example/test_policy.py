"""The flights project's own policy."""

from pathlib import Path

from proofbook.flow.policy import test as held

ROOT = Path(__file__).parents[2]


def test_the_policy_of_the_flights_holds_its_tests_and_each_rule_refuses_in_one() -> None:
    found = held(ROOT)
    assert [one.name for one in found.tests if not one.good] == []
    assert found.untested == ()
    assert found.rules == 4
