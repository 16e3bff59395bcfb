"""
The index of the store: one SQLite file, reached through SQLAlchemy Core.

`journal_mode=DELETE` and `synchronous=EXTRA`: the versions of SQLite in use have a race in WAL mode. One writer at a
time, by a lock of our own taken before `BEGIN IMMEDIATE`. A connection lives as long as one transaction, or is closed
before a fork, so none is ever carried over one. The file is never opened but by SQLite, since closing it would drop
SQLite's own locks.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from proofbook.disk.faults import point
from proofbook.disk.locks import Lock
from proofbook.exceptions import LockHeldError, StoreError
from proofbook.store.schema import REVISIONS

__all__ = ["Database"]

_WAIT = 60.0
"""Seconds that a writer waits for another: a transaction takes milliseconds."""
_PAGE = 4096


class Database:
    """
    The database of one store.

    Args:
        path: The file.
        lock: The one writer lock of the store.
        writable: Whether the folder can be written to.
    """

    def __init__(self, path: Path, *, lock: Lock, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self._lock = lock
        self.keeper = 0
        """The thread that keeps a connection."""
        self._kept: sqlite3.Connection | None = None
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        event.listen(self._engine, "begin", _begin)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state and changes nothing. Raises StoreError."""
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed at the end of the block, or not at all. Raises StoreError, LockHeldError."""
        if not self.writable:
            raise StoreError(f"the store {self.path.parent} is read-only: it can be looked at, not changed")
        with self._lock.acquire(_WAIT), self._explained(), self._engine.connect() as opened:
            connection = opened.execution_options(proofbook_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def quick(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """
        A transaction as `read` and `write` make it, for what is done once or twice for each task of a build.

        SQLAlchemy takes longer for such a statement than SQLite does. Raises what those raise.
        """
        if write and not self.writable:
            raise StoreError(f"the store {self.path.parent} is read-only: it can be looked at, not changed")
        with self._lock.acquire(_WAIT) if write else nullcontext(), self._explained():
            ours = self.keeper == threading.get_ident()
            connection = (self._kept if ours else None) or self._connect()
            self._kept = None if ours else self._kept
            good = False
            try:
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield connection
                connection.execute("COMMIT")
                good = True
            finally:
                if good and ours and self._kept is None:
                    self._kept = connection
                else:
                    # which rolls back what was not committed
                    connection.close()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """As long as this lasts, the `quick` transactions of this thread share a connection, closed before any fork."""
        self.keeper = threading.get_ident()
        _keeping.add(self)
        try:
            yield
        finally:
            self.keeper = 0
            self.let_go()

    def let_go(self) -> None:
        """Close the connection that is kept, if one is."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    def revision(self) -> str | None:
        """The revision of the schema; None where there is no schema yet. Raises StoreError."""
        if not self.path.exists():
            return None
        with self.read() as connection:
            table = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'")).first()
            row = table and connection.execute(text("SELECT version_num FROM alembic_version")).first()
        return str(row[0]) if row else None

    def migrate(self, connection: Connection) -> None:
        """Lead the schema to the newest revision, in the transaction of `connection`."""
        # 0.3 s to import, and needed once in a store's life
        from alembic import command
        from alembic.config import Config

        configuration = Config()
        folder = Path(__file__).with_name("migrations")
        configuration.set_main_option("script_location", str(folder).replace("%", "%%"))
        configuration.set_main_option("path_separator", "os")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, REVISIONS[-1])
        point("store.migrated")

    def _connect(self) -> sqlite3.Connection:
        mode = "rw" if self.writable else "ro"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_WAIT, isolation_level=None
        )
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA trusted_schema=OFF")
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _translated(error.orig, self.path) from error
        except sqlite3.Error as error:
            raise _translated(error, self.path) from error


_keeping: "weakref.WeakSet[Database]" = weakref.WeakSet()


def _let_go_of_all() -> None:
    for database in tuple(_keeping):
        if database.keeper == threading.get_ident():
            database.let_go()


# SQLite forbids to carry a connection over a fork
os.register_at_fork(before=_let_go_of_all)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("proofbook_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _translated(error: Any, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    said = " ".join(str(error).split())[:200]
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LockHeldError(f"another process keeps {path} busy; waited {_WAIT:g} s: try again when it has ended")
    if code == sqlite3.SQLITE_FULL:
        return StoreError(f"disk is full: {path} needs {_PAGE} bytes or more: make room; nothing was changed")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreError(f"{path} is damaged ({said}): restore it from a backup; the blobs beside it hold every run")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return StoreError(f"{path} cannot be opened ({said}): check who owns it, and that the file system is writable")
    return StoreError(f"{path} cannot be read or written ({said}): nothing was changed")
