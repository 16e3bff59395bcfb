"""What is preloaded, what is refused and why, and that it is never stale."""

import asyncio
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from proofbook.kernels import template
from proofbook.kernels.pool import Pool
from tests.kernels.driving import said, value, with_pool

MATMUL = """
import numpy, json, hashlib
import threadpoolctl
numbers = numpy.random.default_rng(1).standard_normal((500, 500))
product = numbers @ numbers
bits = hashlib.sha256(product.tobytes()).hexdigest()
import scipy.linalg
solved = hashlib.sha256(scipy.linalg.solve(numbers, product).tobytes()).hexdigest()
pools = sorted((p["internal_api"], p["num_threads"]) for p in threadpoolctl.threadpool_info())
[bits, solved, pools]
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder of installed packages that a test may write into."""
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    # the template takes what lies there for installed
    start = (
        "import sys; sys.path[:1] = sys.path[:1] * (sys.path[:1] != ['']); from proofbook.kernels import template; "
        f"known = template._installed; template._installed = lambda: (*known(), {str(folder) + '/'!r}); template.main()"
    )
    monkeypatch.setattr("proofbook.kernels.pool._TEMPLATE", start)
    return folder


def test_a_module_that_leaves_a_thread_running_is_refused_and_the_rest_preloaded(site: Path, tmp_path: Path) -> None:
    (site / "threaded.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    (site / "fine.py").write_text("")

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.warm
        assert pool.refused() == {"threaded": "importing it leaves 1 thread running"}
        assert pool.spoils() == pool.refused(), "worth remembering"
        assert set(pool.costs()) == {"fine"}
        assert await value(kernel, "import threading, fine\nthreading.active_count()") > 0

    with_pool(tmp_path, work, modules=["threaded", "fine"])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import os; os._exit(7)", r"importing it ended the process (exit code 7)"),
        ("import ctypes; ctypes.string_at(1)", r"importing it ended the process (signal 11)"),
        ("raise ValueError('not today')", r"importing it raised ValueError: not today"),
        ("raise SystemExit(3)", r"importing it raised SystemExit: 3"),
        ("import no_such_thing", r"it cannot be imported: No module named 'no_such_thing'"),
    ],
)
def test_a_module_that_cannot_be_imported_ahead_is_left_out(site: Path, tmp_path: Path, source: str, why: str) -> None:
    (site / "troublesome.py").write_text(source + "\n")

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        assert pool.refused() == {"troublesome": why}
        assert set(pool.costs()) == {"decimal"}

    with_pool(tmp_path, work, modules=["troublesome", "decimal"])


def test_a_module_whose_import_never_ends_is_left_out(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "endless.py").write_text("import time\ntime.sleep(1000)\n")
    monkeypatch.setattr("proofbook.kernels.line._START", _patient(1.0))

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        assert pool.refused() == {"endless": "importing it took longer than 1 s"}

    with_pool(tmp_path, work, modules=["endless"])


def _patient(seconds: float) -> str:
    from proofbook.kernels import line

    return line._START.replace(
        "import main;", f"import main; from proofbook.kernels import keeper; keeper._HANG = {seconds};"
    )


def test_what_breaks_after_a_fork_is_never_tried(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert pool.refused() == {"polars": "its thread pool does not survive a fork"}
        assert "1" in await said(kernel, "import polars; print(polars.DataFrame({'a': [1]}).sum())")

    with_pool(tmp_path, work, modules=["polars"])


def test_a_projects_own_code_is_never_preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it can never be stale."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "helper.py").write_text("VALUE = 1\n")
    monkeypatch.setenv("PYTHONPATH", str(project))

    async def work(pool: Pool) -> None:
        first = await pool.kernel(None, cwd=str(project))
        assert pool.refused() == {"helper": "it is the project's own code, which changes"}
        assert await value(first, "import helper\nhelper.VALUE") == 1
        (project / "helper.py").write_text("VALUE = 22\n")
        second = await pool.kernel(None, cwd=str(project))
        assert await value(second, "import helper\nhelper.VALUE") == 22

    with_pool(project, work, modules=["helper"])


def test_a_package_that_needs_the_projects_code_is_not_preloaded_either(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "helper.py").write_text("")
    (site / "plugin.py").write_text("import helper\n")
    monkeypatch.setenv("PYTHONPATH", f"{site}:{project}")

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(project))).warm
        assert pool.refused() == {"plugin": "it imports helper, which is the project's own code and changes"}

    with_pool(project, work, modules=["plugin"])


@pytest.mark.parametrize("spare", [0, 1])
def test_an_upgraded_package_is_never_used_stale(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spare: int
) -> None:
    """F17: neither by a fork nor by a kernel that was waiting."""
    (site / "package.py").write_text("VERSION = 1\n")
    monkeypatch.setattr("proofbook.kernels.pool._FRESH_FOR", 0.0)

    async def work(pool: Pool) -> None:
        first = await pool.kernel(None, cwd=str(tmp_path))
        assert await value(first, "import package\npackage.VERSION") == 1
        assert "package" in pool.costs()
        # the template looks at most once a second
        await asyncio.sleep(1.1)
        (site / "package.py").write_text("VERSION = 222\n")
        second = await pool.kernel(None, cwd=str(tmp_path))
        assert second.warm
        assert await value(second, "import package\npackage.VERSION") == 222
        assert await value(first, "package.VERSION") == 1

    with_pool(tmp_path, work, modules=["package"], spare=spare)


@pytest.mark.parametrize("spare", [0, 1])
def test_what_a_kernel_installed_before_its_end_is_seen_at_once(site: Path, tmp_path: Path, spare: int) -> None:
    """However short ago somebody looked."""
    (site / "package.py").write_text("VERSION = 1\n")

    async def work(pool: Pool) -> None:
        for version in (1, 22, 333, 4444):
            kernel = await pool.kernel(None, cwd=str(tmp_path))
            assert kernel.warm
            assert await value(kernel, "import package\npackage.VERSION") == version
            number = len(str(version)) + 1
            (site / "package.py").write_text(f"VERSION = {str(number) * number}\n")
            await kernel.shutdown_kernel()

    with_pool(tmp_path, work, modules=["package"], spare=spare)


def test_what_is_installed_while_the_template_imports_is_seen(site: Path, tmp_path: Path) -> None:
    (site / "early.py").write_text("VERSION = 1\n")
    file = str(site / "early.py")
    # of another length: Python itself takes what it compiled within the same second for that of any source as long
    (site / "late.py").write_text(
        f"from pathlib import Path\nif '1' in Path({file!r}).read_text(): Path({file!r}).write_text('VERSION = 2222')\n"
    )

    async def work(pool: Pool) -> None:
        kernel = await pool.kernel(None, cwd=str(tmp_path))
        assert kernel.warm
        assert await value(kernel, "import early\nearly.VERSION") == 2222

    with_pool(tmp_path, work, modules=["early", "late"])


def test_libraries_have_the_threads_and_the_bits_of_a_cold_kernel(tmp_path: Path) -> None:
    async def work(pool: Pool) -> list[object]:
        return await value(await pool.kernel(None, cwd=str(tmp_path)), MATMUL)

    modules = ["numpy", "scipy.linalg", "sklearn.linear_model", "threadpoolctl"]
    warm = with_pool(tmp_path, work, modules=modules)
    cold = with_pool(tmp_path, work, mode="cold")
    warm_blas, cold_blas = ([pool for pool in found[2] if pool[0] == "openblas"] for found in (warm, cold))
    assert warm[:2] == cold[:2]
    assert warm_blas == cold_blas
    assert {threads for _, threads in warm_blas} == {min(64, len(os.sched_getaffinity(0)))}


def test_the_threads_that_the_environment_names_are_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    async def work(pool: Pool) -> None:
        found = await value(await pool.kernel(None, cwd=str(tmp_path)), MATMUL)
        assert {threads for name, threads in found[2] if name == "openblas"} == {1}

    with_pool(tmp_path, work, modules=["numpy", "scipy.linalg"])


def test_the_environment_of_a_kernel_has_nothing_of_the_templates(tmp_path: Path) -> None:
    async def work(pool: Pool) -> dict[str, str]:
        code = "import os, subprocess, sys\n[dict(os.environ), subprocess.run(['env', '-0'], capture_output=True, text=True).stdout.split(chr(0))]"
        environ, exported = await value(await pool.kernel(None, cwd=str(tmp_path)), code)
        assert {f"{name}={value}" for name, value in environ.items()} == {line for line in exported if line}
        return {name: value for name, value in environ.items() if name not in {"JPY_PARENT_PID", "PROOFBOOK_KERNEL"}}

    assert with_pool(tmp_path, work, modules=["numpy"]) == with_pool(tmp_path, work, mode="cold")


def test_what_is_on_its_way_waits_for_the_import_instead_of_starting_cold(site: Path, tmp_path: Path) -> None:
    (site / "slow.py").write_text("import time\ntime.sleep(3)\n")

    async def work(pool: Pool) -> None:
        kernels = await asyncio.gather(*(pool.kernel(None, cwd=str(tmp_path)) for _ in range(3)))
        assert all(kernel.warm for kernel in kernels)
        assert pool.costs()["slow"].seconds >= 3

    with_pool(tmp_path, work, modules=["slow"])


def test_pandas_scikit_learn_and_matplotlib_are_preloaded_here(tmp_path: Path) -> None:
    modules = [
        "numpy",
        "pandas",
        "pyarrow.parquet",
        "sklearn.ensemble",
        "scipy.stats",
        "matplotlib.pyplot",
        "plotly.graph_objects",
    ]

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        assert pool.refused() == {}

    with_pool(tmp_path, work, modules=modules)


def test_warm_kernels_take_two_fifths_of_the_memory_of_cold_ones(tmp_path: Path) -> None:
    code = "import numpy, pandas, sklearn.linear_model, matplotlib.pyplot"

    async def work(pool: Pool) -> int:
        kernels = [await pool.kernel(None, cwd=str(tmp_path)) for _ in range(4)]
        for kernel in kernels:
            await said(kernel, code)
        return sum(_proportional(kernel.pid) for kernel in kernels)

    warm = with_pool(tmp_path, work, modules=["numpy", "pandas", "sklearn.linear_model", "matplotlib.pyplot"])
    cold = with_pool(tmp_path, work, mode="cold")
    print(f"warm kernels take {warm / cold:.3f} of what cold ones take")
    assert warm <= 0.4 * cold


def _proportional(pid: int | None) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def test_only_what_an_installation_changes_counts_as_installed() -> None:
    known = template._installed()
    assert pytest.__file__.startswith(known)
    assert os.__file__.startswith(known)
    assert not __file__.startswith(known)
    assert all(folder.endswith("/") for folder in known)
    assert sys.prefix


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import socket; ends = socket.socketpair()", "importing it leaves socket:"),
        ("log = open(__file__ + '.log', 'a')", "importing it leaves "),
        ("import mmap; memory = mmap.mmap(-1, 4096)", "importing it leaves memory that kernels would share"),
    ],
)
def test_a_module_that_leaves_what_forks_would_share_is_refused(
    site: Path, tmp_path: Path, source: str, why: str
) -> None:
    (site / "sharing.py").write_text(source + "\n")
    (site / "drawing.py").write_text("import os\nchance = open('/dev/urandom', 'rb')\n")

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        (refused,) = pool.refused().items()
        assert refused[0] == "sharing"
        assert refused[1].startswith(why)
        assert set(pool.costs()) == {"drawing"}

    with_pool(tmp_path, work, modules=["sharing", "drawing"])


def test_libraries_that_fork_well_are_not_refused(tmp_path: Path) -> None:
    modules = (
        "numpy", "pandas", "pyarrow.parquet", "sklearn.ensemble", "matplotlib.pyplot", "scipy.stats", "plotly.express",
        "altair", "sqlalchemy", "PIL.Image",
    )  # fmt: skip

    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        assert pool.refused() == {}
        assert set(pool.costs()) == set(modules)

    with_pool(tmp_path, work, modules=modules)


OVERLAY = """
import asyncio, sys
from pathlib import Path
from proofbook.kernels.pool import Pool

async def work():
    pool = Pool(root=Path(sys.argv[1]), modules=["tabulate", "inside"], spare=0)
    kernel = await pool.kernel(None, cwd=sys.argv[1])
    print(kernel.warm, sorted(pool.costs()), pool.refused())
    await pool.close()

asyncio.run(work())
"""


def test_packages_of_an_environment_beneath_count_as_installed(tmp_path: Path) -> None:
    """An overlay finds them by a .pth file; what lies in the project's own folder is the project's, whatever its name."""
    project = tmp_path / "project"
    inside = project / "vendor" / "site-packages"
    inside.mkdir(parents=True)
    (inside / "inside.py").write_text("")
    venv.create(tmp_path / "overlay", with_pip=False, symlinks=True)
    (packages,) = (tmp_path / "overlay").glob("lib/python*/site-packages")
    own = sysconfig.get_paths()["purelib"]
    # with it come those that this environment's own .pth files add
    (packages / "beneath.pth").write_text(f"import site; site.addsitedir({own!r})\n{inside}\n")
    python = str(tmp_path / "overlay" / "bin" / "python")

    done = subprocess.run(
        [python, "-c", OVERLAY, str(project)], capture_output=True, text=True, cwd=project, check=False
    )

    assert done.stdout.strip() == ("True ['tabulate'] {'inside': \"it is the project's own code, which changes\"}"), (
        done.stderr
    )


def test_the_budget_of_memory_ends_preloading(tmp_path: Path) -> None:
    async def work(pool: Pool) -> None:
        assert (await pool.kernel(None, cwd=str(tmp_path))).warm
        assert set(pool.costs()) == {"pandas"}
        assert pool.refused() == {"sklearn": "the memory for preloaded modules is spent"}

    with_pool(tmp_path, work, modules=["pandas", "sklearn"], budget=1 << 20)
