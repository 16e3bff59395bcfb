"""How much a notebook may take: `analyze/limits.py`, and what stands behind it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.analyze import limits, syntax
from proofbook.exceptions import NotebookError
from proofbook.lint import engine
from tests.lint.factory import notebook

HEAD = b'{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": ['
CELL = b'{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": "x = 1"}'
MEMORY = 300 * 1024
"""KiB that a whole process may take."""
SECONDS = 20
"""Of the processor: a second on a machine of its own, and so much where many share one."""
LINT = """
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
from pathlib import Path
from proofbook.flow.lint import lint
from proofbook.model.configuration import LintConfiguration
found = lint([Path(sys.argv[1])], root=Path.cwd(), configuration=LintConfiguration()).findings
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(peak[0], found[0].rule, found[0].message, sep="|")
""".replace("SECONDS", str(SECONDS))

HOSTILE = {
    "a million cells": lambda: HEAD + b", ".join([CELL] * 1_000_000) + b"]}",
    "a million cells, written so that nobody sees it": lambda: (
        HEAD + b", ".join([b'{"cell\\u005ftype": "raw"}'] * 1_000_000) + b"]}"
    ),
    "a million cells, cut short": lambda: HEAD + b", ".join([CELL] * 1_000_000)[:-20],
    "deep arrays": lambda: b"[" * 8_000_000,
    "deep objects": lambda: b'{"a":' * 3_000_000,
    "a deep cell": lambda: HEAD + b'{"source": ' + b"[" * 500_000,
    "millions of empty objects": lambda: HEAD + b", ".join([b"{}"] * 3_000_000) + b"]}",
    "millions of numbers": lambda: HEAD + b",".join([b"1"] * 6_000_000) + b"]}",
    "millions of empty texts": lambda: HEAD + b",".join([b'""'] * 4_000_000) + b"]}",
    "one text without an end": lambda: HEAD + b'{"cell_type": "code", "source": "' + b"a" * 80_000_000,
    "one wide text without an end": lambda: HEAD + b'{"source": "\xf0\x9f\x98\x80' + b"a" * 40_000_000,
    "null characters": lambda: b"\0" * 30_000_000,
    "spaces": lambda: b" " * 30_000_000,
    "no UTF-8": lambda: b"\xff" * 30_000_000,
    "code without end": lambda: HEAD + CELL.replace(b"x = 1", b"x = 1\\n" * 2_000_000) + b"]}",
}


def linted(path: Path) -> tuple[int, str, str]:
    """Memory in KiB, the rule and the message."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, path.name], cwd=path.parent, capture_output=True, text=True, check=True
    )
    peak, rule, message = done.stdout.strip().split("|")
    return int(peak), rule, message


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_finding_and_takes_little(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.ipynb").write_bytes(HOSTILE[name]())
    peak, rule, message = linted(tmp_path / "a.ipynb")

    assert rule == "PB807"
    assert len(message) < 300
    assert peak < MEMORY


def test_a_file_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.ipynb").open("wb") as file:
        file.truncate(1_000_000_000)

    peak, rule, message = linted(tmp_path / "a.ipynb")

    assert (rule, message) == (
        "PB807",
        "the file cannot be read: it is 1000 MB, more than the 100 MB that Proofbook reads",
    )
    assert peak < 100 * 1024


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a link to nowhere", "a link in a circle", "gone"])
def test_what_is_no_file_is_never_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.ipynb"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind != "gone":
        targets = {"a device": "/dev/zero", "a link to nowhere": "/nowhere", "a link in a circle": "a.ipynb"}
        path.symlink_to(targets[kind])

    assert linted(path)[1] == "PB807"


def test_a_large_notebook_in_good_order_is_read(tmp_path: Path) -> None:
    text = json.dumps("a" * 20_000_000).encode()
    content = (
        HEAD + CELL.replace(b"[]", b'[{"output_type": "stream", "name": "stdout", "text": ' + text + b"}]") + b"]}"
    )

    limits.check(content, path="a.ipynb")


def test_one_character_may_make_all_others_wide() -> None:
    limits.check(b'"' + b"a" * 90_000_000 + b'"', path="a.ipynb")

    with pytest.raises(NotebookError, match="clear its outputs"):
        limits.check(b'"' + "😀".encode() + b"a" * 90_000_000 + b'"', path="a.ipynb")


def test_code_that_nobody_wrote_is_not_analysed() -> None:
    said = engine.analyze(notebook("x = 1\n" * 100_000))

    assert said == "has 600000 characters of code, more than the 500000 that are analysed; move some into a module"


@pytest.mark.parametrize(
    "code", ["import " + ".".join("a" * 200_000), "a.\\\n" * 100_000 + "b", "x = " + "a." * 5000 + "a"]
)
def test_a_name_of_endless_parts_is_not_parsed(code: str) -> None:
    """CPython's parser takes the square of its length in memory."""
    assert str(syntax.parse(code).error) == "nested too deeply"


@pytest.mark.parametrize("code", ["x" * 400_000, "x = '" + "a.b, " * 80_000 + "'", "x = [" + "1.5, " * 80_000 + "]"])
def test_long_names_texts_and_numbers_are_parsed(code: str) -> None:
    assert syntax.parse(code).tree is not None
