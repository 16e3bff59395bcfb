"""`proofbook doctor`, typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.cli import main
from tests.ploomber.conftest import DOOR, NUMBERS, TASKS, Folder


def proofbook(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_a_problem_is_told_with_its_cure_and_ends_with_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / ".proofbook").write_text("a file")

    assert proofbook("doctor") == 5

    said = capsys.readouterr().out
    assert "D303" in said
    assert "→ move" in said
    assert "problems," in said


def test_in_a_pipe_a_check_is_a_line_and_a_cure_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / ".proofbook").write_text("a file")
    proofbook("doctor", "--json")
    checks = json.loads(capsys.readouterr().out)["checks"]

    proofbook("doctor")

    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.endswith(" ")]
    for one in checks:
        (at,) = [number for number, line in enumerate(lines) if f" {one['code']} " in line]
        assert lines[at].endswith(one["what"])
        if one["cure"]:
            assert lines[at + 1].strip() == f"→ {one['cure']}"


def test_warnings_end_with_0(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert proofbook("doctor", "--json") == 0

    told = json.loads(capsysbinary.readouterr().out)
    assert told["problems"] == 0
    assert {"code": "D401", "level": "warning"}.items() <= next(
        one for one in told["checks"] if one["name"] == "door"
    ).items()


@pytest.mark.parametrize(("kernel", "code"), [("mykern", 0), ("MyKern", 0), ("another", 5)])
def test_doctor_and_build_agree_on_whether_a_kernel_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str, code: int
) -> None:
    project = Folder(tmp_path / "p")
    project.root.mkdir()
    (project.root / "pipeline.yaml").write_text(DOOR + TASKS.partition("  - source: notebooks/double")[0])
    (project.root / "env.yaml").write_text("number: 1\n")
    project.write("numbers", NUMBERS)
    folder = tmp_path / "data/kernels/MyKern"
    folder.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": words, "display_name": "x", "language": "python"}))
    for file in (tmp_path / "p/notebooks").iterdir():
        document = json.loads(file.read_text(encoding="utf-8"))
        document["metadata"]["kernelspec"]["name"] = kernel
        file.write_text(json.dumps(document), encoding="utf-8")
    monkeypatch.chdir(tmp_path / "p")
    environment = {**os.environ, "JUPYTER_DATA_DIR": str(tmp_path / "data")}
    program = [sys.executable, "-c", "from proofbook.cli import main; main()"]

    examined = subprocess.run([*program, "doctor", "--json"], env=environment, capture_output=True, check=False)
    built = subprocess.run([*program, "build"], env=environment, capture_output=True, check=False)

    checks = {one["name"]: one["level"] for one in json.loads(examined.stdout)["checks"]}
    assert built.returncode == code, built.stderr.decode()
    assert (checks["kernels"] == "problem") == (code == 5)
