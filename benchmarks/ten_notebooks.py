"""
Ten notebooks that import numpy, pandas, scikit-learn and matplotlib, in two chains of five, run in every way there is.

Each has about a tenth of a second of work of its own: it reads what the one before it wrote, fits a small model, draws
a figure, writes a table and records one value. Whole processes, started cold, in turns; a claim is a ratio of two ways
of one run of this script.

    python benchmarks/ten_notebooks.py --rounds 1
    python benchmarks/ten_notebooks.py --ways proofbook script     # those whose name begins so
    python benchmarks/ten_notebooks.py --profile                   # where the time of our build goes
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import machine
import peers
import profile_build
import projects
from processes import Taken, compiled, surroundings, timed
from projects import Step
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
MODULES = ("numpy", "pandas", "sklearn.ensemble", "sklearn.metrics", "sklearn.model_selection", "matplotlib.pyplot")
SERIAL, PARALLEL, ENGINE = "ploomber build --force, serial", "ploomber build --force, parallel", "ploomber-engine"
FIRST, FORCED, PLAIN = "proofbook build, first", "proofbook build --force", "ploomber build --force, our door"
SCRIPT = "script in one process"

_IMPORTS = """\
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
"""
_DRAW = """\
rng = np.random.default_rng(seed)
inputs = pd.DataFrame(rng.normal(size=(1000, 8)), columns=[f"x{number}" for number in range(8)])
outcome = (inputs["x0"] + inputs["x1"] * inputs["x2"] + rng.normal(size=len(inputs)) > 0).astype(int)
"""
_READ = 'before = pd.read_csv(upstream["{upstream}"]["table"])\nrows = inputs.assign(before=before["score"])'
_FIRST = "rows = inputs"
_FIT = """\
fitted, kept, outcome_fitted, outcome_kept = train_test_split(rows, outcome, random_state=seed)
model = RandomForestClassifier(n_estimators=8, max_depth=6, random_state=seed)
model.fit(fitted, outcome_fitted)
score = model.predict_proba(rows)[:, 1]
auc = roc_auc_score(outcome_kept, model.predict_proba(kept)[:, 1])
"""
_FIGURE = """\
figure, axis = plt.subplots(figsize=(4, 3))
axis.hist(score, bins=20)
axis.set(title="scores", xlabel="score", ylabel="rows")
"""
_WRITE = 'rows.assign(score=score).to_csv(product["table"], index=False)'
OURS = ("from proofbook import record", 'record("auc {name}", float(auc))')
THEIRS = ("import scrapbook as sb", 'sb.glue("auc {name}", float(auc))')

# xdist's own way of keeping tests together, `--dist loadgroup` of 3.8, has no effect under pytest 9.2
_BY_CHAIN = """\
from xdist.scheduler import LoadScopeScheduling


class ByFolder(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        return nodeid.partition("/")[0]


def pytest_xdist_make_scheduler(config, log):
    return ByFolder(config, log)
"""


def steps(recording: tuple[str, str] | None) -> list[Step]:
    """The ten; `recording` is the import and the call that record a value."""
    found = []
    for chain in "ab":
        for place in range(1, 6):
            upstream = [f"{chain}{place - 1}"] if place > 1 else []
            name = f"{chain}{place}"
            imports, call = recording or ("", "")
            cells = [_IMPORTS + imports, _DRAW, _READ.format(upstream=upstream[0]) if upstream else _FIRST]
            cells += [_FIT, _FIGURE, _WRITE, *filter(None, [call.format(name=name)])]
            products = {"nb": f"output/{name}.ipynb", "table": f"output/{name}.csv"}
            found.append(
                Step(
                    name=name, cells=cells, products=products, upstream=upstream,
                    params={"seed": place if chain == "a" else 10 + place},
                )
            )  # fmt: skip
    return found


class Bench:
    """The projects in one scratch folder, and each way as a function."""

    def __init__(self, scratch: Path) -> None:
        home = scratch / "home"
        home.mkdir()
        self._scratch = scratch
        self._ours = surroundings(Path(sys.prefix), home)
        self.environment = peers.environment()
        self._theirs = surroundings(self.environment, home)
        self._table: dict[str, bytes] = {}
        self._fresh = 0
        self.beyond_imports: list[Taken] = []
        """What the script took after its imports, one a round."""
        for which in (Path(sys.prefix), self.environment):
            compiled(which, ROOT / "src")
        for variables in (self._ours, self._theirs):  # matplotlib's font cache
            timed(["python", "-c", "import matplotlib.pyplot, sklearn.ensemble"], cwd=scratch, variables=variables)
        stock, own = steps(THEIRS), steps(OURS)
        self._script = self._folder("script")
        projects.flat(own, self._script, imports=[*MODULES, "proofbook.recorder"])
        self._serial = projects.pipeline(stock, self._folder("serial"), head="executor: serial\n")
        self._parallel = projects.pipeline(stock, self._folder("parallel"), head="executor: parallel\n")
        self._bare = projects.pipeline(steps(None), self._folder("bare"), head="executor: serial\n")
        self._loose = {name: self._injected(name, stock) for name in ("papermill", "nbconvert", "nbmake", "engine")}

    def _folder(self, name: str) -> Path:
        folder = self._scratch / name
        folder.mkdir()
        return folder

    def _injected(self, name: str, stock: list[Step]) -> Path:
        """The notebooks with their parameters in place, for those who know no pipeline; a folder for each chain."""
        folder = self._folder(name)
        (folder / "output").mkdir()
        for step in stock:
            path = folder / step.name[0] / f"{step.name}.ipynb"
            projects.write(step, path, injected=projects.given(step, stock, folder))
        return folder

    def ways(self) -> dict[str, Callable[[], Taken]]:
        """Every way, ours before the peers."""
        return {
            SCRIPT: self._floor,
            FIRST: self._first,
            FORCED: partial(self._again, "proofbook"),
            PLAIN: partial(self._again, "ploomber"),
            SERIAL: partial(self._stock, self._serial),
            PARALLEL: partial(self._stock, self._parallel),
            "ploomber build --force, serial, recording nothing": partial(self._stock, self._bare),
            "papermill, one after another": self._papermill,
            "nbconvert --execute, all in one command": self._nbconvert,
            "nbmake, two workers": self._nbmake,
            ENGINE: self._engine,
        }

    def project(self) -> Path:
        """A fresh project of ours: no store, no products, nothing learned."""
        self._fresh += 1
        return projects.pipeline(steps(OURS), self._folder(f"proofbook-{self._fresh}"), head=projects.DOOR)

    def _latest(self) -> Path:
        return self._scratch / f"proofbook-{self._fresh}"

    def _floor(self) -> Taken:
        taken = self._checked(self._script, ["python", "flat.py"], {**self._ours, "MPLBACKEND": "Agg"})
        seconds, cpu = map(float, taken.output.splitlines()[-1].split())
        self.beyond_imports.append(Taken(seconds=seconds, cpu=cpu))
        return taken

    def _first(self) -> Taken:
        if self._fresh:
            shutil.rmtree(self._latest())
        return self._checked(self.project(), ["proofbook", "build"], self._ours)

    def _again(self, command: str) -> Taken:
        """With the history of the builds before."""
        if not self._fresh:
            self._first()
        return self._checked(self._latest(), [command, "build", "--force"], self._ours)

    def _stock(self, folder: Path) -> Taken:
        return self._checked(folder, ["ploomber", "build", "--force"], self._theirs)

    def _papermill(self) -> Taken:
        folder = self._loose["papermill"]
        taken = [
            timed(
                ["papermill", f"{name[0]}/{name}.ipynb", f"output/{name}.ipynb", "--no-progress-bar"],
                cwd=folder, variables=self._theirs,
            )
            for name in _names()
        ]  # fmt: skip
        whole = replace(taken[0], seconds=sum(one.seconds for one in taken), cpu=sum(one.cpu for one in taken))
        return self._same(folder, whole)

    def _nbconvert(self) -> Taken:
        words = ["jupyter", "nbconvert", "--execute", "--to", "notebook", "--output-dir", "output"]
        return self._checked(
            self._loose["nbconvert"], [*words, *(f"{name[0]}/{name}.ipynb" for name in _names())], self._theirs
        )

    def _nbmake(self) -> Taken:
        """A chain stays on one worker, in order, as its notebooks need each other's tables."""
        folder = self._loose["nbmake"]
        (folder / "conftest.py").write_text(_BY_CHAIN)
        words = ["pytest", "-q", "-p", "no:cacheprovider", "--nbmake", "-n", "2", "a", "b"]
        return self._checked(folder, words, self._theirs)

    def _engine(self) -> Taken:
        folder = self._loose["engine"]
        (folder / "run.py").write_text(
            "from ploomber_engine import execute_notebook\n\n"
            f"for name in {_names()!r}:\n"
            "    execute_notebook(f'{name[0]}/{name}.ipynb', f'output/{name}.ipynb', progress_bar=False)\n"
        )
        return self._checked(folder, ["python", "run.py"], self._theirs)

    def _checked(self, folder: Path, words: list[str], variables: dict[str, str]) -> Taken:
        for path in (folder / "output").glob("*.csv"):
            path.unlink()
        return self._same(folder, timed(words, cwd=folder, variables=variables))

    def _same(self, folder: Path, taken: Taken) -> Taken:
        """Every way must have done the work: the same ten tables, to the byte."""
        for name in _names():
            table = (folder / "output" / f"{name}.csv").read_bytes()
            if self._table.setdefault(name, table) != table:
                sys.exit(f"{folder.name}: {name}.csv is not what the other ways wrote")
        return taken

    def profile(self, result: Result) -> None:
        """Where the time of a first build, and of a forced one with history, goes."""
        floor = timed(["python", "flat.py"], cwd=self._script, variables={**self._ours, "MPLBACKEND": "Agg"})
        profiles: dict[str, Any] = {}
        builds: tuple[tuple[str, Callable[[], Path], list[str]], ...] = (
            ("first build", self.project, []),
            ("forced, with history", self._latest, ["--force"]),
        )
        for title, project, flags in builds:
            found = profile_build.of(project, flags, variables=self._ours)
            profile_build.show(found, title=title, floor=floor.seconds)
            found["script"] = floor.seconds
            profiles[title] = found
        result.note("profiles", profiles)


def _names() -> list[str]:
    return [step.name for step in steps(None)]


def _claims(result: Result) -> None:
    for slow, fast, least in (
        *((SERIAL, FIRST, 12.0), (SERIAL, FORCED, 12.0), (PARALLEL, FIRST, 8.0), (PARALLEL, FORCED, 8.0)),
        *((ENGINE, FIRST, 1.0), (ENGINE, FORCED, 1.0), (SERIAL, PLAIN, 7.0)),
    ):
        if result.has(slow, fast):
            result.reach(f"{fast}: times faster than {slow}", result.ratio(slow, fast), least=least)
    if result.has(FIRST, SCRIPT):
        print(f"\n{FIRST}: {result.ratio(FIRST, SCRIPT):.2f} times the script, its imports included;", end=" ")
        print(f"{result.median(FIRST) - result.median(SCRIPT):.2f} s beyond it (--profile says where they go)")


def main() -> None:
    """Run what was asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--ways", nargs="+", metavar="WAY", help="only ways whose name begins so")
    parser.add_argument("--profile", action="store_true", help="where the time of our build goes, and no comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        bench = Bench(Path(place))
        result = Result("ten notebooks", machine=machine.describe(Path(place), peers=bench.environment))
        if options.profile:
            bench.profile(result)
        else:
            ways = bench.ways()
            chosen = {
                name: way for name, way in ways.items() if not options.ways or name.startswith(tuple(options.ways))
            }
            if not chosen:
                sys.exit(f"no way begins so; there are: {', '.join(ways)}")
            result.rounds(options.rounds, chosen)
            for taken in bench.beyond_imports:
                result.add(f"{SCRIPT}, without its imports", taken)
            result.table(beside=FORCED if FORCED in chosen else None)
            _claims(result)
        result.end(options)


if __name__ == "__main__":
    main()
