"""
The flights pipeline: forced, and with nothing to do; by us, by Ploomber alone, and as one flat script of its cells.

The peers run the same notebooks, `record` included, in an environment in which Proofbook is not installed.

    python benchmarks/flights.py --rounds 1
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import machine
import peers
import projects
import yaml  # type: ignore[import-untyped]
from processes import Taken, compiled, surroundings, timed
from projects import Step
from rounds import Result, arguments

ROOT = Path(__file__).parent.parent
DOOR = ("executor:", "on_render:", "on_finish:", "on_failure:")
OURS, PLAIN, SERIAL, PARALLEL = "proofbook build", "ploomber build, our door", "ploomber, serial", "ploomber, parallel"
SCRIPT = "flat script of the cells"
IDLE = ", nothing to do"


def steps(folder: Path) -> list[Step]:
    """The example's notebooks, with `env.yaml` put into their parameters."""
    env = yaml.safe_load((folder / "env.yaml").read_text(encoding="utf-8"))
    found = []
    for task in yaml.safe_load((folder / "pipeline.yaml").read_text(encoding="utf-8"))["tasks"]:
        document = json.loads((folder / task["source"]).read_text(encoding="utf-8"))
        code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        cells = ["".join(cell["source"]) for cell in code if "parameters" not in cell["metadata"].get("tags", ())]
        found.append(
            Step(
                name=task["name"], cells=cells, products=task["product"], upstream=task.get("upstream", []),
                params={name: _filled(value, env) for name, value in task.get("params", {}).items()},
            )
        )  # fmt: skip
    return found


def _filled(value: Any, env: dict[str, Any]) -> Any:
    """A value, with `{{name}}` replaced as Ploomber does."""
    return env[value.strip("{} ")] if isinstance(value, str) and value.startswith("{{") else value


class Bench:
    """A copy of the example for each way."""

    def __init__(self, scratch: Path) -> None:
        home = scratch / "home"
        home.mkdir()
        self._scratch = scratch
        self.environment = peers.environment()
        self._ours = surroundings(Path(sys.prefix), home)
        # `record` for the peers: the package is importable, and no engine of ours is registered with their papermill
        lent = scratch / "lent"
        lent.mkdir()
        (lent / "proofbook").symlink_to(ROOT / "src" / "proofbook")
        self._theirs = surroundings(self.environment, home, PYTHONPATH=str(lent))
        for which in (Path(sys.prefix), self.environment):
            compiled(which, ROOT / "src")
        for variables in (self._ours, self._theirs):  # matplotlib's font cache
            timed(["python", "-c", "import matplotlib.pyplot, sklearn.ensemble"], cwd=scratch, variables=variables)
        self._script = self._project("script", executor="serial")
        projects.flat(steps(self._script), self._script)

    def _project(self, name: str, *, executor: str | None) -> Path:
        """A copy of the example; with `executor` in place of our four lines, or with them."""
        folder = self._scratch / name
        folder.mkdir()
        for part in ("notebooks", "data"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        for part in ("env.yaml", "pyproject.toml"):
            shutil.copy(ROOT / part, folder)
        lines = (ROOT / "pipeline.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
        if executor is not None:
            lines = [f"executor: {executor}\n", *(line for line in lines if not line.startswith(DOOR))]
        (folder / "pipeline.yaml").write_text("".join(lines), encoding="utf-8")
        return folder

    def ways(self) -> dict[str, Callable[[], Taken]]:
        """Everything by force, and then the same command with nothing to do, for each; the script first."""
        found: dict[str, Callable[[], Taken]] = {SCRIPT: self._flat}
        for name, command, executor in (
            *((OURS, "proofbook", None), (PLAIN, "ploomber", None)),
            *((SERIAL, "ploomber", "serial"), (PARALLEL, "ploomber", "parallel")),
        ):
            folder = self._project(name.replace(" ", "-").replace(",", ""), executor=executor)
            variables = self._ours if executor is None else self._theirs
            found[name] = partial(self._forced, [command, "build", "--force"], folder, variables)
            found[name + IDLE] = partial(timed, [command, "build"], cwd=folder, variables=variables)
        return found

    def _flat(self) -> Taken:
        variables = {**self._ours, "MPLBACKEND": "Agg", "PYTHONPATH": str(self._script)}
        return self._forced(["python", "flat.py"], self._script, variables)

    def _forced(self, words: list[str], folder: Path, variables: dict[str, str]) -> Taken:
        """Every way must have done the work: the same tables, to the byte."""
        for path in (folder / "output").glob("*.parquet"):
            path.unlink()
        taken = timed(words, cwd=folder, variables=variables)
        for path in (self._script / "output").glob("*.parquet"):
            found = folder / "output" / path.name
            if not found.exists() or found.read_bytes() != path.read_bytes():
                sys.exit(f"{folder.name}: {path.name} is not what the flat script wrote")
        return taken


def main() -> None:
    """Run every way in turns."""
    parser = arguments(__doc__)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        bench = Bench(Path(place))
        result = Result("flights", machine=machine.describe(Path(place), peers=bench.environment))
        result.rounds(options.rounds, bench.ways())
        result.table(beside=OURS)
        result.reach(f"{OURS} --force: times the flat script", result.ratio(OURS, SCRIPT), most=1.3)
        result.reach(f"{OURS}{IDLE}: seconds", result.median(OURS + IDLE), most=0.3)
        result.reach(f"{OURS}{IDLE}: share of Ploomber's", result.ratio(OURS + IDLE, SERIAL + IDLE), most=0.1)
        for stock in (SERIAL, PARALLEL):
            print(f"{stock} takes {result.ratio(stock, OURS):.2f} times what {OURS} takes, forced")
        result.end(options)


if __name__ == "__main__":
    main()
