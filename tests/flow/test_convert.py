"""Converting notebooks in a project, with real kernels: what is written, what is proven, what is left alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from proofbook.cli import main
from proofbook.convert.compare_files import snapshot
from proofbook.exceptions import ConversionError, NotebookError, PipelineError, UsageError
from proofbook.flow.convert import Converted, convert
from proofbook.model.configuration import Configuration
from tests.convert.notebooks import document, encoded

OLD = "what the user has\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with data, an old result that must survive, and a pipeline of one task that has run."""
    files = {
        "data/raw.csv": "item,price\na,1.5\nb,2\nc,3\n",
        "out/top.csv": OLD,
        "out/rates.csv": "rate\n2\n",
        "pipeline.yaml": "# my pipeline\nmeta: {extract_upstream: false}\n\ntasks:\n  # rates\n  - source: rates.sh\n    name: rates\n    product: {rates: out/rates.csv}  # one\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "explore").mkdir()
    return tmp_path


def book(project: Path, name: str, *cells: str | dict[str, Any]) -> Path:
    path = project / "explore" / f"{name}.ipynb"
    path.write_bytes(encoded(*cells))
    return path


def run(project: Path, *paths: Path, **options: Any) -> tuple[Converted, ...]:
    return convert(paths, into=project / "pipeline.yaml", configuration=Configuration(), **options)


SALES = (
    "md:# Sales",
    "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\nimport csv\nfrom pathlib import Path\nimport matplotlib.pyplot as plt",
    "# how many\nN = 2  # rows\nRAW = '../data/raw.csv'",
    "rows = list(csv.DictReader(open(RAW)))[:N]\nrate = float(Path('../out/rates.csv').read_text().split()[1])\nrows",
    "prices = [float(row['price']) * rate for row in rows]\nplt.plot(prices);",
    "Path('../out/top.csv').write_text('\\n'.join(str(price) for price in prices))\nprint(prices, object())",
)
REPORT = ("from pathlib import Path\nprices = Path('../out/top.csv').read_text().split()", "len(prices)")


def test_notebooks_become_tasks_that_are_proven_equal(project: Path) -> None:
    """The whole way, with a notebook that reads what another one writes, given in the wrong order."""
    report, sales = book(project, "report", *REPORT), book(project, "sales", *SALES)
    before = snapshot(project)
    pipeline = (project / "pipeline.yaml").read_text()

    second, first = run(project, report, sales)

    assert [(each.proof.verdict, each.proof.differences, each.proof.unstable) for each in (first, second)] == [
        ("equal", (), ())
    ] * 2
    assert (first.proof.cells, first.proof.files) == (5, ("out/top.csv",))
    assert first.params == {"N": 2, "RAW": "data/raw.csv"}
    assert first.upstream == {"rates": ["out/rates.csv"]}
    assert second.upstream == {"sales": ["out/top.csv"]}
    after = snapshot(project)
    # nothing that was there has changed, but the pipeline, and that at its end only
    assert {name for name in before if before[name] != after[name]} == {"pipeline.yaml"}
    assert set(after) - set(before) == {"notebooks/sales.ipynb", "notebooks/report.ipynb"}
    assert (project / "pipeline.yaml").read_text().startswith(pipeline)
    tasks = yaml.safe_load((project / "pipeline.yaml").read_text())["tasks"]
    assert tasks[2] == {
        "source": "notebooks/sales.ipynb",
        "name": "sales",
        "upstream": ["rates"],
        "product": {"nb": "output/sales.ipynb", "top": "out/top.csv"},
        "params": {"N": 2, "RAW": "data/raw.csv"},
    }
    task = json.loads((project / "notebooks/sales.ipynb").read_bytes())
    assert [cell["id"] for cell in task["cells"]] == ["c1", "c2", "c3", "c4", "c5", "c6"]
    assert not any(cell.get("outputs") for cell in task["cells"])


def test_a_task_that_does_something_else_is_told_with_its_cell(project: Path) -> None:
    """The folder is another one for a task: a notebook that looks at it is no longer the same."""
    looks = book(
        project,
        "looks",
        "md:# T",
        "import os\nx = 1",
        "print('same')",
        "print(os.path.basename(os.getcwd()) == 'explore')",
    )
    (found,) = run(project, looks)
    assert found.proof.verdict == "different"
    (difference,) = found.proof.differences
    assert (difference.cell, difference.what) == (4, "stdout: line 1: 'True' -> 'False'")


def test_a_task_that_fails_is_told_with_its_cell(project: Path) -> None:
    (project / "explore/helper.py").write_text("x = 1\n")
    (found,) = run(project, book(project, "imports", "x = 1", "import helper"))
    assert [(each.cell, each.what) for each in found.proof.differences] == [
        (2, "the task fails: ModuleNotFoundError: No module named 'helper'")
    ]


def test_a_product_that_is_not_always_written_is_told(project: Path) -> None:
    """Both do the same, and yet a build of the task would fail."""
    (found,) = run(project, book(project, "seldom", "import os\nif os.environ.get('NEVER'):\n    open('x.txt', 'w')"))
    assert found.proof.verdict == "different"
    assert [each.path for each in found.proof.differences] == ["explore/x.txt"]


def test_a_notebook_that_differs_from_itself_is_no_proof_against_the_task(project: Path) -> None:
    (found,) = run(project, book(project, "chance", "import random\nprint('x')", "random.random()"))
    assert found.proof.verdict == "equal"
    assert [each.cell for each in found.proof.unstable] == [2]


def test_a_notebook_that_fails_by_itself_proves_nothing(project: Path) -> None:
    (found,) = run(project, book(project, "fails", "x = 1", "1 / 0"))
    assert (found.proof.verdict, found.proof.reason) == (
        "unproven",
        "the original itself fails: cell 2: ZeroDivisionError: division by zero",
    )


def test_a_notebook_that_would_overwrite_a_real_file_is_not_run(project: Path) -> None:
    target = project / "out/top.csv"
    (found,) = run(project, book(project, "absolute", f"open({str(target)!r}, 'w').write('new')"))
    assert found.proof.verdict == "unproven"
    assert "cell 1 writes to an absolute path" in found.proof.reason
    assert target.read_text() == OLD
    assert found.products["top"] == "out/top.csv"


def test_what_a_missing_upstream_file_hinders_is_said(project: Path) -> None:
    (project / "out/rates.csv").unlink()
    (found,) = run(project, book(project, "reads", "open('../out/rates.csv').read()"))
    assert found.proof.verdict == "unproven"
    assert "build the task rates first" in found.proof.reason


def test_without_a_pipeline_one_is_made_with_the_door_in_it_and_ploomber_takes_it(project: Path) -> None:
    (project / "pipeline.yaml").unlink()
    (found,) = run(project, book(project, "sales", *SALES), run=False)
    assert found.proof is None
    assert found.pipeline_made
    text = (project / "pipeline.yaml").read_text()
    assert text.startswith("executor: {dotted_path: proofbook.ploomber.Executor}\non_render: ")
    program = (
        "from ploomber.spec import DAGSpec\n"
        "dag = DAGSpec('pipeline.yaml').to_dag()\n"
        "dag.on_render = None\n"
        "dag.render(show_progress=False)\n"
        "print(sorted(dag), dag['sales'].params.to_json_serializable()['N'])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "['sales'] 2", done.stderr


def test_a_percent_script_becomes_a_notebook_task(project: Path) -> None:
    path = project / "explore/script.py"
    path.write_text("# %% [markdown]\n# # Title\n\n# %%\nN = 1\n\n# %%\nprint(N)\n")
    (found,) = run(project, path)
    assert found.proof.verdict == "equal"
    assert found.params == {"N": 1}


@pytest.mark.parametrize(
    ("cells", "options", "error", "told"),
    [
        (("x = (",), {}, ConversionError, "explore/book.ipynb: cell 1, line 1"),
        (("md:x",), {}, ConversionError, "no code"),
        (("!pip install x",), {}, ConversionError, "installs packages"),
        (("print(1)",), {"name": "rates"}, ConversionError, "a task named rates is there already"),
        (("print(1)",), {"name": "a b"}, UsageError, "--name"),
        (("print(1)",), {"output": "../x"}, UsageError, "outside of the pipeline's folder"),
        (("print(1)",), {"output": "explore"}, ConversionError, "is there already, and is not overwritten"),
        (("open('../out/rates.csv', 'w')",), {}, ConversionError, "a product of the task rates"),
    ],
)
def test_on_an_error_nothing_is_written(
    project: Path, cells: tuple[str, ...], options: dict[str, Any], error: type[Exception], told: str
) -> None:
    path = book(project, "book", *cells)
    before = snapshot(project)
    with pytest.raises(error) as raised:
        run(project, path, **options)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    assert snapshot(project) == before


def test_one_bad_notebook_among_good_ones_stops_all(project: Path) -> None:
    good, bad = book(project, "good", "print(1)"), project / "explore/bad.ipynb"
    bad.write_bytes(b'{"cells": [')
    before = snapshot(project)
    with pytest.raises(NotebookError, match=r"explore/bad\.ipynb: .* still being saved"):
        run(project, good, bad)
    assert snapshot(project) == before


def test_a_circle_is_refused_with_its_path(project: Path) -> None:
    one = book(project, "one", "open('b.csv').read()\nopen('a.csv', 'w')")
    two = book(project, "two", "open('a.csv').read()\nopen('b.csv', 'w')")
    with pytest.raises(PipelineError, match=r"in a circle: (one -> two -> one|two -> one -> two)"):
        run(project, one, two)


def test_a_notebook_outside_of_the_project_is_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("other") / "x.ipynb"
    path.write_text(json.dumps(document("print(1)")))
    with pytest.raises(ConversionError, match="lies outside"):
        run(project, path)


def test_an_original_among_the_tasks_is_not_overwritten(project: Path) -> None:
    (project / "notebooks").mkdir()
    path = project / "notebooks/book.ipynb"
    path.write_bytes(encoded("print(1)"))
    (found,) = run(project, path, run=False)
    assert found.notebook == "tasks/book.ipynb"
    assert path.read_bytes() == encoded("print(1)")


@pytest.mark.parametrize(("cell", "code"), [("print(1)", 0), ("import os\nos.getcwd()", 1)])
def test_the_command_says_what_it_found_and_ends_with_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cell: str, code: int
) -> None:
    """The working folder itself is shown without the copy's own path; `explore` below it is not the same."""
    book(project, "book", cell)
    monkeypatch.chdir(project)
    with pytest.raises(SystemExit) as left:
        main(["convert", "explore/book.ipynb", "--json"])
    assert left.value.code == code
    (document,) = json.loads(capsys.readouterr().out)
    assert document["proof"]["verdict"] == ("different" if code else "equal")


def test_the_command_tells_a_person(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    book(project, "sales", *SALES)
    monkeypatch.chdir(project)
    with pytest.raises(SystemExit) as left:
        main(["convert", "explore/sales.ipynb", "--no-run"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    for part in (
        "explore/sales.ipynb -> notebooks/sales.ipynb, task sales in pipeline.yaml",
        "N=2",
        "rates: out/rates.csv",
        "not run",
    ):
        assert part in said
