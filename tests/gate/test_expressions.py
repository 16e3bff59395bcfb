import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.gate.expressions import misnamed, nearest, parts


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("!run.code.dirty", ["run.code.dirty"]),
        ("run.code.dirty", []),
        ("run.code.branch == 'run.code.dirty'", ["run.code.branch"]),
        ("run.values['a b'] > 0.5", ["run.values['a b']"]),
        ("has(run.parameters.x) && size(run.tasks) > 1", ["run.parameters.x", "run.tasks", "has(run.parameters.x)", "size(run.tasks) > 1"]),
        ("now.getHours() < 18", ["now"]),
        ("!(ci || run.code.dirty)", ["ci", "run.code.dirty"]),
        ("ci ? run.code.dirty : true", ["ci", "run.code.dirty"]),
        ("// ci\nrun.code.dirty == false", ["run.code.dirty"]),
    ],
)  # fmt: skip
def test_the_facts_and_operands_of_an_expression_tell_what_it_came_to(expression: str, told: list[str]) -> None:
    assert list(parts(expression)) == told


def test_of_all_the_items_are_told_that_are_not_so() -> None:
    (bad,) = parts("gate.comparisons.all(c, c.verdict == 'pass')")
    assert bad == "gate.comparisons.filter(c, !(c.verdict == 'pass')).map(c, c.record)"
    (bad,) = parts("gate.comparisons.filter(c, c.gates).all(d, d.failed)")
    assert bad == "gate.comparisons.filter(c, c.gates).filter(d, !(d.failed)).map(d, d.record)"
    assert parts("run.tasks.exists(t, t.name == 'a')") == ("run.tasks.filter(t, t.name == 'a').map(t, t.name)",)


def test_what_hangs_on_the_variable_of_a_macro_is_no_part_but_what_does_not_is() -> None:
    found = parts("gate.comparisons.all(c, run.tasks.exists(t, t.name == c.task && run.number > 1))")
    assert found[1:] == ("run.number",)
    assert found[0].startswith("gate.comparisons.filter(c, !(run.tasks.exists(")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("gate.comparisons.all(c, c.verdic == 'pass')", "c.verdic (an item of gate.comparisons): did you mean 'verdict'?"),
        ("gate.comparisons.filter(c, c.gates).all(d, d.recrod == '')", "did you mean 'record'?"),
        ("production.tasks.exists(t, t.nme == 'a')", "did you mean 'name'?"),
        ("history.all(h, h.wann > now)", "known names: number, run, kind, by, reason, at, decision, override"),
    ],
)  # fmt: skip
def test_an_unknown_name_of_an_item_is_refused_with_the_nearest(expression: str, said: str) -> None:
    assert said in misnamed(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "gate.comparisons.all(c, c.verdict == 'c.verdic')",
        "run.parameters.all(k, k.x)",
        "gate.comparisons.map(c, c.record).all(r, r.x == 1)",
        "gate.comparisons.all(c, c.verdict == 'pass') && run.tasks.all(c, c.status == 'ran')",
    ],
)
def test_names_that_may_be_right_are_left_to_the_compiler(expression: str) -> None:
    assert misnamed(expression) == ""


def test_below_a_name_that_is_a_beginning_the_names_are_listed() -> None:
    assert nearest("run.code", ("run.code.dirty", "run.cod", "x")) == "known names: run.code.dirty"


_PIECES = st.sampled_from(
    ["run.tasks", ".all(", "c", ", ", "c.name", "(", ")", "[", "]", "{", "}", "&&", "||", "!", "?", ":", ".", "'", '"', "\\",
    "'''", "//", "\n", " ", "1", "true", "in", "run", "has(", ".filter(", "é", "\x00", "r'", "==", "gate.comparisons"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(_PIECES, max_size=60).map("".join) | st.text(max_size=100))
def test_any_text_can_be_looked_at(expression: str) -> None:
    assert len(parts(expression)) <= 12
    assert isinstance(misnamed(expression), str)
