"""The rounds in which a notebook is mended."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.analyze import source
from proofbook.analyze.spans import lines_of
from proofbook.lint import engine, mending
from proofbook.lint.fix import Edit, Fix, Rerun, Safety
from proofbook.model.configuration import LintConfiguration
from proofbook.model.finding import Finding
from proofbook.model.notebook import Notebook
from tests.lint.factory import code, content, markdown, parameters


def finding(number: int = 1, *, rule: str = "PB900", suppressed: str | None = None) -> Finding:
    return Finding(
        path="a.ipynb", cell=number, rule=rule, name="n", level="warning", message="m", suppressed=suppressed
    )


def replacing(old: str, new: str, *, safety: Safety = "safe", rule: str = "PB900", reason: str | None = None):
    """A rule that wants `new` where the first line of a cell is `old`."""

    def examine(notebook: Notebook, _: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        return [
            (
                finding(cell.number, rule=rule, suppressed=reason),
                Fix(
                    title="t",
                    safety=safety,
                    changes=(Edit(cell=cell, span=lines_of(cell.source, 1, 1), text=new),),
                ),
            )
            for cell in notebook.cells
            if cell.source == old
        ]

    return examine


def sources(raw: bytes) -> list[str]:
    return [cell.source for cell in source.parse(raw, path="a.ipynb").cells]


def test_what_one_round_brings_forth_the_next_one_mends() -> None:
    one, two = replacing("a", "b"), replacing("b", "c", rule="PB901")

    done = mending.mend(content("a", "x"), path="a.ipynb", examine=lambda *read: [*one(*read), *two(*read)])

    assert sources(done.content) == ["c", "x"]
    assert [found.rule for found in done.made] == ["PB900", "PB901"]


def test_rules_that_undo_one_another_are_named_and_nothing_is_changed() -> None:
    one, two = replacing("a", "b"), replacing("b", "a", rule="PB901")
    raw = content("a")

    done = mending.mend(raw, path="a.ipynb", examine=lambda *read: [*one(*read), *two(*read)])

    assert (done.content, done.made, done.endless) == (raw, (), ("PB901",))


def test_a_rule_that_never_has_enough_is_stopped() -> None:
    def examine(notebook: Notebook, _: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        cell = notebook.cells[0]
        more = Edit(cell=cell, span=lines_of(cell.source, 1, 1), text=f"{cell.source}0")
        return [(finding(), Fix(title="t", safety="safe", changes=(more,)))]

    done = mending.mend(content("1"), path="a.ipynb", examine=examine)

    assert (done.content, done.endless) == (content("1"), ("PB900",))


def test_what_is_unsafe_is_made_only_when_asked_for() -> None:
    raw, examine = content("a"), replacing("a", "b", safety="unsafe")

    assert mending.mend(raw, path="a.ipynb", examine=examine).content == raw
    assert sources(mending.mend(raw, path="a.ipynb", examine=examine, unsafe=True).content) == ["b"]


def test_what_is_suppressed_is_left_alone() -> None:
    raw = content("a")

    assert mending.mend(raw, path="a.ipynb", examine=replacing("a", "b", reason="why")).content == raw


def test_what_cannot_be_made_is_told_with_its_reason() -> None:
    done = mending.mend(content("a", "x"), path="a.ipynb", examine=replacing("a", "("))

    assert done.made == ()
    assert done.left[0].finding == finding(1)
    assert done.left[0].reason.startswith("cell 1 would not parse afterwards")


def test_a_run_is_left_to_those_who_have_a_kernel() -> None:
    raw = content(code("a = 1", count=2), code("b = 2", count=1))

    done = mending.mend(
        raw,
        path="a.ipynb",
        examine=lambda *_: [(finding(), Fix(title="t", safety="safe", changes=(Rerun(),)))],
    )

    assert (done.content, done.rerun) == (raw, (finding(),))


def test_all_rules_at_once_leave_nothing_that_they_could_mend() -> None:
    raw = content(
        parameters(),
        "import os, sys\n%debug\nprint(sys.path)",
        code("x = 3", "injected-parameters"),
        "os.path?",
        "",
        "xs = []",
        "xs.append(later)",
        "later = 1",
    )
    configuration = LintConfiguration()

    def examine(notebook: Notebook, _: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        return engine.examine(notebook, configuration=configuration)

    done = mending.mend(raw, path="a.ipynb", examine=examine, unsafe=True)

    assert (done.endless, done.left) == ((), ())
    again = mending.mend(done.content, path="a.ipynb", examine=examine, unsafe=True)
    assert (again.content, again.made) == (done.content, ())
    assert not any("debug" in text or "?" in text for text in sources(done.content))


def test_an_injected_cell_that_holds_the_only_value_of_a_name_goes_only_when_asked_for() -> None:
    held = content(parameters("x = 1"), code("x = 2", "injected-parameters"), "x")
    needed = content(code("x = 2", "injected-parameters"), "x")
    configuration = LintConfiguration(select=["PB106"])

    def left(raw: bytes, *, unsafe: bool) -> int:
        done = mending.mend(
            raw, path="a.ipynb", examine=lambda notebook, _: engine.examine(notebook, configuration=configuration),
            unsafe=unsafe,
        )  # fmt: skip
        return len(sources(done.content))

    assert (left(held, unsafe=False), left(needed, unsafe=False), left(needed, unsafe=True)) == (2, 2, 1)


SOURCES = (
    "", "import os, sys", "import numpy as np\nimport pandas as pd", "from math import *", "breakpoint()", "%debug",
    "os.path?", "x = 1", "x += 1", "xs = []", "xs.append(x); xs.append(2)", "d = {}\nd['a'] = 1", "d['b'] = 2",
    "df.dropna(inplace=True)", "df = pd.DataFrame()", "y = later", "later = 1", "for i in range(3):\n    pass", "print(i)",
    "def f(a, b=[]):\n    return a + x", "list = [1]", "if x:\n    import re\n    z = re", "np.random.seed(1)",
    "np.random.rand(3)", "import random\nrandom.random()", "%%time\nimport json\nx = 2", "import pdb; pdb.set_trace()",
    "try:\n    import foo\nexcept ImportError:\n    breakpoint()", "x = (", "del x", "a = b = []\na.append(1)", "é = 'ü';",
    "open('/data/x.csv')", "x: int = 3", "from random import random, shuffle\nshuffle(xs)", "# a comment", "import os as o",
)  # fmt: skip
CELLS = st.builds(
    lambda text, tags, made: made(text, *tags),
    st.sampled_from(SOURCES),
    st.sampled_from([(), (), (), ("parameters",), ("injected-parameters",)]),
    st.sampled_from([code, code, code, code, markdown]),
)


# the same examples each time: what is looked for are rules whose fixes do not go together
@settings(max_examples=60, derandomize=True)
@given(st.lists(CELLS, max_size=8), st.booleans())
def test_whatever_the_cells_mending_comes_to_an_end_and_leaves_nothing_to_mend(
    cells: list[dict[str, Any]], unsafe: bool
) -> None:
    raw = content(*cells, layout={"indent": 1})
    configuration = LintConfiguration(select=["PB"])

    def examine(notebook: Notebook, _: bytes) -> Sequence[tuple[Finding, Fix | None]]:
        return engine.examine(notebook, configuration=configuration)

    done = mending.mend(raw, path="a.ipynb", examine=examine, unsafe=unsafe)

    assert (done.endless, done.left) == ((), ())
    assert mending.mend(done.content, path="a.ipynb", examine=examine, unsafe=unsafe).content == done.content
