"""
All benchmarks, one after another, and the table of what was to be reached.

    make bench
    make bench ROUNDS=1
    python benchmarks/everything.py --rounds 5 --only start flights
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rounds import said

ROOT = Path(__file__).parent.parent
ALL: dict[str, list[str]] = {
    "start": ["start.py"],
    "kernel_memory": ["kernel_memory.py"],
    "flights": ["flights.py"],
    "gate_tables": ["gate_tables.py"],
    "many_notebooks": ["many_notebooks.py"],
    "ten_notebooks": ["ten_notebooks.py"],
    "profile": ["ten_notebooks.py", "--profile"],
}


def _run(name: str, folder: Path, more: list[str]) -> dict[str, Any] | None:
    print(f"\n== {name}", flush=True)
    target = folder / f"{name}.json"
    target.unlink(missing_ok=True)
    script, *words = ALL[name]
    command = [sys.executable, str(Path(__file__).parent / script), *words, "--json", str(target), *more]
    done = subprocess.run(command, check=False)
    if done.returncode or not target.exists():
        print(f"{name} ended with {done.returncode}", file=sys.stderr)
        return None
    document: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return document


def main() -> None:
    """Run them, and say which figures are reached."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, help="how often each way is taken (default: what each benchmark has)")
    parser.add_argument(
        "--only", nargs="+", choices=ALL, default=list(ALL), metavar="NAME", help=f"some of: {', '.join(ALL)}"
    )
    place = ROOT / "output" / "benchmarks" / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M")
    parser.add_argument("--folder", type=Path, default=place, help="for the JSON of each (default: a new one)")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a figure is not reached")
    options = parser.parse_args()
    more = ["--rounds", str(options.rounds)] if options.rounds else []
    found = {name: _run(name, options.folder, more) for name in options.only}
    print("\n== what was to be reached")
    missed = 0
    for name, document in found.items():
        for line in (document or {}).get("reach", []):
            missed += not line["reached"]
            print(said(line))
        if document is None:
            missed += 1
            print(f"MISSED   {name} did not end well")
    print(f"\nEvery figure, as JSON: {options.folder} (`python benchmarks/page.py FOLDER` puts them into the docs)")
    broken = any(document is None for document in found.values())
    sys.exit(1 if broken or (options.strict and missed) else 0)


if __name__ == "__main__":
    main()
