"""
Puts measured figures into docs/benchmarks.md: every table there between `<!-- NAME -->` and `<!-- end -->`.

    python benchmarks/page.py FOLDER [FOLDER ...]

Each folder is one run of `make bench`, in the order in which they are shown. Nothing in the tables is typed by hand.
"""

import argparse
import json
import re
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import profile_build

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_PLACE = re.compile(r"(<!-- (?P<name>[a-z][a-z -]*) -->\n).*?(<!-- end -->)", re.DOTALL)
Document = Mapping[str, Any]
Runs = Sequence[Mapping[str, Document]]


def fill(text: str, runs: Runs) -> str:
    """The page with its tables made anew."""

    def table(match: re.Match[str]) -> str:
        name = match["name"]
        return f"{match[1]}\n{_TABLES[name](runs)}\n{match[3]}" if name in _TABLES else match[0]

    return _PLACE.sub(table, text)


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "Not measured yet.\n"
    line = "| " + " | ".join(head) + " |"
    return "\n".join([line, "|" + "---|" * len(head), *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _of(runs: Runs, name: str) -> list[Document]:
    return [run[name] for run in runs if name in run]


def _numbered(documents: Sequence[Document], word: str) -> list[str]:
    return [f"{word}, run {number}" if len(documents) > 1 else word for number in range(1, len(documents) + 1)]


def _reach(runs: Runs) -> str:
    """Every figure that was to be reached, in all runs."""
    found: dict[tuple[str, str], dict[int, str]] = {}
    for number, run in enumerate(runs):
        for document in run.values():
            for line in document["reach"]:
                bound = f"≥ {line['least']:g}" if line["least"] is not None else f"≤ {line['most']:g}"
                said = f"{line['value']:.3g}" if line["reached"] else f"**{line['value']:.3g}, missed**"
                found.setdefault((line["claim"], bound), {})[number] = said
    head = ["Figure", "Reach", *(f"Run {number}" for number in range(1, len(runs) + 1))]
    return _rows(
        head,
        [
            [claim, bound, *(values.get(number, "not measured") for number in range(len(runs)))]
            for (claim, bound), values in found.items()
        ],
    )


def _ways(name: str) -> Callable[[Runs], str]:
    """The ways of one benchmark: median, least and most of each run, and the ratio to the one they stand beside."""

    def table(runs: Runs) -> str:
        documents = _of(runs, name)
        rows = []
        for way in documents[0]["taken"] if documents else ():
            row = [f"`{way}`" if way.startswith(("proofbook", "ploomber build", "python")) else way]
            for document in documents:
                seconds, base = _seconds(document, way), _seconds(document, document.get("beside"))
                per, digits = (1000, 0) if document.get("unit") == "ms" else (1, 2)
                values = (statistics.median(seconds), min(seconds), max(seconds))
                shown = [f"{value * per:.{digits}f}" for value in values]
                ratio = f", {statistics.median(seconds) / statistics.median(base):.2f} times" if base else ""
                row.append(f"{shown[0]} ({shown[1]} to {shown[2]}){ratio}")
            rows.append(row)
        unit = documents[0].get("unit", "s") if documents else "s"
        return _rows(["Way", *_numbered(documents, f"median (least to most), {unit}")], rows)

    return table


def _seconds(document: Document, way: str | None) -> list[float]:
    return [one["seconds"] for one in document["taken"].get(way, [])]


def _growth(runs: Runs) -> str:
    rows = []
    documents = _of(runs, "many_notebooks")
    for number, document in enumerate(documents, start=1):
        for which, key in (("first", "growth"), ("--force", "growth, forced")):
            for size, values in document.get(key, {}).items():
                each = [f"{values[name] / int(size) * 1000:.1f}" for name in ("seconds", "cpu")]
                row = [str(number), which, size, f"{values['seconds']:.1f}", *each, f"{values['peak'] / 1e6:.0f}"]
                rows.append(row)
    return _rows(["Run", "Build", "Tasks", "Seconds", "ms a task", "driver CPU, ms a task", "driver memory, MB"], rows)


def _memory(runs: Runs) -> str:
    documents = _of(runs, "kernel_memory")
    rows = []
    for moment in documents[0]["moments"] if documents else ():
        row = [moment]
        for document in documents:
            values = document["moments"][moment]
            ratio = values["warm_mb"] / values["cold_mb"]
            row.append(f"{values['cold_mb']:.0f} MB, {values['warm_mb']:.0f} MB, {ratio:.0%}")
        rows.append(row)
    return _rows(["Proportional set size", *_numbered(documents, "cold, warm, share")], rows)


def _profile(runs: Runs) -> str:
    """Of the last run only: it explains, and claims nothing."""
    documents = _of(runs, "profile")
    if not documents:
        return "Not measured yet.\n"
    said = []
    for title, found in documents[-1]["profiles"].items():
        said.append(
            f"**{title.capitalize()}**: {found['seconds']:.2f} s, as one script {found['script']:.2f} s; processor "
            f"time {found['cpu']:.2f} s, of it the driver's {found['driver_cpu']:.2f} s.\n"
        )
        for key, heading in profile_build.HEADINGS.items():
            lines = [[name, f"{seconds:.2f}"] for name, seconds in profile_build.lines(found, key)]
            if lines:
                said.append(_rows([heading[0].upper() + heading[1:], "s"], lines))
    return "\n".join(said)


def _machine(runs: Runs) -> str:
    documents = [document for run in runs for document in run.values()]
    if not documents:
        return "Not measured yet.\n"
    one = documents[0]["machine"]
    versions = {name: version for document in documents for name, version in document["machine"]["versions"].items()}
    peers: dict[str, str] = {}
    for document in documents:
        peers |= document["machine"].get("versions_of_peers", {})
    loads = [document["machine"]["load_before"] for document in documents]
    where = f"{one['processor']}, {one['cores']} cores, {one['memory_gib']} GiB, {one['system']}, {one['file_system']}"
    said = [
        f"{where}; Python {one['python']}; load before a benchmark at most {max(loads)}.",
        f"Ours: {', '.join(f'{name} {version}' for name, version in versions.items())}.",
        f"Peers: {', '.join(f'{name} {version}' for name, version in peers.items())}.",
    ]
    return "\n\n".join(said) + "\n"


_TABLES: dict[str, Callable[[Runs], str]] = {
    "reach": _reach,
    "machine": _machine,
    "ten notebooks": _ways("ten_notebooks"),
    "many notebooks": _ways("many_notebooks"),
    "growth": _growth,
    "flights": _ways("flights"),
    "tables": _ways("gate_tables"),
    "memory": _memory,
    "start": _ways("start"),
    "profile": _profile,
}


def main() -> None:
    """Read the runs, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="the JSON of one run of `make bench`")
    folders = parser.parse_args().folders
    runs = [
        {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
        for folder in folders
    ]
    for folder, run in zip(folders, runs, strict=True):
        if not run:
            sys.exit(f"{folder} holds no figures: it is the folder that `make bench` names at its end")
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), runs), encoding="utf-8")


if __name__ == "__main__":
    main()
