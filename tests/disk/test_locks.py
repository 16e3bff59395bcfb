import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from proofbook.disk.locks import Lock
from proofbook.exceptions import LockHeldError, MachineError

HOLDER = """
import sys, time, pathlib
from proofbook.disk.locks import Lock
held = Lock(pathlib.Path(sys.argv[1]), what="another build").acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "build.lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with process:
        yield process
        process.kill()


def test_a_second_holder_is_told_who_the_first_is_and_since_when(path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(LockHeldError) as caught:
        Lock(path, what="another build").acquire()
    sentence = (
        rf"another build \(pid {holder.pid}, since \d\d:\d\d:\d\d\) holds the lock .*: try again when it has ended"
    )
    assert re.fullmatch(sentence, str(caught.value))


def test_the_lock_dies_with_its_holder(path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert path.with_name("build.lock.holder").exists()
    with Lock(path).acquire():
        pass


def test_what_a_dead_holder_wrote_misleads_nobody(path: Path, holder: subprocess.Popen[str]) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    written = path.with_name("build.lock.holder").read_bytes()
    with Lock(path).acquire():
        # as in the instant before the new holder has written its own name
        path.with_name("build.lock.holder").write_bytes(written)
        with pytest.raises(LockHeldError, match=r"^another process holds the lock"):
            Lock(path).acquire()


def test_a_reused_process_number_is_not_taken_for_the_holder(path: Path) -> None:
    """An unrelated process stands on the number of the dead holder: it has another time of birth."""
    with Lock(path).acquire():
        file = path.with_name("build.lock.holder")
        content = json.loads(file.read_bytes())
        assert content["pid"] == os.getpid()
        file.write_text(json.dumps({**content, "birth": "1"}))
        assert Lock(path).holder() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x", "birth": "1"}', b'{"pid": 1}', b"\xff\xfe"])
def test_whatever_stands_in_the_holders_file_the_lock_works(path: Path, content: bytes) -> None:
    with Lock(path).acquire():
        path.with_name("build.lock.holder").write_bytes(content)
        with pytest.raises(LockHeldError):
            Lock(path).acquire()


def test_waiting_ends_as_soon_as_the_lock_is_free(path: Path) -> None:
    held = Lock(path).acquire()
    timer = threading.Timer(0.2, held.release)
    timer.start()
    began = time.monotonic()
    with Lock(path).acquire(wait=30):
        waited = time.monotonic() - began
    timer.join()
    assert 0.15 < waited < 10


def test_waiting_in_vain_says_how_long(path: Path) -> None:
    with Lock(path).acquire(), pytest.raises(LockHeldError, match=r"waited 0.05 s"):
        Lock(path).acquire(wait=0.05)


def test_threads_of_one_process_exclude_each_other_too(path: Path) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with Lock(path).acquire(wait=30):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_the_file_is_never_truncated_and_never_removed(path: Path) -> None:
    path.write_bytes(b"what somebody left here")
    with Lock(path).acquire():
        pass
    assert path.read_bytes() == b"what somebody left here"
    assert not path.with_name("build.lock.holder").exists()


def test_a_lock_on_a_file_that_was_replaced_meanwhile_is_not_believed(path: Path) -> None:
    old = Lock(path).acquire()
    path.unlink()
    with Lock(path).acquire():
        assert Lock(path).is_held()
    old.release()


def test_a_link_in_the_place_of_the_lock_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"canary")
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(MachineError, match="symbolic link"):
        Lock(path).acquire()
    assert (tmp_path / "victim").read_bytes() == b"canary"


FORKED = """
import os, signal, sys, time, pathlib
from proofbook.disk.locks import Lock
held = Lock(pathlib.Path(sys.argv[1])).acquire()
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
started = os.posix_spawn("/bin/sleep", ["sleep", "60"], dict(os.environ))
print(child, started, flush=True)
time.sleep(60)
"""


def test_children_do_not_keep_the_lock_of_a_parent_that_died(path: Path) -> None:
    """Neither one that was forked nor one that was started."""
    with subprocess.Popen([sys.executable, "-c", FORKED, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [int(number) for number in process.stdout.readline().split()]
        try:
            assert Lock(path).is_held()
            process.kill()
            process.wait()
            assert not Lock(path).is_held()
            with Lock(path).acquire(wait=5):
                pass
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)


def test_only_the_owner_can_read_the_lock(path: Path) -> None:
    with Lock(path).acquire():
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.with_name("build.lock.holder").stat().st_mode & 0o777 == 0o600
