"""What the rules on names say and change, against the truth: generated notebooks are run, as they are and mended."""

import ast
import contextlib
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lint.factory import Case

NAMES = ["a", "b", "i", "max", "json"]
FIXING = ["PB208", "PB211", "PB212", "PB214", "PB216"]


@st.composite
def statements(draw: st.DrawFn) -> str:
    """One statement; most of them are fine whatever stands above."""
    name, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    number = draw(st.integers(0, 3))
    shape = draw(
        st.sampled_from(
            [
                "{name} = {number}",
                "{name} = [{number}, {other}]",
                "{name}, b = {number}, {other}",
                "{name} = {other}; print({name})",
                "print({other})",
                "print(f'<{{{other}}}>')",
                "{other}",
                "print([{name} for {name} in range({number})], {other})",
                "for {name} in range({number}):\n    print({name}, {other})",
                "for {name} in range({number}):\n    {other} = {name}  # again\n    print({other})",
                "if {other}:\n    {name} = {number}",
                "def f():\n    return {other}",
                "def f({name}={other}):\n    {name} = [{name}]\n    return {name}",
                "print(f())",
                "class K:\n    {name} = {other}\n    def m(self):\n        return {name}",
                "print(K.__name__, K().m())",
                "print((lambda {name}: ({name}, {other}))({number}))",
                "import json",
                "from math import pi, floor\nprint(pi)",
                "del {name}",
                "try:\n    {name} = {other} + 1\nexcept TypeError as error:\n    {name} = {number}",
                "with open(__import__('os').devnull) as {name}:\n    b = {number}",
            ]
        )
    )
    return shape.format(name=name, other=other, number=number)


cells = st.lists(st.lists(statements(), min_size=1, max_size=4).map("\n".join), min_size=2, max_size=6)


def run(sources: list[str]) -> tuple[str, str]:
    """What the cells print and show, run as IPython does; and the name of the error that ends the run."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        for source in sources:
            tree = ast.parse(source)
            shown = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            try:
                exec(compile(tree, "<cell>", "exec"), namespace)
                if isinstance(shown, ast.Expr):
                    value = eval(compile(ast.Expression(shown.value), "<cell>", "eval"), namespace)
                    told.write("" if value is None else f"shown: {value}\n")
            except Exception as error:  # noqa: BLE001  whatever ends the run
                return told.getvalue(), type(error).__name__
    return told.getvalue(), ""


def code_of(content: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(content)["cells"]]


@pytest.mark.parametrize("code", FIXING)
@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(written=cells)
def test_a_mended_notebook_does_what_it_did(code: str, written: list[str]) -> None:
    written = ["a, b, i = 1, 2, 3", *written]
    printed, error = run(written)
    if error:
        return
    case = Case("generated", list(written), select=[code])

    mended = code_of(case.mended(case.content(), code))

    assert run(mended) == (printed, "")


@settings(max_examples=200, derandomize=True)
@given(written=cells)
def test_what_is_told_of_as_deleted_does_not_exist_when_the_run_comes_there(written: list[str]) -> None:
    written = ["a, b, i, max = 1, 2, 3, 4\nimport json", *written]
    case = Case("generated", list(written), select=["PB209"])
    errors = [finding for finding in case.findings("PB209") if finding.level == "error"]

    if errors:
        last = max(finding.cell for finding in errors)
        assert run(written[:last])[1] != ""
