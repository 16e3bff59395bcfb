"""Notebooks that are not Python: what is said of them, and that the rest is not."""

import json
from pathlib import Path

import pytest

from proofbook.flow import lint as flow
from proofbook.lint import output, registry
from proofbook.lint.result import NotAnalysed
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import code, content

CHOSEN = LintConfiguration(select=["PB201", "PB215", "PB404", "PB803"])


@pytest.fixture
def result(tmp_path: Path) -> flow.LintResult:
    (tmp_path / "a.ipynb").write_bytes(content(code(""), "x <- undefined", language="R"))
    (tmp_path / "b.ipynb").write_bytes(content("x = 1"))
    (tmp_path / "c.R").write_text("# %%\nlibrary(ggplot2)\n")
    (tmp_path / "d.ipynb").write_bytes(b"{")
    paths = [tmp_path / name for name in ("a.ipynb", "b.ipynb", "c.R", "d.ipynb")]
    return flow.lint(paths, root=tmp_path, configuration=CHOSEN)


def test_rules_that_need_no_python_apply_and_the_others_say_nothing(result: flow.LintResult) -> None:
    assert [(found.path, found.rule) for found in result.findings] == [("a.ipynb", "PB803"), ("d.ipynb", "PB807")]
    assert result.not_analysed == (
        NotAnalysed(language="R", notebooks=2, rules_applied=2, rules_not_analysed=3),
    )  # PB807 always runs


def test_the_text_says_what_was_not_analysed(result: flow.LintResult) -> None:
    assert output.text(result).splitlines()[-1] == (
        "2 notebooks in R: 2 rules on notebooks applied; 3 rules on Python code: not analysed."
    )
    assert output.statistics(result).splitlines()[-1].endswith("not analysed.")


def test_programs_are_told_what_was_not_analysed(result: flow.LintResult) -> None:
    assert json.loads(output.json(result))["summary"]["not_analysed"] == [
        {"language": "R", "notebooks": 2, "rules_applied": 2, "rules_not_analysed": 3}
    ]
    (run,) = json.loads(output.FORMATS["sarif"](result))["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("Notebooks in R: 2. ")


def test_of_python_alone_nothing_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "b.ipynb").write_bytes(content("x = 1"))

    result = flow.lint([tmp_path / "b.ipynb"], root=tmp_path, configuration=CHOSEN)

    assert result.not_analysed == ()
    assert "not analysed" not in output.text(result)
    assert "invocations" not in output.FORMATS["sarif"](result)


@pytest.mark.parametrize("language", ["r", "julia", "sql", "c++"])
def test_no_rule_speaks_of_code_in_a_language_that_it_does_not_know(tmp_path: Path, language: str) -> None:
    """Whatever the cells hold: what would be a fault in Python is none."""
    cells = ["import os", "undefined", "os.chdir('/')", "def f(:", "%cd x", "import numpy as np; np.random.seed(1)"]
    (tmp_path / "a.ipynb").write_bytes(content(*cells, language=language))
    everything = LintConfiguration(select=["PB"])

    result = flow.lint([tmp_path / "a.ipynb"], root=tmp_path, configuration=everything)

    assert [found for found in result.findings if registry.rules()[found.rule].python] == []
