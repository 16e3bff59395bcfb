"""
Faults put into the flights pipeline, and edits that harm nothing: which of them the gate stops.

Each case is a file of `gate_cases/`: its docstring says what is wrong, `kind` (of faults) what sort of mistake it is,
and `apply(project)` edits a scratch copy. One production is built, promoted, and built again with other seeds for its
noise; each case is a copy of that project with its store, edited, and built by `proofbook build` as anybody would.

A fault is caught by the decision `no`, or by `review` with a record that gates to look at. An edit passes only by `go`.

    python benchmarks/gate_faults.py                       # all; about twenty minutes
    python benchmarks/gate_faults.py --only leak --only seed
    python benchmarks/gate_faults.py --production DIR      # keep the prepared production there, or take it from there
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import gate_project
from gate_project import Project

__all__ = ["CASES", "Case", "Outcome", "build", "cases", "prepare", "verdict"]

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "gate_cases"
RERUNS = 4
_BAD = {"changed", "inconclusive", "regressed"}


@dataclass(frozen=True)
class Case:
    """One file of `gate_cases/`."""

    name: str
    fault: bool
    what: str
    kind: str
    apply: Callable[[Project], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one build."""

    decision: str
    """`no`, `review`, `go`; `lint` where lint refused it, `broken` where nothing was judged."""
    reason: str
    by: Literal["record", "task", "lint", "nothing"]
    """What stopped it: a record that gates, a task that failed, lint."""

    def good(self, *, fault: bool) -> bool:
        """Whether the fault was caught, or the edit passed."""
        return self.by != "nothing" if fault else self.decision == "go"


def cases(only: Iterable[str] = ()) -> list[Case]:
    """All cases whose names contain one of these pieces, or all; faults first, by name."""
    found: list[Case] = []
    wanted = list(only)
    for folder in ("faults", "harmless"):
        paths = sorted((CASES / folder).glob("*.py"))
        chosen = [path for path in paths if not wanted or any(piece in path.stem for piece in wanted)]
        found += [_load(path, fault=folder == "faults") for path in chosen]
    return found


def _load(path: Path, *, fault: bool) -> Case:
    specification = importlib.util.spec_from_file_location(f"gate_case_{path.stem}", path)
    if specification is None or specification.loader is None:
        sys.exit(f"{path} is no module")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    what = " ".join((module.__doc__ or "").split())
    return Case(path.stem, fault, what, getattr(module, "kind", ""), module.apply)


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    binary = Path(sys.executable).parent / "proofbook"
    environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([binary, *words], cwd=folder, capture_output=True, text=True, check=False, env=environment)


def prepare(folder: Path, *, reruns: int = RERUNS) -> Project:
    """Build the project as it stands, make that production, and learn its noise. A folder that holds it is taken."""
    if (folder / ".proofbook").exists():
        return Project(folder)
    project = gate_project.copy(ROOT, folder)
    # why a record changed is another question, and each answer takes builds of its own
    project.text("pyproject.toml", "[tool.proofbook.gate]\n", '[tool.proofbook.gate]\ncause = "never"\n')
    steps = [("build",), ("promote", "latest")]
    if reruns:
        steps.append(("noise", "--runs", str(reruns)))
    for words in steps:
        done = _run(folder, *words)
        if done.returncode:
            shutil.rmtree(folder / ".proofbook", ignore_errors=True)
            sys.exit(f"proofbook {' '.join(words)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return project


def build(case: Case, production: Project, folder: Path) -> Outcome:
    """Apply the case to a copy of production in `folder`, build it, and say what became of it."""
    project = gate_project.copy(production.folder, folder, store=True)
    case.apply(project)
    done = _run(folder, "build", "--json")
    try:
        document = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = (done.stderr or done.stdout).strip().splitlines() or ["nothing was said"]
        return Outcome(
            "lint" if done.returncode == 3 else "broken", said[-1], "lint" if done.returncode == 3 else "nothing"
        )
    return verdict(document)


def verdict(document: dict[str, Any]) -> Outcome:
    """Read what `proofbook build --json` printed."""
    gate = document.get("gate")
    if not gate:
        return Outcome("lint" if document.get("exit_code") == 3 else "broken", "nothing was judged", "nothing")
    stopped = [one for one in gate["comparisons"] if one["gates"] and (one["verdict"] in _BAD or one.get("failed"))]
    tasks = [one for one in stopped if one["kind"] == "task"]
    first = (tasks or sorted(stopped, key=lambda one: one["verdict"] != "regressed") or [None])[0]
    if first is None:
        return Outcome(gate["decision"], "", "nothing")
    reason = f"{first['record'] or first['task']}: {first['reason']}"
    if gate["decision"] == "go":
        return Outcome("go", reason, "nothing")
    return Outcome(gate["decision"], reason, "task" if tasks else "record")


def _row(case: Case, outcome: Outcome) -> str:
    good = outcome.good(fault=case.fault)
    word = ("caught" if good else "**missed**") if case.fault else ("passed" if good else "**stopped**")
    reason = " ".join(outcome.reason.split())
    reason = reason if len(reason) <= 150 else reason[:147] + "..."
    cells = [case.what, case.kind] if case.fault else [case.what]
    cells += [outcome.decision, reason.replace("|", "\\|"), word]
    return f"| {' | '.join(cells)} |"


def _tell(found: list[tuple[Case, Outcome]]) -> None:
    """The counts."""
    faults = [(case, outcome) for case, outcome in found if case.fault]
    edits = [(case, outcome) for case, outcome in found if not case.fault]
    caught = [outcome for case, outcome in faults if outcome.good(fault=True)]
    refused = sum(outcome.decision == "no" for outcome in caught)
    shown = sum(outcome.decision == "review" for outcome in caught)
    print(f"\nfaults caught: {len(caught)} of {len(faults)} ({refused} by `no`, {shown} by `review`", end="")
    linted = len(caught) - refused - shown
    print(f", {linted} by lint)" if linted else ")")
    print(f"harmless edits stopped: {sum(not outcome.good(fault=False) for _, outcome in edits)} of {len(edits)}")


def main() -> None:
    """Build every case, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="a piece of the names to take")
    parser.add_argument("--production", type=Path, help="folder of the prepared production")
    parser.add_argument("--jobs", type=int, default=1, help="builds at once")
    parser.add_argument("--keep", action="store_true", help="leave the folders of bad outcomes, and name them")
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="gate-faults-"))
    production = prepare(options.production or scratch / "production")
    found: list[tuple[Case, Outcome]] = []
    kept = 0
    chosen = cases(options.only)
    pool = ThreadPoolExecutor(options.jobs)
    outcomes = pool.map(lambda case: build(case, production, scratch / case.name), chosen)
    for case, outcome in zip(chosen, outcomes, strict=True):
        if not found or found[-1][0].fault != case.fault:
            columns = ["fault", "kind"] if case.fault else ["harmless edit"]
            columns += ["decision", "first reason", ""]
            print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        folder = scratch / case.name
        found.append((case, outcome))
        print(_row(case, outcome), flush=True)
        if options.keep and not outcome.good(fault=case.fault):
            print(f"kept: {folder}", file=sys.stderr)
            kept += 1
        else:
            shutil.rmtree(folder)
    if not kept:
        shutil.rmtree(scratch)
    _tell(found)


if __name__ == "__main__":
    main()
