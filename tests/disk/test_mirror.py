"""Copies of a project that share nothing with it."""

from pathlib import Path

import pytest

from proofbook.disk import mirror


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in (
        "a.csv",
        "deep/b.csv",
        ".env",
        ".git/config",
        ".venv/pyvenv.cfg",
        "other/pyvenv.cfg",
        "deep/__pycache__/x.pyc",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("small")
    (root / "empty/inner").mkdir(parents=True)
    (root / "large.bin").write_bytes(b"x" * 1000)
    (root / "folder").mkdir()
    (root / "folder/large.bin").write_bytes(b"x" * 1000)
    (root / "link.csv").symlink_to(root / "a.csv")
    return root


def test_files_and_folders_are_copied_without_what_is_hidden_installed_or_cached(project: Path, tmp_path: Path) -> None:
    done = mirror.mirror(project, tmp_path / "copy", largest=100)
    assert set(mirror.files(tmp_path / "copy")) == {"a.csv", "deep/b.csv", ".env", "link.csv"}
    assert (tmp_path / "copy/empty/inner").is_dir()
    assert done.copied == 4
    assert set(done.left_out) == {"large.bin", "folder/large.bin"}


def test_large_files_are_copied_where_they_are_needed(project: Path, tmp_path: Path) -> None:
    done = mirror.mirror(project, tmp_path / "copy", needed=["large.bin", "folder"], largest=100)
    assert done.left_out == ()
    assert (tmp_path / "copy/folder/large.bin").stat().st_size == 1000


def test_whatever_is_written_in_the_copy_the_project_stays_what_it_is(project: Path, tmp_path: Path) -> None:
    mirror.mirror(project, tmp_path / "copy", largest=10_000)
    for name in mirror.files(tmp_path / "copy"):
        path = tmp_path / "copy" / name
        assert not path.is_symlink()
        with path.open("r+") as file:
            file.write("damage")
    assert (project / "a.csv").read_text() == "small"
    assert (project / "deep/b.csv").read_text() == "small"
