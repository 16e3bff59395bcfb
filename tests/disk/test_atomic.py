import errno
import fcntl
import hashlib
import os
from collections import Counter
from pathlib import Path

import pytest

from proofbook.disk import atomic
from proofbook.exceptions import MachineError

CONTENT = b"forty-two bytes would do, and so do these"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_write_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    atomic.write(path, b"older and longer than what follows")
    atomic.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(path.parent) == {"file"}


def test_a_file_that_is_rewritten_keeps_its_permission_bits(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o664)
    before = os.umask(0o077)
    try:
        atomic.rewrite(path, b"new")
    finally:
        os.umask(before)
    assert (path.read_bytes(), path.stat().st_mode & 0o777, names(tmp_path)) == (b"new", 0o664, {"file"})


def test_a_file_that_is_not_there_is_not_rewritten(tmp_path: Path) -> None:
    with pytest.raises(MachineError):
        atomic.rewrite(tmp_path / "file", b"new")
    assert names(tmp_path) == set()


def test_short_writes_are_invisible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:1]))
    atomic.write(tmp_path / "file", CONTENT)
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("step", ["write.create", "write.written", "write.synced"])
@pytest.mark.parametrize("action", ["eio", "enospc"])
def test_a_write_that_fails_keeps_the_old_file_and_no_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, action: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr("proofbook.disk.faults._passed", Counter())
    monkeypatch.setenv("PROOFBOOK_FAULT", f"{step}:1:{action}")
    with pytest.raises(MachineError) as caught:
        atomic.write(path, CONTENT)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"file"}


def test_a_full_disk_is_named_with_the_bytes_that_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(
        MachineError, match=rf"disk is full: writing needs {len(CONTENT)} bytes at .*file, \d+ are free"
    ):
        atomic.write(tmp_path / "file", CONTENT)


def test_a_failed_fsync_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel marks the pages clean after a failure: a second fsync would report success for bytes that are lost."""
    tried = []

    def fails(descriptor: int) -> None:
        tried.append(descriptor)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(MachineError, match="the disk failed"):
        atomic.publish(tmp_path / "blob", (CONTENT,), digest=DIGEST, needs=len(CONTENT))
    assert len(tried) == 1
    assert names(tmp_path) == set()


def test_the_order_is_content_then_name_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    fsync, link = os.fsync, os.link

    def synced(descriptor: int) -> None:
        seen.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "content")
        fsync(descriptor)

    def linked(*arguments: object, **options: object) -> None:
        seen.append("name")
        link(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "link", linked)
    atomic.publish(tmp_path / "blob", (CONTENT,), digest=DIGEST, needs=len(CONTENT))
    assert seen == ["content", "name", "folder"]


def test_what_is_published_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    atomic.publish(path, (CONTENT,), digest=DIGEST, needs=len(CONTENT))
    before = path.stat()
    atomic.publish(path, (CONTENT,), digest=DIGEST, needs=len(CONTENT))
    assert path.stat().st_ino == before.st_ino
    assert before.st_mode & 0o777 == 0o400
    assert names(tmp_path) == {"blob"}


def test_content_that_has_another_digest_is_not_published(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="changed while it was being read"):
        atomic.publish(tmp_path / "blob", (b"other",), digest=DIGEST, needs=5)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_serves_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    atomic.publish(tmp_path / "blob", (CONTENT,), digest=DIGEST, needs=len(CONTENT))
    assert (tmp_path / "blob").read_bytes() == CONTENT
    assert names(tmp_path) == {"blob"}


def test_a_copy_is_made_only_of_the_content_that_was_asked_for(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(CONTENT)
    target.write_bytes(b"old")
    assert not atomic.copy(source, target, digest="0" * 64)
    assert target.read_bytes() == b"old"
    assert atomic.copy(source, target, digest=DIGEST)
    assert target.read_bytes() == CONTENT
    assert target.stat().st_ino != source.stat().st_ino


def test_a_planted_link_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"canary")
    (tmp_path / "file").symlink_to(outside)
    atomic.write(tmp_path / "file", CONTENT)
    assert outside.read_bytes() == b"canary"
    assert not (tmp_path / "file").is_symlink()


def test_removing_a_link_leaves_what_it_points_at(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    atomic.remove(tmp_path / "gone")
    atomic.remove(tmp_path / "was never there")
    assert names(tmp_path) == {"kept"}
    assert names(tmp_path / "kept") == {"file"}


def test_a_sweep_takes_the_files_of_the_dead_and_leaves_those_of_the_living(tmp_path: Path) -> None:
    (tmp_path / ".dead.tmp").touch()
    living = tmp_path / ".living.tmp"
    living.touch()
    (tmp_path / "blob").touch()
    with living.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert atomic.sweep(tmp_path) == 1
    assert names(tmp_path) == {".living.tmp", "blob"}


def test_a_loose_folder_is_taken_from_the_eyes_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o755)
    atomic.restrict(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_new_file_is_made_only_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.create(path, CONTENT, mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (CONTENT, 0o600)
    with pytest.raises(MachineError, match="cannot write"):
        atomic.create(path, b"other")
    assert path.read_bytes() == CONTENT
