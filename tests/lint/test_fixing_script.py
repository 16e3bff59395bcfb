"""What fixes make of notebooks that are text."""

import difflib

import pytest

from proofbook.analyze import source
from proofbook.analyze.flow import Span
from proofbook.lint import fixing
from proofbook.lint.fix import Change, Edit, Fix, InsertCell, MoveCell, RemoveCell, SetId, SetMetadata
from proofbook.model.notebook import Notebook

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.14.0
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""
BODY = """\
# %% [markdown]
# # Title

# %% tags=["parameters"]
upstream = None
x = 1

# %%
# %matplotlib inline
import os
# df?

# %% tags=["injected-parameters"]
x = 3

# %%
print(x)
"""
MARKDOWN = """\
---
jupyter:
  jupytext:
    text_representation:
      extension: .md
      format_name: markdown
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
---

# Title

```python tags=["parameters"]
upstream = None
x = 1
```

```python
%matplotlib inline
import os
df?
```

```python tags=["injected-parameters"]
x = 3
```

```python
print(x)
```
"""
FILES = [
    pytest.param("task.py", BODY, id="script"),
    pytest.param("task.py", HEADER + BODY, id="script with a header of another version"),
    pytest.param("task.py", (HEADER + BODY).replace("\n", "\r\n"), id="line ends of Windows"),
    pytest.param("task.py", (HEADER + BODY).rstrip("\n"), id="no line end at the end"),
    pytest.param("task.md", MARKDOWN, id="Markdown"),
]


def read(name: str, text: str) -> Notebook:
    return source.parse(text.encode(), path=name)


def at(line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(line=line, column=column, end_line=end_line, end_column=end_column)


def lines(name: str, text: str, *changes: Change) -> list[str]:
    """The lines of the file that went (`-`) and came (`+`)."""
    fix = Fix(title="Change it", safety="safe", changes=changes)
    done = fixing.apply(text.encode(), read(name, text), [fix])
    assert not done.refused, done.refused[0].reason
    after = done.content.decode()
    assert ("\r\n" in after) == ("\r\n" in text)
    assert after.endswith("\n") == text.endswith("\n")
    told = difflib.unified_diff(text.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in told if line[0] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(("name", "text"), FILES)
def test_an_edit_changes_its_own_lines(name: str, text: str) -> None:
    cell = read(name, text).cells[1]

    assert lines(name, text, Edit(cell=cell, span=at(2, 5, 2, 6), text="'é'\ny = 2")) == [
        "-x = 1",
        "+x = 'é'",
        "+y = 2",
    ]


@pytest.mark.parametrize(("name", "text"), FILES)
def test_magics_are_found_behind_the_sign_of_a_comment(name: str, text: str) -> None:
    cell = read(name, text).cells[2]
    sign = "# " if name.endswith(".py") else ""

    first = lines(name, text, Edit(cell=cell, span=at(1, 1, 2, 1), text=""))
    last = lines(name, text, Edit(cell=cell, span=at(2, 10, 3, 4), text=""))

    assert (first, last) == ([f"-{sign}%matplotlib inline"], [f"-{sign}df?"])


@pytest.mark.parametrize(("name", "text"), FILES)
def test_cells_go_and_come_and_everything_else_stays(name: str, text: str) -> None:
    cells = read(name, text).cells

    gone = lines(name, text, RemoveCell(cell=cells[3]))
    come = lines(name, text, InsertCell(before=cells[2], kind="code", source="a = 1", tags=("new",)))
    tagged = lines(name, text, SetMetadata(cell=cells[4], path=("tags",), value=["new"]))
    moved = read(
        name,
        fixing.apply(
            text.encode(),
            read(name, text),
            [Fix(title="", safety="unsafe", changes=(MoveCell(cell=cells[4], before=cells[2]),))],
        ).content.decode(),
    )

    assert [line for line in gone if "injected" in line or "x = 3" in line] == [line for line in gone if len(line) > 4]
    assert {line[0] for line in gone} == {"-"}
    assert {line[0] for line in come} == {"+"}
    assert "+a = 1" in come
    assert len(tagged) == 2
    assert [cell.source for cell in moved.code_cells][1] == "print(x)"


def test_the_notebooks_own_metadata_lives_in_the_header() -> None:
    change = SetMetadata(cell=None, path=("kernelspec", "name"), value="ir")

    told = lines("task.py", HEADER + BODY, change)
    without = fixing.apply(BODY.encode(), read("task.py", BODY), [Fix(title="", safety="safe", changes=(change,))])

    assert [line for line in told if "jupytext_version" not in line] == ["-#     name: python3", "+#     name: ir"]
    assert without.content == BODY.encode()
    assert without.refused[0].reason == "a file without a header has no place for it"


def test_ids_have_no_place_in_a_script() -> None:
    notebook = read("task.py", BODY)
    fix = Fix(title="", safety="safe", changes=(SetId(cell=notebook.cells[0], id="a"),))

    assert fixing.apply(BODY.encode(), notebook, [fix]).refused


def test_a_script_that_jupytext_would_write_otherwise_is_left_alone() -> None:
    text = BODY.replace("# %% tags", "#%%   tags")
    notebook = read("task.py", text)

    done = fixing.apply(
        text.encode(), notebook, [Fix(title="", safety="safe", changes=(RemoveCell(cell=notebook.cells[3]),))]
    )

    assert done.content == text.encode()
    assert done.refused[0].reason == "jupytext would write other lines of the file anew; change it by hand"


def test_an_edit_that_makes_a_cell_of_two_is_refused() -> None:
    notebook = read("task.py", BODY)
    edit = Edit(cell=notebook.cells[1], span=at(2, 5, 2, 6), text="2\n# %%\ny = 3")

    done = fixing.apply(BODY.encode(), notebook, [Fix(title="", safety="safe", changes=(edit,))])

    assert done.refused[0].reason == "jupytext would read other cells in it"
