"""A record in a SQLite file: whose file it is, how it is opened, and how nothing deleted is left in it.

`synchronous=FULL`: what is written has been handed to the disk when `write` returns, so it survives a
process that is killed and a power cut alike (as far as the disk keeps its word). The write-ahead log
lets people read while a call is written. `secure_delete` overwrites what is deleted with zeros.
"""

import os
import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from core.errors import RecordAway, RecordUnusable
from core.record.database.trouble import translated

APPLICATION = 0x53706F6B
"""`PRAGMA application_id` of our files ("Spok")."""

PATIENCE = 5.0
"""Seconds to wait for another program's lock."""

READ, WRITE = "BEGIN", "BEGIN IMMEDIATE"
"""How a transaction may begin: the execution option `begin`. None: every statement is its own."""

_MAGIC = b"SQLite format 3\0"
_SCRUB = 400
"""Pages of the index that are merged at once: some tens of milliseconds, then others may write."""

_MERGE = text("INSERT INTO line_words (line_words, rank) VALUES ('merge', :pages)")


def prepare(path: Path, default: bool) -> Path:
    """Make sure that `path` is, or can become, a record: touches nothing that isn't one.

    A directory that is Spokenly's own (`default`) is made; any other must exist. Only its owner may read the
    file, where the system has such modes. Returns the whole path. Raises `RecordUnusable`.
    """
    path = path.absolute()
    try:
        if default:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.parent.is_dir():
            raise RecordUnusable(
                f"There is no directory {path.parent} for the record: make it, or set another."
            )
        if path.exists() and not path.is_file():
            raise RecordUnusable(f"{path} is no file: the record needs another place.")
        if path.exists() and path.stat().st_size:
            _known(path)
        _private(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "it can't be used"
        raise RecordUnusable(f"The record can't be kept in {path}: {reason}.") from error
    return path


def _known(path: Path) -> None:
    """Raises `RecordUnusable` unless the file is ours, or an empty database."""
    with path.open("rb") as file:
        head = file.read(100)
    foreign = RecordUnusable(f"{path} is no database of Spokenly's: set another place for the record.")
    if not head.startswith(_MAGIC):
        raise foreign
    if int.from_bytes(head[68:72], "big") == APPLICATION:
        return
    # A record that was just made may have its number in the write-ahead log alone. Without a log nothing but
    # the file is read: SQLite would make one.
    log = Path(f"{path}-wal")
    still = "" if log.exists() and log.stat().st_size else "&immutable=1"
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?mode=ro{still}", uri=True, timeout=PATIENCE)
        ) as database:
            number = database.execute("PRAGMA application_id").fetchone()[0]
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error as error:
        raise translated(error, f"The database {path}") or foreign from error
    if number != APPLICATION and (number or tables):
        raise foreign


def _private(path: Path) -> None:
    """Make the file if it isn't there; nobody else may read it, nor its log."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # somebody else's file, shared with us on purpose
            if file.stat().st_mode & 0o077:
                file.chmod(0o600)


def engine(path: Path, connections: int = 1) -> AsyncEngine:
    """An engine whose transactions begin as their connection's option `begin` says.

    It opens only what is there: a file that was taken away is not made anew.
    """
    made = create_async_engine(
        URL.create("sqlite+aiosqlite", database=path.as_uri(), query={"mode": "rw", "uri": "true"}),
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=PATIENCE,
        connect_args={"timeout": PATIENCE},
    )
    event.listen(made.sync_engine, "connect", _connected)
    event.listen(made.sync_engine, "begin", _begin)
    return made


def _connected(connection: Any, _: object) -> None:
    # The driver must not begin transactions in its own way: `_begin` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL", "temp_store = MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@dataclass(frozen=True, slots=True)
class File:
    """The file that was opened, which may be taken away under our hands: SQLite writes on into nowhere."""

    path: Path
    identity: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file that is there now. Raises `OSError`."""
        return cls(path, _identity(path))

    def check(self) -> None:
        """Raises `RecordAway` when another file, or none, is there by now."""
        try:
            there = _identity(self.path)
        except FileNotFoundError:
            there = None
        if there != self.identity:
            raise RecordAway(f"The database {self.path} was removed or replaced: restart Spokenly.")


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", READ)
    if begin is not None:
        connection.exec_driver_sql(begin)


def claim(connection: Connection, path: Path) -> None:
    """In the transaction that makes the tables: this file is ours. Raises `RecordUnusable` if it is not."""
    number = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
    if number != APPLICATION:
        if number or tables:
            raise RecordUnusable(f"{path} is no database of Spokenly's: set another place for the record.")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")


def soil(connection: Connection) -> None:
    """In the transaction that deletes: the index and the log must be cleaned of what was deleted."""
    # Each time another number, so that `scrub` sees whether somebody deleted more while it cleaned.
    connection.exec_driver_sql(f"PRAGMA user_version = {secrets.randbelow((1 << 31) - 1) + 1}")


async def scrub(engine: AsyncEngine) -> None:
    """Clean what `soil` told of, so that no byte of the files holds deleted words.

    FTS5 keeps deleted words in its index until its parts are merged (before SQLite 3.42 it knows no better),
    and the log keeps pages until it is emptied. The merge is done in short transactions, so that calls can be
    written meanwhile. Where it can't be finished, because somebody reads all the time or the process is
    killed, the next `scrub` does it, also after a restart.
    """
    async with engine.connect() as connection:
        if not (soiled := (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()):
            return
    writing = engine.execution_options(begin=WRITE)
    pages = -_SCRUB  # a negative number begins a merge of everything; positive ones go on with it
    while True:
        async with writing.begin() as connection:
            before = (await connection.exec_driver_sql("SELECT total_changes()")).scalar_one()
            await connection.execute(_MERGE, {"pages": pages})
            after = (await connection.exec_driver_sql("SELECT total_changes()")).scalar_one()
        if after - before < 2 and pages > 0:
            break
        pages = _SCRUB
    if await empty_log(engine):
        async with writing.begin() as connection:
            if (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one() == soiled:
                await connection.exec_driver_sql("PRAGMA user_version = 0")


async def empty_log(engine: AsyncEngine) -> bool:
    """Move the write-ahead log into the file and empty it; False where somebody reads it still."""
    async with engine.execution_options(begin=None).connect() as connection:
        busy, *_ = (await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")).one()
    return not busy
