"""Private folders for what is under way."""

import tempfile
from pathlib import Path

import pytest

from proofbook.disk import spool


def test_a_folder_is_private_and_goes_with_all_that_is_in_it() -> None:
    with spool.folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "inner").mkdir()
        (folder / "inner/file").touch()
    assert not folder.exists()


def test_it_goes_after_an_error_too() -> None:
    with pytest.raises(RuntimeError), spool.folder() as folder:
        raise RuntimeError
    assert not folder.exists()


def test_a_short_folder_leaves_room_for_a_socket_wherever_temporary_files_go(tmp_path: Path, monkeypatch) -> None:
    long = tmp_path / ("t" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with spool.folder() as folder:
        assert folder.parent == long
    with spool.folder(short=True) as folder:
        assert len(str(folder)) < 80
