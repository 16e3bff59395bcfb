"""The log of a run while it is built: followed by others, kept at the end, still there after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

import tests
from proofbook.exceptions import MachineError
from proofbook.store import Store
from tests.store import making

ROOT = Path(tests.__file__).parent.parent


def line(event: str, **content: object) -> bytes:
    return msgspec.json.encode({"event": event, **content}) + b"\n"


def test_others_see_each_event_at_once(store: Store) -> None:
    number = store.reserve("pipeline.yaml")
    log = store.live_log(number)
    tail = store.tail(number)
    assert tail is not None
    assert store.building(number)
    assert list(tail.more()) == []
    log.append(line("run_started", run=number))
    assert [event["event"] for event in tail.more()] == ["run_started"]
    log.append(line("task_started", task="a"))
    assert list(tail.more()) == [{"event": "task_started", "task": "a"}]
    tail.close()
    log.close()


def test_at_the_end_it_is_a_blob_and_the_file_is_gone(store: Store, tmp_path: Path) -> None:
    number = store.reserve("pipeline.yaml")
    log = store.live_log(number)
    log.append(line("run_started", run=number))
    tail = store.tail(number)
    assert tail is not None
    log.append(line("run_finished", run=number))
    digest = log.keep(store.blobs)
    store.seal(making.run_of(number, making.task_run(store, tmp_path, value=1.0), log=digest))
    log.remove()
    assert store.blobs.get(store.run(number).log or "") == line("run_started", run=number) + line(
        "run_finished", run=number
    )
    assert store.tail(number) is None
    assert not store.building(number)
    # whoever followed it reads it to the end all the same
    assert [event["event"] for event in tail.more()] == ["run_started", "run_finished"]
    tail.close()
    assert store.verify() == ()


def test_a_line_that_is_not_whole_yet_waits_and_nonsense_is_passed_over(store: Store) -> None:
    number = store.reserve("pipeline.yaml")
    log = store.live_log(number)
    tail = store.tail(number)
    assert tail is not None
    log.append(b'{"event": "a"}\nnonsense\n[1]\n{"no": 1}\n{"event": 3}\n{"event": "b"')
    assert [event["event"] for event in tail.more()] == ["a"]
    log.append(b"}\n")
    assert [event["event"] for event in tail.more()] == ["b"]
    tail.close()
    log.close()


def test_a_full_disk_cuts_the_log_and_not_the_build(store: Store) -> None:
    number = store.reserve("pipeline.yaml")
    log = store.live_log(number)
    log.append(line("run_started", run=number))
    append, log._journal.append = log._journal.append, _full
    log.append(line("task_started", task="a"))
    log._journal.append = append
    log.append(line("task_started", task="b"))
    events = [json.loads(said) for said in store.blobs.get(log.keep(store.blobs)).splitlines() if said]
    assert [event["event"] for event in events] == ["run_started", "log"]
    assert "disk is full" in events[-1]["message"]
    log.remove()


def _full(line: bytes) -> None:
    raise MachineError("disk is full: writing needs 3 bytes")


def test_a_log_that_somebody_removed_does_not_cost_the_run(store: Store) -> None:
    log = store.live_log(store.reserve("pipeline.yaml"))
    log.append(line("run_started"))
    log.path.unlink()
    assert store.blobs.get(log.keep(store.blobs)) == b""
    log.remove()


def test_after_a_kill_the_log_is_still_there(tmp_path: Path) -> None:
    program = """
import sys, time
from pathlib import Path
from proofbook.store import Store
store = Store.open(Path(sys.argv[1]))
log = store.live_log(store.reserve("pipeline.yaml"))
log.append(b'{"event": "run_started"}\\n{"event": "cut off')
print("ready", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with Store.open(tmp_path) as store:
        assert store.building(1)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert not store.building(1)
    with Store.open(tmp_path) as store:
        assert store.runs()[0].ending == "interrupted"
        tail = store.tail(1)
        assert tail is not None
        assert [event["event"] for event in tail.more()] == ["run_started"]
        tail.close()


def test_only_the_newest_logs_of_killed_builds_stay(store: Store, tmp_path: Path) -> None:
    for number in range(1, 31):
        store.live_log(number).close()
    kept = {int(file.stem) for file in (tmp_path / ".proofbook" / "live").iterdir()}
    assert kept == set(range(11, 31))


def test_an_event_costs_little(store: Store) -> None:
    log = store.live_log(store.reserve("pipeline.yaml"))
    event = line("cell_started", task="some_task", cell=7, cells=9, title="features = join(flights, weather)")
    began = time.process_time()
    for _ in range(1000):
        log.append(event)
    # a thousand tasks have some ten events each
    assert time.process_time() - began < 0.1
    log.remove()
