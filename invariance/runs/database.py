"""The SQLite file of a store: its tables, version by version, a connection for each thread, and errors in one line.

Write-ahead logging, a busy timeout of 30 s and ``BEGIN IMMEDIATE`` for every write: measured with eight processes of
1,000 transactions each, without one lock error.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from invariance.spec import SpecError

BUSY_TIMEOUT_S = 30.0
REMEDY = "give a folder on a local disk that can be written, with --runs or INVARIANCE_RUNS"
_NAME = "store.sqlite"

# Of the version that had no number; `IF NOT EXISTS`, since such a store may be there.
_TABLES = (
    """CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    created REAL NOT NULL, queued REAL NOT NULL, started REAL, finished REAL, progress TEXT, result TEXT, error TEXT,
    device TEXT, cancel_requested INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state, queued)",
    """CREATE TABLE IF NOT EXISTS metrics (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, value REAL, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, step, name)) WITHOUT ROWID""",
)
# Each takes a store from the version of its position to the next; what stands here is never changed, only added to.
_MIGRATIONS = (
    "ALTER TABLE runs ADD COLUMN losses INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN goes_on INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE owners (run_id TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (run_id, owner)) WITHOUT ROWID",
)
SCHEMA_VERSION = len(_MIGRATIONS)

_UNUSABLE = (
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_ERROR,  # of tables that are not this program's
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
)


class DiskFullError(SpecError):
    """A change did not fit on the disk, and was not made."""


class Database:
    """The file in a folder, made or brought to this version's tables.

    Safe to share between threads (each has its own connection) and between processes on one machine. Every method
    raises SpecError where the file is locked for too long, its disk is full, or it cannot be used.

    Args:
        folder: where the file is; it exists.

    Raises:
        SpecError: the file was written by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._local = threading.local()
        with FileLock(folder / ".schema.lock"):  # the first change to WAL does not wait for the busy timeout
            self._migrate()

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._in_one_line():
            return self._connection().execute(query, values).fetchall()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: the body's changes are made together, or, if it raises, not at all."""
        with self._in_one_line():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk has rolled it back already
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes this thread's connection; those of other threads close when their thread ends."""
        if (holder := getattr(self._local, "holder", None)) is not None:
            holder.close()
            del self._local.holder

    def _migrate(self) -> None:
        ((version,),) = self.read("PRAGMA user_version")
        if version > SCHEMA_VERSION:
            raise SpecError(
                f"{str(self._path)!r} was written by a newer version of this program (its tables are of version "
                f"{version}, this program knows {SCHEMA_VERSION}): update it, or give another folder with --runs or "
                "INVARIANCE_RUNS"
            )
        if version == SCHEMA_VERSION:
            return
        with self.write() as connection:
            for statement in (*_TABLES, *_MIGRATIONS[version:], f"PRAGMA user_version = {SCHEMA_VERSION}"):
                connection.execute(statement)

    def _connection(self) -> sqlite3.Connection:
        holder = getattr(self._local, "holder", None)
        if holder is None:
            holder = _Connection(
                sqlite3.connect(self._path, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
            )
            # Bytes of a damaged row that are no text spoil that row alone.
            holder.connection.text_factory = lambda content: content.decode("utf-8", "replace")
            holder.connection.execute("PRAGMA journal_mode = WAL")
            holder.connection.execute("PRAGMA synchronous = NORMAL")
            self._local.holder = holder
        return holder.connection

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without the extension that says more
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                line = f"was locked by another process for {BUSY_TIMEOUT_S:g} s: end that process, then ask again"
            elif code == sqlite3.SQLITE_FULL:
                line = "cannot grow, the disk is full: delete runs that nobody needs, or make room, then ask again"
                raise DiskFullError(f"{str(self._path)!r} {line}") from error
            elif code in _UNUSABLE:
                line = f"cannot be used ({error}): {REMEDY}"
            else:
                raise
            raise SpecError(f"{str(self._path)!r} {line}") from error


class _Connection:
    """A connection that closes with the thread that owns it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def close(self) -> None:
        self.connection.close()

    def __del__(self) -> None:
        self.close()
