"""`proofbook lint --fix`, `--unsafe-fixes` and `--diff`, as a user runs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lint.factory import code, content, parameters


def proofbook(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from proofbook.cli import main; main()", "lint", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A notebook with an error that is mended safely, one that is not, and a warning with an unsafe fix."""
    cells = [parameters(), code("x = 2", "injected-parameters"), "import os\nos.chdir('x')", "xs = []", "xs.append(1)"]
    (tmp_path / "a.ipynb").write_bytes(content(*cells, layout={"indent": 1}))
    (tmp_path / "proofbook.toml").write_text('[lint]\nselect = ["PB106", "PB204", "PB403"]\n')
    return tmp_path


def test_what_could_be_mended_is_counted(root: Path) -> None:
    done = proofbook(cwd=root)

    assert done.returncode == 3
    assert done.stdout.endswith(
        "2 errors, 1 warning in 1 notebook, 5 code cells.\n1 fixable with --fix, 1 more with --fix --unsafe-fixes.\n"
    )


def test_fix_mends_and_says_what_is_left(root: Path) -> None:
    done = proofbook("--fix", cwd=root)

    assert done.returncode == 3
    assert "PB403" in done.stdout
    assert done.stdout.endswith(
        "1 fixed; 1 error, 1 warning in 1 notebook, 4 code cells.\n1 fixable with --fix --unsafe-fixes.\n"
    )
    assert done.stderr == "a.ipynb: fixed PB106\n"


def test_with_unsafe_fixes_the_rest_is_mended_too(root: Path) -> None:
    done = proofbook("--fix", "--unsafe-fixes", "--ignore", "PB403", "--json", cwd=root)

    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["fixed"] == 2


def test_diff_shows_cells_and_writes_nothing(root: Path) -> None:
    before = (root / "a.ipynb").read_bytes()

    done = proofbook("--diff", "--unsafe-fixes", cwd=root)

    assert done.returncode == 3
    assert done.stdout == (
        "--- a.ipynb\n+++ a.ipynb\n@@ cell 2 (b), deleted @@\n-x = 2\n"
        "@@ cell 5 (e) @@\n@@ -1 +1 @@\n-xs.append(1)\n+xs = [*xs, 1]\n"
    )
    assert (root / "a.ipynb").read_bytes() == before


def test_unsafe_fixes_alone_are_a_mistake(root: Path) -> None:
    done = proofbook("--unsafe-fixes", cwd=root)

    assert done.returncode == 2
    assert "--unsafe-fixes widens --fix and --diff" in done.stderr


def test_diff_ends_with_0_where_nothing_would_change(root: Path) -> None:
    done = proofbook("--diff", "--select", "PB403", cwd=root)

    assert (done.returncode, done.stdout) == (0, "")


def test_control_characters_of_a_notebook_are_shown_and_not_obeyed(root: Path) -> None:
    stale = code("x = '\x1b[2J'", "injected-parameters")
    (root / "a.ipynb").write_bytes(content(parameters(), stale))

    done = proofbook("--diff", cwd=root)

    assert "-x = '\\u001b[2J'" in done.stdout


def test_a_run_that_fails_is_an_error(root: Path) -> None:
    (root / "a.ipynb").write_bytes(content(code("x = 1", count=2), code("1 / 0", count=1)))

    done = proofbook("--fix", "--select", "PB101", cwd=root)

    assert done.returncode == 3
    assert "a.ipynb: running it, for PB101" in done.stderr
    assert "a.ipynb: it was run for PB101, and failed: cell 2: ZeroDivisionError: division by zero" in done.stderr
    assert "0 errors, 1 warning" in done.stdout
