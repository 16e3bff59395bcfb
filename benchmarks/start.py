"""
What a start costs: `import proofbook` with `record`, and `proofbook --help`: whole processes, beside a bare Python.

Cold means a process of its own; files are in the page cache and bytecode is compiled, as after any first use. How long
it takes where nothing is compiled is shown too, and is no claim.

    python benchmarks/start.py
"""

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import machine
from processes import Taken, compiled, surroundings, timed
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
BARE, BESIDE = "python -c pass", "python -c 'import click, msgspec'"
RECORD, CALLED = "python -c 'from proofbook import record'", "... and record('a', 1.0)"
HELP, VERSION = "proofbook --help", "proofbook --version"
UNCOMPILED = ", nothing compiled"


def main() -> None:
    """Start each, many times, in turns."""
    options = arguments(__doc__, rounds=15).parse_args()
    compiled(Path(sys.prefix), ROOT / "src")
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home, empty = Path(place, "home"), Path(place, "empty")
        home.mkdir()
        variables = surroundings(Path(sys.prefix), home)
        # an empty cache that is not written to: every module is compiled from its source, the standard library's too
        bare = {**variables, "PYTHONPYCACHEPREFIX": str(empty), "PYTHONDONTWRITEBYTECODE": "1"}
        commands = {
            BARE: ["python", "-c", "pass"],
            BESIDE: ["python", "-c", "import click, msgspec"],
            RECORD: ["python", "-c", "from proofbook import record"],
            CALLED: ["python", "-c", "from proofbook import record; record('a', 1.0)"],
            HELP: ["proofbook", "--help"],
            VERSION: ["proofbook", "--version"],
        }
        ways: dict[str, Callable[[], Taken]] = {
            name: partial(timed, words, cwd=Path(place), variables=variables) for name, words in commands.items()
        }
        for name in (BARE, RECORD, HELP):
            ways[name + UNCOMPILED] = partial(timed, commands[name], cwd=Path(place), variables=bare)
        result = Result("start", machine=machine.describe(Path(place)))
        for way in ways.values():  # into the page cache
            way()
        result.rounds(options.rounds, ways)
        result.table(unit="ms")
        result.reach(f"{RECORD}: ms, Python's own start included", result.median(RECORD) * 1000, most=100.0)
        result.reach(f"{HELP}: ms, Python's own start included", result.median(HELP) * 1000, most=150.0)
        result.end(options)


if __name__ == "__main__":
    main()
