from pathlib import Path

import pytest

from proofbook.exceptions import ConfigurationError, GateRefusedError, PathEscapesError
from proofbook.flow import policy
from proofbook.flow.check import check
from proofbook.flow.promote import promote
from proofbook.flow.rollback import rollback
from proofbook.model.policy import TRANSITIONS
from proofbook.store import Store
from tests.flow.conftest import Project

QUICK = """
[rules.quick]
at = "seal"
require = "run.tasks.all(t, t.seconds < 0.0)"
because = "Too slow."
"""
MONDAY = """
[rules.reason]
at = ["promote", "rollback"]
require = "reason != ''"
because = "Say why."

[[tests]]
name = "without a word"
at = "promote"
expect = "refuse"

[[tests]]
name = "wrong"
at = "rollback"
given.reason = "fire"
expect = "refuse"
by = ["reason"]
"""


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def write(project: Project, text: str) -> None:
    (project.root / "policy.toml").write_text(text)


def test_without_a_file_there_is_no_policy_and_nothing_is_asked(project: Project) -> None:
    assert policy.load(project.root) is None
    built = project.build()
    assert built.gate is not None
    assert built.gate.policy is None
    with pytest.raises(ConfigurationError, match=r"there is no policy\.toml beside the pipeline"):
        policy.test(project.root)


def test_a_policy_that_cannot_be_read_is_refused_before_anything_runs(project: Project) -> None:
    write(project, "[rules.quick]\nat = 'lunch'\n")
    with pytest.raises(ConfigurationError, match=r"policy\.toml"):
        project.build()
    assert project.ran == []


def test_the_configuration_may_name_another_file_that_must_be_there(project: Project) -> None:
    (project.root / "proofbook.toml").write_text('[gate]\npolicy = "rules/release.toml"\n')
    with pytest.raises(ConfigurationError, match=r"gate\.policy names rules/release\.toml, and there is no such file"):
        policy.load(project.root)
    (project.root / "rules").mkdir()
    (project.root / "rules" / "release.toml").write_text(MONDAY)
    read = policy.load(project.root)
    assert read is not None
    assert read.name == "rules/release.toml"
    (project.root / "proofbook.toml").write_text('[gate]\npolicy = "../release.toml"\n')
    with pytest.raises(PathEscapesError):
        policy.load(project.root)


def test_a_rule_of_the_seal_makes_the_build_end_with_4_and_the_run_stays_a_fact(project: Project) -> None:
    write(project, QUICK)
    built = project.build()
    assert (built.run.ending, built.exit_code) == ("succeeded", 4)
    assert built.gate is not None
    assert built.gate.decision == "no"
    assert built.gate.reasons[0].startswith(
        "policy rule quick: Too slow. (requires `run.tasks.all(t, t.seconds < 0.0)`"
    )
    assert 'is ["numbers", "double", "triple", "total"]' in built.gate.reasons[0]
    with Store.open(project.root) as store:
        assert store.run(1) == built.run
        write(project, QUICK.replace("< 0.0", "< 60.0"))
        assert check(store, 1).decision == "review"


def test_a_broken_policy_lets_no_run_pass_its_check(project: Project) -> None:
    project.build()
    write(project, "rules = 3")
    with Store.open(project.root) as store:
        judged = check(store)
    assert judged.decision == "no"
    assert "rules are written [rules.NAME]" in judged.reasons[0]


def test_a_build_is_promoted_when_the_rule_is_met_and_goes_back_in_an_emergency(project: Project) -> None:
    write(project, MONDAY)
    project.build()
    with pytest.raises(GateRefusedError, match="Say why"):
        promote(project.root)
    assert promote(project.root, reason="first").now.run == 1
    project.number = 2
    project.build()
    promote(project.root, "2", accept="looked at it")
    with pytest.raises(GateRefusedError, match="a rollback to run 1"):
        rollback(project.root)
    assert rollback(project.root, override=True, reason="fire").now.run == 1


def test_in_ci_nobody_overrides_a_rollback(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ConfigurationError.__base__ or Exception, match="CI cannot override"):
        rollback(project.root, override=True, reason="fire")


def test_a_policy_is_held_to_its_own_tests(project: Project) -> None:
    write(project, MONDAY + QUICK)
    found = policy.test(project.root)
    assert [(test.name, test.got, test.good) for test in found.tests] == [
        ("without a word", "refuse", True),
        ("wrong", "allow", False),
    ]
    assert not found.good
    assert found.untested == ("quick",)


def test_every_step_can_be_explained_and_explaining_does_nothing(project: Project) -> None:
    write(project, MONDAY + QUICK)
    project.build()
    before = sorted((project.root / ".proofbook").rglob("*"))
    for at in TRANSITIONS:
        ruling = policy.explain(project.root, "latest", at=at, channel="production", reason="x")
        told = [] if ruling is None else [(outcome.rule, outcome.passes) for outcome in ruling.outcomes]
        assert (
            told
            == {
                "seal": [("quick", False)],
                "check": [("quick", False)],
                "approve": [],
                "promote": [("reason", True)],
                "rollback": [("reason", True)],
            }[at]
        )
    with Store.open(project.root) as store:
        assert store.rulings(1) == ()
        assert store.channels() == ()
    assert sorted((project.root / ".proofbook").rglob("*")) == before


def test_who_asks_is_known_where_the_user_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nameless)
    assert policy.person().startswith("uid ")


def test_the_policy_is_below_the_project(project: Project, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.toml"
    outside.write_text(MONDAY)
    (project.root / "policy.toml").symlink_to(outside)
    with pytest.raises(PathEscapesError):
        policy.load(project.root)
