"""Every ending of a notebook, with real kernels."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from proofbook.analyze import fingerprint
from proofbook.execute import notebook as notebooks
from proofbook.execute import records, schedule
from proofbook.execute.resources import Capacity
from proofbook.kernels.pool import Pool
from tests.execute.notebooks import cells, encoded, errors, notebook, order, statuses, text

AFTER = "print('this must not run')"
ENDLESS = """
import time
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""
RECORDS = """
import matplotlib.pyplot as plt
from proofbook import record
figure, axes = plt.subplots()
axes.plot([1, 2])
record('curve', figure)
record('auc', 0.5, better='higher')
axes.set_title('later in the same cell')
plt.gcf() is figure
"""
# what is to be run, and the options of its order
NOTEBOOKS = {
    "success": (
        [
            "print('first')",
            {"cell_type": "markdown", "source": "# prose"},
            "import helper, package.part\n1 + 1",
            "",
            "list = getattr = None\nimport sys; print(sys.executable)\nimport os; print(os.getcwd())",
        ],
        {},
    ),
    "exception": (["print('first')", "print('before', flush=True)\nimport helper\n1 / 0", AFTER], {}),
    "allowed": ([{"source": "1 / 0", "metadata": {"tags": ["raises-exception"]}}, "print('after')"], {}),
    "cell timeout": (["print('first')", "print('before', flush=True)\nimport time; time.sleep(60)", AFTER], {"cell_timeout": 1}),
    "deaf": (["print('before', flush=True)" + ENDLESS, AFTER], {"cell_timeout": 1}),
    "stopped": (["import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", AFTER], {"cell_timeout": 1}),
    "task timeout": (["print('before', flush=True)\nimport time; time.sleep(60)", AFTER], {"task_timeout": 20}),
    "killed": (["print('before', flush=True)\nimport os, time; time.sleep(0.3); os.kill(os.getpid(), 9)", AFTER], {}),
    "left": (["import os; os._exit(3)", AFTER], {}),
    "sys.exit": (["print('before')\nimport sys; sys.exit(0)", AFTER], {}),
    "exit": (["exit()", AFTER], {}),
    "no kernel": (["1"], {"kernel": "nonsense"}),
    "not a notebook": ([], {}),
    "children": (
        ["import subprocess\nfor away in (False, True): print(subprocess.Popen(['sleep', '300'], start_new_session=away).pid)"],
        {},
    ),
    "flood": (["for _ in range(300): print('x' * 100_000)", "for i in range(20_000): print(i, end='\\r')\nprint('done')"], {}),
    "records": (
        [
            RECORDS,
            "plt.plot([1])",
        ],
        {},
    ),
    "many displays": (["from IPython.display import display\nfor n in range(8000): display(n)"], {}),
    "holds the GIL": (["print('before', flush=True)\nimport re; re.match('(a+)+b', 'a' * 60)", AFTER], {"cell_timeout": 1}),
    "left open": (["kept = open('left_open.txt', 'w'); _ = kept.write('to the end')"], {}),
    "changes": (
        [
            "from IPython.display import clear_output, display\nshown = display(1, display_id=True)\nshown.update(2)",
            "print('gone'); clear_output()\nfor n in range(3): clear_output(wait=True); print(n)",
            "shown.update('later')\nimport sys; print('err', file=sys.stderr)",
        ],
        {},
    ),
    "hostile text": (["print(chr(0x2028))\nfloat('nan')"], {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a module, a package, and an environment below it."""
    root = tmp_path_factory.mktemp("project")
    (root / "helper.py").write_text("x = 1\n")
    (root / "package").mkdir()
    (root / "package/__init__.py").touch()
    (root / "package/part.py").touch()
    return root


@pytest.fixture(scope="module")
def endings(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[notebooks.Outcome, list[dict], float]]:
    """Each notebook run once, two at a time: outcome, events, seconds."""
    found = {}
    spooled = tmp_path_factory.mktemp("s")

    async def work(name: str, gpus: tuple[str, ...]) -> bool:
        sources, options = NOTEBOOKS[name]
        events: list[dict] = []
        one = order(root, *sources, name=name, project=str(root), **options)
        if name == "not a notebook":
            one = notebooks.Order(task=name, notebook=b"{", output=str(root / "output/bad.ipynb"), root=str(root))
        began = time.monotonic()
        found[name] = (await notebooks.run(one, pool=pool, on_event=events.append), events, time.monotonic() - began)
        return True

    async def build() -> None:
        try:
            await schedule.run(dict.fromkeys(NOTEBOOKS, ()), work, capacity=Capacity(cpu=2))
        finally:
            await pool.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(spooled))
        pool = Pool(root=root)
        asyncio.run(build())
    assert list(spooled.iterdir()) == [], "no run leaves its folder"
    return found


@pytest.fixture
def ended(endings, request) -> notebooks.Outcome:
    return endings[request.param][0]


def test_a_success_is_told_cell_by_cell(endings, root: Path) -> None:
    outcome, events, _ = endings["success"]
    assert (outcome.status, outcome.failure) == ("succeeded", None)
    assert statuses(outcome.notebook) == ["completed"] * 5
    assert [(cell.number, cell.id, cell.status) for cell in outcome.cells] == [
        (n, f"c{n}", "completed") for n in (1, 3, 4, 5)
    ]
    assert outcome.cells[0].seconds > 0
    assert 10 << 20 < outcome.cells[0].peak_memory <= outcome.peak_memory < 1 << 30
    assert 0 < outcome.cpu_seconds < 60
    metadata = json.loads(outcome.notebook)["metadata"]
    assert metadata["papermill"]["exception"] is None
    assert metadata["papermill"]["end_time"] > metadata["papermill"]["start_time"]
    assert metadata["papermill"]["output_path"] == "output/success.ipynb"
    assert metadata["language_info"]["name"] == "python"
    assert [(event["event"], event.get("cell")) for event in events][:6] == [
        ("kernel_started", None),
        ("cell_started", 1), ("output", 1), ("cell_finished", 1), ("cell_started", 3), ("cell_finished", 3),
    ]  # fmt: skip
    assert events[0]["warm"] is outcome.warm is True
    assert (events[1]["cells"], events[1]["title"]) == (5, "print('first')")
    assert (events[2]["name"], events[2]["text"]) == ("stdout", "first\n")


def test_the_executed_notebook_is_published_as_it_is_returned(endings, root: Path) -> None:
    for name in ("success", "exception", "killed"):
        outcome = endings[name][0]
        assert (root / f"output/{name}.ipynb").read_bytes() == outcome.notebook
    assert not list((root / "output").glob(".*")), "no temporary file stays"
    assert str(root).encode() not in endings["exception"][0].notebook, "no path of this machine in metadata"


def test_the_kernel_is_this_python_in_the_projects_folder(endings, root: Path) -> None:
    assert text(cells(endings["success"][0])[4]).splitlines() == [sys.executable, str(root)]


def test_project_modules_are_reported_with_their_digests_also_after_a_failure(endings, root: Path) -> None:
    """And although the notebook has taken the names `list` and `getattr`."""
    assert endings["success"][0].modules == {
        path: fingerprint.of_module(root / path) for path in ("helper.py", "package/__init__.py", "package/part.py")
    }
    assert set(endings["exception"][0].modules) == {"helper.py"}


def test_an_exception_marks_its_cell_and_leaves_the_later_ones_pending(endings) -> None:
    outcome = endings["exception"][0]
    assert outcome.status == "failed"
    assert statuses(outcome.notebook) == ["completed", "failed", "pending"]
    assert [cell.status for cell in outcome.cells] == ["completed", "failed", "pending"]
    failure = outcome.failure
    assert (failure.kind, failure.cell, failure.cell_id) == ("exception", 2, "c2")
    assert failure.message == "ZeroDivisionError: division by zero"
    assert "1 / 0" in failure.traceback
    assert "\x1b" not in failure.traceback
    _, second, third = cells(outcome)
    assert second["metadata"]["papermill"]["exception"] is True
    assert text(second) == "before\n"
    assert errors(second) == [("ZeroDivisionError", "division by zero")]
    assert (third["outputs"], third["execution_count"]) == ([], None)
    assert json.loads(outcome.notebook)["metadata"]["papermill"]["exception"] is True


def test_a_cell_that_may_raise_is_no_failure(endings) -> None:
    outcome = endings["allowed"][0]
    assert outcome.status == "succeeded"
    assert statuses(outcome.notebook) == ["completed", "completed"]
    assert len(cells(outcome)) == 2, "no marks of papermill's"


@pytest.mark.parametrize(
    ("name", "kind", "message", "error", "at_most"),
    [
        ("cell timeout", "timeout", "cell timeout after 1 s", "TimeoutError", 2.5),
        ("deaf", "timeout", "cell timeout after 1 s", "TimeoutError", 5),
        ("stopped", "timeout", "cell timeout after 1 s", "TimeoutError", 5),
        ("task timeout", "timeout", "task timeout after 20 s", "TimeoutError", 25),
        ("holds the GIL", "timeout", "cell timeout after 1 s", "TimeoutError", 5),
        ("killed", "kernel died", "kernel died (signal 9)", "DeadKernelError", 2),
        ("left", "kernel died", "kernel died (exit code 3)", "DeadKernelError", 2),
        ("sys.exit", "exit", "sys.exit(0) ended the notebook at this cell", "SystemExit", 5),
        ("exit", "exit", "exit() ended the notebook at this cell", "SystemExit", 5),
    ],
)
def test_each_bad_end_is_named_in_the_outcome_and_in_the_failing_cell(
    endings, name, kind, message, error, at_most
) -> None:
    outcome = endings[name][0]
    assert outcome.status == "failed"
    assert (outcome.failure.kind, outcome.failure.message) == (kind, message)
    failing = outcome.failure.cell
    found = statuses(outcome.notebook)
    assert found == ["completed"] * (failing - 1) + ["failed", "pending"]
    cell = cells(outcome)[failing - 1]
    assert cell["metadata"]["papermill"]["exception"] is True
    assert errors(cell)[-1][0] == error
    if error != "SystemExit":
        assert errors(cell)[-1][1] == message
    if "before" in NOTEBOOKS[name][0][failing - 1]:
        assert "before\n" in text(cell), "partial output is kept"
    assert cells(outcome)[-1]["outputs"] == []
    assert json.loads(outcome.notebook)["metadata"]["papermill"]["exception"] is True
    assert outcome.cells[failing - 1].seconds < at_most


def test_a_timeout_shows_where_the_cell_was_stuck(endings) -> None:
    outcome = endings["cell timeout"][0]
    assert [name for name, _ in errors(cells(outcome)[1])] == ["KeyboardInterrupt", "TimeoutError"]
    assert "time.sleep(60)" in outcome.failure.traceback


def test_a_missing_kernel_is_one_line_that_names_those_there_are(endings) -> None:
    outcome = endings["no kernel"][0]
    assert outcome.failure.kind == "error"
    assert outcome.failure.message.startswith("there is no kernel 'nonsense' here (there is: ")
    assert "python3" in outcome.failure.message
    assert statuses(outcome.notebook) == ["pending"]


def test_what_is_no_notebook_fails_without_a_traceback(endings) -> None:
    outcome = endings["not a notebook"][0]
    assert outcome.failure.message == "the notebook cannot be run: it is not a notebook of nbformat 4"
    assert outcome.notebook == b"{"


def test_children_of_the_kernel_do_not_outlive_it(endings) -> None:
    outcome, _, seconds = endings["children"]
    for pid in text(cells(outcome)[0]).split():
        assert gone(int(pid), within=5)
    assert seconds < 60, "and nobody waits for them"


def test_endless_output_is_cut_and_a_progress_bar_leaves_its_last_line(endings) -> None:
    outcome = endings["flood"][0]
    assert outcome.status == "succeeded"
    assert len(outcome.notebook) < 11 << 20
    first, second = cells(outcome)
    assert first["metadata"]["proofbook"]["truncated"] == 300 * 100_001 - (10 << 20)
    assert f"{first['metadata']['proofbook']['truncated']} more characters" in text(first)
    assert text(second) == "done\n"


def test_a_recorded_figure_is_shown_once_and_stays_open_until_the_cell_ends(endings) -> None:
    """The inline backend shows every open figure at the end of a cell; one that was recorded has been shown."""
    outcome = endings["records"][0]
    assert outcome.status == "succeeded", outcome.failure
    first, second = cells(outcome)
    assert sum("image/png" in out.get("data", {}) for out in first["outputs"]) == 1
    assert first["outputs"][-1]["data"]["text/plain"] == ["True"]
    assert any("image/png" in out.get("data", {}) for out in second["outputs"]), "other figures are shown as ever"
    recorded = records.read(json.loads(outcome.notebook), task="records").records
    assert [(found.name, found.kind, found.cell) for found in recorded] == [
        ("curve", "figure", 1),
        ("auc", "scalar", 1),
    ]


def test_no_output_is_lost_when_the_kernel_is_faster_than_its_reader(endings) -> None:
    outcome = endings["many displays"][0]
    assert outcome.status == "succeeded", outcome.failure
    shown = [out["data"]["text/plain"] for out in cells(outcome)[0]["outputs"]]
    assert shown == [[str(number)] for number in range(8000)]


def test_what_a_cell_takes_back_or_changes_is_not_shown(endings) -> None:
    outcome = endings["changes"][0]
    first, second, third = cells(outcome)
    assert [out["data"]["text/plain"] for out in first["outputs"]] == [["'later'"]]
    assert text(second) == "2\n"
    assert [(out["name"], out["text"]) for out in third["outputs"]] == [("stderr", ["err\n"])]


def test_a_file_that_was_left_open_is_whole_when_the_outcome_is_there(endings, root: Path) -> None:
    assert endings["left open"][0].status == "succeeded"
    assert (root / "left_open.txt").read_text() == "to the end"


def test_imports_are_those_of_the_notebook_and_not_all_that_its_kernel_has(endings) -> None:
    assert {"matplotlib", "matplotlib.pyplot"} <= set(endings["records"][0].imports)
    assert endings["exception"][0].imports == {}, "the project's own modules are told by their files"
    assert {name for name, ending in endings.items() if not ending[0].warm} == {"no kernel", "not a notebook"}


def test_odd_text_and_nan_do_not_spoil_the_file(endings) -> None:
    outcome = endings["hostile text"][0]
    assert outcome.status == "succeeded"
    assert "\u2028" in text(cells(outcome)[0])
    assert cells(outcome)[0]["outputs"][1]["data"]["text/plain"] == ["nan"]


def test_no_process_of_any_run_is_left(endings) -> None:
    mine = psutil.Process().children(recursive=True)
    assert [process.cmdline() for process in mine if "ipykernel" in " ".join(process.cmdline())] == []


def gone(pid: int, *, within: float) -> bool:
    """Whether a process ends in that time; a zombie has ended."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


@pytest.mark.parametrize("cell", ["import time; time.sleep(60)", ENDLESS], ids=["obedient", "deaf"])
def test_a_cancelled_run_returns_a_cancelled_outcome(tmp_path: Path, cell: str) -> None:
    """Ctrl-C in a build: the cell is interrupted, and ended if it does not listen."""

    async def interrupted() -> notebooks.Outcome:
        started = asyncio.Event()
        one = order(tmp_path, "print('first')", f"print('before', flush=True)\n{cell}", AFTER)
        running = asyncio.ensure_future(
            notebooks.run(one, on_event=lambda event: started.set() if event.get("cell") == 2 else None)
        )
        await started.wait()
        await asyncio.sleep(0.5)
        running.cancel()
        return await running

    outcome = asyncio.run(interrupted())
    assert outcome.status == "cancelled"
    assert (outcome.failure.kind, outcome.failure.message, outcome.failure.cell) == ("cancelled", "interrupted", 2)
    assert statuses(outcome.notebook) == ["completed", "failed", "pending"]
    assert text(cells(outcome)[1]) == "before\n"
    assert errors(cells(outcome)[1])[-1] == ("KeyboardInterrupt", "interrupted")
    assert psutil.Process().children(recursive=True) == []


def test_a_second_interruption_ends_all_at_once(tmp_path: Path) -> None:
    async def interrupted() -> tuple[notebooks.Outcome, float]:
        started = asyncio.Event()
        running = asyncio.ensure_future(
            notebooks.run(
                order(tmp_path, ENDLESS, AFTER),
                on_event=lambda event: started.set() if event["event"] == "cell_started" else None,
            )
        )
        await started.wait()
        running.cancel()
        await asyncio.sleep(0.2)
        began = time.monotonic()
        running.cancel()
        return await running, time.monotonic() - began

    outcome, seconds = asyncio.run(interrupted())
    assert seconds < 2, "no grace any more"
    assert outcome.status == "cancelled"
    assert statuses(outcome.notebook) == ["failed", "pending"]
    assert psutil.Process().children(recursive=True) == []


def test_an_interruption_before_the_kernel_runs_is_a_cancelled_outcome_too(tmp_path: Path) -> None:
    async def interrupted() -> notebooks.Outcome:
        running = asyncio.ensure_future(notebooks.run(order(tmp_path, AFTER), on_event=lambda _: None))
        await asyncio.sleep(0)
        running.cancel()
        return await running

    outcome = asyncio.run(interrupted())
    assert outcome.status == "cancelled"
    assert statuses(outcome.notebook) == ["pending"]
    assert psutil.Process().children(recursive=True) == []


def test_nothing_outlives_a_killed_driver_by_five_seconds(tmp_path: Path, tmp_path_factory) -> None:
    """The keeper, the kernel, what the kernel started, and the folder of them all."""
    pids = tmp_path / "pids"
    cell = (
        "import os, subprocess, time, pathlib\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        f"pathlib.Path({str(pids)!r}).write_text(f'{{os.getppid()}} {{os.getpid()}} {{child.pid}}.')\n"
        "time.sleep(300)"
    )
    source = tmp_path / "in.ipynb"
    source.write_bytes(encoded(cell))
    program = (
        "import asyncio, sys, pathlib\n"
        "from proofbook.execute.notebook import Order, run\n"
        f"one = Order(task='t', notebook=pathlib.Path({str(source)!r}).read_bytes(), output={str(tmp_path / 'o.ipynb')!r}, root={str(tmp_path)!r})\n"
        "asyncio.run(run(one, on_event=print))"
    )
    spooled = tmp_path_factory.mktemp("s")
    driver = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(spooled)}
    )
    try:
        wait_for(lambda: pids.exists() and pids.read_text().endswith("."))
        found = [int(pid) for pid in pids.read_text().strip(".").split()]
        assert all(psutil.pid_exists(pid) for pid in found)
    finally:
        driver.kill()
        driver.wait()
    killed = time.monotonic()
    for pid in found:
        assert gone(pid, within=max(0.1, killed + 5 - time.monotonic())), f"{pid} of {found}"
    wait_for(lambda: list(spooled.iterdir()) == [], seconds=5)


def test_a_killed_papermill_takes_the_kernel_along(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    cell = f"import os, time, pathlib; pathlib.Path({str(pids)!r}).write_text(f'{{os.getpid()}}.'); time.sleep(300)"
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    source.write_bytes(encoded(cell))
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(source),
        str(target),
        "--engine",
        "proofbook",
        "--no-progress-bar",
    ]
    papermill = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: pids.exists() and pids.read_text().endswith("."))
        wait_for(lambda: statuses(target.read_bytes()) == ["running"])
    finally:
        papermill.kill()
        papermill.wait()
    assert gone(int(pids.read_text().strip(".")), within=2), "ipykernel itself would notice after seconds"
    assert statuses(target.read_bytes()) == ["running"], "the last word of the dead: never `completed`"


def test_no_tcp_port_is_opened(tmp_path: Path) -> None:
    """Another user of this machine must not reach the kernel."""
    cell = (
        "import psutil, os, stat, json\n"
        "ports = [c.laddr for c in psutil.Process().net_connections('inet') if c.status == 'LISTEN' and c.laddr.ip != '::1']\n"
        "from ipykernel.connect import get_connection_file\n"
        "folder = os.path.dirname(get_connection_file())\n"
        "print(json.dumps([json.load(open(get_connection_file()))['transport'], oct(os.stat(folder).st_mode & 0o777)]))"
    )
    outcome = asyncio.run(notebooks.run(order(tmp_path, cell), on_event=lambda _: None))
    assert json.loads(text(cells(outcome)[0])) == ["ipc", "0o700"]


def test_environment_and_files_of_the_project_do_not_mislead_the_driver(tmp_path: Path, monkeypatch) -> None:
    """A `json.py` in the project, a kernel named python3 that is another Python, and a long TMPDIR."""
    (tmp_path / "json.py").write_text("raise RuntimeError('wrong json')")
    spec = tmp_path / "data/kernels/python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "x", "language": "python"}))
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TMPDIR", str(long))
    monkeypatch.chdir(tmp_path)
    work = tmp_path / "work"
    work.mkdir()
    outcome = asyncio.run(notebooks.run(order(work, "1"), on_event=lambda _: None))
    assert outcome.status == "succeeded", outcome.failure


def test_many_run_at_once_in_one_loop_and_each_by_itself(tmp_path: Path) -> None:
    async def build() -> tuple[list[notebooks.Outcome], int]:
        pool = Pool(root=tmp_path)
        try:
            before = threading.active_count()
            running = [
                notebooks.run(
                    order(tmp_path, f"n = {number}", "print(n)", name=f"t{number}"), pool=pool, on_event=lambda _: None
                )
                for number in range(8)
            ]
            return await asyncio.gather(*running), threading.active_count() - before
        finally:
            await pool.close()

    outcomes, more = asyncio.run(build())
    assert [text(cells(outcome)[1]) for outcome in outcomes] == [f"{number}\n" for number in range(8)]
    assert more <= 1, "no thread for each task"
    assert psutil.Process().children(recursive=True) == []


def test_a_kernel_of_another_language_is_asked_nothing_and_ends_politely(tmp_path: Path, monkeypatch) -> None:
    spec = tmp_path / "data/kernels/other"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "other"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    cell = "import atexit, pathlib; atexit.register(pathlib.Path('farewell').touch)"
    outcome = asyncio.run(
        notebooks.run(order(tmp_path, cell, kernel="other", project=str(tmp_path)), on_event=lambda _: None)
    )
    assert outcome.status == "succeeded", outcome.failure
    assert (outcome.warm, outcome.modules, outcome.imports) == (False, {}, {})
    assert (tmp_path / "farewell").exists()


def test_variables_of_an_order_are_its_kernels_alone(tmp_path: Path) -> None:
    cell = "import os; print(os.environ.get('PROOFBOOK_PROBE'))"
    one = order(tmp_path, cell, environment={"PROOFBOOK_PROBE": "3"})
    outcome = asyncio.run(notebooks.run(one, on_event=lambda _: None))
    assert text(cells(outcome)[0]) == "3\n"
    assert "PROOFBOOK_PROBE" not in os.environ


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["/bin/false"], "kernel died while it started (exit code 1)"),
        (["/bin/sh", "-c", "kill -9 $$"], "kernel died while it started (signal 9)"),
        (["/nonsense/python"], "kernel 'odd' cannot be started: No such file or directory: /nonsense/python"),
    ],
    ids=["exit", "signal", "missing"],
)
def test_a_kernel_that_does_not_come_up_is_named(tmp_path: Path, monkeypatch, argv: list[str], message: str) -> None:
    spec = tmp_path / "data/kernels/odd"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    outcome = asyncio.run(notebooks.run(order(tmp_path, "1", kernel="odd"), on_event=lambda _: None))
    assert outcome.status == "failed"
    assert outcome.failure.message == message
    assert statuses(outcome.notebook) == ["pending"]


def test_ids_of_cells_that_have_none_are_their_numbers(tmp_path: Path) -> None:
    content = notebook("1 / 0")
    content["nbformat_minor"] = 4
    del content["cells"][0]["id"]
    one = notebooks.Order(
        task="old", notebook=json.dumps(content).encode(), output=str(tmp_path / "o.ipynb"), root=str(tmp_path)
    )
    outcome = asyncio.run(notebooks.run(one, on_event=lambda _: None))
    assert outcome.failure.cell_id == "cell-1" == cells(outcome)[0]["id"]


def test_a_notebook_that_cannot_be_written_is_the_machines_fault(tmp_path: Path) -> None:
    from proofbook.exceptions import MachineError

    (tmp_path / "output").write_text("a file where a folder should be")
    with pytest.raises(MachineError, match="output"):
        asyncio.run(notebooks.run(order(tmp_path, "1"), on_event=lambda _: None))
