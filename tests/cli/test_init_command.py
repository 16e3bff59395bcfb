"""`proofbook init`, typed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.cli import main


def proofbook(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(words))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_it_says_what_it_wrote_and_what_comes_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"

    assert proofbook("init", str(folder)) == 0

    said = capsys.readouterr().out
    assert f"wrote {folder / 'pipeline.yaml'}" in said
    assert f"cd {folder}" in said
    assert "ploomber build" in said


def test_twice_is_nothing_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    proofbook("init", str(tmp_path))
    capsys.readouterr()

    assert proofbook("init", str(tmp_path)) == 0

    assert "nothing to do" in capsys.readouterr().out


def test_json_is_one_document(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    (tmp_path / "pipeline.yaml").write_text("tasks: []\n")

    assert proofbook("init", str(tmp_path), "--json") == 0

    told = json.loads(capsysbinary.readouterr().out)
    assert (told["kind"], len(told["lines"])) == ("added", 4)


@pytest.mark.parametrize(
    ("content", "word"), [("executor: serial\n", "line 1"), ("- source: a\n", "`tasks:`")], ids=["taken", "list"]
)
def test_a_pipeline_that_cannot_take_the_lines_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, word: str
) -> None:
    (tmp_path / "pipeline.yaml").write_text(content)

    assert proofbook("init", str(tmp_path)) == 2

    said = capsys.readouterr().err
    assert said.startswith("error: pipeline.yaml")
    assert word in said
    assert said.count("\n") == 1
    assert (tmp_path / "pipeline.yaml").read_text() == content


def test_what_is_in_the_way_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "README.md").write_text("mine")

    assert proofbook("init", str(tmp_path)) == 2

    assert "README.md" in capsys.readouterr().err


def test_what_the_new_projects_readme_says_is_so(tmp_path: Path) -> None:
    def run(*words: str) -> int:
        program = Path(sys.executable).parent / words[0]
        return subprocess.run([program, *words[1:]], cwd=tmp_path, capture_output=True, check=False).returncode

    proofbook("init", str(tmp_path))
    readme = (tmp_path / "README.md").read_text()
    assert run("ploomber", "build") == 0
    assert {"measure.ipynb", "classify.ipynb", "flowers.parquet"} <= {
        path.name for path in (tmp_path / "output").iterdir()
    }
    assert run("proofbook", "promote") == 0

    change = next(line for line in readme.splitlines() if "features:" in line)
    pipeline = tmp_path / "pipeline.yaml"
    changed = pipeline.read_text().replace("      features: [petal_length, petal_width]", change)
    assert changed != pipeline.read_text()
    pipeline.write_text(changed)

    assert "exit code 4" in readme
    assert run("ploomber", "build") == 4
