"""Files whose names are no text."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lint.factory import content

LINT = [sys.executable, "-c", "from proofbook.cli import main; main()", "lint"]


def proofbook(*arguments: str, cwd: Path | bytes) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LINT, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (b"bad\xff.ipynb", b"ok.ipynb"):
        try:
            Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_bytes(content("import sys\nprint(unknown)"))
        except OSError:
            pytest.skip("this file system takes no such name")
    return tmp_path


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "junit"])
def test_a_name_that_is_not_utf_8_is_shown_by_its_bytes(root: Path, form: str) -> None:
    done = proofbook("--format", form, "--select", "PB201", cwd=root)

    assert (done.returncode, done.stderr) == (3, "")
    shown = {"json": "bad\\\\xff.ipynb", "sarif": "bad%5Cxff.ipynb"}.get(form, "bad\\xff.ipynb")
    assert shown in done.stdout
    assert "ok.ipynb" in done.stdout


def test_ruff_is_heard_on_such_a_file(root: Path) -> None:
    for path in root.glob("*.ipynb"):
        path.write_bytes(content("x = 1\nprint(x is 'a')"))

    done = proofbook("--select", "F632", cwd=root)

    assert [line.split(":")[0] for line in done.stdout.splitlines() if "F632" in line] == ["bad\\xff.ipynb", "ok.ipynb"]


def test_such_a_file_is_mended_and_its_findings_suppressed(root: Path) -> None:
    done = proofbook("--fix", "--select", "PB201,PB214", "--add-ignores", "--reason", "taught so", cwd=root)

    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "bad\\xff.ipynb: fixed PB214",
        "ok.ipynb: fixed PB214",
        "Findings suppressed: 2, in files: 2.",
    ]
    for path in root.glob("*.ipynb"):
        (cell,) = json.loads(path.read_bytes())["cells"]
        assert cell["source"] == "print(unknown)  # proofbook: ignore[PB201] taught so"


def test_in_a_folder_of_such_a_name_the_cache_holds_nothing_that_it_cannot(root: Path) -> None:
    folder = bytes(root) + b"/d\xff"
    os.mkdir(folder)  # noqa: PTH102 - bytes
    Path(os.fsdecode(folder), "a.ipynb").write_bytes(content("open('missing.csv')"))

    first, second = (proofbook("--select", "PB605", cwd=folder) for _ in range(2))

    assert (first.returncode, first.stderr) == (3, "")
    assert (second.returncode, second.stdout) == (3, first.stdout)


def test_a_name_with_a_newline_takes_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nerror: b.ipynb").write_bytes(content("import sys\nprint(1)"))

    assert proofbook("--fix", "--select", "PB214", cwd=tmp_path).stderr == "a\\u000aerror: b.ipynb: fixed PB214\n"
