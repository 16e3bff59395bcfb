"""The rule in force: what the notebook declared, and over it what the configuration says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from proofbook.gate.rules import in_force, of_tasks, told, unmatched
from proofbook.model.configuration import RuleConfiguration
from proofbook.model.record import Record, Rule
from tests.gate.conftest import scalar, task


def under(record: Record, **rules: dict[str, Any]) -> Record:
    return in_force(record, rules={name: RuleConfiguration(**said) for name, said in rules.items()})


def test_the_configuration_takes_the_place_of_what_is_declared_option_by_option() -> None:
    found = under(scalar(0.8, better="higher", margin=0.005), auc={"margin": 0.02})
    assert found.rule == Rule(better="higher", margin=0.02)
    assert found.declared == Rule(better="higher", margin=0.005)
    assert found.rule_from == {"margin": "[gate.rules.auc]"}


def test_a_record_that_no_table_names_is_left_as_it_is() -> None:
    record = scalar(0.8, better="higher")
    assert under(record, mae={"margin": 1.0}) is record


@pytest.mark.parametrize(
    ("rules", "margin", "origin"),
    [
        ({"a*": {"margin": 1.0}, "*c": {"margin": 2.0}}, 2.0, '[gate.rules."*c"]'),
        ({"*c": {"margin": 2.0}, "a*": {"margin": 1.0}}, 1.0, '[gate.rules."a*"]'),
        ({"auc": {"margin": 3.0}, "a*": {"margin": 1.0}}, 3.0, "[gate.rules.auc]"),
        ({"evaluate/auc": {"margin": 4.0}, "auc": {"margin": 3.0}}, 4.0, '[gate.rules."evaluate/auc"]'),
        ({"evaluate/*": {"margin": 5.0}}, 5.0, '[gate.rules."evaluate/*"]'),
        ({"train/*": {"margin": 5.0}}, 0.005, None),
        ({"AUC": {"margin": 5.0}}, 0.005, None),
    ],
)  # fmt: skip
def test_a_name_wins_over_globs_and_a_later_glob_over_an_earlier(
    rules: dict[str, Any], margin: float, origin: str | None
) -> None:
    found = under(scalar(0.8, better="higher", margin=0.005), **rules)
    assert found.rule.margin == margin
    assert found.rule_from.get("margin") == origin


def test_a_name_that_looks_like_a_glob_names_itself() -> None:
    found = under(scalar(0.8, name="auc [test]"), **{"auc [test]": {"floor": 0.5}})
    assert found.rule.floor == 0.5
    assert found.rule_from == {"floor": '[gate.rules."auc [test]"]'}


def test_zero_and_false_are_said_too() -> None:
    found = under(scalar(0.8, better="higher", margin=0.1, informs=True), auc={"margin": 0.0, "informs": False})
    assert found.rule == Rule(better="higher", margin=0.0)


def test_what_contradicts_the_configuration_gives_way_and_that_is_kept() -> None:
    exact = under(scalar(0.8, better="higher", margin=0.1, floor=0.5), auc={"exact": True})
    assert exact.rule == Rule(exact=True, floor=0.5)
    assert set(exact.rule_from) == {"exact", "better", "margin"}
    loose = under(scalar(3, exact=True), auc={"better": "higher", "margin": 1.0})
    assert loose.rule == Rule(better="higher", margin=1.0)
    assert set(loose.rule_from) == {"exact", "better", "margin"}


def test_saying_what_the_notebook_says_keeps_where_it_came_from_and_no_second_rule() -> None:
    found = under(scalar(0.8, better="higher"), auc={"better": "higher"})
    assert (found.rule, found.declared) == (Rule(better="higher"), None)
    assert found.rule_from == {"better": "[gate.rules.auc]"}


def test_a_table_that_was_removed_leaves_nothing_behind() -> None:
    record = scalar(0.8, better="higher", margin=0.005)
    for said in ({"margin": 0.02}, {"better": "higher"}, {"exact": True}):
        assert under(under(record, auc=said), mae={"margin": 1.0}) == record


configured = st.builds(
    RuleConfiguration,
    better=st.sampled_from([None, "higher"]),
    margin=st.sampled_from([None, 0.0, 0.5]),
    floor=st.sampled_from([None, 0.0]),
    informs=st.sampled_from([None, True, False]),
) | st.just(RuleConfiguration(exact=True))
tables = st.dictionaries(st.sampled_from(["auc", "a*", "*", "evaluate/auc", "mae"]), configured)


@given(
    before=tables, after=tables, exact=st.booleans(), margin=st.sampled_from([None, 0.1]), informs=st.booleans()
)  # fmt: skip
def test_what_is_in_force_depends_on_what_was_declared_and_on_nothing_before(
    before: dict[str, Any], after: dict[str, Any], exact: bool, margin: float | None, informs: bool
) -> None:
    record = scalar(0.8, exact=exact, margin=margin, better="higher" if margin else None, informs=informs)
    once = in_force(record, rules=after)
    assert in_force(once, rules=after) == once
    assert in_force(in_force(record, rules=before), rules=after) == once
    assert (once.declared or once.rule) == record.rule
    for name in Rule.__struct_fields__:
        if getattr(once.rule, name) != getattr(record.rule, name):
            assert name in once.rule_from, "whatever is not the notebook's says whose it is"


def test_a_table_that_names_no_record_is_told_of() -> None:
    tasks = (task("evaluate", scalar(0.8)), task("train", scalar(0.9, name="loss")))
    rules = dict.fromkeys(
        ["acu", "au*", "train/loss", "evaluate/loss", "x*", "resources/train/duration"], RuleConfiguration(margin=1.0)
    )
    assert unmatched(tasks, rules=rules) == ("[gate.rules.acu]", '[gate.rules."evaluate/loss"]', '[gate.rules."x*"]')


def test_the_tasks_of_a_run_keep_all_else() -> None:
    tasks = (task("evaluate", scalar(0.8, better="higher")), task("train", status="failed", reason="x"))
    rules = {"evaluate/auc": RuleConfiguration(margin=0.1)}
    first, second = of_tasks(tasks, rules=rules)
    assert second is tasks[1]
    assert first == replace(tasks[0], records=(in_force(tasks[0].records[0], rules=rules),))
    assert of_tasks(tasks, rules={}) == tasks


def test_a_rule_is_told_with_what_was_declared() -> None:
    found = under(scalar(0.8, better="higher", margin=0.005), auc={"margin": 0.02, "floor": 0.5, "better": "higher"})
    said = told(found.rule, declared=found.declared, rule_from=found.rule_from)
    assert said == (
        "better higher by [gate.rules.auc], as declared; margin 0.02 by [gate.rules.auc], declared 0.005; "
        "floor 0.5 by [gate.rules.auc], declared nothing"
    )
