"""Output without end fills neither the driver's memory nor the notebook, and takes nobody's last word along."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from proofbook.execute import notebook as notebooks
from proofbook.execute.usage import resident
from proofbook.kernels.channels import Channels, Message
from tests.execute.notebooks import cells, encoded, order, statuses, text

MIB = 1 << 20
FLOODS = {
    "print": "for _ in range({times}): print('x' * 100_000)",
    "pieces": "for number in range(40_000): print(number)",
    "displays": "from IPython.display import display\nfor number in range(10_100): display(number)",
}
# a driver of its own: its memory is what is measured
DRIVER = """
import asyncio, json, pathlib, re, sys
from proofbook.execute.notebook import Order, run
from proofbook.kernels.pool import Pool
source, root = pathlib.Path(sys.argv[1]), sys.argv[2]
async def build():
    pool = Pool(root=pathlib.Path(root), mode=sys.argv[3])
    one = Order(task='t', notebook=source.read_bytes(), output=root + '/out.ipynb', root=root)
    try:
        outcome = await run(one, pool=pool, on_event=lambda event: None)
    finally:
        await pool.close()
    # `ru_maxrss` also remembers the process that this one was forked from
    peak = int(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]) >> 10
    print(json.dumps([outcome.status, peak, outcome.peak_memory >> 20, outcome.failure and outcome.failure.message]))
asyncio.run(build())
"""


@pytest.mark.parametrize(("mode", "times"), [("warm", 10_000), ("cold", 2_000)])
def test_a_gigabyte_of_prints_leaves_the_drivers_memory_flat(tmp_path: Path, mode: str, times: int) -> None:
    source = tmp_path / "in.ipynb"
    source.write_bytes(encoded(*(flood.format(times=times) for flood in FLOODS.values()), "print('after')"))
    command = [sys.executable, "-c", DRIVER, str(source), str(tmp_path), mode]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, driver, kernel, failure = json.loads(done.stdout)
    assert status == "succeeded", failure
    assert driver < 300
    assert kernel < 500, "nor does the kernel keep what it printed"
    found = json.loads((tmp_path / "out.ipynb").read_bytes())["cells"]
    assert found[0]["metadata"]["proofbook"]["truncated"] == times * 100_001 - 10 * MIB
    assert text(found[1]).startswith("0\n1\n2\n")
    assert "39999" in text(found[1]), "this one is below the bound"
    assert len(found[2]["outputs"]) == 10_001
    assert text(found[3]) == "after\n"


def lossy(monkeypatch: pytest.MonkeyPatch, lost: Any) -> None:
    """Lose those messages of the kernel of which `lost` says so."""
    deliver = Channels.__init__

    def init(self: Channels, kernel: Any, *, on_message: Any) -> None:
        def filtered(channel: str, message: Message) -> None:
            if not lost(channel, message):
                on_message(channel, message)

        deliver(self, kernel, on_message=filtered)

    monkeypatch.setattr(Channels, "__init__", init)


def idle(message: Message) -> bool:
    return message.type == "status" and message.content["execution_state"] == "idle"


def caused_by_a_cell(message: Message) -> bool:
    return message.parent.get("msg_type") == "execute_request"


def test_a_lost_last_word_is_noticed_at_once_and_never_taken_for_success(tmp_path: Path, monkeypatch) -> None:
    lossy(monkeypatch, lambda channel, message: channel == "iopub" and idle(message) and caused_by_a_cell(message))
    outcome = asyncio.run(notebooks.run(order(tmp_path, "print('x')", "2"), on_event=lambda _: None))
    assert outcome.failure.message == "the cell ended, but its outputs did not arrive"
    assert statuses(outcome.notebook) == ["failed", "pending"]
    assert text(cells(outcome)[0]) == "x\n", "what did arrive is kept"
    assert outcome.cells[0].seconds < 6


def test_a_lost_last_word_of_a_flood_that_was_cut_is_no_failure(tmp_path: Path, monkeypatch) -> None:
    lossy(monkeypatch, lambda channel, message: channel == "iopub" and idle(message) and caused_by_a_cell(message))
    monkeypatch.setattr("proofbook.execute.bounds._STREAM_LIMIT", 100)
    outcome = asyncio.run(notebooks.run(order(tmp_path, "print('x' * 1000)"), on_event=lambda _: None))
    assert outcome.status == "succeeded"
    assert cells(outcome)[0]["metadata"]["proofbook"]["truncated"] == 901


def test_outputs_that_never_arrive_end_the_cell(tmp_path: Path, monkeypatch) -> None:
    heard: list[Message] = []

    def lost(channel: str, message: Message) -> bool:
        # deaf after the first words, which say that the kernel can be heard
        heard.append(message)
        return channel == "iopub" and len(heard) > 6

    lossy(monkeypatch, lost)
    monkeypatch.setattr("proofbook.execute.request._SILENCE", 2.0)
    outcome = asyncio.run(notebooks.run(order(tmp_path, "print('x')", "1", "2"), on_event=lambda _: None))
    assert outcome.failure.message == "the cell ended, but its outputs did not arrive"
    assert statuses(outcome.notebook)[-1] == "pending"


def test_events_tell_what_a_cell_prints_within_bounds(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    sources = ("import time\nfor _ in range(300): print('x' * 300); time.sleep(0.004)", "1 / 0")
    asyncio.run(notebooks.run(order(tmp_path, *sources), on_event=events.append))
    told = [event for event in events if event["event"] == "output"]
    first = [event for event in told if event["cell"] == 1]
    assert 1 < len(first) < 40, "not every piece"
    assert sum(len(event["text"]) for event in first) == 64 << 10
    assert {event["name"] for event in told if event["cell"] == 2} == {"stderr"}
    assert "ZeroDivisionError" in told[-1]["text"]
    finished = [number for number, event in enumerate(events) if event["event"] == "cell_finished"]
    assert events.index(first[-1]) < finished[0], "before the cell is over"


def test_the_drivers_own_memory_can_be_read() -> None:
    assert resident(os.getpid()) > MIB
    assert resident(2**22 + 1) == 0
