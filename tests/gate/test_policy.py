import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from proofbook.exceptions import ConfigurationError
from proofbook.gate import cel_worker
from proofbook.gate.facts import EMPTY, NAMES, declared, plain
from proofbook.gate.policy import binding, examine, outcomes
from proofbook.gate.policy_file import Case, Policy, Rule, given
from proofbook.model.policy import TRANSITIONS, Outcome


def policy(*expressions: str, at: str = "promote", **options: Any) -> Policy:
    rules = {
        f"r{number}": Rule(at=(at,), require=expression, because="Because.", **options)
        for number, expression in enumerate(expressions)
    }
    return Policy(name="policy.toml", digest="0" * 64, content=b"", rules=rules)


def ask(
    *expressions: str, at: str = "promote", given_facts: dict[str, Any] | None = None, **options: Any
) -> tuple[Outcome, ...]:
    facts = given(Case(name="x", at=at, expect="allow")) | (given_facts or {})
    (found,) = outcomes(policy(*expressions, at=at, **options), [(at, facts)])
    return found


def test_a_rule_passes_where_its_expression_is_true_and_only_there() -> None:
    passing = ask(
        "run.number == 2", "run.number == 3", "run.parameters.x", given_facts={"run.parameters": {"x": "true"}}
    )
    assert [outcome.passes for outcome in passing] == [True, False, False]
    assert passing[2].error == 'it came to "true", which is neither true nor false'


def test_a_refusal_has_the_values_of_what_it_looked_at() -> None:
    (outcome,) = ask(
        "gate.comparisons.all(c, c.verdict == 'pass') && run.code.branch in ['main', 'release']",
        given_facts={
            "gate.comparisons": [
                {"record": name, "verdict": word} for name, word in [("auc", "pass"), ("f1", "changed")]
            ],
            "run.code.branch": "try\x1b[31m",
        },
    )
    told = {look.part: look.value for look in outcome.looks}
    assert told["gate.comparisons.filter(c, !(c.verdict == 'pass')).map(c, c.record)"] == '["f1"]'
    assert told["run.code.branch"] == '"try\\u001b[31m"'
    assert told["run.code.branch in ['main', 'release']"] == "false"


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("run.parameters.leaves > 3", 'there is no key "leaves": `has(...)` asks whether there is one'),
        ("1 / (run.number - 2) == 1", "divide by zero"),
        ("int(run.code.branch) == 1", "cannot convert"),
        ("'a'.matches(run.code.branch + '(')", "missing ): main("),
        ("run.number + 9223372036854775807 > 0", "overflow"),
        ("timestamp(run.code.branch) < now", "imestamp"),
    ],
)
def test_an_expression_that_fails_refuses_and_says_why(expression: str, error: str) -> None:
    (outcome,) = ask(expression)
    assert not outcome.passes
    assert error in outcome.error


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("run.nummber == 1", "unknown name 'run.nummber'; did you mean 'run.number'?"),
        ("run.code == ''", "unknown name 'run.code'; known names: run.code.commit, run.code.branch, run.code.dirty"),
        ("run.code.comit == ''", "unknown name 'run.code.comit'; did you mean 'run.code.commit'?"),
        ("run.number", "is of type int: a rule is true or false"),
        ("run.number == 'a'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("run.number ==", "is no expression: 1:14: Syntax error"),
        ("size() == 1", "the language has no function 'size' that takes what it is given"),
        ("open('/etc/passwd') == ''", "the language has no function 'open'"),
        ("", "is no expression"),
    ],
)
def test_an_expression_that_cannot_be_right_is_refused_before_it_is_asked(expression: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        examine(policy(expression))
    assert said in str(caught.value)
    assert str(caught.value).startswith("policy.toml [rules.r0] at promote: ")
    assert "\n" not in str(caught.value)


def test_what_is_not_known_yet_at_a_step_cannot_be_asked_there() -> None:
    for at, expression in [("seal", "gate.checked"), ("seal", "ci"), ("check", "reason != ''")]:
        with pytest.raises(ConfigurationError, match=r"it is not known before (check|approve)"):
            examine(policy(expression, at=at))
        examine(policy(expression, at="rollback"))


def test_every_documented_name_has_its_type_at_every_step_that_knows_it() -> None:
    for at in TRANSITIONS:
        known = declared(at)
        examine(policy(*(f"type({name}) == type({name})" for name in known), at=at))
        same = [f"{name} == {'run.pipeline' if kind == 'string' else name}" for name, kind in known.items()]
        assert all(not outcome.error for outcome in ask(*same, at=at))
    assert set(NAMES) == set(declared("promote"))


def test_no_rule_asks_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a process was started"))
    assert outcomes(policy(), [("promote", {})]) == ((),)


def test_only_a_rollback_can_be_overridden_unless_the_rule_says_so() -> None:
    for at, said, binds in [("promote", None, True), ("promote", True, False), ("rollback", None, False), ("rollback", False, True)]:  # fmt: skip
        found = ask("false", at=at, overridable=said)
        assert bool(binding(found)) is binds


HOSTILE = {
    "too many items": "run.data.all(a, run.data.all(b, run.data.all(c, true)))",
    "too deep": "(" * 900 + "true" + ")" * 900,
    "a long chain": "run.code.branch" + " + run.code.branch" * 100 + " == ''",
    "not not": "!" * 1990 + "ci",
    "nested": "[1].map(x, " * 60 + "1" + ")" * 60 + " == []",
    "backtracking": "run.pipeline.matches('(a+)+$')",
    "a large pattern": "run.pipeline.matches('((a{100}){100}){100}')",
    "half of a ternary": "ci ? true : false" * 20,
    "a brace too many": "{" * 500,
}


@pytest.mark.parametrize("expression", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_expression_ends_and_lets_nothing_pass(expression: str) -> None:
    facts = {"run.data": {f"f{number}": "x" for number in range(300)}, "run.pipeline": "a" * 100_000 + "!"}
    try:
        (outcome,) = ask(expression, given_facts=facts)
    except ConfigurationError:
        return
    assert not outcome.passes


def test_an_expression_that_eats_memory_ends_its_own_process_and_refuses() -> None:
    grown = "run.data.map(x, run.pipeline" + " + run.pipeline" * 14 + ").size() == 0"
    facts = {"run.data": {f"f{number}": "x" for number in range(3000)}, "run.pipeline": "x" * 65536}
    hungry, modest = ask(grown, "run.number == 2", given_facts=facts)
    assert hungry.error == "it takes more than 1 GiB of memory"
    assert not hungry.passes
    assert modest.passes


def test_whatever_ends_the_process_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for body in ("import os; os.abort()", "print('[]')", "print('{')", "import sys; sys.exit(3)"):
        worker = tmp_path / "worker.py"
        worker.write_text(body)
        monkeypatch.setattr(cel_worker, "__file__", str(worker))
        (outcome,) = ask("true")
        assert not outcome.passes
        assert "more than 1 GiB of memory or 10 s of processor time, or ended the process" in outcome.error


_LEAVES = st.sampled_from(
    ["run.code.dirty", "ci", "run.number > 1", "run.parameters.x == 1", "has(run.parameters.x)", "gate.decision == 'go'",
    "run.tasks.exists(t, t.name == 'a')", "gate.comparisons.all(c, c.failed)", "now > run.started", "true", "1 / 0 == 1",
    "history.filter(h, h.override).all(h, h.by != who)", "run.values['a'] > 0.5", "reason.matches('x.*(y')",
    "run.tasks.all(t, gate.comparisons.exists(c, c.task == t.name && run.number > 0))", "run.data.all(k, k != '')"]
)  # fmt: skip
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" && ", " || "]), inner).map(lambda two: f"({''.join(two)})")
        | inner.map(lambda one: f"!({one})")
        | st.tuples(inner, inner, inner).map(lambda three: f"({three[0]} ? {three[1]} : {three[2]})")
    ),
    max_leaves=6,
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("@moment"), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=25)
@drawn(st.lists(_EXPRESSIONS.filter(lambda one: len(one) < 1900), min_size=1, max_size=8), _ANYTHING, _ANYTHING)
def test_evaluation_never_raises_and_every_part_has_a_value(expressions: list[str], one: Any, other: Any) -> None:
    facts = {
        "run.parameters": plain({"x": one, "@moment": other}),
        "run.values": plain({"a": other}),
        "gate.comparisons": plain([{"record": other, "failed": one, "task": one}]),
        "reason": plain(str(one)),
    }
    for outcome in ask(*expressions, given_facts=facts):
        assert isinstance(outcome.passes, bool)
        assert not (outcome.error and outcome.passes)
        for look in outcome.looks:
            assert "undeclared" not in look.value
            assert "Syntax" not in look.value
        msgspec.json.encode(outcome)


@drawn(_ANYTHING)
@settings(max_examples=50)
def test_the_facts_of_any_value_can_be_told_and_stay_as_they_were(value: Any) -> None:
    told = plain(value)
    assert repr(plain(told)) == repr(told)
    msgspec.json.encode(told)


def test_the_worker_imports_nothing_of_ours_and_shadows_nothing_of_pythons() -> None:
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print([m for m in sys.modules if m.startswith(('proofbook', 'cel_'))])"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, cel_worker.__file__], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "[]"


def test_what_is_not_known_is_empty_and_never_null() -> None:
    assert {kind for kind, _, _ in NAMES.values()} <= EMPTY.keys()
    assert None not in EMPTY.values()
