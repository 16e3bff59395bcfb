"""Reading notebooks, good and bad. Reading never writes."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.analyze import source
from proofbook.exceptions import NotebookError
from tests.analyze.notebooks import document


def cell(**keys: object) -> bytes:
    return document(cells=[{"cell_type": "code", "metadata": {}, "outputs": [], "source": "x", **keys}])


BAD = {
    "is empty": [b"", b" \n"],
    "not UTF-8": [b"\xff\xfe{}", document("x = 'é'").replace(b"\\u00e9", "é".encode("latin-1"))],
    "not JSON": [
        b"print('hello')",
        b'{"cells": [}',
        b"{'a': 1}",
        b'{"a": nope}',
        b'{"a": "\\u00zz"}',
        b"n",
        b"\xef\xbb\xbf" + document("x"),
    ],
    "still being saved?": [document("x")[:-1], document("x")[:40], b"{"],
    "nested too deeply": [b"[" * 100_000 + b"]" * 100_000],
    "not a notebook": [b"[]", b"3", b'"x"', b"{}", b'{"a": 1}'],
    "nbformat 3": [document("x", nbformat=3), b'{"nbformat": 3, "worksheets": []}'],
    "nbformat 5": [document("x", nbformat=5)],
    "nbformat '4'": [document("x", nbformat="4")],
    "nbformat True": [document("x", nbformat=True)],
    "no nbformat version": [json.dumps({"cells": []}).encode()],
    "no list of cells": [document(cells={}), json.dumps({"nbformat": 4, "metadata": {}}).encode()],
    "metadata is no object": [document(metadata=[])],
    "cell 1: is no object": [document(cells=["x"])],
    "cell 1: has the unknown type": [document(cells=[{}]), cell(cell_type="x"), cell(cell_type=[])],
    "cell 1: its source": [cell(source=3), cell(source=["x", 3]), cell(source=None)],
    "cell 1: its metadata": [cell(metadata=[])],
    "cell 1: its outputs": [cell(outputs={}), cell(outputs=["x"])],
}


@pytest.mark.parametrize(
    ("told", "content"), [(told, content) for told, contents in BAD.items() for content in contents]
)
def test_a_bad_notebook_ends_in_one_line_that_names_it(tmp_path: Path, told: str, content: bytes) -> None:
    path = tmp_path / "bad.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError) as error:
        source.read(path, shown="work/bad.ipynb")
    assert told in str(error.value)
    assert str(error.value).startswith("work/bad.ipynb: ")
    assert "\n" not in str(error.value)
    assert [path] == list(tmp_path.iterdir())
    assert path.read_bytes() == content


@pytest.mark.parametrize("step", [1, 7])
def test_a_notebook_that_is_being_saved_is_never_half_read(step: int) -> None:
    """Cut at any byte it is refused, with the right guess: within words, literals, numbers and escapes too."""
    whole = document("x = 'h\u00e9llo'\nprint(x)", "y = 2", metadata={"a": [True, False, None, -1.5e-20, float("nan")]})
    for end in range(0, len(whole) - 1, step):
        with pytest.raises(NotebookError, match=r"still being saved" if end else "is empty"):
            source.parse(whole[:end], path="x.ipynb")


def test_damaged_bytes_raise_nothing_else() -> None:
    """Ten thousand notebooks, each with a few bytes changed, cut or repeated."""
    whole = document("x = 1", "y = [x]")
    chance = random.Random(2013)
    for _ in range(10_000):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(content))
            content[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        try:
            source.parse(bytes(content), path="x.ipynb")
        except NotebookError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="no such file"):
        source.read(tmp_path / "missing.ipynb")
    with pytest.raises(NotebookError, match="is a folder"):
        source.read(tmp_path)
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(NotebookError, match="not a regular file"):
        source.read(tmp_path / "pipe.ipynb")
    with pytest.raises(NotebookError, match="cannot be read"):
        source.read(Path("\0.ipynb"))


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(source.MAX_BYTES + 1)
    with pytest.raises(NotebookError, match="is 101 MB, more than the 100 MB"):
        source.read(path)


def test_a_good_notebook_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "good.ipynb"
    raw = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "text"]},
            {
                "cell_type": "code",
                "metadata": {"tags": ["parameters", 3]},
                "execution_count": 7,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
                "source": "x = 1",
            },
        ],
    }
    path.write_text(json.dumps(raw))
    book = source.read(path, shown="good.ipynb")
    first, second = book.cells
    assert (book.path, book.kernel, book.language, book.format) == ("good.ipynb", "python3", "python", "ipynb")
    assert (first.number, first.id, first.kind, first.source) == (1, "a", "markdown", "# Title\ntext")
    assert (second.number, second.id, second.tags, second.execution_count) == (2, "cell-2", ("parameters",), 7)
    assert len(second.outputs) == 1


def test_an_r_notebook_is_known_as_one() -> None:
    assert source.parse(document("x <- 1", metadata={"kernelspec": {"name": "ir"}}), path="x.ipynb").language == "r"
    assert source.parse(document("x", metadata={"language_info": {"name": "R"}}), path="x.ipynb").language == "r"


def test_lone_surrogates_do_not_travel_on() -> None:
    book = source.parse(document("x = '?'").replace(b"?", b"\\ud800"), path="x.ipynb")
    assert book.cells[0].source.encode() == "x = '\ufffd'".encode()


SCRIPT = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Title

# %% tags=["parameters"]
upstream = None
x: int = 1

# %%
# %matplotlib inline
print(x)
"""


def test_a_percent_script_is_read_with_tags_lines_and_magics(tmp_path: Path) -> None:
    path = tmp_path / "task.py"
    path.write_text(SCRIPT)
    book = source.read(path)
    assert [(cell.kind, cell.tags, cell.line) for cell in book.cells] == [
        ("markdown", (), 10),
        ("code", ("parameters",), 13),
        ("code", (), 17),
    ]
    assert book.cells[2].source == "%matplotlib inline\nprint(x)"
    assert (book.format, book.kernel, book.cells[1].id) == ("percent", "python3", "cell-2")
    assert source.read(path) == book
    assert path.read_text() == SCRIPT


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("task.py", "# ---\n# jupyter:\n#   kernelspec: {name: python3}\n# ---\n"),
        ("task.py", "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n#     language: python\n# ---\n"),
        ("task.md", "---\njupyter:\n  kernelspec:\n    name: python3\n---\n"),
    ],
)
def test_a_script_whose_kernel_has_no_display_name_is_read(name: str, header: str) -> None:
    """jupytext alone refuses it."""
    body = '```python tags=["parameters"]\nx = 1\n```\n' if name.endswith("md") else '# %% tags=["parameters"]\nx = 1\n'
    book = source.parse(f"{header}\n{body}".encode(), path=name)
    assert (book.kernel, "display_name" in book.metadata["kernelspec"]) == ("python3", False)
    assert [(cell.source, cell.line) for cell in book.cells] == [("x = 1", header.count("\n") + 3)]


def test_a_script_that_jupytext_refuses_for_another_reason_is_refused_in_one_line() -> None:
    with pytest.raises(NotebookError, match=r"^task.py: jupytext cannot read it: .+") as error:
        source.parse(b"# ---\n# jupyter:\n#   kernelspec: {display_name: Python 3}\n# ---\n", path="task.py")
    assert "\n" not in str(error.value)


def test_a_light_script_is_read_too() -> None:
    book = source.parse(b'# + tags=["parameters"]\nx = 1\n\n# +\ny = x\n', path="task.py")
    assert [cell.source for cell in book.tagged("parameters")] == ["x = 1"]


def test_reading_an_ipynb_imports_no_jupyter() -> None:
    """`import nbformat` alone costs over a second."""
    code = (
        "import sys; from proofbook.analyze import source, cells, fingerprint;"
        f"b = source.parse({document('x = 1')!r}, path='x.ipynb'); cells.analyze(b); fingerprint.of_notebook(b);"
        "print([m for m in ('nbformat', 'jupytext', 'IPython', 'jsonschema', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
