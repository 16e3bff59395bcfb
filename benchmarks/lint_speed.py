"""
Lint of 1,000 notebooks of 30 cells, with nothing known and with nothing changed, and of one; beside ruff alone, nbQA
with flake8, and pynblint, each over the same files from the start of its process to the end.

Every notebook is different: imports, functions, classes, loops, magics, tables, headings, some outputs, and a mistake in
one of ten. The peers have an environment of their own (benchmarks/linters.in). nbQA and pynblint take long, so they
have a part of the notebooks, and their figure is what all would take at that rate.

    python benchmarks/lint_speed.py                       # about five minutes
    python benchmarks/lint_speed.py --peers-share 1.0     # the peers, too, on every notebook
"""

import json
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import machine
from peers import environment
from processes import Taken, compiled, surroundings, timed
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
CELLS = 30
# ruff: noqa: E501 - a table of pieces
PIECES = (
    "frame_{n} = pd.DataFrame({{'a': range({n}), 'b': np.arange({n}) * 2.0}})\nframe_{n}['ratio'] = frame_{n}['a'] / frame_{n}['b'].clip(lower=1)\nframe_{n}.head()",
    "def clean_{n}(frame, *, limit={n}):\n    \"\"\"Keep what is sound.\"\"\"\n    kept = frame[frame['value'] < limit].copy()\n    for column in ('a', 'b'):\n        kept[column] = kept[column].fillna(0)\n    return kept\n",
    "%%time\ntotal_{n} = 0\nfor value in range({n}):\n    if value % 2:\n        total_{n} += value ** 2\nprint(f'total {{total_{n}}}')",
    "lengths_{n} = {{name: len(name) for name in ('x{n}', 'y', 'z')}}\nsorted(lengths_{n}.items(), key=lambda pair: pair[1])",
    "rng_{n} = np.random.default_rng({n})\nsample_{n} = rng_{n}.normal(size=(100, 3))\nprint(sample_{n}.mean(axis=0).round(3))",
    "class Model{n}:\n    def __init__(self, rate=0.1):\n        self.rate = rate\n        self.weights = np.zeros({n})\n\n    def fit(self, x, y):\n        for _ in range(10):\n            self.weights -= self.rate * (x @ self.weights - y) @ x\n        return self\n",
    "try:\n    value_{n} = int('{n}')\nexcept ValueError as error:\n    print(error)\n    value_{n} = 0\nassert value_{n} >= 0, 'must not be negative'",
    "summary_{n} = pd.Series(range({n})).groupby(lambda i: i % 3).agg(['mean', 'std'])\nsummary_{n}.round(2)",
)  # fmt: skip
MISTAKES = ("print(unknown_{n})", "if total is 'a':\n    pass", "os.chdir('/tmp')", "x = (1,")


def write(folder: Path, number: int) -> None:
    """As many notebooks."""
    folder.mkdir()
    for which in range(number):
        draw = random.Random(which)
        cells = [_code("import numpy as np\nimport pandas as pd\n\ntotal = 0", which)]
        for place in range(1, CELLS):
            if place % 5 == 0:
                text = f"## Part {place}\n\nWhat follows of it is said in a few words, as people do."
                cells.append({"cell_type": "markdown", "id": f"m{place}", "metadata": {}, "source": _lines(text)})
            else:
                cells.append(_code(draw.choice(PIECES).format(n=which * CELLS + place), place))
        if which % 10 == 0:
            cells.append(_code(draw.choice(MISTAKES).format(n=which), CELLS))
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        document = {
            "cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4, "nbformat_minor": 5,
        }  # fmt: skip
        (folder / f"notebook_{which:04}.ipynb").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _code(source: str, place: int) -> dict[str, Any]:
    shown = [{"output_type": "stream", "name": "stdout", "text": [f"row {row}\n" for row in range(place)]}]
    return {
        "cell_type": "code", "id": f"c{place}", "metadata": {}, "execution_count": None,
        "outputs": shown if place % 4 == 3 else [], "source": _lines(source),
    }  # fmt: skip


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def main() -> None:
    """Write the notebooks, lint them in turns, print Markdown."""
    parser = arguments(__doc__, rounds=5)
    parser.add_argument("--notebooks", type=int, default=1000)
    parser.add_argument("--peers-share", type=float, default=0.05, help="of the notebooks, for nbQA and pynblint")
    options = parser.parse_args()
    peer = environment("linters", lock="linters.lock")
    compiled(Path(sys.prefix), ROOT / "src")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder, home = Path(place), Path(place, "home")
        home.mkdir()
        write(folder / "all", options.notebooks)
        few = max(1, round(options.notebooks * options.peers_share))
        write(folder / "few", few)
        write(folder / "one", 1)
        result = Result("lint_speed", machine=machine.describe(folder, peers=peer))
        ours, theirs = surroundings(Path(sys.prefix), home), surroundings(peer, home)

        def run(words: str, where: str, variables: dict[str, str]) -> Taken:
            # that something was found is no failure
            return timed(
                ["/bin/sh", "-c", f"{words} >/dev/null; test $? -le 3"], cwd=folder / where, variables=variables
            )

        def cold() -> Taken:
            shutil.rmtree(home / ".cache", ignore_errors=True)
            return run("proofbook lint", "all", ours)

        def scaled(words: str) -> Taken:
            taken = run(words, "few", theirs)
            times = options.notebooks / few
            return Taken(seconds=taken.seconds * times, cpu=taken.cpu * times)

        ways = {
            "proofbook, nothing known": cold,
            "proofbook, nothing changed": lambda: run("proofbook lint", "all", ours),
            "proofbook, no ruff, nothing known": lambda: run("proofbook lint --no-cache --select PB", "all", ours),
            "proofbook, one notebook": lambda: run("proofbook lint --no-cache notebook_0000.ipynb", "one", ours),
            "ruff": lambda: run("ruff check --isolated --no-cache .", "all", theirs),
            "ruff, one notebook": lambda: run("ruff check --isolated --no-cache .", "one", theirs),
            "nbqa flake8": lambda: scaled("nbqa flake8 ."),
            "pynblint": lambda: scaled("pynblint ."),
        }
        result.rounds(options.rounds, ways)
        result.table(beside="ruff")
        result.reach("lint of 1,000 notebooks, nothing known: s", result.median("proofbook, nothing known"), most=3.0)
        result.reach(
            "lint of 1,000 notebooks, nothing changed: s", result.median("proofbook, nothing changed"), most=0.3
        )
        result.reach("lint of one notebook: s", result.median("proofbook, one notebook"), most=0.2)
        own = result.ratio("proofbook, no ruff, nothing known", "ruff")
        result.reach("lint of 1,000 notebooks, our part: times ruff's time", own, most=2.0)
        for name in ("nbqa flake8", "pynblint"):
            result.reach(
                f"lint of 1,000 notebooks: times as fast as {name}",
                result.ratio(name, "proofbook, nothing known"),
                least=1.0,
            )
        result.end(options)


if __name__ == "__main__":
    main()
