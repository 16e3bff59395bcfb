"""
Builds killed at random moments, and after each one the store looked at.

    make soak
    python benchmarks/soak.py --kills 200 --seed 7

After every kill the store must verify, the next build must give what an undisturbed build gives, and nothing of the
killed build may be alive five seconds later. Ends with 1 at the first violation, and prints the seed.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from proofbook.store import Store

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


def _build(folder: Path, number: int) -> "subprocess.Popen[bytes]":
    binary = Path(sys.executable).parent / "ploomber"
    environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}"}
    words = [str(binary), "build", "--env--number", str(number)]
    return subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _check(folder: Path, number: int) -> str | None:
    if (folder / ".proofbook").exists():
        damage = Store.open(folder).verify()
        if damage:
            return f"the store is damaged: {damage[0]}"
    code = _build(folder, number).wait(timeout=120)
    if code not in {0, 4}:
        return f"the build after the kill ended with {code}"
    found = (folder / "output/double.txt").read_text()
    return None if found == str(2 * number) else f"double.txt holds {found!r}, not {2 * number}"


def main() -> None:
    """Kill, look, and go on."""
    from tests.ploomber.conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    draw = random.Random(options.seed)
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Folder(Path(scratch))
        folder.write("numbers", NUMBERS)
        folder.write("double", DOUBLE)
        (folder.root / "pipeline.yaml").write_text(DOOR + TASKS)
        (folder.root / "env.yaml").write_text("number: 1\n")
        for kill in range(1, options.kills + 1):
            number = draw.randrange(1, 1000)
            process = _build(folder.root, number)
            time.sleep(draw.uniform(0.1, 12.0))
            family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.kill()  # does nothing to one that has ended by itself
            process.wait()
            alive = psutil.wait_procs(family, timeout=5)[1]
            problem = f"{len(alive)} processes outlived the build" if alive else _check(folder.root, number)
            if problem:
                sys.exit(f"kill {kill}: {problem} (seed {options.seed})")
            print(f"kill {kill} of {options.kills}: good", flush=True)


if __name__ == "__main__":
    main()
