"""
Kernels forked by the thousand, under load: does one hang, say something else than before, or leave something behind?

    python benchmarks/soak_kernels.py --kernels 1000 --seed 7 --parallel 3

Each kernel is warm and runs one notebook of tests/kernels/corpus, chosen by chance, beside busy processes. A notebook
that takes more than 120 seconds counts as hung, and what its processes were doing is printed. What a notebook says must
be what it said the first time. Ends with 1 when anything hung, differed, or was left behind.
"""

import argparse
import asyncio
import collections
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from proofbook.kernels.pool import Pool

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.kernels import corpus  # noqa: E402
from tests.kernels.corpus import differences  # noqa: E402

MODULES = (
    "numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "sklearn.ensemble", "scipy.stats",
    "pyarrow.parquet", "pyarrow.dataset", "joblib", "sqlalchemy",
)  # fmt: skip


@dataclass
class Tally:
    """What happened so far."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: collections.defaultdict(list))
    starts: list[float] = field(default_factory=list)
    cold: collections.Counter[str] = field(default_factory=collections.Counter)
    first: dict[str, dict[str, str]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    descriptors: list[int] = field(default_factory=list)
    done: int = 0


@contextlib.contextmanager
def _load(processes: int) -> Iterator[set[int]]:
    """Processes that are busy for ever."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield {process.pid for process in busy}
    finally:
        for process in busy:
            process.kill()
            process.wait()


def _descriptors() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


@dataclass(frozen=True)
class Left:
    """What there is that could be left behind."""

    processes: tuple[str, ...]
    descriptors: int
    files: tuple[str, ...]
    shared: tuple[str, ...]

    @classmethod
    def now(cls, temporary: Path, *, but: set[int]) -> "Left":
        """A look around."""
        processes = []
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if process.pid not in but and process.status() != psutil.STATUS_ZOMBIE:
                    processes.append(f"{process.pid} {' '.join(process.cmdline())[:80]}")
                elif process.pid not in but:
                    processes.append(f"{process.pid} zombie")
        files = tuple(sorted(str(path.relative_to(temporary)) for path in temporary.glob("*")))
        return cls(
            tuple(processes), _descriptors(), files, tuple(sorted(path.name for path in Path("/dev/shm").iterdir()))
        )


def _apart(one: str, other: str) -> str:
    """Where two texts begin to differ."""
    start = len(os.path.commonprefix([one, other]))  # noqa: RUF071  characters are what is compared
    return f"{one[max(0, start - 20) : start + 200]!r} was before, now {other[max(0, start - 20) : start + 200]!r}"


async def _one(name: str, *, number: int, root: Path, pool: Pool, tally: Tally) -> None:
    # numbered folders: the same notebook may run twice at a time
    cwd = corpus.folder(root / str(number), name)
    began = time.monotonic()

    async def start() -> object:
        # all start in one folder, so that spare kernels are used, and go to their own
        kernel = await pool.kernel("python3", cwd=str(root))
        tally.starts.append(time.monotonic() - began)
        if not kernel.warm:
            tally.cold[kernel.note] += 1
        return kernel

    try:
        said = differences.normalised(name, await corpus.run(name, cwd=cwd, start=start, go=True))
    except corpus.Hung as hung:
        tally.trouble.append(f"hung: {hung}")
        print(f"HUNG {hung}", flush=True)
        return
    except Exception as error:  # noqa: BLE001  it is counted, and the soak goes on
        tally.trouble.append(f"{name}: {type(error).__name__}: {error}")
        print(f"FAILED {tally.trouble[-1]}", flush=True)
        return
    tally.seconds[name].append(time.monotonic() - began)
    said = {title: text.replace(f"/{number}/work/", "/N/work/") for title, text in said.items()}
    before = tally.first.setdefault(name, said)
    for title in said:
        if said[title] != before.get(title) and not title.endswith(corpus.OWN):
            tally.trouble.append(f"{name}, {title!r} said something else: {_apart(before.get(title, ''), said[title])}")
            print(f"OTHER {tally.trouble[-1]}", flush=True)


async def _soak(options: argparse.Namespace, *, root: Path, tally: Tally) -> None:
    draw = random.Random(options.seed)
    # every notebook once, then by chance
    names = [*corpus.NAMES, *draw.choices(corpus.NAMES, k=max(0, options.kernels - len(corpus.NAMES)))]
    names = draw.sample(names, options.kernels)
    numbered = iter(enumerate(names))
    pool = Pool(root=root, modules=MODULES, on_note=lambda note: print(f"note: {note}", flush=True))
    pool.start()

    async def work() -> None:
        for number, name in numbered:
            await _one(name, number=number, root=root, pool=pool, tally=tally)
            tally.done += 1
            if tally.done % 50 == 0:
                tally.memory.append(psutil.Process().memory_info().rss >> 20)
                tally.descriptors.append(_descriptors())
                print(f"{tally.done} kernels, {len(tally.trouble)} troubles, driver {tally.memory[-1]} MiB", flush=True)

    try:
        await asyncio.gather(*(work() for _ in range(options.parallel)))
    finally:
        async with asyncio.timeout(60):
            await pool.close()


def _percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    return ", ".join(f"p{p} {ordered[min(len(ordered) - 1, len(ordered) * p // 100)]:.2f}" for p in (50, 90, 99, 100))


def _report(tally: Tally, before: Left, after: Left) -> None:
    for name, seconds in sorted(tally.seconds.items()):
        print(f"{name:32} {len(seconds):4} times, seconds: {_percentiles(seconds)}")
    print(f"until a kernel was there, seconds: {_percentiles(tally.starts)}")
    print(f"cold: {sum(tally.cold.values())}", *(f"  {count} x {note}" for note, count in tally.cold.items()), sep="\n")
    print(f"driver memory, MiB, each 50 kernels: {tally.memory}")
    for what in ("processes", "files", "shared"):
        left = set(getattr(after, what)) - set(getattr(before, what))
        if left:
            tally.trouble.append(f"{what} left behind: {sorted(left)[:20]}")
    print(f"descriptors: {before.descriptors} before, each 50 kernels {tally.descriptors}, {after.descriptors} after")
    # the first kernels load libraries and open what stays open
    if after.descriptors > before.descriptors + 10:
        tally.trouble.append(f"descriptors: {before.descriptors} before, {after.descriptors} after")
    if len(tally.memory) > 4 and tally.memory[-1] > 1.3 * tally.memory[len(tally.memory) // 4]:
        tally.trouble.append(f"the driver's memory grows: {tally.memory}")
    print(f"{tally.done} kernels, {len(tally.trouble)} troubles", *tally.trouble, sep="\n")


def main() -> None:
    """Run, and look at what is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kernels", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--parallel", type=int, default=3)
    parser.add_argument("--busy", type=int, default=2)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    tally = Tally()
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as temporary:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        with _load(options.busy) as busy, corpus.surroundings(Path(scratch)):
            before = Left.now(Path(temporary), but=busy)
            asyncio.run(_soak(options, root=Path(scratch), tally=tally))
            time.sleep(5)
            after = Left.now(Path(temporary), but=busy)
    _report(tally, before, after)
    sys.exit(1 if tally.trouble else 0)


if __name__ == "__main__":
    main()
