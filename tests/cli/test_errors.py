"""What was typed wrongly, and what a locale cannot show or read: said in one line, with nothing lost."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.cli import main
from tests.ploomber.conftest import DOOR, DOUBLE, NUMBERS, TASKS, Folder

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with pytest.raises(SystemExit):
        main(["init", str(tmp_path / "p"), "--json"])
    return tmp_path / "p"


def run(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / words[0]
    fresh = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON"))}
    return subprocess.run(
        [program, *words[1:]], cwd=cwd, env={**fresh, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "error: No such command 'nonsense' (see `proofbook --help`)\n"),
        (["show", "1", "2", "3"], "error: Got unexpected extra arguments (2 3) (see `proofbook show --help`)\n"),
        (["runs", "--limit", "x"], "(see `proofbook runs --help`)\n"),
        (["build", "--env--nonsense", "2"], "--env--nonsense 2 (see `proofbook build --help`)\n"),
        (["build", "--entry-point"], "expected one argument (see `proofbook build --help`)\n"),
    ],
)
def test_what_was_typed_wrongly_is_one_line_and_exit_code_2(
    words: list[str],
    said: str,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project)
    capsys.readouterr()

    with pytest.raises(SystemExit) as left:
        main(words)

    told = capsys.readouterr()
    assert left.value.code == 2
    assert told.err.startswith("error: ")
    assert told.err.endswith(said)
    assert told.err.count("\n") == 1
    assert told.out == ""


def test_without_a_command_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([])

    assert left.value.code == 2
    assert "Commands:\n" in capsys.readouterr().err


@pytest.mark.parametrize("environment", [ASCII, {"PYTHONIOENCODING": "ascii"}], ids=["locale", "streams"])
@pytest.mark.parametrize("command", ["proofbook", "ploomber"])
def test_a_build_whose_log_is_ascii_ends_as_any_other(
    tmp_path: Path, command: str, environment: dict[str, str]
) -> None:
    light = Folder(tmp_path)
    light.write("numbers", NUMBERS)
    light.write("double", DOUBLE)
    (tmp_path / "pipeline.yaml").write_text(DOOR + TASKS)
    (tmp_path / "env.yaml").write_text("number: 1\n")
    done = run(command, "build", cwd=tmp_path, **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "\\u2713 double" in done.stdout
    assert "report: output/report/run-1.html" in done.stdout


@pytest.mark.parametrize("environment", [ASCII, {"PYTHONIOENCODING": "ascii"}], ids=["locale", "streams"])
def test_a_doctor_who_speaks_ascii_names_the_cure(project: Path, environment: dict[str, str]) -> None:
    done = run("proofbook", "doctor", cwd=project, **environment)

    assert "Traceback" not in done.stderr
    assert "D302" in done.stdout
    # with UTF-8 for files, ASCII streams are no problem: nothing is lost
    assert ("PYTHONUTF8=1" in done.stdout) == (environment == ASCII)


@pytest.mark.parametrize("file", ["pipeline.yaml", "env.yaml"])
@pytest.mark.parametrize("command", ["build", "status"])
def test_a_file_that_the_locale_cannot_read_is_named_with_the_cure(project: Path, file: str, command: str) -> None:
    with (project / file).open("a", encoding="utf-8") as opened:
        opened.write("\n# très long …\n" if file == "pipeline.yaml" else "name: é\n")

    done = run("proofbook", command, cwd=project, **ASCII)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file}: ")
    assert "PYTHONUTF8=1" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (project / ".proofbook").exists()


def test_an_env_file_that_is_no_yaml_is_named_in_one_line(project: Path) -> None:
    (project / "env.yaml").write_text("a: [\n")

    done = run("proofbook", "build", cwd=project)

    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "env.yaml" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_notebook_with_characters_that_the_locale_lacks_is_built(project: Path) -> None:
    notebook = project / "notebooks/measure.ipynb"
    document = json.loads(notebook.read_text(encoding="utf-8"))
    code = "print('très …')"
    document["cells"].append(
        {"cell_type": "code", "id": "odd", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
    )
    notebook.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")

    done = run("proofbook", "build", cwd=project, **ASCII)

    assert (done.returncode, done.stderr) == (0, "")
    executed = json.loads((project / "output/measure.ipynb").read_text(encoding="utf-8"))
    assert any("très …" in json.dumps(cell["outputs"], ensure_ascii=False) for cell in executed["cells"][-1:])
