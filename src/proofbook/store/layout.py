"""
The folder of a store, `.proofbook/`: how it is made, recognised and refused.

    layout             `1`: written last, so a store that has it was wholly made
    proofbook.db       the index
    blobs/ab/cdef...   bytes by their SHA-256
    running/7.lock     held by the build of run 7 as long as it lives
    live/7.jsonl       the log of run 7 until it is sealed; of a killed build it stays
    quarantine/        blobs that were found damaged
    write.lock, build.lock
"""

import os
from pathlib import Path

from sqlalchemy import text

from proofbook.disk import atomic, filesystem
from proofbook.disk.faults import point
from proofbook.disk.locks import Lock
from proofbook.exceptions import NotFoundError, StoreError
from proofbook.store.database import Database
from proofbook.store.schema import REVISIONS

__all__ = ["FOLDER", "FORCE", "prepare"]

FOLDER = ".proofbook"
FORCE = "PROOFBOOK_ALLOW_NETWORK_STORE"
"""Environment variable: set to 1, a store on a network file system is used all the same."""
_LAYOUT = 1


def prepare(root: Path, *, create: bool) -> Database:
    """
    The database of the store at `root`, made or brought up to date where that is needed.

    Raises:
        NotFoundError: There is no store, and none may be made.
        StoreError: It was made by a newer Proofbook, is damaged, lies on a network file system ...
    """
    folder = root / FOLDER
    if folder.is_symlink():
        raise StoreError(f"{folder} is a symbolic link: the store must lie beside the pipeline itself")
    if not folder.is_dir():
        if not create:
            raise NotFoundError(f"there is no store in {root}: run `proofbook build` there first")
        if not root.is_dir():
            raise NotFoundError(f"there is no folder {root}")
    _refuse_network(root)
    if not folder.is_dir():
        atomic.make_folder(folder, mode=0o700)
    writable = os.access(folder, os.W_OK | os.X_OK)
    if writable:
        atomic.restrict(folder)
    database = Database(folder / "proofbook.db", lock=Lock(folder / "write.lock"), writable=writable)
    if _finished(folder):
        _bring_up_to_date(database)
    else:
        _make(folder, database)
    return database


def _refuse_network(root: Path) -> None:
    if os.environ.get(FORCE) == "1":
        return
    found = filesystem.at(root)
    if found.network:
        raise StoreError(
            f"{root} lies on a network file system ({found.type} at {found.mounted_at}), where a database can be "
            f"damaged: move the project to a local disk, or set {FORCE}=1"
        )


def _finished(folder: Path) -> bool:
    try:
        content = (folder / "layout").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{folder / 'layout'} cannot be read ({error})") from None
    if not content.isdigit():
        raise StoreError(f"{folder / 'layout'} is damaged: it must hold the number {_LAYOUT}")
    if int(content) > _LAYOUT:
        raise StoreError(
            f"the store {folder} has layout {content}, made by a newer Proofbook (this one knows {_LAYOUT}): upgrade it"
        )
    return True


def _make(folder: Path, database: Database) -> None:
    if not database.writable:
        raise StoreError(f"the store {folder} was never finished, and is read-only: make the folder writable")
    with Lock(folder / "write.lock").acquire(60.0):
        if _finished(folder):
            return
        for name in ("blobs", "running", "quarantine"):
            atomic.make_folder(folder / name, mode=0o700)
        atomic.write(folder / ".gitignore", b"*\n", mode=0o600)
        if not database.path.exists():
            # SQLite takes an empty file for a new database, and gives its journal the same permissions
            atomic.write(database.path, b"", mode=0o600)
        point("store.made")
    _migrate(database)
    atomic.write(folder / "layout", f"{_LAYOUT}\n".encode(), mode=0o600)
    point("store.marked")


def _bring_up_to_date(database: Database) -> None:
    found = database.revision()
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise StoreError(
            f"the database {database.path} is missing or empty: restore it from a backup (the blobs beside it hold "
            f"every run), or move {database.path.parent} away to begin anew"
        )
    if found not in REVISIONS:
        raise StoreError(
            f"the store {database.path.parent} has schema {found}, made by a newer Proofbook (this one knows "
            f"{REVISIONS[-1]}): upgrade it"
        )
    _migrate(database)


def _migrate(database: Database) -> None:
    with database.write() as connection:
        table = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).first()
        row = table and connection.execute(text("SELECT version_num FROM alembic_version")).first()
        if not row or row[0] != REVISIONS[-1]:
            database.migrate(connection)
