"""A rule that the configuration changes: in force with the next build, though nothing runs for it, and told by `check`."""

import json
from typing import Any

from .conftest import Folder

RULE = '[gate.rules."doub*"]\nmargin = 0.25\n'


def _built(folder: Folder) -> dict[str, Any]:
    done = folder.run("proofbook", "build", "--json")
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _record(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = (record for task in document["run"]["tasks"] for record in task["records"])
    return dict(found)


def test_a_changed_rule_takes_effect_with_the_next_build_and_waits_for_a_person(folder: Folder) -> None:
    assert _record(_built(folder))["rule_from"] == {}
    assert folder.run("proofbook", "promote", "1").returncode == 0
    assert _built(folder)["gate"]["decision"] == "go"
    assert _built(folder)["nothing_to_do"] is True

    (folder.root / "proofbook.toml").write_text(RULE)
    refused = folder.run("proofbook", "promote", "2")
    assert refused.returncode == 4
    assert "others than those by which run 2 was judged" in " ".join(refused.stderr.split())
    document = _built(folder)
    assert (document["nothing_to_do"], document["run"]["number"]) == (False, 3)
    assert {task["status"] for task in document["run"]["tasks"]} == {"up-to-date"}
    record = _record(document)
    assert (record["rule"], record["declared"]) == (
        {"better": "higher", "margin": 0.25},
        {"better": "higher", "margin": 1.5},
    )
    assert record["rule_from"] == {"margin": '[gate.rules."doub*"]'}
    assert document["gate"]["decision"] == "review"
    (changed,) = (found for found in document["gate"]["comparisons"] if found["record"] == "doubled")
    assert (changed["verdict"], changed["rule_from"]) == ("changed", record["rule_from"])
    assert "rule changed: margin 1.5 → 0.25 by [gate.rules." in changed["reason"]

    # it stands now, with that word; and once accepted, the same rule is no change
    again = _built(folder)
    assert (again["nothing_to_do"], again["gate"]["decision"]) == (True, "review")
    assert folder.run("proofbook", "promote", "3", "--accept", "agreed").returncode == 0
    assert _built(folder)["gate"]["decision"] == "go"

    _check_says_which_rule_was_in_force(folder)


def _check_says_which_rule_was_in_force(folder: Folder) -> None:
    said = folder.run("proofbook", "check", "3").stdout
    assert 'doubled in double: margin 0.25 by [gate.rules."doub*"], declared 1.5' in " ".join(said.split())
    said = folder.run("proofbook", "check", "2", "--json").stdout
    (found,) = (found for found in json.loads(said)["comparisons"] if found["record"] == "doubled")
    assert (found["rule"], found["rule_from"], found["declared"]) == ({"better": "higher", "margin": 1.5}, {}, None)
    assert "no longer by" in found["reason"]


def test_a_rule_that_names_no_record_is_told_of(folder: Folder) -> None:
    (folder.root / "proofbook.toml").write_text("[gate.rules.duobled]\nmargin = 0.25\n")
    done = folder.run("proofbook", "build")
    assert "[gate.rules.duobled] names no record of this pipeline" in " ".join((done.stdout + done.stderr).split())
