"""
Files that no editor wrote, put before lint: it may find fault with them, and never break down or stand still.

    make soak
    python benchmarks/lint_fuzz.py 300 --seed 7

Two kinds, taken in turn: bytes, and notebooks that are sound but for something that was done to them (cut, spliced,
nested, multiplied; cells, lines, values and types exchanged). Each is linted as a file in a project; ruff is asked
about the same ones in lots. Ends with 1 at the first that breaks down, takes too long or too much, keeps the file,
and prints the seed.
"""

import argparse
import copy
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 20.0
"""Of the processor; one file may take so long, and a hang takes longer."""
WAITS = 1800.0
"""Seconds that a lot may take in all: what waits for something takes no time of the processor."""
MEMORY = 600 * 1000 * 1000
LOT = 200
"""Files of one process: what it takes at its peak is known when it ends."""
# ruff: noqa: E501 - tables of pieces
PIECES = (
    "import os\n", "%%time\n", "%matplotlib inline\n", "!ls {x} $y\n", "x = !pwd\n", "x?\n", "%%bash\necho hi\n", "%%html\n<b>",
    "def f(a, *, b=[], **c):\n    global z\n    return a + z\n", "class A(B):\n    x: int = 1\n    def m(self): return self.x\n",
    "for i in range(3):\n    d[i] = i\nprint(i)\n", "df = df.drop(columns=['a'])\ndf['b'] = 1\n", "await f()\n", "lambda: (yield)\n",
    "match x:\n    case {'a': [1, *rest]}: pass\n    case A(x=1) | None: pass\n", "from a.b import *\n", "del x\n", "return 1\n", "(" * 120 + "\n",
    "with open('a.csv') as f, open(f'{x}.txt', 'w') as g: g.write(f.read())\n", "# proofbook: ignore[PB201] because\n", "# proofbook: ignore\n",
    "record('a', 1)\nrecord(x, y)\n", "try:\n    import a\nexcept ImportError:\n    a = None\n", "if TYPE_CHECKING:\n    import b\n",
    "[y := f(x), y**2]\n", "f'{x!r:>{width}} {{}} {\"a\" if x else \"b\"}'\n", "async def g():\n    async with a as b: yield b\n",
    "try:\n    pass\nexcept* ValueError:\n    pass\n", "'''open\n", "x = 1;;\n", "\tif x:\n", "np.random.seed(1)\nnp.random.rand(3)\n",
    "password = 'hunter2-AKIAIOSFODNN7EXAMPLE'\n", "exec('a = 1')\nglobals()['b'] = 2\n", "%cd /tmp\n%run other.ipynb\n%load_ext autoreload\n", "# %%\n",
    "@a.b(c)\n@d\nclass E[T]: pass\n", "type X = int\n", "while True: pass\n", "print('\\ud800')\n", "\u202e\u0000\x0c\r\x85\u2028", "é = 'ü'\n",
    "0x" + "f" * 5000 + "\n", "x" + ".y" * 300 + "\n", "-" * 400 + "1\n", "a = b = c = d = e\n", "a,(b,[c,*d]) = e\n", "assert 0, '%s %s' % (1,)\n",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, -1, 2**70, 1.5, float("inf"), "", "\ud800", "x" * 2000, [], {}, [[]], {"": ""}, "code", "parameters", 4, "4", [1, "a"],
    {"name": "python"}, {"name": 5}, "R", "python3", ["parameters", "parameters"], {"ignore": {"PB201": "why"}}, {"proofbook": {"ignore": []}},
)  # fmt: skip
KEYS = (
    "cells", "metadata", "source", "outputs", "cell_type", "execution_count", "id", "tags", "kernelspec", "language_info", "name", "nbformat",
    "nbformat_minor", "proofbook", "papermill", "jupytext", "data", "text", "output_type", "traceback", "ename", "parameters", "language",
)  # fmt: skip


def notebook(draw: random.Random) -> dict[str, Any]:
    """A notebook in good order, of pieces that lint has something to say about."""
    cells: list[dict[str, Any]] = []
    for number in range(draw.randrange(1, 9)):
        source = "".join(draw.choices(PIECES, k=draw.randrange(0, 5)))
        cell = {
            "cell_type": draw.choice(["code", "code", "code", "markdown", "raw"]),
            "id": f"c{number}",
            "metadata": {},
        }
        cell["source"] = source.splitlines(keepends=True) if draw.random() < 0.5 else source
        if cell["cell_type"] == "code":
            cell |= {"execution_count": draw.choice([None, number, 3]), "outputs": outputs(draw)}
        if draw.random() < 0.2:
            cell["metadata"] = {
                "tags": ["parameters", "proofbook:ignore:PB301", "raises-exception"][: draw.randrange(4)]
            }
        cells.append(cell)
    language = draw.choice(["python", "python", "python", "python", "R", "julia"])
    return {
        "nbformat": 4,
        "nbformat_minor": draw.choice([4, 5]),
        "cells": cells,
        "metadata": {"language_info": {"name": language}},
    }


def outputs(draw: random.Random) -> list[dict[str, Any]]:
    """What a cell may show."""
    made = (
        {"output_type": "stream", "name": "stdout", "text": "a\n"},
        {
            "output_type": "error",
            "ename": "NameError",
            "evalue": "name 'x' is not defined",
            "traceback": ["\x1b[0;31m"],
        },
        {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": ["1"]}},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {"image/png": "iVBORw0KGgo=", "application/json": {"a": [1]}},
        },
    )
    return copy.deepcopy(draw.choices(made, k=draw.randrange(0, 3)))


def mutated(document: Any, draw: random.Random) -> Any:
    """Something in it is another thing, gone, said twice, or somewhere else."""
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, inner in list(pairs):
            places.append((value, key))
            collect(inner)

    for _ in range(draw.randrange(0, 4)):
        places.clear()
        collect(document)
        if not places:
            break
        _change(*draw.choice(places), places, draw)
    return document


def _change(holder: Any, key: Any, places: list[tuple[Any, Any]], draw: random.Random) -> None:
    """One of the six things that may happen to an entry."""
    kind = draw.randrange(6)
    if kind == 0:
        holder[key] = copy.deepcopy(draw.choice(VALUES))
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        other, name = draw.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif kind == 3 and isinstance(holder, dict):
        holder[draw.choice(KEYS)] = copy.deepcopy(draw.choice(VALUES))
    elif kind == 4 and isinstance(holder[key], str):
        holder[key] = edited(holder[key], draw)
    elif isinstance(holder, list):
        holder.insert(draw.randrange(len(holder) + 1), copy.deepcopy(holder[key]))


def edited(text: str, draw: random.Random) -> str:
    """A text with a piece cut out, put in or repeated."""
    start, stop = sorted(draw.randrange(len(text) + 1) for _ in range(2))
    put = draw.choice(
        [draw.choice(PIECES), text[start:stop] * draw.choice([2, 50]), "\\", "\n", "(", "'''", "\t", "%", "{", "#", ""]
    )
    return text[:start] + put + text[stop:]


def spoiled(content: bytes, draw: random.Random) -> bytes:
    """Bytes cut, turned over, put in, repeated."""
    for _ in range(draw.randrange(0, 3)):
        start, stop = sorted(draw.randrange(len(content) + 1) for _ in range(2))
        put = draw.choice(
            [
                b"",
                bytes([draw.randrange(256)]),
                b"\xef\xbb\xbf",
                b"\xff\xfe",
                b"\x00" * 50,
                b"[" * 5000,
                b'{"a":' * 5000,
                content[start:stop] * 3,
            ]
        )
        content = content[:start] + put + content[stop if draw.random() < 0.5 else start :]
    return content


def nested(draw: random.Random) -> bytes:
    """Code that is deeper or longer than anybody writes."""
    many = draw.choice([50, 95, 150, 1000, 30_000])
    code = draw.choice(
        [
            "x = " + "(" * many + ")" * many, "x = " + "[" * many + "]" * many, "x = " + "-" * many + "1", "x = " + "1+" * many + "1",
            "f" + "()" * many, "x" + ".a" * many, "".join(" " * depth + "if x:\n" for depth in range(min(many, 1000))),
            "lambda: " * many + "0", "x = " + "not " * many + "y", "\n".join("a = a" for _ in range(min(many, 5000))),
            "f'" + "{x}" * many + "'", "if x: pass\n" + "elif y: pass\n" * min(many, 1000), "x = " + " if y else ".join("a" for _ in range(many)),
            "a = " * many + "b", "def f():\n return 0\n" * min(many, 2000), "'a' " * many, "x = " + "a or " * many + "b", "@d\n" * min(many, 1000) + "def f(): pass",
            "x = " + "{1:" * many + "2" + "}" * many, "import " + ".".join("abcdef"[i % 6] for i in range(many)), "%" * many, "!" * many, "\\\n" * many, "#" * many,
            "match x:\n case " + "[" * many + "]" * many + ": pass", "print(" + "a," * many + ")", "global " + ",".join(f"x{i}" for i in range(many)),
        ]
    )  # fmt: skip
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": code}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}).encode()


def made(draw: random.Random) -> tuple[str, bytes]:
    """A file name and what stands in the file."""
    kind = draw.randrange(10)
    if kind == 0:
        return "bytes.ipynb", draw.randbytes(draw.randrange(200))
    if kind == 1:
        return "deep.ipynb", nested(draw)
    if kind == 2:
        text = "".join(
            draw.choices(
                (*PIECES, "# %% [markdown]\n", "# ---\n# jupyter:\n", "# + tags=['parameters']\n"), k=draw.randrange(12)
            )
        )
        return draw.choice(["a.py", "a.md", "a.Rmd", "a.R"]), spoiled(text.encode("utf-8", "replace"), draw)
    document = mutated(notebook(draw), draw)
    content = json.dumps(document, indent=draw.choice([None, 1]), ensure_ascii=draw.random() < 0.5).encode(
        "utf-8", "replace"
    )
    return "mutated.ipynb", spoiled(content, draw) if kind < 6 else content


def lint_lot(root: Path, files: list[Path]) -> None:
    """Lint each file alone under a watch, then all of them with ruff. For a child process."""
    from proofbook.flow.asked import Asked
    from proofbook.flow.lint import lint
    from proofbook.lint import output
    from proofbook.model.configuration import LintConfiguration

    configuration = LintConfiguration(select=["PB"], python=["F", "E9", "B"])
    for path in files:
        (root / "at").write_text(path.name)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        result = lint([path], root=root, configuration=configuration)
        signal.setitimer(signal.ITIMER_PROF, 0)
        for show in output.FORMATS.values():
            show(result).encode("utf-8", "replace")
    (root / "at").write_text("all of them, with ruff")
    signal.setitimer(signal.ITIMER_PROF, SECONDS + len(files))
    result = Asked(files, root=root, configuration=configuration, cache=False, known=False).lint()
    # its own stack may end before Python's does: then it is said, and nothing else is lost
    if result.failure and not result.failure.startswith("ruff failed on"):
        sys.exit(result.failure)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if peak > MEMORY:
        sys.exit(f"{peak // 1_000_000} MB were taken")


def run(seconds: float, seed: int, *, kept: Path, say: Callable[[str], None] = print) -> int:
    """Go on for so long; 1 where a file was found."""
    ends = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ends:
        draw = random.Random(f"{seed} {number}")
        with tempfile.TemporaryDirectory() as scratch:
            root = Path(scratch).resolve()
            files = []
            for place in range(LOT):
                name, content = made(draw)
                path = root / f"{place:03}_{name}"
                path.write_bytes(content)
                files.append(path)
            child = subprocess.run(
                [sys.executable, __file__, "--lot", str(root)],
                capture_output=True,
                text=True,
                check=False,
                errors="replace",
                timeout=WAITS,
            )
            if child.returncode:
                at = (root / "at").read_text() if (root / "at").exists() else "the start"
                kept.mkdir(parents=True, exist_ok=True)
                if (root / at).is_file():
                    (kept / at).write_bytes((root / at).read_bytes())
                say(f"lot {number} broke down at {at} (seed {seed}): {child.returncode}\n{child.stderr[-3000:]}")
                return 1
        number += 1
        say(f"{number * LOT} files: good")
    return 0


def main() -> None:
    """Draw, lint, look."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float, nargs="?", default=300.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--kept", type=Path, default=Path("lint-fuzz"), help="folder for a file that broke it")
    parser.add_argument("--lot", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.lot is not None:
        os.environ["XDG_CONFIG_HOME"] = str(options.lot)
        lint_lot(options.lot, sorted(path for path in options.lot.iterdir() if path.name != "at"))
        return
    print(f"seed {options.seed}", flush=True)
    sys.exit(run(options.seconds, options.seed, kept=options.kept, say=lambda text: print(text, flush=True)))


if __name__ == "__main__":
    main()
