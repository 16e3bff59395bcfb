"""
Does lint say, before a notebook runs, where it will fail? Runs every notebook below some folders in a clean kernel and
holds the findings of error level against what happened, notebook by notebook and cell by cell.

    python benchmarks/lint_prediction.py FOLDER... --breakages --json figures.json

What counts as failed is told in lint_truth.py. A notebook works in a copy of its project (the folder directly below
the named one, or the named one itself), put back to what it was after each run, with a home folder of its own and
without a network. What ran is kept in `--runs`, by content: a second measurement of other rules runs nothing again.

Run it in an environment that has Proofbook and what the notebooks import: what is not installed ends what can be said
of the cells that need it.
"""

import argparse
import asyncio
import dataclasses
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lint_breakages
import lint_truth
import machine
from lint_figures import PREDICTS, Row, alarms, scores
from lint_truth import CellEnd
from rounds import said

from proofbook.exceptions import ProofbookError
from proofbook.flow import lint as linting
from proofbook.kernels.pool import Pool
from proofbook.model.configuration import LintConfiguration

WARM = ("numpy", "pandas", "matplotlib.pyplot")
_LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is still copied for a run."""
_QUICK = 15.0
"""Seconds within which a notebook must have run to be broken."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with notebooks."""

    name: str
    folder: Path
    notebooks: tuple[str, ...]
    """Relative to the folder."""


def projects(folders: Sequence[Path], *, limit: int | None = None) -> list[Project]:
    """The Python notebooks below the folders, one of each content; a limit takes those with the least hashes."""
    found: dict[tuple[str, Path], list[str]] = {}
    seen: set[str] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.ipynb")):
            inner = path.relative_to(folder).parts
            base = folder / inner[0] if len(inner) > 1 and not _is_project(folder) else folder
            document = read(path)
            if ".ipynb_checkpoints" in inner or document is None or (sources := _digest(document)) in seen:
                continue
            seen.add(sources)
            found.setdefault((base.resolve().name, base), []).append(path.relative_to(base).as_posix())
    if limit is not None:
        every = [
            (hashlib.sha256(f"{key[0]}/{one}".encode()).hexdigest(), key, one) for key in found for one in found[key]
        ]
        chosen = {(key, one) for _, key, one in sorted(every)[:limit]}
        found = {key: [one for one in names if (key, one) in chosen] for key, names in found.items()}
    return [Project(name=name, folder=base, notebooks=tuple(names)) for (name, base), names in found.items() if names]


def _is_project(folder: Path) -> bool:
    """Whether the folder itself is what its makers keep together, and not a place for several such."""
    return any((folder / name).exists() for name in (".git", "pyproject.toml", "setup.py", "PKG-INFO"))


def read(path: Path) -> dict[str, Any] | None:
    """The notebook, where it is one of nbformat 4, in Python, and has code."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("nbformat") != 4 or not isinstance(document.get("cells"), list):
        return None
    metadata = document.get("metadata", {})
    named = (
        metadata.get("language_info", {}).get("name"),
        metadata.get("kernelspec", {}).get("language"),
        metadata.get("jupytext", {}).get("main_language"),
    )
    kernel = metadata.get("kernelspec", {}).get("name", "python3")
    language = next((name for name in named if name), "python" if kernel.startswith("python") else kernel)
    code = [cell for cell in document["cells"] if cell.get("cell_type") == "code" and "".join(cell["source"]).strip()]
    return document if language.lower() in {"python", "ipython"} and code else None


def _digest(document: dict[str, Any]) -> str:
    cells = [
        [cell.get("cell_type"), "".join(cell.get("source", "")), sorted(cell.get("metadata", {}).get("tags") or ())]
        for cell in document["cells"]
    ]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


class Runs:
    """What ran before, by content."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._kept: dict[str, dict[str, Any]] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                kept = json.loads(line)
                self._kept[kept["key"]] = kept

    def get(self, key: str) -> tuple[list[CellEnd], float] | None:
        """How the cells ended, and the seconds that it took."""
        kept = self._kept.get(key)
        return ([CellEnd(**end) for end in kept["ends"]], kept["seconds"]) if kept else None

    def put(self, key: str, ends: Sequence[CellEnd], seconds: float) -> None:
        """Keep a run."""
        self._kept[key] = {"key": key, "seconds": seconds, "ends": [dataclasses.asdict(end) for end in ends]}
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self._kept[key]) + "\n")


class Copy:
    """A project's copy that is put back to what it was."""

    def __init__(self, project: Project, place: Path) -> None:
        self._from = project.folder
        self.folder = place / project.name
        shutil.copytree(self._from, self.folder, ignore=_too_large)
        self._was = dict(self._files())

    def restore(self) -> None:
        """Take away what a run has written, and bring back what it has changed."""
        now = dict(self._files())
        for path in now.keys() - self._was.keys():
            path.unlink(missing_ok=True)
        for path, state in self._was.items():
            if now.get(path) != state:
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self._from / path.relative_to(self.folder), path)
                self._was[path] = _state(path)
        folders = {path for path in self.folder.rglob("*") if path.is_dir() and not path.is_symlink()}
        for path in sorted(folders, reverse=True):
            if not (self._from / path.relative_to(self.folder)).exists():
                shutil.rmtree(path, ignore_errors=True)

    def _files(self) -> Iterator[tuple[Path, tuple[int, int]]]:
        for base, _, names in os.walk(self.folder):
            for name in names:
                path = Path(base) / name
                yield path, _state(path)


def _state(path: Path) -> tuple[int, int]:
    state = path.lstat()
    return state.st_size, state.st_mtime_ns


def _too_large(base: str, names: list[str]) -> set[str]:
    return {
        name
        for name in names
        if (path := Path(base) / name).is_symlink() or (path.is_file() and path.stat().st_size > _LARGEST)
    }


class Measurement:
    """Runs and lints projects, one after the other."""

    def __init__(self, options: argparse.Namespace, *, pool: Pool, place: Path) -> None:
        self._options = options
        self._pool = pool
        self._place = place
        self._runs = Runs(options.runs)
        self.rows: list[Row] = []

    async def work(self, queue: list[Project], number: int) -> None:
        """Take projects from the queue until it is empty."""
        while queue:
            project = queue.pop(0)
            place = self._place / f"worker{number}"
            place.mkdir(exist_ok=True)
            copy = Copy(project, place)
            for path in project.notebooks:
                document = read(project.folder / path)
                if document is not None:
                    await self._notebook(project, path, document, copy)
            shutil.rmtree(copy.folder)

    async def _notebook(self, project: Project, path: str, document: dict[str, Any], copy: Copy) -> None:
        row = await self._row(project, path, "", document, copy)
        if not (self._options.breakages and row.clean and row.seconds <= _QUICK):
            return
        for kind, other in lint_breakages.broken(document, seed=f"{self._options.seed}:{project.name}/{path}"):
            await self._row(project, path, kind, other, copy)

    async def _row(self, project: Project, path: str, variant: str, document: dict[str, Any], copy: Copy) -> Row:
        findings = _findings(copy.folder, path, document)
        key = f"{project.name}/{path}/{_digest(document)}"
        kept = self._runs.get(key)
        if kept is None:
            began = time.monotonic()
            ends = await lint_truth.run(
                document,
                pool=self._pool,
                folder=(copy.folder / path).parent,
                cell_timeout=self._options.cell_timeout,
                whole_timeout=self._options.notebook_timeout,
            )
            kept = ends, time.monotonic() - began
            self._runs.put(key, *kept)
            copy.restore()
        truth = lint_truth.judge(document["cells"], kept[0])
        row = Row(
            project=project.name,
            path=path,
            variant=variant,
            code_cells=len([cell for cell in document["cells"] if cell["cell_type"] == "code"]),
            seconds=kept[1],
            findings=findings,
            cell=truth.cell,
            kind=truth.kind,
            message=truth.message,
            judged=truth.judged,
            clean=truth.clean,
        )
        self.rows.append(row)
        ended = f"{row.kind} in cell {row.cell}" if row.kind else "clean" if row.clean else "otherwise"
        print(f"  {len(self.rows)}: {row.place}: {ended}, {row.seconds:.1f} s", file=sys.stderr, flush=True)
        return row


def _findings(folder: Path, path: str, document: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    """What lint says of a notebook that lies at its place in the project, by all rules that are on by default."""
    place = folder / path
    before = place.read_bytes()
    state = place.stat()
    place.write_text(json.dumps(document), encoding="utf-8")
    try:
        found = linting.lint([place], root=folder, configuration=LintConfiguration()).findings
    except ProofbookError as error:
        print(f"  {path}: {error}", file=sys.stderr)
        found = ()
    finally:
        place.write_bytes(before)
        os.utime(place, ns=(state.st_atime_ns, state.st_mtime_ns))
    return tuple(
        {"cell": one.cell, "line": one.line, "rule": one.rule, "level": one.level, "message": one.message}
        for one in found
        if one.suppressed is None
    )


def report(rows: Sequence[Row]) -> dict[str, Any]:
    """Print every figure; gives them for the JSON."""
    whole = [row for row in rows if not row.variant]
    document: dict[str, Any] = {"notebooks": len(whole), "breakages": len(rows) - len(whole), "sets": {}}
    clean, kinds = sum(row.clean for row in whole), [row.kind for row in whole]
    print(f"{len(whole)} notebooks of {len({row.project for row in whole})} projects: {clean} ran clean, ", end="")
    print(f"{sum(map(bool, kinds))} failed by a name, the syntax or a file, {kinds.count(None) - clean} otherwise")
    for name, of in (("as they are", whole), ("broken", [row for row in rows if row.variant]), ("all", list(rows))):
        if not of:
            continue
        document["sets"][name] = {}
        print(f"\n{name:<16}  precision  recall  said and failed  said only  failed only   {len(of)} notebooks")
        for what, score in scores(of).items():
            rule = what.startswith("PB")
            recall = "" if rule else f"{score.recall:.3f}"
            missed = "" if rule else f"{len(score.missed)}"
            print(
                f"{what:<16}  {score.precision:9.3f}  {recall:>6}  {score.hits:15}  {len(score.false):9}  {missed:>11}"
            )
            document["sets"][name][what] = dataclasses.asdict(score)
    every = scores(rows)
    for title, lines in (
        ("said only", [line for kind in PREDICTS for line in every[kind].false]),
        ("failed only", [line for kind in PREDICTS for line in every[kind].missed]),
    ):
        print(f"\n{title}: {len(lines)}")
        for line in lines:
            print(f"  {line}")
    for level in ("error", "warning"):
        found = alarms(rows, level)
        counts = ", ".join(f"{rule} {number}" for rule, number in found.by_rule.items())
        print(f"\n{level} level on notebooks that run clean: {len(found.lines)} in {found.cells} cells ", end="")
        print(f"(one in {found.per_alarm:.0f}): {counts}" if found.lines else "")
        for line in found.lines:
            print(f"  {line}")
        document[level] = dataclasses.asdict(found)
    together, errors = every["name and syntax"], alarms(rows, "error")
    document["reach"] = [
        reach("names and syntax: precision at error level", together.precision, least=0.98),
        reach("names and syntax: recall at error level", together.recall, least=0.95),
        reach("findings of error level on 200 cells of notebooks that run clean", 200 / errors.per_alarm, most=1),
    ]
    print()
    for line in document["reach"]:
        print(said(line))
    return document


def reach(claim: str, value: float, *, least: float | None = None, most: float | None = None) -> dict[str, Any]:
    """A figure, and what it is to be."""
    reached = (least is None or value >= least) and (most is None or value <= most)
    return {"claim": claim, "value": value, "least": least, "most": most, "reached": reached}


def _moved_in(folder: str) -> Path:
    """The folder, in which this process and all kernels now have a home of their own."""
    place = Path(folder).resolve()
    home = place / "home"
    home.mkdir()
    for name, inner in {
        "HOME": "",
        "IPYTHONDIR": "ipython",
        "XDG_CACHE_HOME": "cache",
        "JUPYTER_RUNTIME_DIR": "",
    }.items():
        os.environ[name] = str(home / inner)
    return place


async def measure(options: argparse.Namespace) -> list[Row]:
    """Every row."""
    queue = projects(options.folders, limit=options.limit)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = _moved_in(name)
        pool = Pool(root=place, mode=options.kernels, modules=WARM if options.kernels == "warm" else (), spare=0)
        pool.start()
        try:
            measurement = Measurement(options, pool=pool, place=place)
            await asyncio.gather(*(measurement.work(queue, number) for number in range(options.workers)))
        finally:
            await pool.close()
    return sorted(measurement.rows, key=lambda row: (row.project, row.path, row.variant))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--breakages", action="store_true", help="break the notebooks that run clean, in six ways")
    parser.add_argument("--limit", type=int, help="so many notebooks, chosen by the hash of their names")
    parser.add_argument("--workers", type=int, default=1, help="projects at once (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="of the breakages (default: %(default)s)")
    parser.add_argument("--kernels", choices=("warm", "cold"), default="warm", help="default: %(default)s")
    parser.add_argument("--cell-timeout", type=float, default=60, help="seconds (default: %(default)s)")
    parser.add_argument("--notebook-timeout", type=float, default=180, help="seconds (default: %(default)s)")
    parser.add_argument("--runs", type=Path, help="file that keeps what ran, by content")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there as well")
    parser.add_argument("--strict", action="store_true", help="end with 1 when a figure is not reached")
    options = parser.parse_args()
    document = {"machine": machine.describe(Path(tempfile.gettempdir())), **report(asyncio.run(measure(options)))}
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.strict and not all(line["reached"] for line in document["reach"]):
        sys.exit(1)


if __name__ == "__main__":
    main()
