"""`proofbook doctor`, typed."""

import json
from pathlib import Path

import pytest

from proofbook.cli import main


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
