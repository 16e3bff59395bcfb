"""What was looked at: each thing that could change the result is noticed, and nothing else is."""

# what libraries call is what is tested:
# ruff: noqa: PLW0108, PTH110, PTH112, PTH113, PTH116, PTH207, PTH208

import glob
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from proofbook.flow import observed
from proofbook.flow.observed import Seen, Watch


@pytest.fixture(autouse=True)
def _rested() -> None:
    """A file that was written in the last hundredth of a second is held to be still written."""
    time.sleep(0.03)


def _seen(work: Callable[[], object], *, ignored: Callable[[str], bool] = lambda path: False) -> Seen:
    with observed.watch(ignored=ignored) as watch:
        work()
    assert watch.seen is not None, watch.refused
    return watch.seen


def _refused(work: Callable[[], object]) -> str:
    with observed.watch(ignored=lambda path: False) as watch:
        work()
    assert watch.seen is None
    return watch.refused


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    time.sleep(0.03)
    return path


def test_a_file_that_was_read_counts_by_its_content(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.yaml", "one")
    seen = _seen(file.read_text)
    assert observed.holds(seen)
    file.write_text("one")
    os.utime(file, (1, 1))
    assert observed.holds(seen)
    file.write_text("two")
    assert not observed.holds(seen)
    file.write_text("one")
    assert observed.holds(seen)
    file.unlink()
    assert not observed.holds(seen)


def test_a_file_that_could_not_be_opened_counts_when_it_appears(tmp_path: Path) -> None:
    def work() -> None:
        with pytest.raises(FileNotFoundError):
            (tmp_path / "env.yaml").read_text()

    seen = _seen(work)
    assert observed.holds(seen)
    (tmp_path / "env.yaml").write_text("")
    assert not observed.holds(seen)


@pytest.mark.parametrize(
    "question",
    [
        lambda path: path.exists(),
        lambda path: os.path.exists(path),
        lambda path: os.path.isfile(path),
        lambda path: os.path.isdir(path),
        lambda path: os.path.lexists(path),
        lambda path: os.access(path, os.R_OK),
        lambda path: path.is_file(),
        lambda path: os.path.exists(os.fsencode(path)),
    ],
)
def test_whoever_asks_for_a_name_is_heard_when_it_appears(tmp_path: Path, question: Callable[[Path], object]) -> None:
    seen = _seen(lambda: question(tmp_path / "setup.py"))
    assert observed.holds(seen)
    (tmp_path / "other.py").write_text("")
    assert observed.holds(seen)
    (tmp_path / "setup.py").write_text("")
    assert not observed.holds(seen)


def test_a_relative_name_counts_where_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen = _seen(lambda: Path("env.yaml").exists())
    monkeypatch.chdir(tmp_path.parent)
    assert observed.holds(seen)
    (tmp_path / "env.yaml").write_text("")
    assert not observed.holds(seen)


def test_a_link_counts_by_where_it_leads(tmp_path: Path) -> None:
    for name in "ab":
        _write(tmp_path / name / "x.txt", "same")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "a")
    seen = _seen(lambda: (link / "x.txt").resolve())
    assert observed.holds(seen)
    link.unlink()
    link.symlink_to(tmp_path / "b")
    assert not observed.holds(seen)


@pytest.mark.parametrize(
    "listing",
    [
        lambda folder: list(folder.glob("*.ipynb")),
        lambda folder: glob.glob(f"{folder}/*.ipynb"),
        lambda folder: list(folder.iterdir()),
        lambda folder: os.listdir(folder),
        lambda folder: list(os.walk(folder)),
    ],
)
def test_a_folder_that_was_listed_counts_by_its_names(tmp_path: Path, listing: Callable[[Path], object]) -> None:
    _write(tmp_path / "notebooks" / "a.ipynb", "{}")
    seen = _seen(lambda: listing(tmp_path / "notebooks"))
    assert observed.holds(seen)
    (tmp_path / "notebooks" / "a.ipynb").write_text("{ }")
    assert observed.holds(seen)
    (tmp_path / "notebooks" / "b.ipynb").write_text("{}")
    assert not observed.holds(seen)


def test_a_name_that_becomes_a_folder_counts(tmp_path: Path) -> None:
    _write(tmp_path / "in" / "a", "")
    seen = _seen(lambda: os.listdir(tmp_path / "in"))
    (tmp_path / "in" / "a").unlink()
    (tmp_path / "in" / "a").mkdir()
    assert not observed.holds(seen)


def test_variables_count_that_were_asked_for_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTRY_POINT", raising=False)
    monkeypatch.setenv("SHELL_OF_MINE", "1")

    def work() -> None:
        assert os.environ.get("ENTRY_POINT") is None
        assert "PLOOMBER_ENV_FILENAME" not in os.environ
        assert os.getenv("HOME")

    seen = _seen(work)
    monkeypatch.setenv("SHELL_OF_MINE", "2")
    assert observed.holds(seen)
    monkeypatch.setenv("PLOOMBER_ENV_FILENAME", "x")
    assert not observed.holds(seen)
    monkeypatch.delenv("PLOOMBER_ENV_FILENAME")
    monkeypatch.setenv("ENTRY_POINT", "pipeline.other.yaml")
    assert not observed.holds(seen)


def test_a_module_of_the_project_counts_by_its_source_also_where_it_was_imported_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = _write(tmp_path / "tasks_of_mine.py", "import helper_of_mine\n")
    helper = _write(tmp_path / "helper_of_mine.py", "VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        for _ in range(2):
            seen = _seen(lambda: __import__("tasks_of_mine"))
            assert {str(file), str(helper)} <= seen.files.keys()
        assert observed.holds(seen)
        helper.write_text("VALUE = 2\n")
        assert not observed.holds(seen)
    finally:
        sys.modules.pop("tasks_of_mine", None)
        sys.modules.pop("helper_of_mine", None)


@pytest.mark.parametrize("shadow", ["module_of_mine/__init__.py", "inner_of_mine.py", "json.py"])
def test_a_file_counts_that_an_import_would_now_find_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shadow: str
) -> None:
    _write(
        tmp_path / "module_of_mine.py", "import json\ntry:\n    import inner_of_mine\nexcept ImportError:\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        seen = _seen(lambda: __import__("module_of_mine"))
        _write(tmp_path / "unrelated_of_mine.py", "")
        (tmp_path / "output").mkdir()
        assert observed.holds(seen)
        _write(tmp_path / shadow, "")
        assert not observed.holds(seen)
    finally:
        sys.modules.pop("module_of_mine", None)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: subprocess.run(["true"], check=True), "subprocess"),
        (lambda: os.waitpid(os.fork() or os._exit(0), 0), "os.fork"),
        (lambda: sqlite3.connect(":memory:").close(), "sqlite3"),
        (lambda: os.environ.copy(), "environment"),
        (lambda: observed.refuse("the clock was read"), "the clock was read"),
    ],
)
def test_what_cannot_be_looked_at_again_leaves_nothing_to_hold_on_to(work: Callable[[], object], said: str) -> None:
    assert said in _refused(work)


def test_a_socket_leaves_nothing_to_hold_on_to() -> None:
    import socket

    def work() -> None:
        with socket.socket() as opened:
            opened.bind(("127.0.0.1", 0))

    assert "socket" in _refused(work)


def test_a_file_that_is_written_while_it_is_read_leaves_nothing_to_hold_on_to(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.yaml", "one")

    def work() -> None:
        assert file.read_text() == "one"
        file.write_text("two")

    assert "a.yaml" in _refused(work)


def test_a_file_that_is_only_written_does_not_count(tmp_path: Path) -> None:
    seen = _seen(lambda: (tmp_path / "log.txt").write_text("now"))
    assert str(tmp_path / "log.txt") not in seen.files
    assert observed.holds(seen)


def test_what_is_ignored_does_not_count(tmp_path: Path) -> None:
    file = _write(tmp_path / ".proofbook" / "proofbook.db", "")
    seen = _seen(
        lambda: (file.exists(), file.read_bytes(), os.listdir(file.parent)), ignored=lambda p: ".proofbook" in p
    )
    file.write_text("x")
    assert observed.holds(seen)


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no shared memory with files in it")
def test_a_file_in_shared_memory_counts_as_any_other() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file = _write(Path(folder) / "a.yaml", "one")
        seen = _seen(lambda: (file.read_text(), os.listdir(folder), (Path(folder) / "env.yaml").exists()))
        assert observed.holds(seen)
        file.write_text("two")
        assert not observed.holds(seen)
        file.write_text("one")
        assert observed.holds(seen)
        (Path(folder) / "env.yaml").write_text("")
        assert not observed.holds(seen)


def test_what_is_no_file_on_any_disk_does_not_count() -> None:
    def work() -> None:
        Path("/dev/null").read_bytes()
        with Path("/dev/urandom").open("rb", buffering=0) as file:
            file.read(4)
        assert Path("/proc/self/stat").exists()

    seen = _seen(work)
    assert not [path for path in (*seen.files, *seen.kinds) if path.startswith(("/dev", "/proc"))]


def test_a_pipe_that_was_read_leaves_nothing_to_hold_on_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with observed.watch(ignored=lambda path: False) as watch:
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
    assert watch.seen is None
    assert "pipe" in watch.refused


def test_a_file_that_became_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    file = _write(tmp_path / "a.yaml", "one")
    seen = _seen(file.read_text)
    file.unlink()
    os.mkfifo(file)
    assert not observed.holds(seen)


def test_a_database_that_is_left_out_is_so_under_its_address_as_well(tmp_path: Path) -> None:
    database = tmp_path / "a b" / "x.db"
    database.parent.mkdir()

    def work() -> None:
        sqlite3.connect(f"{database.as_uri()}?mode=rwc", uri=True).close()
        sqlite3.connect(database).close()

    assert isinstance(_seen(work, ignored=lambda path: path == str(database)), Seen)


def test_where_anything_may_stand_only_a_link_counts(tmp_path: Path) -> None:
    product = tmp_path / "output" / "a.txt"
    seen = _seen(product.resolve)
    loose = observed.loosened(
        seen, free=lambda path: path.startswith(str(tmp_path / "output")), irrelevant=lambda path: False
    )
    _write(product, "made")
    assert not observed.holds(seen)
    assert observed.holds(loose)
    product.unlink()
    product.parent.rmdir()
    (tmp_path / "elsewhere").mkdir()
    product.parent.symlink_to(tmp_path / "elsewhere")
    assert not observed.holds(loose)


def test_nobody_is_heard_before_and_after(tmp_path: Path) -> None:
    original = os.stat
    with observed.watch(ignored=lambda path: False) as watch:
        assert os.stat is not original
    assert os.stat is original
    (tmp_path / "after").exists()
    assert watch.seen is not None
    assert str(tmp_path / "after") not in watch.seen.kinds


def test_an_argument_that_is_no_path_is_told_so_by_who_was_asked() -> None:
    def work() -> None:
        with pytest.raises(TypeError):
            os.stat(object())  # type: ignore[call-overload]
        with pytest.raises(ValueError, match="null"):
            os.stat("a\0b")

    assert isinstance(_seen(work), Seen)


def test_it_can_be_used_again(tmp_path: Path) -> None:
    for name in ("a", "b"):
        file = _write(tmp_path / name, name)
        assert str(file) in _seen(file.read_bytes).files
    assert isinstance(Watch(ignored=lambda path: False), Watch)
