"""Form."""

import json

from proofbook.lint.declared import Declared
from proofbook.lint.rule import Project
from tests.lint.factory import Case, code, content, markdown

_LARGE = {"output_type": "display_data", "data": {"image/png": "A" * 700_000}, "metadata": {}}
_STREAM = {"output_type": "stream", "name": "stdout", "text": ["é" * 300_000, "x" * 200_000]}
_PYTHON = {"display_name": "Python 3", "language": "python", "name": "python3"}
_LANGUAGE = {"language_info": {"name": "python"}}


def _without_ids(minor: int) -> bytes:
    document = json.loads(content("x = 1", markdown("text"), "y = 2"))
    for cell in document["cells"][1:]:
        del cell["id"]
    return json.dumps(document | {"nbformat_minor": minor}).encode()


CASES = {
    "PB801": [
        Case(
            "no title",
            ["import polars", markdown("# Too late")],
            ["0:0:0 warning the notebook does not begin with a title"],
            select=["PB801"],
            fixed=[markdown("# Example"), "import polars", markdown("# Too late")],
        ),
        Case(
            "text, and a comment in code",
            [markdown("Some text\n```\n# a comment\n```"), "x <- 1"],
            ["0:0:0 warning the notebook does not begin with a title"],
            select=["PB801"],
            language="R",
            fixed=[markdown("# Example"), markdown("Some text\n```\n# a comment\n```"), "x <- 1"],
        ),
        Case(
            "no headings",
            [markdown("# Title"), *["x = 1"] * 11],
            ["0:0:0 warning 11 code cells, and no heading among them"],
            select=["PB801"],
        ),
        Case("a title", [markdown("# Title"), "x = 1"], select=["PB801"]),
        Case("a title below an empty cell and a logo", ["", markdown("![](logo.png)\n\n# Title")], select=["PB801"]),
        Case("a title that is underlined", [markdown("Title\n=====")], select=["PB801"]),
        Case("a title in HTML", [markdown('<h1 align="center">Title</h1>')], select=["PB801"]),
        Case("a title in front matter", [{**markdown("---\ntitle: Late\n---"), "cell_type": "raw"}], select=["PB801"]),
        Case("headings", [markdown("# Title"), *["x = 1"] * 11, markdown("Next\n---")], select=["PB801"]),
        Case("an empty notebook", [], select=["PB801"]),
        Case("off", ["x = 1"]),
    ],
    "PB802": [
        Case(
            "a long cell",
            ["x = 1\n" * 61],
            ["1:0:0 warning the cell has 61 lines of code, more than 60"],
            select=["PB802"],
        ),
        Case(
            "a long notebook",
            ["x <- 1"] * 61,
            ["0:0:0 warning the notebook has 61 code cells, more than 60"],
            select=["PB802"],
            language="R",
        ),
        Case("blank lines and comments", ["x = 1\n\n# why\n" * 60], select=["PB802"]),
        Case("empty cells and text", ["x = 1"] * 60 + ["", markdown("text\n" * 100)], select=["PB802"]),
        Case("off", ["x = 1\n" * 61]),
    ],
    "PB803": [
        Case(
            "in the middle, and a text at the end",
            ["x = 1", "", markdown(" \n"), "y = 2", markdown("")],
            ["2:0:0 warning the cell is empty", "3:0:0 warning the cell is empty", "5:0:0 warning the cell is empty"],
            fixed=["x = 1", "y = 2"],
        ),
        Case("the one that Jupyter adds at the end", ["x = 1", ""]),
        Case(
            "one more than that",
            ["x = 1", "", ""],
            ["2:0:0 warning the cell is empty"],
            fixed=["x = 1", code("")],
        ),
        Case(
            "that still shows something",
            ["x <- 1", code("", outputs=({"output_type": "stream", "name": "stdout", "text": "1"},))],
            ["2:0:0 warning the cell is empty"],
            language="R",
        ),
        Case("a place for parameters", [code("", "parameters"), "x = 1"]),
        Case("a slide", ["x = 1", {**markdown(""), "metadata": {"slideshow": {"slide_type": "slide"}}}]),
        Case("just begun", [""]),
        Case("an empty notebook", []),
        Case("a comment", ["# to do"]),
    ],
    "PB804": [
        Case(
            "missing",
            ["x = 1"],
            ["0:0:0 warning the notebook names no kernel"],
            fixed=["x = 1"],
            fixed_metadata={**_LANGUAGE, "kernelspec": _PYTHON},
        ),
        Case(
            "without a name",
            ["x = 1"],
            ["0:0:0 warning the notebook names no kernel"],
            metadata={"kernelspec": {"display_name": "Python 3"}},
            fixed=["x = 1"],
            fixed_metadata={**_LANGUAGE, "kernelspec": _PYTHON},
        ),
        Case(
            "of a conda environment",
            ["x = 1"],
            ["0:0:0 warning the kernel 'conda-env-flights-py' is there only where it was made"],
            metadata={"kernelspec": {"name": "conda-env-flights-py", "display_name": "Python [conda env:flights]"}},
            fixed=["x = 1"],
            fixed_metadata={**_LANGUAGE, "kernelspec": _PYTHON},
        ),
        Case(
            "of a conda environment, R",
            ["x <- 1"],
            ["0:0:0 warning the kernel 'conda-env-flights-r' is there only where it was made"],
            metadata={"kernelspec": {"name": "conda-env-flights-r", "display_name": "R"}},
            language="R",
        ),
        Case("python3", ["x = 1"], metadata={"kernelspec": _PYTHON}),
        Case("another that is published", ["x = 1"], metadata={"kernelspec": {"name": "xpython"}}),
        Case("R", ["x <- 1"], metadata={"kernelspec": {"name": "ir", "display_name": "R"}}, language="R"),
        Case(
            "the pipeline chooses",
            ["x = 1"],
            project=Project(declared=Declared(name="a", kernel="python3")),
        ),
        Case("an empty notebook", []),
    ],
    "PB805": [
        Case(
            "missing",
            [],
            ["2:0:0 warning this cell and 1 below it have no valid id"],
            raw=_without_ids(5),
            fixed=["x = 1", markdown("text"), "y = 2"],
        ),
        Case(
            "not valid",
            ["x = 1", {**code("y = 2"), "id": "my cell"}],
            ["2:0:0 warning this cell has no valid id"],
            fixed=["x = 1", "y = 2"],
        ),
        Case(
            "twice",
            [{**code("x <- 1"), "id": "load"}, {**code("x <- 2"), "id": "load"}, {**markdown("x"), "id": "load"}],
            [
                "2:0:0 warning the cell has the id of cell 1: load",
                "3:0:0 warning the cell has the id of cell 1: load",
            ],
            language="R",
            fixed=[
                {**code("x <- 1"), "id": "load"},
                "x <- 2",
                markdown("x"),
            ],
        ),
        Case("nbformat 4.4 has none", [], raw=_without_ids(4)),
        Case("each its own", ["x = 1", "x = 1"]),
        Case("an empty notebook", []),
    ],
    "PB806": [
        Case(
            "two pictures",
            [code("draw()", count=1, outputs=(_LARGE, _LARGE))],
            ["1:0:0 warning the saved outputs take 1.40 MB, more than 1 MB"],
            fixed=["draw()"],
        ),
        Case(
            "where outputs are committed",
            [code("draw()", count=1, outputs=(_LARGE, _STREAM))],
            ["1:0:0 warning the saved outputs take 1.50 MB, more than 1 MB"],
            commit_outputs=True,
            language="R",
            fixed=["draw()"],
        ),
        Case("a picture in each of two cells", [code("draw()", outputs=(_LARGE,)), code("draw()", outputs=(_LARGE,))]),
        Case("no outputs", ["x = 1"]),
    ],
    "PB807": [
        Case(
            "truncated",
            [],
            ["0:0:0 error the file cannot be read: it ends in the middle of its JSON"],
            raw=content("x = 1")[:-60],
        ),
        Case("empty", [], ["0:0:0 error the file cannot be read: it is empty"], raw=b""),
        Case("not UTF-8", [], ["0:0:0 error the file cannot be read: it is not UTF-8 (byte 2)"], raw=b'{"\xff": 1}'),
        Case(
            "not JSON",
            [],
            ["0:0:0 error the file cannot be read: it is not JSON (Expecting value, line 1, column 1)"],
            raw=b"x = 1",
        ),
        Case(
            "nbformat 3",
            [],
            ["0:0:0 error the file cannot be read: it has nbformat 3, and only nbformat 4 is read"],
            raw=b'{"nbformat": 3, "worksheets": []}',
        ),
        Case(
            "nested too deeply",
            [],
            ["0:0:0 error the file cannot be read: its JSON is nested too deeply"],
            raw=b"[" * 1_000_000,
        ),
        Case(
            "a cell that is none",
            [],
            ["0:0:0 error the file cannot be read: cell 1: is no object"],
            raw=b'{"nbformat": 4, "metadata": {}, "cells": [7]}',
        ),
        Case("an ordinary notebook", ["x = 1"]),
        Case("an empty notebook", []),
        Case("code that is nested too deeply is a matter of its cell", ["-" * 100_000 + "1"]),
    ],
}
