"""A warm kernel says what a cold one says: a corpus of small notebooks, each run in both, every output compared."""

import asyncio
import difflib
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from proofbook.disk import spool
from proofbook.kernels import preload
from proofbook.kernels.pool import Pool
from tests.kernels import corpus
from tests.kernels.corpus import differences

ROOT = Path(__file__).parents[2]
AT_A_TIME = 3
MODULES = (
    "numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "sklearn.ensemble", "scipy.stats", "scipy.optimize",
    "pyarrow.parquet", "pyarrow.dataset", "joblib", "plotly.io", "sqlalchemy", "tqdm.auto", "noisy_of_corpus", "polars",
)  # fmt: skip
LIGHT = (
    "argv", "asyncio_basics", "descriptors", "ends_by_crash", "ends_by_exit_code", "ends_by_signal", "environment",
    "exit_handlers", "interpreter", "ipython_setup", "ipython_shell", "limits", "output_of_descriptors", "process_identity",
    "signals", "stdin", "subprocesses", "sys_path", "threads_at_start",
)  # fmt: skip
"""What the way in which a process is started could change, without libraries."""

COLD = ("environment_before_import", "shadowing")
"""Notebooks that a warm kernel cannot run faithfully, and that get a cold one."""

WARM = corpus.NAMES if os.environ.get("WHOLE_CORPUS") else corpus.ORDINARY
"""What is run warm: `make fidelity` asks for all."""

Start = Callable[[Path], Awaitable[Any]]
Differing = dict[tuple[str, str], tuple[str, str]]
stock: dict[str, corpus.Ran] = {}
"""What a kernel of jupyter_client's said in `place`: each notebook is run so once."""


async def _compare(names: Iterable[str], *, root: Path, sockets: Path, other: Start) -> Differing:
    gate = asyncio.Semaphore(AT_A_TIME)

    async def ran(name: str, start: Start) -> corpus.Ran:
        cwd = corpus.folder(root, name)
        return await corpus.run(name, cwd=cwd, start=lambda: start(cwd))

    async def both(name: str) -> Differing:
        async with gate:
            if name not in stock:
                stock[name] = await ran(name, _stock(sockets))
            return differences.differing(name, stock[name], await ran(name, other))

    found = await asyncio.gather(*map(both, names))
    return {cell: texts for part in found for cell, texts in part.items()}


@pytest.fixture(scope="module")
def sockets() -> Iterator[Path]:
    """For sockets, whose paths may have a hundred characters."""
    with spool.folder(short=True) as folder:
        yield folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every notebook has its folder, whichever kernel runs it."""
    return tmp_path_factory.mktemp("place")


def _stock(root: Path) -> Start:
    return lambda cwd: corpus.stock_kernel(cwd, root)


def _of(pool: Pool) -> Start:
    return lambda cwd: pool.kernel("python3", cwd=str(cwd))


def _of_warm(pool: Pool) -> Start:
    async def start(cwd: Path) -> Any:
        content = nbformat.writes(corpus.notebook(cwd.name)).encode()
        kernel = await pool.kernel("python3", cwd=str(cwd), notebook=content)
        if kernel.warm is (cwd.name in COLD):
            pytest.fail(f"{cwd.name} got a {'warm' if kernel.warm else 'cold'} kernel: {kernel.note}")
        return kernel

    return start


def _judge(found: Differing, known: tuple[differences.Difference, ...]) -> None:
    expected = {cell for difference in known for cell in difference.cells}
    told = [
        f"{name}, {title!r}:\n"
        + "\n".join([*difflib.unified_diff(*map(str.splitlines, texts), "cold", "warm", n=0)][:20])[:2000]
        for (name, title), texts in sorted(found.items())
        if (name, title) not in expected
    ]
    assert not told, "not as in a cold kernel:\n\n" + "\n\n".join(told)
    assert not expected - set(found), "these are known to differ, and do not any more"


@pytest.mark.timeout(600)  # the whole corpus takes a minute on two idle cores; machines are shared
def test_a_warm_kernel_says_what_a_cold_one_says(place: Path, sockets: Path) -> None:
    async def everything() -> Differing:
        # each notebook has a folder of its own: a spare kernel would be in another's
        pool = Pool(root=place, modules=MODULES, spare=0)
        pool.start()
        try:
            found = await _compare(WARM, root=place, sockets=sockets, other=_of_warm(pool))
            # all the others were preloaded: the comparison is worth something
            assert set(pool.refused()) == {"noisy_of_corpus", "polars"}
            return found
        finally:
            await pool.close()

    with corpus.surroundings(place):
        found = asyncio.run(everything())
    # without PYTHONHASHSEED: see the next test
    found.pop(("hash_seed_unset", "hashes (own)"), None)
    _judge(found, tuple(one for one in differences.KNOWN if one is not differences.SEED))


def test_what_is_random_is_each_kernels_own(tmp_path: Path, sockets: Path) -> None:
    async def four(names: Iterable[str]) -> dict[str, list[corpus.Ran]]:
        pool = Pool(root=tmp_path, modules=MODULES[:4], spare=0)
        pool.start()
        ran: dict[str, list[corpus.Ran]] = {}
        try:
            for name in names:
                for start in (_stock(sockets), _of_warm(pool), _of_warm(pool), _of_warm(pool)):
                    cwd = corpus.folder(tmp_path, name)
                    made = await corpus.run(name, cwd=cwd, start=lambda start=start, cwd=cwd: start(cwd))
                    ran.setdefault(name, []).append(made)
        finally:
            await pool.close()
        return ran

    with corpus.surroundings(tmp_path, seeded=False):
        found = asyncio.run(four(["hash_seed_unset", "random_states"]))
    same = {
        (name, title)
        for name, ran in found.items()
        for title, _ in corpus.sources(name)
        if title.endswith(corpus.OWN) and len({one.cells[title] for one in ran}) < len(ran)
    }
    assert same == set(differences.SEED.cells)


def test_a_cold_kernel_of_ours_says_what_one_of_jupyters_says(place: Path, sockets: Path) -> None:
    async def everything() -> Differing:
        pool = Pool(root=place, mode="cold")
        pool.start()
        try:
            return await _compare(LIGHT, root=place, sockets=sockets, other=_of(pool))
        finally:
            await pool.close()

    with corpus.surroundings(place):
        found = asyncio.run(everything())
    _judge(found, differences.COLD)


def test_the_corpus_is_large_enough_and_its_cells_have_names() -> None:
    assert len(corpus.ORDINARY) >= 48
    # what is known to differ is looked at each time
    known = {name for difference in differences.KNOWN for name, _ in difference.cells}
    assert {*LIGHT, *COLD, *known} <= {*corpus.ORDINARY}
    assert {*corpus.APART} <= {path.stem for path in corpus.HERE.glob("*.ipy")}
    for name in corpus.NAMES:
        titles = [title for title, _ in corpus.sources(name)]
        assert titles, name
        assert len(set(titles)) == len(titles), name


def test_every_normalisation_says_why_and_is_of_a_notebook_that_exists() -> None:
    for name, rules in differences.NORMALISED.items():
        assert (corpus.HERE / f"{name}.ipy").exists()
        assert all(reason for _, _, reason in rules)


def test_the_page_lists_every_difference_and_what_is_never_preloaded() -> None:
    never = "\n".join(
        ["| Module | Why |", "|---|---|", *(f"| `{name}` | {why} |" for name, why in preload.NEVER.items())]
    )
    wanted = {
        "differences: warm": differences.section(differences.KNOWN),
        "differences: cold": differences.section(differences.COLD),
        "never preloaded": never,
    }
    page = (ROOT / "docs/kernels.md").read_text()
    found = {title: re.search(rf"<!-- {title} -->\n(.*?)\n?<!-- end -->", page, re.DOTALL) for title in wanted}
    assert {title: match and match[1] for title, match in found.items()} == wanted
    assert f"holds {len([*corpus.HERE.glob('*.ipy')])}\n" in page
    assert f"runs {len(corpus.ORDINARY)} of them" in page
