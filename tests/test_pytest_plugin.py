"""`pytest --proofbook` in a project of its own: each comparison is a test, and a project's tests have the runs at hand."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest

from proofbook.model.record import Record, Rule
from proofbook.model.run import Run, TaskRun
from proofbook.store import Store

pytest_plugins = ["pytester"]
Make = Callable[..., int]

AUC = Record(name="auc", task="evaluate", kind="scalar", value=0.81, rule=Rule(better="higher", margin=0.005))


def scalar(name: str, value: float, **rule: object) -> Record:
    return Record(name=name, task="evaluate", kind="scalar", value=value, rule=Rule(**rule))  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Load what a store needs before pytester remembers which modules there were: it takes all others away again."""
    Store.open(tmp_path_factory.mktemp("any")).close()


@pytest.fixture
def project(pytester: pytest.Pytester) -> Path:
    pytester.makeini("[pytest]\n")
    return pytester.path


def seal(root: Path, *records: Record, promoted: bool = False) -> int:
    with Store.open(root) as store:
        number = store.reserve("pipeline.yaml")
        run = Run(
            number=number,
            pipeline="pipeline.yaml",
            ending="succeeded",
            started="2013-10-31T06:00:00.000Z",
            finished="2013-10-31T06:01:00.000Z",
            seconds=60.0,
            tasks=(TaskRun(name="evaluate", status="ran", records=records),),
        )
        store.seal(run)
        if promoted:
            held = store.generation("production")
            store.advance("production", number, expected=held.number if held else 0, kind="promote", by="somebody")
        return number


def test_a_project_without_runs_skips_and_says_why(project: Path, pytester: pytest.Pytester) -> None:
    ran = pytester.runpytest_subprocess("--proofbook", "-rs")
    ran.assert_outcomes(skipped=1)
    ran.stdout.fnmatch_lines(["*no run to look at yet*"])
    assert ran.ret == 0


def test_the_first_run_is_skipped_as_there_is_no_production(project: Path, pytester: pytest.Pytester) -> None:
    seal(project, AUC)
    ran = pytester.runpytest_subprocess("--proofbook", "-rs")
    ran.assert_outcomes(skipped=2)
    ran.stdout.fnmatch_lines(["*no production run yet*"])


def test_each_comparison_is_a_test_and_what_regressed_fails_without_a_traceback(
    project: Path, pytester: pytest.Pytester
) -> None:
    seal(project, AUC, scalar("rows", 100, exact=True), scalar("seen", 5), promoted=True)
    seal(
        project, scalar("auc", 0.70, better="higher", margin=0.005), scalar("rows", 100, exact=True), scalar("seen", 6)
    )
    ran = pytester.runpytest_subprocess("--proofbook", "-v")
    ran.assert_outcomes(failed=2, passed=2)
    ran.stdout.fnmatch_lines(
        ["proofbook run 2::evaluate/auc FAILED*", "proofbook run 2::evaluate/rows PASSED*", "*regressed: worse by*"]
    )
    ran.stdout.fnmatch_lines(["proofbook run 2::decision FAILED*"])
    assert "Traceback" not in ran.stdout.str()
    assert "pytest_plugin.py" not in ran.stdout.str()


def test_what_a_person_must_look_at_is_skipped_and_fails_where_the_gate_is_strict(
    project: Path, pytester: pytest.Pytester
) -> None:
    seal(project, scalar("auc", 0.8, tolerance=0.01), promoted=True)
    seal(project, scalar("auc", 0.7, tolerance=0.01))
    ran = pytester.runpytest_subprocess("--proofbook", "-rs")
    ran.assert_outcomes(skipped=2)
    ran.stdout.fnmatch_lines(["*for review, changed*"])
    (project / "proofbook.toml").write_text("[gate]\nstrict = true\n")
    pytester.runpytest_subprocess("--proofbook").assert_outcomes(failed=2)


def test_junit_holds_verdicts_and_both_values(project: Path, pytester: pytest.Pytester) -> None:
    seal(project, AUC, promoted=True)
    seal(project, AUC)
    pytester.runpytest_subprocess("--proofbook=2", "--junitxml=found.xml").assert_outcomes(passed=2)
    case = next(case for case in ET.parse(project / "found.xml").iter("testcase") if case.get("name") == "evaluate/auc")
    said = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert said["proofbook.verdict"] == "pass"
    assert (said["proofbook.production"], said["proofbook.candidate"]) == ("0.8100", "0.8100")


def test_fixtures_let_a_project_say_what_it_asks_of_a_run(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_auc(records):
            assert records["auc"].value == 0.82
            assert records["evaluate/auc"].production == 0.81
            assert records["auc"].comparison.verdict == "improved"

        def test_names(records):
            assert list(records) == ["evaluate/auc"]
            with pytest.raises(KeyError, match="no task recorded 'auk'; there are evaluate/auc"):
                records["auk"]
            with pytest.raises(TypeError, match="is a scalar"):
                records["auc"].table()

        def test_runs(proofbook_run, production):
            assert (proofbook_run.number, production.number) == (2, 1)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(skipped=3)
    seal(project, AUC, promoted=True)
    seal(project, scalar("auc", 0.82, better="higher", margin=0.005))
    pytester.runpytest_subprocess().assert_outcomes(passed=3)
    pytester.runpytest_subprocess("--proofbook").assert_outcomes(passed=5)


def test_without_the_option_nothing_is_added_or_imported(project: Path, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_that_nothing_heavy_is_here():
            assert not {"proofbook.store", "proofbook.flow", "polars", "sqlalchemy"} & set(sys.modules)
        """
    )
    seal(project, AUC)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--proofbook=17"], "*run 17*"),
        (["--proofbook", "."], "*is a file or folder: write --proofbook=latest*"),
        (["--proofbook", "--proofbook-against=prodution"], "*'prodution'*"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    project: Path, pytester: pytest.Pytester, arguments: list[str], said: str
) -> None:
    seal(project, AUC)
    ran = pytester.runpytest_subprocess(*arguments)
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    ran.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert "Traceback" not in ran.stderr.str() + ran.stdout.str()


def test_it_works_beside_xdist(project: Path, pytester: pytest.Pytester) -> None:
    seal(project, AUC, promoted=True)
    seal(project, AUC)
    pytester.runpytest_subprocess("--proofbook", "-n2").assert_outcomes(passed=2)
