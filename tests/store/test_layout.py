import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from proofbook.disk.filesystem import FileSystem
from proofbook.exceptions import NotFoundError, StoreError
from proofbook.store import Store, layout
from proofbook.store.schema import REVISIONS
from tests.store import making


def database(root: Path) -> sqlite3.Connection:
    return sqlite3.connect(root / ".proofbook" / "proofbook.db")


def set_revision(root: Path, revision: str) -> None:
    with database(root) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()


def test_a_store_is_private(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    store.reserve(making.PIPELINE)
    modes = {path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in store.folder.rglob("*")}
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_file()} == {0o600}
    store.close()


def test_git_does_not_see_the_store(tmp_path: Path) -> None:
    Store.open(tmp_path)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    command = ["git", "-C", str(tmp_path), "status", "--porcelain"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b""


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="`proofbook build`"):
        Store.open(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_opening_again_finds_what_was_there_and_imports_no_alembic(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        number = making.build(store, tmp_path, value=0.5)
    program = (
        "import sys, pathlib; from proofbook.store import Store; "
        "print(Store.open(pathlib.Path(sys.argv[1])).runs()[0].number, 'alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{number} False\n"


def test_a_store_of_a_newer_schema_is_refused_in_a_sentence(tmp_path: Path) -> None:
    Store.open(tmp_path)
    set_revision(tmp_path, "0999")
    with pytest.raises(StoreError, match=rf"schema 0999, made by a newer Proofbook \(this one knows {REVISIONS[-1]}\)"):
        Store.open(tmp_path)


def test_a_store_of_a_newer_layout_is_refused_in_a_sentence(tmp_path: Path) -> None:
    Store.open(tmp_path)
    (tmp_path / ".proofbook" / "layout").write_text("2\n")
    with pytest.raises(StoreError, match="layout 2, made by a newer Proofbook"):
        Store.open(tmp_path)


@pytest.mark.parametrize("damage", ["gone", "empty", "noise", "cut"])
def test_a_lost_database_is_never_silently_begun_anew(tmp_path: Path, damage: str) -> None:
    with Store.open(tmp_path) as store:
        making.build(store, tmp_path, value=0.5)
    path = tmp_path / ".proofbook" / "proofbook.db"
    content = path.read_bytes()
    path.unlink()
    if damage != "gone":
        path.write_bytes({"empty": b"", "noise": b"\xa5" * len(content), "cut": content[: len(content) // 2]}[damage])
    before = path.read_bytes() if path.exists() else None
    with pytest.raises(StoreError, match="backup") as caught:
        Store.open(tmp_path).runs()
    assert "\n" not in str(caught.value)
    assert (path.read_bytes() if path.exists() else None) == before


def test_a_database_on_a_network_file_system_is_refused_unless_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = FileSystem(type="nfs4", mounted_at="/mnt/team", network=True, read_only=False)
    monkeypatch.setattr("proofbook.disk.filesystem.at", lambda path: found)
    with pytest.raises(StoreError, match=r"nfs4 at /mnt/team.*PROOFBOOK_ALLOW_NETWORK_STORE=1"):
        Store.open(tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(layout.FORCE, "1")
    Store.open(tmp_path)


def test_a_link_in_the_place_of_the_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".proofbook").symlink_to("elsewhere")
    with pytest.raises(StoreError, match="symbolic link"):
        Store.open(tmp_path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_read_only_store_can_be_read_and_refuses_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(tmp_path) as store:
        number = making.build(store, tmp_path, value=0.5)
        making.advance(store, number)
    # the superuser may write everywhere but on a file system that is mounted so: what the kernel says is put in its place
    monkeypatch.setattr("os.access", lambda path, mode: False)
    store = Store.open(tmp_path)
    assert store.run("production").number == number
    assert store.verify() == ()
    for write in (
        lambda: store.reserve(making.PIPELINE),
        lambda: store.blobs.put(b"new"),
        store.build_lock,
        lambda: making.advance(store, number),
    ):
        with pytest.raises(StoreError, match="read-only"):
            write()


def test_a_query_is_never_made_of_text_from_outside(tmp_path: Path) -> None:
    hostile = ["' OR 1=1 --", 'x"; DROP TABLE runs; --', "%", "_", "\0", "💥", "production'"]
    with Store.open(tmp_path) as store:
        making.build(store, tmp_path, value=0.5)
        for text in hostile:
            with pytest.raises(NotFoundError):
                store.number(text)
            assert store.generations(text) == ()
            assert store.record_history(text) == ()
            assert tuple(store.recall(text, text)) == ()
            assert store.gate(1, channel=text) is None
        assert store.verify() == ()
