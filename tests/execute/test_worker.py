"""The worker by itself: what it does not import, and what it says when its order is nonsense."""

import json
import os
import subprocess
import sys
from pathlib import Path

from proofbook.disk import spool


def test_the_worker_starts_lean_and_leaves_imports_as_they_were() -> None:
    """What papermill would import beside: 1.2 s of processor time for each task."""
    program = (
        "import sys\n"
        "from proofbook.execute.worker import _lean\n"
        "with _lean():\n"
        "    import papermill\n"
        "    from proofbook.execute import client, engine, state\n"
        "print(sorted({'rfc3987_syntax', 'pyarrow', 'ploomber_engine', 'matplotlib', 'pandas'} & set(sys.modules)))\n"
        "from papermill.engines import papermill_engines\n"
        "print(papermill_engines.get_engine('proofbook').__name__)\n"
        "import pyarrow, rfc3987_syntax"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "ProofbookEngine"]


def test_a_worker_without_an_order_ends() -> None:
    command = [sys.executable, "-m", "proofbook.execute.worker", "1"]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, timeout=30, check=False).returncode == 1


def test_a_worker_tells_what_broke_before_any_cell_ran(tmp_path: Path) -> None:
    with spool.folder(short=True) as folder:
        events = sent_by_a_worker({"folder": str(folder), "root": str(tmp_path), "kernel": "python3"})
    assert [event["event"] for event in events] == ["kernel_started", "broken"]
    assert "in.ipynb" in events[1]["message"]


def sent_by_a_worker(one: dict) -> list[dict]:
    reading, writing = os.pipe()
    one = {"shown_as": "x", "cell_timeout": None, "project": None, **one}
    command = [sys.executable, "-m", "proofbook.execute.worker", str(writing)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[writing])
    os.close(writing)
    assert process.stdin is not None
    process.stdin.write(json.dumps(one).encode() + b"\n")
    process.stdin.flush()
    with os.fdopen(reading) as channel:
        events = [json.loads(line) for line in channel]
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    return events
