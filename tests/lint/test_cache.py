"""What lint keeps from one run to the next: `lint/cache.py`, `lint/looked.py`, and what `flow/lint.py` makes of them."""

import json
import os
from pathlib import Path

import pytest

from proofbook.flow import examining
from proofbook.flow.lint import lint
from proofbook.lint import cache as module
from proofbook.lint import looked
from proofbook.lint.cache import Cache
from proofbook.lint.result import LintResult
from proofbook.model.configuration import LintConfiguration
from tests.lint.factory import content, parameters

SELECT = ["PB2", "PB403", "PB702", "F632"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROOFBOOK_CACHE", str(tmp_path / "cache"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.ipynb").write_bytes(content(parameters(), "print(unknown)"))
    (project / "b.ipynb").write_bytes(content(parameters(), "x = 1\nprint(x is 'a')"))
    return project


class Looks(list[str]):
    """Which files were examined."""


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    seen = Looks()
    before = examining.examine

    def examine(job: examining.Job, **more: object) -> object:
        seen.append(job.shown)
        return before(job, **more)

    monkeypatch.setattr(examining, "examine", examine)
    return seen


def run(root: Path, **more: object) -> LintResult:
    configuration = LintConfiguration(select=SELECT, **more)
    cache = Cache(root, configuration=configuration)
    return lint([root], root=root, configuration=configuration, python=True, cache=cache)


def kept(root: Path) -> Path:
    (path,) = (root.parent / "cache").rglob("*.msgpack")
    return path


def test_what_has_not_changed_is_not_looked_at_again(root: Path, looks: Looks) -> None:
    first = run(root)
    assert sorted(looks) == ["a.ipynb", "b.ipynb"]
    looks.clear()

    assert run(root) == first
    assert looks == []
    assert [(one.path, one.rule) for one in first.findings] == [("a.ipynb", "PB201"), ("b.ipynb", "F632")]


def test_a_change_is_seen_though_size_and_time_stamp_are_the_same(root: Path, looks: Looks) -> None:
    run(root)
    path = root / "a.ipynb"
    state = path.stat()
    path.write_bytes(path.read_bytes().replace(b"unknown", b"another"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    looks.clear()

    assert "another" in run(root).findings[0].message
    assert looks == ["a.ipynb"]


def test_another_way_of_asking_has_other_answers(root: Path) -> None:
    run(root)

    assert [one.rule for one in run(root, ignore=["F"]).findings] == ["PB201"]
    assert [one.rule for one in run(root).findings] == ["PB201", "F632"]


def test_ruff_is_asked_again_where_its_configuration_changed(root: Path) -> None:
    run(root)
    (root / "ruff.toml").write_text('[lint]\nignore = ["F632"]\n')

    assert [one.rule for one in run(root).findings] == ["PB201"]


def test_what_is_star_imported_is_looked_at_again_when_it_changes(root: Path, looks: Looks) -> None:
    (root / "mine.py").write_text("known = 1\n")
    (root / "a.ipynb").write_bytes(content("from mine import *\nprint(known)"))
    assert "PB201" not in {one.rule for one in run(root).findings}
    (root / "mine.py").write_text("another = 1\n")
    looks.clear()

    assert "PB201" in {one.rule for one in run(root).findings}
    assert looks == ["a.ipynb"]


def test_a_record_of_another_task_is_heard_of(root: Path) -> None:
    record = "from proofbook import record\nrecord('rows', 1)"
    (root / "pipeline.yaml").write_text(
        "tasks: [{source: a.ipynb, product: {nb: o/a.ipynb}}, {source: b.ipynb, product: {nb: o/b.ipynb}}]"
    )
    (root / "a.ipynb").write_bytes(content(parameters(), record))
    assert "PB702" not in {one.rule for one in run(root).findings}
    (root / "b.ipynb").write_bytes(content(parameters(), record))

    assert [one.path for one in run(root).findings if one.rule == "PB702"] == ["a.ipynb", "b.ipynb"]
    (root / "b.ipynb").write_bytes(content(parameters(), "x = 1"))
    assert "PB702" not in {one.rule for one in run(root).findings}


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == "cut":
        path.write_bytes(whole[:-5])
    elif how == "turned":
        path.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "foreign":
        path.write_bytes(json.dumps({"a": 1}).encode())
    elif how == "writable by others":
        path.chmod(0o666)
    elif how == "a link":
        path.rename(path.parent.parent / "elsewhere")
        path.symlink_to(path.parent.parent / "elsewhere")
    elif how == "a pipe":
        path.unlink()
        os.mkfifo(path)
    elif how == "forged":
        # another's answers under a sum that fits
        import hashlib

        body = b"\x81\xa5files\x81\xa7a.ipynb\x01"
        path.write_bytes(module._FORMAT + hashlib.sha256(body).digest() + body)
    elif how == "a folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize(
    "how", ["cut", "turned", "empty", "foreign", "writable by others", "a link", "a pipe", "forged", "a folder"]
)
def test_what_is_damaged_or_not_ours_is_removed_and_not_believed(root: Path, looks: Looks, how: str) -> None:
    first = run(root)
    spoil(kept(root), how)
    looks.clear()

    assert run(root) == first
    assert sorted(looks) == ["a.ipynb", "b.ipynb"]
    looks.clear()
    assert run(root) == first
    assert looks == []


def test_a_project_brings_no_answers_along(root: Path) -> None:
    run(root)

    assert not list(root.rglob("*.msgpack"))
    assert kept(root).stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_kept_lint_works_all_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "cache").write_text("in the way")

    assert [one.rule for one in run(root).findings] == ["PB201", "F632"]
    monkeypatch.delenv("PROOFBOOK_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(module, "folder", lambda: None)
    assert [one.rule for one in run(root).findings] == ["PB201", "F632"]


def test_only_the_last_ways_of_asking_are_kept(root: Path) -> None:
    for code in range(12):
        run(root, ignore=[f"PB40{code}"] if code in {1, 2, 3, 4, 5, 6, 7, 8} else [f"PB{code % 5 + 1}"])

    assert len(list((root.parent / "cache").rglob("*.msgpack"))) <= module._KEPT


def test_a_file_that_is_gone_is_a_finding_and_not_an_answer_of_before(root: Path) -> None:
    run(root)
    (root / "a.ipynb").write_bytes(b"{")

    assert [one.rule for one in run(root).findings] == ["PB807", "F632"]


def test_several_processes_say_what_one_says(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "_PAYS", 2)
    configuration = LintConfiguration(select=SELECT)
    one, two = (lint([root], root=root, configuration=configuration, workers=workers) for workers in (1, 2))

    assert one == two
    assert one.errors == 1


def test_what_is_looked_at_is_noted_with_its_state(tmp_path: Path) -> None:
    with looked.watching() as noted:
        looked.look(tmp_path)
        looked.look(tmp_path / "none")
    assert looked.holds(noted)
    (tmp_path / "none").write_text("now")

    assert not looked.holds(noted)
    assert noted[str(tmp_path / "none")] == ""


def test_what_is_remembered_is_worked_out_again_when_what_it_looked_at_changed(tmp_path: Path) -> None:
    calls: list[Path] = []

    @looked.remembered
    def length(path: Path) -> int:
        calls.append(path)
        looked.look(path)
        return len(path.read_text()) if path.exists() else -1

    path = tmp_path / "a"
    assert [length(path), length(path)] == [-1, -1]
    path.write_text("abc")
    with looked.watching() as noted:
        assert [length(path), length(path)] == [3, 3]

    assert len(calls) == 2
    assert set(noted) == {str(path)}
