"""What the benchmark of lint's prediction takes for true, how it counts, and one notebook that really runs."""

import asyncio
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from proofbook.kernels.pool import Pool

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MODULES = (
    "lint_truth", "lint_figures", "lint_breakages", "lint_corpus", "lint_prediction", "machine", "rounds", "processes",
)  # fmt: skip


@pytest.fixture(scope="module")
def bench() -> Iterator[SimpleNamespace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import lint_breakages
        import lint_corpus
        import lint_figures
        import lint_prediction
        import lint_truth

        yield SimpleNamespace(
            truth=lint_truth,
            figures=lint_figures,
            breakages=lint_breakages,
            corpus=lint_corpus,
            prediction=lint_prediction,
        )
    for name in MODULES:
        del sys.modules[name]


def notebook(*sources: str, tags: tuple[str, ...] = ()) -> dict:
    cells = [{"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source} for source in sources]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


def judged(bench, document, *ends):
    """The truth where the cells end like this: "ok", or the exception and its message."""
    made = []
    for number, end in enumerate(ends, start=1):
        error, _, message = end.partition(": ")
        status = end if end in {"ok", "timeout", "dead"} else "error"
        known = {"error": error, "message": message, "own": True, "missing": True} if status == "error" else {}
        made.append(bench.truth.CellEnd(cell=number, status=status, **known))
    return bench.truth.judge(document["cells"], made)


def test_the_first_cell_that_fails_by_a_name_is_the_truth_and_nothing_below_is_judged(bench):
    found = judged(bench, notebook("1", "y", "z"), "ok", "NameError: name 'y' is not defined")

    assert (found.cell, found.kind, found.judged, found.clean) == (2, "name", {1, 2}, False)


def test_what_follows_from_a_module_that_is_not_installed_is_no_name_error(bench):
    document = notebook("import nope", "x = nope.x", "x", "y")
    ends = [
        "ModuleNotFoundError: No module named 'nope'",
        "NameError: name 'nope' is not defined",
        "NameError: name 'x' is not defined",
        "NameError: name 'y' is not defined",
    ]

    assert judged(bench, document, *ends[:3]).cell is None
    assert judged(bench, document, *ends).cell == 4
    assert judged(bench, document, *ends).judged == {4}


@pytest.mark.parametrize("error", ["SyntaxError", "IndentationError", "TabError"])
def test_a_cell_that_does_not_parse_fails_by_the_syntax(bench, error):
    assert judged(bench, notebook("x = = 1"), f"{error}: invalid").kind == "syntax"


def test_ipython_s_own_complaints_are_no_syntax_errors(bench):
    assert judged(bench, notebook("%nope"), "UsageError: Line magic function `%nope` not found.").kind is None


@pytest.mark.parametrize(
    ("path", "kind"), [("data/a.csv", "file"), ("/data/a.csv", None), ("https://e.org/a.csv", None), ("b.csv", None)]
)
def test_a_file_counts_where_its_path_is_relative_and_stands_in_the_notebook(bench, path, kind):
    document = notebook("open('data/a.csv')")

    assert judged(bench, document, f"FileNotFoundError: [Errno 2] No such file or directory: '{path}'").kind == kind


def test_a_missing_file_below_another_failure_does_not_count(bench):
    missing = "FileNotFoundError: [Errno 2] No such file or directory: 'a.csv'"

    assert judged(bench, notebook("fetch('a.csv')", "open('a.csv')"), "URLError: no network", missing).kind is None


def test_a_cell_that_is_meant_to_fail_is_passed_over(bench):
    found = judged(bench, notebook("y", tags=("raises-exception",)), "NameError: name 'y' is not defined")

    assert (found.cell, found.judged) == (None, frozenset())


@pytest.mark.parametrize("end", ["timeout", "dead"])
def test_nothing_is_judged_from_where_the_run_was_given_up(bench, end):
    found = judged(bench, notebook("1", "2", "3"), "ok", end)

    assert (found.cell, found.judged, found.clean) == (None, {1}, False)


def row(bench, **values):
    filled = {
        "project": "p", "path": "a.ipynb", "variant": "", "code_cells": 3, "seconds": 1.0, "cell": None, "kind": None,
        "message": "", "judged": frozenset({1, 2, 3}), "clean": False, "findings": (), **values,
    }  # fmt: skip
    return bench.figures.Row(**filled)


def finding(cell, rule="PB201", level="error"):
    return {"cell": cell, "line": 1, "rule": rule, "level": level, "message": "m"}


def test_pairs_of_notebook_and_cell_are_counted_once(bench):
    rows = [
        row(
            bench,
            cell=2,
            kind="name",
            findings=(finding(2), finding(2, "PB202"), finding(1), finding(3, level="warning")),
        ),
        row(bench, cell=3, kind="name"),
        row(bench, cell=3, kind="syntax", findings=(finding(3, "PB215"),)),
        row(bench, cell=1, kind="name", judged=frozenset({1}), findings=(finding(1), finding(2))),
    ]

    found = bench.figures.scores(rows)

    assert (found["name"].hits, len(found["name"].false), len(found["name"].missed)) == (2, 1, 1)
    assert found["name"].precision == found["name"].recall == 2 / 3
    assert (found["syntax"].hits, found["name and syntax"].hits) == (1, 3)
    assert (found["PB202"].hits, found["PB202"].false, found["PB202"].missed) == (1, [], [])


def test_alarms_are_told_of_notebooks_that_ran_clean_as_they_were(bench):
    rows = [
        row(bench, clean=True, findings=(finding(2, "PB404"), finding(2, "PB501", "warning"))),
        row(bench, clean=True, variant="cut", findings=(finding(1),)),
        row(bench, findings=(finding(1),)),
    ]

    found = bench.figures.alarms(rows, "error")

    assert (found.cells, found.by_rule, found.lines) == (3, {"PB404": 1}, ("p/a.ipynb:2:1 PB404 m",))


def test_the_same_seed_breaks_a_notebook_in_the_same_places(bench):
    document = notebook("import numpy as np", "x = np.ones(3)", "def f(a):\n    return a + x", "f(x=x)")
    broken = dict(bench.breakages.broken(document, seed="1"))

    assert list(broken) == ["delete", "swap", "move", "again", "rename", "cut"]
    assert broken == dict(bench.breakages.broken(document, seed="1"))
    assert document == notebook("import numpy as np", "x = np.ones(3)", "def f(a):\n    return a + x", "f(x=x)")
    assert [len(broken[kind]["cells"]) for kind in ("delete", "swap", "move", "again")] == [3, 4, 4, 5]
    assert sum("_renamed" in cell["source"] for cell in broken["rename"]["cells"]) == 1


def test_renaming_leaves_keywords_and_attributes_alone(bench):
    source = "é = 1; x = 2\nf(x=x).x"

    assert bench.breakages._renamed(source, "x", "y") == "é = 1; y = 2\nf(x=y).x"


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as opened:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("a-1/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        opened.addfile(link)
    return stream.getvalue()


def test_a_distribution_is_unpacked_without_its_top_folder_and_without_links(bench, tmp_path):
    content = archive(**{"a-1/doc/x.ipynb": b"{}", "a-1/setup.py": b""})

    assert bench.corpus.unpack(content, sha256=hashlib.sha256(content).hexdigest(), place=tmp_path) == 1
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["setup.py", "x.ipynb"]


def test_another_archive_than_the_one_that_was_measured_is_refused(bench, tmp_path):
    with pytest.raises(ValueError, match="is not the archive that was measured"):
        bench.corpus.unpack(archive(), sha256="0" * 64, place=tmp_path)


def test_a_path_that_leads_elsewhere_is_refused(bench, tmp_path):
    content = archive(**{"a-1/../../x.ipynb": b"{}"})

    with pytest.raises(tarfile.TarError):
        bench.corpus.unpack(content, sha256=hashlib.sha256(content).hexdigest(), place=tmp_path / "inner")


def test_every_distribution_is_pinned_and_in_one_half(bench):
    every = bench.corpus.distributions()

    assert len(every) >= 20
    assert all(len(one["sha256"]) == 64 and one["version"] for one in every)
    assert len(bench.corpus.distributions("tuning")) + len(bench.corpus.distributions("held-out")) == len(every)


def test_python_notebooks_are_found_once_and_by_project(bench, tmp_path):
    other = notebook("x <- 1") | {"metadata": {"kernelspec": {"name": "ir", "language": "R"}}}
    files = {
        "a/x.ipynb": notebook("1"),
        "a/doc/y.ipynb": notebook("2"),
        "b/twin.ipynb": notebook("1"),
        "b/r.ipynb": other,
    }
    for name, document in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    (tmp_path / "b/torn.ipynb").write_text("{")

    found = bench.prediction.projects([tmp_path])
    assert [(one.name, one.notebooks) for one in found] == [("a", ("doc/y.ipynb", "x.ipynb"))]

    (tmp_path / "pyproject.toml").touch()
    (whole,) = bench.prediction.projects([tmp_path])
    assert (whole.folder, whole.notebooks) == (tmp_path, ("a/doc/y.ipynb", "a/x.ipynb"))
    assert sum(len(one.notebooks) for one in bench.prediction.projects([tmp_path], limit=1)) == 1


def test_a_copy_is_put_back_to_what_it_was(bench, tmp_path):
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data/a.csv").write_text("1")
    (folder / "b.csv").write_text("2")
    project = bench.prediction.Project(name="project", folder=folder, notebooks=())
    copy = bench.prediction.Copy(project, tmp_path / "copies")

    (copy.folder / "data/a.csv").write_text("changed")
    (copy.folder / "b.csv").unlink()
    (copy.folder / "new").mkdir()
    (copy.folder / "new/c.csv").touch()
    copy.restore()

    left = {str(path.relative_to(copy.folder)): path.read_text() for path in copy.folder.rglob("*") if path.is_file()}
    assert left == {"data/a.csv": "1", "b.csv": "2"}
    assert not (copy.folder / "new").exists()
    assert (folder / "b.csv").read_text() == "2"


def test_what_ran_is_kept_by_content(bench, tmp_path):
    ends = [bench.truth.CellEnd(cell=1, status="ok")]

    bench.prediction.Runs(tmp_path / "runs.jsonl").put("key", ends, 1.5)

    assert bench.prediction.Runs(tmp_path / "runs.jsonl").get("key") == (ends, 1.5)
    assert bench.prediction.Runs(tmp_path / "runs.jsonl").get("other") is None


def test_a_notebook_that_really_runs(bench, tmp_path):
    document = notebook(
        "import nowhere_at_all",
        "%%time\nnowhere_at_all.x",
        "import urllib.request\nurllib.request.urlopen('http://example.org')",
        "1 / 0",
        "%%capture\nmissing",
        "x = = 1",
    )

    async def run():
        pool = Pool(root=tmp_path, mode="cold", spare=0)
        pool.start()
        try:
            return await bench.truth.run(document, pool=pool, folder=tmp_path, cell_timeout=300, whole_timeout=600)
        finally:
            await pool.close()

    ends = asyncio.run(run())
    found = bench.truth.judge(document["cells"], ends)

    assert [end.error for end in ends] == [
        "ModuleNotFoundError", "NameError", "URLError", "ZeroDivisionError", "NameError",
    ]  # fmt: skip
    assert (found.cell, found.kind) == (5, "name")
