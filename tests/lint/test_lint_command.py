"""`proofbook lint` with ruff, baseline, formats and `--watch`, as a user runs it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.lint.factory import content

PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
LINT = [sys.executable, "-c", "from proofbook.cli import main; main()", "lint"]
SELECT = ["--select", "PB201,PB403,F632"]


def notebook(*cells: str) -> bytes:
    return content(*cells, layout={"indent": 1}, kernelspec=PYTHON)


def proofbook(*arguments: str, cwd: Path, select: bool = True) -> subprocess.CompletedProcess[str]:
    command = [*LINT, *(SELECT if select else []), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.ipynb").write_bytes(notebook("x = 1\nprint(x is 'a')", "print(unknown)"))
    return tmp_path


def test_ruff_and_our_rules_make_one_report_and_one_exit_code(root: Path) -> None:
    done = proofbook(cwd=root)

    assert done.returncode == 3
    assert "a.ipynb:cell 1 (a):line 2:col 7 warning F632 Use `==` to compare constant literals" in done.stdout
    assert "a.ipynb:cell 2 (b):line 1:col 7 error PB201" in done.stdout
    assert proofbook("--ignore", "PB201", cwd=root).returncode == 0


def test_a_first_baseline_takes_all_and_later_ones_only_shrink(root: Path) -> None:
    first = proofbook("--write-baseline", cwd=root)
    assert (first.returncode, first.stderr) == (
        0,
        "Findings written to .proofbook-baseline.json: 2. From now on only new ones count.\n",
    )
    assert proofbook(cwd=root).stdout == "No findings in 1 notebook, 2 code cells; 2 known from the baseline.\n"
    assert proofbook("--no-baseline", cwd=root).returncode == 3

    (root / "a.ipynb").write_bytes(notebook("import os\nos.chdir('x')", "print(unknown)"))
    done = proofbook(cwd=root)
    assert done.returncode == 3
    assert "PB403" in done.stdout
    assert "1 finding of the baseline no longer found; --write-baseline takes them out:\n  a.ipynb:cell (a) F632" in (
        done.stdout
    )

    again = proofbook("--write-baseline", cwd=root)
    assert again.returncode == 3
    assert again.stderr.startswith("Findings taken out of .proofbook-baseline.json: 1; 1 left.")
    (entry,) = json.loads((root / ".proofbook-baseline.json").read_text())["findings"]
    assert entry["rule"] == "PB201"


def test_what_was_not_looked_for_is_not_gone(root: Path) -> None:
    (root / "b.ipynb").write_bytes(notebook("print(unknown)"))
    proofbook("--write-baseline", cwd=root)

    assert "no longer" not in proofbook("b.ipynb", cwd=root).stdout
    assert "no longer" not in proofbook("--select", "PB403", cwd=root, select=False).stdout
    (root / "b.ipynb").unlink()
    assert "b.ipynb:cell (a) PB201" in proofbook(cwd=root).stdout


def test_the_baseline_has_the_name_that_the_configuration_gives_it(root: Path) -> None:
    (root / "proofbook.toml").write_text('[lint]\nbaseline = "known.json"\n')
    proofbook("--write-baseline", cwd=root)

    assert (root / "known.json").exists()
    (root / "known.json").write_text("{")
    done = proofbook(cwd=root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: known.json is no baseline: ")


def test_github_is_told_file_line_and_title(root: Path) -> None:
    (root / "a.ipynb").write_bytes(notebook("x = 1", "print(un, '50%')"))
    done = proofbook("--format", "github", cwd=root)
    lines = (root / "a.ipynb").read_text().split("\n")
    line = next(number for number, text in enumerate(lines, 1) if "50%" in text)

    assert done.returncode == 3
    assert done.stdout.startswith(f"::error file=a.ipynb,line={line},title=PB201 undefined-name::a.ipynb:cell 2 (b)")
    assert done.stdout.count("\n") == 1


def test_junit_has_a_failure_for_an_error_and_none_for_a_warning(root: Path) -> None:
    done = proofbook("--format", "junit", cwd=root)
    (suite,) = ET.fromstring(done.stdout.encode())

    assert done.returncode == 3
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert [case.get("classname") for case in suite] == ["proofbook.lint.F632", "proofbook.lint.PB201"]
    assert "print(unknown)" in (suite.findtext("testcase/failure") or "")


def test_junit_without_findings_has_one_case_that_passes(root: Path) -> None:
    (root / "a.ipynb").write_bytes(notebook("x = '\x1b\\ud800'"))
    (suite,) = ET.fromstring(proofbook("--format", "junit", cwd=root).stdout.encode())

    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")


def test_what_is_suppressed_on_demand_carries_the_reason(root: Path) -> None:
    done = proofbook("--add-ignores", "--reason", "taught so", cwd=root)

    assert (done.returncode, done.stderr) == (0, "Findings suppressed: 2, in files: 1.\n")
    assert done.stdout == "No findings in 1 notebook, 2 code cells; 2 suppressed with a reason.\n"
    assert (root / "a.ipynb").read_text().count("taught so") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--add-ignores"],
        ["--reason", "why"],
        ["--watch", "--fix"],
        ["--watch", "--json"],
        ["--statistics", "--json"],
        ["--statistics", "--format", "github"],
        ["--json", "--format", "text"],
        ["--json", "--format", "sarif"],
        ["--diff", "--add-ignores", "--reason", "why"],
        ["--diff", "--write-baseline"],
        ["--diff", "--json"],
        ["--write-baseline", "--no-baseline"],
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(root: Path, arguments: list[str]) -> None:
    done = proofbook(*arguments, cwd=root)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_markdown_file_that_is_no_notebook_is_passed_over_with_a_word(root: Path) -> None:
    (root / "README.md").write_text("# Title\n")
    done = proofbook("README.md", "--select", "PB201", cwd=root, select=False)

    assert (done.returncode, done.stdout) == (0, "No findings in 0 notebooks, 0 code cells.\n")
    assert done.stderr.startswith("README.md: passed over: ")
    assert done.stderr.count("\n") == 1
    assert proofbook(".", "--select", "PB403", cwd=root, select=False).stderr == ""


def test_where_ruff_cannot_be_asked_the_rest_is_said(root: Path) -> None:
    code = (
        "from pathlib import Path\nfrom proofbook.lint import ruff\nruff._binary = lambda: '/nowhere/ruff'\n"
        "from proofbook.cli import main\nmain(['lint', '--no-cache', '--select', 'F632'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)

    assert done.returncode == 5
    assert done.stdout.startswith("No findings in 1 notebook")
    assert done.stderr.startswith("error: ruff cannot be run")
    assert "Traceback" not in done.stderr


@pytest.fixture
def watch(root: Path) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [*LINT, *SELECT, "--watch"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    """Lines up to the one that has `words` in it."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"{words!r} was never said, but: {lines}")


def test_a_watch_tells_what_changes_in_the_file_that_changed(root: Path, watch: "subprocess.Popen[str]") -> None:
    (root / "b.ipynb").write_bytes(notebook("x = 1"))
    until(watch, "1 error, 1 warning in")

    # as editors do it: a new file in the place of the old one
    (root / "new").write_bytes(notebook("print(another)"))
    (root / "new").replace(root / "b.ipynb")
    said = until(watch, "2 errors, 1 warning in 2 notebooks")
    assert any("another" in line for line in said)
    assert not any("unknown" in line for line in said if "PB201" in line)

    (root / "proofbook.toml").write_text("[lint]\nno = 1\n")
    assert watch.stderr is not None
    assert "unknown key 'no'" in watch.stderr.readline()
    (root / "proofbook.toml").unlink()

    (root / "a.ipynb").write_bytes(notebook("x = 1"))
    until(watch, "1 error, 0 warnings in 2 notebooks")
    watch.send_signal(signal.SIGINT)
    assert watch.wait(timeout=120) == 130
