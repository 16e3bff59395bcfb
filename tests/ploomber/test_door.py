"""Plain `ploomber build` with the four door lines, as a user types it."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from .conftest import DOOR, DOUBLE, TASKS, Folder

SLOW = ("import time\n\nPath('started').touch()\nfor _ in range(600):\n    time.sleep(0.1)", [])


def _wait_for(process: "subprocess.Popen[str]", said: str) -> str:
    seen = ""
    assert process.stdout is not None
    for line in process.stdout:
        seen += line
        if said in line:
            return seen
    raise AssertionError(seen)


def test_the_main_job(folder: Folder) -> None:
    first = folder.run("ploomber", "build")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "no production run yet" in first.stdout
    assert "report:" in first.stdout
    assert (folder.root / "output/double.txt").read_text() == "2"
    executed = json.loads((folder.root / "output/double.ipynb").read_text())
    assert executed["metadata"]["papermill"]["exception"] is None

    assert folder.run("proofbook", "promote", "latest").returncode == 0
    better = folder.run("ploomber", "build", "--env--number", "5")
    assert better.returncode == 0, better.stdout + better.stderr
    assert "improved" in better.stdout

    assert folder.run("proofbook", "promote", "latest").returncode == 0
    worse = folder.run("ploomber", "build", "--env--number", "2")
    assert worse.returncode == 4, worse.stdout + worse.stderr
    assert "regressed" in worse.stdout

    again = folder.run("ploomber", "build", "--env--number", "2")
    assert again.returncode == 4, "a refused run stays refused when it is built again"
    refused = folder.run("proofbook", "promote", "latest")
    assert refused.returncode == 4
    history = json.loads(folder.run("proofbook", "history", "--json").stdout)
    assert (
        len(
            history
            if isinstance(history, list)
            else next(iter(value for value in history.values() if isinstance(value, list)))
        )
        == 2
    )


def test_lint_stops_a_build_before_anything_runs(folder: Folder) -> None:
    folder.write("double", [*DOUBLE, ("print(no_such_name)", [])])
    before = folder.files()
    done = folder.run("ploomber", "build")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "notebooks/double.ipynb:cell 5 (c5):line 1" in done.stdout
    assert "PB201" in done.stdout
    assert "no_such_name" in done.stdout
    assert folder.files() == before


def test_a_failing_cell_ends_in_1_with_a_truthful_notebook_and_a_report(folder: Folder) -> None:
    folder.write(
        "double", [DOUBLE[0], DOUBLE[1], ("print('so far')\nraise ValueError('no such luck')", []), *DOUBLE[2:]]
    )
    done = folder.run("ploomber", "build")
    assert done.returncode == 1
    assert "notebooks/double.ipynb, cell 4 (c3): ValueError: no such luck" in done.stdout
    executed = json.loads((folder.root / "output/double.ipynb").read_text())
    assert executed["metadata"]["papermill"]["exception"] is True
    states = [cell["metadata"]["papermill"]["status"] for cell in executed["cells"]]
    assert states == ["completed", "completed", "completed", "failed", "pending", "pending"]
    assert not (folder.root / "output/double.txt").exists()
    (report,) = (folder.root / "output/report").glob("run-*.html")
    assert "no such luck" in report.read_text()
    assert folder.run("ploomber", "build").returncode == 1
    assert "Traceback" not in done.stderr


def test_partially_builds_only_up_to_the_target(folder: Folder) -> None:
    done = folder.run("ploomber", "build", "--partially", "numbers")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder.root / "output/numbers.txt").exists()
    assert not (folder.root / "output/double.txt").exists()
    runs = json.loads(folder.run("proofbook", "show", "latest", "--json").stdout)
    assert "partial" in json.dumps(runs)


def test_proofbook_build_is_the_same_work_and_takes_the_same_flags(folder: Folder) -> None:
    done = folder.run("proofbook", "build", "--json", "--env--number", "3", "--force")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["run"]["parameters"] == {"number": 3}
    assert {task["name"]: task["reason"] for task in document["run"]["tasks"]} == {
        "numbers": "forced",
        "double": "forced",
    }
    again = folder.run("ploomber", "build", "--env--number", "3")
    assert again.returncode == 0
    assert "2 up-to-date" in again.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_in_130_with_the_cell_marked_and_nothing_left_alive(
    folder: Folder, number: signal.Signals
) -> None:
    folder.write("double", [*DOUBLE[:2], SLOW, *DOUBLE[2:]])
    process = folder.start("ploomber", "build")
    seen = _wait_for(process, "> double")
    deadline = time.monotonic() + 60
    while not list(folder.root.rglob("started")) and time.monotonic() < deadline:
        time.sleep(0.05)
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, number)
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == 130, seen + rest
    executed = json.loads((folder.root / "output/double.ipynb").read_text())
    states = [cell["metadata"]["papermill"]["status"] for cell in executed["cells"]]
    assert states[3:] == ["failed", "pending", "pending"]
    assert psutil.wait_procs(family, timeout=5)[1] == []
    assert folder.run("ploomber", "status").returncode in {0, 1}
    shown = json.loads(folder.run("proofbook", "show", "latest", "--json").stdout)
    assert "cancelled" in json.dumps(shown)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def test_a_killed_build_is_interrupted_and_its_task_runs_again(folder: Folder) -> None:
    """False green 1 and 2: killed at any moment, nothing that it left counts."""
    assert folder.run("ploomber", "build").returncode == 0
    folder.write("double", [*DOUBLE[:2], ("Path(product['data']).write_text('half')", []), SLOW, *DOUBLE[2:]])
    process = folder.start("ploomber", "build")
    _wait_for(process, "> double")
    deadline = time.monotonic() + 30
    product = folder.root / "output/double.txt"
    # the old product goes before the new one comes
    while _text(product) != "half" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert product.read_text() == "half"
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert psutil.wait_procs(family, timeout=5)[1] == [], "a kernel outlived its driver"
    folder.write("double", DOUBLE)
    assert folder.run("ploomber", "build").returncode == 0
    assert (folder.root / "output/double.txt").read_text() == "2"
    assert "interrupted" in folder.run("proofbook", "runs", "--json").stdout


def test_our_executor_without_our_hooks_is_refused(folder: Folder) -> None:
    """Without on_finish a build that the gate refused would end in 0."""
    lines = [line for line in DOOR.splitlines(keepends=True) if "on_finish" not in line]
    (folder.root / "pipeline.yaml").write_text("".join(lines) + TASKS)
    done = folder.run("ploomber", "build")
    assert done.returncode != 0
    assert "on_finish" in done.stderr
    assert not (folder.root / "output/double.txt").exists()


def test_status_takes_the_env_flags_of_a_build(folder: Folder) -> None:
    assert folder.run("ploomber", "build", "--env--number", "4").returncode == 0
    as_built = json.loads(folder.run("proofbook", "status", "--json", "--env--number", "4").stdout)
    assert {task["status"] for task in as_built} == {"up to date"}
    plain = json.loads(folder.run("proofbook", "status", "--json").stdout)
    assert (plain[0]["status"], plain[0]["reason"]) == ("would run", "parameter number: 4 -> 1")
    wrong = folder.run("proofbook", "status", "--env--nummer", "4")
    assert wrong.returncode == 2
    assert "--env--number VALUE" in wrong.stderr


def test_status_of_ploomber_itself_still_works_and_runs_nothing(folder: Folder) -> None:
    done = folder.run("ploomber", "status")
    assert done.returncode == 0, done.stderr
    assert not (folder.root / "output").exists()
