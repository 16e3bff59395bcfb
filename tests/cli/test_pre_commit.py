"""The hook for pre-commit, run by pre-commit itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lint.factory import content

ROOT = Path(__file__).parent.parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
MYST = "---\njupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n"
MYST += "kernelspec:\n  display_name: Python 3\n  name: python3\n---\n\n```{code-cell} ipython3\nprint(missing)\n```\n"


def run(*words: str, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user without configuration, with our own Python's programs first."""
    identity = {f"GIT_{who}_{what}": "tests" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "PRE_COMMIT"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"PATH": path, "HOME": str(home), "PRE_COMMIT_HOME": str(home / "pre-commit"), **identity}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our repository as far as pre-commit reads it; the environment, which it would install, is the one at hand."""
    folder, home = tmp_path_factory.mktemp("hooks"), tmp_path_factory.mktemp("home")
    (folder / MANIFEST.name).write_text(MANIFEST.read_text().replace("language: python", "language: system"))
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Hooks"]):
        done = run("git", *words, cwd=folder, home=home)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    ("files", "code", "expected"),
    [
        ({"good.ipynb": content("x = 1\nprint(x)")}, 0, "Passed"),
        ({"good.ipynb": content("x = 1\nprint(x)"), "bad.ipynb": content("print(missing)")}, 1, "bad.ipynb:cell 1"),
        ({"book.md": MYST.encode()}, 1, "book.md:cell 1"),
        ({"README.md": b"# Title\n\n```python\nprint(missing)\n```\n"}, 0, "Passed"),
        ({"module.py": b"print(missing)\n"}, 0, "no files to check"),
    ],
    ids=["good", "bad", "markdown", "readme", "module"],
)
def test_a_commit_is_stopped_by_an_error_in_a_notebook(
    tmp_path: Path, hooks: Path, files: dict[str, bytes], code: int, expected: str
) -> None:
    project, home = tmp_path / "project", tmp_path / "home"
    project.mkdir()
    home.mkdir()
    for name, text in files.items():
        (project / name).write_bytes(text)
    assert run("git", "init", "-q", cwd=project, home=home).returncode == 0
    assert run("git", "add", ".", cwd=project, home=home).returncode == 0

    words = [sys.executable, "-m", "pre_commit", "try-repo", str(hooks), "proofbook-lint", "--all-files", "--verbose"]
    done = run(*words, cwd=project, home=home)

    assert expected in done.stdout, done.stdout + done.stderr
    assert done.returncode == code, done.stdout + done.stderr


def test_the_manifest_is_one(tmp_path: Path) -> None:
    done = run(sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST), cwd=tmp_path, home=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
