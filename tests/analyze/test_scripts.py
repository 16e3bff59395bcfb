"""Notebooks that are text: which files are some, and where their cells stand."""

import pytest

from proofbook.analyze import scripts, source

PERCENT = """\
# %% [markdown]
# # Title

# %% tags=["parameters"]
x = 1


# %%
x = 1

# %%
# %matplotlib inline
# !ls
x = 1

# %% [raw]
# raw

# %%
'''
# %% no
'''

# %%

print(x)
"""
HEADER = """\
---
jupyter:
  jupytext:
    text_representation:
      extension: .md
      format_name: markdown
  kernelspec:
    display_name: Python 3
    name: python3
---
"""
MARKDOWN = f"""{HEADER}
# Title

Some text

```python tags=["parameters"]
x = 1

%matplotlib inline
```

```bash
ls
```

```python

print(x)
```
"""
MYST = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# Title

```{code-cell} ipython3
:tags: [parameters]

x = 1
```

More

```{code-cell} ipython3
print(x)
%time y = 1
```

```{code-cell} ipython3
---
tags: [quiet]
name: third
---
print(x)
```
"""
R = """\
# %% [markdown]
# # Title

# %% tags=["parameters"]
x <- 1

# %%
print(x)
"""
R_MARKDOWN = """\
---
title: A report
---

# Title

```{r, echo=TRUE}
x <- 1
```
"""


def cells(text: str, path: str) -> list[tuple[int, str, str]]:
    return [(cell.line, cell.kind, cell.source) for cell in source.parse(text.encode(), path=path).cells]


def test_the_cells_of_a_percent_script_stand_where_they_are_written() -> None:
    assert cells(PERCENT, "a.py") == [
        (2, "markdown", "# Title"),
        (5, "code", "x = 1"),
        (9, "code", "x = 1"),
        (12, "code", "%matplotlib inline\n!ls\nx = 1"),
        (17, "raw", "raw"),
        (20, "code", "'''\n# %% no\n'''"),
        (25, "code", "\nprint(x)"),
    ]


def test_the_cells_of_a_markdown_notebook_stand_where_they_are_written() -> None:
    notebook = source.parse(MARKDOWN.encode(), path="a.md")

    assert notebook.language == "python"
    assert notebook.kernel == "python3"
    assert cells(MARKDOWN, "a.md") == [
        (12, "markdown", "# Title\n\nSome text"),
        (17, "code", "x = 1\n\n%matplotlib inline"),
        (22, "code", "%%bash\nls"),
        (27, "code", "\nprint(x)"),
    ]
    assert notebook.cells[1].tags == ("parameters",)


def test_the_cells_of_a_myst_notebook_stand_where_they_are_written() -> None:
    notebook = source.parse(MYST.encode(), path="a.md")

    assert notebook.kernel == "python3"
    assert cells(MYST, "a.md") == [
        (11, "markdown", "# Title"),
        (16, "code", "x = 1"),
        (19, "markdown", "More"),
        (22, "code", "print(x)\n%time y = 1"),
        (31, "code", "print(x)"),
    ]
    assert [cell.tags for cell in notebook.code_cells] == [("parameters",), (), ("quiet",)]


def test_a_script_in_r_is_no_python() -> None:
    notebook = source.parse(R.encode(), path="a.R")

    assert notebook.language == "r"
    assert [cell.line for cell in notebook.cells] == [2, 5, 8]
    assert notebook.cells[1].tags == ("parameters",)
    assert source.parse(R_MARKDOWN.encode(), path="a.Rmd").language == "r"


@pytest.mark.parametrize(
    ("text", "suffix", "expected"),
    [
        (PERCENT, ".py", True),
        ("# %%\nx = 1\n", ".py", False),
        ("# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n# %%\nx = 1\n", ".py", True),
        ("x = 1\n", ".py", False),
        (MARKDOWN, ".md", True),
        (MYST, ".md", True),
        ("# Read me\n\n```python\nx = 1\n```\n", ".md", False),
        ("# %% parameters\n", ".md", False),
        ("---\ntitle: About jupytext\nkernel: none\n---\n\njupytext: is a tool\n", ".md", False),
        ("Text\n\n---\njupyter:\n  x: 1\n---\n", ".md", False),
        (f"\ufeff{MYST}".replace("\n", "\r\n"), ".md", True),
        (R, ".R", True),
        (R_MARKDOWN, ".Rmd", False),
    ],
)
def test_a_file_is_a_notebook_by_its_header_or_its_parameters(text: str, suffix: str, expected: bool) -> None:
    assert scripts.is_notebook(text, suffix=suffix) is expected


@pytest.mark.parametrize(
    ("sources", "text", "expected"),
    [
        ([], "", []),
        (["x"], "", [1]),
        (["", "x"], "x\n", [1, 1]),
        (["gone", "x = 1"], "# %%\nx = 1\n", [1, 2]),
        (["x = 1\ny = 2", "x = 1"], "x = 1\n\nx = 1\ny = 2\n\nx = 1\n", [3, 6]),
    ],
)
def test_what_is_not_found_is_said_to_stand_behind_the_last(sources: list[str], text: str, expected: list[int]) -> None:
    assert list(scripts.starts(sources, text)) == expected
