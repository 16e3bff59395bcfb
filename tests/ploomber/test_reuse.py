"""One notebook in two pipelines, each with its own parameters, without an edit to its source (R3)."""

import shutil

from .conftest import DOOR, Folder

OTHER = """\
tasks:
  - source: notebooks/numbers.ipynb
    name: seven
    params: {number: 7}
    product: {nb: elsewhere/seven.ipynb, data: elsewhere/seven.txt}
"""


def test_a_notebook_serves_two_pipelines_unchanged(folder: Folder) -> None:
    source = folder.root / "notebooks/numbers.ipynb"
    before = source.read_bytes()
    second = folder.root / "second"
    second.mkdir()
    shutil.copytree(folder.root / "notebooks", second / "notebooks")
    (second / "pipeline.yaml").write_text(DOOR + OTHER)
    assert folder.run("ploomber", "build", "--partially", "numbers").returncode == 0
    done = Folder(second).run("ploomber", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder.root / "output/numbers.txt").read_text() == "1"
    assert (second / "elsewhere/seven.txt").read_text() == "7"
    assert source.read_bytes() == before == (second / "notebooks/numbers.ipynb").read_bytes()
