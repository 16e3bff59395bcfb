"""One notebook before all rules."""

import json
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.analyze import source
from proofbook.exceptions import ConfigurationError, NotebookError
from proofbook.lint import engine, mending
from proofbook.lint.fix import Fix
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook
from tests.lint.factory import code, content, markdown, notebook

FRAGMENTS = [
    "import os", "os.chdir('x')", "%cd x", "!pip install x", "x?", "%%time", "%%bash", "def f():", "    return y", "y = 1",
    "from math import *", "record('a', 1)", "# proofbook: ignore[PB403]", "# proofbook: ignore[PB4] why", "f'{x!r:>{y}}'",
    "match x:", "    case [a, *b]:", "x = (", "'''", "\\", "\t", "é = 1", "async with a as b:", "lambda x: x", "%", "!", "?", "\x00", "\u2028",
]  # fmt: skip


def test_findings_come_in_the_order_of_cells_and_lines() -> None:
    found = engine.lint(notebook("b\na", "import os\nos.chdir('x')", "c"), configuration=LintConfiguration())

    assert list(found) == sorted(found)
    assert [(finding.cell, finding.line, finding.rule) for finding in found] == [
        (0, 0, "PB804"), (1, 1, "PB201"), (1, 2, "PB201"), (2, 2, "PB403"), (3, 1, "PB201"),
    ]  # fmt: skip


def test_a_finding_carries_the_cell_its_id_and_the_line_of_source() -> None:
    made = notebook(markdown("# Title"), "x = 1\ny = x + z  # sum")

    (finding,) = engine.lint(made, configuration=LintConfiguration(select=["PB201"]))

    assert (finding.path, finding.cell, finding.cell_id, finding.line, finding.column) == (
        "example.ipynb",
        2,
        "b",
        2,
        9,
    )
    assert finding.text == "y = x + z  # sum"
    assert (finding.rule, finding.name, finding.level) == ("PB201", "undefined-name", "error")


def test_a_notebook_in_another_language_is_met_only_by_rules_that_need_no_python() -> None:
    made = notebook(code("x <- y ==== 1", count=2), code("!pip install", count=1), language="R")

    found = engine.lint(made, configuration=LintConfiguration())

    assert {finding.rule for finding in found} == {"PB101", "PB804"}


def test_a_line_of_minified_code_is_not_carried_along() -> None:
    made = notebook("x = [" + "1, " * 100_000 + "y]")

    (finding,) = engine.lint(made, configuration=LintConfiguration(select=["PB201"]))

    assert len(finding.text) <= 1000


def test_a_wrong_code_in_the_configuration_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="no rule 'PB9'"):
        engine.lint(notebook("x = 1"), configuration=LintConfiguration(ignore=["PB9"]))


def test_an_unreadable_file_is_a_finding_whatever_is_selected() -> None:
    reason = "is not UTF-8 (byte 3); save it again as UTF-8"

    (finding,) = engine.unreadable("a.ipynb", reason, configuration=LintConfiguration(select=["PB201"]))

    assert finding.rule == "PB807"
    assert finding.level == "error"
    assert finding.message == "the file cannot be read: it is not UTF-8 (byte 3)"
    assert finding.advice == "save it again as UTF-8"


def test_nothing_of_a_notebook_is_executed() -> None:
    seen: list[str] = []
    sys.addaudithook(
        lambda event, _: (
            seen.append(event) if seen_on and event in {"exec", "subprocess.Popen", "socket.connect"} else None
        )
    )
    made = notebook(
        "!touch hit",
        "import subprocess\nsubprocess.run(['touch', 'hit'])",
        "from this import *",
        'exec(\'open("hit", "w")\')',
    )
    engine.lint(made, configuration=LintConfiguration())  # rules are imported once, before we listen
    seen_on.append(True)

    engine.lint(made, configuration=LintConfiguration())

    seen_on.clear()
    assert seen == []
    assert "this" not in sys.modules


seen_on: list[bool] = []


@given(
    st.lists(st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=20), max_size=5).map("\n".join), max_size=5),
    st.data(),
)
@settings(max_examples=150, deadline=None)
def test_no_notebook_makes_it_raise(sources: list[str], data: st.DataObject) -> None:
    tags = st.lists(
        st.sampled_from(["parameters", "raises-exception", "proofbook:ignore:PB201", "proofbook:ignore"]), max_size=2
    )
    cells = [code(text, *data.draw(tags), count=data.draw(st.none() | st.integers(0, 3))) for text in sources]

    for finding in engine.lint(notebook(*cells), configuration=LintConfiguration()):
        assert 0 <= finding.cell <= len(cells)
        assert (
            finding.line <= sources[finding.cell - 1].count("\n") + sources[finding.cell - 1].count("\r") + 1
            or not finding.cell
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["tags", "proofbook", "ignore", "source", "id", "name"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    metadata=JSON,
    cell=st.dictionaries(
        st.sampled_from(["metadata", "source", "outputs", "execution_count", "id", "attachments"]), JSON
    ),
)
@settings(max_examples=150, deadline=None)
def test_a_hostile_document_is_refused_or_linted_and_never_raises_anything_else(
    metadata: object, cell: dict[str, object]
) -> None:
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [{"cell_type": "code", **cell}]}
    try:
        made = source.parse(json.dumps(document).encode(), path="hostile.ipynb")
    except NotebookError:
        return

    engine.lint(made, configuration=LintConfiguration())


def test_a_lone_carriage_return_ends_a_line_for_every_rule() -> None:
    cells = [
        "import os\rxs = []\rimport sys",
        "for i in range(3):\r    xs.append(i)",
        "print(i)\ropen('/home/u/f.csv')",
        "a = 1\rlen?",
        "b = 1\rtoken = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'\rprint(a, unknown)",
    ]

    def examine(made: Notebook, _: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        return engine.examine(made, configuration=LintConfiguration())

    found = [finding for finding, _ in examine(notebook(*cells), b"")]
    mended = mending.mend(content(*cells), path="a.ipynb", examine=examine, unsafe=True)

    assert {(one.rule, one.cell, one.line) for one in found} >= {("PB406", 4, 2), ("PB201", 5, 3), ("PB208", 3, 1)}
    assert next(one.text for one in found if one.rule == "PB406") == "len?"
    assert source.parse(mended.content, path="a.ipynb").cells[3].source == "a = 1"


def test_what_the_system_refuses_is_said_once() -> None:
    (finding,) = engine.unreadable(
        "a.ipynb", "cannot be read: Permission denied", configuration=LintConfiguration(select=["PB807"])
    )

    assert finding.message == "the file cannot be read: Permission denied"


@pytest.mark.parametrize(("extension", "says"), [("", ["PB807"]), ("    extension: .md\n", [])])
def test_cells_of_myst_that_nobody_reads_are_told_of(extension: str, says: list[str]) -> None:
    text = (
        f"---\njupytext:\n  text_representation:\n{extension}    format_name: myst\nkernelspec:\n  name: python3\n"
        "  display_name: Python 3\n  language: python\n---\n\n# Title\n\n```{code-cell} ipython3\nprint(1)\n```\n"
    )
    made = source.parse(text.encode(), path="a.md")

    found = engine.lint(made, configuration=LintConfiguration(select=["PB807"]))

    assert [finding.rule for finding in found] == says
