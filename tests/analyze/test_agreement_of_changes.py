"""The analysis against the truth, of objects: programs are run, and what has changed afterwards must have been foreseen."""

import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proofbook.analyze import cells
from proofbook.analyze.flow import CellFlow
from tests.analyze.notebooks import notebook

OUTSIDE = list("abc")
"""Made by a cell above, each a list of a list."""
INSIDE = list("uvw")
"""Of the cell itself; they start as lists of their own."""


class Held:
    """Gives back what it is given."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __enter__(self) -> Any:
        return self.value

    def __exit__(self, *error: object) -> None:
        return None


name = st.sampled_from([*OUTSIDE, *INSIDE])
inside = st.sampled_from(INSIDE)


def shapes(local: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Expressions whose value is a list with at least one list in it, perhaps one that is known by another name."""
    known = st.sampled_from([*OUTSIDE, *INSIDE, *local])
    return st.one_of(
        known,
        st.builds("({} if {} else {})".format, known, known, known),
        st.builds("({} and {})".format, known, known),
        st.builds("[{}]".format, known),
        st.builds("[{}, {}]".format, known, known),
        st.builds("({} + {})".format, known, known),
        st.builds("list({})".format, known),
        st.builds("copy.deepcopy({})".format, known),
        st.builds("[i for i in ({}, {})]".format, known, known),
        st.builds("{{'k': {}}}['k']".format, known),
        st.builds("same({})".format, known),
        st.builds("(lambda p: p)({})".format, known),
        st.builds("Held({}).value".format, known),
        st.just("[[1]]"),
    )


def changes(of: str) -> st.SearchStrategy[str]:
    """Statements that change the object of a name, or one in it."""
    return st.sampled_from(
        [
            f"{of}.append([1])",
            f"{of}.insert(0, [2])",
            f"{of}[0:0] = [[3]]",
            f"{of} += [[4]]",
            f"setattr(Held, 'seen', {of}); Held.seen.append([5])",
            f"{of}.__iadd__([[6]])",
            f"[q.append([7]) for q in [{of}]]",
            f"({of} or {of}).extend([[8]])",
            f"put({of})",
            f"put(to={of})",
            f"put_in([{of}])",
            f"{of}[-1:] = [[9], [10]]",
        ]
    )


@st.composite
def statements(draw: st.DrawFn, local: tuple[str, ...] = (), depth: int = 0) -> list[str]:
    """Lines of a cell, or of a function's body, that never fail."""
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 2 if depth else 4))):
        target = draw(st.sampled_from([*INSIDE] if not local else [*local]))
        value = draw(shapes(local))
        shape = draw(
            st.sampled_from(
                [
                    "assign",
                    "pair",
                    "change",
                    "change",
                    "change",
                    "for",
                    "if",
                    "with",
                    "match",
                    "walrus",
                    "store",
                    "append",
                    "try",
                ]
            )
        )
        if shape == "assign":
            lines.append(f"{target} = {value}")
        elif shape == "pair":
            other = draw(shapes(local))
            lines.append(f"{target}, _ = {value}, {other}")
        elif shape == "walrus":
            lines.append(f"len({target} := {value})")
        elif shape == "store":
            lines.append(f"{target}[:0] = [{value}]")
        elif shape == "append":
            lines.append(f"{target}.append({value})")
        elif shape in {"for", "if", "with", "match", "try"} and depth < 2:
            head = {
                "for": [f"for {target} in ({value}, {draw(shapes(local))}):"],
                "if": [f"if {value}:"],
                "with": [f"with Held({value}) as {target}:"],
                "match": [f"match {value}:", f"    case [*_] as {target}:"],
                "try": ["try:"],
            }[shape]
            inner = draw(statements(local, depth + 1))
            indent = "        " if shape == "match" else "    "
            lines += [*head, *(indent + line for line in inner)]
            if shape == "try":
                lines += ["finally:", f"    {target} = {value}"]
        else:
            of = draw(st.sampled_from([*OUTSIDE, *INSIDE] if not local else [*OUTSIDE, *local]))
            line = draw(changes(of))
            # in a function, `a += ...` would make `a` local
            lines.append(line if not local or " += " not in line or of in local else f"{of}.append(1)")
    return lines


ABOVE = """
import copy
a, b, c = [[1]], [[2]], [[3]]
def same(p):
    return p
def put(to):
    to.append([0])
def put_in(these):
    for this in these:
        this.append([0])
"""


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines = ["u, v, w = [[1]], [[2]], [[3]]"]
    for number in range(draw(st.integers(0, 2))):
        body = draw(statements(local=("p", "q")))
        default = draw(st.sampled_from(["[[0]]", *OUTSIDE]))
        given = draw(st.sampled_from(["r", "[r]", "same(r)"]))
        lines += [
            f"def f{number}(p, q={default}):",
            *(f"    {line}" for line in body),
            f"    return {draw(st.sampled_from(['p', 'q', 'a', '[p]']))}",
        ]
        for _ in range(draw(st.integers(0, 2))):
            call = f"f{number}({given.replace('r', draw(name))})"
            lines.append(draw(st.sampled_from([call, f"{draw(inside)} = {call}", f"{call}.append([1])"])))
    return "\n".join([*lines, *draw(statements())])


def foreseen(said: CellFlow) -> set[str]:
    """The names whose objects change, or may do so, as the analysis says."""
    found = {change.name for change in (*said.mutates, *said.maybe_mutates)}
    links = [(alias.name, alias.of) for alias in (*said.aliases, *said.maybe_aliases)]
    while more := {end for link in links if found & set(link) for end in link} - found:
        found |= more
    return found


@given(program=programs())
@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_object_that_changes_was_foreseen_and_every_sure_change_happens(program: str) -> None:
    namespace: dict[str, Any] = {"Held": Held}
    exec(compile(ABOVE, "<above>", "exec"), namespace)
    before = {outside: (namespace[outside], copy.deepcopy(namespace[outside])) for outside in OUTSIDE}
    exec(compile(program, "<program>", "exec"), namespace)
    said = cells.analyze(notebook("class Held: pass\n" + ABOVE, program), sharing=True)[-1]
    assert said.problem is None, program

    changed = {outside for outside, (now, then) in before.items() if now != then}
    assert changed <= foreseen(said), program

    sure = {change.name for change in said.mutates if not (change.conditional or change.local)}
    assert sure & set(OUTSIDE) <= changed, program
