"""Mending notebooks in their files."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from proofbook.analyze import source
from proofbook.disk import atomic
from proofbook.exceptions import MachineError
from proofbook.flow import fix as flow
from proofbook.flow.fix import FixResult
from proofbook.flow.lint import lint
from proofbook.model.configuration import Configuration, LintConfiguration
from tests.lint.factory import code, content, parameters

PRETTY = {"indent": 1, "ensure_ascii": False}
STALE = code("x = 2", "injected-parameters")
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def configuration(*select: str, **others: Any) -> Configuration:
    return Configuration(lint=LintConfiguration(select=list(select), python=[]), **others)


def mend(path: Path, *select: str, root: Path | None = None, **options: Any) -> FixResult:
    chosen = configuration(*select, **options.pop("settings", {}))
    return flow.fix([path], root=root or path.parent, configuration=chosen, **options)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content(parameters(), STALE, "xs = []", "xs.append(1)", layout=PRETTY) + b"\n")
    return path


def sources(path: Path) -> list[str]:
    return [cell.source for cell in source.read(path).cells]


def test_what_is_safe_is_mended_in_the_file(notebook: Path) -> None:
    done = mend(notebook, "PB106", "PB204")

    assert (done.made, done.changed, done.problems) == (1, True, 0)
    assert [found.rule for found in done.files[0].made] == ["PB106"]
    assert sources(notebook) == ["upstream = None\nproduct = None", "xs = []", "xs.append(1)"]
    assert notebook.read_bytes().endswith(b"}\n")


def test_what_is_unsafe_is_mended_when_asked_for(notebook: Path) -> None:
    mend(notebook, "PB204", unsafe=True)

    assert sources(notebook)[-1] == "xs = [*xs, 1]"


def test_a_cell_magic_keeps_something_to_run(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    alone, two = "%%time\nimport sys", "%%capture out\nimport json\nimport re"
    path.write_bytes(content(alone, "%%prun -q\nlen?", two, "print(out)", layout=PRETTY))
    before = path.read_bytes()

    done = mend(path, "PB214", "PB406", unsafe=True)

    assert path.read_bytes() == before
    (left,) = done.files[0].left
    assert (left.finding.cell, left.reason) == (3, "cell 3 would be a cell magic without a body")


def test_without_writing_it_tells_the_difference(notebook: Path) -> None:
    before = notebook.read_bytes()

    done = mend(notebook, "PB106", write=False)

    assert notebook.read_bytes() == before
    assert done.changed
    assert done.files[0].difference == "--- a.ipynb\n+++ a.ipynb\n@@ cell 2 (b), deleted @@\n-x = 2"


def test_a_notebook_without_findings_is_not_touched(notebook: Path) -> None:
    before = notebook.stat()

    assert mend(notebook, "PB404") == FixResult()
    assert (notebook.stat().st_mtime_ns, notebook.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_permission_bits_stay_whatever_the_umask_says(notebook: Path) -> None:
    notebook.chmod(0o664)
    before = os.umask(0o077)
    try:
        mend(notebook, "PB106")
    finally:
        os.umask(before)

    assert notebook.stat().st_mode & 0o777 == 0o664


def test_a_file_that_may_not_be_written_is_told_and_left(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = notebook.read_bytes()
    # the tests may run as one who may write everything
    monkeypatch.setattr(flow.os, "access", lambda *_: False)

    done = mend(notebook, "PB106")

    assert notebook.read_bytes() == before
    assert done.files[0].problem == "it may not be written; nothing was mended: change its permissions"


def test_a_file_that_goes_meanwhile_does_not_come_back(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = flow.mending.mend

    def meanwhile(*args: Any, **options: Any) -> Any:
        notebook.unlink()
        return plain(*args, **options)

    monkeypatch.setattr(flow.mending, "mend", meanwhile)
    done = mend(notebook, "PB106")

    assert (done.problems, notebook.exists()) == (1, False)


def test_through_a_link_the_file_is_mended_that_it_leads_to(notebook: Path, tmp_path: Path) -> None:
    link = tmp_path / "folder" / "link.ipynb"
    link.parent.mkdir()
    link.symlink_to(notebook)

    mend(link, "PB106", root=tmp_path)

    assert link.is_symlink()
    assert len(sources(notebook)) == 3


def test_a_file_that_changes_meanwhile_is_not_overwritten(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = content("saved by somebody else")
    plain = flow.mending.mend

    def meanwhile(*args: Any, **options: Any) -> Any:
        notebook.write_bytes(other)
        return plain(*args, **options)

    monkeypatch.setattr(flow.mending, "mend", meanwhile)
    done = mend(notebook, "PB106")

    assert notebook.read_bytes() == other
    assert (done.made, done.problems) == (0, 1)
    assert "has changed while it was being mended" in done.files[0].problem


def test_a_write_that_fails_leaves_the_file(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = notebook.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "replace", full)
    done = mend(notebook, "PB106")

    assert done.files[0].problem.startswith("nothing was mended: disk is full")
    assert notebook.read_bytes() == before
    assert [path.name for path in notebook.parent.iterdir()] == ["a.ipynb"]


def test_a_file_that_cannot_be_written_does_not_keep_the_next_from_it(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b.ipynb", "c.ipynb"):
        (notebook.parent / name).write_bytes(notebook.read_bytes())
    plain = atomic.rewrite

    def rewrite(path: Path, content: bytes) -> None:
        if path.name == "b.ipynb":
            raise MachineError("cannot write b.ipynb: no permission")
        plain(path, content)

    # the tests may run as one who may write everything
    monkeypatch.setattr(atomic, "rewrite", rewrite)
    done = mend(notebook.parent, "PB106")

    assert (done.made, done.problems) == (2, 1)
    assert done.files[1].problem == "nothing was mended: cannot write b.ipynb: no permission"
    assert len(sources(notebook.parent / "c.ipynb")) == 3


def test_what_the_author_waved_through_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content("# proofbook: ignore[PB406] shown in class\nbreakpoint()"))

    assert mend(path, "PB406") == FixResult()


def test_an_unreadable_file_is_left_to_lint(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(b'{"cells": [')

    assert mend(path) == FixResult()


def test_percent_scripts_are_mended_too(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text('# %% tags=["parameters"]\nx = 1\n\n# %%\nbreakpoint()\nprint(x)\n')

    mend(path, "PB406")

    assert path.read_text() == '# %% tags=["parameters"]\nx = 1\n\n# %%\nprint(x)\n'


def test_what_ruff_proposes_is_made_along(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(content("breakpoint()", 'x = ("a").format()\nprint(f"b")', layout=PRETTY))
    chosen = Configuration(lint=LintConfiguration(select=["PB406"], python=["F541"]))

    done = flow.fix([path], root=tmp_path, configuration=chosen)

    assert [found.rule for found in done.files[0].made] == ["PB406", "F541"]
    assert sources(path) == ["", 'x = ("a").format()\nprint("b")']


def test_a_mended_notebook_opens_in_jupyter(notebook: Path) -> None:
    from jupyter_server.services.contents.filemanager import AsyncFileContentsManager

    mend(notebook, "PB", unsafe=True)

    nbformat.validate(json.loads(notebook.read_bytes()))
    manager = AsyncFileContentsManager(root_dir=str(notebook.parent))
    model = asyncio.run(manager.get("a.ipynb", content=True, type="notebook"))
    assert ["parameters"] in [cell["metadata"].get("tags") for cell in model["content"]["cells"]]
    assert "message" not in model


# with a kernel


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """A notebook whose cells ran in another order than they stand in, with a layout of its own."""
    path = tmp_path / "a.ipynb"
    stale = ({"output_type": "stream", "name": "stdout", "text": "stale"},)
    path.write_bytes(
        content(
            parameters("é = 20"),
            code("print(é + 1)", count=7, outputs=stale, collapsed=True),
            code("é", count=3),
            layout={"indent": "\t", "separators": (" ,", " : ")},
            **KERNEL,
        )
    )
    return path


def test_a_notebook_is_run_again_and_keeps_all_but_its_outputs(ran: Path) -> None:
    before = json.loads(ran.read_bytes())
    heard: list[str] = []

    done = mend(ran, "PB101", say=heard.append)

    after = json.loads(ran.read_bytes())
    shown = [(cell.pop("execution_count"), cell.pop("outputs")) for cell in after["cells"]]
    for cell in before["cells"]:
        del cell["execution_count"], cell["outputs"]
    assert after == before
    assert list(after) == list(before)
    assert [count for count, _ in shown] == [1, 2, 3]
    assert shown[1][1] == [{"name": "stdout", "output_type": "stream", "text": ["21\n"]}]
    assert shown[2][1][0]["data"] == {"text/plain": ["20"]}
    assert b'\n\t\t\t"cell_type" : "code"' in ran.read_bytes()
    assert heard == ["a.ipynb: running it, for PB101"]
    assert done.made == 1
    assert not lint([ran], root=ran.parent, configuration=configuration("PB1").lint).findings


def test_a_notebook_whose_run_fails_is_left_as_it_was(ran: Path) -> None:
    ran.write_bytes(content(code("x = 1", count=2), code("print(x)\n1 / 0", count=1), layout=PRETTY, **KERNEL))
    before = ran.read_bytes()

    done = mend(ran, "PB101")

    assert ran.read_bytes() == before
    assert (done.made, done.problems) == (0, 1)
    assert "failed: cell 2: ZeroDivisionError: division by zero" in done.files[0].problem


def test_without_writing_nothing_is_run(ran: Path) -> None:
    ran.write_bytes(content(code("open('ran', 'w')", count=2), code("x = 1", count=1), **KERNEL))

    done = mend(ran, "PB101", write=False)

    assert done.changed
    assert done.files[0].difference.endswith("~ outputs and counts: those of a run from top to bottom, for PB101")
    assert [path.name for path in ran.parent.iterdir()] == ["a.ipynb"]


def test_a_task_runs_where_its_pipeline_is(tmp_path: Path) -> None:
    path = tmp_path / "notebooks" / "task.ipynb"
    path.parent.mkdir()
    path.write_bytes(content(code("import os", count=2), code("os.getcwd()", count=1), **KERNEL))
    (tmp_path / "pipeline.yaml").write_text(
        "tasks:\n  - {source: notebooks/task.ipynb, product: {nb: out/task.ipynb}}\n"
    )

    mend(path, "PB101", root=tmp_path)

    assert source.read(path).cells[1].outputs[0]["data"] == {"text/plain": [f"'{tmp_path}'"]}
