"""Processes that promote, or build, against each other; run as `python -m tests.store.contending WHAT FOLDER`."""

import json
import os
import sys
import traceback
from pathlib import Path

from proofbook.exceptions import ConflictError
from proofbook.store import Store
from tests.store import making

PROMOTERS, WINS, BUILDERS, BUILDS = 16, 3, 6, 3


def promoting(root: Path, me: int) -> list[object]:
    """Promote until `WINS` generations are mine; every loser is told what it expected and what it found."""
    store = Store.open(root)
    won: list[object] = []
    while len(won) < WINS:
        current = store.generation("production")
        expected = current.number if current else 0
        try:
            step = store.advance("production", me % 2 + 1, expected=expected, kind="promote", by=f"process {me}")
        except ConflictError as error:
            if f"generation {expected} was expected" not in str(error):
                raise
        else:
            won.append(step.number)
    return won


def watching(root: Path, me: int) -> list[object]:
    """At every instant there is one generation, whole, and never an older one than before."""
    store = Store.open(root)
    last, seen = 0, set()
    while last < PROMOTERS * WINS:
        current = store.generation("production")
        if current is None:
            assert last == 0
            continue
        assert current.number >= last
        assert store.manifest(current.run) == current.manifest
        last = current.number
        seen.add(last)
    return [len(seen)]


def building(root: Path, me: int) -> list[object]:
    """Build runs whose blobs are the same in all processes."""
    store = Store.open(root)
    folder = root / f"process {me}"
    folder.mkdir()
    return [making.build(store, folder, value=value / 10) for value in range(BUILDS)]


def together(root: Path, *works: object) -> list[list[object]]:
    """Run each in a process of its own, all from one moment on; what each of them found."""
    barrier, start = os.pipe()
    children = []
    for me, work in enumerate(works):
        reading, writing = os.pipe()
        number = os.fork()
        if number == 0:
            code = 1
            try:
                os.close(start)
                os.read(barrier, 1)
                os.write(writing, json.dumps(work(root, me)).encode())  # type: ignore[operator]
                code = 0
            except BaseException:  # noqa: BLE001  a child must never return
                traceback.print_exc()
            finally:
                os._exit(code)
        os.close(writing)
        children.append((number, reading))
    os.close(start)
    found = []
    for number, reading in children:
        with os.fdopen(reading, "rb") as pipe:
            content = pipe.read()
        _, status = os.waitpid(number, 0)
        assert os.waitstatus_to_exitcode(status) == 0, "a process failed: see above"
        found.append(json.loads(content))
    return found


if __name__ == "__main__":
    what, project = sys.argv[1], Path(sys.argv[2])
    if what == "promoting":
        with Store.open(project) as prepared:
            for number in (0.1, 0.2):
                making.build(prepared, project, value=number)
        result = together(project, *[promoting] * PROMOTERS, watching)
    else:
        result = together(project, *[building] * BUILDERS)
    print(json.dumps(result))
