"""A file's digest is always that of its content, however often it is asked for."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofbook.disk import atomic
from proofbook.flow.digests import Digests


def test_a_file_that_nobody_touched_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    time.sleep(0.15)
    digests = Digests()
    first = digests.of(file)
    monkeypatch.setattr(atomic, "digest_of", None)
    assert digests.of(file) == first


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["write", "replace", "touch", "pause", "turn back"]), max_size=8))
def test_whatever_is_done_to_a_file_its_digest_is_that_of_its_content(tmp_path_factory, steps: list[str]) -> None:
    file = tmp_path_factory.mktemp("d") / "a"
    file.write_bytes(b"0")
    digests = Digests()
    for number, step in enumerate(steps, start=1):
        content = f"{number % 10}".encode()
        before = file.stat()
        match step:
            case "write":
                file.write_bytes(content)
            case "replace":
                other = file.with_name("b")
                other.write_bytes(content)
                other.replace(file)
            case "touch":
                file.touch()
            case "pause":
                time.sleep(0.11)
            case _:
                file.write_bytes(content)
                os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert digests.of(file) == atomic.digest_of(file)


def test_a_file_that_is_gone_is_no_digest(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    time.sleep(0.15)
    digests = Digests()
    digests.of(file)
    file.unlink()
    with pytest.raises(FileNotFoundError):
        digests.of(file)
