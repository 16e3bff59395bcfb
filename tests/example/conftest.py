"""Runs the example's own notebooks, cell by cell, in this process: the code that is tested is the code that is shipped."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib as mpl
import polars as pl
import pytest

import proofbook.recorder

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., SimpleNamespace]


@pytest.fixture(scope="package")
def run() -> Run:
    """`run("ingest", as_of=..., product=...)` executes the notebook with these parameters: `.names`, `.records`, `.rules`."""
    with pytest.MonkeyPatch.context() as patch, pl.Config(), mpl.rc_context():
        mpl.use("agg", force=True)
        import matplotlib.pyplot as plt

        patch.chdir(ROOT)
        patch.setattr(plt, "show", lambda: plt.close("all"))
        yield lambda name, **parameters: _execute(name, parameters, patch=patch)
        plt.close("all")


def _execute(name, parameters, *, patch):
    notebook = json.loads((ROOT / f"notebooks/{name}.ipynb").read_text(encoding="utf-8"))
    records, rules = {}, {}
    genuine = proofbook.recorder.record

    def record(name, value, **rule):
        genuine(name, value, **rule)
        assert name not in records, f"{name} is recorded twice"
        records[name], rules[name] = value, rule

    names = {"__name__": "__main__"}
    with patch.context() as within:
        within.setattr(proofbook.recorder, "record", record)
        try:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    exec(compile("".join(cell["source"]), f"{name}.ipynb:{cell['id']}", "exec"), names)
                if "parameters" in cell["metadata"].get("tags", []):
                    assert set(parameters) <= set(names), f"{name} has no such parameter"
                    names.update(parameters)
        finally:
            if "one_thread" in names:
                names["one_thread"].restore_original_limits()
    return SimpleNamespace(names=names, records=records, rules=rules)


def products(folder: Path, *names: str) -> dict[str, str]:
    return {name: str(folder / f"{name}.parquet") for name in names}


def features(run: Run, folder: Path, ingested: dict[str, str], **parameters) -> pl.DataFrame:
    """Run the features notebook on these inputs and read what it wrote."""
    product = products(folder, "features")
    run("features", upstream={"ingest": ingested}, product=product, **parameters)
    return pl.read_parquet(product["features"])


@pytest.fixture(scope="package")
def september(run: Run, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The pipeline as of 30 September, up to the scores: `.ingest`, `.features`, `.forecasts`, all `.records` and `.rules`."""
    folder = tmp_path_factory.mktemp("september")
    ingest = products(folder, "flights", "weather", "aircraft")
    featured = products(folder, "features")
    trained = {"model": str(folder / "model.joblib"), **products(folder, "forecasts")}
    stages = {
        "ingest": {"as_of": "2013-09-30", "product": ingest},
        "features": {"as_of": "2013-09-30", "upstream": {"ingest": ingest}, "product": featured},
        "train": {"upstream": {"features": featured}, "product": trained},
        "evaluate": {"upstream": {"train": trained}, "product": {}},
    }
    records, rules = {}, {}
    for name, parameters in stages.items():
        done = run(name, **parameters)
        records |= done.records
        rules |= done.rules
    return SimpleNamespace(
        ingest=ingest,
        features=featured["features"],
        forecasts=trained["forecasts"],
        model=trained["model"],
        records=records,
        rules=rules,
    )
