"""A file that grows line by line."""

import resource
import signal
import stat
from pathlib import Path

import pytest

from proofbook.disk.journal import Journal
from proofbook.exceptions import MachineError


def test_a_line_is_there_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log")
    journal.append(b"one\n")
    assert (tmp_path / "log").read_bytes() == b"one\n"
    journal.append(b"two\n")
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"
    journal.close()
    journal.close()


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    Journal(tmp_path / "log").close()
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_it_replaces_a_link_and_does_not_follow_it(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    journal = Journal(tmp_path / "log")
    journal.append(b"one\n")
    journal.close()
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "log").is_symlink()


def test_a_folder_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"cannot write .*log"):
        Journal(tmp_path / "nowhere" / "log")


def test_a_line_that_does_not_fit_is_said_in_one_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5, before[1]))
    try:
        with pytest.raises(MachineError, match=r"cannot write .*log"):
            journal.append(b"a long line\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
        journal.close()
    assert (tmp_path / "log").read_bytes() == b"a lon"
