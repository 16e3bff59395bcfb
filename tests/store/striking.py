"""
Strikes a scenario at every point it passes, each time in a forked child, and says what was found afterwards.

Run as `python -m tests.store.striking SCENARIO FOLDER`, in a process of one thread, so that forking is safe. Prints one
JSON document: which points were struck, and every broken promise.
"""

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from proofbook.disk import faults
from proofbook.exceptions import ProofbookError
from proofbook.release.promote import promote
from proofbook.release.rollback import rollback
from proofbook.store import Store
from tests.store import making, releases

Say = Callable[[str], None]
_RAISED = 3
"""How a child ends that met an error of ours, as a user would."""


def creation(root: Path, say: Say) -> None:
    Store.open(root).close()
    say("opened")


def record(root: Path, say: Say) -> None:
    """A build after one that was killed: repair, reserve, run, seal, gate."""
    store = Store.open(root)
    number = store.reserve(making.PIPELINE)
    say(f"reserved {number}")
    # forced: there is a good result of these inputs, which must not count if this attempt does not succeed
    result = making.task_run(store, root, value=0.2, number=number)
    store.attempt(result.name, result.key, run=number)
    say(f"attempted {result.key} {number}")
    store.remember(result, run=number)
    say(f"remembered {result.key}")
    manifest = store.seal(making.run_of(number, result))
    say(f"sealed {number} {manifest}")
    making.judge(store, number)
    say(f"judged {number}")
    store.keep_replay(manifest, "noise", {"seed": 1}, result.records, run=number)
    say(f"replayed {manifest}")
    given_up = store.reserve(making.PIPELINE)
    store.abandon(given_up)
    say(f"abandoned {given_up}")


def upgrade(root: Path, say: Say) -> None:
    """A store of an earlier version is opened, and led to this one's schema."""
    store = Store.open(root)
    say(f"sealed 1 {store.manifest(1)}")
    say("generation 1")


def release(root: Path, say: Say) -> None:
    """Promotion of a second run, then rollback to the first."""
    store = Store.open(root)
    promote(store, 2, by="tester")
    say("generation 2")
    rollback(store, by="tester")
    say("generation 3")


def prepare(scenario: str, root: Path) -> None:
    root.mkdir()
    if scenario == "creation":
        return
    if scenario == "upgrade":
        releases.unpack(releases.ALL[0], root)
        return
    with Store.open(root) as store:
        for value in (0.1, 0.2):
            number = making.build(store, root, value=value)
            making.judge(store, number)
            if number == 1:
                making.advance(store, 1)
        making.judge(store, 2)
        if scenario == "record":
            # what a killed build leaves: a row without a living process, half a blob
            store.reserve(making.PIPELINE)
            (store.folder / "blobs" / store.manifest(1)[:2] / ".half.tmp").touch()


def child(root: Path, scenario: str, fault: str) -> tuple[int, dict[str, int]]:
    """Run the scenario in a fork; how it ended, and which points it passed."""
    reading, writing = os.pipe()
    number = os.fork()
    if number == 0:
        code = 70
        try:
            os.environ["PROOFBOOK_FAULT"] = fault
            acknowledged = os.open(root / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            SCENARIOS[scenario](root, lambda line: (os.write(acknowledged, f"{line}\n".encode()), None)[1])
            os.write(writing, json.dumps(faults.passed()).encode())
            code = 0
        except ProofbookError as error:
            code = 70 if "\n" in str(error) else _RAISED
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        passed = pipe.read()
    _, status = os.waitpid(number, 0)
    return os.waitstatus_to_exitcode(status), json.loads(passed or b"{}")


def broken(root: Path) -> list[str]:
    """Every promise that does not hold after a strike; the next opening has to mend what can be mended."""
    path = root / "acknowledged"
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    store = Store.open(root)
    found = [f"{damage.object}: {damage.problem}" for damage in store.verify()]
    summaries = {run.number: run for run in store.runs()}
    found += [f"run {run.number} still runs" for run in summaries.values() if run.ending == "running"]
    found += [f"{file} was left" for file in (store.folder / "running").iterdir()]
    if any(run.ending == "interrupted" for run in summaries.values()):
        found += [f"{file.name} was left" for file in store.folder.glob("blobs/*/.*.tmp") if file.name == ".half.tmp"]
    found += [text for line in lines if (text := lost(store, line))]
    history = store.generations("production")
    if [step.number for step in history] != list(range(len(history), 0, -1)):
        found.append(f"the history has gaps: {history}")
    found += [f"generation {step.number} names no passing verdict" for step in history[:-1] if step.decision != "go"]
    # and life goes on
    number = making.build(store, root, value=0.7)
    making.judge(store, number)
    promote(store, number, by="tester")
    if store.number("production") != number:
        found.append("the store does not work any more")
    return found


def lost(store: Store, line: list[str]) -> str | None:
    """What was acknowledged and is not there."""
    match line:
        case ["reserved" | "abandoned", number]:
            there = int(number) in {run.number for run in store.runs()}
        case ["attempted", key, number]:
            there = all(result.made_by == int(number) for result in [*store.recall("train", key)][:1])
        case ["remembered", key]:
            there = any(store.recall("train", key))
        case ["sealed", number, manifest]:
            there = store.manifest(int(number)) == manifest
        case ["judged", number]:
            there = store.gate(int(number)) is not None
        case ["replayed", manifest]:
            there = len(store.replays(manifest, "noise")) == 1
        case ["generation", number]:
            there = int(number) <= (store.generations("production")[0].number)
        case _:
            there = True
    return None if there else f"acknowledged and lost: {' '.join(line)}"


SCENARIOS: dict[str, Callable[[Path, Say], None]] = {
    "creation": creation,
    "record": record,
    "release": release,
    "upgrade": upgrade,
}


def strike_all(scenario: str, folder: Path) -> dict[str, object]:
    template = folder / "template"
    prepare(scenario, template)
    plan = _strikes(scenario, folder, template)
    found: list[str] = []
    for point, occurrence, action in plan:
        root = folder / "struck"
        shutil.copytree(template, root)
        code, _ = child(root, scenario, f"{point}:{occurrence}:{action}")
        name = f"{action} at {point} {occurrence}"
        expected = {-signal.SIGKILL} if action == "kill" else {0, _RAISED}
        if code not in expected:
            found.append(f"{name}: ended with {code}")
        found += [f"{name}: {text}" for text in broken(root)]
        shutil.rmtree(root)
    points = Counter(point for point, _, _ in plan)
    return {"struck": len(plan), "points": dict(points), "broken": found}


def _strikes(scenario: str, folder: Path, template: Path) -> list[tuple[str, int, str]]:
    root = folder / "unharmed"
    shutil.copytree(template, root)
    code, passed = child(root, scenario, "*:0:count")
    assert code == 0, f"{scenario} fails unharmed"
    assert broken(root) == []
    shutil.rmtree(root)
    kills = [(point, occurrence, "kill") for point, times in passed.items() for occurrence in range(1, times + 1)]
    # where the disk fails rather than the process: there is no room, or the fsync fails
    fails = {"blob.create": "enospc", "blob.written": "eio"}
    return kills + [(point, occurrence, fails[point]) for point, occurrence, _ in kills if point in fails]


if __name__ == "__main__":
    print(json.dumps(strike_all(sys.argv[1], Path(sys.argv[2]))))
