"""
What a build of the flights pipeline costs: through our door, and with Ploomber alone.

Whole processes on this machine, the runs interleaved, medians; a claim is a ratio of two columns of one run of this
script, never a time alone.

    make bench            # five rounds
    python benchmarks/build.py --rounds 1
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOOR = ("executor:", "on_render:", "on_finish:", "on_failure:")


def _project(folder: Path, *, executor: str | None) -> Path:
    """A copy of the example; with `executor` in place of our four lines, or with them."""
    folder.mkdir()
    for name in ("notebooks", "data"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "env.yaml", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    lines = (ROOT / "pipeline.yaml").read_text().splitlines(keepends=True)
    if executor is not None:
        lines = [f"executor: {executor}\n", *(line for line in lines if not line.startswith(DOOR))]
    (folder / "pipeline.yaml").write_text("".join(lines))
    return folder


def _seconds(folder: Path, *flags: str) -> float:
    started = time.perf_counter()
    binary = Path(sys.executable).parent / "ploomber"
    environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run([binary, "build", *flags], cwd=folder, capture_output=True, check=False, env=environment)
    if done.returncode:
        sys.exit(done.stdout.decode() + done.stderr.decode())
    return time.perf_counter() - started


def main() -> None:
    """Print one row a way of building."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            "proofbook": _project(Path(scratch, "proofbook"), executor=None),
            "ploomber, serial": _project(Path(scratch, "serial"), executor="serial"),
            "ploomber, parallel": _project(Path(scratch, "parallel"), executor="parallel"),
        }
        taken: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, folder in folders.items():
                taken.setdefault(f"{name}, everything", []).append(_seconds(folder, "--force"))
                taken.setdefault(f"{name}, nothing to do", []).append(_seconds(folder))
    print(f"{'way':<36} {'median':>8} {'least':>8} {'most':>8}   of {rounds}, seconds")
    for name, values in taken.items():
        print(f"{name:<36} {statistics.median(values):8.1f} {min(values):8.1f} {max(values):8.1f}")


if __name__ == "__main__":
    main()
