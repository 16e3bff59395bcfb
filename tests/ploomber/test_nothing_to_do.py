"""`proofbook build` with nothing to do: answered from a record, and only where there is truly nothing to do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder

HEAVY = {
    *("ploomber", "sqlalchemy", "pandas", "numpy", "nbformat", "rich", "nbclient", "jupyter_client", "zmq", "jinja2"),
    *("networkx", "papermill", "yaml", "asyncio", "jsonschema", "pyarrow", "IPython", "proofbook.store"),
}
IMPORTED = """\
import json, sys
sys.argv = ["proofbook", "build"]
from proofbook.cli import main
try:
    main()
except SystemExit as left:
    print(json.dumps([left.code, sorted(sys.modules)]))
"""


def _built(folder: Folder, *flags: str) -> dict[str, Any]:
    done = folder.run("proofbook", "build", "--json", *flags)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit_code"] == done.returncode
    return document


def _runs(folder: Folder) -> list[int]:
    return [run["number"] for run in json.loads(folder.run("proofbook", "runs", "--json").stdout)]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Path]:
    """A project that was built, and a copy of all its files."""
    made = Folder(tmp_path_factory.mktemp("built") / "project")
    made.root.mkdir()
    made.write("numbers", NUMBERS)
    made.write("double", DOUBLE)
    (made.root / "pipeline.yaml").write_text(DOOR + TASKS)
    (made.root / "env.yaml").write_text("number: 1\n")
    document = _built(made)
    assert (document["exit_code"], document["nothing_to_do"]) == (0, False)
    copy = made.root.with_name("copy")
    shutil.copytree(made.root, copy, symlinks=True)
    return made, copy


@pytest.fixture
def built(once: tuple[Folder, Path]) -> Folder:
    """The project as its first build left it, in the same place for every test."""
    made, copy = once
    shutil.rmtree(made.root)
    shutil.copytree(copy, made.root, symlinks=True)
    return made


def test_a_second_build_says_that_the_first_stands_and_makes_no_run(built: Folder) -> None:
    before = built.files()
    done = built.run("proofbook", "build")
    assert done.returncode == 0, done.stderr
    assert "nothing to do: run 1 stands (2 tasks up to date), gate: review" in done.stdout
    assert "report: output/report/run-1.html" in done.stdout
    # what lint waved through once is said each time
    assert "PB701" in done.stdout
    assert built.files() == before
    assert _runs(built) == [1]


def test_it_does_not_matter_whether_a_kernel_has_run_in_this_home_before(folder: Folder) -> None:
    home = folder.root / "home"
    home.mkdir()
    assert json.loads(folder.run("proofbook", "build", "--json", HOME=str(home)).stdout)["nothing_to_do"] is False
    # made by the first kernel; whether Ploomber was read before it or after it is chance
    shutil.rmtree(home / ".ipython")
    assert json.loads(folder.run("proofbook", "build", "--json", HOME=str(home)).stdout)["nothing_to_do"] is True


def test_its_document_is_that_of_the_run_that_stands(built: Folder) -> None:
    document = _built(built)
    assert document["nothing_to_do"] is True
    assert document["run"] == json.loads(built.run("proofbook", "show", "1", "--json").stdout)["run"]
    assert document["gate"]["decision"] == "review"
    assert Path(document["report"]).name == "run-1.html"


def test_nothing_is_loaded_for_it(tmp_path: Path, built: Folder) -> None:
    # the same name as the console script has, so that the question is the same
    script = Path(sys.executable).with_name("proofbook")
    code = f"import runpy, sys\nsys.path[0] = {str(script.parent)!r}\n{IMPORTED}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=built.root, env=built.environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert any(line.startswith("nothing to do") for line in lines), done.stdout
    code, modules = json.loads(lines[-1])
    assert code == 0
    assert HEAVY & set(modules) == set()


def test_what_is_put_back_stands_again(built: Folder) -> None:
    source = built.root / "notebooks/double.ipynb"
    before = source.read_bytes()
    source.write_bytes(before.replace(b"2 * int", b"3 * int"))
    source.write_bytes(before)
    assert _built(built)["nothing_to_do"] is True


def test_a_product_that_was_removed_is_restored(built: Folder) -> None:
    product = built.root / "output/numbers.txt"
    product.unlink()
    document = _built(built)
    assert (document["nothing_to_do"], document["run"]["number"]) == (False, 2)
    assert product.read_text() == "1"
    assert _built(built)["nothing_to_do"] is True


def test_a_promotion_makes_the_gate_speak_anew(built: Folder) -> None:
    assert built.run("proofbook", "promote", "1").returncode == 0
    document = _built(built)
    assert (document["nothing_to_do"], document["run"]["number"]) == (False, 2)
    assert document["gate"]["production"] == 1
    assert _built(built)["nothing_to_do"] is True


def test_a_commit_makes_a_run_of_its_own(folder: Folder) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]

    def commit() -> None:
        subprocess.run(["git", *identity, "add", "-A"], cwd=folder.root, check=True)
        subprocess.run(["git", *identity, "commit", "-qm", "x"], cwd=folder.root, check=True)

    subprocess.run(["git", "init", "-q"], cwd=folder.root, check=True)
    (folder.root / ".gitignore").write_text("output\n.proofbook\n")
    commit()
    _built(folder)
    assert _built(folder)["nothing_to_do"] is True
    (folder.root / "README.md").write_text("x")
    commit()
    document = _built(folder)
    assert (document["nothing_to_do"], document["run"]["number"]) == (False, 2)
    assert document["run"]["code"]["dirty"] is False


@pytest.mark.parametrize("flags", [("--force",), ("--partially", "numbers"), ("--env--number", "2")])
def test_a_build_that_asks_for_more_gets_it(built: Folder, flags: tuple[str, ...]) -> None:
    document = _built(built, *flags)
    assert (document["nothing_to_do"], document["run"]["number"]) == (False, 2)


def test_a_plain_ploomber_build_makes_a_run_each_time(built: Folder) -> None:
    done = built.run("ploomber", "build")
    assert done.returncode == 0, done.stderr
    assert _runs(built) == [2, 1]


def test_what_the_gate_refused_stays_refused(built: Folder) -> None:
    assert built.run("proofbook", "promote", "1").returncode == 0
    source = built.root / "notebooks/double.ipynb"
    source.write_text(source.read_text().replace("2 * int", "-2 * int"))
    first = _built(built)
    assert (first["exit_code"], first["gate"]["decision"]) == (4, "no")
    again = _built(built)
    assert (again["exit_code"], again["nothing_to_do"]) == (4, True)
    done = built.run("proofbook", "build")
    assert done.returncode == 4
    assert "gate: no" in done.stdout


def test_a_failed_build_never_stands(built: Folder) -> None:
    source = built.root / "notebooks/double.ipynb"
    good = source.read_bytes()
    source.write_bytes(good.replace(b"2 * int", b"1 / 0 * int"))
    for number in (2, 3):
        document = _built(built)
        assert (document["exit_code"], document["nothing_to_do"], document["run"]["number"]) == (1, False, number)
    # and what stood before it does not stand any more
    source.write_bytes(good)
    document = _built(built)
    assert (document["exit_code"], document["nothing_to_do"], document["run"]["number"]) == (0, False, 4)


def test_lint_is_asked_again_when_it_would_say_more(built: Folder) -> None:
    source = built.root / "notebooks/double.ipynb"
    source.write_bytes(source.read_bytes().replace(b"2 * int", b"undefined_name * int"))
    assert built.run("proofbook", "build").returncode == 3


def test_a_cache_that_is_gone_or_damaged_costs_time_and_nothing_else(built: Folder) -> None:
    cache = built.root / ".proofbook/cache"
    for file in cache.iterdir():
        file.write_bytes(b"damaged")
    document = _built(built)
    assert (document["exit_code"], document["nothing_to_do"]) == (0, False)
    for file in cache.iterdir():
        file.unlink()
    cache.rmdir()
    assert _built(built)["nothing_to_do"] is False
    assert _built(built)["nothing_to_do"] is True
