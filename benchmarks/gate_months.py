"""
The flights pipeline month by month through 2013, as its owners would have lived it: build, gate, promote.

Each build trains on what came before, and is held against the month before. Until July the evaluation set is the five
days that were drawn of February; with August comes the shipped one, forty days of January to August. Every month a
harmless edit of the code goes along (a case of `gate_cases/harmless`), so that the gate has to tell what new data did
from what new code did. In one month a fault goes along as well; that build is a trial, and nobody promotes it.

    python benchmarks/gate_months.py                 # about a quarter of an hour
    python benchmarks/gate_months.py --until 2013-04
"""

import argparse
import calendar
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import gate_faults
import gate_project
import polars as pl
from gate_project import Project

ROOT = Path(__file__).parent.parent
FIRST, SHIPPED = 2, 8
"""The first month, and that from which on the shipped evaluation set is used."""
EDITS = {
    3: "split_cell", 4: "log_lines", 5: "refactored_function", 6: "numpy_for_polars", 7: "rewritten_score",
    8: "read_lazily", 9: "other_compression", 10: "assertion", 11: "two_threads", 12: "extra_record",
}  # fmt: skip
TRIAL = 10, "truncated_model"
"""In this month a build with this fault is tried first."""
FLOORS = """
[tool.proofbook.gate.rules]
auc = { floor = 0.65 }
average_precision = { floor = 0.3 }
brier = { ceiling = 0.2 }
gain_auc = { floor = 0.01 }
gain_brier = { floor = 0.0 }
flights_a_training_day = { floor = 700 }
"""
"""The shipped floors are for a model of eight months, on forty days: this one has seen January, and is asked five."""
TOLD = ("auc", "brier", "recent_auc", "recent_brier")


def _days(folder: Path, month: int) -> None:
    """Write the evaluation set that is in use in `month`, with its digest, as the features notebook checks it."""
    path = folder / "data/evaluation_days.json"
    shipped = json.loads((ROOT / "data/evaluation_days.json").read_text(encoding="utf-8"))
    path.unlink(missing_ok=True)
    if month >= SHIPPED:
        shutil.copy2(ROOT / "data/evaluation_days.json", path)
        return
    days = [day for day in shipped["days"] if day.startswith(f"2013-{FIRST:02}")]
    flights = pl.read_parquet(ROOT / f"data/flights/2013-{FIRST:02}.parquet")
    flights = flights.with_columns(pl.date("year", "month", "day").cast(pl.String).alias("date"))
    columns = ["date", "sched_dep_time", "origin", "carrier", "flight", "dep_delay"]
    lines = flights.filter(pl.col("date").is_in(days)).select(
        pl.concat_str([pl.col(name).cast(pl.String).fill_null("") for name in columns], separator=",")
    )
    digest = hashlib.sha256("\n".join(lines.to_series().sort()).encode()).hexdigest()
    path.write_text(json.dumps({**shipped, "days": days, "flights": len(lines), "sha256": digest}), encoding="utf-8")


def prepare(folder: Path, *, seconds: float) -> Project:
    """The project as somebody had it who began in February."""
    project = gate_project.copy(ROOT, folder)
    always = f'[tool.proofbook.gate]\ncause = "always"\ncause_budget = {seconds}\n'
    project.text("pyproject.toml", "[tool.proofbook.gate]\n", always)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(FLOORS)
    # only January is over in every one of these builds
    project.edit("profile", "months", 'pl.col("month") <= 7', 'pl.col("month") <= 1')
    return project


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    binary = Path(sys.executable).parent / "proofbook"
    environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([binary, *words], cwd=folder, capture_output=True, text=True, check=False, env=environment)


def build(folder: Path, month: int) -> dict[str, Any]:
    """Build as of the end of the month; what the gate said."""
    last = f"2013-{month:02}-{calendar.monthrange(2013, month)[1]}"
    done = _run(folder, "build", "--json", "--env--as_of", last)
    try:
        gate: dict[str, Any] = json.loads(done.stdout)["gate"]
    except (json.JSONDecodeError, KeyError):
        sys.exit(f"{last}: {done.returncode}\n{done.stdout}{done.stderr}")
    return gate


def _promote(folder: Path, gate: dict[str, Any], month: int) -> str:
    """What a person does who has looked at the report."""
    if gate["decision"] == "no" and month != SHIPPED:
        return "not promoted"
    words = [] if gate["decision"] == "go" else ["--accept", f"looked at, month {month} of 2013"]
    if gate["decision"] == "no":
        words = ["--override", "--reason", "the evaluation set of forty days is in use from now on"]
    done = _run(folder, "promote", "latest", *words)
    if done.returncode:
        sys.exit(f"promote ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return {"go": "promoted", "review": "accepted", "no": "promoted against the gate's word"}[gate["decision"]]


def tell(name: str, gate: dict[str, Any], *, then: str) -> None:
    """One month, as a section."""
    gating = [one for one in gate["comparisons"] if one["gates"]]
    counts = Counter(one["verdict"] for one in gating)
    print(f"\n## {name}: {gate['decision']}, {then}\n")
    print("Gating: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common()))
    for one in gating:
        if one["verdict"] != "pass":
            print(f"- {one['record']} {one['verdict']}: {one['reason'][:300]}")
    shown = {one["record"]: one for one in gate["comparisons"]}
    for record in TOLD:
        if record in shown and shown[record]["production"] is not None:
            one = shown[record]
            print(f"- {record} {one['production']} → {one['candidate']} ({one['verdict']}, gates: {one['gates']})")
    for line in gate["reasons"]:
        print(f"> {line}")
    _cause(gate.get("cause"))
    sys.stdout.flush()


def _cause(cause: dict[str, Any] | None) -> None:
    if not cause:
        return
    print(f"\nCause, {cause['replays']} builds, {cause['seconds']:.0f} s:\n")
    names = ["code", "data", "parameters", "environment", "interaction"]
    print(f"| record | change | {' | '.join(names)} | carried by |\n|{'---|' * (len(names) + 3)}")
    largest = 0.0
    for share in cause["shares"]:
        parts = {factor["name"]: factor["amount"] for factor in share["factors"]}
        if share["change"]:
            largest = max(largest, abs(parts.get("code", 0.0)) / abs(share["change"]))
        if share["record"] in TOLD:
            amounts = " | ".join(f"{parts[part]:+.5f}" if part in parts else "" for part in names)
            print(f"| {share['record']} | {share['change']:+.5f} | {amounts} | {', '.join(share['carried_by'])} |")
    print(f"\nOf {len(cause['shares'])} numbers that moved, code has at most {largest:.1%} of the change of any.")
    for line in cause["skipped"]:
        print(f"skipped: {line}")


def main() -> None:
    """Go through the year."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=FIRST, help="month to begin with")
    parser.add_argument("--until", default="2013-12", help="last month")
    parser.add_argument("--seconds", type=float, default=240, help="that looking for a cause may take")
    options = parser.parse_args()
    edits = {case.name: case for case in gate_faults.cases()}
    with tempfile.TemporaryDirectory(prefix="gate-months-") as place:
        project = prepare(Path(place) / "project", seconds=options.seconds)
        for month in range(options.first, int(options.until[5:]) + 1):
            _days(project.folder, month)
            name = calendar.month_name[month]
            if month in EDITS:
                edits[EDITS[month]].apply(project)
                name += f", with the edit `{EDITS[month]}`"
            if month == TRIAL[0]:
                # the fault is tried on the spot, and taken back
                before = shutil.copytree(project.folder / "notebooks", Path(place) / "before")
                edits[TRIAL[1]].apply(project)
                tell(f"{name} and the fault `{TRIAL[1]}`", build(project.folder, month), then="thrown away")
                shutil.rmtree(project.folder / "notebooks")
                before.rename(project.folder / "notebooks")
            gate = build(project.folder, month)
            tell(name, gate, then=_promote(project.folder, gate, month))


if __name__ == "__main__":
    main()
