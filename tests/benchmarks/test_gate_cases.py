"""Each case of the injected faults has what its harness needs and fits the project as it is; two are built for real."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
CASES = BENCHMARKS / "gate_cases"
NAMES = sorted(f"{path.parent.name}/{path.stem}" for path in CASES.glob("*/*.py"))


@pytest.fixture(scope="module")
def harness() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import gate_faults

        yield gate_faults
    for name in ("gate_faults", "gate_project"):
        del sys.modules[name]


@pytest.fixture(scope="module")
def project(harness, tmp_path_factory):
    """A copy of the project, with what a build of it leaves and a case may use."""
    import polars as pl

    folder = tmp_path_factory.mktemp("cases") / "project"
    harness.gate_project.copy(ROOT, folder)
    (folder / "output").mkdir()
    forecasts = pl.DataFrame({"date": [date(2013, 9, 1)], "model": [0.5]})
    forecasts.write_parquet(folder / "output/forecasts.parquet")
    return folder


def contents(folder: Path) -> dict[Path, tuple[int, int, int]]:
    found = {path: path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {path: (seen.st_ino, seen.st_mtime_ns, seen.st_size) for path, seen in found.items()}


def lend(source: str, target: str) -> None:
    """Data are replaced and never written to, so they need not be copied."""
    (os.link if source.endswith(".parquet") else shutil.copy2)(source, target)


def test_there_are_at_least_25_faults_and_25_harmless_edits(harness):
    cases = harness.cases()

    assert sum(case.fault for case in cases) >= 25
    assert sum(not case.fault for case in cases) >= 25
    assert len({case.name for case in cases}) == len(cases)


def test_each_case_says_what_it_is_in_a_sentence_of_its_own_and_faults_say_of_what_kind(harness):
    cases = harness.cases()

    assert all(case.what.endswith(".") and case.what[0].isupper() for case in cases)
    assert len({case.what for case in cases}) == len(cases)
    assert all(bool(case.kind) == case.fault for case in cases)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_fits_the_project_and_changes_it(harness, project, tmp_path, name):
    folder = tmp_path / "copy"
    shutil.copytree(project, folder, copy_function=lend)
    before = contents(folder)
    (case,) = [case for case in harness.cases([Path(name).name]) if case.name == Path(name).name]

    case.apply(harness.Project(folder))

    assert contents(folder) != before
    for path in (folder / "notebooks").rglob("*"):
        if path.suffix == ".py":
            compile(path.read_text(encoding="utf-8"), path.name, "exec")


def test_what_a_case_speaks_of_and_is_not_there_is_said(harness, project):
    edited = harness.Project(project)

    with pytest.raises(harness.gate_project.EditError, match="train has no cell 'nowhere'"):
        edited.edit("train", "nowhere", "a", "b")
    with pytest.raises(harness.gate_project.EditError, match="is there 0 times"):
        edited.edit("train", "fit", "no such words", "b")


def comparison(**values):
    found = {"record": "auc", "task": "evaluate", "kind": "scalar", "gates": True, "verdict": "pass", "reason": "equal"}
    return found | values


def document(decision, *comparisons):
    return {"exit_code": 0, "gate": {"decision": decision, "comparisons": list(comparisons)}}


def test_a_fault_counts_as_caught_by_a_record_that_gates_and_by_nothing_that_only_informs(harness):
    informs = comparison(record="roc", gates=False, verdict="changed")
    caught = harness.verdict(document("review", comparison(verdict="changed", reason="33 rows"), informs))

    assert caught.good(fault=True)
    assert caught.reason == "auc: 33 rows"
    assert not harness.verdict(document("go", comparison(), informs)).good(fault=True)
    # a review that nothing gating explains, as of the first run, catches nothing
    assert not harness.verdict(document("review", comparison(), informs)).good(fault=True)
    assert harness.verdict(document("no", comparison(kind="task", record="", failed=True))).by == "task"


def test_an_edit_passes_by_go_alone(harness):
    assert harness.verdict(document("go", comparison())).good(fault=False)
    assert not harness.verdict(document("review", comparison(verdict="inconclusive"))).good(fault=False)
    assert not harness.verdict({"exit_code": 3, "gate": None}).good(fault=False)


def test_a_fault_is_caught_and_a_harmless_edit_passes_end_to_end(harness, tmp_path):
    """Both edit the last notebook alone, so that production's other tasks stand and two seconds do for each."""
    production = harness.prepare(tmp_path / "production", reruns=0)
    cases = {case.name: case for case in harness.cases(["sign_of_gain", "refactored_function"])}

    fault = harness.build(cases["sign_of_gain"], production, tmp_path / "fault")
    edit = harness.build(cases["refactored_function"], production, tmp_path / "edit")

    assert (fault.decision, fault.by) == ("no", "record")
    assert fault.reason.startswith("gain_brier: -0.0")
    assert (edit.decision, edit.reason) == ("go", "")
