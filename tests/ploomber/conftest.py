"""A small pipeline of notebooks with the four door lines, built by the real `ploomber build` in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

DOOR = """\
executor: {dotted_path: proofbook.ploomber.Executor}
on_render: proofbook.ploomber.on_render
on_finish: proofbook.ploomber.on_finish
on_failure: proofbook.ploomber.on_failure
meta: {extract_upstream: false, extract_product: false}
"""
TASKS = """\
tasks:
  - source: notebooks/numbers.ipynb
    params: {number: "{{number}}"}
    product: {nb: output/numbers.ipynb, data: output/numbers.txt}
  - source: notebooks/double.ipynb
    upstream: [numbers]
    product: {nb: output/double.ipynb, data: output/double.txt}
"""
NUMBERS = [
    ("upstream = None\nproduct = None\nnumber = 1", ["parameters"]),
    ("from pathlib import Path\n\nPath(product['data']).write_text(str(number))\nprint('wrote', number)", []),
]
DOUBLE = [
    ("upstream = None\nproduct = None", ["parameters"]),
    (
        (
            "from pathlib import Path\n\nfrom proofbook import record\n\n"
            "doubled = 2 * int(Path(upstream['numbers']['data']).read_text())"
        ),
        [],
    ),
    ("Path(product['data']).write_text(str(doubled))", []),
    ("record('doubled', float(doubled), better='higher', margin=1.5)", []),
]


def notebook(cells: list[tuple[str, list[str]]]) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {"tags": tags} if tags else {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, (source, tags) in enumerate(cells, start=1)
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@dataclass
class Folder:
    root: Path

    def write(self, name: str, cells: list[tuple[str, list[str]]]) -> Path:
        path = self.root / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(notebook(cells), indent=1))
        return path

    def command(self, *words: str) -> list[str]:
        return [str(Path(sys.executable).parent / words[0]), *words[1:]]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "160",
        }

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=120,
            env={**self.environment, **environment},
            check=False,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
            start_new_session=True,
        )

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("numbers", NUMBERS)
    made.write("double", DOUBLE)
    (tmp_path / "pipeline.yaml").write_text(DOOR + TASKS)
    (tmp_path / "env.yaml").write_text("number: 1\n")
    return made
