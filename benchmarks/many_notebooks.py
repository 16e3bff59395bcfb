"""
Many notebooks with nothing to do, in ten chains: what a notebook costs when its own work costs nothing.

A hundred of them as whole builds, beside stock Ploomber's two executors; then 250, 500 and 1,000 of them, to see that
what the driver costs grows in line with their number: processor seconds of its process alone, and its largest memory.

    python benchmarks/many_notebooks.py --rounds 1
    python benchmarks/many_notebooks.py --sizes 100 200 --no-peers
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import machine
import peers
import projects
from processes import Taken, compiled, surroundings, timed
from projects import Step
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
CHAINS = 10
FIRST, FORCED = "proofbook build", "proofbook build --force"
HUNDRED = f"{FIRST}, 100 notebooks"
SECOND = f"{FORCED}, 100 notebooks"
_GROWTH = 1.25
"""How much more a further task may cost among many than among few, for the growth to be called linear."""


def steps(number: int) -> list[Step]:
    """`number` notebooks in ten chains: each adds one to what the one before it wrote."""
    found = []
    for place in range(number):
        name, above = f"n{place:04}", f"n{place - CHAINS:04}"
        upstream = [above] if place >= CHAINS else []
        read = f"int(Path(upstream[{above!r}]['number']).read_text())" if upstream else "0"
        cells = [f"from pathlib import Path\n\nbefore = {read}", "Path(product['number']).write_text(str(before + 1))"]
        products = {"nb": f"output/{name}.ipynb", "number": f"output/{name}.txt"}
        found.append(Step(name=name, cells=cells, products=products, upstream=upstream))
    return found


class Bench:
    """A project for each size, and the ways of building it."""

    def __init__(self, scratch: Path) -> None:
        home = scratch / "home"
        home.mkdir()
        self._scratch = scratch
        self.environment = peers.environment()
        self._ours, self._theirs = surroundings(Path(sys.prefix), home), surroundings(self.environment, home)
        for which in (Path(sys.prefix), self.environment):
            compiled(which, ROOT / "src")

    def ways(self, *, with_peers: bool) -> dict[str, Callable[[], Taken]]:
        """A hundred notebooks: by us, and by stock Ploomber."""
        stock = {
            f"ploomber build --force, {one}, 100 notebooks": partial(self.stock, one) for one in ("serial", "parallel")
        }
        return {
            HUNDRED: partial(self.ours, 100),
            SECOND: partial(self.ours, 100, again=True),
            **(stock if with_peers else {}),
        }

    def ours(self, number: int, *, again: bool = False) -> Taken:
        """A build of `number` notebooks: the first of a fresh project, or another of the last one, forced."""
        folder = self._scratch / f"proofbook-{number}"
        if not again or not folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            projects.pipeline(steps(number), folder, head=projects.DOOR)
        words = ["proofbook", "build", *(["--force"] if again else [])]
        return _checked(folder, number, timed(words, cwd=folder, variables=self._ours))

    def stock(self, executor: str) -> Taken:
        """A forced build by Ploomber alone."""
        folder = self._scratch / executor
        if not folder.exists():
            folder.mkdir()
            projects.pipeline(steps(100), folder, head=f"executor: {executor}\n")
        taken = timed(["ploomber", "build", "--force"], cwd=folder, variables=self._theirs)
        return _checked(folder, 100, taken)


def _checked(folder: Path, number: int, taken: Taken) -> Taken:
    for place in range(number):
        found = (folder / f"output/n{place:04}.txt").read_text()
        if found != str(place // CHAINS + 1):
            sys.exit(f"{folder.name}: n{place:04} wrote {found!r}")
    for file in (folder / "output").glob("*.txt"):  # so that a build that does nothing is found out next time
        file.unlink()
    return taken


def _growth(result: Result, taken: dict[int, list[Taken]], *, which: str) -> None:
    """
    Driver processor time and memory by number of tasks, and what a further task costs between two sizes.

    Of a first build Ploomber's own reading of the pipeline is part; a later one has it recorded.
    """
    cpu = {number: statistics.median(one.own_cpu for one in values) for number, values in taken.items()}
    peak = {number: statistics.median(one.own_peak for one in values) for number, values in taken.items()}
    seconds = {number: statistics.median(one.seconds for one in values) for number, values in taken.items()}
    head = ("seconds", "ms a task", "driver CPU, s", "ms a task", "driver memory, MB")
    print(f"\n{which}\n{'tasks':>6}" + "".join(f"  {word:>{max(len(word), 8)}}" for word in head))
    for number in taken:
        print(
            f"{number:>6}  {seconds[number]:8.2f}  {seconds[number] / number * 1000:9.1f}  {cpu[number]:13.2f}"
            f"  {cpu[number] / number * 1000:9.2f}  {peak[number] / 1e6:17.0f}"
        )
    more = [(cpu[many] - cpu[few]) / (many - few) * 1000 for few, many in pairwise(taken)]
    largest = max(taken)
    for (few, many), each in zip(pairwise(taken), more, strict=True):
        print(f"from {few} to {many} tasks: {each:.2f} ms of the driver's processor time for each further task")
    result.note(
        "growth" if which == FIRST else "growth, forced",
        {number: {"cpu": cpu[number], "peak": peak[number], "seconds": seconds[number]} for number in taken},
    )
    result.reach(f"{which}, {largest} tasks: ms of driver CPU a task", cpu[largest] / largest * 1000, most=10.0)
    result.reach(f"{which}, {largest} tasks: MB of driver memory", peak[largest] / 1e6, most=500.0)
    if len(more) > 1 and more[0] > 0:
        claim = f"{which}: a further task among many, as a multiple of one among few (driver CPU; linear is 1)"
        result.reach(claim, more[-1] / more[0], most=_GROWTH)


def _sizes(parser: argparse.ArgumentParser, sizes: Sequence[int]) -> list[int]:
    if any(size < CHAINS for size in sizes):
        parser.error(f"--sizes: at least {CHAINS}, one a chain")
    return sorted(set(sizes))


def main() -> None:
    """Run both parts."""
    parser = arguments(__doc__)
    parser.add_argument(
        "--sizes", nargs="*", type=int, default=[250, 500, 1000], help="numbers of tasks (default: %(default)s)"
    )
    parser.add_argument("--no-peers", action="store_true", help="leave stock Ploomber out")
    parser.add_argument("--no-hundred", action="store_true", help="only the growth")
    options = parser.parse_args()
    sizes = _sizes(parser, options.sizes)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        bench = Bench(Path(place))
        result = Result("many notebooks", machine=machine.describe(Path(place), peers=bench.environment))
        ways = {} if options.no_hundred else bench.ways(with_peers=not options.no_peers)
        growing = {
            f"{which}, {size} notebooks": partial(bench.ours, size, again=which == FORCED)
            for size in sizes
            if size != 100
            for which in (FIRST, FORCED)
        }
        result.rounds(options.rounds, {**ways, **growing})
        result.table(beside=HUNDRED)
        for name in (HUNDRED, SECOND):
            if result.has(name):
                each = (result.median(name) - 1) / 100 * 1000
                result.reach(f"{name}: ms a notebook beyond the first second", each, most=60.0)
        if sizes:
            for which in (FIRST, FORCED):
                taken = {size: result.taken(f"{which}, {size} notebooks") for size in sizes}
                _growth(result, {size: values for size, values in taken.items() if values}, which=which)
        result.end(options)


if __name__ == "__main__":
    main()
