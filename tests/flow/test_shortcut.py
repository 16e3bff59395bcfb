"""A run stands as long as the same commit is checked out, and where that can be told."""

import subprocess
from pathlib import Path

import pytest

from proofbook.disk import atomic
from proofbook.flow import reading, shortcut
from proofbook.flow.reading import Asked
from proofbook.flow.shortcut import Standing
from proofbook.store.store import Store


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    with Store.open(place, create=True):
        pass
    monkeypatch.chdir(place)
    return place


def _git(root: Path, *words: str) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *name, *words], cwd=root, check=True, capture_output=True, text=True).stdout


def _commit(root: Path) -> None:
    _git(root, "commit", "-q", "--allow-empty", "-m", "one more")


def _keep(root: Path, *, code: str | None) -> None:
    standing = Standing(
        identity=reading.identity(Asked()),
        seen=(),
        store=shortcut.state_of_store(root),
        code=code,
        run=1,
        tasks=1,
        exit_code=0,
        decision="go",
        manifest=b"{}",
        gate=b"null",
        report="",
    )
    shortcut.keep(standing, root=root)


def _stands(root: Path) -> bool:
    _keep(root, code=shortcut.state_of_code(root))
    return shortcut.find(Asked()) is not None


def test_a_run_stands_without_a_repository_until_there_is_one(root: Path) -> None:
    assert _stands(root)
    _git(root, "init", "-q")
    assert shortcut.find(Asked()) is None


def test_a_run_stands_until_the_next_commit(root: Path) -> None:
    _git(root, "init", "-q")
    _commit(root)
    assert _stands(root)
    _commit(root)
    assert shortcut.find(Asked()) is None


def test_a_run_in_a_worktree_stands_until_the_next_commit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _git(root, "init", "-q")
    _commit(root)
    _git(root, "worktree", "add", "-q", "../other")
    other = root.parent / "other"
    with Store.open(other, create=True):
        pass
    monkeypatch.chdir(other)
    assert _stands(other)
    _commit(other)
    assert shortcut.find(Asked()) is None


def _reftable(root: Path) -> None:
    """As git lays such a repository out: which commit it is stands in its tables only."""
    _git(root, "init", "-q")
    (root / ".git" / "reftable").mkdir()
    (root / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    (root / ".git" / "refs" / "heads").rmdir()
    (root / ".git" / "refs" / "heads").write_text("this repository uses the reftable format\n")


def _reftable_by_its_folder(root: Path) -> None:
    _git(root, "init", "-q")
    (root / ".git" / "reftable").mkdir()


def _reftable_by_its_head(root: Path) -> None:
    _git(root, "init", "-q")
    (root / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")


def _alias(root: Path) -> None:
    """The branch that is checked out only names another."""
    _git(root, "init", "-q", "-b", "main")
    _commit(root)
    _git(root, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    _git(root, "symbolic-ref", "HEAD", "refs/heads/alias")


@pytest.mark.parametrize("lay_out", [_reftable, _reftable_by_its_folder, _reftable_by_its_head, _alias])
def test_no_run_stands_where_only_git_can_tell_the_commit(root: Path, lay_out) -> None:  # type: ignore[no-untyped-def]
    lay_out(root)
    assert shortcut.state_of_code(root) is None
    assert not _stands(root)


def test_a_record_without_a_state_of_the_code_is_not_used(root: Path) -> None:
    """Also one that was written all the same."""
    _keep(root, code="")
    record = root / reading.CACHE / "standing.msgpack"
    assert shortcut.find(Asked()) is not None
    _reftable(root)
    content = record.read_bytes()
    assert content.count(b"\xa4code\xa0") == 1
    atomic.write(record, content.replace(b"\xa4code\xa0", b"\xa4code\xc0"), mode=0o600)
    assert shortcut.find(Asked()) is None
