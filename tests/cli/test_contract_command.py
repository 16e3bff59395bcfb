"""`proofbook contract`: what it prints, writes and ends with."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from proofbook.cli import main

ROWS = "id,day,price\n" + "".join(f"{number},2013-09-{number:02},{number % 7}\n" for number in range(1, 31))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/sales.csv").write_text(ROWS)
    (tmp_path / "proofbook.toml").write_text('[data]\nread = ["data/*.csv"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Said(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


def contract(*words: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(["contract", *words])
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def document(*words: str) -> Any:
    return json.loads(contract(*words, "--json").stdout)


def test_what_is_inferred_is_printed_and_written_only_when_told(root: Path) -> None:
    said = contract("infer", "data/sales.csv")
    assert said.exit_code == 0
    assert 'files = ["data/sales.csv"]' in said.stdout
    assert not (root / "contracts").exists()
    assert contract("infer", "data/sales.csv", "--write").exit_code == 0
    assert contract("check").exit_code == 0


def test_a_contract_that_was_edited_is_not_written_over(root: Path) -> None:
    contract("infer", "data/sales.csv", "--write")
    edited = root / "contracts/sales.toml"
    edited.write_text(edited.read_text() + "# mine\n")
    again = contract("infer", "data/sales.csv", "--write")
    assert (again.exit_code, "# mine" in edited.read_text()) == (2, True)
    assert contract("infer", "data/sales.csv", "--write", "--force").exit_code == 0
    assert "# mine" not in edited.read_text()


def test_a_breach_ends_with_1_and_a_warning_with_0(root: Path) -> None:
    contract("infer", "data/sales.csv", "--write")
    (root / "data/sales.csv").write_text(ROWS.replace("2013-09-05,5", "2013-09-05,500"))
    broken = contract("check")
    assert broken.exit_code == 1
    assert "(range: fail)" in broken.stdout
    said = document("check")
    assert said["failed"]
    assert [breach["check"] for breach in said["contracts"][0]["breaches"]] == ["range"]
    edited = root / "contracts/sales.toml"
    edited.write_text(edited.read_text().replace("on_breach = {", 'on_breach = { range = "warn",'))
    assert contract("check").exit_code == 0
    assert not document("check")["failed"]


def test_declared_data_without_a_contract_are_named(root: Path) -> None:
    assert "no contract speaks of data/sales.csv" in contract("check").stdout
    assert document("check")["without_contract"] == ["data/sales.csv"]


def test_a_file_that_is_not_there_is_a_mistake_or_a_breach_and_never_fine(root: Path) -> None:
    for action in ("check", "infer"):
        lost = contract(action, "data/slaes.csv")
        assert lost.exit_code == 2
        assert "data/slaes.csv: there is no such file" in lost.stderr
    contract("infer", "data/sales.csv", "--write")
    (root / "data/sales.csv").unlink()
    for words in (("check",), ("check", "data/sales.csv")):
        lost = contract(*words)
        assert lost.exit_code == 1
        assert "it is missing" in lost.stdout


def test_files_outside_of_the_project_are_refused(root: Path) -> None:
    for action in ("check", "infer"):
        outside = contract(action, "/dev/null")
        assert outside.exit_code == 2
        assert "Traceback" not in outside.stderr
