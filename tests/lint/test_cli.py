"""`proofbook lint`, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.cli.lint import lint
from tests.lint.factory import content, parameters

SLOW = (
    "IPython",
    "jupyter_client",
    "nbformat",
    "pandas",
    "numpy",
    "ploomber",
    "papermill",
    "jupytext",
    "rich",
    "sqlalchemy",
    "polars",
)


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def proofbook(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from proofbook.cli import main; main()", "lint", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "bad.ipynb").write_bytes(content(parameters(), "import os\nos.chdir('x')", **KERNEL))
    good = content(parameters(), "from proofbook import record\nrecord('rows', 1)", **KERNEL)
    (tmp_path / "good.ipynb").write_bytes(good)
    (tmp_path / "warned.ipynb").write_bytes(content("import os\ndef f():\n    os.chdir('x')", **KERNEL))
    return tmp_path


def test_an_error_ends_in_3_and_shows_place_line_and_cure(root: Path) -> None:
    done = proofbook("bad.ipynb", cwd=root)

    assert done.returncode == 3
    assert "bad.ipynb:cell 2 (b):line 2:col 1 error PB403 `os.chdir()` changes the working directory" in done.stdout
    assert "  2 | os.chdir('x')\n    | ^^^^^^^^" in done.stdout
    assert done.stderr == ""


def test_warnings_alone_end_in_0(root: Path) -> None:
    done = proofbook("warned.ipynb", cwd=root)

    assert done.returncode == 0
    assert "0 errors, 1 warning in 1 notebook, 1 code cell." in done.stdout


def test_nothing_found_says_so(root: Path) -> None:
    assert proofbook("good.ipynb", cwd=root).stdout == "No findings in 1 notebook, 2 code cells.\n"


def test_without_paths_it_looks_at_everything_below(root: Path) -> None:
    assert "in 3 notebooks" in proofbook(cwd=root).stdout


@pytest.mark.parametrize("flag", [["--json"], ["--format", "json"]])
def test_json_is_one_document(root: Path, flag: list[str]) -> None:
    done = proofbook(*flag, cwd=root)

    assert done.returncode == 3
    assert json.loads(done.stdout)["summary"]["notebooks"] == 3


def test_select_and_ignore_take_codes_with_commas_and_prefixes(root: Path) -> None:
    assert proofbook("bad.ipynb", "--select", "PB1,PB2", cwd=root).returncode == 0
    assert proofbook("bad.ipynb", "--ignore", "PB40", cwd=root).returncode == 0
    assert proofbook("bad.ipynb", "--ignore", "PB1", "--ignore", "PB403", cwd=root).returncode == 0


def test_what_is_ignored_on_the_command_line_adds_to_the_configuration(root: Path) -> None:
    (root / "proofbook.toml").write_text('[lint]\nignore = ["PB403"]\n')

    assert "No findings" in proofbook("bad.ipynb", "--ignore", "PB701", cwd=root).stdout


def test_an_unknown_code_is_a_usage_error_that_names_the_nearest(root: Path) -> None:
    done = proofbook("--select", "PB4O3", cwd=root)

    assert done.returncode == 2
    assert done.stderr == "error: lint.select: no rule 'PB4O3'; did you mean PB403?\n"


def test_a_path_that_does_not_exist_is_a_usage_error(root: Path) -> None:
    done = proofbook("gone.ipynb", cwd=root)

    assert done.returncode == 2
    assert "gone.ipynb" in done.stderr


def test_an_unreadable_file_ends_in_3_without_a_traceback(root: Path) -> None:
    (root / "cut.ipynb").write_bytes(content("x = 1")[:60])

    done = proofbook("cut.ipynb", cwd=root)

    assert done.returncode == 3
    assert "cut.ipynb error PB807 the file cannot be read" in done.stdout
    assert "Traceback" not in done.stderr + done.stdout


def test_statistics_count_by_rule(root: Path) -> None:
    done = proofbook("--statistics", cwd=root)

    assert "     1  PB403  changes-directory\n" in done.stdout


def test_every_option_says_what_it_does() -> None:
    assert lint.help
    assert all(getattr(parameter, "help", None) for parameter in lint.params if parameter.param_type_name == "option")


def test_one_notebook_is_linted_without_importing_jupyter_or_any_data_library(root: Path) -> None:
    code = (
        "import sys\nfrom proofbook.cli import cli\n"
        "cli.main(['lint', 'bad.ipynb'], standalone_mode=False)\n"
        f"print([name for name in {SLOW!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
