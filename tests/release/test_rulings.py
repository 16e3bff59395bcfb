import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from proofbook.exceptions import ConfigurationError, ConflictError, GateRefusedError, UsageError
from proofbook.gate.policy_file import Policy, read
from proofbook.model.run import Code
from proofbook.release.promote import promote
from proofbook.release.rollback import rollback
from proofbook.release.rulings import Rules, hold, rule
from proofbook.store import Store
from tests.store import making

CLEAN = """
[rules.clean]
at = ["promote"]
require = "!run.code.dirty"
because = "Production is built from committed code."
do = "commit, and build again"
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run 1 is in production; 2 was built from files that differ from the commit, 3 was not; both may go by the gate."""
    root = tmp_path_factory.mktemp("template")
    with Store.open(root) as opened:
        making.judge(opened, making.build(opened, root, value=0.1), "review")
        promote(opened, 1, by="ada")
        making.build(opened, root, value=0.2, code=Code(commit="c" * 40, branch="main", dirty=True))
        making.build(opened, root, value=0.3)
        for number in (2, 3):
            making.judge(opened, number, "go")
    return root


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    with Store.open(tmp_path) as opened:
        yield opened


def rules(text: str) -> Rules:
    def load() -> Policy:
        return read(text.encode())

    return load


def events(store: Store) -> list[dict[str, object]]:
    with store._database.read() as connection:
        rows = connection.exec_driver_sql("SELECT body FROM events ORDER BY seq").scalars().all()
    return [json.loads(row) for row in rows]


def test_a_refusal_says_the_rule_its_expression_what_it_saw_and_what_to_do(store: Store) -> None:
    with pytest.raises(GateRefusedError) as caught:
        promote(store, 2, by="ada", rules=rules(CLEAN))
    assert str(caught.value).splitlines() == [
        "the policy refuses the promotion of run 2",
        "  clean: Production is built from committed code.",
        "    requires  !run.code.dirty",
        "    where     run.code.dirty is true",
        "    do        commit, and build again",
        "  `proofbook policy explain 2 --at promote` shows every rule",
    ]
    assert caught.value.exit_code == 4
    assert len(store.generations("production")) == 1


def test_what_every_rule_permits_is_promoted(store: Store) -> None:
    assert promote(store, 3, by="ada", rules=rules(CLEAN)).now.run == 3


def test_refused_or_not_what_was_asked_is_kept_so_that_it_can_be_asked_again(store: Store) -> None:
    with pytest.raises(GateRefusedError):
        promote(store, 2, by="ada", rules=rules(CLEAN))
    promote(store, 3, by="ada", rules=rules(CLEAN))
    told = [event["facts"] for event in events(store) if event["event"] == "ruled"]
    assert [(fact["run"], fact["refused"], fact["overridden"]) for fact in told] == [(2, 1, False), (3, 0, False)]
    assert events(store)[-2]["event"] == "ruled"
    (ruling,) = store.rulings(2)
    assert store.blobs.get(ruling.policy) == CLEAN.encode()
    facts = msgspec.json.decode(store.blobs.get(ruling.facts))
    assert (facts["run.code.dirty"], facts["who"], facts["production.number"]) == (True, "ada", 1)
    assert facts["now"].startswith(ruling.at[:19])
    assert store.verify() == ()
    store.blobs.path(ruling.policy).unlink()
    assert "the policy file" in str(store.verify())


def test_an_override_passes_only_a_rule_that_says_so_and_is_kept(store: Store) -> None:
    with pytest.raises(GateRefusedError):
        promote(store, 2, by="ada", override=True, reason="it is late", rules=rules(CLEAN))
    now = promote(store, 2, by="ada", override=True, reason="it is late", rules=rules(CLEAN + "overridable = true")).now
    assert (now.run, now.override, now.decision) == (2, True, "go")
    assert [ruling.overridden for ruling in store.rulings(2)] == [False, True]


def test_an_override_of_the_gate_is_a_fact_that_a_rule_may_look_at(store: Store) -> None:
    making.judge(store, 3, "no")
    ticket = "[rules.ticket]\nat='promote'\nrequire='!override || reason.matches(\"^OPS-[0-9]+ \")'\nbecause='Name it.'"
    with pytest.raises(GateRefusedError, match="ticket: Name it"):
        promote(store, 3, by="ada", override=True, reason="because", rules=rules(ticket))
    assert promote(store, 3, by="ada", override=True, reason="OPS-7 fire", rules=rules(ticket)).now.override


def test_a_persons_word_is_asked_about_where_it_counts(store: Store) -> None:
    text = "[rules.four-eyes]\nat='approve'\nrequire='who != production.by && reason.size() > 5'\nbecause='Four eyes.'"
    assert promote(store, 3, by="ada", rules=rules(text)).now.run == 3
    making.judge(store, 2, "review")
    for by, accept in (("ada", "looked at it"), ("bob", "ok")):
        with pytest.raises(GateRefusedError, match="refuses the approval of run 2"):
            promote(store, 2, by=by, accept=accept, rules=rules(text))
    assert promote(store, 2, by="bob", accept="looked at it", rules=rules(text)).now.run == 2


def test_promoting_the_first_run_is_an_approval(store: Store) -> None:
    making.judge(store, 3, "review", channel="staging")
    text = "[rules.person]\nat='approve'\nrequire='who != \"bob\"'\nbecause='Not bob.'"
    with pytest.raises(GateRefusedError, match=r"the approval of run 3(?s:.)*--at approve --channel staging`"):
        promote(store, 3, by="bob", channel="staging", rules=rules(text))
    assert promote(store, 3, by="ada", channel="staging", rules=rules(text)).now.run == 3


@pytest.mark.parametrize("decision", ["review", "no"])
def test_an_override_is_a_persons_word_and_does_not_go_round_the_rules_about_it(
    store: Store, decision: Literal["review", "no"]
) -> None:
    making.judge(store, 3, decision)
    text = "[rules.owner]\nat='approve'\nrequire='who == \"bob\"'\nbecause='Bob says so.'"
    with pytest.raises(GateRefusedError, match="refuses the approval of run 3"):
        promote(store, 3, by="ada", override=True, reason="please", rules=rules(text))
    assert promote(store, 3, by="bob", override=True, reason="please", rules=rules(text)).now.run == 3


def test_ci_cannot_accept_and_so_promotes_no_first_run(store: Store) -> None:
    making.judge(store, 3, "review", channel="staging")
    with pytest.raises(GateRefusedError, match="run 3 would be the first that staging holds") as refused:
        promote(store, 3, by="runner", ci=True, channel="staging")
    assert refused.value.exit_code == 4
    assert store.generations("staging") == ()
    assert promote(store, 3, by="ada", channel="staging").now.run == 3
    assert promote(store, 3, by="runner", ci=True).now.run == 3


def test_a_policy_that_cannot_be_read_lets_nothing_pass_but_an_emergency(store: Store) -> None:
    for broken in ("[rules", CLEAN.replace("dirty", "dirtty").replace('"promote"', '"promote", "rollback"')):
        with pytest.raises(GateRefusedError, match=r"\(policy\): A policy that cannot be read lets nothing pass"):
            promote(store, 3, by="ada", override=True, reason="please", rules=rules(broken))
    promote(store, 3, by="ada")
    with pytest.raises(GateRefusedError, match="--override --reason TEXT"):
        rollback(store, by="ada", rules=rules(broken))
    now = rollback(store, by="ada", override=True, reason="the model is on fire", rules=rules(broken)).now
    assert (now.run, now.kind, now.override) == (1, "rollback", True)
    assert store.verify() == ()


def test_a_rollback_can_be_overridden_unless_its_rule_forbids_it(store: Store) -> None:
    promote(store, 3, by="ada")
    text = "[rules.age]\nat='rollback'\nrequire='now - run.finished < duration(\"24h\")'\nbecause='Too old.'\n"
    for options in ({}, {"override": True}):
        with pytest.raises((GateRefusedError, UsageError), match=r"Too old|an override needs a reason"):
            rollback(store, by="ada", rules=rules(text), **options)
    with pytest.raises(GateRefusedError, match="Too old"):
        rollback(store, by="ada", override=True, reason="fire", rules=rules(text + "overridable = false"))
    assert rollback(store, by="ada", override=True, reason="fire", rules=rules(text)).now.override


def test_a_rollback_needs_no_policy(store: Store) -> None:
    promote(store, 3, by="ada")
    now = rollback(store, by="ada", rules=rules(CLEAN)).now
    assert (now.run, now.override) == (1, False)


def test_a_check_becomes_stricter_by_a_rule_and_never_milder(store: Store) -> None:
    run = store.run(3)
    words = [("review", "go", "review"), ("no", "go", "no"), ("review", "no", "no")]
    for word, found, expected in words:
        text = f"[rules.r]\nat='check'\nrequire='run.values.auc > 0.5'\nbecause='Too low.'\ndecision='{word}'"
        judged = making.judge(store, 3, found)
        said = rule(store, rules(text), "check", run, gate=judged, channel="production")
        result = hold(judged, said)
        assert result.decision == expected
        assert result.reasons[0] == "policy rule r: Too low. (requires `run.values.auc > 0.5`: run.values.auc is 0.3)"
        assert result.policy == said
    passing = rule(
        store,
        rules("[rules.r]\nat='check'\nrequire='true'\nbecause='x'"),
        "check",
        run,
        gate=judged,
        channel="production",
    )
    assert hold(judged, passing).decision == "no"


def test_what_a_rule_of_the_check_refused_no_override_passes_unless_it_says_so(store: Store) -> None:
    for said, passes in (("", False), ("overridable = true", True)):
        text = f"[rules.r]\nat='seal'\nrequire='run.values.auc > 0.5'\nbecause='Too low.'\n{said}"
        judged = making.judge(store, 3, "go")
        store.save_gate(
            hold(judged, rule(store, rules(text), "check", store.run(3), gate=judged, channel="production"))
        )
        with pytest.raises(GateRefusedError, match="says no to run 3: policy rule r") as plain:
            promote(store, 3, by="ada", rules=rules(text))
        assert ("--override" in str(plain.value)) is passes
        if passes:
            assert promote(store, 3, by="ada", override=True, reason="x", rules=rules(text)).now.override
        else:
            with pytest.raises(GateRefusedError, match="no override passes that"):
                promote(store, 3, by="ada", override=True, reason="x", rules=rules(text))


def test_a_run_is_promoted_by_the_rules_that_it_was_checked_by(store: Store) -> None:
    text = "[rules.r]\nat='check'\nrequire='true'\nbecause='x'\n"
    with pytest.raises(UsageError, match=r"policy\.toml has changed since run 3 was checked: `proofbook check 3`"):
        promote(store, 3, by="ada", rules=rules(text))


def test_a_check_in_the_same_moment_stops_a_promotion(store: Store) -> None:
    def meanwhile() -> Policy:
        making.judge(store, 3, "no")
        return read(CLEAN.encode())

    with pytest.raises(ConflictError, match="checked anew"):
        promote(store, 3, by="ada", rules=meanwhile)


def test_with_no_policy_nothing_is_asked_and_nothing_kept(store: Store) -> None:
    promote(store, 3, by="ada")
    assert all(event["event"] != "ruled" for event in events(store))


def test_a_rule_that_reads_no_file_raises_only_what_reading_raises(store: Store) -> None:
    def gone() -> Policy:
        raise ConfigurationError("gate.policy names p.toml, and there is no such file")

    said = rule(store, gone, "promote", store.run(3), gate=None, channel="production")
    assert said is not None
    assert said.refused[0].error == "gate.policy names p.toml, and there is no such file"
