"""The engine under unmodified papermill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError

from tests.execute.notebooks import encoded, errors, statuses, text

AFTER = "print('this must not run')"


def papermill(
    folder: Path, *sources: str, options: tuple[str, ...] = ()
) -> tuple[subprocess.CompletedProcess[str], bytes]:
    """Run a notebook with papermill's own command. Returns how that ended, and the executed notebook."""
    (folder / "in.ipynb").write_bytes(encoded(*sources))
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--engine", "proofbook", "--no-progress-bar"]
    done = subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    return done, (folder / "out.ipynb").read_bytes()


def test_papermill_runs_a_notebook_with_parameters(tmp_path: Path) -> None:
    done, content = papermill(tmp_path, "print(n + 1)", options=("-p", "n", "41", "--cwd", str(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert statuses(content) == ["completed", "completed"]
    assert text(json.loads(content)["cells"][1]) == "42\n"


def test_papermill_logs_what_cells_put_out_where_it_is_asked_to(tmp_path: Path) -> None:
    done, content = papermill(tmp_path, "print('said')\n'shown'", options=("--log-output", "--progress-bar"))
    assert done.returncode == 0, done.stderr
    assert "Executing Cell 1---" in done.stderr
    assert "said" in done.stderr
    assert "shown" in done.stderr
    assert "1/1" in done.stderr, "the bar"
    assert statuses(content) == ["completed"]


def test_papermill_hears_of_a_failure_and_the_file_stays_ours(tmp_path: Path) -> None:
    done, content = papermill(tmp_path, "print('first')", "import os; os._exit(7)", AFTER)
    assert done.returncode == 1
    assert "kernel died (exit code 7)" in done.stderr
    assert statuses(content) == ["completed", "failed", "pending"]
    assert errors(json.loads(content)["cells"][1]) == [("DeadKernelError", "kernel died (exit code 7)")]


def here(folder: Path, *sources: str, **options) -> bytes:
    """The same in this process, where papermill is imported but once."""
    (folder / "in.ipynb").write_bytes(encoded(*sources))
    try:
        execute_notebook(
            folder / "in.ipynb", folder / "out.ipynb", engine_name="proofbook", progress_bar=False, **options
        )
    finally:
        content = (folder / "out.ipynb").read_bytes()
    return content


def test_papermill_does_not_take_an_early_exit_for_success(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError):
        here(tmp_path, "import sys; sys.exit(0)", AFTER)
    assert statuses((tmp_path / "out.ipynb").read_bytes()) == ["failed", "pending"]


def test_a_cell_timeout_reaches_papermill(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError, match="cell timeout after 1 s"):
        here(tmp_path, "import time; time.sleep(60)", AFTER, execution_timeout=1)
    assert statuses((tmp_path / "out.ipynb").read_bytes()) == ["failed", "pending"]


def test_an_older_run_leaves_no_trace_in_a_notebook_that_is_run_again(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError):
        here(tmp_path, "print(1)", "1 / 0", AFTER)
    old = json.loads((tmp_path / "out.ipynb").read_bytes())
    old["cells"][0]["source"] = "1 / 0"
    (tmp_path / "in.ipynb").write_text(json.dumps(old))
    with pytest.raises(PapermillExecutionError):
        execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", engine_name="proofbook", progress_bar=False)
    new = json.loads((tmp_path / "out.ipynb").read_bytes())["cells"]
    assert [cell["metadata"]["papermill"]["status"] for cell in new] == ["failed", "pending", "pending"]
    assert new[1]["outputs"] == []
    assert "seconds" not in new[1]["metadata"].get("proofbook", {})


def test_sigterm_ends_the_cell_in_good_order(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    cell = (
        f"print('before', flush=True)\nimport os, signal, time; os.kill({os.getpid()}, signal.SIGTERM); time.sleep(60)"
    )
    with pytest.raises(KeyboardInterrupt, match="ended by SIGTERM"):
        here(tmp_path, cell, AFTER)
    content = (tmp_path / "out.ipynb").read_bytes()
    assert statuses(content) == ["failed", "pending"]
    assert text(json.loads(content)["cells"][0]) == "before\n"
    assert signal.getsignal(signal.SIGTERM) == before


def test_ctrl_c_in_papermill_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "in.ipynb").write_bytes(
        encoded("print('before', flush=True)\nopen('started', 'w').close()\nimport time; time.sleep(60)", AFTER)
    )
    command = [sys.executable, "-m", "papermill", "in.ipynb", "out.ipynb", "--engine", "proofbook", "--no-progress-bar"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (tmp_path / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode != 0
    content = (tmp_path / "out.ipynb").read_bytes()
    assert statuses(content) == ["failed", "pending"]
    cell = json.loads(content)["cells"][0]
    assert text(cell) == "before\n"
    assert errors(cell)[-1][0] == "KeyboardInterrupt"
    assert json.loads(content)["metadata"]["papermill"]["exception"] is True


@pytest.mark.parametrize("first", ["proofbook.execute.engine", "proofbook.execute.client", "proofbook.execute.state"])
def test_the_engine_is_found_whatever_is_imported_first(first: str) -> None:
    """Papermill imports the engine while it is imported itself: a circle that must not bite."""
    program = (
        f"import {first}\n"
        "from papermill.engines import papermill_engines\n"
        "from proofbook.execute.engine import ProofbookEngine\n"
        "assert papermill_engines.get_engine('proofbook') is ProofbookEngine"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
