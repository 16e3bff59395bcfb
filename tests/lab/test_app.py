"""How JupyterLab is started."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.exceptions import MachineError
from proofbook.lab.app import command

MAIN = "from proofbook.cli import main; main()"


def test_the_users_arguments_have_the_last_word(tmp_path: Path) -> None:
    words = command(("--port", "9999"), root=tmp_path)

    assert words[:4] == [sys.executable, "-P", "-m", "proofbook.lab.app"]
    assert words[-2:] == ["--port", "9999"]
    assert f"--ServerApp.root_dir={tmp_path}" in words


@pytest.mark.parametrize(
    "given",
    [
        ["--ServerApp.root_dir={}"],
        ["--notebook-dir={}"],
        ["--notebook-dir", "{}"],
        [
            "--ServerApp.root_dir",
            "{}",
            "--ServerApp.contents_manager_class=jupyter_server.services.contents.manager.ContentsManager",
        ],
    ],
    ids=["trait", "alias", "two words", "manager"],
)
def test_what_we_set_can_be_set_otherwise(tmp_path: Path, given: list[str]) -> None:
    """Jupyter takes no setting twice: `root_dir only accepts one value, got 2`."""
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    arguments = [word.format(tmp_path / "there") for word in given]
    words = [sys.executable, "-c", MAIN, "lab", "--", *arguments, "--show-config-json"]

    done = subprocess.run(words, cwd=tmp_path / "here", capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stderr
    # the server shows a banner too, and each of its parts its own settings
    assert f'"root_dir": "{tmp_path / "there"}"' in done.stdout
    assert str(tmp_path / "here") not in done.stdout


def test_json_shows_the_command_and_starts_nothing(tmp_path: Path) -> None:
    words = [sys.executable, "-c", MAIN, "lab", "--json", "--", "--no-browser"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True)

    told = json.loads(done.stdout)["command"]
    assert told[-2:] == [f"--ServerApp.root_dir={tmp_path}", "--no-browser"]


def test_without_jupyterlab_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "jupyterlab", None)
    with pytest.raises(MachineError, match="not installed"):
        command(root=tmp_path)

    hidden = f"import sys; sys.modules['jupyterlab'] = None; {MAIN}"
    done = subprocess.run(
        [sys.executable, "-c", hidden, "lab"], cwd=tmp_path, capture_output=True, check=False, text=True
    )

    assert done.returncode == 5
    assert done.stderr == 'error: JupyterLab is not installed: pip install "proofbook[lab]"\n'


def test_asking_for_help_loads_no_jupyter(tmp_path: Path) -> None:
    check = "import sys; from proofbook.cli import cli; cli.main(['lab', '--help'], standalone_mode=False)"
    check += "; sys.exit(any(name.startswith(('jupyter', 'tornado', 'nbformat')) for name in sys.modules))"

    subprocess.run([sys.executable, "-c", check], cwd=tmp_path, capture_output=True, check=True)
